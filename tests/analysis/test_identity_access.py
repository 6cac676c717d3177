"""What a Deny of a topic policy takes from callers of the topic's account, whom an identity policy may allow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from checker.analysis.access_diff import Access, Difference, difference
from checker.analysis.inventory import Inventory
from checker.analysis.topic import TopicAnalysis
from checker.core.finding import Applicability
from checker.core.unknown import Unknown
from checker.fix.proof import assess
from checker.iam.decide.decide import EXPLICITLY_DENIED, IMPLICITLY_DENIED, decide
from checker.iam.decide.request import AwsPrincipal
from checker.iam.prove.space import Target
from checker.inputs.text import parse_text
from checker.inputs.typed_files import topic_in
from checker.live.repair.change_handler import same_policy
from checker.policy.vocabulary import KEY
from tests.iam.strategies import policies
from tests.samples import ACCOUNT, TOPIC_ARN, arn_of, document, policy_of, statement

if TYPE_CHECKING:
    from collections.abc import Iterable

TARGET = Target.of(arn_of(TOPIC_ARN))
FOO = f"arn:aws:iam::{ACCOUNT}:role/Foo"
PARTNER = "444455556666"
CONNECT = statement(Sid="C")
SERVICES_EXEMPT = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
ONLY_FOO = {"ArnNotEquals": {"aws:PrincipalArn": FOO}, **SERVICES_EXEMPT}
UNTRUSTED = {"Bool": {"aws:SecureTransport": "false"}, **SERVICES_EXEMPT}
PROVISO = ", if an identity policy allows it"


def deny(principal: Any = "*", **more: Any) -> dict[str, Any]:
    return statement(Sid="D", Effect="Deny", Principal=principal, **more)


def found_of(old: Iterable[Any], new: Iterable[Any], target: Target = TARGET) -> Difference:
    return difference(policy_of(document(*old)), policy_of(document(*new)), target)


def sentences(accesses: Iterable[Access]) -> list[str]:
    return [one.sentence for one in accesses]


DENIES = {
    "a role": (deny({"AWS": FOO}), f"role Foo of account {ACCOUNT}"),
    "the account": (deny({"AWS": ACCOUNT}), f"any principal of account {ACCOUNT}"),
    "all but a role": (deny(Condition=ONLY_FOO), f"any other principal of account {ACCOUNT}"),
    "requests without TLS": (deny(Condition=UNTRUSTED), f"any principal of account {ACCOUNT} in some cases"),
}


@pytest.mark.parametrize("name", DENIES)
def test_a_deny_takes_what_an_identity_policy_may_allow_and_its_removal_gives_it(name: str) -> None:
    statement_, who = DENIES[name]
    added = found_of([CONNECT], [CONNECT, statement_])
    assert (sentences(added.gained), sentences(added.lost)) == ([], [f"sns:Publish by {who}{PROVISO}"])
    removed = found_of([CONNECT, statement_], [CONNECT])
    assert (sentences(removed.gained), sentences(removed.lost)) == ([f"sns:Publish by {who}{PROVISO}"], [])
    assert (removed.gained, added.doubts) == (added.lost, ())
    (access,) = added.lost
    assert access.needs_identity_policy
    assert (access.allowed.word, access.refused.word) == (IMPLICITLY_DENIED, EXPLICITLY_DENIED)


UNRELATED = {
    "a Sid": ([CONNECT, deny({"AWS": FOO})], [CONNECT, {**deny({"AWS": FOO}), "Sid": "Other"}]),
    "the order": ([CONNECT, deny({"AWS": FOO})], [deny({"AWS": FOO}), CONNECT]),
    "an Allow beside a Deny": (
        [CONNECT, deny({"AWS": FOO})],
        [CONNECT, deny({"AWS": FOO}), statement(Principal={"AWS": PARTNER})],
    ),
    "a Deny for Connect": (
        [CONNECT],
        [
            CONNECT,
            deny(
                {"Service": "connect.amazonaws.com"},
                Condition={"StringNotEquals": {"aws:SourceAccount": ACCOUNT}},
            ),
        ],
    ),
    "a Deny for another account": ([CONNECT], [CONNECT, deny({"AWS": f"arn:aws:iam::{PARTNER}:role/App"})]),
    "a Deny for services": (
        [CONNECT, deny(Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}})],
        [CONNECT, deny(Condition=SERVICES_EXEMPT)],
    ),
    "a Deny of other callers": ([CONNECT], [CONNECT, deny({"Service": "events.amazonaws.com"})]),
}


@pytest.mark.parametrize("name", UNRELATED)
def test_another_change_says_nothing_of_identity_policies(name: str) -> None:
    found = found_of(*UNRELATED[name])
    assert not any(one.needs_identity_policy for one in (*found.gained, *found.lost))
    assert found.doubts == ()


def test_access_that_the_policy_itself_allows_needs_no_identity_policy() -> None:
    allow = statement(Principal={"AWS": FOO})
    found = found_of([CONNECT, allow], [CONNECT, allow, deny({"AWS": ACCOUNT})])
    assert sentences(found.lost) == [
        f"sns:Publish by role Foo of account {ACCOUNT}",
        f"sns:Publish by any other principal of account {ACCOUNT}{PROVISO}",
    ]


def test_a_deny_that_becomes_an_allow_gives_access_without_an_identity_policy() -> None:
    found = found_of([CONNECT, deny({"AWS": FOO})], [CONNECT, statement(Principal={"AWS": FOO})])
    assert sentences(found.gained) == [f"sns:Publish by role Foo of account {ACCOUNT}"]
    assert found.lost == ()


def test_without_the_account_of_the_topic_it_is_not_known() -> None:
    target = Target("*", "us-east-1", Unknown("the account of the topic"))
    found = found_of(
        [{**CONNECT, "Resource": "*"}],
        [{**CONNECT, "Resource": "*"}, deny({"AWS": FOO}, Resource="*")],
        target,
    )
    assert (found.gained, found.lost) == ((), ())
    assert [one.reason for one in found.doubts] == [
        "statement `D` may deny callers of the topic's own account, which is not known"
    ]


def test_the_policy_of_a_key_says_itself_whether_identity_policies_count() -> None:
    use = {"Action": "kms:Decrypt", "Resource": "*"}
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    before, after = (
        policy_of(document(*one), KEY)
        for one in ([{**CONNECT, **use}], [{**CONNECT, **use}, deny({"AWS": FOO}, **use)])
    )
    assert difference(before, after, Target.of(arn_of(arn))) == Difference((), (), ())


def test_what_a_new_policy_itself_allows_is_asked_without_identity_policies() -> None:
    old, new = policy_of(document(CONNECT, deny({"AWS": FOO}))), policy_of(document(CONNECT))
    assert difference(old, new, TARGET, only_gained=True) == Difference((), (), ())


EXEMPTING = deny(Condition=SERVICES_EXEMPT)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ([CONNECT, EXEMPTING], ""),
        ([CONNECT], f"any principal of account {ACCOUNT} would gain sns:Publish{PROVISO}"),
        (
            [CONNECT, EXEMPTING, deny({"AWS": FOO}, Action="sns:Subscribe")],
            f"role Foo of account {ACCOUNT} would lose sns:Subscribe{PROVISO}",
        ),
    ],
    ids=["exempts services", "lifts the Deny", "adds a Deny"],
)
def test_a_fix_is_safe_only_if_callers_of_the_account_keep_what_they_have(
    new: list[dict[str, Any]], reason: str
) -> None:
    attributes = {"TopicArn": TOPIC_ARN, "Policy": json.dumps(document(CONNECT, EXEMPTING))}
    topic = topic_in(parse_text("topic.json", json.dumps({"Attributes": attributes})))
    assessment = assess(TopicAnalysis(topic, Inventory()), policy_of(document(*new)))
    assert assessment.reason == reason
    assert assessment.applicability is (Applicability.UNSAFE if reason else Applicability.SAFE)


def test_a_policy_with_another_deny_for_own_callers_is_another_policy() -> None:
    with_deny = json.dumps(document(CONNECT, deny({"AWS": FOO})))
    assert not same_policy(TOPIC_ARN, json.dumps(document(CONNECT)), with_deny)
    assert same_policy(TOPIC_ARN, json.dumps(document(deny({"AWS": FOO}), CONNECT)), with_deny)


def is_own(access: Access) -> bool:
    caller = access.witness.caller
    return isinstance(caller, AwsPrincipal) and caller.arn.account == ACCOUNT


@settings(max_examples=30, deadline=None)
@given(policies(), policies())
def test_a_difference_beside_an_identity_policy_is_found(old_: dict[str, Any], new_: dict[str, Any]) -> None:
    """Join each policy with an Allow for the account: the same callers gain access, with or without an identity policy."""
    old, new = policy_of(old_), policy_of(new_)
    every = policy_of(document(statement(Principal={"AWS": ACCOUNT}, Action="sns:*", Resource="*")))
    before, after = (one._replace(statements=(*one.statements, *every.statements)) for one in (old, new))
    found, beside = difference(old, new, TARGET), difference(before, after, TARGET, only_gained=True)
    if found.doubts or beside.doubts:
        return
    gained = [one for one in found.gained if is_own(one)]
    assert gained or not any(map(is_own, beside.gained))
    for one in gained:
        if one.needs_identity_policy:
            assert [decide(policy, one.witness).allowed for policy in (before, after)] == [False, True]
