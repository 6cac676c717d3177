"""Subscribe an existing delivery stream, and create the role that SNS needs for it.

https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html
Streams are not created, because their destination and format are the owner's choice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.analysis.documented import policy_of
from checker.core.errors import AwsError, InputError, RefusedError
from checker.core.unknown import Unknown, all_of
from checker.lint.explain import BROKEN, OK
from checker.lint.retention.model import FIREHOSE, Made
from checker.lint.retention.stream import LOOK, WRITE, may, stream_step
from checker.live.aws.errors import CallError
from checker.live.aws.lookup import check_account
from checker.live.aws.wait import until
from checker.live.retention.make_queue import resource_name, subscribe
from checker.live.retention.read_targets import read_role, read_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.arn import Arn
    from checker.lint.retention.model import Retention
    from checker.live.aws.calls import Calls
    from checker.live.aws.wait import Clock

_LONGEST_NAME = 64
_POLICY = "write-to-stream"
_REFUSED = "InvalidParameter"


def make_subscription(
    calls: Calls, topic: Arn, retention: Retention, stream: Arn | None, clock: Clock
) -> Iterator[Made]:
    """Create a role that allows SNS to write to a stream, and subscribe the stream. Yield each created resource.

    Raises CheckerError. Resources that were yielded before are kept.
    """
    if stream is None:
        reason = "no delivery stream is named"
        help_text = "add `--stream-arn ARN` with a stream that writes to the place where you keep chats"
        raise InputError("--create", reason, help_text=help_text)
    check_account(calls, topic)
    _check_stream(calls, stream, retention)
    name = resource_name(f"{topic.region}-{topic.resource}", _LONGEST_NAME)
    role = topic._replace(service="iam", region="", resource=f"role/{name}")
    yield from _own_role(calls, role, stream)
    yield _subscribe(calls, topic, stream, role, clock)


def _check_stream(calls: Calls, stream: Arn, retention: Retention) -> None:
    """Check that the stream exists and has no subscription that would have to be changed. Raises CheckerError."""
    found = stream_step(read_stream(calls, stream))
    if found.status != OK:
        missing = found.status == BROKEN
        raise AwsError(str(stream), found.reason, help_text=found.help, not_found=missing)
    if any(one.endpoint == str(stream) for one in retention.keepers):
        help_text = "fix the broken links, or unsubscribe the stream and run the command again"
        raise RefusedError(
            str(stream), "already subscribed, but the subscription does not work", help_text=help_text
        )


def _own_role(calls: Calls, arn: Arn, stream: Arn) -> Iterator[Made]:
    """Create the role, or complete the role from an earlier run."""
    role = read_role(calls, {"SubscriptionRoleArn": str(arn)})
    if isinstance(role, Unknown):
        raise AwsError(str(arn), role.reason, help_text="grant it to the caller, and run the command again")
    name = arn.resource.rpartition("/")[2]
    if role is None:
        trust = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = _document(trust)
        calls.make("iam", "create_role", str(arn), RoleName=name, AssumeRolePolicyDocument=document)
        yield Made("a role that trusts SNS", str(arn), trust)
    if role is None or all_of(may(role, action, stream) for action in WRITE) is not True:
        yield _allow(calls, arn, stream)


def _allow(calls: Calls, role: Arn, stream: Arn) -> Made:
    """Allow the role the actions that AWS recommends, only on this stream."""
    statement = {"Effect": "Allow", "Action": [*LOOK, *WRITE], "Resource": str(stream)}
    calls.make(
        "iam",
        "put_role_policy",
        str(role),
        RoleName=role.resource.rpartition("/")[2],
        PolicyName=_POLICY,
        PolicyDocument=_document(statement),
    )
    return Made("a policy of the role", str(role), statement)


def _document(statement: dict[str, Any]) -> str:
    return json.dumps(policy_of([statement]))


def _subscribe(calls: Calls, topic: Arn, stream: Arn, role: Arn, clock: Clock) -> Made:
    """Subscribe, with retries because a new role is not available everywhere at once.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """
    made: list[str] = []
    faults: list[CallError] = []

    def attempt() -> bool:
        try:
            made.append(_subscribed(calls, topic, stream, role))
        except CallError as fault:
            faults.append(fault)
        return bool(made) or _REFUSED not in faults[-1].reason

    until(clock, attempt)
    if not made:
        raise faults[-1]
    return Made("a subscription of the stream, with envelopes that contain the attributes", made[0])


def _subscribed(calls: Calls, topic: Arn, stream: Arn, role: Arn) -> str:
    """Subscribe without raw delivery, which would omit the attributes of messages from the records.

    https://docs.aws.amazon.com/sns/latest/dg/firehose-archived-message-format-S3.html
    """
    return subscribe(calls, topic, FIREHOSE, stream, {"SubscriptionRoleArn": str(role)})
