"""The frame of a page: its head, style, script and data, and the policy that forbids everything else.

https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP describes the policy.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from checker import __version__
from checker.core.terminal_text import Inert, json_lines
from checker.report.page.markup import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def page(title: str, sections: Iterable[str], data: Any) -> Iterator[Inert]:
    """Write a page with sections in HTML. The script reads ``data``, JSON values of inert texts."""
    style, script = _file("page.css"), _script()
    whole = Template(_file("page.html")).substitute(
        title=text(title),
        version=text(__version__),
        policy=_policy(style, script),
        style=style,
        script=script,
        sections="\n".join(filter(None, sections)),
        data=embedded(data),
    )
    ascii_only = whole.encode("ascii", "xmlcharrefreplace").decode("ascii")
    return (Inert(line) for line in ascii_only.rstrip("\n").split("\n"))


def embedded(data: Any) -> str:
    """Write JSON for a script element that browsers do not run. No text can end the element."""
    return "".join(json_lines(data, indent=None)).replace("<", "\\u003c").replace(">", "\\u003e")


_SCRIPTS = ("elements", "findings", "details", "maps", "start")
"""The parts of the script, in the order in which they run."""


def _script() -> str:
    parts = "\n".join(_file(f"{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy: no requests, and only the style and script of the page itself."""
    rules = (
        "default-src 'none'",
        f"style-src 'sha256-{_hash(style)}'",
        f"script-src 'sha256-{_hash(script)}'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    )
    return "; ".join(rules)


def _hash(content: str) -> str:
    return b64encode(sha256(content.encode()).digest()).decode()


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
