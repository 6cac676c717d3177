"""Comparisons of runs: a finding is fixed only if it was judged again, and nothing known is ever lost."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.core.errors import Skipped
from checker.core.finding import Finding, Location, Severity, Verdict
from checker.lint.audited import AuditedUnit, Circumstances
from checker.lint.history import PRESENT, Change, History
from checker.lint.report import Doubt, Examined, Report, Suppressed, SuppressedBy
from checker.report.comparison import compared, past_of
from checker.report.formats.json import report_v1
from checker.report.record import RecordedPlace, read_report

ACCOUNTS = ("111122223333", "444455556666")
NAMES = ("a", "b")
TOPICS = tuple(f"arn:aws:sns:us-east-1:{account}:{name}" for account in ACCOUNTS for name in NAMES)
RULE = "missing-source-account"

GONE, CLEAN, BAD, WORSE = "gone", "clean", "bad", "worse"
SEEN, UNREAD, OUT_OF_SCOPE, UNKNOWN, SUPPRESSED, OTHER_RULE = (
    "seen",
    "unread",
    "out of scope",
    "unknown",
    "suppressed",
    "other rule",
)


class Night(NamedTuple):
    """What is true of each topic, how the audit looks at it, and how it looks at each account."""

    truth: tuple[str, ...]
    looked: tuple[str, ...]
    accounts: tuple[str, ...]


NIGHTS = st.lists(
    st.builds(
        Night,
        st.tuples(*[st.sampled_from((GONE, CLEAN, BAD, WORSE))] * len(TOPICS)),
        st.tuples(
            *[st.sampled_from((SEEN, SEEN, UNREAD, OUT_OF_SCOPE, UNKNOWN, SUPPRESSED, OTHER_RULE))]
            * len(TOPICS)
        ),
        st.tuples(*[st.sampled_from(("listed", "listed", "refused", "left out"))] * len(ACCOUNTS)),
    ),
    min_size=1,
    max_size=7,
)


def finding(topic: str, severity: Severity) -> Finding:
    place = Location(RecordedPlace(topic, "Statement[0]"), ("Statement", 0))
    return Finding(RULE, severity, "anyone can publish", topic, (place,))


def status(night: Night, number: int) -> str:
    """Return how a run sees a topic: as it is, as refused with its account, or as one of the ways to look."""
    account = night.accounts[number // len(NAMES)]
    if account != "listed":
        return account
    return GONE if night.truth[number] == GONE else night.looked[number]


def report_of(night: Night, day: int) -> Report:
    """Build the report that an audit of the night would make."""
    findings, examined, skipped, suppressed = [], [], [], []
    for number, topic in enumerate(TOPICS):
        seen, truth = status(night, number), night.truth[number]
        found = finding(topic, Severity.ERROR if truth == WORSE else Severity.WARNING)
        if seen == UNREAD:
            skipped.append(Skipped(topic, "access denied", error=True))
        if seen not in (SEEN, SUPPRESSED, UNKNOWN, OTHER_RULE):
            continue
        verdict = Verdict.FAIL if truth in (BAD, WORSE) else Verdict.PASS
        verdict = Verdict.UNDETERMINED if seen == UNKNOWN else verdict
        verdicts = {"no-durable-subscriber": Verdict.PASS} | ({} if seen == OTHER_RULE else {RULE: verdict})
        doubts = {RULE: Doubt("too complex")} if seen == UNKNOWN else {}
        examined.append(Examined("topic", topic, topic, verdicts, doubts))
        if verdict is Verdict.FAIL and seen == SEEN:
            findings.append(found)
        elif verdict is Verdict.FAIL and seen == SUPPRESSED:
            suppressed.append(Suppressed(found, SuppressedBy.CONFIGURATION, "accepted"))
    units = tuple(
        AuditedUnit(
            account,
            "us-east-1",
            complete=night.accounts[at] == "listed",
            topics=tuple(
                name
                for position, name in enumerate(NAMES)
                if status(night, at * len(NAMES) + position) == OUT_OF_SCOPE
            ),
        )
        for at, account in enumerate(ACCOUNTS)
        if night.accounts[at] != "left out"
    )
    audit = Circumstances(f"2026-01-{day + 1:02}T02:00:00+00:00", "1", units=units)
    return Report(
        tuple(findings), tuple(examined), tuple(skipped), 0, suppressed=tuple(suppressed), audit=audit
    )


class Known(NamedTuple):
    """What the oracle remembers of a finding."""

    first_seen: str
    severity: Severity
    suppressed: bool = False


def expected(known: dict[str, Known], night: Night, time: str) -> tuple[dict[str, Change], dict[str, Known]]:
    """Say what each topic's finding is in a night, one topic at a time, from what is true and what was looked at."""
    changes: dict[str, Change] = {}
    after: dict[str, Known] = {}
    for number, topic in enumerate(TOPICS):
        seen, truth, before = status(night, number), night.truth[number], known.get(topic)
        if seen in (SEEN, SUPPRESSED) and truth in (BAD, WORSE):
            severity = Severity.ERROR if truth == WORSE else Severity.WARNING
            if seen == SUPPRESSED:
                changes |= {topic: Change.SUPPRESSED} if before and not before.suppressed else {}
                after[topic] = Known(time, severity, suppressed=True)
                continue
            before = None if before is not None and before.suppressed else before
            after[topic] = Known(before.first_seen if before else time, severity)
            worse = before is not None and before.severity is Severity.WARNING and severity is Severity.ERROR
            changes[topic] = Change.NEW if before is None else Change.ESCALATED if worse else Change.UNCHANGED
        elif before is not None and (seen == GONE or seen in (SEEN, SUPPRESSED)):
            changes[topic] = Change.FIXED
        elif before is not None:
            changes[topic], after[topic] = Change.NOT_AUDITED, before
    return changes, after


def shown(history: History) -> dict[str, Change]:
    entries = [(entry.finding.resource, entry.change) for entry in history.entries]
    assert len(entries) == len(dict(entries))
    return dict(entries)


@given(NIGHTS)
def test_every_night_is_what_happened_since_the_topic_was_last_looked_at(nights: list[Night]) -> None:
    reports: list[Report] = []
    known: dict[str, Known] = {}
    for day, night in enumerate(nights):
        report = report_of(night, day)
        assert report.audit is not None
        changes, known = expected(known, night, report.audit.time)
        history = compared(report, past_of(reports))
        assert shown(history) == changes
        seen = {
            entry.finding.resource: entry.first_seen for entry in history.of(*PRESENT, Change.NOT_AUDITED)
        }
        assert seen == {topic: known[topic].first_seen for topic in seen}
        reports.append(report)


@given(NIGHTS)
def test_the_last_report_remembers_as_much_as_all_of_them(nights: list[Night]) -> None:
    """A report that is written with its history can stand for all reports before it."""
    written: list[Report] = []
    carried: list[Report] = []
    for day, night in enumerate(nights):
        report = report_of(night, day)
        history = compared(report, past_of(written))
        assert compared(report, past_of(carried)) == history
        again = read_report(json.loads(json.dumps(report_v1(report._replace(history=history)))))
        assert again.history is not None
        assert shown(again.history) == shown(history)
        written.append(report)
        carried = [again]


TIMES = ("2026-01-01T02:00:00+00:00", "2026-01-02T02:00:00+00:00")
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
HERE = AuditedUnit("111122223333", "us-east-1", complete=True, keys=())


def night(day: int, *findings: Finding, **more: Any) -> Report:
    """A night in which the topics of the first account were read, and what is not reported passed."""
    failed = {(one.resource, one.rule) for one in findings}
    targets = more.pop("examined", [("topic", topic, topic) for topic in TOPICS[:2]])
    examined = tuple(
        Examined(
            kind,
            name,
            source,
            {RULE: Verdict.FAIL if (name, RULE) in failed else Verdict.PASS},
        )
        for kind, name, source in targets
    )
    audit = Circumstances(TIMES[day], "1", units=(HERE,))
    return Report(findings, examined, more.pop("skipped", ()), 0, audit=audit, **more)


def changes(*reports: Report) -> list[tuple[str, str]]:
    *earlier, last = reports
    return [(one.change.value, one.reason) for one in compared(last, past_of(earlier)).entries]


def test_a_finding_that_says_something_else_at_its_place_is_not_fixed() -> None:
    one = finding(TOPICS[0], Severity.ERROR)
    wider = one._replace(message="anyone and everyone can publish")
    assert changes(night(0, one), night(1, wider)) == [("escalated", "before: anyone can publish")]
    milder = wider._replace(severity=Severity.NOTE)
    assert changes(night(0, one), night(1, milder)) == [("unchanged", "before: anyone can publish")]


BEFORE = ("escalated", "before: anyone can publish")


def test_nothing_is_fixed_while_its_rule_reports_something_else_about_the_resource() -> None:
    one = finding(TOPICS[0], Severity.ERROR)
    elsewhere = (Location(RecordedPlace(TOPICS[0], "Statement[Renamed]"), ("Statement", 0)),)
    renamed = one._replace(message="statement Renamed is open", locations=elsewhere)
    others = [one._replace(message=f"{name} can publish") for name in ("role a", "role b")]
    assert changes(night(0, one), night(1, renamed)) == [BEFORE]
    assert changes(night(0, one), night(1, *others)) == [BEFORE, BEFORE]
    both = [("escalated", "before: role a can publish; role b can publish")]
    assert changes(night(0, *others), night(1, one)) == both


def test_a_statement_of_another_name_or_at_another_place_is_no_change() -> None:
    one = finding(TOPICS[0], Severity.ERROR)._replace(message="statement `Connect` is open")
    at = (Location(RecordedPlace(TOPICS[0], "Statement[1].Condition"), ("Statement", 1, "Condition")),)
    for message in ("statement `C2` is open", "statement 2 is open"):
        assert changes(night(0, one), night(1, one._replace(message=message, locations=at))) == [
            ("unchanged", "")
        ]
    wider = one._replace(message="statement `C2` is open to `444455556666`", locations=at)
    assert changes(night(0, one), night(1, wider)) == [("escalated", "before: statement `Connect` is open")]


def test_what_says_something_else_and_is_suppressed_is_not_fixed() -> None:
    one = finding(TOPICS[0], Severity.ERROR)
    held_back = (Suppressed(one._replace(message="all can publish"), SuppressedBy.COMMENT, "accepted"),)
    assert changes(night(0, one), night(1, suppressed=held_back)) == [("suppressed", "suppressed now")]


def test_what_was_certain_is_not_unchanged_when_it_is_not_known() -> None:
    one = finding(TOPICS[0], Severity.ERROR)
    question = "not known whether anyone can publish"
    doubt = one._replace(message=question, severity=Severity.NOTE, verdict=Verdict.UNDETERMINED)
    unknown = night(1, doubt)
    open_verdict = unknown.examined[0]._replace(verdicts={RULE: Verdict.UNDETERMINED})
    unknown = unknown._replace(examined=(open_verdict, *unknown.examined[1:]))
    assert changes(night(0, one), unknown) == [("new", ""), ("not_audited", "not known")]
    assert changes(night(0, doubt), night(1, one)) == [("escalated", f"before: {question}")]


KEY, OTHER_KEY = (f"arn:aws:kms:us-east-1:111122223333:key/{number}" for number in (1, 2))
A, B = TOPICS[:2]
REFUSED = (Skipped(A, "access denied", error=True),)


def of_key(*topics: str) -> Finding:
    place = Location(RecordedPlace(KEY, "Statement"), ("Statement",))
    return Finding(RULE, Severity.ERROR, "the key refuses", KEY, (place,), affects=topics)


def with_keys(day: int, keys: dict[str, str | None], *findings: Finding, **more: Any) -> Report:
    """A night with topics and their keys; the keys that are used are examined."""
    used = [("key", key, key) for key in dict.fromkeys(keys.values()) if key]
    targets = [*(("topic", topic, topic) for topic in keys), *used]
    report = night(day, *findings, examined=targets, **more)
    examined = tuple(one._replace(key=keys.get(one.resource)) for one in report.examined)
    return report._replace(examined=examined)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (with_keys(1, {A: KEY, B: KEY}), ("fixed", "")),
        (with_keys(1, {B: KEY}, skipped=REFUSED), ("not_audited", f"{A}: access denied")),
        (with_keys(1, {B: KEY}), ("fixed", "")),  # the topic does not exist any more
        (with_keys(1, {A: OTHER_KEY}), ("fixed", "no listed topic uses the key any more")),
        (with_keys(1, {A: ""}), ("fixed", "no listed topic uses the key any more")),
        (with_keys(1, {A: "alias/aws/sns"}), ("fixed", "no listed topic uses the key any more")),
        (with_keys(1, {A: "alias/chat"}), ("not_audited", "no checked topic uses it")),
        (with_keys(1, {A: None}), ("not_audited", "no checked topic uses it")),
        (with_keys(1, {}, skipped=REFUSED), ("not_audited", f"{A}: access denied")),
        (with_keys(1, {A: KEY}, of_key(A)), ("unchanged", "")),
    ],
)
def test_a_finding_of_a_key_is_fixed_for_every_topic_that_it_affected(
    second: Report, expected: tuple[str, str]
) -> None:
    assert changes(with_keys(0, {A: KEY, B: KEY}, of_key(A)), second) == [expected]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (with_keys(1, {A: OTHER_KEY, B: ""}), ("fixed", "no listed topic uses the key any more")),
        (with_keys(1, {}), ("fixed", "no listed topic uses the key any more")),
        (
            with_keys(1, {A: OTHER_KEY}, skipped=(Skipped(B, "denied"),)),
            ("not_audited", f"{B}: denied"),
        ),
        (with_keys(1, {A: OTHER_KEY, B: "alias/chat"}), ("not_audited", "no checked topic uses it")),
    ],
)
def test_a_finding_of_a_key_that_affects_no_topic_is_fixed_when_no_topic_uses_the_key(
    second: Report, expected: tuple[str, str]
) -> None:
    first = with_keys(0, {A: KEY, B: KEY}, of_key())
    assert changes(first, second) == [expected]
    history = compared(with_keys(0, {}, skipped=REFUSED), past_of([first]))
    report = first._replace(history=history, findings=())
    carried = read_report(json.loads(json.dumps(report_v1(report))))
    assert next(carried.history.of(Change.NOT_AUDITED)).users == (A, B)  # type: ignore[union-attr]


def test_a_resource_that_two_accounts_examine_passes_for_both_unless_all_instances_are_alike() -> None:
    for rule, expected in ((RULE, ("not_audited", "not known")), ("no-durable-subscriber", ("fixed", ""))):
        one = finding(A, Severity.ERROR)._replace(rule=rule)
        twice = night(1)
        passed = twice.examined[0]._replace(verdicts={rule: Verdict.PASS})
        doubtful = passed._replace(verdicts={rule: Verdict.UNDETERMINED})
        for examined in ((passed, doubtful), (doubtful, passed)):
            assert changes(night(0, one), twice._replace(examined=examined)) == [expected]


def test_one_of_two_equal_findings_can_be_suppressed() -> None:
    one = finding(TOPICS[0], Severity.ERROR)
    held_back = (Suppressed(one, SuppressedBy.COMMENT, "accepted"),)
    second = night(1, one, suppressed=held_back)
    assert [change for change, _ in changes(night(0, one, one), second)] == ["unchanged", "suppressed"]


def contact(name: str) -> Finding:
    place = Location(RecordedPlace(INSTANCE, "Topic"), ("Topic",))
    message = f"contact `{name}` and 7 similar contacts stream to 3 topics"
    return Finding(RULE, Severity.ERROR, message, name, (place,))


CHAT = [("contact", "c2", INSTANCE)]
NOT_SEEN = "no contact like this streamed in the hours that were read"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (night(1, contact("c2"), examined=CHAT), ("unchanged", "")),
        (night(1, examined=CHAT), ("not_audited", NOT_SEEN)),
        (night(1), ("not_audited", NOT_SEEN)),
        (
            night(
                1,
                examined=CHAT,
                skipped=(
                    Skipped("CloudTrail of account 111122223333, us-east-1", "access denied", error=True),
                ),
            ),
            ("not_audited", "access denied"),
        ),
    ],
)
def test_contacts_end_and_others_stream_alike(second: Report, expected: tuple[str, str]) -> None:
    first = night(0, contact("c1"), examined=[("contact", "c1", INSTANCE)])
    assert changes(first, second) == [expected]
