"""JSON texts: a strict parser that keeps the span of every key and value, and a writer.

The decoder of the standard library gives no positions and silently drops repeated keys; a policy linter needs
both. Strings with escapes are decoded by the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from checker.core.finding import Reference
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.policy.node import Array, Member, Node, Number, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.core.finding import Position, ValueElsewhere
    from checker.policy.source import Source


MAX_DEPTH = 100
"""AWS policies have about six levels, CloudFormation templates about thirty."""

_TOKEN = pattern(
    r"[ \t\n\r]*(?:"
    r'"(?P<plain>[^"\\\x00-\x1f]*)"'
    r"|(?P<mark>[{}\[\]:,])"
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])"
    r"|(?P<word>true|false|null)(?!\w)"
    r"|(?P<quote>\")"
    r"|(?P<end>\Z))"
)
_WORDS = {"true": True, "false": False, "null": None}
_BLANK = pattern(r"[ \t\n\r]*")
_STRING, _MARK, _NUMBER, _WORD, _END = range(5)
_HINTS = {
    "'": ", strings need double quotes",
    "/": ", JSON has no comments",
    "#": ", JSON has no comments",
}
_LOOKS = (
    (
        pattern(r"An error occurred \(|Unable to locate credentials|usage: aws|aws: error"),
        "an error message of the AWS CLI",
    ),
    (pattern(r"-{5,}|[A-Z]+\t"), "another output format of the AWS CLI, use `--output json`"),
    (pattern(r"<"), "HTML or XML"),
    (pattern(r"---\s|[\w-]+:\s"), "YAML, whose file name must end in `.yaml`"),
)
"""Beginnings of texts that people save in place of JSON, with what they are."""
_Token = tuple[int, str, int, int]


class TextError(Exception):
    """A text is not in the format it should be in.

    The message names the expected text; ``source`` and the offsets give the place.
    """

    def __init__(self, message: str, source: Source, start: int, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.start = start
        self.end = end if end is not None else start + 1

    def position(self) -> Position:
        """Return the position in the file; the end is limited to the end of the text."""
        length = len(self.source.text)
        return self.source.position(min(self.start, length), min(self.end, length))


def parse_json(source: Source) -> Node:
    """Parse one JSON document (RFC 8259) to nodes.

    Raises TextError, with the offset, for invalid JSON and for more than MAX_DEPTH levels.
    """
    return _Reader(source).document()


class _Reader:
    """A recursive-descent parser. Its depth limit is well below the recursion limit of Python."""

    __slots__ = ("source", "text")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text

    def document(self) -> Node:
        first = self.next(0)
        if first[0] == _END:
            raise self.error("expected a JSON document", first)
        node = self.value(first, 0)
        after = self.next(node.end)
        if after[0] != _END:
            raise self.error("expected nothing after the JSON document", after)
        return node

    def next(self, at: int) -> _Token:
        match = _TOKEN.match(self.text, at)
        if match is None:
            raise self.unreadable(at)
        kind, end = match.lastgroup, match.end()
        if kind == "plain":
            return _STRING, match["plain"], match.start("plain") - 1, end
        if kind == "mark":
            return _MARK, match["mark"], end - 1, end
        if kind == "quote":
            return self.escaped(end)
        if kind == "number":
            return _NUMBER, match["number"], match.start("number"), end
        if kind == "word":
            return _WORD, match["word"], match.start("word"), end
        return _END, "", end, end

    def escaped(self, after_quote: int) -> _Token:
        from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined] # typeshed leaves it out

        try:
            text, end = scanstring(self.text, after_quote, True)  # noqa: FBT003 - positional in the standard library
        except JSONDecodeError as error:
            problem = error.msg[0].lower() + error.msg[1:]
            problem = problem.replace(" starting at", "").removesuffix(" at")
            raise TextError(f"invalid string: {problem}", self.source, error.pos) from None
        return _STRING, text, after_quote - 1, end

    def value(self, token: _Token, depth: int) -> Node:
        kind, text, start, end = token
        if kind == _STRING:
            return Scalar(text, self.source, start, end)
        if kind == _MARK and text in "{[":
            if depth >= MAX_DEPTH:
                raise TextError(f"nested more than {MAX_DEPTH} levels deep", self.source, start, end)
            return self.object(start, end, depth + 1) if text == "{" else self.array(start, end, depth + 1)
        if kind == _NUMBER:
            return Scalar(Number(text), self.source, start, end)
        if kind == _WORD:
            return Scalar(_WORDS[text], self.source, start, end)
        raise self.error("expected a value", token)

    def object(self, start: int, at: int, depth: int) -> Object:
        members: list[Member] = []
        token = self.next(at)
        if token[0] == _MARK and token[1] == "}":
            return Object((), self.source, start, token[3])
        while True:
            if token[0] != _STRING:
                raise self.error("expected a key in double quotes", token)
            node = self.value(self.after_colon(token[3]), depth)
            members.append(Member(token[1], node, token[2], token[3]))
            after = self.next(node.end)
            if after[0] == _MARK and after[1] == "}":
                return Object(tuple(members), self.source, start, after[3])
            if after[0] != _MARK or after[1] != ",":
                raise self.error("expected `,` or `}`", after)
            token = self.after_comma(after, "}")

    def after_colon(self, at: int) -> _Token:
        if self.text.startswith(": ", at):  # fast path for the usual layout
            return self.next(at + 2)
        colon = self.next(at)
        if colon[1] != ":" or colon[0] != _MARK:
            raise self.error("expected `:` after the key", colon)
        return self.next(colon[3])

    def after_comma(self, comma: _Token, closing: str) -> _Token:
        token = self.next(comma[3])
        if token[0] == _MARK and token[1] == closing:
            raise TextError(
                f"trailing comma before `{closing}`, remove the comma", self.source, comma[2], comma[3]
            )
        return token

    def array(self, start: int, at: int, depth: int) -> Array:
        nodes: list[Node] = []
        token = self.next(at)
        if token[0] == _MARK and token[1] == "]":
            return Array((), self.source, start, token[3])
        while True:
            node = self.value(token, depth)
            nodes.append(node)
            after = self.next(node.end)
            if after[0] == _MARK and after[1] == "]":
                return Array(tuple(nodes), self.source, start, after[3])
            if after[0] != _MARK or after[1] != ",":
                raise self.error("expected `,` or `]`", after)
            token = self.after_comma(after, "]")

    def error(self, message: str, token: _Token) -> TextError:
        kind, text, start, end = token
        shown = "the end of the file" if kind == _END else f"`{text}`" if kind != _STRING else "a string"
        return TextError(f"{message}, found {shown}", self.source, start, end)

    def unreadable(self, at: int) -> TextError:
        blank = _BLANK.match(self.text, at)
        start = blank.end() if blank else at
        char = self.text[start]
        if char not in _HINTS and not self.text[:start].strip():
            looks = next((kind for look, kind in _LOOKS if look.match(self.text, start)), "")
            found = f"but {looks}" if looks else f"it begins with {_shown(char)}"
            return TextError(f"not JSON, {found}", self.source, start)
        return TextError(f"unexpected {_shown(char)}{_HINTS.get(char, '')}", self.source, start)


def _shown(char: str) -> str:
    return f"`{char}`" if char.isprintable() else f"the character U+{ord(char):04X}"


Plain: TypeAlias = (
    "str | bool | Number | Reference | ValueElsewhere | Sequence[Plain] | Mapping[str, Plain] | None"
)
"""A value that can be written in any file format; ``ValueElsewhere`` is replaced by its value first."""

_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def plain(node: Node) -> Plain:
    """Convert nodes to plain values; a repeated key has its last value."""
    if isinstance(node, Object):
        return {member.key: plain(member.value) for member in node.members}
    if isinstance(node, Array):
        return [plain(item) for item in node.items]
    return Reference(node.value.where) if isinstance(node.value, Unknown) else node.value


def json_text(value: Plain, indent: str = "", level: int = 0) -> str:
    """Write a value as JSON: on one line without blanks, or one member per line, indented by ``indent``.

    Characters beyond ASCII are escaped, because SNS accepts only ASCII and a terminal may misread them. Raises
    TypeError for a reference, which JSON cannot express.
    """
    if isinstance(value, Mapping):
        colon = ": " if indent else ":"
        members = (f"{quoted(key)}{colon}{json_text(item, indent, level + 1)}" for key, item in value.items())
        return _enclosed("{}", members, indent, level)
    if is_list(value):
        return _enclosed("[]", (json_text(item, indent, level + 1) for item in value), indent, level)
    return quoted(value) if isinstance(value, str) else word(value)


def is_list(value: Plain) -> TypeGuard[Sequence[Plain]]:
    """True for a list, and not for a string or a named tuple, which are also sequences."""
    return isinstance(value, list)


def listed(value: Plain) -> Sequence[Plain]:
    """Return a list as it is, and a single value as a list of one."""
    return value if is_list(value) else [value]


def quoted(text: str) -> str:
    """Write a text as a JSON string."""
    import json

    return json.dumps(text)


def double_quoted(text: str) -> str:
    """Write a text as an HCL or YAML string, in which surrogate pairs are not valid escapes."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isascii() and char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def word(value: Plain) -> str:
    """Write a number, boolean or null, which all formats write alike. Raises TypeError for anything else."""
    if isinstance(value, Number):
        return value.text
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    raise TypeError(f"not a number, boolean or null: {value!r}")


def _enclosed(brackets: str, parts: Iterable[str], indent: str, level: int) -> str:
    inside = list(parts)
    if not indent or not inside:
        return f"{brackets[0]}{','.join(inside)}{brackets[1]}"
    start = "\n" + indent * (level + 1)
    return f"{brackets[0]}{start}{f',{start}'.join(inside)}\n{indent * level}{brackets[1]}"
