"""A finding is called fixed only if it is: for all that it affected, all instances and units, and all sources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import NamedTuple, TypeVar

from hypothesis import example, given, settings
from hypothesis import strategies as st

from checker.analysis.inventory import Pairing, Source
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.finding import Finding, Location, Severity, Verdict
from checker.lint.audited import AuditedUnit, Circumstances
from checker.lint.history import PRESENT, Change
from checker.lint.report import Examined, Report
from checker.report.comparison import compared, past_of
from checker.report.formats.json import report_v1
from checker.report.judgment import Earlier, Judged, not_known
from checker.report.record import RecordedPlace, read_report

T = TypeVar("T")
HOME, OTHER = "111122223333", "444455556666"
ACCOUNTS = (HOME, OTHER)
TOPICS = tuple(f"arn:aws:sns:us-east-1:{HOME}:{name}" for name in ("a", "b"))
KEY, OTHER_KEY = (f"arn:aws:kms:us-east-1:{HOME}:key/{number}" for number in (1, 2))
INSTANCES = tuple(
    f"arn:aws:connect:us-east-1:{account}:instance/{number * 8}-0000-0000-0000-{number * 12}"
    for account, number in zip(ACCOUNTS, "12", strict=True)
)
POLICY_RULE, KEY_RULE, DENIAL = (
    "connect-not-allowed",
    "connect-cannot-use-key",
    "denied-by-organization-policy",
)
ORGANIZATION, FILES = "organization", ("rcp:1", "rcp:2")


class Night(NamedTuple):
    """What is true, and how the audit looks at it.

    ``refuses`` has the pairs of topic and instance that the topic policy refuses, ``broken`` the topics that the key
    refuses, ``keys`` the key of each topic, ``denies`` the sources whose policies deny the use of the key. ``looked`` says
    how each topic is seen, ``paired`` the pairs that each account's unit checks, and ``sources`` what the run reads.
    """

    refuses: frozenset[tuple[int, int]]
    broken: frozenset[int]
    keys: tuple[str, ...]
    denies: frozenset[str]
    looked: tuple[str, ...]
    paired: tuple[frozenset[tuple[int, int]], ...]
    audited: frozenset[str]
    sources: frozenset[str]


HOW = ("seen", "seen", "seen", "unread", "gone", "out of scope")
PAIRS = tuple((topic, instance) for topic in (0, 1) for instance in (0, 1))
SEEDS = st.integers(min_value=0, max_value=2**32)


def some(random: Random, among: Sequence[T]) -> frozenset[T]:
    return frozenset(one for one in among if random.random() < 1 / 2)


def night_of(random: Random) -> Night:
    return Night(
        some(random, PAIRS),
        some(random, (0, 1)),
        tuple(random.choice((KEY, KEY, OTHER_KEY)) for _ in TOPICS),
        some(random, (ORGANIZATION, *FILES)),
        tuple(random.choice(HOW) for _ in TOPICS),
        (some(random, PAIRS), some(random, PAIRS)),
        frozenset(random.choice((ACCOUNTS, ACCOUNTS, ACCOUNTS[:1], ACCOUNTS[1:]))),
        some(random, (ORGANIZATION, *FILES)),
    )


def nights_of(seed: int) -> list[Night]:
    """Nights that mostly repeat the truth of the night before, so that something can be fixed."""
    random = Random(seed)  # noqa: S311 - a test
    nights = [night_of(random)]
    for _ in range(random.randint(1, 5)):
        fresh, last = night_of(random), nights[-1]
        kept = {name: getattr(last, name) for name in Night._fields if random.random() < 2 / 3}
        nights.append(fresh._replace(**kept))
    return nights


def finding(rule: str, resource: str, message: str, *affects: str) -> Finding:
    place = Location(RecordedPlace(resource, "Statement"), ("Statement",))
    return Finding(rule, Severity.ERROR, message, resource, (place,), affects=affects)


def result(*, is_found: bool) -> Verdict:
    return Verdict.FAIL if is_found else Verdict.PASS


def of_topics(night: Night, at: int) -> tuple[list[Finding], list[Examined]]:
    """What the unit of an account finds and examines: the other account only checks topics for its own contacts."""
    findings, examined = [], []
    for number, topic in enumerate(TOPICS):
        pairs = sorted(pair for pair in night.paired[at] if pair[0] == number)
        if night.looked[number] != "seen" or (at and not pairs):
            continue
        refused = [instance for _, instance in pairs if (number, instance) in night.refuses]
        findings += [finding(POLICY_RULE, topic, f"not allowed for `{INSTANCES[one]}`") for one in refused]
        paired = tuple(
            Pairing(arn, Source.CLOUDTRAIL) for _, one in pairs if (arn := Arn.parse(INSTANCES[one]))
        )
        verdicts = {POLICY_RULE: result(is_found=bool(refused))}
        examined.append(Examined("topic", topic, topic, verdicts, pairings=paired, key=night.keys[number]))
    return findings, examined


def of_keys(night: Night) -> tuple[list[Finding], list[Examined]]:
    findings, examined = [], []
    for key in (KEY, OTHER_KEY):
        users = [n for n, used in enumerate(night.keys) if used == key and night.looked[n] == "seen"]
        silent = [TOPICS[number] for number in users if key == KEY and number in night.broken]
        is_denied = key == KEY and bool(night.sources & night.denies)
        findings += [finding(KEY_RULE, key, "the key refuses", *silent)] * bool(silent)
        findings += [finding(DENIAL, key, "denied", *(TOPICS[n] for n in users))] * (
            is_denied and bool(users)
        )
        verdicts = {KEY_RULE: result(is_found=bool(silent)), DENIAL: result(is_found=is_denied)}
        examined += [Examined("key", key, key, verdicts)] * bool(users)
    return findings, examined


def report_of(night: Night, day: int) -> Report:
    parts = [of_topics(night, at) for at, account in enumerate(ACCOUNTS) if account in night.audited]
    parts += [of_keys(night)] * (HOME in night.audited)
    left = [number for number, how in enumerate(night.looked) if how in ("out of scope", "unread")]
    names, keys = tuple(TOPICS[number][-1] for number in left), tuple(night.keys[number] for number in left)
    units = tuple(
        AuditedUnit(
            account,
            "us-east-1",
            complete=True,
            topics=names,
            sources=tuple(sorted(night.sources)),
            keys=None if "unread" in night.looked else keys,
        )
        for account in ACCOUNTS
        if account in night.audited
    )
    audit = Circumstances(f"2026-01-{day + 1:02}T02:00:00+00:00", "1", units=units)
    unread = [
        Skipped(TOPICS[n], "denied", error=True) for n, how in enumerate(night.looked) if how == "unread"
    ]
    return Report(
        tuple(dict.fromkeys(one for findings, _ in parts for one in findings)),
        tuple(one for _, examined in parts for one in examined),
        tuple(unread) if HOME in night.audited else (),
        0,
        audit=audit,
    )


def still_holds(one: Finding, sources: frozenset[str], instances: tuple[str, ...], night: Night) -> bool:
    """Say from the truth of a night whether a finding holds for anything that it was about."""
    there = {topic for topic, how in zip(TOPICS, night.looked, strict=True) if how != "gone"}
    if one.rule == POLICY_RULE:
        refused = {INSTANCES[i] for n, i in night.refuses if TOPICS[n] == one.resource}
        named = {arn for arn in instances if arn in one.message}
        return one.resource in there and bool(refused & named)
    users = {topic for topic, key in zip(TOPICS, night.keys, strict=True) if key == KEY and topic in there}
    if one.rule == KEY_RULE:
        return any(TOPICS[n] in users & {*one.affects} for n in night.broken)
    truth = {ORGANIZATION} if ORGANIZATION in night.sources else {*sources}
    return bool(users & {*one.affects}) and bool(truth & night.denies)


@settings(max_examples=300)
@given(SEEDS)
@example(482792)  # the account of the key is not audited
def test_what_is_called_fixed_does_not_hold_for_anything_that_it_was_about(seed: int) -> None:
    nights = nights_of(seed)
    reports = [report_of(night, day) for day, night in enumerate(nights)]
    for day in range(1, len(nights)):
        history = compared(reports[day], past_of(reports[:day]))
        for entry in history.of(Change.FIXED):
            held = still_holds(entry.finding, frozenset(entry.sources), entry.instances, nights[day])
            assert not held, entry
            there = (
                key for key, how in zip(nights[day].keys, nights[day].looked, strict=True) if how != "gone"
            )
            assert entry.reason != "no listed topic uses the key any more" or KEY not in there


@settings(max_examples=300)
@given(SEEDS)
def test_nothing_known_is_lost(seed: int) -> None:
    """What is known and not fixed stays known, by rule and resource, until it is."""
    reports = [report_of(night, day) for day, night in enumerate(nights_of(seed))]
    known: set[tuple[str, str]] = set()
    carried: list[Report] = []
    for day, report in enumerate(reports):
        history = compared(report, past_of(reports[:day]))
        assert compared(report, past_of(carried)) == history
        listed = {(one.finding.rule, one.finding.resource) for one in history.entries}
        assert known <= listed
        known = {(one.finding.rule, one.finding.resource) for one in history.of(*PRESENT, Change.NOT_AUDITED)}
        carried = [read_report(json.loads(json.dumps(report_v1(report._replace(history=history)))))]


@settings(max_examples=300)
@given(SEEDS)
def test_what_is_repaired_and_looked_at_in_full_is_fixed(seed: int) -> None:
    first, everything = nights_of(seed)[0], frozenset(PAIRS)
    repaired = first._replace(
        refuses=frozenset(),
        broken=frozenset(),
        denies=frozenset(),
        looked=("seen", "seen"),
        paired=(everything, everything),
        audited=frozenset(ACCOUNTS),
        sources=frozenset((ORGANIZATION, *FILES)),
    )
    history = compared(report_of(repaired, 1), past_of([report_of(first, 0)]))
    assert {entry.change for entry in history.entries} <= {Change.FIXED}


def test_a_source_that_this_version_does_not_know_is_not_read() -> None:
    examined = Examined("topic", TOPICS[0], TOPICS[0], {POLICY_RULE: Verdict.PASS})
    judged = Judged([examined], lambda _: not_known(""), lambda _: "")
    for sources, fixed in ((frozenset({"trail"}), True), (frozenset({"evidence"}), False)):
        earlier = Earlier(POLICY_RULE, TOPICS[0], sources=sources)
        assert judged.judgment_of(earlier, frozenset({"trail", "organization"})).fixed is fixed
