"""Who gains and who loses: realistic pairs word for word, and what holds for any two policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.analysis.access_diff import Access, Difference, difference, format_actions, with_families
from checker.analysis.wording import caller_of
from checker.core.unknown import Unknown
from checker.iam.decide.decide import ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED, decide
from checker.iam.decide.request import AwsPrincipal
from checker.iam.prove.domain import EXHAUSTED
from checker.iam.prove.prove import gained
from checker.iam.prove.space import Target
from checker.policy.model import Policy, Principals
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS
from checker.policy.vocabulary import KEY, TOPIC
from tests.iam.strategies import policies
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, arn_of, document, policy_of, statement

if TYPE_CHECKING:
    from collections.abc import Iterable

TARGET = Target.of(arn_of(TOPIC_ARN))
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_TARGET = Target.of(arn_of(KEY_ARN))
ID, OTHER_ID = "3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d", "0a1b2c3d-2222-4333-8444-555555555555"
OTHER_INSTANCE = INSTANCE_ARN.replace(ID, OTHER_ID)
PARTNER, ROLE = "444455556666", "arn:aws:iam::444455556666:role/App"
ORG = "o-a1b2c3d4e5"

DEFAULT_ACTIONS = (
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
)


def default(**elements: Any) -> dict[str, Any]:
    """The statement that SNS gives a new topic."""
    owner = {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
    base = {"Principal": {"AWS": "*"}, "Action": [*DEFAULT_ACTIONS], "Condition": owner}
    return statement(**{**base, **elements})


SAME_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
PINNED = statement(Condition={**SAME_ACCOUNT, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}})
SWAPPED = statement(Condition={**SAME_ACCOUNT, "ArnEquals": {"aws:SourceArn": OTHER_INSTANCE}})
OUTSIDE = {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}
DENY = statement(Effect="Deny", Principal="*", Action="sns:*", Condition=OUTSIDE)
EXEMPTING = {**DENY, "Condition": {**OUTSIDE, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}
ADMINS = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{PARTNER}:role/Admin*"}}
ROOT = statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:*", Resource="*")
KEY_USE = statement(Action=["kms:GenerateDataKey*", "kms:Decrypt"], Resource="*")


def tagged(principal: Any, *teams: str, **more: str) -> dict[str, Any]:
    """A statement for principals with a tag."""
    return statement(
        Principal=principal, Condition={"StringEquals": {"aws:PrincipalTag/team": list(teams), **more}}
    )


OURS = f"Connect for instance {ID} of account {ACCOUNT}"
THEIRS = "any other AWS customer's Connect instance"
UNSOURCED = "Connect without aws:SourceArn and aws:SourceAccount"
SERVICES = "any other AWS service"
ALL_OTHERS = (
    "sns:AddPermission, sns:DeleteTopic, sns:GetDataProtectionPolicy, sns:GetTopicAttributes and 7 more"
)
BY_IDENTITY = ", if an identity policy allows it"
ANY_ACCOUNT_TAGGED = "sns:Publish by any AWS account in some cases"
DEFAULTS = "sns:Publish, sns:AddPermission, sns:DeleteTopic, sns:GetTopicAttributes and 4 more"
DATA_KEYS = "kms:GenerateDataKey, kms:Decrypt, kms:GenerateDataKeyPair, kms:GenerateDataKeyPairWithoutPlaintext and 1 more"

PAIRS: dict[str, tuple[list[Any], list[Any], list[str], list[str]]] = {
    "the documented statement beside the default one": (
        [default()],
        [default(), PINNED],
        [f"sns:Publish by {OURS}"],
        [],
    ),
    "unpinned to pinned": (
        [statement()],
        [PINNED],
        [],
        [
            f"sns:Publish by any other Connect instance of account {ACCOUNT}",
            f"sns:Publish by {THEIRS}",
            f"sns:Publish by {UNSOURCED}",
        ],
    ),
    "SourceOwner to SourceAccount, as AWS's page says": (
        [default()],
        [default(Condition=SAME_ACCOUNT)],
        [
            f"{DEFAULTS} by any Connect instance of account {ACCOUNT}",
            f"{DEFAULTS} by {SERVICES} in some cases",
        ],
        [f"{DEFAULTS} by {SERVICES} in some cases"],
    ),
    "a Deny for everybody outside the organization": (
        [PINNED],
        [PINNED, DENY],
        [],
        [
            f"sns:Publish by {OURS}",
            f"sns:* by any principal of account {ACCOUNT} in some cases{BY_IDENTITY}",
        ],
    ),
    "a role gains as much as anybody": (
        [PINNED],
        [PINNED, tagged("*", "chat"), tagged({"AWS": ROLE}, "chat")],
        [ANY_ACCOUNT_TAGGED],
        [],
    ),
    "a role gains in more cases than anybody": (
        [PINNED],
        [PINNED, tagged("*", "chat"), tagged({"AWS": ROLE}, "chat", "voice")],
        [f"sns:Publish by role App of account {PARTNER} in some cases", ANY_ACCOUNT_TAGGED],
        [],
    ),
    "an organization gains in more cases than anybody": (
        [PINNED],
        [PINNED, tagged("*", "chat"), tagged("*", "voice", **{"aws:PrincipalOrgID": ORG})],
        [
            f"sns:Publish by any principal of account {ACCOUNT} in some cases",
            ANY_ACCOUNT_TAGGED,
            f"sns:Publish by any principal of organization {ORG} in some cases",
        ],
        [],
    ),
    "that Deny exempts AWS services": ([PINNED, DENY], [PINNED, EXEMPTING], [f"sns:Publish by {OURS}"], []),
    "the key is given to Connect": (
        [ROOT],
        [ROOT, KEY_USE],
        [
            f"{DATA_KEYS} by any Connect instance of account {ACCOUNT}",
            f"{DATA_KEYS} by {THEIRS}",
            f"{DATA_KEYS} by {UNSOURCED}",
        ],
        [],
    ),
    "the key is given to Connect instead of SNS": (
        [ROOT, {**KEY_USE, "Principal": {"Service": "sns.amazonaws.com"}}],
        [ROOT, {**KEY_USE, "Condition": SAME_ACCOUNT}],
        [f"{DATA_KEYS} by any Connect instance of account {ACCOUNT}"],
        [f"{DATA_KEYS} by sns.amazonaws.com"],
    ),
    "a public topic is narrowed to a partner": (
        [statement(Principal="*")],
        [statement(Principal={"AWS": PARTNER})],
        [],
        [
            f"sns:Publish by any Connect instance of account {ACCOUNT}",
            f"sns:Publish by {THEIRS}",
            f"sns:Publish by {UNSOURCED}",
            f"sns:Publish by {SERVICES}",
            "sns:Publish by any AWS account",
        ],
    ),
    "another instance": (
        [PINNED],
        [SWAPPED],
        [f"sns:Publish by Connect for instance {OTHER_ID} of account {ACCOUNT}"],
        [f"sns:Publish by {OURS}"],
    ),
    "excess actions taken away": (
        [{**PINNED, "Action": "sns:*"}],
        [PINNED],
        [],
        [
            "sns:AddPermission, sns:DeleteTopic, sns:GetDataProtectionPolicy, "
            f"sns:GetTopicAttributes and 7 more by {OURS}"
        ],
    ),
    "everybody, if of an organization": (
        [default()],
        [default(), statement(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": ORG}})],
        [
            f"sns:Publish by any principal of account {ACCOUNT} in some cases",
            f"sns:Publish by any principal of organization {ORG}",
        ],
        [],
    ),
    "everybody, if an administrator of a partner": (
        [default()],
        [default(), statement(Principal="*", Condition=ADMINS)],
        [f"sns:Publish by any principal of account {PARTNER} in some cases"],
        [],
    ),
    "everybody who comes through an endpoint": (
        [default()],
        [
            default(),
            statement(Principal="*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}),
        ],
        [
            f"sns:Publish by any principal of account {ACCOUNT} in some cases",
            "sns:Publish by some principals of other accounts",
        ],
        [],
    ),
    "a role becomes its account": (
        [statement(Principal={"AWS": ROLE})],
        [statement(Principal={"AWS": PARTNER})],
        [f"sns:Publish by any other principal of account {PARTNER}"],
        [],
    ),
    "a role, and with it its sessions": (
        [PINNED],
        [PINNED, statement(Principal={"AWS": ROLE})],
        [f"sns:Publish by role App of account {PARTNER}"],
        [],
    ),
    "no request without TLS": (
        [statement(Principal="*")],
        [
            statement(Principal="*"),
            {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ],
        [],
        [
            "sns:Publish by any AWS account in some cases",
            f"{ALL_OTHERS} by any principal of account {ACCOUNT} in some cases{BY_IDENTITY}",
        ],
    ),
    "everything for everybody": (
        [PINNED],
        [PINNED, statement(Principal="*", Action="*")],
        [
            "sns:AddPermission, sns:DeleteTopic, sns:GetDataProtectionPolicy, "
            f"sns:GetTopicAttributes and 7 more by {OURS}",
            f"sns:* by any other Connect instance of account {ACCOUNT}",
            f"sns:* by {THEIRS}",
            f"sns:* by {UNSOURCED}",
            f"sns:* by {SERVICES}",
            "sns:* by any AWS account",
        ],
        [],
    ),
}


def compared(old: list[Any], new: list[Any], **more: Any) -> tuple[Policy, Policy, Difference]:
    of_key = any("kms:" in json.dumps(one) for one in (old, new))
    before, after = (policy_of(document(*one), KEY if of_key else TOPIC) for one in (old, new))
    return before, after, difference(before, after, KEY_TARGET if of_key else TARGET, **more)


def confirm(accesses: Iterable[Access], allowing: Policy, refusing: Policy) -> None:
    for one in accesses:
        assert one.actions[0] == one.witness.action
        for action in one.actions:
            request = one.witness._replace(action=action)
            words = [decide(policy, request).word for policy in (allowing, refusing)]
            if one.needs_identity_policy:
                assert words == [IMPLICITLY_DENIED, EXPLICITLY_DENIED]
            else:
                assert words[0] == ALLOWED
                assert decide(refusing, request).allowed is False
        assert decide(allowing, one.witness) == one.allowed
        assert decide(refusing, one.witness) == one.refused


def without_identity(accesses: Iterable[Access]) -> list[Access]:
    """The access that the policies themselves allow."""
    return [one for one in accesses if not one.needs_identity_policy]


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_as_people_meet_them(name: str) -> None:
    old, new, gains, losses = PAIRS[name]
    before, after, found = compared(old, new)
    assert [one.sentence for one in found.gained] == gains
    assert [one.sentence for one in found.lost] == losses
    assert found.doubts == ()
    assert found.same is False
    confirm(found.gained, after, before)
    confirm(found.lost, before, after)


@pytest.mark.parametrize("service", ["connect.amazonaws.com", "sqs.amazonaws.com"])
def test_a_service_gains_what_is_bound_to_the_encryption_context_of_sns(service: str) -> None:
    use = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "kms:Decrypt", "Resource": "*"}
    topic = {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": TOPIC_ARN}}
    root = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    before, after, found = compared([root], [root, {**use, "Condition": topic}])
    assert [one.actions for one in found.gained if one.partly]
    assert found.lost == ()
    confirm(found.gained, after, before)


def test_instances_that_the_caller_knows_are_told_apart_by_name() -> None:
    _, _, found = compared([PINNED], [statement(Condition=SAME_ACCOUNT)], instances=[arn_of(OTHER_INSTANCE)])
    assert [one.sentence for one in found.gained] == [
        f"sns:Publish by Connect for instance {OTHER_ID} of account {ACCOUNT}",
        f"sns:Publish by any other Connect instance of account {ACCOUNT}",
    ]


def test_an_instance_in_another_region_is_told_apart_too() -> None:
    frankfurt = arn_of(OTHER_INSTANCE.replace("us-east-1", "eu-central-1"))
    _, _, found = compared([PINNED], [PINNED, statement()], instances=[frankfurt])
    assert found.gained[0].party.name == str(frankfurt)
    assert found.gained[0].witness.context["aws:sourcearn"] == str(frankfurt)


def test_requests_with_one_of_the_two_source_keys_are_not_lost_from_sight() -> None:
    looser = {**SAME_ACCOUNT, "ArnEqualsIfExists": {"aws:SourceArn": OTHER_INSTANCE}}
    _, _, found = compared([PINNED], [PINNED, statement(Condition=looser)])
    assert [one.sentence for one in found.gained] == [
        f"sns:Publish by Connect for instance {OTHER_ID} of account {ACCOUNT}",
        "sns:Publish by Connect without one of aws:SourceArn and aws:SourceAccount in some cases",
    ]


def test_the_witness_names_the_source_key_that_a_request_lacks() -> None:
    _, _, found = compared([PINNED], [statement(Condition={"ArnEquals": {"aws:SourceArn": INSTANCE_ARN}})])
    assert [caller_of(one.witness) for one in found.gained] == [
        f"Connect for instance {ID} without aws:SourceAccount"
    ]


def test_an_id_that_connect_would_not_give_counts_as_it_is_written() -> None:
    odd = INSTANCE_ARN.replace(ID, "my-instance")
    _, _, found = compared([PINNED], [PINNED, statement(Condition={"ArnEquals": {"aws:SourceArn": odd}})])
    assert found.gained[0].who == f"Connect for instance my-instance of account {ACCOUNT}"


@pytest.mark.parametrize(
    ("old", "new", "doubt"),
    [
        (
            [PINNED],
            [PINNED, statement(Principal={"Federated": "accounts.google.com"})],
            "accounts.google.com",
        ),
        ([PINNED], [PINNED, statement(Principal={"AWS": "arn:aws:iam::*:role/App"})], "wildcard"),
        ([PINNED], [PINNED, statement(Effect="allow")], "Effect"),
        (
            [PINNED],
            [PINNED, statement(Condition={"StringMatches": {"aws:SourceAccount": "1"}})],
            "StringMatches",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_told_never_reads_as_the_same(old: Any, new: Any, doubt: str) -> None:
    for pair in ((old, new), (new, old)):
        _, _, found = compared(*pair)
        assert (found.gained, found.lost) == ((), ())
        assert any(doubt in one.described for one in found.doubts)
        assert isinstance(found.same, Unknown)


def left_open(policy: Policy, ordinal: int, where: str) -> Policy:
    """Put a value that a template leaves open in the place of a principal."""
    changed = list(policy.known_statements())
    open_ = Principals(negated=False, entries=(), unknown=Unknown("not known before the deploy", where))
    changed[ordinal] = changed[ordinal]._replace(principals=open_)
    return policy._replace(statements=tuple(changed))


def test_a_value_that_both_policies_leave_open_leaves_no_doubt_about_the_rest() -> None:
    before = left_open(policy_of(document(default(), statement())), 1, "var.publisher")
    after = left_open(policy_of(document(statement(), default(Action="SNS:publish"))), 0, "var.publisher")
    found = difference(before, after, TARGET)
    assert found.gained == ()
    assert found.same is not True  # less than the default: whether it is lost hangs on the open principal
    again = left_open(policy_of(document(statement(), default())), 0, "var.publisher")
    assert difference(before, again, TARGET) == Difference((), (), ())
    other = left_open(policy_of(document(statement(), default())), 0, "var.somebody_else")
    assert isinstance(difference(before, other, TARGET).same, Unknown)


def test_a_deny_more_takes_nothing_from_what_is_open_and_gives_nothing() -> None:
    before = left_open(policy_of(document(PINNED, statement())), 1, "var.publisher")
    after = before._replace(statements=(*before.statements, *policy_of(document(DENY)).statements))
    found = difference(before, after, TARGET)
    assert found.gained == ()
    by_identity = f"by any principal of account {ACCOUNT} in some cases{BY_IDENTITY}"
    assert [one.sentence for one in found.lost] == [f"sns:Publish by {OURS}", f"{ALL_OTHERS} {by_identity}"]
    assert found.doubts


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (TOPIC_ACTIONS, "sns:*"),
        (KEY_ACTIONS, "kms:*"),
        (["sns:Publish", "sns:Subscribe"], "sns:Publish, sns:Subscribe"),
        (list("abcdef"), "a, b, c, d and 2 more"),
    ],
)
def test_actions_in_a_sentence(actions: list[str], words: str) -> None:
    assert format_actions(actions) == words


# What holds for any two policies.


@settings(max_examples=30, deadline=None)
@given(policies(), policies())
def test_witnesses_are_confirmed_both_ways_round_and_agree_with_the_proof(
    old_: dict[str, Any], new_: dict[str, Any]
) -> None:
    old, new = policy_of(old_), policy_of(new_)
    found, back = difference(old, new, TARGET), difference(new, old, TARGET)
    confirm(found.gained, new, old)
    confirm(found.lost, old, new)
    if EXHAUSTED in (*found.doubts, *back.doubts):
        return  # which questions fit in the budget depends on their order
    assert (found.gained, found.lost) == (back.lost, back.gained)
    assert set(found.doubts) == set(back.doubts)
    more, less = gained(old, new, TARGET).truth, gained(new, old, TARGET).truth
    assert bool(without_identity(found.gained)) is (more is True)
    assert bool(without_identity(found.lost)) is (less is True)
    alone = [difference(*pair, TARGET, only_gained=True) for pair in ((old, new), (new, old))]
    assert (alone == [Difference((), (), ())] * 2) is (more is False and less is False)


@settings(max_examples=30, deadline=None)
@given(policies(), st.randoms(use_true_random=False))
def test_a_policy_written_differently_means_the_same(document_: dict[str, Any], random: Any) -> None:
    def rewrite(one: dict[str, Any]) -> dict[str, Any]:
        actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
        condition = {op: {k.upper(): v for k, v in keys.items()} for op, keys in one["Condition"].items()}
        return {**one, "Sid": "New", "Action": [action.upper() for action in actions], "Condition": condition}

    statements = [rewrite(one) for one in document_["Statement"]]
    statements += statements[:1]
    random.shuffle(statements)
    old, new = policy_of(document_), policy_of({**document_, "Statement": statements})
    assert difference(old, new, TARGET) == Difference((), (), ())


@settings(max_examples=30, deadline=None)
@given(policies())
def test_what_is_added_is_all_that_is_gained(document_: dict[str, Any]) -> None:
    """A policy against nothing: everybody who is named can do it, and the witness is of who is named."""
    empty = policy_of(document())
    policy = policy_of(document_)
    found = difference(empty, policy, TARGET)
    assert without_identity(found.lost) == []
    for one in found.gained:
        account = one.witness.caller.arn.account if isinstance(one.witness.caller, AwsPrincipal) else ""
        assert not one.party.account or account in ("", one.party.account)


@pytest.mark.parametrize(
    ("actions", "shown"),
    [
        ("@ @Pair @PairWithoutPlaintext @WithoutPlaintext", "@*"),
        (
            "kms:Decrypt @WithoutPlaintext @PairWithoutPlaintext @Pair @ sns:Publish",
            "kms:Decrypt @* sns:Publish",
        ),
        ("@ @Pair @PairWithoutPlaintext", "@ @Pair @PairWithoutPlaintext"),
        ("sns:Publish", "sns:Publish"),
        ("kms:ReEncryptFrom kms:ReEncryptTo", "kms:ReEncryptFrom kms:ReEncryptTo"),
    ],
)
def test_actions_of_one_pattern_are_shown_as_it(actions: str, shown: str) -> None:
    first, expected = (text.replace("@", "kms:GenerateDataKey").split() for text in (actions, shown))
    assert with_families(first) == tuple(expected)
