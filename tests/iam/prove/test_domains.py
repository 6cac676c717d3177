"""No key is in two domains, and every class has a representative inside its domain."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from checker.core.unknown import Unknown
from checker.iam.decide.request import Request, Service
from checker.iam.prove.callers import ANONYMOUS, SIGNED, CallerScope, callers_of_kinds, organization
from checker.iam.prove.domain import (
    EXHAUSTED,
    LIMIT,
    Alternatives,
    Budget,
    Choice,
    Domain,
    Mentions,
    covers,
    distinct_choices,
    mentions_of,
)
from checker.iam.prove.key_domains import Clock, EncryptionContext, ServiceChain, TextLists
from checker.iam.prove.partial_policy import may_allow, prepare
from checker.iam.prove.prove import ConnectProver, OtherAccountsProver, gained
from checker.iam.prove.service_space import (
    RequestSource,
    connect_space,
    delivery_space,
    instances_space,
    key_space,
    other_topics_space,
    queue_key_space,
    sourced_spaces,
    trust_space,
)
from checker.iam.prove.source_keys import Instances
from checker.iam.prove.space import (
    ADMINISTER,
    DATA_KEY,
    DECRYPT,
    DESCRIBE,
    KEY_TAKEOVER,
    KEY_USES,
    PUBLISH,
    PUT_KEY_POLICY,
    SUBSCRIBE,
    Space,
    Target,
    other_accounts_space,
)
from checker.iam.prove.texts import any_text
from checker.iam.prove.universe import (
    PRINCIPAL,
    Representative,
    action_classes,
    caller_space,
    members_of,
    representatives_of,
)
from checker.policy.model import Policy
from checker.policy.names import GLOBAL_KEYS, KEY_ACTIONS, KEY_KEYS, TOPIC_ACTIONS, TOPIC_KEYS
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, arn_of, document, policy_of, statement

KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC, KEY = Target.of(arn_of(TOPIC_ARN)), Target.of(arn_of(KEY_ARN))
QUEUE = Target.of(arn_of(f"arn:aws:sqs:us-east-1:{ACCOUNT}:inbox"))
ROLE = Target.of(arn_of(f"arn:aws:iam::{ACCOUNT}:role/firehose"))
INSTANCES = Instances("aws", ("us-east-1",), or_absent=True)
NAMES = [
    f"arn:aws:iam::{ACCOUNT}:role/app",
    f"arn:aws:iam::{ACCOUNT}:user/team/sam",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/app/job",
    f"arn:aws:sts::{ACCOUNT}:federated-user/sam",
    "444455556666",
]


def spaces() -> Iterator[tuple[str, Space]]:
    """Every set of requests that a question ranges over."""
    yield "Connect for an instance", connect_space(TOPIC, arn_of(INSTANCE_ARN))
    yield "Connect for any instance", instances_space(TOPIC, INSTANCES)
    yield "Connect's use of a key", key_space(KEY, DATA_KEY, TOPIC_ARN)
    yield "other topics", other_topics_space(TOPIC, arn_of(TOPIC_ARN))
    yield "delivery to a queue", delivery_space(QUEUE, arn_of(TOPIC_ARN))
    yield "delivery to an encrypted queue", queue_key_space(KEY, DECRYPT)
    yield "the role of a subscription", trust_space(ROLE, arn_of(TOPIC_ARN))
    keys = ((INSTANCE_ARN, None), (ACCOUNT, None), ("o-a1b2c3d4e5", None))
    for number, sourced in enumerate(
        sourced_spaces(connect_space(TOPIC, arn_of(INSTANCE_ARN)), RequestSource(*keys), "o-a1b2c3d4e5")
    ):
        yield f"a resource of an organization, {number}", sourced
    for action, target in ((PUBLISH, TOPIC), (SUBSCRIBE, TOPIC), (DECRYPT, KEY)):
        yield f"strangers, {action}", other_accounts_space(action, target, ("o-a1b2c3d4e5", ACCOUNT))
        policy = policy_of(document(statement(Principal={"AWS": NAMES, "Service": "s3.amazonaws.com"})))
        for representative in representatives_of((policy,), "aws", ACCOUNT):
            yield (
                f"{representative.kind} {representative.caller}, {action}",
                caller_space(representative, action, target, (policy,)),
            )


def keys_of(domain: Domain) -> list[str]:
    """The keys of a domain; those that several ways of it have count once, two domains beside one another twice."""
    if not isinstance(domain, Alternatives):
        return list(domain.keys)
    counts: Counter[str] = Counter()
    for way in domain.alternatives:
        counts |= Counter([*way.values, *(key for one in way.then for key in keys_of(one))])
    return list(counts.elements())


def test_no_key_is_in_two_domains() -> None:
    """Else a request would have two values for it, and the one that is chosen last would hide the other."""
    for name, space in spaces():
        keys = [*space.fixed, *space.absent, *(key for domain in space.free for key in keys_of(domain))]
        assert [(name, key) for key, count in Counter(keys).items() if count > 1] == []


def test_every_documented_key_has_a_domain_or_is_unknown() -> None:
    """None is taken for absent because it was forgotten."""
    keys = [key.lower() for key in (*GLOBAL_KEYS, *TOPIC_KEYS, *KEY_KEYS) if key[-1] not in "/:"]
    for name, space in spaces():
        domains, constants = space.domains(keys), space.constants(keys)
        for key in keys:
            free = any(covers(domain, key) for domain in domains)
            absent = key in space.absent or any(
                key.startswith(one) for one in space.absent if one[-1] in "/:"
            )
            assert free + absent + (key in constants) == 1, (name, key)


def mentions(condition: dict[str, Any]) -> Mentions:
    policy = policy_of(document(statement(Condition=condition)))
    [one] = policy.known_statements()
    return mentions_of(one, Request(Service("s3.amazonaws.com"), "", "", {}), has_variables=True)


def values(domain: Domain, condition: dict[str, Any], key: str) -> list[Any]:
    return [one.values[key] for one in domain.choices(mentions(condition), Budget()).choices]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Null": {"aws:PrincipalTag/x": "true"}}, ["xx"[:1], None]),
        ({"StringLike": {"aws:PrincipalTag/x": "*"}}, ["x", None]),
        ({"StringNotEquals": {"aws:PrincipalTag/x": "*"}}, ["x", "*", None]),
        ({"StringEquals": {"aws:PrincipalTag/x": ""}}, ["x", "", None]),
        ({"StringLike": {"aws:PrincipalTag/x": ["a*", "?"]}}, ["x", "a", "xx", "ax", None]),
        ({"StringEquals": {"aws:PrincipalTag/x": "é"}}, ["x", "é", None]),
        ({"StringEqualsIgnoreCase": {"aws:PrincipalTag/x": "A"}}, ["x", "A", None]),
    ],
    ids=json.dumps,
)
def test_every_class_has_a_representative_that_can_exist(
    condition: dict[str, Any], expected: list[Any]
) -> None:
    """Also a class whose shortest text is empty, and one that only the empty text is in."""
    found = values(any_text("aws:principaltag/x"), condition, "aws:principaltag/x")
    assert sorted(map(str, found)) == sorted(map(str, expected))
    assert "" not in found[:-1]  # the least plausible witness


def test_an_excluded_text_does_not_hide_its_class() -> None:
    """The first organization that `o-abc*` matches may be the victim's own."""
    domain = organization(("o-abcdefghij",))
    found = values(domain, {"StringLike": {"aws:PrincipalOrgID": "o-abcdefghij*"}}, "aws:principalorgid")
    assert "o-abcdefghij" not in found
    assert any(str(one).startswith("o-abcdefghij") for one in found)


@pytest.mark.parametrize("kind", [*SIGNED, ANONYMOUS])
def test_the_keys_of_a_caller_agree(kind: str) -> None:
    """The name of a user is in its ARN, the ID of a root is its account, and so on."""
    ways = callers_of_kinds(CallerScope("aws", but_not=(ACCOUNT,)), [kind], organization(()))
    [way] = ways.choices(mentions({"Null": {"aws:userid": "true", "aws:username": "true"}}), Budget()).choices
    context: dict[str, Any] = dict(way.values)
    for domain in way.then:
        if "aws:userid" in domain.keys or "aws:principalarn" in domain.keys:
            context.update(domain.choices({}, Budget()).choices[0].values)
    arn, user_id = str(context.get("aws:principalarn")), str(context.get("aws:userid"))
    account = context.get("aws:principalaccount")
    name = str(context.get("aws:username"))
    agree = {
        "AssumedRole": ":role/" in arn and user_id.startswith("AROA") and ":" in user_id,
        "User": arn.endswith(f"/{name}") and user_id.startswith("AIDA"),
        "Account": arn == f"arn:aws:iam::{account}:root" and user_id == account,
        "FederatedUser": user_id == f"{account}:{arn.rpartition('/')[2]}",
        "Anonymous": context["aws:principaltype"] == "Anonymous" and arn == "None",
    }
    assert agree[kind]
    assert ("aws:username" in context and context["aws:username"] is not None) == (kind == "User")


def test_the_keys_for_the_time_of_a_request_agree() -> None:
    condition = {
        "DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"},
        "NumericLessThan": {"aws:EpochTime": "1800000000"},
        "DateGreaterThan": {"aws:TokenIssueTime": "2026-12-31T12:00:00Z"},
    }
    found = Clock(temporary=True).choices(mentions(condition), Budget()).choices
    assert {one.doubt is None for one in found} == {True}
    times = [(str(one.values["aws:currenttime"]), str(one.values["aws:tokenissuetime"])) for one in found]
    assert all(issued <= now for now, issued in times)
    assert len({(now < "2027", issued > "2026-12-31T12") for now, issued in times}) == 4


def test_no_request_is_made_in_the_past() -> None:
    found = Clock().choices(mentions({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}), Budget())
    assert [one.values["aws:currenttime"] for one in found.choices] == ["2026-01-01T00:00:00Z"]


@pytest.mark.parametrize(
    ("second", "counts"),
    [
        ("-1", False),
        ("0", False),
        ("1767225599", False),
        ("1767225600", True),
        ("253402299999", True),
        ("253402300000", False),
    ],
)
def test_times_that_can_be_written_count(second: str, *, counts: bool) -> None:
    found = Clock().choices(mentions({"DateEquals": {"aws:EpochTime": second}}), Budget()).choices
    assert any(one.values["aws:epochtime"] == second for one in found) is counts


HOSTILE = [f"*{a}*{b}{c}*" for a in "0123456789abcdef" for b in "048c" for c in "26ae"]


@pytest.mark.parametrize("key", ["aws:SourceArn", "aws:PrincipalArn", "aws:PrincipalTag/x", "aws:UserAgent"])
@pytest.mark.parametrize("effects", [("Allow", "Deny"), ("Deny", "Allow"), ("Allow", "Allow")])
def test_a_question_costs_no_more_than_its_budget(key: str, effects: tuple[str, str]) -> None:
    """Counted, not timed: two million steps of a walk take seconds."""
    statements = [
        statement(Effect=effect, Principal="*", Condition={"StringLike": {key: HOSTILE[at::2]}})
        for at, effect in enumerate(effects)
    ]
    policy = policy_of(document(*statements))
    whole = Budget(3 * LIMIT)
    OtherAccountsProver(policy, TOPIC, whole).can(PUBLISH)
    ConnectProver(policy, TOPIC, ("us-east-1",), whole=whole).deputy((ACCOUNT,))
    assert whole.left >= LIMIT - 1


def test_public_access_is_found_even_if_there_are_too_many_classes() -> None:
    """A witness found by any means counts."""
    denied = {"StringLike": {"aws:SourceArn": HOSTILE}}
    policy = policy_of(document(statement(Condition={}), statement(Effect="Deny", Condition=denied)))
    answer = ConnectProver(policy, TOPIC, ("us-east-1",)).deputy((ACCOUNT,))
    assert answer.truth is True


def test_an_incomplete_answer_is_kept_only_if_there_was_work_left_for_a_whole_one() -> None:
    domain, patterns = any_text("aws:useragent"), mentions({"StringLike": {"aws:UserAgent": HOSTILE[:40]}})
    whole = Budget(10 * LIMIT)
    assert domain.choices(patterns, Budget(LIMIT // 4 - 1, whole)).gap == EXHAUSTED
    assert whole.results == {}
    assert domain.choices(patterns, Budget(LIMIT // 4, whole)).gap == EXHAUSTED
    assert len(whole.results) == 1
    left = whole.left
    assert domain.choices(patterns, Budget(LIMIT, whole)).gap == EXHAUSTED
    assert whole.left == left


@pytest.mark.parametrize(
    ("actions", "resource", "first"),
    [
        (["sns:Publish", "KMS:Decrypt"], "*", DATA_KEY),
        (["sns:Publish"], "*", PUBLISH),
        ([], "", PUBLISH),
        ([7, "kms:Decrypt"], "*", DATA_KEY),
        (["kms:Decrypt"], TOPIC_ARN, PUBLISH),
        (["sns:Publish"], KEY_ARN, DATA_KEY),
        ({"of": "another type"}, "*", PUBLISH),
    ],
)
def test_a_resource_is_a_key_by_its_arn_or_by_the_actions(actions: Any, resource: str, first: str) -> None:
    policy = policy_of(document(statement(Action=actions)))
    assert action_classes((policy,), TOPIC._replace(resource=resource))[0][0] == first


def test_an_account_that_is_named_is_in_the_partition_of_the_resource() -> None:
    named = [ACCOUNT, "arn:aws:iam::444455556666:user/sam"]
    policy = policy_of(document(statement(Principal={"AWS": named})))
    callers = [str(one.caller) for one in representatives_of((policy,), "aws-cn") if one.kind == PRINCIPAL]
    assert callers == [f"arn:aws-cn:iam::{ACCOUNT}:root", "arn:aws:iam::444455556666:user/sam"]


def test_the_members_of_an_organization_are_in_accounts_that_are_not_named() -> None:
    """And a service is no principal."""
    *_, other = representatives_of((policy_of(document(statement(Principal={"AWS": ACCOUNT}))),), "aws")
    domain = members_of("o-a1b2c3d4e5", other, TOPIC)
    for way in domain.choices(mentions({"Null": {"aws:PrincipalOrgID": "false"}}), Budget()).choices:
        values = {
            key: value
            for one in way.then
            for key, value in one.choices({}, Budget()).choices[0].values.items()
        }
        assert values["aws:principalorgid"] == "o-a1b2c3d4e5"
        assert values["aws:principalaccount"] == "999999999999"
    with pytest.raises(ValueError, match=r"^$"):
        Representative("service", Service("s3.amazonaws.com")).principal_arn  # noqa: B018 - it raises


def test_values_that_are_not_known_are_classes_of_their_own() -> None:
    first, second = Unknown("why"), Unknown("another reason")
    choices = [Choice({"aws:useragent": value}) for value in (first, second, first, "a", "b", None)]
    patterns = mentions({"StringLike": {"aws:UserAgent": "*"}})
    assert [one.values["aws:useragent"] for one in distinct_choices(choices, patterns)] == [
        first,
        second,
        "a",
        None,
    ]


LISTS: dict[str, tuple[Domain, tuple[int, int, int, int]]] = {
    "aws:calledvia": (ServiceChain(), (6, 21, 52, 1596)),
    "aws:tagkeys": (TextLists("aws:tagkeys"), (4, 8, 15, 299)),
    "kms:encryptioncontextkeys": (EncryptionContext(), (4, 8, 15, 93)),
}
"""How many lists there are of values that a policy with 1, 2, 3 or 14 values distinguishes."""


@pytest.mark.parametrize(("at", "named"), [(0, 1), (1, 2), (2, 3), (3, 14)])
@pytest.mark.parametrize("key", LISTS)
def test_lists_have_up_to_three_values(key: str, at: int, named: int) -> None:
    """With more, the answer says that some are missing."""
    domain, counts = LISTS[key]
    values = [f"{chr(97 + number)}.amazonaws.com" for number in range(named)]
    found = domain.choices(mentions({"ForAnyValue:StringEquals": {key: values}}), budget := Budget())
    lists = [one.values[key] for one in found.choices if one.doubt is None and one.values[key] is not None]
    assert {len(one) for one in lists if isinstance(one, tuple)} == set(range(1, min(named + 1, 3) + 1))
    assert len(found.choices) == counts[at]
    assert len(lists) == len(set(lists)) <= LIMIT - budget.left
    assert (found.gap == EXHAUSTED) == (named >= 3)


@pytest.mark.parametrize(
    ("statements", "may"),
    [
        ([], False),
        ([{"Effect": "Deny"}], False),
        ([{"Effect": "Deny"}, {}], True),
        ([{}, {"Effect": "Deny"}], True),
        ([{"Action": "sns:Subscribe"}], False),
        ([{"Effect": "allow"}], True),
        ([{"Effect": "Deny"}, {"Resource": 7}], True),
    ],
)
def test_only_an_allow_that_covers_a_request_may_allow_it(statements: list[Any], *, may: bool) -> None:
    policy = policy_of(document(*(statement(**elements) for elements in statements)))
    assert may_allow(policy, Request(Service("connect.amazonaws.com"), PUBLISH, TOPIC_ARN, {})) is may


def test_an_unread_statement_that_may_allow_is_kept() -> None:
    policy = policy_of({"Version": "2012-10-17", "Statement": ["x"]})
    assert may_allow(policy, Request(Service("connect.amazonaws.com"), PUBLISH, TOPIC_ARN, {}))


def test_an_unknown_value_in_an_unchanged_statement_does_not_matter() -> None:
    def changed(condition: dict[str, Any]) -> Policy:
        kept = statement(Principal="*", Resource="unread")
        policy = policy_of(document(kept, statement(Principal={"AWS": ACCOUNT}, Condition=condition)))
        return policy.with_values(lambda _, value: Unknown("why", "var.a") if value == "unread" else value)

    wide, narrow = changed({}), changed({"Bool": {"aws:SecureTransport": "true"}})
    assert gained(wide, narrow, TOPIC).truth is False
    assert isinstance(gained(narrow, wide, TOPIC).truth, Unknown)


def test_questions_are_about_actions_that_aws_lists() -> None:
    assert {PUBLISH, SUBSCRIBE, *ADMINISTER} <= set(TOPIC_ACTIONS)
    assert {PUT_KEY_POLICY, *KEY_TAKEOVER, *KEY_USES, DATA_KEY, DECRYPT, DESCRIBE} <= set(KEY_ACTIONS)


def test_without_a_budget_nothing_is_excluded() -> None:
    policy = policy_of(document(statement(Principal="*", Condition={"StringLike": {"aws:UserAgent": "a*b"}})))
    assert OtherAccountsProver(policy, TOPIC, Budget(1)).can(PUBLISH).truth == EXHAUSTED


def test_the_spaces_can_be_prepared() -> None:
    """A policy that mentions every key meets every domain."""
    keys = [key + "x" * (key[-1] in "/:") for key in (*GLOBAL_KEYS, *TOPIC_KEYS, *KEY_KEYS)]
    policy = policy_of(
        document(statement(Principal="*", Condition={"StringNotLike": dict.fromkeys(keys, "?")}))
    )
    for _, space in spaces():
        prepared = prepare(space, policy)
        for domain in space.domains(prepared.mentions()):
            assert all(
                isinstance(one, Choice) for one in domain.choices(prepared.mentions(), Budget()).choices
            )


def test_a_list_has_several_values() -> None:
    """A Deny for one of them takes a request that an Allow lets in for another."""
    allow = statement(
        Principal={"AWS": ACCOUNT},
        Action="kms:CreateGrant",
        Resource="*",
        Condition={"ForAnyValue:StringEquals": {"kms:GrantOperations": "Encrypt"}},
    )
    denied = {"ForAnyValue:StringEquals": {"kms:GrantOperations": "Decrypt"}}
    old, new = document(allow), document(allow, {**allow, "Effect": "Deny", "Condition": denied})
    answer = gained(policy_of(new), policy_of(old), KEY)
    assert answer.witness is not None
    assert set(answer.witness.context["kms:grantoperations"]) == {"Encrypt", "Decrypt"}
