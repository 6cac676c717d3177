"""`make bench`: prints the figures that the project holds itself to, beside floors and peers, and writes them as JSON.

    python -m benchmarks [--only GROUP ...] [--json FILE]

A peer is measured where `make bench-peers` installed it, in `build/peers`.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import site
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import growth, processes
from checker import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.measure import Row

GROUPS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "start-up": processes.start_up,
    "policies": processes.policy_files,
    "terraform": processes.terraform,
    "editor": processes.editor,
    "plan": processes.plan,
    "template": processes.template,
    "simulate": processes.simulate,
    "audit": processes.audit,
    "prover": growth.rows,
}


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", nargs="*", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    compile_bytecode()
    rows = list(measured(options.only))
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({**around(), "rows": list(map(as_json, rows))}, indent=1) + "\n")


def compile_bytecode() -> None:
    """Compile what is measured, as an installation does: otherwise each run would compile it again."""
    root = Path(__file__).parent.parent
    for folder in (root / "checker", root / "rules", *map(Path, site.getsitepackages())):
        compileall.compile_dir(folder, quiet=2)


def measured(groups: Sequence[str]) -> Iterator[Row]:
    """Measure groups, and print each figure as soon as it is known."""
    print(f"{'':<44}{'checker':>10}  {'beside it':<32}{'':>9}{'times':>8}{'goal':>7}")
    for name in groups:
        with tempfile.TemporaryDirectory() as folder:
            for row in GROUPS[name](Path(folder)):
                print("\n".join(lines(row)), flush=True)
                yield row


def lines(row: Row) -> Iterator[str]:
    """Show a figure in one line for each thing beside it."""
    beside = row.beside or (("", 0.0),)
    for number, (name, seconds) in enumerate(beside):
        own = f"{row.what:<44}{shown(row.seconds):>10}" if number == 0 else " " * 54
        if not name:
            yield own
            continue
        goal = f"{row.goal:.3g}" if row.goal is not None and number == 0 else ""
        times = f"{row.seconds / seconds:.2f}" if seconds else ""
        yield f"{own}  {name:<32}{shown(seconds):>9}{times:>8}{goal:>7}".rstrip()


def shown(seconds: float) -> str:
    """Write seconds with three digits."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def as_json(row: Row) -> dict[str, object]:
    """Return a figure as JSON values."""
    return {**row._asdict(), "beside": dict(row.beside), "ratio": row.ratio}


def around() -> dict[str, object]:
    """Return what the figures depend on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"checker": __version__, "python": python, "system": platform.system(), "cores": os.cpu_count()}


if __name__ == "__main__":
    main()
