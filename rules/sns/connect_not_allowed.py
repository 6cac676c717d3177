"""The rule `connect-not-allowed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import Cause, Diagnosis, diagnose
from checker.analysis.replicas import is_replica
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.decide.decide import UNKNOWN
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
    "allow `sns:Publish` for connect.amazonaws.com, with the instance's `aws:SourceAccount` and `aws:SourceArn`; "
    "until then, SNS drops the messages without an error"
)
_SUPPLY_VALUES = (
    "supply the values: `--var NAME=VALUE` for Terraform, `--parameter NAME=VALUE` for CloudFormation"
)


class ConnectNotAllowed(Rule):
    """No statement of the topic policy lets Amazon Connect publish.

    ## What it finds

    Topics whose policy does not let connect.amazonaws.com do `sns:Publish` for an instance that is known to
    stream to the topic or, if no instance is known, for any instance. If another rule knows the exact cause
    (`AWS:SourceOwner`, a Deny, a wrong Resource, a condition that can never match), that rule reports it.

    ## What it proves

    PASS, if no other rule of the topic policy has an error, is a proof that the
    policy allows the request that Connect makes for each known instance. If none is
    known, only that an Allow can apply to some instance. A condition on a key that
    AWS does not document for this request is not known. The key, the Region and the
    instance itself have rules of their own. `checker explain` has the answer for
    one instance.

    ## Why it matters

    Connect publishes as the service principal connect.amazonaws.com, so only the topic policy decides. If
    the policy does not allow the call, AWS reports no error and no metric, and no message arrives.

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

    Adding the statement grants Connect the access that AWS documents, for the named instance only. It
    removes no access.

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
        """Report each instance that cannot publish for a cause that no other rule reports."""
        if isinstance(case.text, Unknown):
            message = f"not known whether Connect can publish: {case.text.described}"
            yield self.undetermined(case.name, message, case.here())
            return
        if case.topic.doubt is not None:
            message = f"not known whether Connect can publish: {case.topic.doubt.described}"
            yield self.undetermined(case.name, message, case.here(), help=_SUPPLY_VALUES)
        for instance, answer in case.publishing:
            if isinstance(answer.truth, Unknown):
                about = f" for instance `{instance.instance_id}`" if instance else ""
                at = _undecided_statements(case, answer)
                yield self.doubt(case, f"whether Connect can publish{about}", answer.truth, at)
            elif answer.truth is False and not _is_elsewhere(case, instance):
                for diagnosis in diagnose(case, instance):
                    yield from self._cause(case, instance, answer, diagnosis)

    def _cause(
        self, case: TopicAnalysis, instance: Arn | None, answer: Answer, diagnosis: Diagnosis
    ) -> Iterator[Finding]:
        if diagnosis.cause is Cause.NO_GRANT:
            at, message, help_text = _no_grant(case)
            proof = (
                witness(answer, f"Connect for instance {instance.instance_id} is denied")
                if instance
                else None
            )
            fixes = _fixes(case, instance)
            help_text += _source(case, instance)
            yield self.finding(case.name, message, at, help=help_text, witness=proof, fixes=fixes)
        elif (
            diagnosis.cause is Cause.OTHER_INSTANCE
            and diagnosis.statement is not None
            and instance is not None
        ):
            pinned = diagnosis.conditions
            keys = " and ".join(f"`{c.key}`" for c in pinned)
            names = "names" if len(pinned) == 1 else "name"
            title = diagnosis.statement.title
            yield self.finding(
                case.name,
                f"{title} does not let Connect publish for instance `{instance}`: {keys} {names} "
                f"{_other(case, instance)}",
                [case.at(c.route) for c in pinned],
                help=f"Connect sends `aws:SourceAccount` `{instance.account}` and `aws:SourceArn` `{instance}`"
                + _source(case, instance),
                witness=witness(answer, f"Connect for instance {instance.instance_id} is denied"),
                fixes=_fixes(case, instance),
            )


def _other(case: TopicAnalysis, instance: Arn) -> str:
    """Name the instance that a condition allows instead: the same one in another Region, or another one."""
    region = next((arn.region for arn in case.named_instances if is_replica(arn, instance)), "")
    return f"the instance in {region}, not the one in {instance.region}" if region else "another instance"


def _source(case: TopicAnalysis, instance: Arn | None) -> str:
    """Describe the source of an inferred pairing; empty for a pairing that the user stated."""
    source = case.inferred_from(instance) if instance is not None else ""
    return f"; the instance is paired with this topic {source}" if source else ""


def _fixes(case: TopicAnalysis, instance: Arn | None) -> tuple[Fix, ...]:
    """Add statements for all instances that cannot publish for a cause that this rule reports."""
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
    """Return the topic's Region if it is known; an instance in another Region cannot stream to the topic."""
    return None if isinstance(case.topic.arn, Unknown) else case.topic.arn.region


def _is_elsewhere(case: TopicAnalysis, instance: Arn | None) -> bool:
    """True for an instance in another partition, which partition-mismatch reports."""
    topic = case.topic.arn
    return instance is not None and not isinstance(topic, Unknown) and topic.partition != instance.partition


def _undecided_statements(case: TopicAnalysis, answer: Answer) -> list[Location]:
    """Locate the statements that an unknown answer depends on."""
    decision = answer.decision
    undecided = decision.statements() if decision and decision.word == UNKNOWN else ()
    return [case.at(("Statement", ordinal)) for ordinal in undecided] or [case.at(("Statement",))]


def _no_grant(case: TopicAnalysis) -> tuple[list[Location], str, str]:
    """Locate the closest statements, those for Connect that allow another action, with message and help."""
    connect_statements = case.allows_by_name
    if not connect_statements:
        message = "no statement lets connect.amazonaws.com publish"
        return [case.at(("Statement",))], message, _ADD + case.sender_note
    if len(connect_statements) == 1:
        message = f"{connect_statements[0].title} is for Connect but does not allow `sns:Publish`"
    else:
        message = f"none of the {len(connect_statements)} statements for Connect allows `sns:Publish`"
    places = [
        case.at((*s.route, s.actions.element if isinstance(s.actions, Patterns) else "Action"))
        for s in connect_statements
    ]
    return places, message, "add `sns:Publish` to Action"
