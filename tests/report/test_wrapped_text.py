"""Text reports on a terminal: every line fits, but for names and commands, and nothing is lost."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.core.terminal_text import hide, hiding
from checker.report.context import Paint
from checker.report.wrapped_text import wrapped_text
from tests.cli.process import run
from tests.samples import INSTANCE_ARN, TESTS

BROKEN = TESTS.parent / "examples" / "broken"
CHAIN = ("topic.json", "--key-policy", "key-policy.json", "--instance-arn", INSTANCE_ARN)
COMMANDS = {"check": ("check", "."), "explain": ("explain", *CHAIN), "error": ("explain", "no-file.json")}
PARTS = st.sampled_from(["word", "a", "`checker fix . --apply`", "x" * 50, "\x1b[1mbold\x1b[0m", "  two"])


def wrapped(line: str, columns: int) -> list[str]:
    return list(wrapped_text([line], Paint(enabled=True, columns=columns)))


def visible(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


@given(st.lists(PARTS, min_size=1, max_size=20), st.integers(0, 6), st.integers(20, 100))
def test_lines_fit_and_no_word_is_lost(parts: list[str], indent: int, columns: int) -> None:
    line = " " * indent + " ".join(parts).lstrip()
    lines = wrapped(line, columns)
    assert " ".join(lines).split() == line.split()
    for index, one in enumerate(lines):
        assert index == 0 or one.startswith(" " * (indent + 2))
        words = re.findall(r"(?:`[^`]*`|[^ ])+", visible(one))
        longest = max(len(word) for word in words) + indent + 2
        assert len(visible(one)) <= columns or longest > columns


def test_commands_stay_whole() -> None:
    command = "checker fix --topic-arn arn:aws:sns:us-east-1:111122223333:chat --apply"
    assert wrapped(f"next: {command}", 40) == [f"next: {command}"]
    assert wrapped(f"  = help: run `{command}` now", 40) == [f"  = help: run `{command}`", "    now"]


def test_a_sensitive_value_is_hidden_before_its_line_is_wrapped() -> None:
    with hiding():
        hide(["correct horse battery staple"])
        lines = wrapped("  = help: the password is correct horse battery staple, do not show it", 40)
    assert "(sensitive)" in " ".join(lines)
    assert "horse" not in " ".join(lines)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_reports_fit_a_narrow_terminal(command: tuple[str, ...]) -> None:
    lines = shown_on_a_terminal(command, columns=60)
    assert len(lines) > 1
    for line in lines:
        if len(line) > 60 and not line.startswith("next: "):
            pieces = re.findall(r"(?:`[^`]*`|[^ ])+", line)
            assert max(map(len, pieces)) > 60 - 4, line


def shown_on_a_terminal(command: tuple[str, ...], columns: int) -> list[str]:
    words = [sys.executable, "-m", "checker", *command]
    script = f"import pty; pty.spawn({words!r})"
    environment = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=BROKEN,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_pipe_gets_whole_lines(command: tuple[str, ...]) -> None:
    narrow, wide = (run(*command, cwd=BROKEN, env={"COLUMNS": columns}) for columns in ("60", "400"))
    assert (narrow.stdout, narrow.stderr) == (wide.stdout, wide.stderr)
    assert max(map(len, f"{narrow.stdout}{narrow.stderr}".splitlines())) > 60
