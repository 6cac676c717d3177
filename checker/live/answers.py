"""What an answer of AWS must be before anything relies on it: of the types that the service model states, and whole.

botocore hands on what it can parse. `{}`, a number in place of a text or a list without entries would fail far from
the call, or not at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_POLICY_DOCUMENT = "policyDocumentType"
"""IAM sends documents as encoded text, which botocore decodes.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
"""
_TYPES: Mapping[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (datetime,),
}
_WORDS = {
    "structure": "an object",
    "map": "an object",
    "list": "a list",
    "integer": "a number",
    "long": "a number",
}

NEEDED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("cloudtrail", "lookup_events"): ("Events",),
    ("cloudwatch", "get_metric_data"): ("MetricDataResults[].Id",),
    ("connect", "list_instances"): ("InstanceSummaryList[].Arn",),
    ("connect", "start_chat_contact"): ("ContactId", "ParticipantToken"),
    ("connect", "start_contact_streaming"): ("StreamingId",),
    ("connectparticipant", "create_participant_connection"): ("ConnectionCredentials.ConnectionToken",),
    ("ec2", "describe_regions"): ("Regions[].RegionName",),
    ("firehose", "describe_delivery_stream"): ("DeliveryStreamDescription.DeliveryStreamStatus",),
    ("iam", "get_policy"): ("Policy.DefaultVersionId",),
    ("iam", "get_policy_version"): ("PolicyVersion.Document",),
    ("iam", "get_role"): ("Role.AssumeRolePolicyDocument",),
    ("iam", "get_role_policy"): ("PolicyDocument",),
    ("iam", "list_attached_role_policies"): ("AttachedPolicies[].PolicyArn",),
    ("iam", "list_role_policies"): ("PolicyNames",),
    ("kms", "create_key"): ("KeyMetadata.KeyId",),
    ("kms", "describe_key"): ("KeyMetadata.Arn", "KeyMetadata.KeyId"),
    ("kms", "get_key_policy"): ("Policy",),
    ("kms", "list_aliases"): ("Aliases[].AliasName",),
    ("kms", "list_grants"): ("Grants",),
    ("kms", "list_keys"): ("Keys[].KeyId",),
    ("kms", "list_resource_tags"): ("Tags[].TagKey", "Tags[].TagValue?"),
    ("organizations", "list_accounts"): ("Accounts[].Id",),
    ("resourcegroupstaggingapi", "get_resources"): ("ResourceTagMappingList[].ResourceARN",),
    ("securityhub", "get_findings"): (
        "Findings[].Id",
        "Findings[].GeneratorId",
        "Findings[].RecordState",
        "Findings[].Resources[].Id",
    ),
    ("sns", "create_topic"): ("TopicArn",),
    ("sns", "get_subscription_attributes"): ("Attributes",),
    ("sns", "get_topic_attributes"): ("Attributes.TopicArn",),
    ("sns", "list_subscriptions"): (
        "Subscriptions[].Endpoint?",
        "Subscriptions[].Protocol",
        "Subscriptions[].SubscriptionArn",
        "Subscriptions[].TopicArn",
    ),
    ("sns", "list_subscriptions_by_topic"): (
        "Subscriptions[].Endpoint?",
        "Subscriptions[].Protocol",
        "Subscriptions[].SubscriptionArn",
    ),
    ("sns", "list_tags_for_resource"): ("Tags[].Key", "Tags[].Value?"),
    ("sns", "list_topics"): ("Topics[].TopicArn",),
    ("sns", "subscribe"): ("SubscriptionArn",),
    ("sqs", "create_queue"): ("QueueUrl",),
    ("sqs", "get_queue_attributes"): ("Attributes.QueueArn",),
    ("sqs", "get_queue_url"): ("QueueUrl",),
    ("sts", "assume_role"): (
        "Credentials.AccessKeyId",
        "Credentials.Expiration",
        "Credentials.SecretAccessKey",
        "Credentials.SessionToken",
    ),
    ("sts", "get_caller_identity"): ("Account", "Arn"),
}
"""Members that calls rely on: `[]` stands for every entry of a list, `?` for a text that may be empty."""


class BadAnswerError(Exception):
    """An answer is not what the service documents."""


def check_answer(client: Any, service: str, operation: str, answer: Any) -> None:
    """See that an answer can be relied on. Raises BadAnswerError."""
    api_name = client.meta.method_to_api_mapping[operation]
    shape = client.meta.service_model.operation_model(api_name).output_shape
    if not isinstance(answer, dict):
        raise BadAnswerError("it is not an object")
    if shape is not None:
        _check_types(shape, answer, "")
    for path in NEEDED.get((service, operation), ()):
        _check_there(answer, path)


def _check_types(shape: Any, value: Any, at: str) -> None:
    """Hold a value and all that is in it against a shape of the service model. Raises BadAnswerError."""
    name = "structure" if shape.name == _POLICY_DOCUMENT else shape.type_name
    types = _TYPES.get(name, (object,))
    odd = not isinstance(value, types) or (
        isinstance(value, bool) and bool not in types and object not in types
    )
    if odd:
        raise BadAnswerError(f"{at.lstrip('.')} is not {_WORDS.get(name, f'a {name}')}")
    for inner, one, place in _inner(shape, value):
        _check_types(inner, one, f"{at}{place}")


def _inner(shape: Any, value: Any) -> Iterator[tuple[Any, Any, str]]:
    if shape.type_name == "structure":
        yield from ((shape.members[name], value[name], f".{name}") for name in shape.members if name in value)
    elif shape.type_name == "list":
        yield from ((shape.member, one, f"[{number}]") for number, one in enumerate(value))
    elif shape.type_name == "map":
        yield from ((shape.value, one, f".{name}") for name, one in value.items())


def _check_there(answer: Any, path: str) -> None:
    """See that a member is there, wherever the path leads. Raises BadAnswerError."""
    missing = (None,) if path.endswith("?") else (None, "")
    values = [answer]
    for step in path.rstrip("?").split("."):
        name = step.removesuffix("[]")
        values = [one.get(name) for one in values]
        if any(one in missing for one in values):
            raise BadAnswerError(f"{name} is missing")
        if step != name:
            values = [entry for one in values for entry in one]
