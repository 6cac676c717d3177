"""Decide whether a fix is safe: it is if the prover finds no unintended gain or loss of access.

Connect may gain the access that AWS documents for an instance that streams to the topic. Connect may lose access on
behalf of other instances: that closes a confused deputy. The key grant that AWS documents has no condition, so it
also allows Connect on behalf of other instances. That is not safe, and the reason says so.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from checker.analysis.access_diff import Difference, difference, format_actions, joined_differences
from checker.analysis.callers import FOREIGN, HALF_SOURCED, INSTANCE, INSTANCES, UNSOURCED, CallerGroup
from checker.analysis.inventory import PolicyText, Source
from checker.analysis.key import KeyAnalysis
from checker.analysis.pairing import STATED, why
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn, is_uuid
from checker.core.finding import Applicability
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.fix.renaming import local_name
from checker.iam.prove.domain import LIMIT, Budget
from checker.iam.prove.source_keys import SOURCE_ACCOUNT
from checker.iam.prove.space import DATA_KEY, DECRYPT, PUBLISH, TOPIC_CONTEXT
from checker.lint.fixes.grants import serves_more
from checker.lint.fixes.statement import is_for_connect_alone
from checker.policy.model import ALLOW, Condition, Patterns, Statement
from checker.policy.wildcard import example_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.access_diff import Access
    from checker.analysis.deployments import Deployment
    from checker.iam.prove.space import Target
    from checker.policy.model import Policy, Value


PUBLISHING = "publishing"
"""Caller group: Connect while it publishes to a topic, for any instance that the topic policy allows."""

_PLACEHOLDER_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000"


def key_effect(case: KeyAnalysis, old: Policy, new: Policy, whole: Budget | None = None) -> Difference:
    """Compare two policies of a key over all requests.

    A statement that limits Connect to messages for the key's own topics cannot allow more, whatever else the policy
    says. The comparison without that statement therefore shows all other gains.
    """
    limited = [
        statement
        for statement in new.statements
        if statement not in old.statements and _is_limited(case, statement)
    ]
    kept = [statement for statement in new.statements if statement not in limited]
    target = _target(case)
    beyond = difference(old, new._replace(statements=tuple(kept)), target, case.instances, whole)
    if not limited:
        return beyond
    gained = difference(new._replace(statements=tuple(kept)), new, target, case.instances, whole)
    change = difference(old, new, target, case.instances, whole)
    publishing = tuple(_as_publishing(case, access) for access in gained.gained[:1] if change.gained)
    doubts = tuple(dict.fromkeys((*beyond.doubts, *gained.doubts, *change.doubts)))
    return Difference((*beyond.gained, *publishing), change.lost, doubts)


def _target(case: KeyAnalysis) -> Target:
    """Return the key as target. A key without a known ARN gets a placeholder, since its policy names `*`."""
    known = isinstance(case.key.arn, Arn)
    return case.target if known else case.target._replace(resource=_PLACEHOLDER_KEY)


def _is_limited(case: KeyAnalysis, statement: Statement | Unknown) -> bool:
    """Return True for an Allow for Connect only, limited to key use with its topics as encryption context."""
    if isinstance(statement, Unknown) or statement.effect != ALLOW or not is_for_connect_alone(statement):
        return False
    topics = {str(topic.arn) if isinstance(topic.arn, Arn) else topic.symbol for topic in case.topics} - {""}
    return not serves_more(statement) and any(_names(condition, topics) for condition in statement.conditions)


def _names(condition: Condition | Unknown, topics: set[str]) -> bool:
    """Return True for a condition that requires one of these topics as encryption context."""
    if isinstance(condition, Unknown) or isinstance(condition.operation, Unknown):
        return False
    operation = condition.operation
    exact = operation.base == "StringEquals" and not operation.if_exists and not operation.qualifier
    return exact and condition.folded_key == TOPIC_CONTEXT and bool(topics) and topics >= {*condition.values}


def _as_publishing(case: KeyAnalysis, access: Access) -> Access:
    topics = ", ".join(topic.name for topic in case.topics)
    party = CallerGroup(PUBLISHING, f"Connect, only for messages to {topics},")
    return access._replace(party=party, partly=False)


_EXAMPLE_INSTANCE = Arn(
    "aws", "connect", "us-east-1", "000000000000", "instance/00000000-0000-4000-8000-000000000000"
)
_OTHER_TOPIC = "arn:aws:sns:us-east-1:000000000000:another-topic"
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
    cases: tuple[TopicAnalysis | KeyAnalysis, ...] = case.in_deployments
    ways = zip(cases, case.deployments.ways, strict=True)
    assessments = [_in_deployment(deployed, new, deployment, whole) for deployed, deployment in ways]
    return max(assessments, key=lambda assessment: _TRUST.index(assessment.applicability))


_TRUST = (Applicability.SAFE, Applicability.DOCUMENTED, Applicability.UNSAFE, Applicability.DISPLAY)
"""From the most to the least trusted."""


def _in_deployment(
    case: TopicAnalysis | KeyAnalysis, new: Policy, deployment: Deployment, whole: Budget | None
) -> Assessment:
    """Assess a change in one deployment, in which every symbol and every reference has its value."""
    assessment = _assess(case, _filled(new, deployment, case), whole)
    return assessment._replace(reason=deployment.reworded(assessment.reason))


def _filled(policy: Policy, deployment: Deployment, case: TopicAnalysis | KeyAnalysis) -> Policy:
    """Replace the references in a policy by their values in a deployment."""
    values = {reference: value for value, reference in deployment.references.items() if reference}
    for topic in case.topics if isinstance(case, KeyAnalysis) else ():
        if topic.symbol and isinstance(topic.arn, Arn):
            values |= dict.fromkeys((topic.symbol, local_name(topic.symbol)), str(topic.arn))

    def replace(_: str, value: Value) -> Value:
        return values.get(value, value) if isinstance(value, str) else deployment.fill(value)

    return policy.with_values(replace)


def default_effect(case: TopicAnalysis | KeyAnalysis, old: Policy, new: Policy) -> Difference:
    """Return the access gained and lost in the default deployment, with the references of the code."""
    deployment = case.deployments.default
    first = case.in_deployments[0]
    difference = effect(first, _filled(old, deployment, first), _filled(new, deployment, first))
    gained, lost = (
        tuple(_reworded(access, deployment) for access in side)
        for side in (difference.gained, difference.lost)
    )
    return difference._replace(gained=gained, lost=lost)


def _reworded(access: Access, deployment: Deployment) -> Access:
    party = access.party
    return access._replace(party=party._replace(label=deployment.reworded(party.label)))


def _assess(case: TopicAnalysis | KeyAnalysis, new: Policy, whole: Budget | None) -> Assessment:
    if isinstance(case.text, Unknown):
        return Assessment(Applicability.UNSAFE, case.text.reason)
    change = effect(case, case.text.policy, new, whole)
    reason = next(_objections(case, change, case.explicit_instances), "")
    if reason:
        return Assessment(Applicability.UNSAFE, _reason_with_instance(case, change, reason))
    others = [access.who for access in change.gained if not _is_for_named(access, case.explicit_instances)]
    if others:
        return Assessment(Applicability.DOCUMENTED, f"it also allows {', '.join(others)}")
    return Assessment(Applicability.SAFE)


def _reason_with_instance(case: TopicAnalysis | KeyAnalysis, change: Difference, reason: str) -> str:
    """Return the reason, with the instance to name if that would make the change safe."""
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


def _kind(case: TopicAnalysis | KeyAnalysis) -> str:
    return "topic" if isinstance(case, TopicAnalysis) else "key"


def effect(
    case: TopicAnalysis | KeyAnalysis, old: Policy, new: Policy, whole: Budget | None = None
) -> Difference:
    """Return the access gained and lost when the policy of a topic or key changes."""
    if isinstance(case, KeyAnalysis):
        return key_effect(case, old, new, whole)
    targets = _targets(case, old, new)
    differences = [difference(old, new, target, case.instances, whole) for target in targets]
    return differences[0] if len(differences) == 1 else joined_differences(differences)


def _targets(case: TopicAnalysis, old: Policy, new: Policy) -> tuple[Target, ...]:
    """Return every topic that the policy may be attached to.

    A policy in a separate file may belong to any topic that it names, before or after the change, or to one that it
    does not name.
    """
    in_a_file_of_its_own = (
        isinstance(case.text, PolicyText) and case.text.document is case.topic.place.document
    )
    if case.topic.symbol:
        # The policy may name the topic by a pattern before the change, and by reference after it.
        names = dict.fromkeys((case.target.resource, case.topic.symbol))
        return tuple(case.target._replace(resource=name) for name in names)
    if isinstance(case.topic.arn, Arn) and not in_a_file_of_its_own:
        return (case.target,)
    named = dict.fromkeys((case.target.resource, *_topics_named(old), *_topics_named(new), _OTHER_TOPIC))
    return tuple(case.target._replace(resource=name) for name in named)


def _topics_named(policy: Policy) -> Iterator[str]:
    for statement in policy.known_statements():
        for value in statement.resources.values if isinstance(statement.resources, Patterns) else ():
            if isinstance(value, str) and value != "*" and "${" not in value:
                yield example_of(value)


def _objections(
    case: TopicAnalysis | KeyAnalysis, change: Difference, instances: tuple[Arn, ...]
) -> Iterator[str]:
    """Yield unintended gains and losses, and open questions. ``given`` are the instances to grant access to."""
    for access in change.gained:
        if not _is_intended_gain(case, access, instances):
            yield f"{access.who} would gain {format_actions(access.actions)}"
    for access in change.lost:
        if not (isinstance(case, TopicAnalysis) and _is_intended_loss(case, access, instances)):
            yield f"{access.who} would lose {format_actions(access.actions)}"
    for doubt in change.doubts:
        yield f"not known who gains or loses access: {doubt.described}"


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
        return access.party.account not in (*owners, *case.condition_values(SOURCE_ACCOUNT))
    named = (named_instance for named_instance in case.named_instances if is_uuid(named_instance.instance_id))
    meant = frozenset(map(str, (*case.instances, *named)))
    return not (access.party.kind == INSTANCE and access.party.name in meant)
