"""Validate AWS responses before use: types by the service model, required members by a table.

botocore accepts anything that it can parse. A missing member, or a number instead of a text, would fail far from
the call, and `{}` instead of a list would become an empty list.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.core.terminal_text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_DECLARATIONS = (b"<!ENTITY", b"\x00")
"""No XML answer of AWS has them. Entities could make a small body large, and NUL is of UTF-16, which could hide them."""
_NUMBER = ((int, float), "a number")
_OBJECT = ((dict,), "an object")
_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "structure": _OBJECT,
    "map": _OBJECT,
    "list": ((list,), "a list"),
    "string": ((str,), "a text"),
    "boolean": ((bool,), "true or false"),
    **dict.fromkeys(("integer", "long", "float", "double"), _NUMBER),
}
_XML = ("query", "ec2", "rest-xml")
_ANY = ((object,), "a text")

NEEDED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("cloudtrail", "lookup_events"): ("Events",),
    ("cloudwatch", "get_metric_data"): ("MetricDataResults[].Id",),
    ("connect", "describe_instance"): ("Instance.Arn",),
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
    ("lambda", "get_policy"): ("Policy",),
    ("organizations", "describe_policy"): ("Policy.Content", "Policy.PolicySummary"),
    ("organizations", "list_accounts"): ("Accounts[].Id",),
    ("organizations", "list_children"): ("Children[].Id",),
    ("organizations", "list_policies"): ("Policies[].Id",),
    ("organizations", "list_roots"): ("Roots[].Id",),
    ("organizations", "list_targets_for_policy"): ("Targets[].TargetId", "Targets[].Type"),
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
"""Members that calls rely on. `[]` means every entry of a list, `?` means a text that may be empty."""


class BadAnswerError(Exception):
    """Raised for a response that does not match the service's documentation."""


_SAME = {
    ("sns", "get_topic_attributes"): ("TopicArn", ("Attributes", "TopicArn"), ":sns:"),
    ("sns", "get_subscription_attributes"): ("SubscriptionArn", ("Attributes", "SubscriptionArn"), ":sns:"),
    ("kms", "describe_key"): ("KeyId", ("KeyMetadata", "Arn"), ":key/"),
}
"""Calls whose answer repeats what was asked for: the parameter, the member, and a text of the ARNs that are compared."""


def check_answer(
    service: str, operation: str, answer: dict[str, Any], parameters: Mapping[str, Any] | None = None
) -> None:
    """Check that a response is about what was asked for, and has the members that calls rely on.

    Raises BadAnswerError.
    """
    for path in NEEDED.get((service, operation), ()):
        _check_there(answer, path)
    if (service, operation) in _SAME:
        _check_same(*_SAME[service, operation], answer, parameters or {})


def _check_same(
    parameter: str, path: tuple[str, str], kind: str, answer: dict[str, Any], parameters: Mapping[str, Any]
) -> None:
    asked, (outer, inner) = str(parameters.get(parameter, "")), path
    answered = (answer.get(outer) or {}).get(inner, asked)
    if kind in asked and answered != asked:
        raise BadAnswerError(f"it is about `{inert(str(answered))}`")


def check_body(operation_model: Any, response_dict: dict[str, Any], **_: object) -> None:
    """Validate a JSON body against the service model, before botocore turns any other value into a list.

    XML bodies have no types, and must not declare any; botocore parses all other bodies strictly. The content of an
    object is a stream, which is not parsed and can be read only once. Raises BadAnswerError.
    """
    shape, protocol = operation_model.output_shape, operation_model.service_model.resolved_protocol
    body = response_dict["body"] or b""
    if not isinstance(body, bytes):
        return
    if protocol in _XML and any(text in body for text in _DECLARATIONS):
        raise BadAnswerError("it declares XML entities")
    if shape is None or protocol not in ("json", "rest-json") or response_dict["status_code"] >= 300:
        return
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise BadAnswerError("it is not JSON") from None
    _check_types(shape, value, "")


def _check_types(shape: Any, value: Any, path: str) -> None:
    """Validate a value and all nested values against a shape of the service model. Raises BadAnswerError."""
    types, description = _TYPES.get(shape.type_name, _ANY)
    is_invalid = not isinstance(value, types) or (isinstance(value, bool) and not {bool, object} & {*types})
    if is_invalid:
        raise BadAnswerError(f"{path.lstrip('.') or 'it'} is not {description}")
    for inner, member, step in _inner(shape, value):
        _check_types(inner, member, f"{path}{step}")


def _inner(shape: Any, value: Any) -> Iterator[tuple[Any, Any, str]]:
    if shape.type_name == "structure":
        members = ((member.serialization.get("name", name), member) for name, member in shape.members.items())
        yield from (
            (member, value[name], f".{name}") for name, member in members if value.get(name) is not None
        )
    elif shape.type_name == "list":
        yield from ((shape.member, member, f"[{number}]") for number, member in enumerate(value))
    elif shape.type_name == "map":
        yield from ((shape.value, member, f".{name}") for name, member in value.items())


def _check_there(answer: Any, path: str) -> None:
    """Check that a member exists everywhere its path leads. Raises BadAnswerError."""
    missing = (None,) if path.endswith("?") else (None, "")
    values = [answer]
    for step in path.rstrip("?").split("."):
        name = step.removesuffix("[]")
        values = [entry.get(name) if isinstance(entry, dict) else None for entry in values]
        if any(entry in missing for entry in values):
            raise BadAnswerError(f"{name} is missing")
        if step != name and not all(isinstance(entry, list) for entry in values):
            raise BadAnswerError(f"{name} is not a list")
        if step != name:
            values = [entry for entries in values for entry in entries]
