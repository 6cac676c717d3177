"""Output of `aws organizations describe-policy`, which `--rcp` reads: the files do not say where a policy is attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.discover import name_of
from checker.inputs.kinds.kind import Kind
from checker.inputs.policy_summary import RCP, summary_of
from checker.policy.node import text_of

if TYPE_CHECKING:
    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match
    from checker.policy.node import Object


def _match(root: Object) -> Match | None:
    """Recognize the output by its type, so that it is certain what it is."""
    summary = summary_of(root)
    return (root, ()) if summary is not None and text_of(summary.get("Type")) == RCP else None


def _read(facts: Facts, found: Found) -> None:
    """List the policy: it applies only to the accounts that it is attached to."""
    name = name_of(found.path)
    reason = "a resource control policy, not checked: it applies only to the accounts that it is attached to"
    facts.skipped.append(Skipped(name, reason, help=f"if it applies to these topics, add `--rcp {name}`"))


KINDS = (Kind("the output of describe-policy", _match, _read),)
