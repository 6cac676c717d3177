"""Declares the topics and keys of a template, one declaration for each variant.

Resources of different variants must not be linked, so each variant has its own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from checker.analysis.inventory import Setting, TopicSettings
from checker.core.arn import Arn, topic_arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import is_fifo
from checker.inputs.cloudformation.deployment import TOPIC_POLICY, Settings, is_export
from checker.inputs.cloudformation.evaluation import KEYS
from checker.inputs.cloudformation.parameters import World, described
from checker.inputs.declared import (
    NOT_KNOWN,
    DeclaredAlias,
    DeclaredKey,
    DeclaredPolicy,
    DeclaredSubscription,
    DeclaredTopic,
)
from checker.inputs.topic_settings import CLOUDFORMATION, settings_of
from checker.policy.node import Node, Object, items, scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Place, Written
    from checker.inputs.cloudformation.cdk import Assembly
    from checker.inputs.cloudformation.deployment import Properties
    from checker.inputs.cloudformation.sections import Template
    from checker.inputs.cloudformation.states import KeyState, SubscriptionState, TopicState, Writer
    from checker.inputs.declared import Declarations
    from checker.policy.model import Value


_REPLICA = KEYS[1]
_ELSEWHERE = Unknown("the topic is declared elsewhere")
_BESIDE = Unknown("another topic of the same resource")
_OF_PRIMARY = Unknown("a replica has the key spec and usage of its primary key")
_OF_MACRO = "a macro or loop that is not checked may write the policy"
_NO_POLICY = Unknown("the resource has no PolicyDocument")


class Declarer:
    """Adds the resources of one template to the declarations of its folder.

    ``named`` is true if the user named the template. ``assembly`` is the manifest of its CDK app.
    """

    def __init__(
        self,
        template: Template,
        declared: Declarations,
        *,
        named: bool,
        assembly: Assembly | None = None,
    ) -> None:
        self.template = template
        self.declared = declared
        self.named = named
        self.assembly = assembly
        self.keys: dict[tuple[str, KeyState], str] = {}
        self.imported: set[str] = set()

    def key(self, one: Variant[KeyState]) -> None:
        """Declare a key with its aliases."""
        own = _named(self.template.symbol(one.logical), one.label)
        self.keys[one.logical, one.state] = own
        names = tuple(dict.fromkeys((own, *one.state.names)))
        place = self.template.place(one.logical, "Properties")
        declared = _key(own, names, place, one.state)
        construct, written = self.construct(one.logical)
        self.declared.keys.append(declared._replace(named=self.named, construct=construct, written=written))
        key = Unknown(NOT_KNOWN.reason, own)
        self.declared.aliases += (DeclaredAlias(alias.names, key) for alias in one.state.aliases)

    def topic(self, one: Variant[TopicState]) -> None:
        """Declare a topic with its policies and subscriptions in this template."""
        own = _named(one.state.names[0], one.label)
        names = tuple(dict.fromkeys((own, *one.state.names)))
        properties = one.state.properties
        if properties is not None:
            self.declared.forget_topics(one.state.names)
            self.declare_attached(one, Unknown(NOT_KNOWN.reason, own))
            self.declared.topics.append(self.own(one, properties, names))
        elif one.label and not (is_export(one.logical) and one.logical not in self.imported):
            self.declare_attached(one, Unknown(NOT_KNOWN.reason, own))
            self.declared.topics.append(self.elsewhere(one, names))
        else:
            self.shared(one)

    def shared(self, one: Variant[TopicState]) -> None:
        """Declare the policy of a topic that other files may declare, and a placeholder for the topic.

        If the policy has several variants, only the first can match a topic that another template exports.
        """
        self.imported.add(one.logical)
        owner, names = one.state.owner, one.state.names
        self.declare_attached(
            one, owner if isinstance(owner, str) or is_export(names[0]) else Unknown("", names[0])
        )
        if not any(_is_called(topic, names[0]) for topic in self.declared.topics):
            self.declared.topics.append(self.elsewhere(one, names))

    def own(self, one: Variant[TopicState], properties: Properties, names: tuple[str, ...]) -> DeclaredTopic:
        """Declare a topic of this template."""
        settings = settings_of(_TopicProperties(properties, self.template, one.logical), CLOUDFORMATION)
        if one.state.own_key:
            key = settings.key._replace(value=Unknown(NOT_KNOWN.reason, self.keys[one.state.own_key]))
            settings = settings._replace(key=key)
        construct, written = self.construct(one.logical)
        return DeclaredTopic(
            names[0],
            names,
            self.template.place(one.logical),
            arn=_arn(one.state.arn),
            settings=settings,
            tags=tuple(_tags(properties.get("Tags"))),
            named=self.named,
            variant=one.label,
            construct=construct,
            written=written,
        )

    def construct(self, logical: str) -> tuple[str, Written | None]:
        """Return the path of a resource in its CDK app as people write it, and the line that creates it."""
        path = self.template.resources[logical].construct
        written = self.assembly.written(path) if path and self.assembly is not None else None
        return path.removesuffix("/Resource"), written

    def elsewhere(self, one: Variant[TopicState], names: tuple[str, ...]) -> DeclaredTopic:
        """Declare a topic with a known policy and, if possible, its ARN; other properties are unknown."""
        arn = _arn(one.state.arn)
        place = self.owners_of(one.state.writers[0].logical)
        return DeclaredTopic(
            names[0],
            names,
            place,
            arn=arn,
            settings=TopicSettings(Setting(is_fifo(arn), place), Setting(_ELSEWHERE)),
            named=self.named,
            variant=one.label,
        )

    def owners_of(self, writer: str) -> Place:
        """Return the owners that a policy resource names."""
        of_several = self.template.resources[writer].type == TOPIC_POLICY
        return self.template.place(writer, "Properties", "Topics" if of_several else "TopicArn")

    def declare_attached(self, one: Variant[TopicState], owner: Value) -> None:
        """Declare the policies and subscriptions of a topic."""
        self.declared.topic_policies += (self.policy(writer, owner) for writer in one.state.writers)
        self.declared.subscriptions += (
            declared_subscription(self.template, each, owner) for each in one.state.subscriptions
        )

    def policy(self, writer: Writer, owner: Value) -> DeclaredPolicy:
        """Declare a policy. That of a macro may not exist, and is not known."""
        place, beside = self.template.place(writer.logical), (_BESIDE,) * (writer.owners - 1)
        if writer.possible:
            address, why = self.template.symbol(writer.possible), Unknown(_OF_MACRO, writer.logical)
            return DeclaredPolicy(address, place, (owner,), why, (writer.logical,))
        policy = writer.policy if writer.policy is not None else _NO_POLICY
        return DeclaredPolicy(self.template.symbol(writer.logical), place, (owner, *beside), policy)


def declared_subscription(template: Template, one: SubscriptionState, topic: Value) -> DeclaredSubscription:
    """Declare a subscription of a topic."""
    return DeclaredSubscription(
        template.symbol(one.logical),
        topic,
        one.protocol,
        one.endpoint,
        place=template.place(one.logical),
        delivery=one.delivery,
        holding=(one.condition,) if one.condition else (),
    )


def _named(symbol: str, label: str) -> str:
    return f"{symbol} ({label})" if label else symbol


def _is_called(topic: DeclaredTopic, name: str) -> bool:
    return name in topic.names or name == str(topic.arn)


def _key(own: str, names: tuple[str, ...], place: Place, key: KeyState) -> DeclaredKey:
    properties, arn = key.properties, key.arn
    replica = properties.type == _REPLICA
    enabled = properties.value("Enabled")
    state = "Disabled" if enabled == "false" else "Enabled"
    return DeclaredKey(
        own,
        names,
        place,
        arn=arn if isinstance(arn, Unknown) else Arn.parse(arn) or NOT_KNOWN,
        policy=properties.get("KeyPolicy"),
        state=enabled if isinstance(enabled, Unknown) else state,
        spec=_OF_PRIMARY if replica else properties.said("KeySpec", "SYMMETRIC_DEFAULT"),
        usage=_OF_PRIMARY if replica else properties.said("KeyUsage", "ENCRYPT_DECRYPT"),
    )


def _arn(value: Value) -> Arn | Unknown:
    if isinstance(value, Unknown):
        return value
    return topic_arn(value) or Unknown(f"`{value}` is not a topic ARN")


class _TopicProperties(NamedTuple):
    """The settings of a topic, as ``checker.inputs.topic_settings`` reads them."""

    properties: Properties
    template: Template
    logical: str

    def text(self, name: str) -> Value | None:
        """Return a property; ``None`` if it is not set or empty."""
        return Settings(self.properties).text(name)

    def flag(self, name: str) -> bool | Unknown | None:
        """Return a boolean property; ``None`` if it is not set."""
        return Settings(self.properties).flag(name)

    def place(self, *names: str) -> Place:
        """Return the place of the first property that is set, or of the first that could be."""
        name = next((one for one in names if self.properties.get(one) is not None), names[0])
        return self.template.place(self.logical, "Properties", name)


def _tags(node: Node | None) -> Iterator[tuple[str, str]]:
    for one in items(node) if node is not None else ():
        pair = [one.get(name) for name in ("Key", "Value")] if isinstance(one, Object) else []
        texts = [scalar_text(text) if text is not None else None for text in pair]
        if len(texts) == 2 and isinstance(texts[0], str):
            yield texts[0], texts[1] if isinstance(texts[1], str) else ""


State = TypeVar("State")

_MOST_NAMED = 3


class Variant(NamedTuple, Generic[State]):
    """One variant of a resource. ``label`` describes its conditions and is empty for the only variant."""

    logical: str
    state: State
    label: str


def variants(found: Iterable[tuple[World, dict[str, State]]]) -> Iterator[Variant[State]]:
    """Group equal states, each with the assignments that produce it."""
    everything: list[World] = []
    states: dict[str, dict[State, list[World]]] = {}
    for world, by_name in found:
        everything.append(world)
        for logical, state in by_name.items():
            states.setdefault(logical, {}).setdefault(state, []).append(world)
    for logical, ways in states.items():
        labels: set[str] = set()
        for state, own in ways.items():
            label = _numbered(_label(own, everything), labels) if len(ways) > 1 else ""
            yield Variant(logical, state, label)


def _label(own: list[World], everything: list[World]) -> str:
    """Describe the choices that the assignments of one state share and other states do not."""
    common = {name: choice for name, choice in own[0].items() if all(one[name] == choice for one in own)}
    distinctive = [name for name, choice in common.items() if any(one[name] != choice for one in everything)]
    descriptions = [described(name, common[name]) for name in distinctive[:_MOST_NAMED]]
    return ", ".join([*descriptions, *(["..."] if len(distinctive) > _MOST_NAMED else [])])


def _numbered(label: str, taken: set[str]) -> str:
    """Add a number to a label that is already used."""
    candidate, number = label, 1
    while candidate in taken or not candidate:
        number += 1
        candidate = f"{label}, variant {number}" if label else f"variant {number - 1}"
    taken.add(candidate)
    return candidate
