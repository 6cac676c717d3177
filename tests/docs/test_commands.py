"""Every command that a page shows is a command of checker, and prints what the page says that it prints."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from checker.cli.app import build
from tests.docs.blocks import PAGES, Block, Step, blocks, invocations, name_of, steps
from tests.docs.scenes import set_up
from tests.docs.session import differences, first_difference, run_all

NOT_RUN = {
    "pip install": "an installation; tests/wheel.py installs the wheel",
    "curl ": "a call of the control endpoint of the local AWS; tests/sandbox makes all of them",
    "python conformance/run.py": "tests/test_conformance.py runs it",
}
"""Commands of sessions that are not run, by their beginning, each with its reason."""

SESSIONS = [page for page in PAGES if any(steps(page))]
INVOCATIONS = [
    (block, words)
    for page in PAGES
    for block in blocks(page)
    for words in invocations(block)
    if "[OPTIONS]" not in words  # the form of a command, and none to type
]
NUMBERS = {"PORT": "5000", "SECONDS": "60"}
INLINE = re.compile(r"`checker ([a-z][^`]*)`")


def is_run(step: Step) -> bool:
    return not any(step.command.startswith(beginning) for beginning in NOT_RUN)


@pytest.mark.parametrize("page", SESSIONS, ids=name_of)
def test_a_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    shown = [step for step in steps(page) if is_run(step)]
    with set_up(page, tmp_path / "work") as scene:
        commands = [scene.filled(step.command) for step in shown]
        printed = run_all(commands, tmp_path / "work", tmp_path / "results", scene.environment)
    found = "\n\n".join(differences(shown, printed))
    assert not found, found


@cache
def application() -> Any:
    return typer.main.get_command(build([]))


def parse(words: list[str]) -> None:
    """Parse the words after `checker` without running anything. Raises the usage error."""
    command, rest = application(), [NUMBERS.get(word, word) for word in words]
    while hasattr(command, "commands"):
        context = command.make_context("checker", rest[:1] if rest[0] in command.commands else rest)
        _, command, _ = command.resolve_command(context, rest)
        rest = rest[1:]
    command.make_context("checker", rest)


@pytest.mark.parametrize(
    ("block", "words"),
    INVOCATIONS,
    ids=[f"{name_of(block.page)}:{block.line}-{number}" for number, (block, _) in enumerate(INVOCATIONS)],
)
def test_a_command_is_one_that_checker_accepts(block: Block, words: list[str]) -> None:
    try:
        parse(words)
    except typer.Exit:  # after --help and --version
        return
    except Exception as error:  # noqa: BLE001 - a usage error, whose class Typer does not name
        pytest.fail(f"{name_of(block.page)}:{block.line}: checker {' '.join(words)}: {error}")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_in_sentences_have_the_options_that_they_name(page: Path) -> None:
    for text in INLINE.findall(page.read_text()):
        command: Any = application()
        words = text.split()
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, f"checker {text}"
            command = command.commands[words.pop(0)]
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
        assert {word for word in words if word.startswith("-") and word != "-"} <= known, f"checker {text}"


def test_no_page_is_left_out() -> None:
    """A page that shows commands is found, and almost all of its sessions run."""
    begins = re.compile(r"(?m)^(?:\$ )?checker [a-z]")
    with_commands = {page for page in PAGES if any(begins.search(block.text) for block in blocks(page))}
    assert with_commands <= {block.page for block, _ in INVOCATIONS}
    with_prompt = {page for page in PAGES if re.search(r"(?m)^\s*\$ ", page.read_text())}
    assert with_prompt == set(SESSIONS)
    assert len([step for page in SESSIONS for step in steps(page) if is_run(step)]) >= 46
    assert len(INVOCATIONS) >= 174


def test_every_reason_not_to_run_a_command_is_used() -> None:
    commands = [step.command for page in SESSIONS for step in steps(page)]
    assert [one for one in NOT_RUN if not any(command.startswith(one) for command in commands)] == []


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("a\nb", "a\nb", True),
        ("a\nb", "a\nb\nc", False),
        ("a", "b\na", False),
        ("a\n...", "a\nb\nc", True),
        ("...\nc", "a\nb\nc", True),
        ("a\n...\nc\nd", "a\nc\nb\nc\nd", True),
        ("a\n...\nc\n...", "a\nb", False),
        ("a ... c", "a b c", True),
        ("took 0.10 s", "took 2.31 s", True),
        ("1 error", "2 errors", False),
        ("", "a", False),
    ],
)
def test_lines_are_compared_as_they_are_shown(shown: str, printed: str, fits: bool) -> None:
    assert (first_difference(shown.splitlines(), printed.splitlines()) is None) is fits


@pytest.mark.parametrize("words", ["check --no-such-option", "chek", "audit --fail-on never"])
def test_a_command_that_checker_refuses_is_found(words: str) -> None:
    with pytest.raises(Exception, match=r"No such|not one of"):
        parse(words.split())
