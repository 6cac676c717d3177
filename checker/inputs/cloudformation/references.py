"""What Ref and Fn::GetAtt give for a resource: known where the properties tell it, else a name to follow.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-topic.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kms-key.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.cloudformation.holes import joined
from checker.policy.node import scalar_text

if TYPE_CHECKING:
    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.sections import Template
    from checker.policy.model import Value

TOPIC, ALIAS = "AWS::SNS::Topic", "AWS::KMS::Alias"
KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")


def attribute(evaluation: Evaluation, logical: str, name: str) -> Value:
    """Give an attribute of a resource, or without a name what Ref gives."""
    resource = evaluation.template.resources.get(logical)
    if resource is None:
        return Unknown(f"the template has no `{logical}`", f"{logical}.{name}" if name else logical)
    if resource.type == TOPIC and name in ("", "TopicArn"):
        arn = written_arn(evaluation, logical)
        return arn if isinstance(arn, str) else unresolved(evaluation.template, logical)
    said = {(TOPIC, "TopicName"): "TopicName", (ALIAS, ""): "AliasName"}.get((resource.type, name))
    node = evaluation.property(logical, said) if said else None
    value = scalar_text(node) if node is not None else None
    return unresolved(evaluation.template, logical, name) if value is None else value


def unresolved(template: Template, logical: str, name: str = "") -> Unknown:
    """What stands for a value that AWS makes up."""
    shown = f"{logical}.{name}" if name else logical
    return Unknown(f"`{shown}` is known only after the deployment", template.symbol(logical, name))


def written_arn(evaluation: Evaluation, logical: str) -> Value:
    """Put a topic's ARN together as people do it themselves; what is not known of it is a gap in the text."""
    return own_arn(evaluation, "sns", evaluation.attribute(logical, "TopicName"))


def own_arn(evaluation: Evaluation, service: str, *resource: Value) -> Value:
    """Put the ARN of something in the stack's own account and Region together."""
    own = (evaluation.parameters.text(f"AWS::{part}") for part in ("Partition", "Region", "AccountId"))
    partition, region, account = own
    return joined(("arn:", partition, f":{service}:", region, ":", account, ":", *resource))
