"""Leaves out the blocks of a root that cannot concern its topics and keys, because their trees take most of the memory.

Only roots in which nothing may start streams are shortened: in others, any resource may do so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.reading_memory import has_memory, remembered
from checker.inputs.senders import MARKS, without_separators
from checker.inputs.terraform.declare import TYPES
from checker.inputs.terraform.declare_endpoints import ENDPOINTS, GRANTS
from checker.inputs.terraform.module.folder import with_called
from checker.inputs.terraform.stacks import STACKS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from checker.inputs.terraform.module.folder import Text


_WORD = pattern(r"connect(?![\w.-])|file\(")
"""The word that an action of Connect may be composed of, and a function that reads a file."""
_OF_CONNECT = ("connect:", "awsconnect", "awsccconnect")
"""An action of Connect, and its resources without separators. The name of the service, as in policies, is neither."""
_BLOCK = pattern(
    r'^(resource|data|output)[ \t]+"([^"\n]+)"(?:[ \t]+"([^"\n]+)")?[ \t]*\{[ \t]*\n(.*?)^\}[ \t]*$',
    re.MULTILINE | re.DOTALL,
)
"""A block as `terraform fmt` writes it, with its braces at the start of a line."""
_NAMES = pattern(r"\b(?:data\.)?[a-z]\w*\.[A-Za-z_][\w-]*")
_LONG_COMMENT = pattern(r"^[ \t]*/\*", re.MULTILINE)
_NOT_SPACE = pattern(r"[^\n]")


class _Block(NamedTuple):
    """A block that may be left out: its file, range and address.

    ``owners`` are the functions and queues to which a permission or queue policy refers. It matters if one of them does,
    or if it refers to none.
    """

    file: int
    start: int
    end: int
    address: str
    owners: frozenset[str] | None = None

    def matters(self, used: Collection[str]) -> bool:
        """True for a block to which used ones refer, and for the permissions of a used function."""
        if self.owners is not None and (not self.owners or not self.owners.isdisjoint(used)):
            return True
        return self.address in used


def may_start(text: str, variables: frozenset[str]) -> bool:
    """True for text of a root that may start streams, or that sets an environment variable of code that does."""
    return any(name in text for name in variables) or remembered((may_start, text), lambda: _may_start(text))


def _may_start(text: str) -> bool:
    bare = without_separators(text)
    return any(mark in bare for mark in (*MARKS, *_OF_CONNECT)) or _WORD.search(text) is not None


def relevant_texts(folder: Path, texts: Sequence[Text], variables: frozenset[str] = frozenset()) -> list[str]:
    """Return the texts of a root to parse, with blanks in place of the blocks that do not concern topics and keys."""
    written = [one.text for one in texts]
    if has_memory():
        return written  # blocks are parsed once, and the texts of a root do not depend on each other
    if any(may_start(text, variables) for text in written) or any(
        may_start(one.text, variables) for one in with_called(folder, texts, [])
    ):
        return written
    blocks = [
        block
        for number, one in enumerate(texts)
        if one.path.suffix != ".json"
        for block in _blocks(number, one.text)
    ]
    for block in _unused(blocks, written):
        text = written[block.file]
        blanks = _NOT_SPACE.sub(" ", text[block.start : block.end])
        written[block.file] = text[: block.start] + blanks + text[block.end :]
    return written


def _blocks(file: int, text: str) -> Iterator[_Block]:
    """Yield the blocks of a file that may be left out. One with a heredoc may end elsewhere than it seems."""
    if _LONG_COMMENT.search(text):
        return
    for found in _BLOCK.finditer(text):
        kind, first, second, body = found.groups()
        name = f"data.{first}" if kind == "data" else first
        if name in TYPES or name in STACKS or "<<" in body or body.count("{") != body.count("}"):
            continue
        if (kind == "output") == (second is None):
            owners = frozenset(_owners(body)) if name in GRANTS else None
            yield _Block(file, *found.span(), "" if kind == "output" else f"{name}.{second}", owners)


def _owners(body: str) -> Iterator[str]:
    return (one for one in _NAMES.findall(body) if one.rpartition(".")[0] in ENDPOINTS)


def _unused(blocks: Sequence[_Block], written: Sequence[str]) -> list[_Block]:
    """Return the blocks that do not matter to any other block, directly or not."""
    used = set(_NAMES.findall("\n".join(_without(blocks, written))))
    waiting = list(blocks)
    while needed := [one for one in waiting if one.matters(used)]:
        waiting = [one for one in waiting if not one.matters(used)]
        for one in needed:
            used.update(_NAMES.findall(written[one.file][one.start : one.end]))
    return waiting


def _without(blocks: Sequence[_Block], written: Sequence[str]) -> Iterator[str]:
    """Yield the texts between the blocks."""
    ends = [0] * len(written)
    for one in blocks:
        yield written[one.file][ends[one.file] : one.start]
        ends[one.file] = one.end
    yield from (text[end:] for text, end in zip(written, ends, strict=True))
