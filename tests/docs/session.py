"""Runs the commands of a page one after the other in a shell, and compares what they print with the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.docs.blocks import ROOT, Step

TOOLS = {"checker": "checker", "aws": "tests.docs.aws_cli"}
SECONDS = 120
VOLATILE = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "<id>",
    r"\b[0-9a-f]{32}\b": "<hex>",
    r"\b\d\d:\d\d:\d\d\.\d{3}\b": "<time>",
    r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC": "<time>",
    r"\b20(?!08|12)\d\d-\d\d-\d\d\b": "<date>",
    r"\b\d{8}T\d{6,}": "<time>",
    r" *\b\d+\.\d\d s\b": " <seconds>",
    r"127\.0\.0\.1:\d+": "<host>",
}
"""What is different each time: identifiers, times, durations and ports."""


class Printed(NamedTuple):
    """What a command printed, as on a terminal, and its exit code."""

    lines: list[str]
    code: int


def run_all(
    commands: Sequence[str], folder: Path, results: Path, environment: Mapping[str, str]
) -> list[Printed]:
    """Run commands in one shell, which keeps variables and the folder from one to the next."""
    results.mkdir()
    _install_tools(results)
    script = "\n".join(_recorded(number, command, results) for number, command in enumerate(commands))
    python = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}  # both outputs of a command in their order
    env = {**os.environ, **environment, **python, "PATH": f"{results}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-c", script], cwd=folder, env=env, check=False, timeout=SECONDS)
    return [_printed(results, number) for number in range(len(commands))]


def _install_tools(folder: Path) -> None:
    """Write the commands that pages call as scripts, so that the shell finds them first."""
    for name, module in TOOLS.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        script.chmod(0o755)


def _recorded(number: int, command: str, results: Path) -> str:
    """A command whose output goes to files. `$?` is the exit code of the command before, as a reader sees it."""
    out, code = results / f"{number}.out", results / f"{number}.code"
    if command.startswith("checker sandbox"):
        return _in_background(command, out, code)
    return f"(exit ${{last:-0}})\n{{ {command}\n}} >{out} 2>&1\nlast=$?; echo $last >{code}"


def _in_background(command: str, out: Path, code: Path) -> str:
    """Start the local AWS on a free port, and do what its page says: paste the settings into the shell."""
    free = re.sub(r"--port \d+", "--port 0", command)
    return "\n".join(
        (
            f"{free} >{out}.all 2>&1 & sandbox=$!; trap 'kill $sandbox; wait $sandbox' EXIT",
            f"until grep -q 'is running' {out}.all || ! kill -0 $sandbox; do sleep 0.1; done",
            f"cp {out}.all {out}; eval \"$(grep '^export ' {out})\"; echo 0 >{code}",
        )
    )


def _printed(results: Path, number: int) -> Printed:
    out, code = results / f"{number}.out", results / f"{number}.code"
    assert code.exists(), f"command {number} did not end"
    return Printed(out.read_text().splitlines(), int(code.read_text()))


def first_difference(shown: Iterable[str], printed: Iterable[str]) -> str | None:
    """Compare lines of a page with those that were printed. Three dots stand for a part that is left out:

    of a line, or as a line of their own for any number of lines.
    """
    rest = [*map(_stable, printed)]
    chunks = _split([*map(_stable, shown)])
    for number, chunk in enumerate(chunks):
        starts = range(len(rest) - len(chunk) + 1) if number else range(1)
        if number == len(chunks) - 1:
            starts = starts[-1:] if number or len(rest) == len(chunk) else range(0)
        start = next((start for start in starts if _fits(chunk, rest[start:])), None)
        if start is None:
            return "\n".join((*chunk, "is shown, and this was printed:", *rest))
        rest = rest[start + len(chunk) :]
    return None


def _split(lines: Sequence[str]) -> list[list[str]]:
    """Split the lines of a page where some are left out; the first and last part may be empty."""
    chunks: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == "...":
            chunks.append([])
        else:
            chunks[-1].append(line)
    return chunks


def _fits(chunk: Sequence[str], printed: Sequence[str]) -> bool:
    return len(chunk) <= len(printed) and all(map(is_shown, printed, chunk))


def _stable(line: str) -> str:
    for pattern, word in VOLATILE.items():
        line = re.sub(pattern, word, line)
    return line.rstrip()


def is_shown(line: str, pattern: str) -> bool:
    """Compare a line with one of a page, in which three dots stand for a part that is left out."""
    parts = map(re.escape, re.split(r"(?:\b[0-9a-f]{8}-)?\.{3}", pattern))
    return re.fullmatch(".*".join(parts), line) is not None


def differences(steps: Sequence[Step], printed: Sequence[Printed]) -> Iterator[str]:
    """Name each command that prints something else than its page shows."""
    for step, result in zip(steps, printed, strict=True):
        found = first_difference(step.output, result.lines)
        if found is not None:
            yield f"line {step.line}: $ {step.command}\n{found}"
