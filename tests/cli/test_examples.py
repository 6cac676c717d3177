"""The examples of the repository say what the README says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.cli.process import run
from tests.samples import TESTS

EXAMPLES = TESTS.parent / "examples"
INSTANCE = (
    "--instance-arn",
    "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d",
)
CHAIN = ("{0}/topic.json", *INSTANCE, "--key", "{0}/key.json", "--key-policy", "{0}/key-policy.json")


@pytest.mark.parametrize(("folder", "code"), [("broken", 1), ("fixed", 0)])
@pytest.mark.parametrize("command", [("check", "{0}"), ("explain", *CHAIN)], ids=lambda one: one[0])
def test_the_broken_chain_is_found_broken_and_the_mended_one_whole(
    command: tuple[str, ...], folder: str, code: int
) -> None:
    assert run(*(word.format(folder) for word in command), cwd=EXAMPLES).returncode == code


def test_the_policy_that_people_paste_lets_in_every_aws_customer() -> None:
    assert run("check", "open-deputy.json", cwd=EXAMPLES).returncode == 1
    stranger = ("--service", "connect.amazonaws.com", "--context", "aws:SourceAccount=999999999999")
    publish = (
        "--action",
        "sns:Publish",
        "--resource",
        "arn:aws:sns:us-east-1:111122223333:connect-chat-stream",
    )
    done = run("simulate", "--policy", "open-deputy.json", *publish, *stranger, cwd=EXAMPLES)
    assert done.stdout.splitlines()[0] == "Allowed"


def test_the_documented_explanation_is_what_the_tool_prints() -> None:
    example = (
        (TESTS.parent / "docs" / "explain.md").read_text().split("    $ checker ", 1)[1].split("\n\n## ")[0]
    )
    command, _, documented = example.replace("\\\n", "").partition("\n")
    printed = run(*command.split(), cwd=EXAMPLES).stdout.splitlines()
    for line, shown in zip(documented.splitlines(), printed, strict=True):
        assert shown.startswith(line.removeprefix("    ").removesuffix("..."))


def documented_checks() -> Iterator[tuple[str, str, list[str]]]:
    """Give the pages that show a check of an example, with the arguments and the lines that it prints."""
    for page in sorted((TESTS.parent / "docs").glob("*.md")):
        for block in re.findall(r"(?m)^    \$ checker (check .*\n(?:    [^$\n].*\n)+)", page.read_text()):
            command, *shown = (line.removeprefix("    ") for line in block.splitlines())
            if all((EXAMPLES / word).exists() for word in command.split()[1:] if not word.startswith("-")):
                yield page.name, command, shown


def is_shown(line: str, pattern: str) -> bool:
    """Compare a line with one of a page, in which three dots stand for a part that is left out."""
    parts = map(re.escape, re.split(r"\.{3}", pattern))
    return re.fullmatch(".*".join(parts), line) is not None


@pytest.mark.parametrize(("page", "command", "shown"), tuple(documented_checks()))
def test_a_documented_check_is_what_the_tool_prints(page: str, command: str, shown: list[str]) -> None:
    done = run(*command.split(), cwd=EXAMPLES)
    printed = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    for line in shown:
        while not is_shown(printed[0], line):
            printed.pop(0)
            assert printed, f"{page} shows {line}"


def test_some_checks_are_documented() -> None:
    assert {page for page, _, _ in documented_checks()} >= {"check.md", "exit-codes.md", "manifest.md"}
