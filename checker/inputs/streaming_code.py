"""Finds the calls that start chat streaming in application code, and topic ARNs in requests of any file.

A call is evidence of which topic Connect streams to, and of nothing else. Its topic is a literal ARN or an environment
variable, directly or through a variable that is assigned once in the same file. Code is not run: any other expression
leaves the topic unknown.
https://docs.aws.amazon.com/connect/latest/APIReference/API_ChatStreamingConfiguration.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.discover import is_code, name_of
from checker.inputs.mentions import is_in_comment, mention_at, text_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from checker.inputs.mentions import Mention


_PYTHON, _SCRIPTS = (".py",), (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs")

_ARN = r"arn:aws[\w-]{0,20}:sns:[\w-]{1,40}:\d{12}:[\w.-]{1,256}"
_REQUEST = pattern(
    rf"(?<!\w)[Ss]treamingEndpointArn[^,;{{}}]{{0,60}}?({_ARN})(?![\w.:{{$%*<-]|[\"'`]\s{{0,20}}\+)"
)
"""A topic ARN as the endpoint of a stream, as JSON, YAML and most languages write it."""

_ARGUMENT = "StreamingEndpointArn"
_ENDPOINT = pattern(
    rf"""(?<!\w)["']?{_ARGUMENT}(?:["']?\s{{0,200}}(?P<is>[:=])(?!=)\s{{0,200}}|(?=\s{{0,200}}[,}}]))"""
)
"""The argument with its value, or `{ StreamingEndpointArn }`, which has the value of a variable of this name."""

_START = pattern(
    r"\.\s{0,20}(?:start_contact_streaming|[Ss]tartContactStreaming(?:Async)?)\s{0,20}\("
    r"|\bnew\s{1,20}StartContactStreamingCommand\s{0,20}\(|\bconnect\s{1,20}start-contact-streaming\b"
)
"""The call in the AWS SDKs and in the AWS CLI; not the declaration of a function."""

_NAME = r"""([A-Za-z_]\w{0,199})"""
_QUOTED = rf"""["'`]{_NAME}["'`]"""
_VARIABLE = pattern(
    rf"(?:str\(\s{{0,20}})?(?:os\.)?(?:environ\s{{0,20}}\[\s{{0,20}}{_QUOTED}|environ\.get\(\s{{0,20}}{_QUOTED}"
    rf"|getenv\(\s{{0,20}}{_QUOTED})"
    rf"|process\.env(?:\??\.{_NAME}|\[\s{{0,20}}{_QUOTED}\s{{0,20}}\])"
)
_LITERAL = pattern(rf"""[bru]{{0,2}}["'`]({_ARN})["'`](?!\s{{0,20}}\+)""")
_OTHER = pattern(r"([A-Za-z_$][\w$]{0,199})(?![\w$]|\s{0,20}[.(\[])")
"""An expression that is a variable of the code alone."""

_UNPACKED = pattern(r"\{([^{}=]{1,2000})\}\s{0,20}=\s{0,20}process\.env\b")

_TEXTS = (r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?', r"'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'?")
_LONG_TEXTS = (
    r'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+(?:""")?',
    r"'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+(?:''')?",
)
_TEMPLATE, _BLOCK = r"`[^`\\]*+(?:\\.[^`\\]*+)*+`?", r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?"
_OF_PYTHON = pattern("|".join((*_LONG_TEXTS, *_TEXTS, r"#[^\n]*+")), re.DOTALL)
_OF_SCRIPTS = pattern("|".join((*_TEXTS, _TEMPLATE, r"//[^\n]*+", _BLOCK)), re.DOTALL)
"""The texts and comments of a language. Each repetition is possessive, so that a search is linear."""
_COMMENTS = ("#", "//", "/*", '"""', "'''")
_NOT_NEW_LINE = pattern(r"[^\n]")
_MOST = 100
"""The number of calls of a file that are read; code that people write has one or two."""


class _Value(NamedTuple):
    """What is known of an expression: a topic ARN, or the environment variable that holds it."""

    topic: str = ""
    variable: str = ""


_NOT_KNOWN = _Value()


class StreamCall(NamedTuple):
    """A call or request that makes Connect stream to a topic: its file and place.

    ``topic`` is the ARN, or ``variable`` the environment variable that holds it. Both are empty if the topic is not
    known.
    """

    path: Path
    at: Mention
    topic: str = ""
    variable: str = ""

    @property
    def place(self) -> str:
        """The file and line, as reports write them."""
        return f"{name_of(self.path)}:{self.at.line}"


def stream_calls(paths: Iterable[Path]) -> tuple[StreamCall, ...]:
    """Return the calls of files."""
    return tuple(call for path in paths for call in _calls_in(path, text_in(path)))


def _calls_in(path: Path, text: str) -> Iterator[StreamCall]:
    """Yield the calls of a file, each topic once; a call with an unknown topic only if the file has no other."""
    if not text or (not is_code(path) and _is_trail(text)):
        return
    code = _Code(path, text) if path.name.endswith((*_PYTHON, *_SCRIPTS)) else None
    found: dict[tuple[str, str], StreamCall] = {}
    text = text if code is None else code.text
    for call in (*(code.calls() if code is not None else ()), *_requests(path, text)):
        found.setdefault((call.topic, call.variable), call)
    yield from found.values() or (_open_calls(path, text) if is_code(path) else ())


def _open_calls(path: Path, text: str) -> Iterator[StreamCall]:
    """Yield the first call of a file of which no topic is known."""
    for _, match in zip(range(_MOST), _START.finditer(text), strict=False):
        if not is_in_comment(text, match.start()):
            yield StreamCall(path, mention_at(text, match.start()))
            return


def _is_trail(text: str) -> bool:
    """True for CloudTrail events, which their own reader reads."""
    return "eventName" in text and "eventSource" in text


def _requests(path: Path, text: str) -> Iterator[StreamCall]:
    """Yield the literal topics of requests."""
    for _, match in zip(range(_MOST), _REQUEST.finditer(text), strict=False):
        if not is_in_comment(text, match.start()):
            yield StreamCall(path, mention_at(text, match.start(1)), topic=match[1])


class _Code:
    """The text of a file in Python or JavaScript, without its comments."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.is_python = path.name.endswith(_PYTHON)
        self.text = _without_comments(text, _OF_PYTHON if self.is_python else _OF_SCRIPTS)
        self.known: dict[str, _Value] = {}

    def calls(self) -> Iterator[StreamCall]:
        """Yield the calls with a known topic."""
        for _, match in zip(range(_MOST), _ENDPOINT.finditer(self.text), strict=False):
            topic, variable = self.value(match.end()) if match["is"] else self.assigned(_ARGUMENT)
            if topic or variable:
                yield StreamCall(self.path, mention_at(self.text, match.start()), topic, variable)

    def value(self, at: int) -> _Value:
        """Return the value of the expression at an offset; empty if it is not known."""
        other = _OTHER.match(self.text, at)
        direct = self.direct(at)
        return self.assigned(other[1]) if other is not None and direct == _NOT_KNOWN else direct

    def direct(self, at: int) -> _Value:
        """Return the ARN or environment variable at an offset; empty for any other expression."""
        literal, variable = _LITERAL.match(self.text, at), _VARIABLE.match(self.text, at)
        if literal is not None:
            return _Value(topic=literal[1])
        return _Value(variable=next(filter(None, variable.groups()))) if variable is not None else _NOT_KNOWN

    def assigned(self, name: str) -> _Value:
        """Return the value of a variable that is assigned once in the file; empty for any other variable."""
        if name not in self.known:
            ends = [match.end() for match in self.assignments(name).finditer(self.text)]
            unpacked = _NOT_KNOWN if ends or self.is_python else self.unpacked(name)
            self.known[name] = self.direct(ends[0]) if len(ends) == 1 else unpacked
        return self.known[name]

    def assignments(self, name: str) -> re.Pattern[str]:
        """Match the assignments of a variable; in Python, they begin a line."""
        begin = r"^[ \t]{0,200}" if self.is_python else r"(?<![\w$.])"
        annotation = r"(?:\s{0,20}:[^=\n;,(){}]{1,80})?"
        pattern = rf"{begin}{re.escape(name)}{annotation}\s{{0,20}}=(?![=>])\s{{0,200}}"
        return re.compile(pattern, re.MULTILINE)

    def unpacked(self, name: str) -> _Value:
        """Return the environment variable of `const { TOPIC_ARN: topic } = process.env`."""
        own = re.compile(rf"(?:{_NAME}\s{{0,20}}:\s{{0,20}})?{re.escape(name)}\Z")
        parts = (part.strip() for match in _UNPACKED.finditer(self.text) for part in match[1].split(","))
        found = [match[1] or name for match in map(own.match, parts) if match is not None]
        return _Value(variable=found[0]) if len(found) == 1 else _NOT_KNOWN


def _without_comments(text: str, tokens: re.Pattern[str]) -> str:
    """Blank the comments and docstrings of code; offsets and lines stay."""

    def blank(match: re.Match[str]) -> str:
        return _NOT_NEW_LINE.sub(" ", match[0]) if match[0].startswith(_COMMENTS) else match[0]

    return tokens.sub(blank, text)
