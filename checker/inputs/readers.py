"""Maps each kind of document to the function that reads its facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Instance, Key, Place
from checker.analysis.inventory import Source as Origin
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import (
    bare_topic,
    policy_in,
    policy_text,
    read_grants,
    read_instances,
    read_key,
    read_key_policy,
    read_subscriptions,
    read_tags,
    read_topic,
)
from checker.inputs.discover import home_of, is_stream, name_of
from checker.inputs.large_files import head_of, is_terraform_json, is_trail
from checker.inputs.policy_kind import dialect_of, is_of_any_kind, other_policy
from checker.inputs.recognize import Kind, kind_of
from checker.inputs.text import MAX_BYTES, TextDocument, is_yaml, parse_embedded
from checker.policy.node import Node, Object, Scalar, children, items, text_of
from checker.policy.source import Source
from checker.policy.vocabulary import KEY, TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.core.finding import Route
    from checker.inputs.collect import Facts

_NOT_RECOGNIZED = "not a file that checker can check"
_OTHER_POLICY = "a policy that names no SNS or KMS action and no topic or key"
_WANTED = "name the policy of an SNS topic or of a KMS key"
_NO_PLANNED_RESOURCE = "the plan or state contains no topic, key or Connect instance"
_NO_STREAM = "no event starts or stops chat streaming"
_NO_RESOURCE = "the template declares no topic or key"


def take_comments(facts: Facts, document: TextDocument) -> None:
    """Return the comments that suppress findings; JSON has none."""
    if is_yaml(document.source):
        from checker.inputs.comments import yaml_comments  # imported on demand: JSON has no comments

        facts.comments += yaml_comments(document)


def take_instance(facts: Facts, path: Path, text: str) -> None:
    """Read a file that contains the ARN of a Connect instance. Raises InputError for any other ARN."""
    name = name_of(path)
    document = TextDocument(Source(name, text), Scalar(text, Source(name, text), 0, len(text)))
    found = Instance(instance_arn(name, text), Place(document, ()), Origin.FOLDER, home_of(path.parent))
    facts.instances.append(found)


class Found(NamedTuple):
    """A document of a known kind, with the node of its facts and its route."""

    path: Path
    document: TextDocument
    node: Node
    route: Route
    named: bool


def take(facts: Facts, path: Path, document: TextDocument, *, named: bool) -> None:
    """Read the facts of a document. An irrelevant document is reported if it was named.

    Raises InputError.
    """
    told = kind_of(document.root)
    if told is None:
        facts.refuse(path, _NOT_RECOGNIZED, named=named)
        return
    kind, node, route = told
    if kind not in (Kind.POLICY, Kind.TEMPLATE):
        reject_duplicates(document)
    if kind in _READERS:
        _READERS[kind](facts, Found(path, document, node, route, named))


def _policy(facts: Facts, found: Found) -> None:
    """Read a topic or key policy. Raises InputError for another policy that is named."""
    dialect = dialect_of(found.document.root)
    if dialect is TOPIC:
        policy = policy_text(found.document, TOPIC)
        facts.topics.append((found.path.parent, bare_topic(policy, named=found.named)))
    elif dialect is KEY:
        facts.keys.append((found.path.parent, bare_key(found.document, named=found.named)))
    else:
        _other_policy(facts, found)


def _other_policy(facts: Facts, found: Found) -> None:
    """Skip a policy of another resource. Raises InputError with its kind if it was named."""
    root = found.document.root
    if found.named and not facts.of_change and not is_of_any_kind(root):
        raise InputError(name_of(found.path), f"this is {other_policy(root)}", help_text=_WANTED)
    facts.refuse(found.path, _OTHER_POLICY, named=found.named)


def _topic(facts: Facts, found: Found) -> None:
    if isinstance(found.node, Object):
        topic = read_topic(found.document, found.node, found.route, named=found.named)
        facts.topics.append((found.path.parent, topic))


def _key(facts: Facts, found: Found) -> None:
    if isinstance(found.node, Object):
        key = read_key(found.document, found.node, found.route, named=found.named)
        facts.keys.append((found.path.parent, key))


def _key_policy(facts: Facts, found: Found) -> None:
    """Read `aws kms get-key-policy` output, and any document with a policy under `Policy`."""
    policy = found.node.get("Policy") if isinstance(found.node, Object) else None
    held = policy_in(policy, KEY) if policy is not None else None
    if policy is None or held is None:
        return
    root = None if isinstance(held, Unknown) else held.document.root
    if root is None or dialect_of(root) is KEY or is_of_any_kind(root):
        key = read_key_policy(found.document, policy, ("Policy",), named=found.named)
        facts.keys.append((found.path.parent, key))
    else:
        _policy(facts, found._replace(document=TextDocument(root.source, root)))


def _template(facts: Facts, found: Found) -> None:
    from checker.inputs.cloudformation.template import (
        read_template,
    )  # imported on demand: policies do not need it

    chosen = found.named and not facts.of_change
    if not read_template(found.path, found.document, facts, named=chosen):
        facts.skip_irrelevant(found.path, _NO_RESOURCE, named=found.named)


def _subscriptions(facts: Facts, found: Found) -> None:
    facts.empty_lists += [] if items(found.node) else [found.path.parent]
    for topic, subscription in read_subscriptions(found.node):
        facts.subscriptions.setdefault(topic, []).append(subscription)


def _grants(facts: Facts, found: Found) -> None:
    for key, grant in read_grants(found.node):
        facts.grants.setdefault(key, []).append(grant)


def _tags(facts: Facts, found: Found) -> None:
    facts.tags.update(read_tags(found.node))


def _instances(facts: Facts, found: Found) -> None:
    home = home_of(found.path.parent)
    instances = read_instances(found.document, found.node, found.route)
    facts.instances += (one._replace(source=Origin.FOLDER, home=home) for one in instances)


_READERS: dict[Kind, Callable[[Facts, Found], None]] = {
    Kind.POLICY: _policy,
    Kind.TOPIC: _topic,
    Kind.KEY: _key,
    Kind.KEY_POLICY: _key_policy,
    Kind.TEMPLATE: _template,
    Kind.SUBSCRIPTIONS: _subscriptions,
    Kind.GRANTS: _grants,
    Kind.TAGS: _tags,
    Kind.INSTANCES: _instances,
}
"""The reader for each kind of document. Manifests are read earlier, because they name other files."""


def take_bulk(path: Path, facts: Facts, *, named: bool) -> None:
    """Read a large file by its kind. An irrelevant file is reported if it was named.

    Raises InputError.
    """
    if is_stream(path):
        reason = "Terraform plans and CloudTrail events cannot be read from a pipe"
        raise InputError(name_of(path), reason, help_text="save the input to a file and name the file")
    text = head_of(path)
    if is_terraform_json(text):
        from checker.inputs.terraform.plan.show import (
            read_show,
        )  # imported on demand: policies do not need it

        if not read_show(path, facts, named=named and not facts.of_change):
            facts.skip_irrelevant(path, _NO_PLANNED_RESOURCE, named=named)
    elif is_trail(text):
        from checker.inputs.cloudtrail.trail import read_trail  # as above

        if not read_trail(path, facts):
            facts.skip_irrelevant(path, _NO_STREAM, named=named)
    elif named and not facts.of_change:
        reason = f"larger than the {MAX_BYTES // 1024 // 1024} MB limit for a policy"
        raise InputError(
            name_of(path), reason if path.stat().st_size > MAX_BYTES else "contains no CloudTrail events"
        )


def instance_arn(name: str, text: str, help_text: str = "") -> Arn:
    """Parse the ARN of a Connect instance from the option or file ``name``. Raises InputError."""
    arn = Arn.parse(text)
    if arn is None or not arn.is_instance:
        raise InputError(name, f"`{text}` is not a Connect instance ARN", help_text=help_text)
    return arn


def bare_key(document: TextDocument, *, named: bool) -> Key:
    """Make a key from a bare policy document."""
    unknown = Unknown("a key policy does not name its key")
    return Key(unknown, Place(document, ()), policy_text(document, KEY), named=named)


def unwrap(document: TextDocument) -> TextDocument:
    """Unwrap a document that is JSON in a string, or a recorded API call. Raises InputError."""
    root = document.root
    text = text_of(root)
    if text is not None and isinstance(root, Scalar):
        return parse_embedded(root, text)
    data = root.get("data") if isinstance(root, Object) else None
    return TextDocument(document.source, data) if isinstance(data, Object) else document


def reject_duplicates(document: TextDocument) -> None:
    """Refuse a wrapper with duplicate keys; duplicate keys in a policy become a finding instead."""
    for node in (document.root, *children(document.root)):
        for first, second in node.duplicates() if isinstance(node, Object) else ():
            line = document.source.position(first.start, first.end).line
            where = document.source.position(second.start, second.end)
            raise InputError(document.name, f"duplicate key `{second.key}`, first used on line {line}", where)
