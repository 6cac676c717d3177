"""The prover agrees with brute force, and the decision engine confirms every witness."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request, Service, fold
from checker.iam.prove.domain import Budget, ExhaustedError
from checker.iam.prove.gain import Gain
from checker.iam.prove.prove import (
    Answer,
    ConnectProver,
    OtherAccountsProver,
    can_publish,
    confirmed,
    either,
    gained,
)
from checker.iam.prove.service_space import connect_space, instances_space
from checker.iam.prove.source_keys import Instances
from checker.iam.prove.space import PUBLISH, SUBSCRIBE, Target
from tests.iam.strategies import contexts, policies
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, TOPIC_ARN, arn_of, document, policy_of, statement

if TYPE_CHECKING:
    from checker.iam.prove.space import Space
    from checker.policy.model import Policy

INSTANCE = arn_of(INSTANCE_ARN)
TARGET = Target.of(arn_of(TOPIC_ARN))
REGIONS = ("us-east-1",)
OTHER_ID = "0a1b2c3d-2222-4333-8444-555555555555"


def prover(policy: Policy) -> ConnectProver:
    return ConnectProver(policy, TARGET, REGIONS)


def allowed(policy: Policy, arn: str | None, account: str | None) -> Any:
    """Decide Connect's request with these source keys, the rest being what Connect always sends."""
    context = dict(connect_space(TARGET, INSTANCE).fixed)
    for key, value in (("aws:sourcearn", arn), ("aws:sourceaccount", account)):
        context.pop(key)
        if value is not None:
            context[key] = value
    return decide(policy, Request(Service("connect.amazonaws.com"), PUBLISH, TOPIC_ARN, context)).allowed


def connect_arn(account: str, instance_id: str) -> str:
    return f"arn:aws:connect:us-east-1:{account}:instance/{instance_id}"


ACCOUNTS = (
    ACCOUNT,
    "444455556666",
    "999999999999",
    "111122223344",
    "511122223333",
    "000000000000",
    "200000000000",
)
IDS = (
    INSTANCE.instance_id,
    OTHER_ID,
    "3f000000-0000-4000-8000-000000000000",
    "11112222-3333-4000-8000-111122223333",
)


def brute_force(policy: Policy, *, foreign: bool) -> set[str]:
    """Try many instances; say which answers occurred."""
    seen = set()
    for account, one in product(ACCOUNTS, IDS):
        if foreign and account == ACCOUNT:
            continue
        arn = connect_arn(account, one)
        forms = [(arn, account), (arn, None), (None, account), (None, None)] if foreign else [(arn, account)]
        seen |= {_answer(allowed(policy, *form)) for form in forms}
    return seen


def _answer(truth: Any) -> str:
    return "unknown" if isinstance(truth, Unknown) else "yes" if truth else "no"


def confirm(policy: Policy, answer: Answer) -> None:
    if answer.truth is True:
        assert answer.witness is not None
        assert decide(policy, answer.witness).allowed is True
    else:
        assert answer.witness is None


@settings(max_examples=300, deadline=None)
@given(policies())
def test_the_deputy_question_agrees_with_brute_force(document_: dict[str, Any]) -> None:
    policy = policy_of(document_)
    answer = prover(policy).deputy((ACCOUNT,))
    confirm(policy, answer)
    seen = brute_force(policy, foreign=True)
    if answer.truth is False:
        assert seen == {"no"}
    elif isinstance(answer.truth, Unknown):
        assert "yes" not in seen
    if "yes" in seen:
        assert answer.truth is True
    if answer.witness is not None:
        context = answer.witness.context
        assert context.get("aws:sourceaccount") != ACCOUNT
        assert f":{ACCOUNT}:" not in str(context.get("aws:sourcearn"))


@settings(max_examples=300, deadline=None)
@given(policies())
def test_any_instance_agrees_with_brute_force(document_: dict[str, Any]) -> None:
    policy = policy_of(document_)
    answer = prover(policy).any_instance()
    confirm(policy, answer)
    seen = brute_force(policy, foreign=False)
    assert answer.truth is True or "yes" not in seen
    assert answer.truth is not False or seen == {"no"}


@settings(max_examples=200, deadline=None)
@given(policies())
def test_siblings_are_other_instances_of_the_account(document_: dict[str, Any]) -> None:
    policy = policy_of(document_)
    answer = prover(policy).siblings(ACCOUNT, (INSTANCE.instance_id,))
    confirm(policy, answer)
    tried = [allowed(policy, connect_arn(ACCOUNT, one), ACCOUNT) for one in IDS[1:]]
    assert answer.truth is True or not any(truth is True for truth in tried)
    if answer.witness is not None:
        assert answer.witness.context["aws:sourceaccount"] == ACCOUNT
        assert answer.witness.context["aws:sourcearn"] != INSTANCE_ARN


@settings(max_examples=200, deadline=None)
@given(policies())
def test_an_unnamed_caller_who_gains_access_is_not_named_by_the_policy(document_: dict[str, Any]) -> None:
    policy = policy_of(document_)
    for action in (PUBLISH, SUBSCRIBE):
        answer = OtherAccountsProver(policy, TARGET).can(action)
        confirm(policy, answer)
        if answer.witness is not None:
            text = json.dumps(document_)
            assert str(answer.witness.context["aws:principalaccount"]) not in text
            assert "aws:sourceaccount" not in answer.witness.context


STAR = {"Principal": "*"}
AGAIN = {
    "StringEquals": {"aws:CalledViaFirst": "glue.amazonaws.com", "aws:CalledViaLast": "glue.amazonaws.com"}
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, False),
        ({"StringEquals": {"AWS:SourceOwner": ACCOUNT}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, True),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}, False),
        ({"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": "444455556666"}}, False),
        ({"StringLike": {"aws:PrincipalAccount": "4*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, False),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}, False),
        ({"StringLike": {"aws:SourceVpce": "vpce-*"}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "chat"}}, True),
        ({"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}, None),
        ({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}, False),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"NumericLessThan": {"aws:EpochTime": "1900000000"}}, True),
        ({"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}, False),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2026-06-01T00:00:00Z"}}, True),
        ({"StringEquals": {"aws:ResourceTag/team": "chat"}}, None),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, True),
        ({"StringEquals": {"aws:PrincipalType": "Service"}}, False),
        ({"StringEquals": {"aws:NoSuchKey": "x"}}, None),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, None),
        ({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "240.0.0.0/4"}}, None),
        ({"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}, "Null": {"aws:SourceIp": "false"}}, None),
        ({"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}}, True),
        ({"StringLike": {"aws:userid": "333333333333:*"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}, **AGAIN}, None),
        ({"StringLike": {"aws:username": "?" * 64}}, True),
        ({"StringLike": {"aws:username": "?" * 65}}, None),
        ({"StringLike": {"aws:PrincipalTag/team": "?" * 256}}, True),
        ({"StringLike": {"aws:PrincipalTag/team": "?" * 257}}, None),
        ({"StringEquals": {"aws:PrincipalTag/*": "chat"}}, None),
        ({"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "true"}}, False),
    ],
    ids=json.dumps,
)
def test_conditions_that_callers_of_other_accounts_can_meet(
    condition: dict[str, Any], expected: bool | None
) -> None:
    policy = policy_of(document(statement(Condition=condition, **STAR)))
    answer = OtherAccountsProver(policy, TARGET).can(PUBLISH)
    confirm(policy, answer)
    assert (None if isinstance(answer.truth, Unknown) else answer.truth) is expected


def test_a_deny_closes_what_an_allow_opens() -> None:
    guard = {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}
    policy = policy_of(document(statement(), statement(Effect="Deny", Condition=guard)))
    assert prover(policy).deputy((ACCOUNT,)).truth is False
    assert can_publish(policy, TARGET, INSTANCE).truth is True


def test_too_many_classes_make_the_answer_unknown_instead_of_no() -> None:
    pairs = [f"*{a}{b}*{c}*" for a in "0123456789" for b in "0123456789" for c in "05"]
    policy = policy_of(
        document(
            statement(
                Condition={"StringLike": {"aws:SourceAccount": pairs}, "Null": {"aws:SourceArn": "true"}}
            )
        )
    )
    assert isinstance(prover(policy).any_instance().truth, Unknown)


def _gained_within(old: Policy, new: Policy, space: Space) -> Answer:
    return confirmed(new, Gain(old, new).within(space))


def test_gained_access_of_changed_policies() -> None:
    space = instances_space(TARGET, Instances("aws", REGIONS, or_absent=True))
    pinned = policy_of(document(statement(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})))
    both = policy_of(
        document(statement(Condition={"StringEquals": {"aws:SourceAccount": [ACCOUNT, "444455556666"]}}))
    )
    again = policy_of(
        document(statement(Condition={"StringLike": {"AWS:SourceAccount": [ACCOUNT]}}, Action="SNS:publish"))
    )
    answer = _gained_within(pinned, both, space)
    assert answer.witness is not None
    assert answer.witness.context["aws:sourceaccount"] == "444455556666"
    assert _gained_within(both, pinned, space).truth is False
    assert _gained_within(pinned, again, space).truth is False
    assert _gained_within(again, pinned, space).truth is False


@settings(max_examples=40, deadline=None)
@given(policies(), st.randoms(use_true_random=False))
def test_a_policy_written_differently_gains_nothing(document_: dict[str, Any], random: Any) -> None:
    """Other order, other letter case of keys and actions, lists for scalars: no request at all is new."""

    def rewrite(one: dict[str, Any]) -> dict[str, Any]:
        actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
        condition = {op: {k.upper(): v for k, v in keys.items()} for op, keys in one["Condition"].items()}
        return {**one, "Action": [action.upper() for action in actions], "Condition": condition}

    statements = [rewrite(one) for one in document_["Statement"]]
    random.shuffle(statements)
    old, new = policy_of(document_), policy_of({**document_, "Statement": statements})
    for answer in (gained(old, new, TARGET), gained(new, old, TARGET)):
        assert answer.truth is not True


@settings(max_examples=40, deadline=None)
@given(policies(), policies(), contexts())
def test_gained_requests_agree_with_single_decisions(
    old_: dict[str, Any], new_: dict[str, Any], context: dict[str, Any]
) -> None:
    """A witness is allowed by the new policy alone, and a request that is so is never denied to exist."""
    old, new = policy_of(old_), policy_of(new_)
    full = {**connect_space(TARGET, INSTANCE).fixed}
    for key in ("aws:sourcearn", "aws:sourceaccount"):
        del full[key]
    full |= {
        key: value for key, value in fold(context).items() if key in ("aws:sourcearn", "aws:sourceaccount")
    }
    request = Request(Service("connect.amazonaws.com"), PUBLISH, TOPIC_ARN, full)
    answer = gained(old, new, TARGET)
    if answer.witness is not None:
        assert decide(new, answer.witness).allowed is True
        assert decide(old, answer.witness).allowed is False
    if decide(new, request).allowed is True and decide(old, request).allowed is False:
        assert answer.truth is not False


OTHER = "444455556666"
ADMINS, USERS = "arn:aws:iam::*:role/Admin*", "arn:aws:iam::*:user/*"
NOBODY = {
    "Principal": {"Service": "nobody.amazonaws.com"},
    "Condition": {"Bool": {"aws:ViaAWSService": "true"}},
}


PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"DateLessThan": {"aws:CurrentTime": PAST}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, False),
        ({"DateLessThanEquals": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, None),
        ({"DateLessThan": {"aws:CurrentTime": FUTURE}}, None),
        ({"DateLessThan": {"aws:CurrentTime": [PAST, FUTURE]}}, None),
        ({"DateLessThan": {"aws:CurrentTime": [PAST, "2019-01-01"]}}, False),
        ({"DateLessThanIfExists": {"aws:CurrentTime": PAST}}, False),
        ({"ForAllValues:DateLessThan": {"aws:CurrentTime": PAST}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": PAST}}, True),
        ({"DateGreaterThanEquals": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, None),
        ({"DateGreaterThan": {"aws:CurrentTime": FUTURE}}, None),
        ({"DateEquals": {"aws:CurrentTime": PAST}}, False),
        ({"DateNotEquals": {"aws:CurrentTime": PAST}}, True),
        ({"DateEquals": {"aws:CurrentTime": FUTURE}}, None),
        ({"DateNotEquals": {"aws:CurrentTime": FUTURE}}, None),
        ({"DateGreaterThan": {"aws:CurrentTime": PAST}, "DateLessThan": {"aws:CurrentTime": FUTURE}}, None),
        (
            {"DateGreaterThan": {"aws:CurrentTime": "2019-01-01"}, "DateLessThan": {"aws:CurrentTime": PAST}},
            False,
        ),
        ({"NumericLessThan": {"aws:EpochTime": "1577836800"}}, False),
        ({"DateGreaterThan": {"aws:EpochTime": "1577836800"}}, True),
        ({"NumericLessThan": {"aws:EpochTime": "4070908800"}}, None),
        ({"DateLessThan": {"aws:CurrentTime": "1577836800"}}, None),
        ({"DateLessThan": {"aws:CurrentTime": "yesterday"}}, None),
        ({"StringLike": {"aws:CurrentTime": "2020-*"}}, None),
    ],
    ids=json.dumps,
)
def test_a_time_of_a_condition_may_be_in_the_past_of_every_request(
    condition: dict[str, Any], expected: bool | None
) -> None:
    allow, deny = statement(Condition=condition), statement(Effect="Deny", Principal="*", Condition=condition)
    answer = can_publish(policy_of(document(allow)), TARGET, INSTANCE)
    denied = can_publish(policy_of(document(statement(), deny)), TARGET, INSTANCE)
    assert (None if isinstance(answer.truth, Unknown) else answer.truth) is expected
    assert (None if isinstance(denied.truth, Unknown) else not denied.truth) is expected
    if expected:
        assert answer.witness is not None
        known = fold(cast("dict[str, Any]", answer.witness.to_json()["context"]))
        assert decide(policy_of(document(allow)), answer.witness._replace(context=known)).allowed is True


@pytest.mark.parametrize(
    ("old", "new", "caller"),
    [
        ({"Principal": {"AWS": ACCOUNT}}, {"Principal": {"AWS": [ACCOUNT, "444455556666"]}}, "444455556666"),
        ({"Principal": {"AWS": ACCOUNT}}, {"Principal": "*"}, "amazonaws.com"),
        ({"Action": "sns:Publish"}, {"Action": ["sns:Publish", "sns:DeleteTopic"]}, "connect.amazonaws.com"),
        (
            {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}},
            {"Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}},
            "connect.amazonaws.com",
        ),
        (
            {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/25"}}},
            {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}},
            "role/x",
        ),
        (
            {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::a"}},
            },
            {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::a*"}},
            },
            "s3.amazonaws.com",
        ),
        (NOBODY, {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": OTHER}}}, OTHER),
        (NOBODY, {"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalAccount": "44*"}}}, "::44"),
        (NOBODY, {"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": ADMINS}}}, "role/Admin"),
        (
            NOBODY,
            {"Principal": {"AWS": OTHER}, "Condition": {"ArnLike": {"aws:PrincipalArn": ADMINS}}},
            "Admin",
        ),
        (NOBODY, {"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": USERS}}}, "user/"),
        (
            {"Principal": {"AWS": f"arn:aws:iam::{OTHER}:role/x"}},
            {
                "Principal": {"AWS": OTHER},
                "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/x*"}},
            },
            "role/xx",
        ),
        (
            {"Principal": {"AWS": f"arn:aws:sts::{OTHER}:assumed-role/App/one"}},
            {"Principal": {"AWS": f"arn:aws:iam::{OTHER}:role/team/App"}},
            "role/team/App",
        ),
        (
            NOBODY,
            {
                "Principal": "*",
                "Condition": {"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}},
            },
            "s3.amazonaws.com",
        ),
        (
            {"Principal": "*", "Action": "*", "Condition": {"Null": {"sns:Protocol": "false"}}},
            {"Principal": "*", "Action": "*"},
            "connect.amazonaws.com",
        ),
        (
            {"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}},
            {"Principal": "*"},
            ACCOUNT,
        ),
    ],
    ids=str,
)
def test_a_wider_policy_gains_and_a_narrower_one_does_not(old: Any, new: Any, caller: str) -> None:
    narrow, wide = policy_of(document(statement(**old))), policy_of(document(statement(**new)))
    answer = gained(narrow, wide, TARGET)
    assert answer.witness is not None
    assert caller in str(answer.witness.caller)
    assert gained(wide, narrow, TARGET).truth is False


@pytest.mark.parametrize(
    "folder", sorted((TESTS / "fixtures" / "topics").iterdir()), ids=lambda path: path.name
)
def test_topics_of_the_fixture(folder: Any) -> None:
    attributes = json.loads((folder / "topic.json").read_text())["Attributes"]
    expected = json.loads((folder / "expected.json").read_text())
    policy = policy_of(json.loads(attributes["Policy"]))
    arn = arn_of(attributes["TopicArn"])
    instance = arn_of((folder / "instance.txt").read_text().strip())
    target = Target.of(arn)
    regions = tuple({arn.region, instance.region})
    connect = ConnectProver(policy, target, regions)
    deputy = connect.deputy((arn.account, instance.account))
    assert can_publish(policy, target, instance).truth is expected["connect_can_publish"]
    assert deputy.truth is expected["confused_deputy_open"]
    assert (
        connect.siblings(instance.account, (instance.instance_id,)).truth
        is expected["same_account_other_instance"]
    )
    assert OtherAccountsProver(policy, target).can(PUBLISH).truth is expected["public"]
    if expected["open_only_if_source_keys_absent"]:
        assert deputy.witness is not None
        assert "aws:sourcearn" not in deputy.witness.context


YES, NO = Answer(truth=True), Answer(truth=False)
FIRST, SECOND = Answer(Unknown("the first doubt")), Answer(Unknown("the second doubt"))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((), NO),
        ((NO, NO), NO),
        ((NO, FIRST, NO, SECOND), FIRST),
        ((FIRST, YES, SECOND), YES),
    ],
)
def test_either_is_yes_or_the_first_doubt(answers: tuple[Answer, ...], expected: Answer) -> None:
    assert either(iter(answers)) == expected


def test_a_policy_beyond_the_work_limit_is_too_complex() -> None:
    policy = policy_of(document(statement(Condition={"ArnLike": {"aws:SourceArn": "*:1*"}})))
    truth = ConnectProver(policy, TARGET, REGIONS, whole=Budget(1)).any_instance().truth
    assert str(truth) == "the policy is too complex to analyze within the work limit"


def test_a_budget_lasts_until_more_than_all_of_it_is_spent() -> None:
    budget = Budget(5)
    budget.spend(5)
    with pytest.raises(ExhaustedError):
        budget.spend(1)
