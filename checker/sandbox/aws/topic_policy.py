"""Validation of topic policies, with the error messages of SNS.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
The messages are those that users have reported. A structural error is `Policy Error: null`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from checker.sandbox.http.call import RefusedError
from checker.sandbox.policy.decide import as_list, principal_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_IAM = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):(?:root|(?:user|role|assumed-role|federated-user)/.+)")


def principals_of(statement: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Return the type and the name of every principal of a statement."""
    return principal_entries(statement.get("Principal", statement.get("NotPrincipal")))


def account_of(name: object) -> str:
    """Return the account of an AWS principal; empty if the value is not an AWS principal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if not isinstance(name, str):
        return ""
    if re.fullmatch(r"\d{12}", name):
        return name
    match = _IAM.fullmatch(name)
    return match[1] if match else ""


_LIMIT = 30_720
_STATEMENTS = 100
_PRINCIPALS = 200
_SCOPE = "Policy statement action out of service scope!"
_NULL = "Policy Error: null"
_ACTIONS = frozenset(
    f"sns:{name}".lower()
    for name in (
        "AddPermission",
        "DeleteTopic",
        "GetDataProtectionPolicy",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "ListTagsForResource",
        "Publish",
        "PutDataProtectionPolicy",
        "Receive",  # no longer documented, but used in many live policies and still accepted
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
    )
)
_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


def invalid(message: str) -> RefusedError:
    """Create the error of SNS for an invalid parameter."""
    return RefusedError("InvalidParameter", f"Invalid parameter: {message}")


def stored_topic_policy(text: str, topic: str) -> str:
    """Return a policy in the form that SNS stores. Raises RefusedError if SNS would not store it.

    An account ID is stored as the ARN of the account's root.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    document = _read(text)
    for statement in document["Statement"]:
        _check_statement(statement, topic)
        statement.update(_with_roots(statement, topic.split(":")[1]))
    return json.dumps(document)


def _read(text: str) -> dict[str, Any]:
    """Parse a policy and check its structure. Assumed: a policy that is too large has the same error."""
    try:
        document = json.loads(text)
    except ValueError:
        raise invalid(_NULL) from None
    if len(text.encode()) > _LIMIT or not isinstance(document, dict) or not text.isascii():
        raise invalid(_NULL)
    statements = document.get("Statement")
    document["Statement"] = statements if isinstance(statements, list) else [statements]
    if not 1 <= len(document["Statement"]) <= _STATEMENTS or not _is_version(document.get("Version")):
        raise invalid(_NULL)
    return document


def _is_version(version: object) -> bool:
    return version in (None, "2008-10-17", "2012-10-17")


def _check_statement(statement: object, topic: str) -> None:
    """Check a statement. Assumed: the order of the checks."""
    if not isinstance(statement, dict) or not statement.keys() <= _ELEMENTS:
        raise invalid(_NULL)
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise invalid(_NULL)
    _check_principals(statement)
    _check_actions(statement)
    _check_resource(statement, topic)


def _check_principals(statement: dict[str, Any]) -> None:
    """Check that there are 1 to 200 valid principals. Assumed: a well-formed principal exists."""
    principals = list(principals_of(statement))
    if not 1 <= len(principals) <= _PRINCIPALS:
        raise invalid(_NULL)
    if any(kind == "AWS" and name != "*" and not account_of(name) for kind, name in principals):
        raise invalid("Policy Error: PrincipalNotFound")


def _check_actions(statement: dict[str, Any]) -> None:
    """Check that all actions are topic actions. ``sns:*`` is refused; assumed: other wildcards and NotAction too."""
    actions = _values(statement, "Action")
    if "NotAction" in statement:
        raise invalid(_SCOPE)
    if not actions:
        raise invalid(_NULL)
    if not all(isinstance(action, str) and action.lower() in _ACTIONS for action in actions):
        raise invalid(_SCOPE)


def _check_resource(statement: dict[str, Any], topic: str) -> None:
    """Check that the only resource is the topic or ``*``. NotResource is accepted, as its handling is not documented."""
    if "NotResource" in statement:
        return
    resources = _values(statement, "Resource")
    if len(resources) != 1:
        raise invalid("Policy statement must apply to a single resource!" if resources else _NULL)
    if resources[0] not in (topic, "*"):
        raise invalid(
            "Policy statement must apply to this topic."
        )  # assumed: the wording, taken from an emulator


def _values(statement: dict[str, Any], element: str) -> list[Any]:
    value = statement.get(element)
    return [] if value is None else as_list(value)


def _with_roots(statement: dict[str, Any], partition: str) -> dict[str, Any]:
    return {
        name: _each(statement[name], lambda name: _rooted(name, partition))
        for name in ("Principal", "NotPrincipal")
        if isinstance(statement.get(name), dict) and "AWS" in statement[name]
    }


def _each(named: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    aws = named["AWS"]
    return {**named, "AWS": list(map(change, aws)) if isinstance(aws, list) else change(aws)}


def _rooted(name: str, partition: str) -> str:
    return f"arn:{partition}:iam::{name}:root" if name.isdigit() else name
