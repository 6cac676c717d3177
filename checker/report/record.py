"""Read a report from its JSON form, version 1, so that it can be printed in any format.

The JSON form has no edits. Recorded reports are about live resources, which have no text; only expectations have
a line. Values that many targets share are stored once, because there can be very many targets.
"""

from __future__ import annotations

from ast import literal_eval
from datetime import datetime
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

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
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.lint.audited import AuditedUnit, Circumstances
from checker.lint.history import PRESENT, Change, Entry, History, Night
from checker.lint.report import Doubt, Examined, Report, Subscribed, Suppressed, SuppressedBy

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from checker.core.finding import Part, Route


_STEP = pattern(
    r"\[(?P<index>\d+)\]|\[(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\]|\.?(?P<key>[^.\[]+)"
)


MALFORMED = (AttributeError, KeyError, IndexError, RecursionError, SyntaxError, TypeError, ValueError)
"""The errors of reading a report from JSON values of another shape."""


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


def read_report(value: dict[str, Any]) -> Report:
    """Read a report that ``report_v1`` wrote. Raises one of ``MALFORMED`` for other values."""
    if value["version"] != 1:
        raise ValueError(value["version"])
    return Report(
        tuple(map(_finding, value["findings"])),
        tuple(map(_examined, value["examined"])),
        tuple(map(_skipped, value["skipped"])),
        _typed(int, value["summary"]["topics_not_judged"]),
        tuple(map(_rule, value["crashed"])),
        tuple(map(_suppressed, value["suppressed"])),
        audit=_audit(value["audit"]) if "audit" in value else None,
        history=_history(value) if "history" in value else None,
    )


def _suppressed(value: dict[str, Any]) -> Suppressed:
    return Suppressed(_finding(value["finding"]), SuppressedBy(value["by"]), _text(value["reason"]))


def _audit(value: dict[str, Any]) -> Circumstances:
    units = tuple(map(read_unit, value["units"]))
    return Circumstances(
        _time(value["time"]),
        _text(value["version"]),
        _text(value["caller"] or ""),
        _typed(dict, value["options"]),
        units,
    )


def read_unit(value: dict[str, Any]) -> AuditedUnit:
    """Read a unit of an audit. Raises one of ``MALFORMED`` for other values."""
    instances = value["instances"]
    return AuditedUnit(
        intern(value["account"]),
        intern(value["region"]),
        intern(value["account_name"] or ""),
        _typed(bool, value["complete"]),
        tuple(map(_text, value["topics_not_judged"])),
        None if instances is None else tuple(map(_text, instances)),
        tuple(map(intern, value.get("sources", ()))),
        tuple(map(_text, value["keys_not_judged"])) if "keys_not_judged" in value else None,
        _time(value["began"]) if "began" in value else "",
    )


def _skipped(value: dict[str, Any]) -> Skipped:
    error, complete = _typed(bool, value["error"]), _typed(bool, value["complete"])
    return Skipped(
        _text(value["what"]), _text(value["reason"]), error, help=_text(value["help"]), complete=complete
    )


_Value = TypeVar("_Value")


def _typed(kind: type[_Value], value: object) -> _Value:
    """Return a value of a type; true and false do not count as numbers. Raises TypeError for another value."""
    if type(value) is not kind:
        raise TypeError(value)
    return value


def _text(value: object) -> str:
    return _typed(str, value)


_RULE = pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def _rule(value: object) -> str:
    """Return the ID of a rule, which formats write without an escape. Raises ValueError for another text."""
    text = intern(_text(value))
    if not _RULE.fullmatch(text):
        raise ValueError(text)
    return text


def _time(value: object) -> str:
    """Return a time in ISO 8601. Raises ValueError for another text."""
    text = _text(value)
    datetime.fromisoformat(text)
    return text


def _history(value: dict[str, Any]) -> History:
    """Read the history of a report: that of its findings, and the findings that it does not report."""
    history = value["history"]
    present = (_present(finding) for finding in value["findings"])
    absent = (
        _absent(one, change) for change in Change if change not in PRESENT for one in history[change.value]
    )
    nights = tuple(map(_night, history["nights"]))
    return History(_time(history["since"]) if history["since"] else "", (*present, *absent), nights)


def _night(value: dict[str, Any]) -> Night:
    counts = {name: _typed(int, number) for name, number in value.items() if name not in ("time", "scope")}
    return Night(_time(value["time"]), **counts, scope=_text(value.get("scope", "")))


def _present(value: dict[str, Any]) -> Entry:
    before = value["severity_before"]
    return Entry(
        _finding(value),
        Change(value["change"]),
        _time(value["first_seen"]),
        Severity(before) if before else None,
        _text(value.get("change_reason", "")),
    )


def _absent(value: dict[str, Any], change: Change) -> Entry:
    finding = _finding(value["finding"])
    return Entry(
        finding,
        change,
        _time(value["first_seen"]),
        finding.severity,
        _text(value["reason"]),
        tuple(map(_text, value["instances"])),
        tuple(map(intern, value.get("sources", ()))),
        _typed(bool, value.get("suppressed", False)),
        tuple(map(_text, value.get("users", ()))),
        _typed(bool, value.get("undetermined", False)),
    )


def _finding(value: dict[str, Any]) -> Finding:
    if not value["locations"]:
        raise ValueError("a finding has at least one place")
    return Finding(
        _rule(value["rule"]),
        Severity(value["severity"]),
        intern(value["message"]),
        intern(value["resource"]),
        tuple(map(_location, value["locations"])),
        Verdict(value["verdict"]),
        intern(value["help"]),
        _witness(value["witness"]) if value["witness"] else None,
        tuple(map(_read_fix, value["fixes"])),
        _text(value["address"] or ""),
        _text(value["root"] or ""),
        tuple(map(intern, value["affects"])),
        expectation=intern(value.get("expectation", "")),
    )


def _read_fix(value: dict[str, Any]) -> Fix:
    fix = _fix(_text(value["title"]), value["applicability"], tuple(map(_text, value["needs"])))
    if "policy" not in value:
        return fix
    return fix._replace(policy=_text(value["policy"]), before=intern(value["before"]))


@lru_cache(maxsize=1024)
def _fix(title: str, applicability: str, needs: tuple[str, ...]) -> Fix:
    return Fix(title, applicability=Applicability(applicability), needs=needs)


def _location(place: dict[str, Any]) -> Location:
    range_ = [place.get(name) for name in ("line", "column", "end_line", "end_column")]
    position = Position(*map(int, range_)) if None not in range_ else None  # type: ignore[arg-type]
    document = RecordedPlace(intern(place["source"]), intern(place["anchor"]), position)
    role = Role(place["role"])
    note = EXPECTED if role is Role.RELATED and position is not None else ""
    return Location(document, parse_route(place["route"]), role=role, note=note)


def _witness(value: dict[str, Any]) -> Witness:
    statements = (_typed(int, number) for number in value["statements"])
    request = _typed(dict, value["request"])
    return Witness(_text(value["sentence"]), request, _text(value["decision"]), tuple(statements))


def _examined(value: dict[str, Any]) -> Examined:
    verdicts = _verdicts(tuple((_rule(rule), verdict) for rule, verdict in value["verdicts"].items()))
    doubts = {
        _rule(rule): Doubt(intern(doubt["reason"]), _typed(bool, doubt["counts"]))
        for rule, doubt in value["undetermined"].items()
    }
    pairings = tuple(map(_pairing, value.get("pairings", ())))
    named = intern(value["kind"]), intern(value["resource"]), intern(value["source"])
    assumptions = tuple(map(_text, value.get("assumptions", ())))
    expectations = _verdicts(tuple((one["name"], one["verdict"]) for one in value.get("expectations", ())))
    return Examined(
        *named,
        verdicts,
        doubts,
        _text(value["address"] or ""),
        pairings,
        assumptions=assumptions,
        expectations=expectations,
        in_scope=intern(value.get("in_scope", "")),
        key=intern(value["key"]) if "key" in value else None,
        subscribers=_subscribers(value),
        refuses={_text(name): _typed(bool, one) for name, one in value.get("refuses", {}).items()},
    )


def _subscribers(value: dict[str, Any]) -> tuple[Subscribed, ...] | None:
    if "subscribers" not in value:
        return None
    return tuple(Subscribed(_text(one["protocol"]), _text(one["endpoint"])) for one in value["subscribers"])


def _pairing(value: dict[str, Any]) -> Pairing:
    arn = Arn.parse(value["instance"])
    if arn is None:
        raise ValueError(value["instance"])
    return Pairing(arn, Source(value["source"]), _text(value["file"] or ""), explicit=bool(value["explicit"]))


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
