"""Messages in SARIF, where `[text](1)` is a link to a related location and foreign text must not be one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.report.brief import one_line, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.finding import Finding, Location
    from checker.report.setting import Setting

_SPECIAL = re.compile(r"([\\\[\]])")


def result_message(finding: Finding, related: Sequence[Location], setting: Setting) -> str:
    """Say what is wrong, what to do, and where to look besides; related locations count from 1.

    GitHub shows a related location only where the message links to it.
    """
    message = _literal(one_line(finding.message))
    told = [message if message.endswith((".", "?", "!")) else f"{message}."]
    if finding.help:
        told.append(f"Help: {_literal(one_line(finding.help))}")
    links = [f"[{_escaped(label(one, setting))}]({number})" for number, one in enumerate(related, 1)]
    if links:
        told.append(f"See {', '.join(links)}")
    return "\n\n".join(told)


def label(location: Location, setting: Setting) -> str:
    """Say why a related location is shown, or else where it is."""
    return one_line(location.note) or place(location, setting)


def _literal(text: str) -> str:
    """Escape where a link could be read; elsewhere the escapes would show in viewers that know none."""
    return _escaped(text) if "](" in text else text


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
