"""An audit of one account: what is in scope, what is read, and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from html import escape
from threading import Event
from typing import cast
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from checker.analysis.inventory import Contact, Place, Source
from checker.core.arn import Arn
from checker.core.finding import Verdict
from checker.lint.engine import Scope
from checker.lint.scope import FOLLOWED
from checker.live.audit import unit_context
from checker.live.audit.follow_up import followed_of
from checker.live.audit.plan import Plan
from checker.live.audit.topics import ReadTopic, Subscriptions, is_skippable
from checker.live.aws.access import Access, Coverage, Unit
from checker.live.aws.calls import Calls
from checker.live.aws.facts import document_of, topic_of
from checker.live.aws.session import sign_in
from checker.report.judgment import Earlier
from tests.live.cloud import ACCOUNT, REGION, Cloud, refuse
from tests.live.scene import (
    audited,
    event,
    make_instance,
    make_key,
    make_topic,
    rules_of,
    said_of,
    streams,
    subscribe,
    whole,
)


def test_a_whole_chain_is_clean_and_every_thing_is_read_once(cloud: Cloud) -> None:
    topic = whole(cloud)
    report = audited(cloud, hours=1)
    assert rules_of(report) == {"unpinned-key-grant"}
    assert [one.resource for one in report.examined if one.kind == "topic"] == [topic]
    assert report.not_judged == 1
    assert not report.skipped
    assert cloud.counts() == {
        "sts:GetCallerIdentity": 1,
        "sns:ListTopics": 1,
        "sns:GetTopicAttributes": 2,
        "sns:ListSubscriptions": 1,
        "sns:GetSubscriptionAttributes": 1,
        "connect:ListInstances": 1,
        "connect:DescribeInstance": 1,
        "cloudtrail:LookupEvents": 4,
        "kms:ListAliases": 1,
        "kms:DescribeKey": 1,
        "kms:GetKeyPolicy": 1,
        "kms:ListGrants": 1,
        "sqs:GetQueueUrl": 1,
        "sqs:GetQueueAttributes": 1,
    }


def test_a_key_is_read_once_by_all_four_names(cloud: Cloud) -> None:
    instance = make_instance(cloud)
    arn = make_key(cloud, "alias/chat", connect=False)
    names = [arn, arn.rpartition("/")[2], "alias/chat", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/chat"]
    topics = [make_topic(cloud, f"t{number}", instance, name) for number, name in enumerate(names)]
    cloud.calls.clear()
    report = audited(cloud)
    assert "connect-cannot-use-key" in rules_of(report)
    assert [one.resource for one in report.examined if one.kind == "key"] == [arn]
    assert {one.resource for one in report.examined if one.kind == "topic"} == set(topics)
    counts = cloud.counts()
    assert counts["kms:DescribeKey"] == counts["kms:GetKeyPolicy"] == counts["kms:ListGrants"] == 1


@pytest.mark.parametrize("name", ["alias/aws/sns", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/sns"])
def test_the_managed_key_is_never_described(cloud: Cloud, name: str) -> None:
    make_topic(cloud, "chat", make_instance(cloud), name)
    cloud.calls.clear()
    assert "aws-managed-key" in rules_of(audited(cloud))
    assert not [one for one in cloud.calls if one.service == "kms"]


def test_a_key_in_another_region_is_not_asked_for_and_is_found(cloud: Cloud) -> None:
    make_topic(cloud, "chat", make_instance(cloud), f"arn:aws:kms:us-west-2:{ACCOUNT}:key/k")
    cloud.calls.clear()
    assert "unusable-key" in rules_of(audited(cloud))
    assert not [one for one in cloud.calls if one.service == "kms"]


def test_a_topic_that_is_streamed_to_is_judged_whatever_its_policy_says(cloud: Cloud) -> None:
    instance = make_instance(cloud)
    topic = make_topic(cloud, "chat")
    streams(cloud, instance, topic)
    report = audited(cloud, hours=1)
    assert "source-owner" in rules_of(report)
    assert [one.kind for one in report.examined] == ["topic", "contact"]


def test_an_instance_that_streams_is_judged_beside_the_named_one(cloud: Cloud) -> None:
    named, streaming = make_instance(cloud), make_instance(cloud)
    topic = make_topic(cloud, "chat", named)
    subscribe(cloud, topic)
    streams(cloud, streaming, topic)
    assert rules_of(audited(cloud, hours=1, instances=(named,))) == {"connect-not-allowed"}
    assert rules_of(audited(cloud, hours=0, instances=(named,))) == set()
    cloud.client("connect").delete_instance(InstanceId=streaming.rpartition("/")[2])
    assert rules_of(audited(cloud, hours=1, instances=(named,))) == set()


@pytest.mark.parametrize(("grants", "judged"), [(True, 1), (False, 0)])
@pytest.mark.parametrize("alias", ["", "alias/chat"])
def test_a_topic_is_in_scope_whose_key_grants_connect_something(
    cloud: Cloud, grants: bool, judged: int, alias: str
) -> None:
    make_instance(cloud)
    topic = make_topic(cloud, "chat", key=alias or make_key(cloud, connect=grants))
    if alias:
        make_key(cloud, alias, connect=grants)
    make_topic(cloud, "managed", key="alias/aws/sns")
    report = audited(cloud)
    assert [one.resource for one in report.examined if one.kind == "topic"] == [topic] * judged
    assert ("source-owner" in rules_of(report)) is grants
    assert (report.not_judged, said_of(report)) == (2 - judged, "")


def test_the_key_of_another_account_is_not_asked_for_unless_its_topic_is_named(cloud: Cloud) -> None:
    key = f"arn:aws:kms:{REGION}:222222222222:key/{uuid4()}"
    topic = make_topic(cloud, "chat", key=key)
    (skipped,) = audited(cloud).skipped
    assert (skipped.what, skipped.error) == (topic, False)
    assert "only account 222222222222" in skipped.reason
    assert not cloud.counts()["kms:DescribeKey"]
    assert cloud.counts()["sns:GetTopicAttributes"] == 1
    assert "unusable-key" in rules_of(audited(cloud, scope=Scope(topics=(topic,))))
    assert cloud.counts()["kms:DescribeKey"] == 1


def test_a_contact_with_three_topics_is_found(cloud: Cloud) -> None:
    instance = make_instance(cloud)
    for number in range(3):
        topic = make_topic(cloud, f"t{number}", instance)
        asked = {"InstanceId": instance, "ChatStreamingConfiguration": {"StreamingEndpointArn": topic}}
        one = event("StartContactStreaming", ContactId="c", **asked)
        cloud.events.append({**one, "responseElements": {"StreamingId": str(number)}})
    assert "too-many-topics" in rules_of(audited(cloud, hours=1))


def test_topics_are_in_scope_by_name_and_tag_and_when_all_are_asked_for(cloud: Cloud) -> None:
    named, tagged = make_topic(cloud, "named"), make_topic(cloud, "tagged")
    make_topic(cloud, "other")
    cloud.client("sns").tag_resource(ResourceArn=tagged, Tags=[{"Key": "stream", "Value": "chat"}])

    def judged(scope: Scope) -> set[str]:
        return {one.resource for one in audited(cloud, scope=scope).examined}

    assert judged(Scope()) == set()
    assert judged(Scope(topics=("*:named",))) == {named}
    assert judged(Scope(tags=("stream=chat",))) == {tagged} == judged(Scope(tags=("stream",)))
    assert len(judged(Scope(all_topics=True))) == 3


def test_a_topic_that_is_named_is_read_though_topics_cannot_be_listed(cloud: Cloud) -> None:
    topic = make_topic(cloud, "chat")
    cloud.fault = refuse("ListTopics", "AuthorizationError")
    report = audited(cloud, scope=Scope(topics=(topic,)))
    assert [one.resource for one in report.examined] == [topic]
    assert "sns:ListTopics" in said_of(report)


@pytest.mark.parametrize(("judged", "calls"), [(1, (1, 1)), (12, (3, 0))])
def test_subscriptions_are_listed_in_the_way_that_takes_fewer_calls(
    cloud: Cloud, judged: int, calls: tuple[int, int]
) -> None:
    instance = make_instance(cloud)
    topics = [make_topic(cloud, f"t{number}", instance if number < judged else "") for number in range(12)]
    for topic in topics:
        for number in range(20):
            queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q{number}"
            cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    shown = {topic: _attributes(cloud, topic, 20) for topic in topics}
    cloud.calls.clear()
    cloud.fault = lambda call: (
        (200, shown[parse_qs(call.body)["TopicArn"][0]]) if call.operation == "GetTopicAttributes" else None
    )
    report = audited(cloud)
    said = {one.message.rpartition(": ")[2] for one in report.findings if one.rule == "no-durable-subscriber"}
    assert "no subscriptions" not in said
    counts = cloud.counts()
    assert (counts["sns:ListSubscriptions"], counts["sns:ListSubscriptionsByTopic"]) == calls


def _attributes(cloud: Cloud, topic: str, subscribed: int) -> str:
    """What AWS answers, with the count of subscriptions that moto leaves at 0."""
    known = cloud.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    values = {**known, "SubscriptionsConfirmed": str(subscribed)}
    shown = "".join(f"<entry><key>{k}</key><value>{escape(v)}</value></entry>" for k, v in values.items())
    result = f"<GetTopicAttributesResult><Attributes>{shown}</Attributes></GetTopicAttributesResult>"
    return f"<GetTopicAttributesResponse>{result}</GetTopicAttributesResponse>"


def test_of_two_instances_only_the_one_that_the_policy_names_is_asked_about(cloud: Cloud) -> None:
    first, _second = make_instance(cloud), make_instance(cloud)
    subscribe(cloud, make_topic(cloud, "chat", first))
    assert rules_of(audited(cloud)) == set()


def test_an_instance_of_another_account_that_the_policy_names_is_no_stranger(cloud: Cloud) -> None:
    make_instance(cloud)
    other = f"arn:aws:connect:{REGION}:999988887777:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    subscribe(cloud, make_topic(cloud, "chat", other))
    assert rules_of(audited(cloud)) == set()


def test_a_region_that_is_not_listed_for_connect_is_asked_all_the_same(cloud: Cloud) -> None:
    make_topic(cloud, "chat", f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/i", region="eu-north-1")
    cloud.calls.clear()
    report = audited(cloud, Coverage(regions=("eu-north-1",)), hours=1)
    assert "cross-region" in rules_of(report)
    assert "connect" in {one.service for one in cloud.calls}


def test_n_topics_take_at_most_n_and_30_calls(cloud: Cloud) -> None:
    sns = cloud.client("sns")
    for number in range(250):
        sns.create_topic(Name=f"other-{number}")
    topic = whole(cloud)
    report = audited(cloud, hours=1, threads=8)
    assert report.not_judged == 251
    assert topic in {one.resource for one in report.examined}
    assert len(cloud.calls) <= 252 + 30
    assert all(
        verdict is not Verdict.UNDETERMINED for one in report.examined for verdict in one.verdicts.values()
    )


def test_a_regional_principal_of_connect_is_judged_as_in_a_file(cloud: Cloud) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    sns = cloud.client("sns")
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    regional = policy.replace("connect.amazonaws.com", f"connect.{REGION}.amazonaws.com")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=regional)
    report = audited(cloud)
    assert [one.resource for one in report.examined] == [topic]
    assert "invalid-policy" in rules_of(report)


def test_where_instances_cannot_be_listed_cloudtrail_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = Arn("aws", "connect", REGION, ACCOUNT, f"instance/{uuid4()}")
    name = f"arn:aws:sns:{REGION}:{ACCOUNT}:chat"
    place = Place(document_of(name, {}), ())
    read = Event()

    def contacts(_calls: Calls, _hours: int) -> tuple[Contact, ...]:
        read.wait()
        return (Contact("c", ((name, place),), place, REGION, instance),)

    monkeypatch.setattr(unit_context, "list_instances", lambda _: None)
    monkeypatch.setattr(unit_context, "contacts_of", contacts)
    topic = topic_of(name, {})
    with ThreadPoolExecutor(2) as pool:
        unit = unit_context.UnitContext(cast("Calls", None), Plan(), pool)
        early = unit.pair(topic)
        read.set()
        unit.contacts()
        late = unit.pair(topic)
    assert early is None
    assert late is not None
    assert [(one.instance, one.source) for one in late.pairings or ()] == [(instance, Source.CLOUDTRAIL)]


@pytest.mark.parametrize(
    ("policy", "skippable"),
    [
        ('{"Statement": []}', True),
        ('{"Statement": [{"Principal": {"Service": "connect.amazonaws.com"}}]}', False),
        ('{"Statement": [{"Principal": {"Service": "\\u0063onnect.amazonaws.com"}}]}', False),
        ("{not JSON", False),
        ("", False),
        ("[" * 100_000, False),
        (None, False),
    ],
)
def test_a_policy_that_may_name_connect_or_is_none_is_read(policy: str | None, skippable: bool) -> None:
    assert is_skippable(policy, Scope()) == skippable


@pytest.mark.parametrize(("account", "judged"), [(ACCOUNT, 1), ("222222222222", 0)])
def test_a_reported_topic_of_another_account_is_judged_again(cloud: Cloud, account: str, judged: int) -> None:
    """Only by the account whose instance streamed to it: the others do not know the topic."""
    make_instance(cloud)
    topic = make_topic(cloud, "chat", account="444455556666")
    instance = f"arn:aws:connect:{REGION}:{account}:instance/{uuid4()}"
    again = followed_of([Earlier("missing-source-account", topic, instances=(instance,))])
    examined = audited(cloud, followed=again).examined
    assert [one.in_scope for one in examined if one.resource == topic] == [FOLLOWED] * judged


def test_an_account_does_not_know_all_subscriptions_of_a_topic_in_another(cloud: Cloud) -> None:
    calls = Calls(sign_in(Access(endpoint=cloud.url, attempts=1)), Unit(ACCOUNT, REGION), Event())
    with ThreadPoolExecutor(1) as pool:
        subscriptions = Subscriptions(calls, pool)
        subscriptions.want(ReadTopic(f"arn:aws:sns:{REGION}:{ACCOUNT}:own", {}))
        assert subscriptions.of(f"arn:aws:sns:{REGION}:{ACCOUNT}:own") == ()
        assert subscriptions.of(f"arn:aws:sns:{REGION}:444455556666:foreign") is None
