"""The rule `blocking-deny`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import ANY_REQUEST, is_deliberate
from checker.analysis.wording import listed
from checker.core.finding import Role, Severity
from checker.core.unknown import Truth, Unknown, any_of, negate
from checker.iam.decide.operators import is_negated
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.prove import one_request
from checker.iam.prove.service_space import connect_space
from checker.iam.prove.source_keys import SOURCE_KEYS
from checker.lint.fixes.statement import exempt
from checker.lint.rule import Link, Rule
from checker.policy.model import Condition, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding, Location

_GUARD = 'exempt AWS services: add `"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}` to its conditions'
_TOGETHER = "exempt the Connect instance that streams to the topic from one of them"
_LIFT = "it may be there to stop Connect; if not, remove it, or limit it to other callers"
_LIST = "add connect.amazonaws.com under Service in NotPrincipal, or deny with a condition instead"


class BlockingDeny(Rule):
    """A Deny statement applies to Amazon Connect, usually by accident.

    ## What it finds

    Deny statements that apply to Connect's own request:

    - negated conditions on keys that only IAM principals have, such as `aws:PrincipalOrgID`, `aws:SourceVpce`
      and `aws:SourceIp`
    - `NotPrincipal` without the service
    - source ARNs of other services

    Several Deny statements that together apply to every instance are reported, too. A Deny that applies only to
    other instances is not.

    ## What it proves

    A finding is proven: the Deny applies to the one request that Connect makes for
    a known instance or, if none is known, to the requests for all instances. PASS
    means that no Deny does so, and that all of them together leave an instance that
    could publish without them. A Deny that depends on a key that AWS does not
    document for Connect is not known.

    ## Why it matters

    A service principal does not have your organization, VPC endpoint or IP address. The key is absent from its
    request. A negated operator matches an absent key, with or without `IfExists`, and an explicit Deny
    overrides every Allow. AWS's own samples for VPC endpoints and organizations deny Connect in this way.

    ## Example

        {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "...",
         "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}

    ## Use instead

        "Condition": {
          "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
          "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}
        }

    ## Fix safety

    Exempting AWS services from a Deny grants access to every service that an Allow covers. The fix is safe only
    if checker proves that only Connect gains access. Otherwise it is unsafe, and checker lists the access that
    it grants. It is also unsafe for a Deny that may be there to stop Connect: one that names Connect, or that has
    only conditions that require a key of services, such as `aws:SourceArn`.

    ## References

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """

    id = "blocking-deny"
    family = "sns"
    summary = "a Deny statement applies to Amazon Connect"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check for each Deny whether it applies to Connect's request for the instances in question."""
        truths = [_applies(case, statement) for statement in case.denies]
        for statement, applies in zip(case.denies, truths, strict=True):
            reason, help_text = _why(statement)
            if applies is True:
                message = f"{statement.title} denies Connect: {reason}"
                fixes = exempt(case, statement)
                yield self.finding(case.name, message, _places(case, statement), help=help_text, fixes=fixes)
            elif isinstance(applies, Unknown):
                message = f"not known whether {statement.title} denies Connect: {applies.described}"
                yield self.undetermined(case.name, message, case.at(statement.route))
        if not case.instances and len(truths) > 1 and all(truth is False for truth in truths):
            yield from self._together(case)

    def _together(self, case: TopicAnalysis) -> Iterator[Finding]:
        """Check whether the Denies, each of which leaves an instance, leave none together."""
        applies = _denies_all(case, *case.denies)
        places = [case.at(statement.route) for statement in case.denies]
        names = f"the {len(places)} Deny statements"
        if applies is True:
            message = f"{names} together deny Connect for every instance that the policy allows"
            yield self.finding(case.name, message, places, help=_TOGETHER)
        elif isinstance(applies, Unknown):
            message = f"not known whether {names} together deny Connect: {applies.described}"
            yield self.undetermined(case.name, message, places)


def _places(case: TopicAnalysis, statement: Statement) -> list[Location]:
    """Locate the statement, and its conditions as related places."""
    conditions = (case.at(one.route, role=Role.RELATED) for one in known_conditions(statement))
    return [case.at(statement.route), *conditions]


def _applies(case: TopicAnalysis, deny: Statement) -> Truth:
    """Return whether the Deny applies to a known instance or, if none is known, to every instance.

    If none is known, only instances count that could publish without the Deny.
    """
    if case.instances:
        policy = case.alone(ANY_REQUEST, deny)
        return any_of(
            negate(one_request(policy, connect_space(case.target, arn)).truth) for arn in case.instances
        )
    return _denies_all(case, deny)


def _denies_all(case: TopicAnalysis, *denies: Statement) -> Truth:
    """Return whether Denies apply to every instance that could publish without them; to every one if none could."""
    if case.connect_grants:
        return negate(case.connect(*case.connect_grants, *denies).any_instance().truth)
    return negate(case.connect_under(case.alone(ANY_REQUEST, *denies)).any_instance().truth)


def _why(statement: Statement) -> tuple[str, str]:
    principals = statement.principals
    if isinstance(principals, Principals) and principals.negated:
        return "NotPrincipal does not list connect.amazonaws.com", _LIST
    reasons = [_reason(condition) for condition in known_conditions(statement)]
    help_text = _LIFT if is_deliberate(statement) else _GUARD
    return "; ".join(reasons) or "it has no condition that excludes Connect's request", help_text


def _reason(condition: Condition) -> str:
    operation, key = condition.operation, f"`{condition.key}`"
    test = f"`{condition.operator}` on {key}{_values(condition)}"
    negated = not isinstance(operation, Unknown) and is_negated(operation.base)
    if condition.folded_key == "aws:sourceip":
        return f"{test} matches because Connect calls from an AWS address, not from yours"
    if negated and condition.folded_key not in SOURCE_KEYS:
        return f"{test} matches because Connect's request does not have that {key}"
    return f"{test} matches Connect's request"


def _values(condition: Condition) -> str:
    values = [value for value in condition.values if isinstance(value, str)]
    return f" with {listed(values)}" if values else ""
