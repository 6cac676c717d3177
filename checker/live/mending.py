"""Carries out changes of policies: re-read just before, write, read back, prove, and back again if that fails."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.arn import Arn
from checker.difference import difference
from checker.fix.receipt import KEY, Change
from checker.iam.space import Target
from checker.inputs.text import InputError
from checker.live.facts import policy_of
from checker.live.faults import UnreadError
from checker.policy import dialect
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.live.calls import Calls

_PATIENCE = 30.0
"""Seconds until a policy that was written has to be what AWS shows; it shows changes a little later."""
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 4.0
_RETRIED = ("PrincipalNotFound", "MalformedPolicyDocument", "ConcurrentModification", "Throttl")
"""AWS answers these to a principal that was just made, and when two write at once."""


class Clock(NamedTuple):
    """How time goes by; tests have their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def current(calls: Calls, change: Change) -> str:
    """Read the policy of a resource as it is now. Raises InputError."""
    try:
        if change.kind == KEY:
            answer = calls.make(
                "kms", "get_key_policy", change.resource, KeyId=change.resource, PolicyName="default"
            )
            return str(answer["Policy"])
        answer = calls.make("sns", "get_topic_attributes", change.resource, TopicArn=change.resource)
        return str((answer.get("Attributes") or {}).get("Policy", ""))
    except UnreadError as error:
        raise InputError(change.resource, error.skipped.reason, help_text=error.skipped.help) from None


def write(calls: Calls, change: Change, text: str, clock: Clock = Clock()) -> None:  # noqa: B008 - frozen
    """Write a policy, and wait until AWS shows it. Raises InputError.

    KMS checks by itself that the caller can write the policy again; that check is never bypassed.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """
    _until(clock, lambda: _put(calls, change, text))
    shown = _until(clock, lambda: _same(change, current(calls, change), text) or None)
    if shown is None:
        raise InputError(change.resource, "AWS does not show the policy that was written")


def _put(calls: Calls, change: Change, text: str) -> bool | None:
    """Write once; ``None`` where it may go better later."""
    compact = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    parameters: dict[str, Any]
    if change.kind == KEY:
        service, operation = "kms", "put_key_policy"
        parameters = {"KeyId": change.resource, "PolicyName": "default", "Policy": compact}
    else:
        service, operation = "sns", "set_topic_attributes"
        parameters = {"TopicArn": change.resource, "AttributeName": "Policy", "AttributeValue": compact}
    try:
        calls.make(service, operation, change.resource, **parameters)
    except UnreadError as error:
        if any(word in error.skipped.reason for word in _RETRIED):
            return None
        raise InputError(change.resource, error.skipped.reason, help_text=error.skipped.help) from None
    return True


def _until(clock: Clock, attempt: Callable[[], bool | None]) -> bool | None:
    """Try again until it works or patience ends, waiting longer from time to time."""
    end, wait = clock.now() + _PATIENCE, _FIRST_WAIT
    while True:
        done = attempt()
        if done is not None or clock.now() + wait > end:
            return done
        clock.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _same(change: Change, one: str, other: str) -> bool:
    """True if two texts are the same policy: as values, or to the letter of the law."""
    try:
        if json.loads(one) == json.loads(other):
            return True
    except ValueError:
        return False
    kind = dialect.KEY if change.kind == KEY else dialect.TOPIC
    first, second = (policy_of(change.resource, text, kind) for text in (one, other))
    arn = Arn.parse(change.resource)
    if isinstance(first, Unknown) or isinstance(second, Unknown) or arn is None:
        return False
    return difference(first.policy, second.policy, Target.of(arn)).same is True


def check_drift(calls: Calls, change: Change) -> None:
    """See that a policy still says what the change was made for. Raises InputError."""
    if not _same(change, current(calls, change), change.old):
        raise InputError(
            change.resource,
            "somebody changed the policy since it was read",
            help_text="nothing was written to it; run the command again",
        )


class Carried(NamedTuple):
    """How far a repair got: the changes that are written, and the fault that ended it, if one did."""

    written: tuple[Change, ...]
    fault: InputError | None = None


def carry_out(calls: Calls, changes: Sequence[Change], clock: Clock = Clock()) -> Carried:  # noqa: B008 - frozen
    """Write changes in their order, each on what it was made for; the first fault ends it."""
    written: list[Change] = []
    for change in changes:
        try:
            check_drift(calls, change)
            written.append(change)  # from here on it may be written, whatever the answer is
            write(calls, change, change.new, clock)
        except InputError as fault:
            return Carried(tuple(written), fault)
    return Carried(tuple(written))


class Undone(NamedTuple):
    """What became of each change: taken back, never made, or changed by somebody else since."""

    back: tuple[Change, ...] = ()
    untouched: tuple[Change, ...] = ()
    drifted: tuple[Change, ...] = ()


def take_back(
    calls: Calls,
    changes: Sequence[Change],
    *,
    force: bool = False,
    clock: Clock = Clock(),  # noqa: B008 - frozen
) -> Undone:
    """Write the old policies again, the last first. What somebody else has changed since is left alone.

    Raises InputError for what cannot be read or written.
    """
    undone = Undone()
    for change in reversed(changes):
        now = current(calls, change)
        if _same(change, now, change.old):
            undone = undone._replace(untouched=(*undone.untouched, change))
        elif force or _same(change, now, change.new):
            write(calls, change, change.old, clock)
            undone = undone._replace(back=(*undone.back, change))
        else:
            undone = undone._replace(drifted=(*undone.drifted, change))
    return undone
