"""Which observations count, and what they show: never more than what was seen, and never against a proof."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from checker.analysis.evidence import Weighed, weigh
from checker.analysis.inventory import Grant, Key, Pairing, Place, Source
from checker.analysis.key import KeyAnalysis
from checker.analysis.observation import (
    REFUSED,
    SERVED,
    SILENT,
    Evidence,
    FormCondition,
    Observation,
    PolicyChange,
    Trial,
    policy_digest,
)
from checker.core.arn import Arn
from checker.live.aws.facts import document_of, policy_of, topic_of
from checker.policy.vocabulary import KEY

ACCOUNT = "111122223333"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:chat"
INSTANCE = f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
OTHER = f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/aaaaaaaa-9a7e-4d21-8c5b-0e1f2a3b4c5d"
CONNECT = "connect.amazonaws.com"
BY_ARN = {"ArnLike": {"aws:SourceArn": INSTANCE}}
BY_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def policy(condition: Any, *more: dict[str, Any]) -> str:
    statement = {
        "Sid": "connect",
        "Effect": "Allow",
        "Principal": {"Service": CONNECT},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
        **({"Condition": condition} if condition else {}),
    }
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    admin = {"Sid": "root", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [admin, statement, *more]})


def arn(text: str) -> Arn:
    found = Arn.parse(text)
    assert found is not None
    return found


def analysis(text: str, *instances: str, grants: tuple[Grant, ...] = ()) -> KeyAnalysis:
    place = Place(document_of(KEY_ARN, {"Arn": KEY_ARN}), ("KeyMetadata",))
    key = Key(arn(KEY_ARN), place, policy_of(KEY_ARN, text, KEY), grants=grants)
    topic = topic_of(TOPIC, {"KmsMasterKeyId": KEY_ARN, "Policy": "{}"})
    pairings = tuple(Pairing(arn(one), Source.OPTION, explicit=True) for one in instances or (INSTANCE,))
    return KeyAnalysis(key, topic, pairings)


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"2026-11-20T{text}:00+00:00").timestamp() * 1000)


def use(name: str, outcome: str = SERVED, time: str = "10:00", **more: Any) -> Observation:
    code = "AccessDenied" if outcome == REFUSED else ""
    seen = Observation(KEY_ARN, TOPIC, CONNECT, f"kms:{name}", outcome, at(time), f"event {name}", code)
    return seen._replace(**more)


BOTH = (use("GenerateDataKey"), use("Decrypt"))
LIVE = ((KEY_ARN, at("08:00")),)
RIGHT = policy_digest(policy(BY_ARN))


def change(time: str, name: str = "PutKeyPolicy", resource: str = KEY_ARN, digest: str = "") -> PolicyChange:
    return PolicyChange(resource, name, at(time), digest)


class Row(NamedTuple):
    """What a run knows, whether that settles the use of the key, and the words that say why it does not."""

    seen: tuple[Observation, ...]
    usable: bool | None
    changes: tuple[PolicyChange, ...] = ()
    known: tuple[tuple[str, int], ...] = LIVE
    says: str = ""
    instances: tuple[str, ...] = (INSTANCE,)
    condition: Any = BY_ARN


ROWS = {
    "served, and all changes are known": Row(BOTH, True),
    "a message arrived under the same policy": Row(
        (use("x", action="sns:Publish", digest=RIGHT),), True, known=()
    ),
    "served after a change that wrote this policy": Row(BOTH, True, (change("09:00", digest=RIGHT),), ()),
    "a digest counts even if changes followed": Row(
        tuple(one._replace(digest=RIGHT) for one in BOTH), True, (change("11:00"),), ()
    ),
    "a digest says nothing of grants": Row(
        tuple(one._replace(digest=RIGHT) for one in BOTH),
        None,
        (change("11:00", "RevokeGrant"),),
        says="`RevokeGrant` changed the key",
    ),
    "a refused action is enough": Row((use("GenerateDataKey", REFUSED), use("Decrypt")), False),
    "only one action was seen": Row(
        BOTH[:1], None, says="`kms:GenerateDataKey` was served on 2026-11-20, but `kms:Decrypt` was not seen"
    ),
    "both served and refused": Row(
        (*BOTH, use("Decrypt", REFUSED, "09:30")), None, says="`kms:Decrypt` was both served and refused"
    ),
    "changed later": Row(BOTH, None, (change("11:00"),), says="`PutKeyPolicy` changed the key on 2026-11-20"),
    "changed at the same time": Row(BOTH, None, (change("10:00"),), says="`PutKeyPolicy` changed the key"),
    "changed just before": Row(
        BOTH, None, (change("09:56", digest=RIGHT),), says="`PutKeyPolicy` had just changed the key"
    ),
    "a grant was retired later": Row(
        BOTH, None, (change("11:00", "RetireGrant"),), says="`RetireGrant` changed the key"
    ),
    "the topic was changed later": Row(
        BOTH, None, (change("11:00", "SetTopicAttributes", TOPIC),), says="changed the topic on 2026-11-20"
    ),
    "another key was changed later": Row(BOTH, True, (change("11:00", resource=f"{KEY_ARN}0"),)),
    "nothing is known of the policy": Row(
        BOTH, None, known=(), says="no event shows which key policy was in force"
    ),
    "the known range begins later": Row(
        BOTH, None, known=((KEY_ARN, at("11:00")),), says="no event shows which key policy was in force"
    ),
    "changes of another key are known": Row(BOTH, None, known=((f"{KEY_ARN}0", 0),), says="no event shows"),
    "the last change wrote another policy": Row(
        BOTH, None, (change("09:00", digest="sha256:0"),), (), "another key policy was in force"
    ),
    "made under another policy": Row(
        tuple(one._replace(digest="sha256:0") for one in BOTH), None, says="another key policy was in force"
    ),
    "another service was served": Row(
        tuple(one._replace(principal="sns.amazonaws.com") for one in BOTH), None
    ),
    "for another topic": Row(tuple(one._replace(topic=f"{TOPIC}2") for one in BOTH), None),
    "with another key": Row(tuple(one._replace(key=f"{KEY_ARN}0") for one in BOTH), None),
    "the condition names another instance": Row(
        BOTH, None, instances=(OTHER,), says="the conditions exclude instance aaaaaaaa"
    ),
    "served for one of two instances": Row(BOTH, None, instances=(INSTANCE, OTHER), says="exclude instance"),
    "served for two instances of the account": Row(
        BOTH, True, instances=(INSTANCE, OTHER), condition=BY_ACCOUNT
    ),
    "refused for one of two instances": Row(
        (use("Decrypt", REFUSED),),
        None,
        instances=(INSTANCE, OTHER),
        condition=BY_ACCOUNT,
        says="several instances stream to the topic",
    ),
    "a condition whose value changes by itself": Row(
        BOTH,
        None,
        condition={**BY_ARN, "DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
        says="`aws:CurrentTime` may change without a change of the policy",
    ),
    "a silent trial decides nothing": Row((use("x", SILENT, action="sns:Publish", digest=RIGHT),), None),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_an_observation_counts_only_for_the_policy_and_the_instance_that_it_shows(row: Row) -> None:
    weighed = weigh(
        analysis(policy(row.condition), *row.instances), Evidence(row.seen, row.changes, row.known)
    )
    assert weighed.usable is row.usable
    assert row.says in "; ".join(weighed.remarks)
    assert bool(weighed.sentence) == (row.usable is not None)
    assert not weighed.contradiction


def test_a_refusal_names_the_statements_that_may_have_refused() -> None:
    deny = {
        "Sid": "deny",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"kms:CallerAccount": ACCOUNT}},
    }
    refused = Evidence((use("Decrypt", REFUSED),), known_since=LIVE)

    def named(text: str) -> list[str]:
        return [one.sid for one in weigh(analysis(text), refused).statements]

    assert named(policy(BY_ARN)) == ["connect"]
    assert named(policy(None, deny)) == ["deny"]
    assert named(policy(BY_ARN, deny)) == ["connect", "deny"]


GRANT = Grant(CONNECT, ("GenerateDataKey", "Decrypt"), OTHER)


@pytest.mark.parametrize(
    ("case", "seen", "contradicts"),
    [
        (analysis(policy(None)), BOTH, False),
        (analysis(policy(None)), (use("Decrypt", REFUSED),), True),
        (analysis(policy(None)), (use("Decrypt", REFUSED, message="in a resource control policy"),), False),
        (analysis('{"Version": "2012-10-17", "Statement": []}'), BOTH, True),
        (analysis('{"Version": "2012-10-17", "Statement": []}'), (use("Decrypt", REFUSED),), False),
        (analysis('{"Version": "2012-10-17", "Statement": []}', grants=(GRANT,)), BOTH, False),
    ],
)
def test_a_proof_stands_and_a_contradiction_is_reported(
    case: KeyAnalysis, seen: tuple[Observation, ...], *, contradicts: bool
) -> None:
    weighed = weigh(case, Evidence(seen, known_since=LIVE))
    assert weighed.usable is None
    assert bool(weighed.contradiction) == contradicts
    late = weigh(case, Evidence(seen, (change("11:00"),), LIVE))
    assert not late.contradiction


FORM_ARN = FormCondition("ArnLike", "aws:sourcearn", "instance")
FORM_ACCOUNT = FormCondition("StringEquals", "aws:sourceaccount", "account")
FORM_PIN = FormCondition("StringEquals", "kms:encryptioncontext:aws:sns:topicarn", "topic")
PIN = {"kms:EncryptionContext:aws:sns:topicArn": TOPIC}


def tried(*form: FormCondition, outcome: str = SERVED, instance: str = INSTANCE, **more: Any) -> Observation:
    trial_key, trial_topic = KEY_ARN.replace("1234abcd", "ffffffff"), f"{TOPIC}-trial"
    one = use("x", outcome, key=trial_key, topic=trial_topic, action="sns:Publish")
    return one._replace(trial=Trial(instance, tuple(sorted(form))), **more)


@pytest.mark.parametrize(
    ("condition", "trial", "usable"),
    [
        (BY_ARN, tried(FORM_ARN), True),
        ({"ArnEquals": {"aws:SourceArn": INSTANCE}}, tried(FORM_ARN), True),  # AWS documents: identical
        (BY_ARN, tried(FORM_ARN, FORM_ACCOUNT), True),  # both were met, so each was
        ({**BY_ARN, "StringEquals": PIN}, tried(FORM_ARN), True),  # the pin is proven
        ({**BY_ARN, **BY_ACCOUNT}, tried(FORM_ARN), None),
        ({"StringEquals": {"aws:SourceArn": INSTANCE}}, tried(FORM_ARN), None),
        ({"ArnLikeIfExists": {"aws:SourceArn": INSTANCE}}, tried(FORM_ARN), None),
        ({"ArnLike": {"aws:SourceArn": INSTANCE[:-4] + "*"}}, tried(FORM_ARN), None),
        ({"ArnLike": {"aws:SourceArn": [INSTANCE, OTHER]}}, tried(FORM_ARN), None),
        ({"StringEquals": {"kms:CallerAccount": ACCOUNT}}, tried(FORM_ACCOUNT), None),
        (BY_ARN, tried(), None),
        (BY_ARN, tried(FORM_PIN), None),
        (BY_ARN, tried(FORM_ARN, instance=OTHER), None),
        (BY_ARN, tried(FORM_ARN, topic=f"{TOPIC}-trial".replace("us-east-1", "us-west-2")), None),
        (BY_ARN, tried(FORM_ARN, topic=f"{TOPIC}-trial".replace(ACCOUNT, "999988887777")), None),
        (BY_ARN, tried(FORM_ARN, key=KEY_ARN.replace(ACCOUNT, "999988887777")), None),
        (BY_ARN, tried(FORM_ARN, outcome=SILENT), None),
        (BY_ARN, tried(FORM_ARN, outcome=REFUSED), False),
        ({**BY_ARN, **BY_ACCOUNT}, tried(FORM_ARN, outcome=REFUSED), False),  # one condition more
        (BY_ARN, tried(FORM_ARN, FORM_ACCOUNT, outcome=REFUSED), None),  # the other one may have refused
    ],
)
def test_a_trial_is_about_statements_of_the_same_form(
    condition: Any, trial: Observation, *, usable: bool | None
) -> None:
    weighed = weigh(analysis(policy(condition)), Evidence((trial,)))
    assert weighed.usable is usable
    if usable:
        assert "in a trial on `" in weighed.sentence
        assert "with the same condition keys" in weighed.sentence


def test_a_trial_decides_only_its_statement() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"kms:CallerAccount": ACCOUNT}},
    }
    assert weigh(analysis(policy(BY_ARN, deny)), Evidence((tried(FORM_ARN),))).usable is None
    refused = Evidence((tried(FORM_ARN, outcome=REFUSED),))
    assert (
        weigh(analysis(policy(BY_ARN), grants=(GRANT._replace(source_arn=None, doubt=None),)), refused)
        == Weighed()
    )


def test_the_own_events_of_a_key_come_before_trials() -> None:
    seen = Evidence((tried(FORM_ARN), use("Decrypt", REFUSED)), known_since=LIVE)
    assert weigh(analysis(policy(BY_ARN)), seen).usable is False


EQUAL = [
    '{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Action": ["kms:Decrypt"]}]}',
    '{"Statement": {"Action": "KMS:decrypt", "Effect": "Allow", "Sid": "b"}, "Version": "2012-10-17", "Id": "x"}',
]
DIFFERENT = [
    EQUAL[0].replace("Allow", "Deny"),
    EQUAL[0].replace("2012-10-17", "2008-10-17"),
    EQUAL[0].replace("kms:Decrypt", "kms:Encrypt"),
    EQUAL[0].replace('"Action"', '"NotAction"'),
]


def test_a_digest_is_equal_only_for_equal_policies() -> None:
    first, second = map(policy_digest, EQUAL)
    assert first == second != ""
    assert first not in map(policy_digest, DIFFERENT)
    keys = (json.dumps({"Condition": {"Null": {"aws:SourceArn": one}}}) for one in ("true", "false"))
    assert len(set(map(policy_digest, keys))) == 2


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"a": 1, "a": 2}', '{"Condition": {"Null": {"a:b": "1", "A:B": "2"}}}', "[" * 100_000],
)
def test_a_policy_that_is_not_clear_has_no_digest(text: str) -> None:
    assert policy_digest(text) == ""
