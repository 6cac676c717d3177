"""What `deploy/` creates, rendered: the Terraform module as its plan, the CloudFormation templates for parameters."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from scripts.terraform_fixtures import Tools, Workspace, workspace

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
ACCOUNT, REGION, HUB = "123456789012", "us-east-1", "210987654321"
NEWS = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
DIGEST = f"sha256:{'0' * 64}"
_PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::Region": REGION}
_NOTHING = object()
_CALLS = "main.tf.json"
_VISIBILITY = 30
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""
Json = dict[str, Any]


class Case(NamedTuple):
    """A hub or member with its settings, by the names that both tools have for them."""

    part: str
    organization: bool = False
    security_hub: bool = False
    tags: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by the names of the module's variables."""
        organization = {"organization_id": "o-a1b2c3d4e5", "external_id": "agreed"}
        shared = {"security_hub": self.security_hub}
        if self.part == "member":
            return shared | organization | {"hub_account": HUB, "hub_region": REGION, "topic_tags": self.tags}
        image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/checker@{DIGEST}"
        network = {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}
        repository = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/checker"
        own = {"image": image, "repository_arn": repository, **network}
        if self.tags:
            own |= {
                "topic_tags": ["team=chat", "stream"],
                "regions": [REGION, "eu-west-2"],
                "topic_arn": NEWS,
            }
        return shared | own | (organization if self.organization else {})


class Rendered(NamedTuple):
    """The policies by the name of their resource, and the other settings that both tools must share."""

    policies: dict[str, Json]
    patterns: list[Json]
    environments: dict[str, dict[str, str]]
    alarms: dict[str, Json]
    queues: dict[str, tuple[int, int]]
    """The seconds for which a queue keeps messages, and hides a received one."""


class Root(NamedTuple):
    """A module that calls the modules of ``deploy/``, since to start Terraform takes longer than to plan several."""

    workspace: Workspace

    def plan(self, *calls: Call) -> list[Rendered]:
        """Plan some of the calls for which the module was initialized. Raises CalledProcessError."""
        (self.workspace.folder / _CALLS).write_text(_calling(calls))
        plan = self.workspace.plan()
        children = plan["planned_values"]["root_module"]["child_modules"]
        resources = {child["address"]: child["resources"] for child in children}
        return [_planned(resources[f"module.{call.name}"]) for call in calls]


class Call(NamedTuple):
    """A call of a hub or member with settings."""

    name: str
    part: str
    settings: dict[str, Any]


@contextmanager
def calling(tools: Tools, endpoint: str, calls: Iterable[Call]) -> Iterator[Root]:
    """Initialize a module for calls, with AWS at an endpoint."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "root")
        shutil.copytree(DEPLOY / "terraform", source / "hub")
        (source / _CALLS).write_text(_calling(calls))
        with workspace(tools, source, endpoint) as made:
            yield Root(made)


def _calling(calls: Iterable[Call]) -> str:
    sources = {"hub": "./hub", "member": "./hub/member"}
    return json.dumps({"module": {one.name: {"source": sources[one.part], **one.settings} for one in calls}})


def _planned(resources: Iterable[Json]) -> Rendered:
    rendered = Rendered({}, [], {}, {}, {})
    for resource in resources:
        _add_planned(rendered, resource["type"], resource["name"], resource["values"])
    return rendered


_POLICIES = {
    "aws_iam_role": ("trust", "assume_role_policy"),
    "aws_iam_role_policy": ("own", "policy"),
    "aws_iam_policy": ("managed", "policy"),
    "aws_s3_bucket_policy": ("bucket", "policy"),
    "aws_sqs_queue_policy": ("queue", "policy"),
    "aws_cloudwatch_event_bus_policy": ("bus", "policy"),
}


def _add_planned(rendered: Rendered, kind: str, label: str, values: Json) -> None:
    if kind in _POLICIES:
        what, member = _POLICIES[kind]
        rendered.policies[f"{what} {label}"] = json.loads(values[member])
    if "event_pattern" in values:
        rendered.patterns.append(json.loads(values["event_pattern"]))
    if kind == "aws_cloudwatch_metric_alarm":
        actions = {"alarm_actions": values["alarm_actions"] or []}
        alarm = {member: values[member] for member in _ALARM} | actions
        rendered.alarms[values["alarm_name"]] = {_bare(member): value for member, value in alarm.items()}
    if kind == "aws_sqs_queue":
        times = values["message_retention_seconds"], values["visibility_timeout_seconds"]
        rendered.queues[values["name"]] = times
    if kind == "aws_lambda_function":
        rendered.environments["function"] = values["environment"][0]["variables"]
    if kind == "aws_ecs_task_definition":
        (container,) = json.loads(values["container_definitions"])
        rendered.environments["task"] = {one["name"]: one["value"] for one in container["environment"]}


_ALARM = (
    "alarm_description",
    "namespace",
    "metric_name",
    "dimensions",
    "statistic",
    "period",
    "evaluation_periods",
    "comparison_operator",
    "threshold",
    "treat_missing_data",
)


def _bare(member: str) -> str:
    return member.replace("_", "")


_LABELS = {
    "NightlyRole": "nightly",
    "OnChangeRole": "on_change",
    "ExecutionRole": "execution",
    "ScheduleRole": "schedule",
    "MemberRole": "member",
    "ForwardRole": "forward",
    "AuditPolicy": "audit",
    "ResultsPolicy": "results",
    "ChangesPolicy": "changes",
    "ChangesFailedPolicy": "failed",
    "NightsFailedPolicy": "nights_failed",
    "MembersBusPolicy": "members",
}


def template_of(case: Case) -> Rendered:
    """Render the template as CloudFormation does, for the same settings."""
    resources = _Resolver(_template(case.part), case).resources()
    rendered = Rendered({}, [], {}, {}, {})
    for name, resource in resources.items():
        _add_resource(rendered, resource["Type"], _LABELS.get(name, name), resource["Properties"])
    return rendered


def resources_of(case: Case) -> dict[str, Json]:
    """Return the properties of each resource of the template, for the same settings."""
    resources = _Resolver(_template(case.part), case).resources()
    return {name: one["Properties"] for name, one in resources.items()}


def parameters_of(part: str) -> dict[str, Json]:
    """Return the parameters of a template."""
    return dict(_template(part)["Parameters"])


def _template(part: str) -> Json:
    text = (DEPLOY / "cloudformation" / f"{part}.yaml").read_text()
    return dict(yaml.load(text, _Loader))  # noqa: S506 - safe


def _add_resource(rendered: Rendered, kind: str, label: str, values: Json) -> None:
    rendered.policies.update({f"{what} {label}": policy for what, policy in _policies(kind, values)})
    if "EventPattern" in values:
        rendered.patterns.append(values["EventPattern"])
    if kind == "AWS::CloudWatch::Alarm":
        named = {one["Name"]: one["Value"] for one in values.get("Dimensions", ())}
        alarm = {member: values.get(camel(member)) for member in _ALARM}
        alarm |= {"dimensions": named or None, "alarm_actions": values.get("AlarmActions", [])}
        rendered.alarms[values["AlarmName"]] = {_bare(member): value for member, value in alarm.items()}
    if kind == "AWS::SQS::Queue":
        times = values["MessageRetentionPeriod"], values.get("VisibilityTimeout", _VISIBILITY)
        rendered.queues[values["QueueName"]] = times
    if kind == "AWS::Lambda::Function":
        rendered.environments["function"] = values["Environment"]["Variables"]
    if kind == "AWS::ECS::TaskDefinition":
        (container,) = values["ContainerDefinitions"]
        rendered.environments["task"] = {one["Name"]: one["Value"] for one in container["Environment"]}


def _policies(kind: str, values: Json) -> list[tuple[str, Json]]:
    if kind == "AWS::IAM::Role":
        own = [("own", one["PolicyDocument"]) for one in values.get("Policies", ())]
        return [("trust", values["AssumeRolePolicyDocument"]), *own]
    if kind == "AWS::Events::EventBusPolicy":
        return [("bus", {"Version": "2012-10-17", "Statement": [values["Statement"]]})]
    names = {
        "AWS::IAM::ManagedPolicy": "managed",
        "AWS::S3::BucketPolicy": "bucket",
        "AWS::SQS::QueuePolicy": "queue",
    }
    return [(names[kind], values["PolicyDocument"])] if kind in names else []


class _Loader(yaml.SafeLoader):
    """Reads the short forms of functions: `!Ref Name` as `{"Ref": "Name"}`."""


def _short(loader: _Loader, suffix: str, node: yaml.Node) -> Json:
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    return {name: loader.construct_sequence(node, deep=True)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _short)


class _Resolver:
    """Evaluates the functions that the templates use. Raises KeyError for any other."""

    def __init__(self, template: Json, case: Case) -> None:
        self.template = template
        given = {
            camel(name): str(value) if isinstance(value, bool) else value
            for name, value in case.settings.items()
        }
        given = {
            name: str(value).lower() if value in ("True", "False") else value for name, value in given.items()
        }
        defaults = {
            name: [] if one["Type"] == "CommaDelimitedList" else one["Default"]
            for name, one in template["Parameters"].items()
            if "Default" in one
        }
        self.values = {**_PSEUDO, **defaults, "RoleRegion": REGION, **given}
        self.values["AWS::NoValue"] = _NOTHING

    def resources(self) -> dict[str, Json]:
        """The resources whose conditions hold, without references to other resources."""
        kept = {
            name: one for name, one in self.template["Resources"].items() if self.holds(one.get("Condition"))
        }
        return {name: self.value(one) for name, one in kept.items()}

    def holds(self, name: str | None) -> bool:
        return name is None or bool(self.value(self.template["Conditions"][name]))

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            resolved = (self.value(one) for one in value)
            return [one for one in resolved if one is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (name := next(iter(value))) in ("Ref", *_FUNCTIONS):
            return self.called(name, value[name])
        members = {name: self.value(one) for name, one in value.items()}
        return {name: one for name, one in members.items() if one is not _NOTHING}

    def called(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self.values.get(argument, f"<{argument}>")
        if name == "Fn::GetAtt":
            return f"<{argument}>"
        if name == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: str(self.values[found[1]]), argument)
        if name == "Fn::If":
            return self.value(argument[1 if self.holds(argument[0]) else 2])
        if name == "Fn::Not":
            return not self.value(argument[0])
        if name == "Fn::Join":
            return argument[0].join(self.value(argument[1]))
        first, second = self.value(argument)
        return first == second


_FUNCTIONS = ("Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::Not", "Fn::Equals", "Fn::Join")


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
