"""Declares the functions, permissions, queues and delivery streams that subscriptions may name, by a table of types.

Only roots and plans with a subscription are read for them.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_permission and related pages
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.inputs.declared import (
    NOT_KNOWN,
    DeclaredFunction,
    DeclaredPermission,
    DeclaredQueue,
    DeclaredStream,
)
from checker.inputs.endpoint_settings import queue_settings_of, tests_of
from checker.inputs.terraform.declare import (
    POLICIES,
    QUEUE_POLICIES,
    declare_policy,
    given,
    references_to,
)
from checker.inputs.topic_settings import TERRAFORM

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.inputs.declared import Declarations
    from checker.inputs.terraform.declare import Resource


_ELSEWHERE = Unknown("the queue is declared elsewhere")


def _names(resource: Resource, *attributes: str) -> tuple[str, ...]:
    """Return the references to attributes of a resource, and the values of those that it sets."""
    values = (resource.text(name) for name in attributes)
    texts = (one.where if isinstance(one, Unknown) else one for one in values if one is not None)
    return tuple(dict.fromkeys((*references_to(resource, *attributes), *filter(None, texts))))


def _function(resource: Resource, found: Declarations) -> None:
    """Declare a function, and the version that `publish` creates, which has permissions of its own."""
    elsewhere = _is_data(resource)
    function = DeclaredFunction(
        resource.address,
        _names(resource, "arn"),
        resource.place(),
        resource.arn,
        conditions=resource.conditions,
        where=resource.where,
        elsewhere=elsewhere,
        ids=_names(resource, "function_name", *(() if elsewhere else ("id",))),
    )
    found.functions.append(function)
    own = Unknown(NOT_KNOWN.reason, function.names[0])
    found.functions.append(
        function._replace(
            names=_names(resource, "qualified_arn"),
            arn=_unqualified(resource, "qualified_arn"),
            qualifier=given(resource, "version", Unknown(NOT_KNOWN.reason, f"{resource.address}.version")),
            function=own,
            ids=(),
        )
    )


def _alias(resource: Resource, found: Declarations) -> None:
    found.functions.append(
        DeclaredFunction(
            resource.address,
            _names(resource, "arn", "id"),
            resource.place(),
            _unqualified(resource, "arn"),
            given(resource, "name"),
            given(resource, "function_name"),
            resource.conditions,
            resource.where,
            _is_data(resource),
        )
    )


def _unqualified(resource: Resource, name: str) -> Arn | Unknown:
    """Return the ARN of the function of a version or alias."""
    text = resource.text(name)
    arn = Arn.parse(text) if isinstance(text, str) else None
    if arn is None:
        return Unknown(NOT_KNOWN.reason, f"{resource.address}.{name}")
    return arn._replace(resource=":".join(arn.resource.split(":")[:2]))


def _is_data(resource: Resource) -> bool:
    return resource.kind.startswith("data.")


def _permission(resource: Resource, found: Declarations) -> None:
    found.permissions.append(
        DeclaredPermission(
            resource.address,
            resource.place(),
            given(resource, "function_name"),
            given(resource, "action"),
            given(resource, "principal"),
            resource.text("qualifier"),
            tests_of(resource, TERRAFORM),
            resource.conditions,
            resource.where,
        )
    )


def _queue(resource: Resource, found: Declarations) -> None:
    elsewhere = _is_data(resource)
    settings = queue_settings_of(resource, TERRAFORM)
    found.queues.append(
        DeclaredQueue(
            resource.address,
            _names(resource, "arn"),
            resource.place(),
            resource.arn,
            None if elsewhere else resource.policy("policy"),
            _ELSEWHERE if elsewhere else settings.key,
            _ELSEWHERE if elsewhere else settings.managed_sse,
            _ELSEWHERE if elsewhere else settings.period,
            settings.redrive,
            settings.fifo,
            resource.conditions,
            resource.where,
            elsewhere,
            _names(resource, "url", "id"),
        )
    )


def _stream(resource: Resource, found: Declarations) -> None:
    destination = resource.text("destination")
    found.streams.append(
        DeclaredStream(
            resource.address,
            _names(resource, "arn", "id"),
            resource.place(),
            resource.arn,
            (destination,) if isinstance(destination, str) else (),
            resource.conditions,
        )
    )


ENDPOINTS: dict[str, Callable[[Resource, Declarations], None]] = {
    **{kind: declare_policy for kind, one in POLICIES.items() if one.of == QUEUE_POLICIES},
    "aws_lambda_function": _function,
    "data.aws_lambda_function": _function,
    "aws_lambda_alias": _alias,
    "data.aws_lambda_alias": _alias,
    "aws_lambda_permission": _permission,
    "awscc_lambda_permission": _permission,
    "aws_sqs_queue": _queue,
    "data.aws_sqs_queue": _queue,
    "aws_kinesis_firehose_delivery_stream": _stream,
}
GRANTS = frozenset(kind for kind, make in ENDPOINTS.items() if make in (_permission, declare_policy))
"""The types that write the policy of a function or queue. What they grant matters if that resource does."""
