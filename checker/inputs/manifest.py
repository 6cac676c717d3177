"""Reads the streaming manifest: one file that links instances, topics, keys and contacts.

The format is defined in `schemas/streaming-manifest.v1.json`.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from checker.analysis.inventory import Contact, Instance, Key, Place, Setting, Source, Topic, TopicSettings
from checker.core.arn import Arn, topic_arn
from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import is_fifo, read_grants, read_subscriptions
from checker.inputs.discover import home_of, name_of
from checker.inputs.kinds import cli_output
from checker.inputs.readers import take_comments
from checker.inputs.schema import validate
from checker.inputs.text import YAML_SUFFIXES, TextDocument, parse_text, read_text
from checker.inputs.typed_files import load_key, load_key_policy, load_topic, read_document
from checker.policy.node import Node, Object, items, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.core.finding import Route
    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Kind


class TopicEntry(NamedTuple):
    """A topic of the manifest: its ARN and the files that describe it."""

    arn: str
    attributes: Path | None
    policy: Path | None
    subscriptions: Path | None
    key: str | None
    instances: tuple[Instance, ...]
    place: Place


class KeyEntry(NamedTuple):
    """A key of the manifest."""

    arn: Arn | None
    aliases: tuple[str, ...]
    description: Path | None
    policy: Path | None
    grants: Path | None
    place: Place


class Manifest(NamedTuple):
    """The manifest, without the content of the files that it names."""

    instances: tuple[Instance, ...]
    topics: tuple[TopicEntry, ...]
    keys: tuple[KeyEntry, ...]
    contacts: tuple[Contact, ...]

    def paths(self) -> set[Path]:
        """Return every file that the manifest names."""
        named = [
            path for topic in self.topics for path in (topic.attributes, topic.policy, topic.subscriptions)
        ]
        named += [path for key in self.keys for path in (key.description, key.policy, key.grants)]
        return {path for path in named if path is not None}


def read_manifest(document: TextDocument, folder: Path) -> Manifest:
    """Validate a document against the schema and read it. File names are relative to ``folder``.

    Raises InputError with the position of the first error.
    """
    validate(document, "streaming-manifest.v1.json")
    reader = _Reader(document, folder)
    return Manifest(
        reader.instances(document.root, ()),
        tuple(reader.topic(node, ("topics", i)) for i, node in enumerate(reader.list("topics"))),
        tuple(reader.key(node, ("keys", i)) for i, node in enumerate(reader.list("keys"))),
        tuple(reader.contact(node, ("contacts", i)) for i, node in enumerate(reader.list("contacts"))),
    )


class _Reader:
    """Reads a manifest that is valid according to the schema, including its ARNs."""

    __slots__ = ("document", "folder", "root")

    def __init__(self, document: TextDocument, folder: Path) -> None:
        assert isinstance(document.root, Object)  # noqa: S101 - the schema says so
        self.document = document
        self.root = document.root
        self.folder = folder

    def list(self, key: str) -> tuple[Node, ...]:
        node = self.root.get(key)
        return items(node) if node is not None else ()

    def text(self, node: Node, key: str) -> str | None:
        return text_of(node.get(key)) if isinstance(node, Object) else None

    def path(self, node: Node, key: str) -> Path | None:
        name = self.text(node, key)
        return self.folder / name if name else None

    def arn(self, node: Node) -> Arn | None:
        text = self.text(node, "arn")
        return Arn.parse(text) if text else None

    def texts(self, node: Node, key: str) -> tuple[str, ...]:
        found = node.get(key) if isinstance(node, Object) else None
        return tuple(text_of(one) or "" for one in items(found)) if found is not None else ()

    def place(self, route: Route) -> Place:
        return Place(self.document, route)

    def instances(self, node: Node, route: Route) -> tuple[Instance, ...]:
        listed = node.get("instances") if isinstance(node, Object) else None
        entries = enumerate(items(listed) if listed is not None else ())
        return tuple(one for i, entry in entries for one in self.instance(entry, (*route, "instances", i)))

    def instance(self, node: Node, route: Route) -> Iterator[Instance]:
        """Yield an instance and its replicas. An entry without `replicas` leaves open whether there are any.

        Raises InputError for a replica in the instance's own Region.
        """
        arn = Arn.parse(text_of(node) or self.text(node, "arn") or "")
        if arn is None:
            return
        if arn.region in self.texts(node, "replicas"):
            reason = f"{arn.region} is the Region of the instance itself"
            where = self.document.locate((*route, "replicas"), Part.VALUE)
            raise InputError(self.document.name, reason, where, "list the other Regions, or none")
        instance = Instance(arn, self.place(route), Source.MANIFEST)
        is_described = isinstance(node, Object) and node.get("replicas") is not None
        yield from instance.with_replicas(self.texts(node, "replicas")) if is_described else [instance]

    def topic(self, node: Node, route: Route) -> TopicEntry:
        return TopicEntry(
            self.text(node, "arn") or "",
            self.path(node, "attributes"),
            self.path(node, "policy"),
            self.path(node, "subscriptions"),
            self.text(node, "key"),
            self.instances(node, route),
            self.place(route),
        )

    def key(self, node: Node, route: Route) -> KeyEntry:
        return KeyEntry(
            self.arn(node),
            self.texts(node, "aliases"),
            self.path(node, "description"),
            self.path(node, "policy"),
            self.path(node, "grants"),
            self.place(route),
        )

    def contact(self, node: Node, route: Route) -> Contact:
        topics = enumerate(self.texts(node, "topics"))
        return Contact(
            self.text(node, "id") or "",
            tuple((text, self.place((*route, "topics", i))) for i, text in topics),
            self.place(route),
        )


def take_manifest(document: TextDocument, path: Path, facts: Facts) -> set[str]:
    """Read a manifest and the files it names into the facts; return the real paths of the files.

    Raises InputError for an invalid manifest. Errors in the named files are added to the facts.
    """
    manifest = read_manifest(document, path.parent)
    home = home_of(path)
    facts.instances += (one._replace(home=home) for one in manifest.instances)
    facts.contacts += manifest.contacts
    for entry in manifest.topics:
        _attempt(facts, partial(_take_topic, entry, path, facts))
    for key in manifest.keys:
        _attempt(facts, partial(_take_key, key, path, facts))
    for named in (one for one in manifest.paths() if one.suffix in YAML_SUFFIXES):
        _attempt(facts, partial(_take_comments, named, facts))
    return {os.path.realpath(one) for one in manifest.paths()}


def _attempt(facts: Facts, take: Callable[[], None]) -> None:
    try:
        take()
    except InputError as error:
        facts.skip(error)


def _take_comments(path: Path, facts: Facts) -> None:
    take_comments(facts, [parse_text(name_of(path), read_text(path))])


def _take_topic(entry: TopicEntry, manifest: Path, facts: Facts) -> None:
    """Merge a topic entry with its files; a policy file overrides the policy of the attributes."""
    described = entry.attributes or entry.policy
    if described:
        topic = load_topic(described, pipes=False)
    else:
        unknown = Unknown("the manifest names no policy for the topic", entry.place.document.name)
        key = Unknown("the manifest does not state the key")
        topic = Topic(unknown, unknown, TopicSettings(Setting(unknown), Setting(key)), entry.place)
    if entry.attributes and entry.policy:
        topic = topic._replace(policy=load_topic(entry.policy, pipes=False).policy)
    if entry.arn:
        topic = _with_arn(topic, entry)
    if entry.key:
        topic = topic._replace(settings=topic.settings._replace(key=Setting(entry.key, entry.place)))
    if entry.subscriptions:
        listed = _list_in(
            entry.subscriptions, cli_output.SUBSCRIPTIONS, "aws sns list-subscriptions-by-topic"
        )
        topic = topic._replace(subscriptions=tuple(one for _, one in read_subscriptions(*listed)))
    facts.topics.append((manifest, topic._replace(named=True, instances=entry.instances)))


def _with_arn(topic: Topic, entry: TopicEntry) -> Topic:
    """Apply the ARN of the entry; an ARN of another resource is kept as the claimed ARN."""
    arn = topic_arn(entry.arn)
    place = Place(entry.place.document, (*entry.place.route, "arn"))
    if arn is None:
        return topic._replace(claimed=entry.arn, arn_place=place)
    fifo = topic.settings.fifo
    fifo = Setting(is_fifo(arn) if isinstance(fifo.value, Unknown) else fifo.value, fifo.place or place)
    return topic._replace(arn=arn, settings=topic.settings._replace(fifo=fifo), arn_place=place)


def _take_key(entry: KeyEntry, manifest: Path, facts: Facts) -> None:
    """Merge a key entry with its files."""
    unknown = Unknown("the manifest does not state the key's ARN", entry.place.document.name)
    key = (
        load_key(entry.description, pipes=False)
        if entry.description
        else Key(entry.arn or unknown, entry.place)
    )
    if entry.policy:
        key = key._replace(policy=load_key_policy(entry.policy, pipes=False).policy)
    if entry.grants:
        listed = _list_in(entry.grants, cli_output.GRANTS, "aws kms list-grants")
        key = key._replace(grants=tuple(grant for _, grant in read_grants(listed[1])))
    facts.keys.append((manifest, key._replace(aliases=entry.aliases, named=True)))


def _list_in(path: Path, kind: Kind, command: str) -> tuple[TextDocument, Node, Route]:
    """Read a list from AWS CLI output, with its document and route. Raises InputError."""
    document = read_document(path, pipes=False)
    found = kind.match(document.root) if isinstance(document.root, Object) else None
    if found is None:
        raise InputError(name_of(path), f"expected the output of `{command}`")
    return (document, *found)
