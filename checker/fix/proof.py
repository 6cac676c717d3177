"""Decide whether a fix is safe: it is if the prover finds no unintended gain or loss of access.

Connect may gain the access that AWS documents for an instance that streams to the topic. Connect may lose access on
behalf of other instances: that closes a confused deputy. The key grant that AWS documents has no condition, so it
also allows Connect on behalf of other instances. That is not safe, and the reason says so.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from shlex import quote
from typing import TYPE_CHECKING

from checker.analysis.access_diff import format_actions
from checker.analysis.callers import FOREIGN, HALF_SOURCED, INSTANCE, INSTANCES, UNSOURCED
from checker.analysis.diagnosis import is_deliberate
from checker.analysis.inventory import PolicyText, Source
from checker.analysis.key import KeyAnalysis
from checker.analysis.pairing import STATED, is_near, why
from checker.analysis.symbols import is_own, symbols_in, values_of
from checker.analysis.topic import TopicAnalysis
from checker.analysis.wording import similar_region
from checker.core.arn import Arn, is_instance_arn, is_uuid
from checker.core.finding import Applicability
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.fix.effect import PUBLISHING, effect, filled
from checker.iam.prove.domain import LIMIT, Budget
from checker.iam.prove.source_keys import SOURCE_ARN, SOURCE_KEYS
from checker.iam.prove.space import DATA_KEY, DECRYPT, PUBLISH
from checker.policy.model import DENY, EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.access_diff import Access, Difference
    from checker.analysis.deployments import Deployment
    from checker.policy.model import Policy, Statement


_EXAMPLE_INSTANCE = Arn(
    "aws", "connect", "us-east-1", "000000000000", "instance/00000000-0000-4000-8000-000000000000"
)
_CONNECT = (INSTANCE, INSTANCES, FOREIGN, UNSOURCED, HALF_SOURCED)


ProofBudgets = defaultdict[object, Budget]


def proof_budget() -> Budget:
    """Return the budget for all proofs about one policy."""
    return Budget(_PROOFS * LIMIT)


def proof_budgets() -> ProofBudgets:
    """Return the proof budget of each policy. A fix that is not proven within its budget counts as unsafe."""
    return defaultdict(proof_budget)


_PROOFS = 4


class Assessment(NamedTuple):
    """Whether a fix is safe, and if not, why."""

    applicability: Applicability
    reason: str = ""


def assess(case: TopicAnalysis | KeyAnalysis, new: Policy, whole: Budget | None = None) -> Assessment:
    """Prove that a changed policy grants and removes only what is intended, in every deployment.

    ``whole`` is the budget for all proofs.
    """
    assessments = [_in_deployment(one, new, deployment, whole) for one, deployment in _ways(case)]
    others = _for_other_instances(case)
    if others is not None:
        assessments += [_without_loss(one, new, deployment, whole) for one, deployment in _ways(others)]
    reasons = filter(None, (_unknown_region(case, new), _lifted_block(case, new)))
    assessments += [Assessment(Applicability.UNSAFE, reason) for reason in reasons]
    return max(assessments, key=lambda assessment: _TRUST.index(assessment.applicability))


def _ways(case: TopicAnalysis | KeyAnalysis) -> Iterator[tuple[TopicAnalysis | KeyAnalysis, Deployment]]:
    """Return a case in each of its deployments."""
    cases: tuple[TopicAnalysis | KeyAnalysis, ...] = case.in_deployments
    return zip(cases, case.deployments.ways, strict=True)


def _for_other_instances(case: TopicAnalysis | KeyAnalysis) -> TopicAnalysis | KeyAnalysis | None:
    """Return a case without the instances that the user named, if its code is deployed for other ones, too.

    It is if a condition on the source has a reference to something else than the deployment's own account or Region.
    """
    others = tuple(one for one in case.pairings if one.source not in STATED)
    policy = case.text.policy if isinstance(case.text, PolicyText) else EMPTY
    sources = (value for key, value in values_of(policy) if key in SOURCE_KEYS)
    is_named = all(is_own(symbol) for value in sources for symbol in symbols_in(value))
    return None if is_named or len(others) == len(case.pairings) else case.paired_with(others)


def _without_loss(
    case: TopicAnalysis | KeyAnalysis, new: Policy, deployment: Deployment, whole: Budget | None
) -> Assessment:
    """Assess that no instance that the policy names loses access in a deployment for other instances."""
    old = case.text.policy if isinstance(case.text, PolicyText) else EMPTY
    change = effect(case, old, filled(new, deployment, case), whole)
    losses = (
        f"{one.who} would lose {format_actions(one.actions)}{one.proviso}"
        for one in change.lost
        if _is_named(case, one)
    )
    reason = next(chain(losses, map(_doubtful, change.doubts)), "")
    if not reason:
        return Assessment(Applicability.SAFE)
    return Assessment(
        Applicability.UNSAFE, f"in a deployment for another instance, {deployment.reworded(reason)}"
    )


def _unknown_region(case: TopicAnalysis | KeyAnalysis, new: Policy) -> str:
    """Return why the Region of an instance that a change writes may be misspelled; empty if the topic has it, too."""
    if isinstance(_arn(case), Arn):
        return ""
    written = {value for key, value in values_of(new) if key == SOURCE_ARN}
    regions = (arn.region for arn in case.explicit_instances if str(arn) in written)
    similar = ((region, similar_region(region)) for region in regions)
    return next(
        (f"`{region}` is not a known Region; did you mean {one}?" for region, one in similar if one), ""
    )


def _lifted_block(case: TopicAnalysis | KeyAnalysis, new: Policy) -> str:
    """Return which Deny that a change lifts may be there to stop Connect; empty if there is none."""
    kept = {_without_names(one) for one in new.known_statements()}
    denies = (one for one in case.statements if one.effect == DENY and _without_names(one) not in kept)
    lifted = next(filter(is_deliberate, denies), None)
    return f"{lifted.title} may be there to stop Connect" if lifted is not None else ""


def _without_names(statement: Statement) -> Statement:
    """Return a statement without what does not matter for its effect."""
    return statement._replace(ordinal=0, sid="", sid_unknown=False)


def _is_named(case: TopicAnalysis | KeyAnalysis, access: Access) -> bool:
    """Return True for access of an instance, or of those of an account, that the conditions of a policy name."""
    if isinstance(case, KeyAnalysis):
        return True
    if access.party.kind == INSTANCES:
        return access.party.account in case.intended_accounts
    return access.party.kind == INSTANCE and access.party.name in {*map(str, case.named_instances)}


_TRUST = (Applicability.SAFE, Applicability.DOCUMENTED, Applicability.UNSAFE, Applicability.DISPLAY)
"""From the most to the least trusted."""


def _in_deployment(
    case: TopicAnalysis | KeyAnalysis, new: Policy, deployment: Deployment, whole: Budget | None
) -> Assessment:
    """Assess a change in one deployment, in which every symbol and every reference has its value."""
    assessment = _assess(case, filled(new, deployment, case), whole)
    reason = assessment.reason
    for text, reference in deployment.references.items():
        if reference and is_instance_arn(text):  # the option also takes a reference
            name = quote(reference.rpartition("#")[2])
            reason = reason.replace(f"{NAME_INSTANCE} {text}", f"{NAME_INSTANCE} {name}")
    return assessment._replace(reason=deployment.reworded(reason))


def _assess(case: TopicAnalysis | KeyAnalysis, new: Policy, whole: Budget | None) -> Assessment:
    if isinstance(case.text, Unknown):
        return Assessment(Applicability.UNSAFE, case.text.reason)
    change = effect(case, case.text.policy, new, whole)
    given = tuple(arn for arn in case.explicit_instances if not _in_another_region(arn, case))
    reason = next(_objections(case, change, given), "")
    if reason:
        return Assessment(Applicability.UNSAFE, _reason_with_instance(case, change, reason))
    others = [access.who for access in change.gained if not _is_for_named(access, given)]
    if others:
        return Assessment(Applicability.DOCUMENTED, f"it also allows {', '.join(others)}")
    return Assessment(Applicability.SAFE)


def _reason_with_instance(case: TopicAnalysis | KeyAnalysis, change: Difference, reason: str) -> str:
    """Return the reason, with the instance to name if that would make the change safe."""
    elsewhere = next((arn for arn in case.explicit_instances if _in_another_region(arn, case)), None)
    if elsewhere and not next(_objections(case, change, case.explicit_instances), ""):
        return f"Connect instance `{elsewhere}` is in another Region than the {_kind(case)}"
    if case.instances and not next(_objections(case, change, case.instances), ""):
        return inferred_instance_reason(case)
    if (
        isinstance(case, KeyAnalysis)
        and not case.instances
        and not next(_objections(case, change, (_EXAMPLE_INSTANCE,)), "")
    ):
        return f"{reason}; {NAME_INSTANCE}"
    return reason


NAME_INSTANCE = "fixable once you name the instance with --instance-arn"


NAME_PATH = "check its folder alone, or list the instance in `overrides` of the configuration"


def inferred_instance_reason(case: TopicAnalysis | KeyAnalysis) -> str:
    """Return which instance was inferred, from what, and how to name it."""
    inferred = next(
        pairing for pairing in case.pairings if not pairing.explicit and pairing.source is not Source.POLICY
    )
    if inferred.source in STATED:
        return f"{inferred.instance.instance_id} may be the instance of another topic; {NAME_PATH}"
    return f"the instance is only inferred for this {_kind(case)}, {why(inferred)}; {NAME_INSTANCE} {inferred.instance}"


def _in_another_region(instance: Arn, case: TopicAnalysis | KeyAnalysis) -> bool:
    """Return True for an instance that is known to be in another Region, so that it cannot stream to the topic.

    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    arn = _arn(case)
    return isinstance(arn, Arn) and not is_near(instance, arn)


def _arn(case: TopicAnalysis | KeyAnalysis) -> Arn | Unknown:
    return case.topic.arn if isinstance(case, TopicAnalysis) else case.key.arn


def _kind(case: TopicAnalysis | KeyAnalysis) -> str:
    return "topic" if isinstance(case, TopicAnalysis) else "key"


def _objections(
    case: TopicAnalysis | KeyAnalysis, change: Difference, instances: tuple[Arn, ...]
) -> Iterator[str]:
    """Yield unintended gains and losses, and open questions. ``given`` are the instances to grant access to."""
    for access in change.gained:
        if not _is_intended_gain(case, access, instances):
            yield f"{access.who} would gain {format_actions(access.actions)}{access.proviso}"
    for access in change.lost:
        if not (isinstance(case, TopicAnalysis) and _is_intended_loss(case, access, instances)):
            yield f"{access.who} would lose {format_actions(access.actions)}{access.proviso}"
    for doubt in change.doubts:
        yield _doubtful(doubt)


def _doubtful(doubt: Unknown) -> str:
    return f"not known who gains or loses access: {doubt.described}"


def _is_intended_gain(case: TopicAnalysis | KeyAnalysis, access: Access, instances: tuple[Arn, ...]) -> bool:
    """Return True for access that AWS documents as required for a given instance.

    An instance that only the policy names, or that was only inferred, must not gain access. AWS documents no
    condition for key use, so that grant may apply to every instance.
    """
    if isinstance(case, KeyAnalysis):
        uses_key = all(action.startswith((DATA_KEY, DECRYPT)) for action in access.actions)
        return bool(instances) and access.party.kind in (*_CONNECT, PUBLISHING) and uses_key
    return _is_for_named(access, instances) and access.actions == (PUBLISH,)


def _is_for_named(access: Access, instances: tuple[Arn, ...]) -> bool:
    """Return True for Connect on behalf of a given instance, or while it publishes to a topic of the key.

    The policy of that topic decides which instances Connect may publish for.
    """
    named = access.party.kind == INSTANCE and access.party.name in frozenset(map(str, instances))
    return named or access.party.kind == PUBLISHING


def _is_intended_loss(case: TopicAnalysis, access: Access, instances: tuple[Arn, ...]) -> bool:
    """Return True for Connect on behalf of instances that are not given, not known, and not named by the policy.

    The owner's account and accounts that the policy names count as intended too, except the account of a given
    instance. While an instance is only inferred, the topic's real instance may be any that its policy allows.
    """
    if access.party.kind not in _CONNECT:
        return False
    if access.party.kind in (INSTANCES, FOREIGN) and case.instances and not instances:
        return False
    accounts = {arn.account for arn in instances}
    if access.party.kind == INSTANCES and access.party.account not in accounts:
        owners = case.owners if PUBLISH in access.actions else ()
        return access.party.account not in (*owners, *case.intended_accounts)
    named = (named_instance for named_instance in case.named_instances if is_uuid(named_instance.instance_id))
    meant = frozenset(map(str, (*case.instances, *named)))
    return not (access.party.kind == INSTANCE and access.party.name in meant)
