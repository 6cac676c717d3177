"""What a kind of input is: how it is recognized by its content, and how it is read.

A module of this package with ``KINDS`` adds its kinds to the registry in ``checker.inputs.readers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from checker.core.finding import Route
    from checker.inputs.collect import Facts
    from checker.inputs.text import TextDocument
    from checker.policy.node import Node, Object

    Match = tuple[Node, Route]


class Found(NamedTuple):
    """A document of a known kind, with the node of its facts and its route."""

    path: Path
    document: TextDocument
    node: Node
    route: Route
    named: bool


def _nothing(_path: Path, _text: str) -> Iterable[str]:
    """Include no other files."""
    return ()


class Kind(NamedTuple):
    """A kind of JSON or YAML document.

    ``match`` returns the node of the facts and its route, ``None`` for other documents. ``read`` adds the facts; it
    raises InputError. ``unique_keys`` is false if a duplicate key is for the reader to report. ``general`` is true if
    documents of other kinds may match too. ``includes`` returns the full paths of other files that a file may include
    as parts, which are then not read on their own; ``read`` adds those that it did include to ``facts.opened``.
    """

    name: str
    match: Callable[[Object], Match | None]
    read: Callable[[Facts, Found], None]
    unique_keys: bool = True
    general: bool = False
    includes: Callable[[Path, str], Iterable[str]] = _nothing


class LargeKind(NamedTuple):
    """A kind of file that is read in parts.

    ``match`` recognizes the beginning of the file. ``read`` adds the facts and returns false if there are none,
    for the reason ``without``; it raises InputError. ``only_bulk`` is true if a small file that is not compressed is
    read as a document instead.
    """

    name: str
    match: Callable[[str], bool]
    read: Callable[[Facts, Path, bool], bool]
    without: str
    only_bulk: bool = False
