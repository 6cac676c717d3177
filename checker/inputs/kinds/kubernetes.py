"""Topics and keys as Kubernetes resources, of AWS Controllers for Kubernetes (ACK) and of Crossplane.

https://aws-controllers-k8s.github.io/community/reference/sns/v1alpha1/topic/
https://aws-controllers-k8s.github.io/community/reference/kms/v1alpha1/key/
https://marketplace.upbound.io/providers/upbound/provider-aws-sns
https://marketplace.upbound.io/providers/upbound/provider-aws-kms
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.kinds.kind import Kind
from checker.policy.node import text_of

if TYPE_CHECKING:
    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match
    from checker.policy.node import Object


_GROUPS = {
    "sns": ("sns.services.k8s.aws", "sns.aws.upbound.io", "sns.aws.m.upbound.io", "sns.aws.crossplane.io"),
    "kms": ("kms.services.k8s.aws", "kms.aws.upbound.io", "kms.aws.m.upbound.io", "kms.aws.crossplane.io"),
}
_KINDS = {"sns": ("Topic", "TopicPolicy"), "kms": ("Key", "Alias")}


def _match(root: Object) -> Match | None:
    """Recognize a resource by its group and kind."""
    group = (text_of(root.get("apiVersion")) or "").partition("/")[0]
    kind = text_of(root.get("kind"))
    is_known = any(group in _GROUPS[service] and kind in _KINDS[service] for service in _GROUPS)
    return (root, ()) if is_known else None


def _read(facts: Facts, found: Found) -> None:
    from checker.inputs.kubernetes import declare  # policies do not need it

    declare(facts.declarations(found.path.parent), found.document, named=found.named and not facts.of_change)


KINDS = (Kind("a topic or key of Kubernetes", _match, _read),)
