"""The rule `denied-by-organization-policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Key
from checker.analysis.key_names import is_key_reference, is_managed_key
from checker.analysis.key_permission import may_use_for_all
from checker.analysis.wording import caller_of
from checker.core.finding import Location, Role, Severity, Witness
from checker.core.unknown import Unknown
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.organization import Denial, Permission
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding

_HELP = (
    "exempt connect.amazonaws.com in the policy, for example with StringNotEqualsIfExists "
    "`aws:PrincipalServiceName`; only an administrator of the organization can change it"
)
_UNKNOWN_HELP = "send a test message with `checker flow`, or exempt connect.amazonaws.com in the policy"


class DeniedByOrganizationPolicy(Rule):
    """An organization policy denies Amazon Connect the use of the key.

    ## What it finds

    Keys of encrypted topics whose account has a resource control policy (RCP) that denies Connect `kms:GenerateDataKey`
    or `kms:Decrypt`, however Connect makes the request. `checker check --rcp FILE` reads the policies from files,
    `checker audit --organization` reads them from AWS Organizations. The result is undetermined if the policy denies
    only some forms of the request, because AWS does not document whether Connect passes `aws:SourceAccount` and
    `aws:SourceArn` on to KMS. Without organization policies, the rule assumes that none denies it, and the report lists the assumption.

    ## What it proves

    PASS means that the policies that were supplied deny no form of the request:
    with `aws:SourceArn` and `aws:SourceAccount`, with one of them, and with none. A
    finding is proven for each form. Other policies of the organization are not part
    of the proof. Connect's request for an instance of the organization is taken to
    have `aws:SourceOrgID` if it has one of the two, as AWS's own sample policy
    requires. RCPs do not cover SNS topics, AWS managed keys and the resources of
    the management account. Service control policies do not bind service principals.

    ## Why it matters

    An explicit Deny of an RCP overrides the key policy. It binds service principals, and no error is reported: the
    topic policy and the key policy look right, and no message arrives.

    ## Example

        {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
         "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}

    A service principal has no `aws:PrincipalOrgID`, so the statement denies every AWS service.

    ## Use instead

        {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
         "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                       "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}

    ## Fix safety

    There is no fix. An organization policy affects all accounts that it is attached to.

    ## References

    - https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    - https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """

    id = "denied-by-organization-policy"
    family = "kms"
    summary = "an organization policy denies Amazon Connect the use of the key"
    severity = Severity.ERROR
    link = Link.ORGANIZATION_POLICY
    needs_policy = False
    needs_live = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check the key that a topic names if it was not supplied; a supplied key is checked itself."""
        reference = case.topic.key
        if reference is None or is_managed_key(reference) or isinstance(case.key, Key):
            return
        organization = case.inventory.organization
        if organization is None:
            return
        if organization.unread is not None:
            yield organization.unread
        elif isinstance(reference, Unknown):
            yield reference
        elif is_key_reference(reference):
            instances = case.instances or tuple(one.instance for one in case.pairings)
            permission = may_use_for_all(organization, case.topic, None, instances)
            yield from self._judged(case.name, permission, case.here(case.topic.settings.key.place))

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Check the key."""
        organization = case.inventory.organization
        if case.key.manager == "AWS" or case.permitted is None or organization is None:
            return
        if organization.unread is not None:
            yield organization.unread
        else:
            yield from self._judged(case.name, case.permitted, case.here())

    def _judged(self, name: str, permission: Permission, at: Location) -> Iterator[Finding]:
        places = [at, *map(_place, _distinct(permission.denials))]
        if isinstance(permission.truth, Unknown):
            about = "whether an organization policy denies Connect the use of the key"
            message = f"not known {about}: {permission.truth.described}"
            yield self.undetermined(name, message, places, help=_UNKNOWN_HELP)
        elif not permission.truth:
            denials = permission.denials
            message = f"{permission.named} denies Connect {_actions(denials)} on the key"
            yield self.finding(name, message, places, help=_HELP, witness=_witness(denials[0]))


def _distinct(denials: tuple[Denial, ...]) -> tuple[Denial, ...]:
    """Return one denial for each policy."""
    return tuple({denial.policy.name: denial for denial in reversed(denials)}.values())[::-1]


def _actions(denials: tuple[Denial, ...]) -> str:
    return " and ".join(dict.fromkeys(f"`{denial.request.action}`" for denial in denials))


def _place(denial: Denial) -> Location:
    """Return the place of the statement that denies."""
    return Location(
        denial.policy.text.document, denial.statements[0].route, role=Role.RELATED, note="denied here"
    )


def _witness(denial: Denial) -> Witness:
    sentence = f"{caller_of(denial.request)} cannot use the key"
    return Witness(sentence, denial.request.to_json(), denial.decision.word, denial.decision.statements())
