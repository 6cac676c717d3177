"""What KMS refuses to store as a key policy.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from checker.sandbox.answer import RefusedError
from checker.sandbox.law.decide import ALLOWED, Asker, Question, decide
from checker.sandbox.principals import account_of, principals_of

if TYPE_CHECKING:
    from checker.sandbox.call import Call
    from checker.sandbox.upstream import Upstream

_MALFORMED = "MalformedPolicyDocumentException"
_LIMIT = 32_768
_CHARACTERS = re.compile(r"[\t\n\r\u0020-\u00ff]*")


def check_key_policy(call: Call, upstream: Upstream) -> None:
    """Refuse a call whose key policy KMS would not store. Raises RefusedError."""
    text = call.text("Policy")
    if call.parameters.get("PolicyName", "default") == "AWS_RAM":
        raise RefusedError(
            "ValidationException", "The AWS_RAM policy can only be managed by the RAM service."
        )
    # A key policy has 32 KB at most. https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
    if len(text.encode()) > _LIMIT:
        raise RefusedError("LimitExceededException", "The key policy is larger than 32768 bytes.")
    if not _CHARACTERS.fullmatch(text):  # printable characters of Basic Latin and Latin-1, tab, line ends
        raise RefusedError("ValidationException", "The key policy has characters beyond U+00FF.")
    document = _read(text)
    for statement in _statements(document):
        _check_statement(statement)
    if call.parameters.get("BypassPolicyLockoutSafetyCheck") is not True:
        _check_lockout(document, call, upstream)


def _read(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise RefusedError(_MALFORMED, "The key policy is not valid JSON of a policy.")  # assumed: the words
    return document


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    if not all(isinstance(one, dict) and one.get("Effect") in ("Allow", "Deny") for one in found):
        raise RefusedError(_MALFORMED, "The key policy has a statement that is none.")  # assumed: the words
    return found


def _check_statement(statement: dict[str, Any]) -> None:
    named = list(principals_of(statement))
    if not named or not all(_may_exist(kind, name) for kind, name in named):
        raise RefusedError(_MALFORMED, "Policy contains a statement with one or more invalid principals.")
    # KMS takes no ForAllValues with these keys, and calls it an overly permissive condition.
    # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys if operator.startswith("ForAllValues:") else ():
            if key.lower().startswith(("kms:encryptioncontext:", "aws:requesttag")):
                raise RefusedError(_MALFORMED, f"OverlyPermissiveCondition: {operator} with {key}")


def _may_exist(kind: str, name: object) -> bool:
    """A principal of the right form counts as one that exists: assumed, the sandbox keeps no list of them."""
    if kind == "AWS":
        return name == "*" or bool(account_of(name))
    return isinstance(name, str) and (
        kind != "Service" or re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", name) is not None
    )


def _check_lockout(document: dict[str, Any], call: Call, upstream: Upstream) -> None:
    """Refuse what shuts its author out.

    "The key policy must allow the calling principal to make a subsequent PutKeyPolicy request on the KMS key."
    """
    arn = upstream.caller_arn(call.access_key, call.account)
    question = Question(Asker(arn=arn), "kms:PutKeyPolicy", "*", {})
    if decide(document, question) != ALLOWED:
        raise RefusedError(
            _MALFORMED, "The new key policy will not allow you to update the key policy in the future."
        )
