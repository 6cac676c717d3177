"""Saves the answers of AWS in the form of the AWS CLI: `checker check DIR` and `checker explain` read them.

Each account and Region has a folder. A key has a folder of its own below it, because the output of `aws kms
get-key-policy` does not name the key. A record says what the audit could not read, so that it stays unknown. Answers may
have secrets, such as the tokens in the URLs of subscriptions: only the user can read them.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.kinds.saved_audit import MEMBER, NAME
from checker.inputs.whole_file import whole_output
from checker.live.aws.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from checker.core.errors import Skipped
    from checker.live.aws.access import MadeCall, Unit

_NAMED_BY = {
    ("sns", "get_topic_attributes"): "TopicArn",
    ("sns", "get_subscription_attributes"): "SubscriptionArn",
    ("sns", "list_subscriptions_by_topic"): "TopicArn",
    ("sqs", "get_queue_attributes"): "QueueUrl",
    ("lambda", "get_policy"): "FunctionName",
    ("connect", "describe_instance"): "InstanceId",
    ("kms", "describe_key"): "KeyId",
    ("kms", "get_key_policy"): "KeyId",
    ("kms", "list_grants"): "KeyId",
}
"""The calls about one resource, and the parameter that names it."""
_LISTS = frozenset(
    (
        ("connect", "list_instances"),
        ("sns", "list_subscriptions"),
        ("kms", "list_aliases"),
        ("cloudtrail", "lookup_events"),
        ("resourcegroupstaggingapi", "get_resources"),
    )
)
"""The calls about all resources of an account and Region, in pages."""
_UNUSUAL = pattern(r"[^A-Za-z0-9._-]+")
_LONGEST = 80
_PRIVATE = 0o700
_ABOUT = {"about": "an audit of Amazon SNS topics by checker, and what it could not read"}


class SavedAnswers:
    """Writes each answer to a file of a folder, from any thread. Raises InputError if that fails."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pages: Counter[tuple[object, ...]] = Counter()
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}

    def begin(self) -> None:
        """Make the folder. Raises InputError for one that is not empty, because old answers would count as new."""
        try:
            self._folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            is_empty = next(self._folder.iterdir(), None) is None
            if is_empty:
                self._folder.chmod(_PRIVATE)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(str(self._folder), f"cannot be written: {reason}") from None
        if not is_empty:
            raise InputError(
                str(self._folder), "the folder is not empty", help_text="name a new folder for `--save`"
            )
        self._write(self._folder / NAME, {**_ABOUT, MEMBER: {}})

    def finish(self, unread: Iterable[Skipped]) -> None:
        """Record that the audit ended, and what it could not read."""
        listed = [{"what": one.what, "reason": one.reason} for one in unread if one.error]
        self._write(self._folder / NAME, {**_ABOUT, MEMBER: {"unread": listed}})

    def keep(self, call: MadeCall, answer: dict[str, Any] | CallError) -> None:
        """Save an answer that a later check can read; others are ignored."""
        kind = (call.service, call.operation)
        named = str(call.parameters.get(_NAMED_BY.get(kind, ""), ""))
        if isinstance(answer, CallError) or (kind not in _LISTS and not named):
            return
        if kind in _LISTS:
            path = self._listed(call.unit, call.operation, answer)
        else:
            path = self._of_resource(call.unit, kind, named, answer)
        if path is not None:
            self._write(self._folder / call.unit.account / call.unit.region / path, answer)

    def _listed(self, unit: Unit, operation: str, answer: Mapping[str, Any]) -> str | None:
        if operation == "lookup_events" and not answer.get("Events"):
            return None
        return f"{self._numbered(unit, operation)}.json"

    def _of_resource(self, unit: Unit, call: tuple[str, str], named: str, answer: Mapping[str, Any]) -> str:
        service, operation = call
        if service == "kms":
            named = self._key_of(unit, named, answer)
            return f"keys/{_file_name(named)}/{self._numbered(unit, operation, named)}.json"
        return f"{service}/{_file_name(named)}.{self._numbered(unit, operation, named)}.json"

    def _numbered(self, unit: Unit, operation: str, named: str = "") -> str:
        """Return the name of a command, numbered for further pages of a list."""
        command = operation.replace("_", "-")
        if not command.startswith(("list-", "lookup-")) and operation != "get_resources":
            return command
        with self._lock:
            self._pages[unit, operation, named] += 1
            number = self._pages[unit, operation, named]
        return command if number == 1 else f"{command}-{number}"

    def _key_of(self, unit: Unit, named: str, answer: Mapping[str, Any]) -> str:
        """Return the ARN of a key, which `describe-key` shows for an alias."""
        described = (answer.get("KeyMetadata") or {}).get("Arn")
        name = f"{unit.account} {unit.region} {named}"
        with self._lock:
            if described:
                self._keys[name] = str(described)
            return self._keys.get(name, named)

    def _write(self, path: Path, answer: Mapping[str, Any]) -> None:
        value = {name: part for name, part in answer.items() if name != "ResponseMetadata"}
        try:
            path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            with whole_output(path, private=True) as file:
                json.dump(value, file, indent=2, default=_text)
                file.write("\n")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(str(path), f"cannot be written: {reason}") from None


def _text(value: object) -> str:
    """Write a time as the AWS CLI does, and anything else that JSON does not have as text."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _file_name(name: str) -> str:
    """Return a file name for a resource: the end of its name, and a digest, because names may differ in few signs."""
    arn = Arn.parse(name)
    plain = _UNUSUAL.sub("-", arn.resource if arn else name.rpartition("/")[2])[-_LONGEST:].strip("-.")
    return f"{plain}-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
