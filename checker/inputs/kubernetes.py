"""Declares topics and keys of Kubernetes resources, which refer to each other by the names of the resources.

The properties of ACK are under `spec`, those of Crossplane under `spec.forProvider`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from checker.analysis.inventory import Place, PolicyText, Setting, TopicSettings
from checker.core.arn import Arn, topic_arn
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import is_fifo, policy_in, topic_of
from checker.inputs.declared import (
    NOT_KNOWN,
    DeclaredAlias,
    DeclaredKey,
    DeclaredPolicy,
    DeclaredTopic,
)
from checker.policy.node import Object, scalar_text, text_of
from checker.policy.vocabulary import TOPIC

if TYPE_CHECKING:
    from checker.core.finding import Route
    from checker.inputs.declared import Declarations
    from checker.inputs.text import TextDocument
    from checker.policy.model import Value
    from checker.policy.node import Node


_NAMESPACE = "default"
_NOT_CREATED = Unknown("Kubernetes creates the resource")
_ELSEWHERE = Unknown("the topic is declared elsewhere")
_SELECTED = Unknown("labels select the resource")


def declare(declared: Declarations, document: TextDocument, *, named: bool) -> None:
    """Declare the topic, policy, key or alias of a document."""
    resource = _Resource(document)
    if resource.kind == "Topic":
        topic = _topic(resource, named=named)
        declared.forget_topics((str(topic.arn),))
        declared.topics.append(topic)
        _check_possible(declared, document)
        declared.topic_policies += (_possible(one, topic) for one in declared.selected)
    elif resource.kind == "TopicPolicy":
        _declare_policy(declared, resource, named=named)
    elif resource.kind == "Key":
        declared.keys.append(_key(resource, named=named))
    else:
        declared.aliases.append(_alias(resource))


def _declare_policy(declared: Declarations, resource: _Resource, *, named: bool) -> None:
    """Declare a policy, and a placeholder for a topic that is named by its ARN and created elsewhere."""
    owner = resource.reference("arn", "Topic", ("arnRef",))
    policy, place = resource.get("policy") or NOT_KNOWN, Place(resource.document, ())
    if owner == _SELECTED:
        _declare_selected(declared, resource, named=named)
        return
    owners = (NOT_KNOWN if owner is None else owner,)
    declared.topic_policies.append(DeclaredPolicy(resource.symbol, place, owners, policy))
    arn = topic_arn(owner) if isinstance(owner, str) else None
    if isinstance(arn, Arn) and not any(one.arn == arn for one in declared.topics):
        at = resource.place("arn")
        settings = TopicSettings(Setting(is_fifo(arn), at), Setting(_ELSEWHERE))
        declared.topics.append(DeclaredTopic(str(arn), (str(arn),), at, arn, settings, named=named))


_SELECTOR = "arnSelector"
"""The property of Crossplane that selects the topic of a policy by labels, which a cluster compares."""


def _declare_selected(declared: Declarations, resource: _Resource, *, named: bool) -> None:
    """Declare a policy with a placeholder for the topics that labels select; it may be that of each topic here."""
    name, at = f"{resource.symbol}.{_SELECTOR}", resource.place(_SELECTOR)
    owner = Unknown(_SELECTED.reason, name)
    policy = resource.get("policy") or NOT_KNOWN
    settings = TopicSettings(Setting(owner, at), Setting(owner))
    selected = DeclaredTopic(name, (name,), at, owner, settings, named=named)
    _check_possible(declared, resource.document)
    here = [one for one in declared.topics if one.address.startswith("Topic/")]
    whole = DeclaredPolicy(resource.symbol, Place(resource.document, ()), (owner,), policy)
    declared.topic_policies += (whole, *(_possible(selected, one) for one in here))
    declared.topics.append(selected)
    declared.selected.append(selected)


MOST_POSSIBLE = 10_000
"""The number of pairs of a topic and a policy that labels may select for it, which takes a few seconds to judge."""


def _check_possible(declared: Declarations, document: TextDocument) -> None:
    """Raise InputError if labels may select too many topics."""
    if len(declared.topic_policies) > MOST_POSSIBLE:
        raise InputError(document.name, f"labels may select topics in more than {MOST_POSSIBLE:,} ways")


def _possible(selected: DeclaredTopic, topic: DeclaredTopic) -> DeclaredPolicy:
    """Declare that the policy of selected topics may be that of a topic."""
    name = selected.address
    owner, policy = Unknown(_NOT_CREATED.reason, topic.address), Unknown("labels may select the topic", name)
    return DeclaredPolicy(name, selected.place, (owner,), policy, (name,))


class _Resource:
    """A resource with its properties; ``route`` leads to them."""

    def __init__(self, document: TextDocument) -> None:
        self.document = document
        root = document.root
        spec = _at(root, "spec")
        provided = _at(spec, "forProvider")
        self.route: Route = ("spec",) if provided is None else ("spec", "forProvider")
        self.properties = spec if provided is None else provided
        self.kind = text_of(_at(root, "kind")) or ""
        self.group = (text_of(_at(root, "apiVersion")) or "").partition("/")[0]
        metadata = _at(root, "metadata")
        self.namespace = text_of(_at(metadata, "namespace")) or _NAMESPACE
        name = text_of(_at(metadata, "name")) or text_of(_at(metadata, "generateName"))
        self.name = name or f"{document.name}:{document.root.start}"

    @property
    def symbol(self) -> str:
        """The name of the resource in references."""
        return self.symbol_of(self.kind, self.name)

    def symbol_of(self, kind: str, name: str, namespace: str = "") -> str:
        """Return the name of a resource of a kind in references."""
        return f"{kind}/{namespace or self.namespace}/{name}"

    def get(self, name: str) -> Node | None:
        """Return a property; ``None`` if it is not set."""
        node = _at(self.properties, name)
        return None if node is None or scalar_text(node) == "" else node

    def text(self, name: str) -> Value | None:
        """Return a property as text; ``None`` if it is not set."""
        node = self.get(name)
        return scalar_text(node) if node is not None else None

    def place(self, name: str) -> Place:
        """Return the place of a property, or of the resource."""
        is_set = self.get(name) is not None
        return Place(self.document, (*self.route, name)) if is_set else Place(self.document, ())

    def reference(self, name: str, kind: str, references: tuple[str, ...]) -> Value | None:
        """Return a property that names another resource: its value, or a reference; ``None`` if not set."""
        value = self.text(name)
        if value is not None:
            return value
        for one in references:
            if self.get(f"{one.removesuffix('Ref')}Selector") is not None:
                return _SELECTED
            node = self.get(one)
            target = _at(node, "from") or node  # ACK writes `from`, Crossplane does not
            named = text_of(_at(target, "name"))
            if named is not None:
                namespace = text_of(_at(target, "namespace")) or ""
                return Unknown(_NOT_CREATED.reason, self.symbol_of(kind, named, namespace))
        return None


def _at(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Object) else None


def _arn(resource: _Resource) -> str:
    """Return the ARN that the status of a resource states; empty if it does not exist yet."""
    status = _at(resource.document.root, "status")
    metadata, provided = _at(status, "ackResourceMetadata"), _at(status, "atProvider")
    return text_of(_at(metadata, "arn")) or text_of(_at(provided, "arn")) or ""


_KEYS = (
    ("kmsMasterKeyID", ("kmsMasterKeyRef",)),
    ("kmsMasterKeyId", ("kmsMasterKeyIdRef", "kmsMasterKeyIDRef")),
)
"""The properties of topics that name or refer to keys, in ACK and in Crossplane."""


def _topic(resource: _Resource, *, named: bool) -> DeclaredTopic:
    name = resource.text("name") or resource.name
    fifo = resource.text("fifoTopic") == "true" or (isinstance(name, str) and name.endswith(".fifo"))
    return DeclaredTopic(
        resource.symbol,
        (resource.symbol,),
        Place(resource.document, ()),
        arn=_topic_arn(resource, name),
        settings=TopicSettings(Setting(fifo, resource.place("fifoTopic")), _key_setting(resource)),
        policy=resource.get("policy"),
        named=named,
    )


def _topic_arn(resource: _Resource, name: Value) -> Arn | Unknown:
    """Return the ARN that the status or the topic's own policy states."""
    stated, policy = topic_arn(_arn(resource)), resource.get("policy")
    if isinstance(stated, Arn):
        return stated
    with suppress(InputError):  # reported when the policy is read
        read = policy_in(policy, TOPIC) if policy is not None else NOT_KNOWN
        named = topic_of(read) if isinstance(read, PolicyText) else read
        if isinstance(named, Arn) and named.resource == name:
            return named
    return Unknown(_NOT_CREATED.reason, resource.symbol)


def _key_setting(resource: _Resource) -> Setting[Value | None]:
    """Return the key of a topic; ``None`` if it is not encrypted."""
    found = ((name, resource.reference(name, "Key", references)) for name, references in _KEYS)
    name, value = next(((name, value) for name, value in found if value is not None), (_KEYS[0][0], None))
    return Setting(value, resource.place(name))


def _key(resource: _Resource, *, named: bool) -> DeclaredKey:
    arn = Arn.parse(_arn(resource))
    enabled = (
        resource.text("isEnabled") if resource.get("isEnabled") is not None else resource.text("enabled")
    )
    return DeclaredKey(
        resource.symbol,
        (resource.symbol,),
        Place(resource.document, ()),
        arn=arn or Unknown(_NOT_CREATED.reason, resource.symbol),
        policy=resource.get("policy"),
        state="Disabled" if enabled == "false" else "Enabled",
        spec=resource.text("keySpec") or resource.text("customerMasterKeySpec") or "SYMMETRIC_DEFAULT",
        usage=resource.text("keyUsage") or "ENCRYPT_DECRYPT",
        named=named,
    )


def _alias(resource: _Resource) -> DeclaredAlias:
    """Declare an alias. Crossplane takes its name from the name of the resource."""
    written = resource.text("name")
    name = written if isinstance(written, str) else f"alias/{resource.name}"
    pairs = (("targetKeyID", ("targetKeyRef",)), ("targetKeyId", ("targetKeyIdRef", "targetKeyIDRef")))
    keys = (resource.reference(name, "Key", references) for name, references in pairs)
    return DeclaredAlias((resource.symbol, name), next((key for key in keys if key is not None), NOT_KNOWN))
