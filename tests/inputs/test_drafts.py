"""What is drafted lets exactly the named instances publish, whatever they are and whatever it is merged into."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.analysis.documented import (
    KeyCondition,
    can_use,
    key_statement,
    pins,
    policy_of,
    root_statement,
    topic_statements,
)
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.iam.prove.prove import ConnectProver, OtherAccountsProver, can_publish
from checker.iam.prove.space import ADMINISTER, DATA_KEY, PUBLISH, PUT_KEY_POLICY, SUBSCRIBE, Target
from checker.inputs.drafts import Draft, Wanted, draft_key_policy, draft_topic_policy
from checker.policy.model import Policy
from checker.policy.text_json import json_text
from checker.policy.vocabulary import KEY
from tests.iam.strategies import policies
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, arn_of, document, statement
from tests.samples import policy_of as typed

KEY_ARN = arn_of(f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab")
WANTED = Wanted(arn_of(TOPIC_ARN), (arn_of(INSTANCE_ARN),), KEY_ARN)
PINNED = pins(WANTED.instances)
ROOT = root_statement(KEY_ARN.partition, KEY_ARN.account)
PLACES = [("aws", "us-east-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
accounts = st.text("0123456789", min_size=12, max_size=12)


@st.composite
def wanted(draw: st.DrawFn) -> Wanted:
    partition, region = draw(st.sampled_from(PLACES))
    owners = draw(st.lists(accounts, min_size=1, max_size=3))
    found = draw(st.lists(st.tuples(st.sampled_from(owners), st.uuids()), min_size=1, max_size=5))
    instances = tuple(Arn(partition, "connect", region, owner, f"instance/{one}") for owner, one in found)
    key = Arn(partition, "kms", region, draw(accounts), f"key/{draw(st.uuids())}")
    return Wanted(Arn(partition, "sns", region, draw(accounts), "chat"), instances, key)


def read(draft: Draft) -> Policy:
    return typed(json.loads(json_text(draft.policy)))


def only_these(policy: Policy, wanted: Wanted) -> None:
    """Exactly the instances can publish: no other of any account, nobody in nobody's name, no stranger."""
    target = Target.of(wanted.topic)
    connect = ConnectProver(policy, target, (wanted.topic.region,))
    owners = {arn.account for arn in wanted.instances}
    assert all(can_publish(policy, target, arn).truth is True for arn in wanted.instances)
    assert connect.deputy(owners).truth is False
    for owner in (*owners, wanted.topic.account):
        ids = [arn.instance_id for arn in wanted.instances if arn.account == owner]
        assert connect.siblings(owner, ids).truth is False
    assert OtherAccountsProver(policy, target).can(PUBLISH, SUBSCRIBE, *ADMINISTER).truth is False


@settings(deadline=None)
@given(wanted())
def test_exactly_the_named_instances_can_publish(wanted: Wanted) -> None:
    draft = draft_topic_policy(wanted)
    assert draft.added == len({arn.account for arn in wanted.instances})
    only_these(read(draft), wanted)


@settings(deadline=None)
@given(wanted(), st.sampled_from([None, *KeyCondition]))
def test_connect_can_use_the_key_and_the_account_keeps_it(
    wanted: Wanted, condition: KeyCondition | None
) -> None:
    assert wanted.key is not None
    by_instance = condition is KeyCondition.INSTANCE
    draft = draft_key_policy(wanted, wanted.key, condition=condition)
    policy = typed(json.loads(json_text(draft.policy)), KEY)
    for arn in wanted.instances:
        assert can_use(policy, wanted.key, wanted.topic, arn) is True
        assert (can_use(policy, wanted.key, wanted.topic) is True) is not by_instance
    stranger = OtherAccountsProver(policy, Target.of(wanted.key))
    assert stranger.can(DATA_KEY, PUT_KEY_POLICY).truth is False
    elsewhere = wanted.topic._replace(resource="another-topic")
    anywhere = condition is not KeyCondition.TOPIC
    assert (can_use(policy, wanted.key, elsewhere, wanted.instances[0]) is True) is anywhere
    other = wanted.instances[0]._replace(resource="instance/0")
    assert (can_use(policy, wanted.key, wanted.topic, other) is True) is not by_instance


def merged(folder: Path, policy: Any, wanted: Wanted = WANTED) -> Draft:
    path = folder / "policy.json"
    path.write_text(json.dumps(policy))
    return draft_topic_policy(wanted, path)


def merged_key(folder: Path, policy: Any, *, condition: KeyCondition | None = None) -> Draft:
    path = folder / "key-policy.json"
    path.write_text(policy if isinstance(policy, str) else json.dumps(policy))
    return draft_key_policy(WANTED, KEY_ARN, path, condition=condition)


@settings(deadline=None, max_examples=150)
@given(policies())
def test_merging_keeps_what_is_there_adds_at_the_end_and_does_so_once(policy: Any) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        try:
            once = merged(folder, policy)
        except InputError:
            return  # a policy that AWS would not take, or that denies Connect
        kept = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        text = json.loads(json_text(once.policy))
        found = text["Statement"] if isinstance(text["Statement"], list) else [text["Statement"]]
        assert found[: len(kept)] == kept
        assert len(found) == len(kept) + once.added
        assert {**text, "Statement": 0} == {**policy, "Statement": 0}
        assert list(text) == list(policy)
        again = merged(folder, text)
        assert (again.added, again.policy) == (0, text)
        answers = [can_publish(read(once), Target.of(WANTED.topic), one).truth for one in WANTED.instances]
        assert all(one is True or isinstance(one, Unknown) for one in answers)


GOOD = topic_statements(TOPIC_ARN, WANTED.instances)[0]
OTHER = INSTANCE_ARN.replace("3f6c1b52", "4f6c1b52")


@pytest.mark.parametrize(
    ("given_statement", "added"),
    [
        (GOOD, 0),
        ({**GOOD, "Sid": "Mine", "Action": ["SNS:Publish"]}, 0),
        (statement(Condition={"ArnLike": {"AWS:SourceArn": INSTANCE_ARN}}), 0),
        (statement(Condition=pins([arn_of(INSTANCE_ARN), arn_of(OTHER)])), 0),
        (statement(Condition=pins([arn_of(OTHER)])), 1),
        (statement(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), 1),
        (statement(), 1),
        ({**GOOD, "Effect": "Deny", "Action": "sns:Subscribe"}, 1),
        ({**GOOD, "Resource": f"{TOPIC_ARN}-old"}, 1),
        (statement(Principal={"Service": "events.amazonaws.com"}), 1),
    ],
)
def test_a_statement_that_allows_these_and_no_strangers_is_enough(
    given_statement: dict[str, Any], added: int, tmp_path: Path
) -> None:
    (tmp_path / "topic.json").write_text(
        json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(document(given_statement))}})
    )
    assert draft_topic_policy(WANTED, tmp_path / "topic.json").added == added


def test_only_the_instances_that_lack_a_statement_get_one_with_a_sid_of_its_own(tmp_path: Path) -> None:
    wanted = WANTED._replace(instances=(*WANTED.instances, arn_of(OTHER)))
    found = json.loads(json_text(merged(tmp_path, document(GOOD), wanted).policy))["Statement"]
    assert found[0] == GOOD
    assert [one["Sid"] for one in found] == ["AllowConnectChatStreaming", "AllowConnectChatStreaming2"]
    assert found[1]["Condition"]["ArnEquals"]["aws:SourceArn"] == OTHER


def test_style_and_version_stay_and_a_statement_alone_becomes_a_list(tmp_path: Path) -> None:
    alone = statement(Principal={"Service": ["events.amazonaws.com"]}, Action=["SNS:Publish"])
    old = {"Id": "x", "Statement": alone, "Version": "2008-10-17"}
    assert json.loads(json_text(merged(tmp_path, old).policy)) == {**old, "Statement": [alone, GOOD]}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (document(statement(Effect="Deny", Condition=None)), "another statement denies it"),
        (document(statement(Resource=f"{TOPIC_ARN}-other")), "this is the policy of topic"),
        ({"Version": "2012-10-17", "Statement": []}, "no statement"),
        (document(statement(Principle={}, Principal=None)), "Principle"),
        ({"Attributes": {"TopicArn": TOPIC_ARN}}, "no `Policy`"),
        ({"Attributes": {"TopicArn": f"{TOPIC_ARN}2", "Policy": "{}"}}, "this is the policy of topic"),
        ({"Policy": "{}"}, "expected"),
        (
            document(*(statement(Sid=f"s{n}", Principal={"AWS": ACCOUNT}) for n in range(100))),
            "the policy has 101 statements; the limit for a topic policy is 100",
        ),
        (
            document(statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/{'x' * 30_400}"})),
            "the limit for a topic policy is 30,720",
        ),
    ],
)
def test_what_nothing_can_be_put_into_is_refused(policy: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        merged(tmp_path, policy)


def test_a_policy_for_too_many_accounts_is_refused() -> None:
    instances = tuple(WANTED.instances[0]._replace(account=f"{n:012}") for n in range(101))
    with pytest.raises(InputError, match="the limit for a topic policy is 100"):
        draft_topic_policy(WANTED._replace(instances=instances))


def test_doubts_and_keys_are_remarked_upon(tmp_path: Path) -> None:
    doubtful = statement(
        Effect="Deny", Principal="*", Condition={"StringNotEquals": {"aws:SourceOrgID": "o-1"}}
    )
    attributes = {
        "TopicArn": TOPIC_ARN,
        "KmsMasterKeyId": "alias/aws/sns",
        "Policy": json.dumps(document(doubtful)),
    }
    doubt, key = merged(tmp_path, {"Attributes": attributes}, WANTED._replace(key=None)).remarks
    assert doubt.startswith("not known whether Connect can publish for")
    assert "use a customer managed key" in key
    attributes["KmsMasterKeyId"] = "alias/chat"
    assert "--key-arn" in merged(tmp_path, {"Attributes": attributes}, WANTED._replace(key=None)).remarks[1]


@pytest.mark.parametrize(
    ("statements", "condition", "added"),
    [
        ([ROOT], None, 1),
        ([ROOT], KeyCondition.INSTANCE, 1),
        ([ROOT, key_statement()], None, 0),
        ([ROOT, key_statement()], KeyCondition.INSTANCE, 0),
        ([ROOT, key_statement(condition=PINNED)], KeyCondition.INSTANCE, 0),
        ([ROOT, key_statement(condition=PINNED)], None, 1),
        ([ROOT], KeyCondition.TOPIC, 1),
        ([ROOT, key_statement()], KeyCondition.TOPIC, 0),
        ([ROOT, {**key_statement(), "Action": "kms:Decrypt"}], None, 1),
        ([ROOT, {**key_statement(), "Principal": {"Service": "sns.amazonaws.com"}}], None, 1),
    ],
)
def test_a_key_gets_what_it_lacks_once(
    statements: list[Any], condition: KeyCondition | None, added: int, tmp_path: Path
) -> None:
    once = merged_key(tmp_path, document(*statements), condition=condition)
    text = json.loads(json_text(once.policy))
    assert (once.added, text["Statement"][: len(statements)]) == (added, statements)
    wrapped = json.dumps({"Policy": json.dumps(text), "PolicyName": "default"})
    assert merged_key(tmp_path, wrapped, condition=condition).added == 0
    assert len({one["Sid"] for one in text["Statement"]}) == len(text["Statement"])


def test_a_key_that_denies_connect_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another statement denies it"):
        merged_key(tmp_path, document(ROOT, {**key_statement(), "Effect": "Deny"}))
    large = {**ROOT, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{'x' * 32_500}"}}
    with pytest.raises(InputError, match="the limit for a key policy is 32,768"):
        merged_key(tmp_path, document(large))


def test_statements_of_a_policy_are_a_policy() -> None:
    assert policy_of([GOOD]) == {"Version": "2012-10-17", "Statement": [GOOD]}
