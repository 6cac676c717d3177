"""Finds the blocks of Terraform files by their first lines, without parsing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.mentions import text_of, text_with_connect
from checker.inputs.terraform.module.folder import is_override, listed
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.mentions import Mention


class Header(NamedTuple):
    """The kind and labels of a block of a Terraform file, and its text."""

    kind: str
    labels: tuple[str, ...]
    start: int
    text: str

    @property
    def name(self) -> str:
        """The name of the block in references."""
        return ".".join(self.labels if self.kind == "resource" else (self.kind, *self.labels))

    @property
    def source(self) -> str:
        """The source of a module."""
        found = _SOURCE.search(self.text)
        return found[1] if found is not None else ""

    @property
    def is_remote(self) -> bool:
        """True for a module that Terraform downloads."""
        return not self.source.startswith(("./", "../"))


_HEADER = pattern(r'^(\w+)[ \t]*(?:"([^"\n]*)"[ \t]*)?(?:"([^"\n]*)"[ \t]*)?\{', re.MULTILINE)
_SOURCE = pattern(r'^[ \t]*source[ \t]*=[ \t]*"([^"\n]*)"', re.MULTILINE)


def headers(text: str) -> list[Header]:
    """Return the blocks of a file, by their first lines; blocks begin at the start of a line."""
    found = list(_HEADER.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    return [
        Header(one[1], tuple(filter(None, one.groups()[1:])), one.start(), text[one.start() : end])
        for one, end in zip(found, ends, strict=False)
    ]


def header_at(text: str, mention: Mention) -> Header | None:
    """Return the block around a place."""
    before = [header for header in headers(text) if header.start < mention.offset]
    return before[-1] if before else None


def is_overridden(path: Path, header: Header | None) -> bool:
    """True for a block that an override file of the folder changes."""
    others = [one for one in listed(path.parent, []) if is_override(one)] if header is not None else []
    texts = (text_with_connect(one) for one in others if one != path)
    return any(other.labels == header.labels for text in texts for other in headers(text) if header)


_OVERRIDES = pattern(r"\boverride_(?:policy_documents|json)\b")


def is_merged(path: Path, header: Header | None) -> bool:
    """True for a policy document of which another one in the folder overrides statements."""
    if header is None or header.kind != "data":
        return False
    texts = map(text_of, listed(path.parent, []))
    return any(_OVERRIDES.search(text) and f"{header.name}." in text for text in texts)


_POLICY_DOCUMENT = "aws_iam_policy_document"


def is_used(path: Path, header: Header) -> bool:
    """False for a policy document that nothing in its module names: a data source alone has no effect."""
    if header.kind != "data" or header.labels[:1] != (_POLICY_DOCUMENT,) or len(header.labels) < 2:
        return True
    use = re.compile(rf"{_POLICY_DOCUMENT}\s*\.\s*{re.escape(header.labels[1])}(?![\w-])")
    try:
        return any(use.search(read_text(one)) for one in listed(path.parent, []))
    except InputError:
        return True  # not known
