"""Functions, queues and delivery streams behind a topic in the local AWS of a test."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.live.cloud import ACCOUNT, REGION, Cloud

TRUST = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}


def make_role(cloud: Cloud, name: str = "reader", **statement: Any) -> str:
    iam = cloud.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
    if statement:
        own = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=own)
        managed = iam.create_policy(PolicyName=name, PolicyDocument=own)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=managed)
    return str(made["Arn"])


def make_function(cloud: Cloud, name: str, *sources: str, alias: str = "") -> str:
    """Make a function that SNS may invoke for these topics, and give the ARN that is subscribed."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): pass")
    client = cloud.client("lambda")
    role = make_role(cloud, f"of-{name}")
    made = client.create_function(
        FunctionName=name, Runtime="python3.11", Role=role, Handler="i.h", Code={"ZipFile": code.getvalue()}
    )
    qualifier = {"Qualifier": alias} if alias else {}
    if alias:
        client.publish_version(FunctionName=name)
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion="1")
    for number, source in enumerate(sources):
        client.add_permission(
            FunctionName=name,
            StatementId=f"sns{number}",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=source,
            **qualifier,
        )
    return f"{made['FunctionArn']}:{alias}" if alias else str(made["FunctionArn"])


def make_queue(cloud: Cloud, name: str, *sources: str) -> str:
    """Make a queue that accepts messages of these topics, and give its ARN."""
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        for source in sources
    ]
    policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})} if sources else {}
    cloud.client("sqs").create_queue(QueueName=name, Attributes=policy)
    return arn


def make_stream(cloud: Cloud, name: str) -> str:
    """Make a delivery stream, and give its ARN."""
    cloud.client("s3").create_bucket(Bucket="chats")
    settings = {"RoleARN": make_role(cloud, "of-stream"), "BucketARN": "arn:aws:s3:::chats"}
    made = cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName=name, ExtendedS3DestinationConfiguration=settings
    )
    return str(made["DeliveryStreamARN"])


def subscribe_to(cloud: Cloud, topic: str, protocol: str, endpoint: str, **attributes: Any) -> str:
    """Subscribe an endpoint, with attributes as texts or as JSON values."""
    texts = {name: one if isinstance(one, str) else json.dumps(one) for name, one in attributes.items()}
    made = cloud.client("sns").subscribe(
        TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=texts, ReturnSubscriptionArn=True
    )
    return str(made["SubscriptionArn"])
