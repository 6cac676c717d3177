"""Plan a live repair from the current state in AWS: fix in place, or create a replacement. A plan lists its doubts.

Doubts are reasons not to rely on the named instances: one does not exist, or the fix would cut off another one. A
mistyped instance ARN would limit a topic to an instance that does not exist, and cut off the real one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText
from checker.core.errors import AwsError, RefusedError
from checker.core.finding import Applicability
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.fix.live.receipt import KEY, TOPIC, Change, new_id, stamped
from checker.fix.live.replacement import is_replaceable
from checker.fix.result import Outcome, policy_changes
from checker.fix.rounds import Repair, repair
from checker.iam.prove import prove
from checker.iam.prove.space import Target
from checker.lint.status import OK
from checker.live.audit.instances import contacts_of
from checker.live.aws.facts import policy_of
from checker.live.aws.lookup import look_up_existing
from checker.live.aws.topic import read_topic
from checker.live.repair.replacement import ReplacementRequest, plan_replacement, replacement
from checker.policy import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from checker.analysis.documented import KeyCondition
    from checker.analysis.inventory import Instance, Inventory
    from checker.core.arn import Arn
    from checker.core.errors import CheckerError
    from checker.fix.reading import Reading
    from checker.lint.explanation import InstanceStatus
    from checker.live.aws.calls import Calls
    from checker.live.aws.topic import TopicState
    from checker.live.repair.replacement import ReplacementPlan
    from checker.policy.model import Policy


class RepairRequest(NamedTuple):
    """A repair request: the topic, the instances that stream to it, and the options.

    ``judge`` runs the selected rules on an inventory. ``replace`` allows a replacement for a topic or key that cannot
    be fixed in place.
    """

    topic: Arn
    instances: tuple[Instance, ...]
    judge: Callable[[Inventory], Reading]
    unsafe: bool = False
    kms_condition: KeyCondition | None = None
    replace: bool = False


class CutOffError(RefusedError):
    """An instance that streams to the topic would lose access, because it is not named."""


class Plan(NamedTuple):
    """A planned repair: the future state, the changes, and the outcome for reports.

    ``topic`` is the topic to stream to from now on. ``replaceable`` is True if a replacement is needed but was not
    requested. ``receipt`` is the ID of the future receipt and of all created resources. ``doubts`` are reasons not to
    rely on the instances.
    """

    calls: Calls
    wanted: RepairRequest
    topic: Arn
    state: TopicState
    repair: Repair
    changes: tuple[Change, ...]
    outcome: Outcome
    receipt: str
    replaceable: bool = False
    doubts: tuple[CheckerError, ...] = ()


def plan(calls: Calls, wanted: RepairRequest) -> Plan:
    """Read the topic and its key, and plan the changes. Raises CheckerError."""
    state = read_topic(calls, wanted.topic)
    replacement_plan = (
        plan_replacement(calls, _replacement_request(wanted), state) if wanted.replace else None
    )
    return (
        _in_place(calls, wanted, state) if replacement_plan is None else _replaced(replacement_plan, wanted)
    )


def _replacement_request(wanted: RepairRequest) -> ReplacementRequest:
    return ReplacementRequest(
        wanted.topic, tuple(instance.arn for instance in wanted.instances), wanted.kms_condition
    )


def _in_place(calls: Calls, wanted: RepairRequest, state: TopicState) -> Plan:
    fixed = _fixed(wanted, state)
    changes = tuple(_policies(fixed.texts, state, wanted.topic))
    shown, replaceable = _formatted(fixed, state), not wanted.replace and _is_replaceable(wanted, state)
    return Plan(calls, wanted, wanted.topic, state, fixed, changes, shown, new_id(), replaceable)


def _is_replaceable(wanted: RepairRequest, state: TopicState) -> bool:
    topic, key = state.topic, state.key
    regions = {instance.arn.region for instance in wanted.instances} or {wanted.topic.region}
    return any(is_replaceable(topic, key, region) for region in regions)


def _replaced(planned: ReplacementPlan, wanted: RepairRequest) -> Plan:
    """Plan a replacement. Its policies are fixed before it is created."""
    fixed, receipt = _fixed(wanted, planned.state), new_id()
    changes = tuple(stamped(change, receipt) for change in planned.changes(fixed.texts))
    outcome = _formatted(fixed, planned.state)._replace(replacement=replacement(planned, changes))
    return Plan(planned.calls, wanted, planned.topic, planned.state, fixed, changes, outcome, receipt)


def _fixed(wanted: RepairRequest, state: TopicState) -> Repair:
    def read(texts: Mapping[str, str]) -> Reading:
        return wanted.judge(state.inventory(wanted.instances, texts))

    return repair(read, unsafe=wanted.unsafe, kms_condition=wanted.kms_condition)


def _policies(texts: Mapping[str, str], state: TopicState, topic: Arn) -> Iterator[Change]:
    """Yield the policies to write. The key's policy comes first, so that the topic never allows more than its key."""
    old = state.texts()
    for name in sorted(texts, key=lambda arn: arn == str(topic)):
        yield Change(name, TOPIC if name == str(topic) else KEY, old[name], texts[name])


def _formatted(fixed: Repair, state: TopicState) -> Outcome:
    """Return the outcome with formatted policies, so that a diff has one line per change."""
    pretty = {name: _indented(text) for name, text in fixed.texts.items()}
    originals = {name: _indented(text) for name, text in state.texts().items()}
    names = {name: name for name in pretty}
    return Outcome(fixed._replace(texts=pretty), originals, names, policy_changes(fixed))


def _indented(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


_NOT_SHOWN = "not known whether the fix would cut off another instance that streams to the topic: {}"
_NAME_ALL = "name every instance that streams to the topic with `--instance-arn`"
TRAIL_HOURS = 90 * 24
"""AWS documents that the CloudTrail event history covers 90 days."""


def look_up_instances(
    calls: Calls, topic: Arn, instances: Sequence[Instance]
) -> tuple[tuple[Instance, ...], tuple[AwsError, ...]]:
    """Return the instances with their replicas in the topic's Region in their place, and failed lookups.

    Raises AwsError for an instance that does not exist.
    """
    found: list[Instance] = []
    faults: dict[Arn, AwsError] = {}
    statuses: dict[Arn, InstanceStatus] = {}
    for instance in instances:
        arn = instance.arn
        if arn not in statuses:
            statuses[arn] = look_up_existing(calls, arn, topic.region)
        if statuses[arn].status != OK:
            faults[arn] = AwsError(str(arn), statuses[arn].reason, help_text=statuses[arn].help)
        found.append(_here(instance, topic, statuses[arn]))
    return tuple(found), tuple(faults.values())


def _here(instance: Instance, topic: Arn, status: InstanceStatus) -> Instance:
    """Return the instance with its replicas; the replica in the topic's Region in its place, if there is one."""
    if isinstance(status.replicas, Unknown):
        return instance
    everywhere = instance.with_replicas(status.replicas)
    return next((one for one in everywhere if one.arn.region == topic.region), everywhere[0])


def cut_off(plan: Plan) -> Iterator[CheckerError]:
    """Yield the instances that stream to the topic according to CloudTrail and would lose access by the plan.

    If CloudTrail could not be read, any other instance may. It is not called if the plan removes no access, or if the
    old topic stays unchanged.
    """
    if plan.outcome.replacement is not None or not any(
        change.difference.lost for change in plan.outcome.changes
    ):
        return
    named = {instance.arn for instance in plan.wanted.instances}
    trail_calls = plan.calls.elsewhere(plan.calls.unit)
    for instance in _streaming(trail_calls, plan.topic):
        if instance not in named and _loses(plan, instance):
            yield CutOffError(
                str(instance),
                "CloudTrail shows that this instance streams to the topic, and the fix would cut it off",
                help_text=f"add `--instance-arn {instance}`",
            )
    for skipped in trail_calls.skipped:
        plan.calls.skip(skipped if skipped.error else skipped._replace(help=_NAME_ALL))
        if skipped.error:
            yield RefusedError(skipped.what, _NOT_SHOWN.format(skipped.reason), help_text=_NAME_ALL)


def _streaming(calls: Calls, topic: Arn) -> tuple[Arn, ...]:
    """Return the instances that CloudTrail shows for a topic."""
    contacts = contacts_of(calls, TRAIL_HOURS)
    streaming = (
        contact.instance for contact in contacts if any(name == str(topic) for name, _ in contact.topics)
    )
    return tuple(dict.fromkeys(instance for instance in streaming if instance is not None))


def _loses(plan: Plan, instance: Arn) -> bool:
    before, after = plan.state.texts(), plan.repair.texts
    name = str(plan.topic)
    if name not in after:
        return False
    target = Target.of(plan.topic)
    could, can = (
        prove.can_publish(_policy(name, texts[name]), target, instance).truth for texts in (before, after)
    )
    return could is not False and can is not True


def _policy(name: str, text: str) -> Policy:
    parsed = policy_of(name, text, vocabulary.TOPIC)
    assert isinstance(parsed, PolicyText)  # noqa: S101 - it was parsed before it was fixed
    return parsed.policy


def doubted(plan: Plan, doubts: Iterable[CheckerError]) -> Plan:
    """Add doubts to the plan. If there are any, none of its fixes is safe."""
    known = tuple(doubts)
    if not known:
        return plan
    unsafe = (
        finding._replace(fix=finding.fix._replace(applicability=Applicability.UNSAFE))
        for finding in plan.repair.fixed
    )
    outcome = plan.outcome._replace(repair=plan.outcome.repair._replace(fixed=tuple(unsafe)))
    return plan._replace(outcome=outcome, doubts=known)


def check_doubts(plan: Plan) -> None:
    """Check that the user accepts all doubts before anything is written. Raises the first of them."""
    if plan.doubts and not plan.wanted.unsafe:
        first = plan.doubts[0]
        help_text = f"{first.help}; or add `--unsafe-fixes` to change the topic anyway"
        raise first.reworded(f"{first.reason}; nothing was written", help_text)
