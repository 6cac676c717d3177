"""What stands in the local AWS of a test, and audits of it within this process."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from checker.analysis.inventory import Source
from checker.lint.engine import Scope
from checker.lint.report import Report
from checker.live.audit.accounts import survey
from checker.live.audit.executor import Worker, joined
from checker.live.audit.follow_up import Followed
from checker.live.audit.journal import Entry
from checker.live.audit.plan import Plan
from checker.live.audit.replicas import completed
from checker.live.aws.access import Access, Coverage, Unit
from checker.live.aws.session import sign_in
from checker.report.record import read_report, read_unit
from tests.live.cloud import ACCOUNT, REGION, Cloud

HERE = Coverage()
BY_POLICY = Scope()


def audited(
    cloud: Cloud,
    coverage: Coverage = HERE,
    scope: Scope = BY_POLICY,
    hours: int = 0,
    instances: tuple[str, ...] = (),
    followed: Followed = (),
    **access: Any,
) -> Report:
    """Audit the units one after the other, with ``instances`` as if by --instance-arn."""
    stated = tuple((Source.OPTION.value, arn) for arn in instances)
    how = Access(endpoint=cloud.url, **{"attempts": 1, "threads": 4, **access})
    plan = Plan(how, scope, stated, hours=hours, followed=followed)
    sessions = sign_in(plan.access)
    surveyed = survey(sessions, coverage)
    worker = Worker(plan._replace(organization=surveyed.organization), sessions)
    entries = [_entry(unit, json.loads(json.dumps(worker.work(unit)))) for unit in surveyed.units]
    worker.close()
    report = joined(entry.report for entry in completed(entries, {}))
    return report._replace(skipped=(*surveyed.skipped, *report.skipped))


def _entry(unit: Unit, value: dict[str, Any]) -> Entry:
    replicas = {arn: tuple(regions) for arn, regions in value["replicas"].items()}
    report, audited = read_report(value["report"]), read_unit(value["audited"])
    began = datetime.fromisoformat(value["began"])
    return Entry(unit.bare, value["again"], report, replicas, audited, began)


def make_instance(cloud: Cloud, account: str = ACCOUNT, region: str = REGION) -> str:
    made = cloud.client("connect", region, account).create_instance(
        IdentityManagementType="CONNECT_MANAGED", InboundCallsEnabled=True, OutboundCallsEnabled=True
    )
    return str(made["Arn"])


def make_topic(
    cloud: Cloud, name: str, instance: str = "", key: str = "", account: str = ACCOUNT, region: str = REGION
) -> str:
    """Make a topic that Connect may publish to for an instance; without one, with the policy that AWS writes."""
    sns = cloud.client("sns", region, account)
    arn = str(sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key} if key else {})["TopicArn"])
    if instance:
        statement = {
            "Sid": "AllowConnect",
            "Effect": "Allow",
            "Principal": {"Service": "connect.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": instance.split(":")[4]},
                "ArnEquals": {"aws:SourceArn": instance},
            },
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))
    return arn


def make_key(cloud: Cloud, alias: str = "", connect: bool = True, region: str = REGION) -> str:
    """Make a key that Connect may use, and give its ARN."""
    kms = cloud.client("kms", region)
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statements = [{"Sid": "root", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]
    if connect:
        actions: Any = ["kms:GenerateDataKey*", "kms:Decrypt"]
        principal = {"Service": "connect.amazonaws.com"}
        statements.append(
            {"Sid": "c", "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
        )
    policy = {"Version": "2012-10-17", "Statement": statements}
    metadata = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]
    if alias:
        kms.create_alias(AliasName=alias, TargetKeyId=metadata["KeyId"])
    return str(metadata["Arn"])


def subscribe(cloud: Cloud, topic: str) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:chats"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:*"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.client("sqs").create_queue(QueueName="chats", Attributes={"Policy": policy})
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)


def whole(cloud: Cloud) -> str:
    """A chain in which nothing is missing: an instance, an encrypted topic, a key, a queue."""
    instance = make_instance(cloud)
    make_key(cloud, "alias/chat")
    topic = make_topic(cloud, "chat", instance, "alias/chat")
    subscribe(cloud, topic)
    make_topic(cloud, "other")
    cloud.calls.clear()
    return topic


def rules_of(report: Report) -> set[str]:
    return {one.rule for one in report.findings}


def said_of(report: Report) -> str:
    return "\n".join(f"{one.what}: {one.reason}" for one in report.skipped)


def event(name: str, **asked: Any) -> dict[str, Any]:
    return {
        "eventName": name,
        "eventSource": "connect.amazonaws.com",
        "eventTime": "2026-11-22T10:00:00Z",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "requestParameters": asked,
        "responseElements": {"StreamingId": str(asked.get("ContactId"))},
    }


def streams(cloud: Cloud, instance: str, topic: str) -> None:
    """Let CloudTrail show that an instance streams to a topic."""
    asked = {"InstanceId": instance, "ChatStreamingConfiguration": {"StreamingEndpointArn": topic}}
    cloud.events.append(event("StartContactStreaming", ContactId="c", **asked))
