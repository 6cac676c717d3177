"""Results about topics that are out of scope now: only what was reported before."""

from __future__ import annotations

import pytest

from checker.core.finding import Finding, Location, Severity, Verdict
from checker.lint.report import Examined, Report
from checker.lint.scope import FOLLOWED
from checker.live.audit.follow_up import followed_of, limited
from checker.report.judgment import Earlier
from checker.report.record import RecordedPlace

IN, OUT, KEY, OWN = "in", "out", "key of both", "key of out"
EARLIER = (Earlier("old", OUT, affects=(OWN,)), Earlier("old", OUT), Earlier("older", OUT))
AGAIN = dict(followed_of(EARLIER))


def test_rules_are_known_by_resource() -> None:
    assert {name: again.rules for name, again in AGAIN.items()} == {OUT: {"old", "older"}, OWN: {"old"}}


def report(*findings: Finding, key: str = KEY) -> Report:
    verdicts = {"old": Verdict.PASS, "new": Verdict.FAIL}
    topics = [Examined("topic", IN, "", verdicts, key=KEY)]
    topics.append(Examined("topic", OUT, "", verdicts, key=key, in_scope=FOLLOWED))
    keys = [Examined("key", name, "", verdicts) for name in dict.fromkeys((KEY, key))]
    return Report(findings, (*topics, *keys), (), 0)


def finding(rule: str, resource: str, *affects: str) -> Finding:
    place = Location(RecordedPlace(resource, "Policy"), ("Policy",))
    return Finding(rule, Severity.ERROR, "a problem", resource, (place,), affects=affects)


@pytest.mark.parametrize(
    ("rule", "about", "key", "kept"),
    [
        ("old", (OUT,), KEY, True),
        ("new", (OUT,), KEY, False),
        ("new", (IN,), KEY, True),
        ("new", (KEY, IN, OUT), KEY, True),
        ("new", (KEY, OUT), KEY, False),
        ("old", (KEY, OUT), KEY, True),
        ("new", (KEY,), KEY, True),
        ("new", (OWN, OUT), OWN, False),
        ("old", (OWN, OUT), OWN, True),
        ("new", (OWN,), OWN, False),
    ],
)
def test_nothing_new_is_reported(rule: str, about: tuple[str, ...], key: str, kept: bool) -> None:
    one = finding(rule, *about)
    assert limited(report(one, key=key), AGAIN).findings == ((one,) if kept else ())


def test_only_the_rules_that_reported_it_have_a_verdict() -> None:
    examined = {one.resource: set(one.verdicts) for one in limited(report(key=OWN), AGAIN).examined}
    both = {"old", "new"}
    assert examined == {IN: both, OUT: {"old"}, KEY: both, OWN: {"old"}}
    unknown = {one.resource: dict(one.verdicts) for one in limited(report(key="another"), AGAIN).examined}
    assert unknown["another"] == {}


def test_a_report_without_such_topics_stays_as_it_is() -> None:
    plain = report(finding("new", IN))
    plain = plain._replace(examined=plain.examined[:1])
    assert limited(plain, AGAIN) is plain
