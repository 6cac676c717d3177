"""A finding about access is not called fixed while the request that it showed is still allowed."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.analysis.inventory import Inventory, Key, Place
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.iam.prove.source_keys import fresh_account
from checker.inputs.requests import read_request
from checker.lint.audited import AuditedUnit, Circumstances
from checker.lint.engine import Scope, judge
from checker.lint.history import Change
from checker.lint.registry import all_rules
from checker.lint.scope import FOLLOWED
from checker.live.audit.follow_up import followed_of, limited, with_answers
from checker.live.aws.facts import document_of, policy_of, topic_of
from checker.policy.vocabulary import KEY as KEY_DIALECT
from checker.report import asff
from checker.report.comparison import compared, earlier_of, past_of
from checker.report.formats.json import report_v1
from checker.report.judgment import Judged, not_known, shown_request
from checker.report.record import read_report

if TYPE_CHECKING:
    from checker.core.finding import Finding
    from checker.lint.history import Entry
    from checker.lint.report import Report

HOME, PARTNER = "111122223333", "444455556666"
WITNESS = fresh_account(())
"""The account that a witness is of, if a policy does not name it."""
TOPIC = f"arn:aws:sns:us-east-1:{HOME}:chat"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/11111111-1111-4111-8111-111111111111"
CONNECT = {"Service": "connect.amazonaws.com"}
INSTANCE = f"arn:aws:connect:us-east-1:{HOME}:instance/11111111-1111-4111-8111-111111111111"
WHO: tuple[dict[str, Any], ...] = (
    {"Principal": CONNECT},
    {"Principal": CONNECT, "Condition": {"StringEquals": {"aws:SourceAccount": HOME}}},
    {"Principal": CONNECT, "Condition": {"ArnEquals": {"aws:SourceArn": INSTANCE}}},
    {"Principal": CONNECT, "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": HOME}}},
    {"Principal": CONNECT, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:connect:*:*:instance/*"}}},
    {"Principal": CONNECT, "Condition": {"StringEquals": {"aws:SourceAccount": PARTNER}}},
    {"Principal": CONNECT, "Condition": {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}},
    {"Principal": {"Service": "*"}},
    {"Principal": "*"},
    {"Principal": {"AWS": "*"}},
    {"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": HOME}}},
    {"Principal": {"AWS": PARTNER}},
    {"Principal": {"AWS": HOME}},
    {"Principal": {"AWS": WITNESS}},
    {"NotPrincipal": {"AWS": HOME}},
)
ALLOWS = [{"Effect": "Allow", **who} for who in WHO]
DENIES = [{**ALLOWS[0], "Effect": "Deny", "Condition": {"StringNotEquals": {"aws:SourceAccount": HOME}}}]
STATEMENTS = (*ALLOWS, *DENIES)
POLICIES = [*([one] for one in STATEMENTS), *map(list, combinations(STATEMENTS, 2))]
ACTIONS = {TOPIC: ("sns:Publish", "sns:*"), KEY: (["kms:GenerateDataKey*", "kms:Decrypt"], "kms:*")}


def policy(resource: str, statements: list[dict[str, Any]], action: object) -> str:
    named = [
        {**one, "Action": action, "Resource": resource if resource == TOPIC else "*"} for one in statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": named})


@lru_cache
def inventory(resource: str, text: str) -> Inventory:
    if resource == TOPIC:
        return Inventory((topic_of(TOPIC, {"Policy": text}),))
    place = Place(document_of(KEY, {}), ())
    return Inventory(keys=(Key(Arn.parse(KEY) or Unknown(""), place, policy_of(KEY, text, KEY_DIALECT)),))


@lru_cache
def judged(resource: str, text: str) -> Report:
    return judge(inventory(resource, text), tuple(all_rules()), Scope(all_topics=True))


def night(day: int, report: Report) -> Report:
    unit = AuditedUnit(HOME, "us-east-1", complete=True, keys=())
    return report._replace(audit=Circumstances(f"2026-01-0{day}T02:00:00+00:00", "1", units=(unit,)))


def second_night(first: Report, resource: str, text: str, *, is_outside: bool) -> Report:
    """The night after, as the audit makes it; the resource may be out of scope then."""
    report, followed = judged(resource, text), dict(followed_of(map(earlier_of, past_of([first]).entries)))
    report = with_answers(report, inventory(resource, text), followed)
    if is_outside and resource == TOPIC:
        examined = tuple(one._replace(in_scope=FOLLOWED) for one in report.examined)
        report = limited(report._replace(examined=examined), followed)
    return read_report(json.loads(json.dumps(report_v1(night(2, report)))))


def is_still_allowed(finding: Finding, resource: str, text: str) -> bool:
    """True if the request that a finding showed is allowed by a policy."""
    held = inventory(resource, text)
    (given_policy,) = (*(one.policy for one in held.topics), *(one.policy for one in held.keys))
    assert not isinstance(given_policy, Unknown)
    request = read_request("", shown_request(finding))
    return decide(given_policy.policy, request).allowed is not False


def fixed(first: Report, second: Report) -> list[Entry]:
    return list(compared(second, past_of([first])).of(Change.FIXED))


CHANGES = st.tuples(
    st.sampled_from(POLICIES), st.sampled_from(POLICIES), st.sampled_from((0, 1)), st.booleans()
)


@pytest.mark.parametrize("resource", [TOPIC, KEY])
@settings(max_examples=250)
@given(change=CHANGES)
def test_nothing_is_fixed_while_its_request_is_allowed(resource: str, change: Any) -> None:
    old, new, wide, is_outside = change
    texts = [policy(resource, one, ACTIONS[resource][wide]) for one in (old, new)]
    first = night(1, judged(resource, texts[0]))
    second = second_night(first, resource, texts[1], is_outside=is_outside)
    for entry in fixed(first, second):
        if shown_request(entry.finding):
            assert not is_still_allowed(entry.finding, resource, texts[1]), entry
    home = asff.Owner("aws", HOME, "us-east-1")
    there = Judged(second.examined, lambda _: not_known(""), lambda _: "")
    for finding in first.findings:
        known = asff.finding_asff(finding, home, "2026-01-01T00:00:00Z")
        is_found = any(asff.finding_id(one, home) == known["Id"] for one in second.findings)
        if shown_request(finding) and there.judgment_of(asff.earlier_of(known), frozenset()).fixed:
            assert is_found or not is_still_allowed(finding, resource, texts[1])


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        (WHO[0], WHO[1], {"missing-source-account"}),  # other instances of the account are still allowed
        (WHO[0], WHO[8], set()),  # public
        (WHO[0], WHO[12], {"missing-source-account", "missing-source-arn"}),  # without Connect
        (WHO[8], WHO[0], {"public-topic"}),  # Connect for anyone is new
        (WHO[8], WHO[12], {"public-topic"}),
        (WHO[8], WHO[14], set()),  # the account of the witness is named now, and may still publish
    ],
)
def test_what_is_fixed(old: dict[str, Any], new: dict[str, Any], gone: set[str]) -> None:
    before, after = (policy(TOPIC, [{"Effect": "Allow", **who}], "sns:Publish") for who in (old, new))
    first = night(1, judged(TOPIC, before))
    second = second_night(first, TOPIC, after, is_outside=True)
    opening = {rule.id for rule in all_rules() if rule.opens}
    assert {one.finding.rule for one in fixed(first, second)} & opening == gone


def test_a_topic_out_of_scope_that_everyone_may_use_is_reported() -> None:
    before, after = (policy(TOPIC, [{"Effect": "Allow", **who}], "sns:Publish") for who in (WHO[0], WHO[8]))
    second = second_night(night(1, judged(TOPIC, before)), TOPIC, after, is_outside=True)
    assert "public-topic" in {one.rule for one in second.findings}


def test_a_statement_for_connect_that_becomes_public_is_not_fixed() -> None:
    """What allows too many actions has no request to decide again: everyone has the access now."""
    before, after = (policy(TOPIC, [{"Effect": "Allow", **who}], "sns:*") for who in (WHO[2], WHO[8]))
    first = night(1, judged(TOPIC, before))
    assert "excess-connect-actions" in {one.rule for one in first.findings}
    second = second_night(first, TOPIC, after, is_outside=True)
    assert "excess-connect-actions" not in {one.finding.rule for one in fixed(first, second)}
