"""Read a report from its JSON form, version 1, so that it can be printed in any format.

The JSON form has no edits. Recorded reports are about live resources, which have no text; only expectations have
a line. Values that many targets share are stored once, because there can be very many targets.
"""

from __future__ import annotations

import re
from ast import literal_eval
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.analysis.inventory import Pairing, Source
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.finding import (
    EXPECTED,
    Applicability,
    Finding,
    Fix,
    Location,
    Position,
    Role,
    Severity,
    Verdict,
    Witness,
)
from checker.lint.report import Doubt, Examined, Report, Subscribed
from checker.report.formats.json import report_v1

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.core.finding import Part, Route


_STEP = re.compile(
    r"\[(?P<index>\d+)\]|\[(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\]|\.?(?P<key>[^.\[]+)"
)


class RecordedPlace(NamedTuple):
    """The document of a recorded finding. ``name`` is the resource or file, ``named`` the place."""

    name: str
    named: str
    position: Position | None = None

    def locate(self, route: Route, part: Part) -> Position | None:  # noqa: ARG002 - there is only one place
        """Return the recorded range; ``None`` for a live resource, which has no lines."""
        return self.position

    def text_of(self, route: Route, part: Part) -> None:
        """Return ``None``: a live resource has no text."""

    def pointer_to(self, route: Route, part: Part) -> None:
        """Return ``None``: there is no file."""

    def anchor(self, route: Route) -> str:  # noqa: ARG002 - there is only one place
        """Return the name that the place had when it was recorded."""
        return self.named


def record(report: Report) -> dict[str, Any]:
    """Convert a report to JSON values: the published form, and the fields that it omits."""
    return {
        "report": report_v1(report),
        "anchors": [
            [at.document.anchor(at.route) for at in finding.locations] for finding in report.findings
        ],
        "helps": [skipped.help for skipped in report.skipped],
        "crashed": list(report.crashed),
    }


def read_record(value: dict[str, Any]) -> Report:
    """Read a report that ``record`` wrote. Raises KeyError, TypeError or ValueError for other values."""
    report = value["report"]
    return Report(
        tuple(_findings(report["findings"], value["anchors"])),
        tuple(map(_examined, report["examined"])),
        tuple(
            Skipped(skipped["what"], skipped["reason"], skipped["error"], help=help_text)
            for skipped, help_text in zip(report["skipped"], value["helps"], strict=True)
        ),
        report["summary"]["topics_not_judged"],
        tuple(value["crashed"]),
    )


def _findings(values: Sequence[dict[str, Any]], anchors: Sequence[Sequence[str]]) -> Iterator[Finding]:
    for value, named in zip(values, anchors, strict=True):
        places = zip(value["locations"], named, strict=True)
        yield Finding(
            intern(value["rule"]),
            Severity(value["severity"]),
            intern(value["message"]),
            intern(value["resource"]),
            tuple(_location(place, name) for place, name in places),
            Verdict(value["verdict"]),
            intern(value["help"]),
            _witness(value["witness"]) if value["witness"] else None,
            tuple(map(_read_fix, value["fixes"])),
            value["address"] or "",
            value["root"] or "",
            tuple(map(intern, value["affects"])),
            expectation=intern(value.get("expectation", "")),
        )


def _read_fix(value: dict[str, Any]) -> Fix:
    fix = _fix(value["title"], value["applicability"], tuple(value["needs"]))
    return fix._replace(policy=value["policy"], before=intern(value["before"])) if "policy" in value else fix


@lru_cache(maxsize=1024)
def _fix(title: str, applicability: str, needs: tuple[str, ...]) -> Fix:
    return Fix(title, applicability=Applicability(applicability), needs=needs)


def _location(place: dict[str, Any], named: str) -> Location:
    range_ = [place.get(name) for name in ("line", "column", "end_line", "end_column")]
    position = Position(*map(int, range_)) if None not in range_ else None  # type: ignore[arg-type]
    document = RecordedPlace(intern(place["source"]), intern(named), position)
    role = Role(place["role"])
    note = EXPECTED if role is Role.RELATED and position is not None else ""
    return Location(document, parse_route(place["route"]), role=role, note=note)


def _witness(value: dict[str, Any]) -> Witness:
    return Witness(value["sentence"], value["request"], value["decision"], tuple(value["statements"]))


def _examined(value: dict[str, Any]) -> Examined:
    verdicts = _verdicts(tuple(value["verdicts"].items()))
    doubts = {
        rule: Doubt(intern(doubt["reason"]), doubt["counts"]) for rule, doubt in value["undetermined"].items()
    }
    pairings = tuple(map(_pairing, value.get("pairings", ())))
    named = intern(value["kind"]), intern(value["resource"]), intern(value["source"])
    assumptions = tuple(value.get("assumptions", ()))
    expectations = _verdicts(tuple((one["name"], one["verdict"]) for one in value.get("expectations", ())))
    return Examined(
        *named,
        verdicts,
        doubts,
        value["address"] or "",
        pairings,
        assumptions=assumptions,
        expectations=expectations,
        key=intern(value["key"]) if "key" in value else None,
        subscribers=_subscribers(value),
    )


def _subscribers(value: dict[str, Any]) -> tuple[Subscribed, ...] | None:
    if "subscribers" not in value:
        return None
    return tuple(Subscribed(one["protocol"], one["endpoint"]) for one in value["subscribers"])


def _pairing(value: dict[str, Any]) -> Pairing:
    arn = Arn.parse(value["instance"])
    if arn is None:
        raise ValueError(value["instance"])
    return Pairing(arn, Source(value["source"]), value["file"] or "", explicit=bool(value["explicit"]))


@lru_cache(maxsize=1024)
def _verdicts(words: tuple[tuple[str, str], ...]) -> Mapping[str, Verdict]:
    """Return the verdicts by rule; cached because most targets share them."""
    return MappingProxyType({rule: Verdict(word) for rule, word in words})


@lru_cache(maxsize=1024)
def parse_route(text: str) -> Route:
    """Parse a route in the format of ``format_route``."""
    return tuple(_step(match) for match in _STEP.finditer(text))


def _step(match: re.Match[str]) -> str | int:
    if match["index"] is not None:
        return int(match["index"])
    key: str = literal_eval(match["quoted"]) if match["quoted"] is not None else match["key"]
    return key
