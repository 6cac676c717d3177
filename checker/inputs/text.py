"""Reads a file into a document with limits on size and depth; every error has a position and a reason."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, BinaryIO

from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.record import NamedTuple
from checker.inputs.opening import open_named, open_regular
from checker.inputs.snapshot import keep, known_text
from checker.policy.node import Node, anchor, find
from checker.policy.source import Source, offsets_of_string
from checker.policy.text_json import TextError, parse_json

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Place
    from checker.core.finding import Position, Route, Text
    from checker.policy.node import Scalar

MAX_BYTES = 5 * 1024 * 1024
"""Size limit. Policies have at most 32 KB; list outputs of a whole account stay well below the limit."""

_CHUNK = 64 * 1024

LARGE_HELP = "split the file, or remove blanks from it"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16, which PowerShell writes when output is redirected to a file."""

YAML_SUFFIXES = (".yaml", ".yml")
_EITHER = ".template"


class TextDocument(NamedTuple):
    """A parsed text or a part of one; the Document of its findings."""

    source: Source
    root: Node

    @property
    def name(self) -> str:
        """The file."""
        return self.source.name

    def locate(self, route: Route, part: Part) -> Position:
        """Return the position of a route."""
        return find(self.root, route, part).position()

    def text_of(self, route: Route, part: Part) -> Text | None:
        """Return the file of a route; ``None`` if it is generated."""
        source = find(self.root, route, part).source
        return source if source.quotable else None

    def pointer_to(self, route: Route, part: Part) -> str | None:
        """Return the JSON pointer of a route in a generated file."""
        source, start, _ = find(self.root, route, part)
        return source.pointer_at(start)

    def anchor(self, route: Route) -> str:
        """Return the anchor of a route."""
        return anchor(self.root, route)


class Implied(NamedTuple):
    """The document of a default policy: its findings are located at the resource."""

    place: Place
    root: Node

    def pointer_to(self, route: Route, part: Part) -> str | None:  # noqa: ARG002 - the same for every route
        """Return the pointer to the resource."""
        return self.place.document.pointer_to(self.place.route, Part.VALUE)

    @property
    def name(self) -> str:
        """Return the name of the resource's file."""
        return self.place.document.name

    def locate(self, route: Route, part: Part) -> Position | None:  # noqa: ARG002 - the same for every route
        """Return the position of the resource."""
        return self.place.document.locate(self.place.route, Part.VALUE)

    def text_of(self, route: Route, part: Part) -> Text | None:  # noqa: ARG002 - the same for every route
        """Return the resource's file."""
        return self.place.document.text_of(self.place.route, Part.VALUE)

    def anchor(self, route: Route) -> str:
        """Return the anchor of the resource."""
        return anchor(self.root, route)


def read_text(path: Path, *, pipes: bool = False) -> str:
    """Read a UTF-8 or UTF-16 file, without its byte order mark.

    ``pipes``: the user names the file, so it may be a pipe or a device. Raises InputError for a file that is
    missing, not regular, too large, binary or in another encoding.
    """
    known = known_text(path)
    if known is not None:
        return known
    try:
        with open_named(path) if pipes else open_regular(path) as file:
            text = read_stream(str(path), file)
            keep(path, text, os.fstat(file.fileno()))
            return text
    except (OSError, ValueError) as error:
        raise unreadable_file(str(path), error) from None


def unreadable_file(name: str, error: OSError | ValueError) -> InputError:
    """Make the error for a file or folder that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return _missing_file(name)
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(name, reason.lower(), help_text=getattr(error, "help", ""))


def _missing_file(name: str) -> InputError:
    if os.path.islink(name):  # noqa: PTH114 - never raises
        return InputError(name, "a link to a file or folder that does not exist")
    from checker.inputs.similar_path import similar_path  # imported on demand: errors are rare

    return InputError(name, "no such file or folder", help_text=similar_path(name))


def read_stream(name: str, stream: BinaryIO) -> str:
    """Read text from an open file or pipe, up to the size limit. Raises InputError."""
    data = stream.read(_CHUNK)
    if len(data) == _CHUNK:
        data += stream.read(MAX_BYTES + 1 - _CHUNK)  # one large read would allocate the whole limit
    if len(data) > MAX_BYTES:
        raise InputError(name, f"larger than the {MAX_BYTES // 1024 // 1024} MB limit", help_text=LARGE_HELP)
    return decode(name, data)


class EncodingError(InputError):
    """A file in an encoding that is not read. ``readable`` has its ASCII characters, which show what it is about."""

    readable = ""

    @classmethod
    def of(cls, name: str, reason: str, data: bytes) -> EncodingError:
        """Make the error for the content of a file."""
        error = cls(name, reason, help_text="save it as UTF-8")
        error.readable = data.replace(b"\0", b"").decode("ascii", "replace")
        return error


def decode(name: str, data: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark, or UTF-16 with one. Raises EncodingError.

    A null character at the beginning is refused: UTF-16 and UTF-32 text that is decoded as something else has one beside
    each letter, so that no word in it would be found.
    """
    encoding = "UTF-16" if data.startswith(UTF_16) else "UTF-8"
    data = data.removeprefix(BOM_UTF8)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        reason = error.reason if encoding == "UTF-16" else _byte(data, error.start)
        raise EncodingError.of(name, f"not {encoding} text: {reason}", data) from None
    if "\0" in text[:_FIRST]:
        reason = "it has null characters" if encoding == "UTF-16" else _byte(data, data.index(0))
        raise EncodingError.of(name, f"not {encoding} text: {reason}", data)
    return text


_FIRST = 4
"""The characters that show the encoding of JSON, as in RFC 4627, section 3."""


def _byte(data: bytes, index: int) -> str:
    line = data.count(b"\n", 0, index) + 1
    return f"byte 0x{data[index]:02x} on line {line}"


def encoded(text: str, like: bytes) -> bytes:
    """Encode text as a file is encoded, with its byte order mark if it has one."""
    if like.startswith(UTF_16):
        order = "utf-16-le" if like.startswith(UTF_16[0]) else "utf-16-be"
        return like[:2] + text.encode(order)
    mark = BOM_UTF8 if like.startswith(BOM_UTF8) else b""
    return mark + text.encode("utf-8")


def is_yaml(source: Source) -> bool:
    """True for YAML, by file name; a template may be either, and is JSON if it begins like JSON."""
    if source.name.endswith(_EITHER):
        return not source.text.lstrip().startswith("{")
    return source.name.endswith(YAML_SUFFIXES)


def parse_text(name: str, text: str) -> TextDocument:
    """Parse a text as YAML or JSON, by its file name. Raises InputError."""
    return parse_source(Source(name, text))


def parse_documents(name: str, text: str) -> tuple[TextDocument, ...]:
    """Parse a text as one JSON document, or as YAML documents, by its file name. Raises InputError."""
    source = Source(name, text)
    if not is_yaml(source):
        return (parse_source(source),)
    from checker.inputs.yaml_text import parse_yaml_documents  # as in `parse_source`

    try:
        return tuple(TextDocument(source, root) for root in parse_yaml_documents(source))
    except TextError as error:
        raise InputError(name, error.message, error.position()) from None


def parse_source(source: Source) -> TextDocument:
    """Parse a named source as YAML or JSON. Raises InputError."""
    try:
        if is_yaml(source):
            from checker.inputs.yaml_text import parse_yaml  # PyYAML is not on the path of JSON files

            return TextDocument(source, parse_yaml(source))
        return TextDocument(source, parse_json(source))
    except TextError as error:
        raise InputError(source.name, error.message, error.position()) from None


def parse_embedded(node: Scalar, text: str) -> TextDocument:
    """Parse JSON in a string of another document; positions refer to the outer file.

    Raises InputError, which states that the error is inside the string.
    """
    outer = node.source
    if is_yaml(outer):
        from checker.inputs.scalar_offsets import offsets_of  # only YAML folds texts

        offsets = offsets_of(outer, node.start, text)
    else:
        offsets = offsets_of_string(outer.text, node.start, len(text))
    source = Source(outer.name, text, outer, offsets)
    return TextDocument(source, parse_inside(source))


def parse_inside(source: Source) -> Node:
    """Parse a source that is JSON in a string. Raises InputError, which states that the error is in the
    string.
    """
    try:
        return parse_json(source)
    except TextError as error:
        raise fault_inside(error) from None


def fault_inside(error: TextError) -> InputError:
    """Make the error for invalid JSON inside a string."""
    return InputError(error.source.name, f"inside the string: {error.message}", error.position())
