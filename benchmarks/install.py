"""Measures what an installation of the hook costs, and what it would cost without boto3.

    python -m benchmarks.install

pre-commit runs `pip install` in a fresh environment. The packages are downloaded once, and installed from files, so
that the network does not count. Seconds are those of the CPU, the median of five runs, in turns.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import Requirement

from scripts.build_dist import ROOT, build
from scripts.generate_licenses import closure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

RUNS = 5


class Cost(NamedTuple):
    """What an installation takes: MB of downloads and of files on disk with their bytecode, and seconds."""

    download: float
    disk: float
    seconds: float


def main() -> None:
    """Download, install both ways in turns, and print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheels = downloaded(folder)
        alone = needed_by_boto3_alone()
        light = {wheel for wheel in wheels if project_of(wheel) not in alone}
        rounds = [(cost(wheels, folder), cost(light, folder)) for _ in range(RUNS)]
    print("\n".join(table(*(middle(costs) for costs in zip(*rounds, strict=True)))))


def downloaded(folder: Path) -> set[Path]:
    """Build the wheel, and download what it needs in the versions of `constraints.txt`."""
    (wheel,) = (path for path in build(folder / "dist") if path.suffix == ".whl")
    constraints = ["-c", str(ROOT / "constraints.txt")]
    run("pip", "download", "--only-binary=:all:", "-d", str(folder / "wheels"), *constraints, str(wheel))
    return set((folder / "wheels").iterdir())


def needed_by_boto3_alone() -> set[str]:
    """Give the packages that only boto3 needs: those that an extra would hold."""
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    others = closure(text for text in needs if Requirement(text).name != "boto3")
    return closure(["boto3"]).keys() - others.keys()


def project_of(wheel: Path) -> str:
    """Give the name of the package in a wheel."""
    return wheel.name.partition("-")[0].replace("_", "-").lower()


def cost(wheels: Iterable[Path], folder: Path) -> Cost:
    """Install wheels into a fresh environment."""
    chosen, environment = sorted(wheels), folder / "venv"
    run("venv", "--clear", "--without-pip", str(environment))
    started = cpu_seconds()
    run("pip", "--python", str(environment), "install", "--no-index", "--no-deps", *map(str, chosen))
    seconds = cpu_seconds() - started
    blocks = sum(path.lstat().st_blocks for path in environment.rglob("*"))
    return Cost(sum(path.stat().st_size for path in chosen) / 1e6, blocks * 512 / 1e6, seconds)


def cpu_seconds() -> float:
    """Give the CPU time of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def middle(costs: Sequence[Cost]) -> Cost:
    """Give the run with the median time."""
    return sorted(costs, key=lambda one: one.seconds)[len(costs) // 2]


def run(*arguments: str) -> None:
    """Run a module of this Python, without its output."""
    subprocess.run([sys.executable, "-m", *arguments], check=True, capture_output=True)


def table(whole: Cost, light: Cost) -> Iterator[str]:
    """Give the lines of the table."""
    saved = Cost(*(more - less for more, less in zip(whole, light, strict=True)))
    yield f"{'':<16}{'download MB':>14}{'disk MB':>10}{'seconds':>10}"
    for name, one in (("all packages", whole), ("without boto3", light), ("saved", saved)):
        yield f"{name:<16}{one.download:>14.1f}{one.disk:>10.1f}{one.seconds:>10.1f}"


if __name__ == "__main__":
    main()
