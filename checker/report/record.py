"""Reads a report back from its JSON, version 1, so that it can be printed in any format.

What JSON does not carry is gone: edits, and where a route leads in a text. A recorded report is that of live
resources, which have no text. What many targets have in common is kept once, as there may be very many.
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
from checker.core.finding import Applicability, Finding, Fix, Location, Role, Severity, Verdict, Witness
from checker.lint.report import Doubt, Examined, Report
from checker.report.json_v1 import report_v1

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.core.finding import Part, Route


_STEP = re.compile(
    r"\[(?P<index>\d+)\]|\[(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\]|\.?(?P<key>[^.\[]+)"
)


class Recorded(NamedTuple):
    """A place of a recorded finding: Document and Text in one. ``name`` is the resource, ``named`` the place."""

    name: str
    named: str

    def locate(self, route: Route, part: Part) -> None:
        """None: what was live has no lines."""

    def text_of(self, route: Route, part: Part) -> Recorded:  # noqa: ARG002 - there is one
        """Give the resource."""
        return self

    def line(self, number: int) -> str:  # noqa: ARG002 - there are none
        """Nothing."""
        return ""

    def pointer_to(self, route: Route, part: Part) -> None:
        """None: there is no file."""

    def anchor(self, route: Route) -> str:  # noqa: ARG002 - there is one place
        """Name the place as it was named when it was recorded."""
        return self.named


def record(report: Report) -> dict[str, Any]:
    """Turn a report into JSON values: the report itself, and beside it what the published form leaves out."""
    return {
        "report": report_v1(report),
        "anchors": [[at.document.anchor(at.route) for at in one.locations] for one in report.findings],
        "helps": [one.help for one in report.skipped],
        "crashed": list(report.crashed),
    }


def read_record(value: dict[str, Any]) -> Report:
    """Read what ``record`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    report = value["report"]
    return Report(
        tuple(_findings(report["findings"], value["anchors"])),
        tuple(map(_examined, report["examined"])),
        tuple(
            Skipped(one["what"], one["reason"], one["error"], help=help_text)
            for one, help_text in zip(report["skipped"], value["helps"], strict=True)
        ),
        report["summary"]["topics_not_judged"],
        tuple(value["crashed"]),
    )


def _findings(found: Sequence[dict[str, Any]], anchors: Sequence[Sequence[str]]) -> Iterator[Finding]:
    for one, named in zip(found, anchors, strict=True):
        places = zip(one["locations"], named, strict=True)
        yield Finding(
            intern(one["rule"]),
            Severity(one["severity"]),
            intern(one["message"]),
            intern(one["resource"]),
            tuple(_location(place, name) for place, name in places),
            Verdict(one["verdict"]),
            intern(one["help"]),
            _witness(one["witness"]) if one["witness"] else None,
            tuple(_fix(fix["title"], fix["applicability"], tuple(fix["needs"])) for fix in one["fixes"]),
            one["address"] or "",
            one["root"] or "",
            tuple(map(intern, one["affects"])),
        )


@lru_cache(maxsize=1024)
def _fix(title: str, applicability: str, needs: tuple[str, ...]) -> Fix:
    return Fix(title, applicability=Applicability(applicability), needs=needs)


def _location(place: dict[str, Any], named: str) -> Location:
    document = Recorded(intern(place["source"]), intern(named))
    return Location(document, parse_route(place["route"]), role=Role(place["role"]))


def _witness(value: dict[str, Any]) -> Witness:
    return Witness(value["sentence"], value["request"], value["decision"], tuple(value["statements"]))


def _examined(value: dict[str, Any]) -> Examined:
    verdicts = _verdicts(tuple(value["verdicts"].items()))
    doubts = {
        rule: Doubt(intern(one["reason"]), one["counts"]) for rule, one in value["undetermined"].items()
    }
    pairings = tuple(map(_pairing, value.get("pairings", ())))
    named = intern(value["kind"]), intern(value["resource"]), intern(value["source"])
    return Examined(*named, verdicts, doubts, value["address"] or "", pairings)


def _pairing(value: dict[str, Any]) -> Pairing:
    arn = Arn.parse(value["instance"])
    if arn is None:
        raise ValueError(value["instance"])
    return Pairing(arn, Source(value["source"]), value["file"] or "", explicit=bool(value["explicit"]))


@lru_cache(maxsize=1024)
def _verdicts(words: tuple[tuple[str, str], ...]) -> Mapping[str, Verdict]:
    """The verdicts of the rules, which most targets share."""
    return MappingProxyType({rule: Verdict(word) for rule, word in words})


@lru_cache(maxsize=1024)
def parse_route(text: str) -> Route:
    """Read a route as ``format_route`` writes it."""
    return tuple(_step(found) for found in _STEP.finditer(text))


def _step(found: re.Match[str]) -> str | int:
    if found["index"] is not None:
        return int(found["index"])
    quoted: str = literal_eval(found["quoted"]) if found["quoted"] is not None else found["key"]
    return quoted
