"""The code blocks of the pages, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

from tests.samples import TESTS

ROOT = TESTS.parent
PAGES = sorted([*ROOT.glob("*.md"), ROOT / "conformance/README.md", *(ROOT / "docs").rglob("*.md")])
FILE_NAME = re.compile(r"(?:Save )?`([\w.-]+\.\w+)`(?: at the top of the repository)?:")
OPERATORS = set(";|&<>()")
SUBSTITUTION = re.compile(r"\$\([^()]*\)")
PREFIXES = {"xargs", "-0", "-", "run:", "script:", "python", "conformance/run.py"}
"""Words before a command: of a shell, of YAML, and of the runner of the decisions, which takes one."""


class Block(NamedTuple):
    """A block of code: its page, the line of its first line, its text, and the paragraph before it."""

    page: Path
    line: int
    text: str
    before: str

    @property
    def is_session(self) -> bool:
        """Whether it shows commands with their output."""
        return re.search(r"(?m)^\$ ", self.text) is not None

    @property
    def file_name(self) -> str:
        """The name of the file that the block shows, if the paragraph before it says no more than that."""
        named = FILE_NAME.fullmatch(self.before.strip())
        return named[1] if named else ""


class Step(NamedTuple):
    """A command of a session with the lines that the page shows of its output."""

    page: Path
    line: int
    command: str
    output: list[str]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    before = ""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text()):
        if token.type == "inline":
            before = token.content
        elif token.type in ("fence", "code_block"):
            assert token.map is not None
            yield Block(page, token.map[0] + 1 + (token.type == "fence"), token.content, before)
            before = ""


def steps(page: Path) -> Iterator[Step]:
    """The commands of the sessions of a page, in order."""
    for block in blocks(page):
        if block.is_session:
            yield from _steps_of(block)


def _steps_of(block: Block) -> Iterator[Step]:
    lines = block.text.rstrip("\n").splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        length = next(
            number for number in range(1, end - start + 1) if _is_whole(lines[start : start + number])
        )
        command = "\n".join(lines[start : start + length]).removeprefix("$ ")
        yield Step(block.page, block.line + start, command, lines[start + length : end])


def _is_whole(lines: list[str]) -> bool:
    """Whether lines are a whole command: no backslash at their end, and no open quote."""
    try:
        shlex.split("\n".join(lines))
    except ValueError:
        return False
    return not lines[-1].endswith("\\")


def invocations(block: Block) -> Iterator[list[str]]:
    """The words after `checker` of each command in a block."""
    text = "\n".join(step.command for step in _steps_of(block)) if block.is_session else block.text
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        for words in simple_commands(re.sub(r"(?:^|\s)#.*", "", SUBSTITUTION.sub("X", line))):
            first = next((number for number, word in enumerate(words) if word not in PREFIXES), 0)
            if words[first] == "checker" and words[first + 1 :]:
                yield words[first + 1 :]


def simple_commands(line: str) -> Iterator[list[str]]:
    """Split a line of a shell into its commands; a line that is not one, such as prose, has none."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        return
    words: list[str] = []
    for token in [*tokens, ";"]:
        if set(token) <= OPERATORS:
            if words:
                yield words
            words = []
        else:
            words.append(token)
