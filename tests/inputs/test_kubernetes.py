"""Topics and keys as Kubernetes resources, of ACK and of Crossplane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from checker.analysis.inventory import Inventory, Key, PolicyText
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.inputs.load import load
from tests.samples import ACCOUNT, TOPIC_ARN, document, statement

if TYPE_CHECKING:
    from pathlib import Path

POLICY = json.dumps(document(statement()), indent=2)
KEY_POLICY = json.dumps(document(statement(Action=["kms:Decrypt", "kms:GenerateDataKey*"], Resource="*")))
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def ack(service: str, kind: str, spec: Any, name: str = "chat", **other: Any) -> dict[str, Any]:
    version = f"{service}.services.k8s.aws/v1alpha1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec, **other}


def crossplane(service: str, kind: str, properties: Any, name: str = "chat") -> dict[str, Any]:
    version, spec = f"{service}.aws.upbound.io/v1beta1", {"forProvider": properties}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def read(folder: Path, *documents: Any) -> Inventory:
    (folder / "chat.yaml").write_text(yaml.safe_dump_all(documents))
    return load([folder])


KEY = {"policy": KEY_POLICY}
READ: dict[str, list[dict[str, Any]]] = {
    "ACK": [
        ack("sns", "Topic", {"name": "chat", "policy": POLICY, "kmsMasterKeyRef": {"from": {"name": "key"}}}),
        ack("kms", "Key", KEY, "key"),
    ],
    "ACK, by alias": [
        ack("sns", "Topic", {"name": "chat", "policy": POLICY, "kmsMasterKeyID": "alias/chat"}),
        ack("kms", "Key", KEY, "key"),
        ack("kms", "Alias", {"name": "alias/chat", "targetKeyRef": {"from": {"name": "key"}}}, "alias"),
    ],
    "ACK, created": [
        ack(
            "sns",
            "Topic",
            {"name": "chat", "policy": POLICY, "kmsMasterKeyID": KEY_ARN},
            status={"ackResourceMetadata": {"arn": TOPIC_ARN}},
        ),
        ack("kms", "Key", KEY, "key", status={"ackResourceMetadata": {"arn": KEY_ARN}}),
    ],
    "Crossplane": [
        crossplane(
            "sns", "Topic", {"region": "us-east-1", "kmsMasterKeyIdRef": {"name": "key"}, "policy": POLICY}
        ),
        crossplane("kms", "Key", KEY, "key"),
    ],
    "Crossplane, with TopicPolicy": [
        crossplane("sns", "Topic", {"region": "us-east-1", "kmsMasterKeyIdRef": {"name": "key"}}),
        crossplane("sns", "TopicPolicy", {"arnRef": {"name": "chat"}, "policy": POLICY}, "policy"),
        crossplane("kms", "Key", KEY, "key"),
    ],
    "other resources between": [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "chat"}},
        ack("sns", "Topic", {"name": "chat", "policy": POLICY, "kmsMasterKeyRef": {"from": {"name": "key"}}}),
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"topics": "sns"}},
        ack("kms", "Key", KEY, "key"),
        ack("sns", "Subscription", {"topicARN": TOPIC_ARN}),
    ],
}
READ["a list"] = [{"apiVersion": "v1", "kind": "List", "items": READ["ACK"]}]


@pytest.mark.parametrize("name", READ)
def test_topics_and_keys_are_linked(name: str, tmp_path: Path) -> None:
    found = read(tmp_path, *READ[name])
    assert found.skipped == ()
    (topic,) = found.topics
    assert isinstance(topic.policy, PolicyText)
    assert "connect.amazonaws.com" in topic.policy.text
    key = found.key_of(topic)
    assert isinstance(key, Key)
    assert isinstance(key.policy, PolicyText)


def test_the_policy_states_the_arn_of_its_own_topic(tmp_path: Path) -> None:
    arns = [
        read(tmp_path, ack("sns", "Topic", {"name": name, "policy": POLICY})).topics[0].arn
        for name in ("chat", "other")
    ]
    assert [isinstance(one, Arn) for one in arns] == [True, False]


def test_the_policy_of_an_existing_topic_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, crossplane("sns", "TopicPolicy", {"arn": TOPIC_ARN, "policy": POLICY}))
    assert found.skipped == ()
    (topic,) = found.topics
    assert str(topic.arn) == TOPIC_ARN
    assert isinstance(topic.policy, PolicyText)


def test_a_selected_key_is_not_known(tmp_path: Path) -> None:
    properties = {"policy": POLICY, "kmsMasterKeyIdSelector": {"matchLabels": {"app": "chat"}}}
    (topic,) = read(tmp_path, crossplane("sns", "Topic", properties)).topics
    assert isinstance(topic.key, Unknown)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_policy_of_selected_topics_may_be_that_of_a_topic(tmp_path: Path, *, is_first: bool) -> None:
    topic = crossplane("sns", "Topic", {"name": "chat"})
    selector = {"policy": POLICY, "arnSelector": {"matchLabels": {"app": "chat"}}}
    policy = crossplane("sns", "TopicPolicy", selector)
    found = read(tmp_path, *([policy, topic] if is_first else [topic, policy]))
    topics = {one.address: one for one in found.topics}
    chosen = next(one for name, one in topics.items() if name.endswith(".arnSelector"))
    assert isinstance(chosen.policy, PolicyText)
    (other,) = (one for one in found.topics if one is not chosen)
    assert isinstance(other.policy, Unknown)
    assert other.policy.where == chosen.address
    assert found.skipped == ()


def test_a_namespace_has_its_own_names(tmp_path: Path) -> None:
    key = ack("kms", "Key", KEY, "key")
    key["metadata"]["namespace"] = "other"
    topic = ack(
        "sns", "Topic", {"name": "chat", "policy": POLICY, "kmsMasterKeyRef": {"from": {"name": "key"}}}
    )
    found = read(tmp_path, topic, key)
    assert isinstance(found.key_of(found.topics[0]), Unknown)


@pytest.mark.parametrize("spec", [None, 5, [], "text", {}, {"policy": 5}, {"policy": []}, {"policy": "{"}])
@pytest.mark.parametrize("kind", ["Topic", "TopicPolicy", "Key", "Alias"])
def test_hostile_resources_end_in_no_traceback(kind: str, spec: Any, tmp_path: Path) -> None:
    service = "sns" if kind.startswith("Topic") else "kms"
    read(tmp_path, ack(service, kind, spec), crossplane(service, kind, spec), {"apiVersion": 5, "kind": []})
