"""What KMS does that moto does not: defaults, key ARNs, and the key that AWS makes for SNS.

https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
"""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING, Any

from checker.sandbox.answer import Answer, RefusedError
from checker.sandbox.call import json_object
from checker.sandbox.key_policy import check_key_policy
from checker.sandbox.request import MANAGED_ALIAS

if TYPE_CHECKING:
    from checker.sandbox.call import Call
    from checker.sandbox.front import Next
    from checker.sandbox.upstream import Upstream

_BY_ID = ("DisableKey", "EnableKey", "ScheduleKeyDeletion", "CancelKeyDeletion")
_CHANGES = (*_BY_ID, "PutKeyPolicy", "UpdateKeyDescription", "TagResource", "UntagResource", "CreateGrant")
_DEFAULTS = {
    "CreateKey": {"KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"},
    "GetKeyPolicy": {"PolicyName": "default"},
    "PutKeyPolicy": {"PolicyName": "default"},
}


class KmsService:
    """The stage in front of moto's KMS."""

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
        """Name a key as moto wants it; the first DescribeKey of the alias makes AWS's key.

        AWS documents that DescribeKey makes the AWS managed key of a predefined alias that has none yet.
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
                made = self._upstream.client("kms", *place).create_key(
                    Policy=json.dumps(_managed_policy(*place)), Description=_MANAGED_DESCRIPTION
                )
                self._managed[place] = made["KeyMetadata"]["KeyId"]
            return self._managed[place]

    def _check(self, call: Call) -> None:
        managed = self._managed.get((call.account, call.region), "")
        if managed and call.action in _CHANGES and managed in call.text("KeyId"):
            # AWS managed keys cannot be changed; assumed: which error that is, and its words
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
        """A predefined alias is listed from the beginning, without a TargetKeyId."""
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
    """What KMS fills in: the kind of a new key, and the only name that a policy has."""
    return call.with_json({**_DEFAULTS.get(call.action, {}), **call.parameters})


def _managed_policy(account: str, region: str) -> dict[str, object]:
    """The policy of the key that AWS makes: for principals of the account, by way of SNS. Assumed: its words."""
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
