"""How one kind of change is detected, applied and rolled back; and the handler for policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from checker.analysis.access_diff import difference
from checker.core.arn import Arn
from checker.core.errors import AwsError, RefusedError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.fix.live.receipt import KEY
from checker.iam.prove.space import Target
from checker.live.aws.access import Unit
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.facts import policy_of
from checker.live.aws.wait import until
from checker.policy import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.fix.live.receipt import Change
    from checker.live.aws.calls import Calls
    from checker.live.aws.wait import Clock


Reached = Mapping[Unit, "Calls"]
"""The calls for the account and Region of each change."""


def unit_of(change: Change) -> Unit:
    """Return the account and Region of a change, in which its calls are made."""
    arn = _arn_of(change)
    return Unit(arn.account, arn.region)


def reach_all(calls: Calls, changes: Iterable[Change]) -> Reached:
    """Return the calls for the account and Region of each change, with the role to assume there. Raises CallError."""
    places = {unit_of(change): _arn_of(change) for change in changes}
    return {unit: calls.at(arn) for unit, arn in places.items()}


def _arn_of(change: Change) -> Arn:
    arn = Arn.parse(change.resource)
    assert arn is not None  # noqa: S101 - planned changes have one, and read_receipt checks the others
    return arn


class ChangeState(Enum):
    """State of a resource relative to a change: before it, partly changed, after it, or changed by others.

    ``FOREIGN`` is a resource with the name of the planned one that others created. It is never modified.
    """

    BEFORE = "before"
    PARTLY = "partly"
    AFTER = "after"
    OTHER = "other"
    FOREIGN = "foreign"


class ChangeHandler(NamedTuple):
    """Handles one kind of change. Each function raises CheckerError, for example AwsError for a call that
    AWS denies.

    ``drifted`` is the message for a resource in an unexpected state. ``optional`` is True for a change that may fail
    without stopping the others.
    """

    state_of: Callable[[Calls, Change], ChangeState]
    do: Callable[[Calls, Change, Clock], None]
    undo: Callable[[Calls, Change, Clock], None]
    drifted: str
    optional: bool = False


_DRIFTED = "the policy was changed since it was read"
_PRINCIPAL = "principal"
"""SNS and KMS mention it in errors for a principal that they do not know yet, for example a new one."""


def _state_of(calls: Calls, change: Change) -> ChangeState:
    """Return the state of a policy. A policy with the same meaning but other text counts as changed by others."""
    return _state_with(change, current_policy(calls, change))


def _state_with(change: Change, policy: str) -> ChangeState:
    if _same_value(policy, change.old):
        return ChangeState.BEFORE
    return ChangeState.AFTER if same_policy(change.resource, policy, change.new) else ChangeState.OTHER


def current_policy(calls: Calls, change: Change) -> str:
    """Read the current policy of a change's resource. Raises CallError."""
    name = change.resource
    if change.kind == KEY:
        answer = calls.make("kms", "get_key_policy", name, KeyId=name, PolicyName="default")
        return str(answer["Policy"])
    answer = calls.make("sns", "get_topic_attributes", name, TopicArn=name)
    return str((answer.get("Attributes") or {}).get("Policy", ""))


def same_policy(resource: str, text: str, other: str) -> bool:
    """Return True if two texts are equal as JSON values, or allow and deny the same requests."""
    if _same_value(text, other):
        return True
    arn = Arn.parse(resource)
    kind = vocabulary.KEY if arn is not None and arn.service == "kms" else vocabulary.TOPIC
    first, second = (policy_of(resource, policy, kind) for policy in (text, other))
    if isinstance(first, Unknown) or isinstance(second, Unknown) or arn is None:
        return False
    return difference(first.policy, second.policy, Target.of(arn)).same is True


def _same_value(text: str, other: str) -> bool:
    try:
        return bool(json.loads(text) == json.loads(other))
    except (ValueError, RecursionError):
        return text == other


def _write(calls: Calls, change: Change, text: str, clock: Clock) -> None:
    """Write a policy. KMS checks that the caller can change it again, and this check is never bypassed.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """
    attempt = _Attempt(calls, change, text)
    if not until(clock, attempt, least=_LEAST_ATTEMPTS):
        raise attempt.faults[-1]
    if not until(clock, lambda: same_policy(change.resource, current_policy(calls, change), text)):
        raise AwsError(change.resource, "AWS does not return the policy that was written")


_INTERNAL = ("Internal", "KMSInternal", "ServiceUnavailable", "DependencyTimeout")
"""Beginnings of codes of errors in AWS, which may be over soon."""


def _is_temporary(error: CallError) -> bool:
    is_internal = error.refusal.code.startswith(_INTERNAL) or error.refusal.code in (
        "500",
        "502",
        "503",
        "504",
    )
    return error.fault in (Fault.THROTTLED, Fault.NO_ANSWER) or is_internal


_LEAST_ATTEMPTS = 5
"""Minimum number of attempts to write a policy."""


class _Attempt:
    """Writes a policy, with retries of temporary errors, and never over a change by others."""

    def __init__(self, calls: Calls, change: Change, text: str) -> None:
        self.faults: list[CallError] = []
        self._calls = calls
        self._change = change
        self._text = text
        self._found = ""

    def __call__(self) -> bool:
        """Write once. Return False if a retry may succeed. Raises CallError, RefusedError."""
        if self.faults:
            found = current_policy(self._calls, self._change)
            if _same_value(found, self._text):  # an earlier attempt was carried out late
                return True
            if found != self._found:
                raise RefusedError(self._change.resource, _DRIFTED)
        try:
            _put(self._calls, self._change, self._text)
        except CallError as error:
            if not _is_temporary(error) and _PRINCIPAL not in error.reason.lower():
                raise
            self.faults.append(error)
            return self._is_written(error)
        return True

    def _is_written(self, error: CallError) -> bool:
        """Return True if AWS made a change whose response was lost. Raises CallError, RefusedError."""
        self._calls.forget_silence()
        found = current_policy(self._calls, self._change)
        if _same_value(found, self._text):
            return True
        is_refused = error.fault is Fault.THROTTLED or bool(self._found)
        if not is_refused and _state_with(self._change, found) is ChangeState.OTHER:
            raise RefusedError(self._change.resource, _DRIFTED)  # others wrote while AWS did not answer
        self._found = self._found or found
        return False


def _put(calls: Calls, change: Change, text: str) -> None:
    parameters = _parameters(change, compact(text))
    if change.kind == KEY:
        calls.make("kms", "put_key_policy", change.resource, **parameters)
    else:
        calls.make("sns", "set_topic_attributes", change.resource, **parameters)


def _parameters(change: Change, text: str) -> dict[str, Any]:
    if change.kind == KEY:
        return {"KeyId": change.resource, "PolicyName": "default", "Policy": text}
    return {"TopicArn": change.resource, "AttributeName": "Policy", "AttributeValue": text}


def compact(text: str) -> str:
    """Return a policy in compact form, as it is sent."""
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


POLICY = ChangeHandler(
    _state_of,
    lambda calls, change, clock: _write(calls, change, change.new, clock),
    lambda calls, change, clock: _write(calls, change, change.old, clock),
    _DRIFTED,
)
