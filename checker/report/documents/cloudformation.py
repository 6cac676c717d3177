"""Policies in a CloudFormation template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.yaml_block import YamlBlock
from checker.policy.change import fresh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.policy.plain import Plain

_NAME = "ConnectChatStreamingPolicy"


def topic_policy_template(topic: str, policy: Mapping[str, Plain]) -> list[str]:
    """Write a template with the policy of a topic."""
    properties: dict[str, Plain] = {"Topics": [topic], "PolicyDocument": policy}
    resource: dict[str, Plain] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
    return _lines({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {_NAME: resource}})


def key_policy_property(policy: Mapping[str, Plain]) -> list[str]:
    """Write the property of a key's own resource: no other resource can set the policy of a key."""
    return _lines({"KeyPolicy": policy})


def _lines(value: Plain) -> list[str]:
    node = fresh(value)
    return "".join(YamlBlock().inside(node, "", node.source)).split("\n")
