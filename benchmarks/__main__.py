"""`make bench`: prints the figures that the project holds itself to."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import interleaved
from benchmarks.samples import write_policies, write_requests

ROUNDS = 21
POLICIES = 1_000
REQUESTS = 4_000
BESIDE = 10_000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = write_policies(root / "policies", POLICIES)
        write_requests(root / "requests.jsonl", REQUESTS)
        start_up(paths[0])
        many(root / "policies", paths)
        simulate(root / "requests.jsonl")
        hook(root / "many")


def start_up(path: Path) -> None:
    """Compare checking one file with importing Typer."""
    base, ours = interleaved([_python("import typer"), [_checker(), "check", str(path)]], ROUNDS)
    line("checker check one.json", f"{ours * 1000:.0f} ms user")
    line('  python -c "import typer"', f"{base * 1000:.0f} ms user")
    line("  ratio (at most 1.3)", f"{ours / base:.2f}")


def many(folder: Path, paths: list[Path]) -> None:
    """Check many files, beside the peers that are installed."""
    one, ours = interleaved(
        [[_checker(), "check", str(paths[0])], [_checker(), "check", "--all-topics", str(folder)]], 5
    )
    line(f"checker check, {POLICIES} files of 0.5 KB", f"{ours:.2f} s user")
    line(
        "  beyond start-up (at most 0.5 s)",
        f"{ours - one:.2f} s user, {(ours - one) / POLICIES * 1000:.2f} ms a file",
    )
    for name, command in _peers(folder):
        if importlib.util.find_spec(name) is None:
            line(f"  {name}", "not installed, `pip install .[peers]` brings it")
            continue
        (taken,) = interleaved([command], 3)
        line(f"  {name}", f"{taken:.2f} s user, ours takes {ours / taken:.1f} times that")


def simulate(path: Path) -> None:
    """Decide many requests."""
    (taken,) = interleaved([[_checker(), "simulate", "--requests", str(path)]], 5)
    line(f"checker simulate, {REQUESTS} requests (under 1 s)", f"{taken:.2f} s user")


def hook(folder: Path) -> None:
    """Check ten changed files alone, and among ten thousand in one folder."""
    changed = [_checker(), "check", "--changed"]
    alone = [str(path) for path in write_policies(folder / "ten", 10)]
    among = [str(path) for path in write_policies(folder / "all", BESIDE)[:10]]
    few, many = interleaved([[*changed, *alone], [*changed, *among]], 3)
    line(
        f"checker check --changed, 10 files among {BESIDE}",
        f"{many:.2f} s user, {many / few:.1f} times 10 alone",
    )


def _peers(folder: Path) -> list[tuple[str, list[str]]]:
    binaries = Path(sys.executable).parent
    return [
        ("aws_guardrails", [str(binaries / "aws-guardrails"), str(folder)]),
        ("parliament", [str(binaries / "parliament"), "--directory", str(folder)]),
    ]


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def _checker() -> str:
    return str(Path(sys.executable).parent / "checker")


def line(what: str, figure: str) -> None:
    """Print one figure."""
    print(f"{what:<48} {figure}")


if __name__ == "__main__":
    main()
