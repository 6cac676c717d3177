"""Declares the identity policies of a template's roles, users, groups and functions that may start chat streams.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-policy.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.caller_policy import is_about_streaming
from checker.core.errors import InputError
from checker.inputs.cloudformation.policy_text import policy_node
from checker.inputs.declared import DeclaredPolicy
from checker.policy.node import Object, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.sections import Resource
    from checker.policy.model import Value
    from checker.policy.node import Node

_WITH_POLICIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
_GENERATED = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_OWNERS = {
    "AWS::IAM::RolePolicy": "RoleName",
    "AWS::IAM::UserPolicy": "UserName",
    "AWS::IAM::GroupPolicy": "GroupName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::ManagedPolicy": "",
}
_LISTS = ("Roles", "Users", "Groups")


def caller_policies(evaluation: Evaluation) -> Iterator[DeclaredPolicy]:
    """Yield the identity policies of a template. One that cannot be read is left to the tools for IAM."""
    template = evaluation.template
    for logical, resource in template.resources.items():
        for node, owner in _documents(evaluation, resource):
            try:
                policy = policy_node(evaluation, node)
            except InputError:
                continue
            if is_about_streaming(policy):
                place = template.place(logical, "Properties")
                yield DeclaredPolicy(template.symbol(logical), place, (owner,), policy)


def _documents(evaluation: Evaluation, resource: Resource) -> Iterator[tuple[Node, Value]]:
    """Yield the policy documents of a resource, each with its only owner, which is empty if others may have it."""
    written = resource.properties
    if not isinstance(written, Object):
        return
    if resource.type in (*_WITH_POLICIES, *_GENERATED):
        listed = written.get("Policies")
        for one in items(listed) if listed is not None else ():
            document = one.get("PolicyDocument") if isinstance(one, Object) else None
            is_document = isinstance(one, Object) and one.get("Statement") is not None
            node = one if is_document and resource.type in _GENERATED else document
            if node is not None:
                yield node, evaluation.template.symbol(resource.logical)
    elif resource.type in _OWNERS and (document := written.get("PolicyDocument")) is not None:
        yield document, _owner(evaluation, written, _OWNERS[resource.type])


def _owner(evaluation: Evaluation, written: Object, name: str) -> Value:
    lists = [found for one in ((name,) if name else _LISTS) if (found := written.get(one)) is not None]
    owners = [one for listed in lists for one in items(listed)]
    owner = evaluation.text(owners[0]) if len(owners) == 1 else None
    return "" if owner is None else owner
