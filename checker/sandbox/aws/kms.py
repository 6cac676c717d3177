"""KMS behavior that moto lacks: policy checks, defaults, key ARNs and the AWS managed key for SNS.

https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
"""

from __future__ import annotations

import json
import re
from threading import Lock
from typing import TYPE_CHECKING, Any

from checker.sandbox.aws.key_use import MANAGED_ALIAS
from checker.sandbox.aws.topic_policy import account_of, principals_of
from checker.sandbox.http.call import Answer, RefusedError, json_object
from checker.sandbox.policy.decide import ALLOWED, PolicyRequest, Principal, decide

if TYPE_CHECKING:
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.call import Call, Next


_MALFORMED = "MalformedPolicyDocumentException"
_LIMIT = 32_768
_CHARACTERS = re.compile(r"[\t\n\r\u0020-\u00ff]*")


def check_key_policy(call: Call, upstream: Upstream) -> None:
    """Check the key policy of a call. Raises RefusedError if KMS would not store it."""
    text = call.text("Policy")
    if call.parameters.get("PolicyName", "default") == "AWS_RAM":
        raise RefusedError(
            "ValidationException", "The AWS_RAM policy can only be managed by the RAM service."
        )
    # The limit of a key policy is 32 KB. https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
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
        raise RefusedError(_MALFORMED, "The key policy is not a valid JSON policy.")  # assumed: the wording
    return document


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    value = document["Statement"]
    statements = value if isinstance(value, list) else [value]
    if not all(
        isinstance(statement, dict) and statement.get("Effect") in ("Allow", "Deny")
        for statement in statements
    ):
        raise RefusedError(_MALFORMED, "The key policy has an invalid statement.")  # assumed: the wording
    return statements


def _check_statement(statement: dict[str, Any]) -> None:
    principals = list(principals_of(statement))
    if not principals or not all(_may_exist(kind, name) for kind, name in principals):
        raise RefusedError(_MALFORMED, "Policy contains a statement with one or more invalid principals.")
    # KMS rejects ForAllValues with these keys as an overly permissive condition.
    # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys if operator.startswith("ForAllValues:") else ():
            if key.lower().startswith(("kms:encryptioncontext:", "aws:requesttag")):
                raise RefusedError(_MALFORMED, f"OverlyPermissiveCondition: {operator} with {key}")


def _may_exist(kind: str, name: object) -> bool:
    """Return whether a principal is well formed. Assumed to exist then, as the sandbox has no list of principals."""
    if kind == "AWS":
        return name == "*" or bool(account_of(name))
    return isinstance(name, str) and (
        kind != "Service" or re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", name) is not None
    )


def _check_lockout(document: dict[str, Any], call: Call, upstream: Upstream) -> None:
    """Refuse a key policy that would lock out its author.

    "The key policy must allow the calling principal to make a subsequent PutKeyPolicy request on the KMS key."
    """
    arn = upstream.caller_arn(call.access_key, call.account)
    request = PolicyRequest(Principal(arn=arn), "kms:PutKeyPolicy", "*", {})
    if decide(document, request) != ALLOWED:
        raise RefusedError(
            _MALFORMED, "The new key policy will not allow you to update the key policy in the future."
        )


_BY_ID = ("DisableKey", "EnableKey", "ScheduleKeyDeletion", "CancelKeyDeletion")
_CHANGES = (*_BY_ID, "PutKeyPolicy", "UpdateKeyDescription", "TagResource", "UntagResource", "CreateGrant")
_DEFAULTS = {
    "CreateKey": {"KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"},
    "GetKeyPolicy": {"PolicyName": "default"},
    "PutKeyPolicy": {"PolicyName": "default"},
}


class KmsService:
    """Stage in front of moto's KMS."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._lock = Lock()
        self._managed: dict[tuple[str, str], str] = {}

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if call.service != "kms":
            return proceed(call)
        call = self._resolved(call)
        self._check(call)
        answer = proceed(_with_defaults(call))
        if answer.status != 200:
            return answer
        if call.action == "DescribeKey":
            return self._described(call, answer)
        return self._listed(call, answer) if call.action == "ListAliases" else answer

    def _resolved(self, call: Call) -> Call:
        """Return the call with a key ID that moto accepts.

        AWS documents that DescribeKey creates the AWS managed key of a predefined alias if it does not exist.
        """
        key = call.text("KeyId")
        if key.rpartition(":")[2] == MANAGED_ALIAS and call.action == "DescribeKey":
            return call.with_json({"KeyId": self._make_managed(call)})
        own = f":{call.region}:{call.account}:key/"
        return (
            call.with_json({"KeyId": key.partition(own)[2]}) if call.action in _BY_ID and own in key else call
        )

    def _make_managed(self, call: Call) -> str:
        with self._lock:
            place = (call.account, call.region)
            if place not in self._managed:
                created = self._upstream.client("kms", *place).create_key(
                    Policy=json.dumps(_managed_policy(*place)), Description=_MANAGED_DESCRIPTION
                )
                self._managed[place] = created["KeyMetadata"]["KeyId"]
            return self._managed[place]

    def _check(self, call: Call) -> None:
        managed = self._managed.get((call.account, call.region), "")
        if managed and call.action in _CHANGES and managed in call.text("KeyId"):
            # AWS managed keys cannot be changed; assumed: the error code and its wording
            raise RefusedError("AccessDeniedException", "AWS managed keys cannot be changed by their users")
        if call.action == "PutKeyPolicy" or (call.action == "CreateKey" and "Policy" in call.parameters):
            check_key_policy(call, self._upstream)

    def _described(self, call: Call, answer: Answer) -> Answer:
        document = json_object(answer.body)
        metadata = document.get("KeyMetadata", {})
        if metadata.get("KeyId") == self._managed.get((call.account, call.region)):
            metadata["KeyManager"] = "AWS"
        return answer.with_json(document)

    def _listed(self, call: Call, answer: Answer) -> Answer:
        """Add the predefined alias, which KMS lists even before its key exists, then without a TargetKeyId."""
        document = json_object(answer.body)
        key = self._managed.get((call.account, call.region))
        aliases: list[dict[str, Any]] = document.setdefault("Aliases", [])
        if call.text("KeyId").rpartition("/")[2] in ("", key):
            arn = f"arn:aws:kms:{call.region}:{call.account}:{MANAGED_ALIAS}"
            target = {"TargetKeyId": key} if key else {}
            aliases.append({"AliasName": MANAGED_ALIAS, "AliasArn": arn, **target})
        return answer.with_json(document)


_MANAGED_DESCRIPTION = "Default key that protects my SNS data when no other key is defined"


def _with_defaults(call: Call) -> Call:
    """Return the call with the defaults of KMS: the type of a new key, and the name of the key policy."""
    return call.with_json({**_DEFAULTS.get(call.action, {}), **call.parameters})


def _managed_policy(account: str, region: str) -> dict[str, object]:
    """Return the policy of the AWS managed key, for principals of the account through SNS. Assumed: its wording."""
    condition = {
        "StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"sns.{region}.amazonaws.com"}
    }
    return {
        "Version": "2012-10-17",
        "Id": "auto-sns-1",
        "Statement": [
            {
                "Sid": "Allow access through SNS for all principals in the account that are authorized to use SNS",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": condition,
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }
