"""Compares the decisions of any program with the cases: `python conformance/run.py COMMAND...`.

The command gets one request a line on standard input, `{"policy": ..., "request": ...}`, and prints one word a line:
`Allowed`, `ExplicitlyDenied`, `ImplicitlyDenied` or `Unknown`. Needs nothing but Python 3.10 or later.

Exit codes: 0 all decisions hold, 1 some differ, 2 the command did not answer each request, or the cases cannot be read.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CASES = Path(__file__).parent / "cases"
_LONGEST = 1_000
"""The number of characters of a line that are read at once."""
WORDS = ("Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown")


class CannotRunError(Exception):
    """The cases cannot be read, or the command did not answer."""


def read_cases(paths: Iterable[str | Path], *, settled: bool) -> list[dict[str, Any]]:
    """Read the cases of some files; without those that no source settles if only settled ones are wanted."""
    try:
        lines = [line for path in paths for line in Path(path).read_text(encoding="utf-8").splitlines()]
        cases = [json.loads(line) for line in lines if line.strip()]
        return [case for case in cases if not (settled and case["verdict"] == "Unknown")]
    except (OSError, ValueError, KeyError) as error:
        raise CannotRunError(f"cannot read the cases: {error}") from None


def answers(command: Sequence[str], cases: Sequence[dict[str, Any]], seconds: float) -> list[str]:
    """Give all requests to the command, and return its word for each. It is killed when the seconds are over."""
    lines = [json.dumps({"policy": case["policy"], "request": case["request"]}) for case in cases]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise CannotRunError(f"cannot run {command[0]}: {error.strerror}") from None
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    threading.Thread(target=_feed, args=(process, "\n".join(lines) + "\n"), daemon=True).start()
    printed = _words(process)  # kept, because a closed pipe gives the command a traceback before it is killed
    words = list(islice(printed, len(cases) + 1))
    if len(words) > len(cases):
        process.kill()
    code = process.wait()
    is_late = not timer.is_alive()
    timer.cancel()
    if len(words) == len(cases):
        return words
    if len(words) > len(cases):
        raise CannotRunError(
            f"{command[0]} printed more lines than the {len(cases)} requests, and was stopped"
        )
    ending = f"did not end in {seconds:g} seconds" if is_late else f"exited with {code}"
    raise CannotRunError(f"{command[0]} printed {len(words)} lines for {len(cases)} requests, and {ending}")


def _feed(process: subprocess.Popen[str], text: str) -> None:
    """Write the requests, as far as the command reads them."""
    with suppress(OSError), process.stdin as stream:  # type: ignore[union-attr] # it is a pipe
        stream.write(text)


def _words(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield the first characters of each line that the command prints."""
    with process.stdout as stream:  # type: ignore[union-attr] # as above
        while line := stream.readline(_LONGEST):
            yield line.strip()


def difference(case: dict[str, Any], word: str) -> str:
    """Say how a decision differs from a case, and what the case rests on."""
    found = word if word in WORDS else f"{word!r}, which is no decision"
    return "\n".join(
        (
            f"{case['id']}: expected {case['verdict']}, found {found}",
            f"  {case['note']} ({case['basis']})",
            f"  {case['source']}",
            f"  policy   {json.dumps(case['policy'])}",
            f"  request  {json.dumps(case['request'])}",
        )
    )


def main() -> int:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(
        prog="run.py", description="Compare the decisions of a program with the cases."
    )
    parser.add_argument(
        "--cases", action="append", metavar="FILE", help="cases to use; default: all in cases/"
    )
    parser.add_argument("--settled", action="store_true", help="leave out cases that no source settles")
    parser.add_argument("--seconds", type=float, default=600, help="time for all requests; default: 600")
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the program, and its arguments"
    )
    given = parser.parse_args()
    if not given.command:
        parser.error("name the command that decides, such as: checker simulate --requests -")
    try:
        cases = read_cases(given.cases or sorted(CASES.glob("*.jsonl")), settled=given.settled)
        words = answers(given.command, cases, given.seconds)
    except CannotRunError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    differing = [(case, word) for case, word in zip(cases, words, strict=True) if word != case["verdict"]]
    for case, word in differing:
        print(difference(case, word))
    print(f"{len(cases) - len(differing)} of {len(cases)} decisions hold")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
