"""Reads the organization policies of `--rcp`: policy documents, or output of `aws organizations describe-policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Organization, OrganizationPolicy, PolicyText
from checker.analysis.organization import is_full_access
from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import policy_in, policy_text
from checker.inputs.policy_kind import looks_like_policy
from checker.inputs.policy_summary import RCP, owners_in, summary_of
from checker.inputs.typed_files import read_document
from checker.policy.model import DENY, Principals, Statement
from checker.policy.node import Object, describe, rendered, text_of
from checker.policy.vocabulary import RESOURCE_CONTROL, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from checker.core.finding import Route
    from checker.inputs.text import TextDocument


_EXPECTED = "expected a resource control policy or the output of `aws organizations describe-policy`"
_LIST = "`aws organizations list-policies --filter RESOURCE_CONTROL_POLICY` lists the policies to pass"
_SERVICE_CONTROL = f"service control policies do not bind service principals, so they cannot keep Connect from a key; {_LIST}"


def load_organization(paths: Sequence[Path]) -> Organization | None:
    """Read organization policies that apply to every account of a run; ``None`` without a path. Raises InputError."""
    if not paths:
        return None
    policies = tuple(load_organization_policy(path) for path in dict.fromkeys(paths))
    owners = dict.fromkeys(policy.organization for policy in policies if policy.organization)
    if len(owners) > 1:
        reason = f"the policies are of several organizations: {', '.join(f'`{one}`' for one in owners)}"
        raise InputError("--rcp", reason, help_text="pass the policies of one organization")
    return Organization(policies)


def load_organization_policy(path: Path) -> OrganizationPolicy:
    """Read one policy. Raises InputError for any other file, and for a policy that AWS would not accept."""
    document = read_document(path)
    summary = summary_of(document.root)
    if summary is None:
        policy = OrganizationPolicy(_bare(document), document.name)
    else:
        policy = _described(document, summary)
    _check_accepted(policy.text)
    return policy


def _bare(document: TextDocument) -> PolicyText:
    root = document.root
    if not isinstance(root, Object):
        raise InputError(document.name, f"{_EXPECTED}, found {describe(root)}", help_text=_LIST)
    if not looks_like_policy(root):
        raise InputError(document.name, f"{_EXPECTED}, found another document", help_text=_LIST)
    text = policy_text(document, RESOURCE_CONTROL)
    statements = text.policy.known_statements()
    if statements and not any(one.principal_entries for one in statements):
        reason = "no statement has a Principal: this is a service control policy or an identity policy"
        raise InputError(document.name, reason, help_text=_SERVICE_CONTROL)
    return text


def _described(document: TextDocument, summary: Object) -> OrganizationPolicy:
    kind = text_of(summary.get("Type"))
    if kind != RCP:
        node = summary.get("Type") or summary
        where = document.source.position(node.start, node.end)
        help_text = _SERVICE_CONTROL if kind == "SERVICE_CONTROL_POLICY" else _LIST
        raise InputError(document.name, f"expected a policy of type {RCP}, not {kind}", where, help_text)
    policy = document.root.get("Policy") if isinstance(document.root, Object) else None
    content = policy.get("Content") if isinstance(policy, Object) else None
    held = Unknown("the output has no `Content`") if content is None else policy_in(content, RESOURCE_CONTROL)
    if isinstance(held, Unknown):
        raise InputError(document.name, held.reason, help_text=_LIST)
    organization, management = owners_in(text_of(summary.get("Arn")) or "")
    name = text_of(summary.get("Name"))
    shown = f"{name} of {document.name}" if name else document.name
    return OrganizationPolicy(held, shown, organization, management)


def _check_accepted(text: PolicyText) -> None:
    """Refuse a policy that AWS would not accept, so that it cannot be in force. Raises InputError."""
    for route, part, reason, help_text in _refusals(text):
        raise InputError(
            text.document.name, reason, text.document.locate(route, part), help_text=help_text or _SYNTAX
        )


_Refusal = tuple["Route", Part, str, str]
_SYNTAX = (
    "see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html"
)


def _refusals(text: PolicyText) -> Iterator[_Refusal]:
    """Yield the parts that AWS would not accept. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html"""
    for problem in text.problems:
        if problem.grave:
            yield problem.route, problem.part, problem.message, problem.help
    size, limit = min(len(text.text), len(rendered(text.document.root))), RESOURCE_CONTROL.max_bytes
    if size > limit:
        reason = f"the policy has {size:,} characters; the limit for a resource control policy is {limit:,}"
        yield (), Part.VALUE, reason, "split it into several policies"
    if isinstance(text.policy.version, str) and text.policy.version != VERSION:
        reason = f"a resource control policy requires Version `{VERSION}`"
        yield ("Version",), Part.VALUE, reason, f"write `{VERSION}`"
    if not is_full_access(text.policy):
        for statement in text.policy.known_statements():
            yield from _refused_parts(statement)


def _refused_parts(statement: Statement) -> Iterator[_Refusal]:
    route, principals = statement.route, statement.principals
    if isinstance(statement.effect, str) and statement.effect != DENY:
        reason = "a resource control policy can only deny; AWS supports Allow only in RCPFullAWSAccess"
        yield (*route, "Effect"), Part.VALUE, reason, "write `Deny`, or pass another file"
    if isinstance(principals, Principals) and (
        principals.negated or not all(entry.is_everyone for entry in principals.entries)
    ):
        reason = f"{principals.element} of a resource control policy must be `*`"
        if principals.negated:
            reason = "a resource control policy cannot have NotPrincipal"
        help_text = 'write `"Principal": "*"`, and limit the statement with conditions'
        yield (*route, principals.element), Part.KEY, reason, help_text
    if not isinstance(statement.actions, Unknown) and statement.actions.negated:
        reason = "a resource control policy cannot have NotAction"
        yield (*route, "NotAction"), Part.KEY, reason, "list the actions under Action"
