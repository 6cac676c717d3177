"""Weighs what was seen of a key: whether it shows that Connect can use the key, where documentation is silent.

An observation counts only for the policy under which it was made. It never overrides a proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText
from checker.analysis.observation import (
    ACCOUNT,
    INSTANCE,
    REFUSED,
    SERVED,
    SILENT,
    SNS_SERVICE,
    TOPIC,
    FormCondition,
    day_of,
    policy_digest,
)
from checker.analysis.wording import listed
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.condition import condition_holds
from checker.iam.decide.decide import ALLOWED, combine, grant_covers
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.iam.prove.space import PUBLISH
from checker.policy.model import ALLOW, DENY, Condition, Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.observation import Evidence, Observation
    from checker.core.unknown import Truth
    from checker.iam.decide.decide import Decision, Match


SETTLING = 5 * 60_000
"""A change of a key policy or grant may take this long to apply everywhere, so a request may have met the old one.

https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html
"""
STEADY = (SOURCE_ARN, SOURCE_ACCOUNT, "kms:viaservice", "kms:calleraccount")
"""Keys without documentation whose values are the same in every request for an instance, a topic and a key.

The value of any other key may change without a change of the policy, as that of `aws:CurrentTime` does.
"""
_BY_ORGANIZATION = "resource control policy"


class Weighed(NamedTuple):
    """What the evidence shows about a key and a topic.

    ``usable`` is whether Connect can use the key, ``None`` if the evidence does not decide it or nothing is open.
    ``sentence`` is the reason. ``statements`` are those that may have refused. ``remarks`` say why observations do not
    decide. ``contradiction`` says what a proof and the evidence disagree about.
    """

    usable: bool | None = None
    sentence: str = ""
    statements: tuple[Statement, ...] = ()
    remarks: tuple[str, ...] = ()
    contradiction: str = ""


def weigh(case: KeyAnalysis, evidence: Evidence) -> Weighed:
    """Weigh the evidence about Connect's use of a key for its topic."""
    seen, remarks = _counted(case, evidence)
    contradiction = _contradiction(case, seen)
    if not case.is_open:
        return Weighed(contradiction=contradiction)
    others = [one.key for one in case.unverified if one.folded_key not in STEADY]
    if others:
        remark = f"{listed(others)} may change without a change of the policy, so that earlier requests do not decide"
        return Weighed(remarks=(remark,) if seen else (), contradiction=contradiction)
    shown = [_shown(case, action, seen, evidence) for action, truth in case.usable if truth is not True]
    return _verdict(case, shown, (*remarks, *_silent(case, evidence)))._replace(contradiction=contradiction)


class _Shown(NamedTuple):
    """What decides whether Connect can do an action: the observations, which agree if ``truth`` is known."""

    action: str
    truth: bool | None
    observations: tuple[Observation, ...] = ()


def _counted(case: KeyAnalysis, evidence: Evidence) -> tuple[list[Observation], tuple[str, ...]]:
    """Return the observations about the key and the topic that count, newest first, and why the others do not."""
    about = [one for one in evidence.observations if _is_about(one, case) and one.outcome != SILENT]
    reasons = {one: _why_not(one, case, evidence) for one in sorted(about, key=lambda one: -one.time)}
    remarks = (
        f"{one.source} of {day_of(one.time)} ({one.action} {one.outcome}) does not count: {reason}"
        for one, reason in reasons.items()
        if reason
    )
    return [one for one, reason in reasons.items() if not reason], tuple(remarks)[:1]


def _is_about(one: Observation, case: KeyAnalysis) -> bool:
    same = (one.key, one.topic) == (str(case.key.arn), str(case.topic_arn))
    return same and one.trial is None and one.principal == CONNECT and isinstance(case.key.arn, Arn)


def _why_not(one: Observation, case: KeyAnalysis, evidence: Evidence) -> str:
    """Return why an observation does not count; empty if it does."""
    return _of_another_instance(one, case) or _of_another_policy(one, case, evidence)


def _of_another_instance(one: Observation, case: KeyAnalysis) -> str:
    """Return why the request may have been made for another instance, because the events of KMS name none."""
    instances = tuple(dict.fromkeys(pairing.instance for pairing in case.pairings))
    if one.outcome == REFUSED:
        return "several instances stream to the topic, and the event names none" if len(instances) > 1 else ""
    excluded = [arn for arn in instances if not _may_hold(case, arn)]
    return f"the conditions exclude instance {excluded[0].instance_id}" if excluded else ""


def _may_hold(case: KeyAnalysis, instance: Arn) -> bool:
    """True unless a condition excludes the instance, if Connect passes the source keys on."""
    request = case.answer(case.usable[0][0]).witness
    assert request is not None  # noqa: S101 - the one request of a key
    source = {SOURCE_ARN: str(instance), SOURCE_ACCOUNT: instance.account}
    asked = request._replace(context={**request.context, **source})
    variables = case.filled.has_variables
    excluding = {ALLOW: False, DENY: True}
    return not any(
        condition_holds(condition, asked, variables) is excluding.get(str(statement.effect))
        for statement in case.filled.known_statements()
        for condition in known_conditions(statement)
        if condition in case.unverified and condition.folded_key in source
    )


def _of_another_policy(one: Observation, case: KeyAnalysis, evidence: Evidence) -> str:
    """Return why the request may have been decided by another policy than the one that was read."""
    digest = policy_digest(case.text.text) if isinstance(case.text, PolicyText) else ""
    if one.digest and one.digest != digest:
        return "another key policy was in force"
    about = (each for each in evidence.changes if each.resource in (one.key, one.topic))
    changes = sorted(about, key=lambda each: each.time)
    late = [
        each
        for each in changes
        if each.time + SETTLING > one.time
        and not (one.digest and each.name == "PutKeyPolicy")  # the digest is of the policy
    ]
    if late:
        last = late[-1]
        changed = "changed" if last.time >= one.time else "had just changed"
        what = "the key" if last.resource == one.key else "the topic"
        return f"`{last.name}` {changed} {what} on {day_of(last.time)}"
    if one.digest or evidence.knows_changes(one.key, one.time):
        return ""
    written = [each.digest for each in changes if each.digest]
    if not written:
        return "no event shows which key policy was in force"
    return "" if digest and written[-1] == digest else "another key policy was in force"


def _shown(case: KeyAnalysis, action: str, seen: Sequence[Observation], evidence: Evidence) -> _Shown:
    """Return what the observations of an action show: those of the key itself, else trials of the same form."""
    direct = tuple(one for one in seen if one.action in (action, PUBLISH))
    outcomes = {one.outcome for one in direct}
    if len(outcomes) > 1:
        return _Shown(action, None, direct)
    if direct:
        return _Shown(action, outcomes == {SERVED}, direct[:1])
    return _of_trials(case, action, evidence)


def _verdict(case: KeyAnalysis, shown: Sequence[_Shown], remarks: tuple[str, ...]) -> Weighed:
    refused = [one for one in shown if one.truth is False]
    if refused:
        return Weighed(
            usable=False, sentence=_refused(refused[0]), statements=_refusing(case, refused[0].action)
        )
    if all(one.truth is True for one in shown):
        return Weighed(usable=True, sentence=_served(shown))
    mixed = [one for one in shown if one.truth is None and one.observations]
    both = (f"`{one.action}` was both served and refused under this policy" for one in mixed)
    missing = [one.action for one in shown if not one.observations]
    partly = (
        f"`{one.action}` was served on {day_of(one.observations[0].time)}, but {listed(missing)} was not seen"
        for one in shown
        if one.truth is True and missing
    )
    return Weighed(remarks=(*both, *partly, *remarks))


def _served(shown: Iterable[_Shown]) -> str:
    observations = list(dict.fromkeys(one.observations[0] for one in shown))
    oldest = min(observations, key=lambda one: one.time)
    if oldest.trial is not None:
        return f"seen to work on {day_of(oldest.time)} in a trial on `{oldest.key}`, with the same condition keys"
    sources = " and ".join(dict.fromkeys(one.source for one in observations))
    return f"seen to work on {day_of(oldest.time)}: Connect used the key for this topic ({sources})"


def _refused(shown: _Shown) -> str:
    one = shown.observations[0]
    when = f"seen to be refused on {day_of(one.time)}"
    by = f", by a {_BY_ORGANIZATION} of the organization" if _BY_ORGANIZATION in one.message.lower() else ""
    if one.trial is not None:
        return f"{when} in a trial on `{one.key}`, with the same condition keys: `{one.action}`"
    return f"{when}: KMS denied Connect `{one.action}` for this topic{by} ({one.source}, {one.code})"


def _refusing(case: KeyAnalysis, action: str) -> tuple[Statement, ...]:
    """Return the statements that may have refused: those of which it is not known whether they apply."""
    decision = case.answer(action).decision
    matches = decision.matches if decision is not None else ()
    open_ones = [one for one in matches if isinstance(one.truth, Unknown)]
    is_allowed = any(one.truth is True and one.effect == ALLOW for one in matches)
    effects = (DENY,) if is_allowed else (ALLOW, DENY)
    return tuple(
        one.statement for one in open_ones if isinstance(one.statement, Statement) and one.effect in effects
    )


def refusal_of(statements: Sequence[Statement]) -> str:
    """Describe which statements refused a request, as far as their effects tell."""
    titles = " or ".join(one.title for one in statements)
    effects = {one.effect for one in statements}
    if effects == {ALLOW}:
        return f"the condition of {titles} was not met"
    return f"{titles} denied it" if effects == {DENY} else f"{titles} refused it"


def _of_trials(case: KeyAnalysis, action: str, evidence: Evidence) -> _Shown:
    """Decide an action as if each statement applied or not, as trials of its form showed."""
    decision = case.answer(action).decision
    if decision is None:
        return _Shown(action, None)
    used: list[Observation] = []
    matches = tuple(_tried(one, case, evidence, used) for one in decision.matches)
    if not used:
        return _Shown(action, None)
    truth = _with_grants(combine(matches), case, action)
    deciding = [one for one in used if (one.outcome == SERVED) is truth]
    return _Shown(action, None if isinstance(truth, Unknown) else truth, tuple(deciding or used))


def _with_grants(decision: Decision, case: KeyAnalysis, action: str) -> Truth:
    if decision.word == ALLOWED or isinstance(decision.allowed, Unknown):
        return decision.allowed
    granted = case.granted(action)
    return decision.allowed if granted is False else Unknown("a grant may allow it")


def _tried(match: Match, case: KeyAnalysis, evidence: Evidence, used: list[Observation]) -> Match:
    """Return a match that is decided by a trial, if there is one; add the trial to ``used``."""
    form = _form(match, case)
    for one in sorted(_trials(case, evidence), key=lambda one: -one.time) if form else ():
        tried = frozenset(one.trial.form) if one.trial is not None else frozenset()
        if one.outcome == SERVED and form <= tried:
            used.append(one)
            return match._replace(truth=True)
        if one.outcome == REFUSED and tried and tried <= form:
            used.append(one)
            return match._replace(truth=False)
    return match


def _trials(case: KeyAnalysis, evidence: Evidence) -> Iterator[Observation]:
    """Yield the trials of the only instance, with a topic and a key in the accounts and Region of those here."""
    instances = {str(pairing.instance) for pairing in case.pairings}
    here = case.topic.arn if case.topic is not None else None
    if len(instances) != 1 or not isinstance(here, Arn) or not isinstance(case.key.arn, Arn):
        return
    for one in evidence.observations:
        topic, key = Arn.parse(one.topic), Arn.parse(one.key)
        same = topic is not None and topic._replace(resource=here.resource) == here
        of_key = key is not None and key._replace(resource=case.key.arn.resource) == case.key.arn
        if one.trial is not None and one.trial.instance in instances and same and of_key:
            yield one


def _form(match: Match, case: KeyAnalysis) -> frozenset[FormCondition]:
    """Return the form of the open conditions of a statement that allows access; empty if a trial cannot decide it."""
    statement = match.statement
    is_open = isinstance(match.truth, Unknown) and match.element == "Condition" and match.effect == ALLOW
    if not is_open or not isinstance(statement, Statement):
        return frozenset()
    request, variables = case.answer(case.usable[0][0]).witness, case.filled.has_variables
    assert request is not None  # noqa: S101 - the one request of a key
    doubtful = [
        one
        for one in statement.conditions
        if not isinstance(one, Condition) or condition_holds(one, request, variables) is not True
    ]
    form = [_condition_form(one, case) for one in doubtful]
    return frozenset(one for one in form if one) if all(form) else frozenset()


def _condition_form(condition: Condition | Unknown, case: KeyAnalysis) -> FormCondition | None:
    """Return the form of a condition whose only value is that of the instance, its account, the topic or SNS."""
    if isinstance(condition, Unknown) or len(condition.values) != 1 or case.topic is None:
        return None
    instance, topic = case.pairings[0].instance if case.pairings else None, case.topic.arn
    if instance is None or isinstance(topic, Unknown):
        return None
    value = corresponding(condition.values[0], instance, topic)
    return FormCondition(operator_form(condition.operator), condition.folded_key, value) if value else None


def corresponding(value: object, instance: Arn, topic: Arn) -> str:
    """Return what the value of a condition corresponds to; empty if it is none of these."""
    known = {
        str(instance): INSTANCE,
        instance.account: ACCOUNT,
        str(topic): TOPIC,
        f"sns.{topic.region}.amazonaws.com": SNS_SERVICE,
    }
    return known.get(value, "") if isinstance(value, str) else ""


def operator_form(operator: str) -> str:
    """Return the operator of a form. AWS documents that ArnEquals and ArnLike behave identically.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    return "ArnLike" if operator == "ArnEquals" else operator


def _silent(case: KeyAnalysis, evidence: Evidence) -> Iterator[str]:
    """Yield a remark on trials of the same form in which no message arrived."""
    decision = case.answer(case.usable[0][0]).decision
    forms = {_form(match, case) for match in (decision.matches if decision is not None else ())} - {
        frozenset()
    }
    for one in _trials(case, evidence):
        if one.outcome == SILENT and one.trial is not None and frozenset(one.trial.form) in forms:
            yield f"in a trial on {day_of(one.time)}, no message arrived with the same condition keys"
            return


def _contradiction(case: KeyAnalysis, seen: Sequence[Observation]) -> str:
    """Describe a proof that the counted observations contradict; empty if there is none."""
    for action, truth in case.usable:
        for one in (one for one in seen if one.action in (action, PUBLISH)):
            what = f"{one.source} of {day_of(one.time)} shows that `{one.action}`"
            if truth is False and one.outcome == SERVED and not _may_be_granted(case, action):
                return f"{what} was served, but the analysis says that Connect cannot use the key"
            is_by_organization = _BY_ORGANIZATION in one.message.lower()
            if case.answer(action).truth is True and one.outcome == REFUSED and not is_by_organization:
                return f"{what} was refused, but the analysis says that Connect can use the key"
    return ""


def _may_be_granted(case: KeyAnalysis, action: str) -> bool:
    """True if a grant may allow Connect the action for any source."""
    return any(
        grant_covers(one, CONNECT, action, case.topic_arn, (one.source_arn,) if one.source_arn else ())
        is not False
        for one in case.key.grants
    )
