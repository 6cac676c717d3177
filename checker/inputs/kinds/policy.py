"""Policy documents of topics and keys, bare or in the output of `aws kms get-key-policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import CallerPolicy, Place
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import bare_key, bare_topic, policy_in, policy_text, read_key_policy
from checker.inputs.discover import home_of, name_of
from checker.inputs.kinds.kind import Kind
from checker.inputs.policy_kind import (
    dialect_of,
    is_identity_policy,
    is_of_any_kind,
    looks_like_policy,
    other_policy,
)
from checker.inputs.text import TextDocument
from checker.policy.node import Node, Object, text_of
from checker.policy.vocabulary import KEY, ROLE, TOPIC

if TYPE_CHECKING:
    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match

_OTHER_POLICY = "a policy that names no SNS or KMS action and no topic or key"
_WANTED = "name the policy of an SNS topic or of a KMS key"


def _is_policy(root: Object) -> Match | None:
    return (root, ()) if looks_like_policy(root) else None


def _read(facts: Facts, found: Found) -> None:
    """Read a topic or key policy. Raises InputError for another policy that is named."""
    dialect = dialect_of(found.document.root)
    if dialect is TOPIC:
        policy = policy_text(found.document, TOPIC)
        facts.topics.append((found.path.parent, bare_topic(policy, named=found.named)))
    elif dialect is KEY:
        facts.keys.append((found.path.parent, bare_key(found.document, named=found.named)))
    elif is_identity_policy(found.document.root) and _is_about_streams(found.document):
        policy = policy_text(found.document, ROLE)
        facts.others.add(home_of(found.path))
        facts.callers.append(CallerPolicy(policy, Place(found.document, ()), home=home_of(found.path)))
    else:
        _refuse(facts, found)


def _is_about_streams(document: TextDocument) -> bool:
    """True for a policy with an action that starts or stops a chat stream."""
    from checker.analysis.caller_policy import (
        mentions_streaming,  # only for policies that are not judged otherwise
    )

    root = document.root
    return mentions_streaming(document.source.text[root.start : root.end])


def _refuse(facts: Facts, found: Found) -> None:
    """Skip a policy of another resource. Raises InputError with its kind if it was named."""
    root = found.document.root
    facts.others.add(home_of(found.path))
    if found.named and not facts.of_change and not is_of_any_kind(root):
        raise InputError(name_of(found.path), f"this is {other_policy(root)}", help_text=_WANTED)
    facts.refuse(found.path, _OTHER_POLICY, named=found.named)


def _is_wrapped(root: Object) -> Match | None:
    """Recognize a policy under `Policy`, as an object or as JSON in a string."""
    node = root.get("Policy")
    text = text_of(node)
    if text is not None:
        return (root, ()) if text.lstrip().startswith(("{", '"')) else None
    return (root, ()) if isinstance(node, Object) and looks_like_policy(node) else None


def _read_wrapped(facts: Facts, found: Found) -> None:
    """Read `aws kms get-key-policy` output, and any document with a policy under `Policy`."""
    policy = found.node.get("Policy") if isinstance(found.node, Object) else None
    if policy is not None:
        _take(facts, found, policy)


def _take(facts: Facts, found: Found, policy: Node) -> None:
    held = policy_in(policy, KEY)
    root = None if isinstance(held, Unknown) else held.document.root
    if root is None or dialect_of(root) is KEY or is_of_any_kind(root):
        key = read_key_policy(found.document, policy, ("Policy",), named=found.named)
        facts.keys.append((found.path.parent, key))
    else:
        _read(facts, found._replace(document=TextDocument(root.source, root)))


POLICY = Kind("a policy document", _is_policy, _read, unique_keys=False, general=True)
_KEY_POLICY = Kind("the output of get-key-policy", _is_wrapped, _read_wrapped, general=True)

KINDS = (_KEY_POLICY, POLICY)
