"""Policy files for the benchmarks: the shapes that repositories hold, each with numbers of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def policies(count: int) -> Iterator[dict[str, Any]]:
    """Give policies of about half a kilobyte, in turns good, default, open, half pinned and blocked."""
    shapes = (_documented, _default, _open, _if_exists, _blocked)
    for number in range(count):
        account = f"{111122223333 + number:012}"
        topic = f"arn:aws:sns:us-east-1:{account}:chat-stream-{number}"
        instance = f"arn:aws:connect:us-east-1:{account}:instance/{UUID(int=number * 7919)}"
        yield shapes[number % len(shapes)](account, topic, instance)


def write_policies(folder: Path, count: int) -> list[Path]:
    """Write the policies as files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, policy in enumerate(policies(count)):
        path = folder / f"policy-{number:04}.json"
        path.write_text(json.dumps(policy, indent=1))
        paths.append(path)
    return paths


def write_requests(path: Path, count: int) -> None:
    """Write requests for `checker simulate`, Connect's own for every policy."""
    lines = []
    for policy in policies(count):
        resource = policy["Statement"][0]["Resource"]
        account = resource.split(":")[4]
        context = {
            "aws:SourceAccount": account,
            "aws:SourceArn": f"arn:aws:connect:us-east-1:{account}:instance/{UUID(int=1)}",
        }
        request = {
            "principal": {"service": "connect.amazonaws.com"},
            "action": "sns:Publish",
            "resource": resource,
            "context": context,
        }
        lines.append(json.dumps({"policy": policy, "request": request}))
    path.write_text("\n".join(lines) + "\n")


def template_of(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a template with a topic for each policy, which refers to it."""
    resources: dict[str, Any] = {}
    for number, policy in enumerate(found):
        topic = {"Ref": f"Topic{number}"}
        statements = [{**statement, "Resource": topic} for statement in policy["Statement"]]
        properties = {"Topics": [topic], "PolicyDocument": {**policy, "Statement": statements}}
        resources[f"Topic{number}"] = {"Type": "AWS::SNS::Topic"}
        resources[f"Policy{number}"] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _statement(topic: str, **more: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}, "Action": "sns:Publish"}
    return {**base, "Resource": topic, **more}


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _documented(account: str, topic: str, instance: str) -> dict[str, Any]:
    condition = {"StringEquals": {"aws:SourceAccount": account}, "ArnEquals": {"aws:SourceArn": instance}}
    return _policy(_statement(topic, Sid="AllowConnect", Condition=condition))


def _default(account: str, topic: str, instance: str) -> dict[str, Any]:  # noqa: ARG001
    actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:Subscribe",
        "SNS:Publish",
    ]
    condition = {"StringEquals": {"AWS:SourceOwner": account}}
    statement = _statement(topic, Sid="__default_statement_ID", Action=actions, Condition=condition)
    return {"Version": "2008-10-17", "Statement": [{**statement, "Principal": {"AWS": "*"}}]}


def _open(account: str, topic: str, instance: str) -> dict[str, Any]:  # noqa: ARG001
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    return _policy(_statement(topic, Sid="Connect"), _statement(topic, Sid="Owner", Principal=root))


def _if_exists(account: str, topic: str, instance: str) -> dict[str, Any]:
    condition = {
        "StringEqualsIfExists": {"aws:SourceAccount": account},
        "ArnLikeIfExists": {"aws:SourceArn": instance},
    }
    return _policy(_statement(topic, Condition=condition))


def _blocked(account: str, topic: str, instance: str) -> dict[str, Any]:
    deny = {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    allowed = _documented(account, topic, instance)["Statement"]
    return _policy(*allowed, _statement(topic, Effect="Deny", Principal="*", Condition=deny))
