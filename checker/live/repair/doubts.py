"""Reasons not to rely on the named instances: one does not exist, or the fix would cut off another one.

A mistyped instance ARN would limit a topic to an instance that does not exist, and cut off the real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText
from checker.core.errors import AwsError, RefusedError
from checker.core.finding import Applicability
from checker.iam.prove import prove
from checker.iam.prove.space import Target
from checker.lint.explain import BROKEN, OK
from checker.live.audit.instances import contacts_of
from checker.live.aws.facts import policy_of
from checker.live.aws.lookup import look_up
from checker.policy.vocabulary import TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.inventory import Instance
    from checker.core.arn import Arn
    from checker.core.errors import CheckerError
    from checker.live.aws.calls import Calls
    from checker.live.repair.planning import Plan
    from checker.policy.model import Policy

_NAME_ALL = "name every instance that streams to the topic with `--instance-arn`"
TRAIL_HOURS = 90 * 24
"""AWS documents that the CloudTrail event history covers 90 days."""


def unverified(calls: Calls, topic: Arn, instances: Sequence[Instance]) -> Iterator[AwsError]:
    """Yield the instances that could not be looked up. Raises AwsError for an instance that does not exist."""
    for one in dict.fromkeys(one.arn for one in instances):
        found = look_up(calls, one, topic.region)
        if found.status == BROKEN:
            raise AwsError(str(one), found.reason, help_text=found.help, not_found=True)
        if found.status != OK:
            yield AwsError(str(one), found.reason, help_text=found.help)


def cut_off(plan: Plan) -> Iterator[RefusedError]:
    """Yield the instances that stream to the topic according to CloudTrail and would lose access by the plan.

    CloudTrail is not called if the plan removes no access, or if the old topic stays unchanged.
    """
    if plan.outcome.replacement is not None or not any(one.difference.lost for one in plan.outcome.changes):
        return
    named = {one.arn for one in plan.wish.instances}
    for instance in _streaming(plan.calls, plan.topic):
        if instance not in named and _loses(plan, instance):
            yield RefusedError(
                str(instance),
                "CloudTrail shows that this instance streams to the topic, and the fix would cut it off",
                help_text=f"add `--instance-arn {instance}`",
            )


def _streaming(calls: Calls, topic: Arn) -> tuple[Arn, ...]:
    """Return the instances that CloudTrail shows for a topic. Failed reads are recorded."""
    asking = calls.elsewhere(calls.unit)
    contacts = contacts_of(asking, TRAIL_HOURS)
    for skipped in asking.skipped:
        calls.skip(skipped if skipped.error else skipped._replace(help=_NAME_ALL))
    found = (one.instance for one in contacts if any(name == str(topic) for name, _ in one.topics))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _loses(plan: Plan, instance: Arn) -> bool:
    before, after = plan.found.texts(), plan.repair.texts
    name = str(plan.topic)
    if name not in after:
        return False
    target = Target.of(plan.topic)
    could, can = (
        prove.can_publish(_policy(name, texts[name]), target, instance).truth for texts in (before, after)
    )
    return could is not False and can is not True


def _policy(name: str, text: str) -> Policy:
    found = policy_of(name, text, TOPIC)
    assert isinstance(found, PolicyText)  # noqa: S101 - it was parsed before it was fixed
    return found.policy


def doubted(plan: Plan, doubts: Iterable[CheckerError]) -> Plan:
    """Add doubts to the plan. If there are any, none of its fixes is safe."""
    known = tuple(doubts)
    if not known:
        return plan
    fixed = (
        one._replace(fix=one.fix._replace(applicability=Applicability.UNSAFE)) for one in plan.repair.fixed
    )
    outcome = plan.outcome._replace(repair=plan.outcome.repair._replace(fixed=tuple(fixed)))
    return plan._replace(outcome=outcome, doubts=known)


def check_doubts(plan: Plan) -> None:
    """Check that the user accepts all doubts before anything is written. Raises the first of them."""
    if plan.doubts and not plan.wish.unsafe:
        first = plan.doubts[0]
        help_text = f"{first.help}; or add `--unsafe-fixes` to change the topic anyway"
        raise first.reworded(f"{first.reason}; nothing was written", help_text)
