"""Policies in a CloudFormation template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.report.documents.yamlform import yaml_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.policy.plain import Plain

_NAME = "ConnectChatStreamingPolicy"


def topic_policy_template(topic: str, policy: Mapping[str, Plain]) -> list[str]:
    """Write a template with the policy of a topic."""
    properties: dict[str, Plain] = {"Topics": [topic], "PolicyDocument": policy}
    resource: dict[str, Plain] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
    return yaml_lines({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {_NAME: resource}})


def key_policy_property(policy: Mapping[str, Plain]) -> list[str]:
    """Write the property of a key's own resource: no other resource can set the policy of a key."""
    return yaml_lines({"KeyPolicy": policy})
