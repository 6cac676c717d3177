"""The rule `connect-not-allowed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import Cause, Diagnosis, diagnose
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.decide.decide import UNKNOWN
from checker.iam.prove.source_keys import SOURCE_KEYS
from checker.lint.fixes.grants import allow_connect
from checker.lint.rule import Link, Rule, witness
from checker.policy.model import Patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.arn import Arn
    from checker.core.finding import Finding, Fix, Location
    from checker.iam.prove.prove import Answer

_ADD = (
    "allow sns:Publish to connect.amazonaws.com, with aws:SourceAccount and aws:SourceArn those of the instance; "
    "SNS drops the messages in silence as long as it is missing"
)
_SETTLE = "give the values: `--var NAME=VALUE` for Terraform, `--parameter NAME=VALUE` for CloudFormation"


class ConnectNotAllowed(Rule):
    """No statement of the topic policy lets Amazon Connect publish.

    ## What it finds

    A topic whose policy does not allow `sns:Publish` to connect.amazonaws.com: for the instances that are
    known to stream to it, or for no instance at all. Where another rule knows the very cause (a leftover
    `AWS:SourceOwner`, a Deny, a wrong Resource, a condition that can never hold), that rule reports it.

    ## Why it matters

    Connect publishes as the service principal connect.amazonaws.com, so the topic policy alone decides.
    When it does not allow the call AWS gives no error and no metric; the messages just never arrive.

    ## Example

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
         "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:chat"}

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:chat",
         "Condition": {
           "StringEquals": {"aws:SourceAccount": "111122223333"},
           "ArnEquals": {"aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/..."}}}

    ## Fix safety

    Adding the statement gives Connect, for the named instance, exactly what AWS documents, and takes
    nothing from anybody.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/troubleshoot-message-streaming.html
    """

    id = "connect-not-allowed"
    family = "sns"
    summary = "no statement of the topic policy lets Amazon Connect publish"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Report once for every instance that cannot publish for a cause that is no other rule's."""
        if isinstance(case.text, Unknown):
            message = f"whether Connect can publish is not known: {case.text.told}"
            yield self.undetermined(case.name, message, case.here())
            return
        if case.topic.doubt is not None:
            message = f"whether Connect can publish is not known: {case.topic.doubt.told}"
            yield self.undetermined(case.name, message, case.here(), help=_SETTLE)
        for instance, answer in case.publishing:
            if isinstance(answer.truth, Unknown):
                about = f" for instance `{instance.instance_id}`" if instance else ""
                at = _in_doubt(case, answer)
                yield self.doubt(case, f"whether Connect can publish{about}", answer.truth, at)
            elif answer.truth is False and not _is_elsewhere(case, instance):
                for one in diagnose(case, instance):
                    yield from self._cause(case, instance, answer, one)

    def _cause(
        self, case: TopicAnalysis, instance: Arn | None, answer: Answer, one: Diagnosis
    ) -> Iterator[Finding]:
        if one.cause is Cause.NO_GRANT:
            at, message, help_text = _no_grant(case)
            proof = (
                witness(answer, f"Connect for instance {instance.instance_id} is denied")
                if instance
                else None
            )
            fixes = _fixes(case, instance)
            help_text += _source(case, instance)
            yield self.finding(case.name, message, at, help=help_text, witness=proof, fixes=fixes)
        elif one.cause is Cause.OTHER_INSTANCE and one.statement is not None and instance is not None:
            pinned = [c for c in one.conditions if c.folded_key in SOURCE_KEYS] or list(one.conditions)
            keys = " and ".join(f"`{c.key}`" for c in pinned)
            asks = "asks" if len(pinned) == 1 else "ask"
            yield self.finding(
                case.name,
                f"{one.statement.title} does not let Connect publish for instance `{instance}`: {keys} {asks} for another",
                [case.at(c.route) for c in pinned],
                help=f"the instance has aws:SourceAccount `{instance.account}` and aws:SourceArn `{instance}`"
                + _source(case, instance),
                witness=witness(answer, f"Connect for instance {instance.instance_id} is denied"),
                fixes=_fixes(case, instance),
            )


def _source(case: TopicAnalysis, instance: Arn | None) -> str:
    """Say what an inferred pairing rests on; what the user said needs no telling."""
    source = case.inferred_from(instance) if instance is not None else ""
    return f"; the instance is paired with this topic {source}" if source else ""


def _fixes(case: TopicAnalysis, instance: Arn | None) -> tuple[Fix, ...]:
    """One statement for all instances that cannot publish for a cause of this kind."""
    if instance is None:
        return allow_connect(case, ())
    causes = (Cause.NO_GRANT, Cause.OTHER_INSTANCE)
    lacking = [
        arn
        for arn, answer in case.publishing
        if arn is not None
        and answer.truth is False
        and not _is_elsewhere(case, arn)
        and _region_of(case) in (arn.region, None)
        and any(one.cause in causes for one in diagnose(case, arn))
    ]
    return allow_connect(case, lacking)


def _region_of(case: TopicAnalysis) -> str | None:
    """The Region of the topic, if it is known; an instance in another one cannot stream to it."""
    return None if isinstance(case.topic.arn, Unknown) else case.topic.arn.region


def _is_elsewhere(case: TopicAnalysis, instance: Arn | None) -> bool:
    """True for an instance in another partition, of which partition-mismatch speaks."""
    topic = case.topic.arn
    return instance is not None and not isinstance(topic, Unknown) and topic.partition != instance.partition


def _in_doubt(case: TopicAnalysis, answer: Answer) -> list[Location]:
    """The statements that an unknown answer hangs on."""
    decision = answer.decision
    hanging = decision.statements() if decision and decision.word == UNKNOWN else ()
    return [case.at(("Statement", ordinal)) for ordinal in hanging] or [case.at(("Statement",))]


def _no_grant(case: TopicAnalysis) -> tuple[list[Location], str, str]:
    """Point at the statements that come closest: those for Connect that allow something else."""
    ours = case.allows_by_name
    if not ours:
        message = "no statement lets connect.amazonaws.com publish"
        return [case.at(("Statement",))], message, _ADD + case.sender_note
    one = f"{ours[0].title} is for Connect but does not allow `sns:Publish`"
    message = one if len(ours) == 1 else f"none of {len(ours)} statements for Connect allows `sns:Publish`"
    places = [
        case.at((*s.route, s.actions.element if isinstance(s.actions, Patterns) else "Action")) for s in ours
    ]
    return places, message, "name sns:Publish in Action"
