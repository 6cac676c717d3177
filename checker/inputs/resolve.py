"""Resolves references between declared resources, and builds topics and keys from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import CallerPolicy, Grant, Key, Place, PolicyText, PolicyWriter, Topic
from checker.analysis.inventory import Source as Origin
from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import policy_in
from checker.inputs.declared import certain, doubt_about, settled, which_counts
from checker.inputs.declared_keys import DeclaredKeys, is_same
from checker.inputs.declared_subscriptions import subscriptions_of
from checker.inputs.discover import home_of
from checker.inputs.reading_memory import remembered
from checker.inputs.senders import topic_name
from checker.inputs.text import Implied
from checker.lint.scope import may_name_connect
from checker.policy.model import Patterns, Statement
from checker.policy.node import Array, Member, Node, Scalar, find
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from checker.policy.vocabulary import KEY, ROLE, TOPIC, Dialect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from checker.core.arn import Arn
    from checker.core.finding import Route
    from checker.inputs.collect import Facts
    from checker.inputs.declared import (
        Declarations,
        DeclaredGrant,
        DeclaredKey,
        DeclaredPolicy,
        DeclaredTopic,
    )
    from checker.policy.model import Value
    from checker.policy.node import Span


UNKNOWN_OWNER = "000000000000"
"""Placeholder for the unknown account of a resource in its default policy."""


def assemble(declared: Declarations, facts: Facts, folder: Path) -> None:
    """Add the topics, keys and instances of a deployment to the facts.

    Errors in policy text are noted, and the policy becomes Unknown.
    """
    maker = _Maker(declared, facts)
    made = [(one, maker.topic(one)) for one in declared.topics]
    facts.topics += ((folder, topic) for topic in settled(made))
    facts.keys += ((folder, maker.key(one)) for one in declared.keys)
    home = home_of(folder)
    facts.instances += (one._replace(source=Origin.ROOT, home=home) for one in declared.instances)
    facts.open_instances += (one._replace(home=home) for one in declared.open_instances)
    if declared.caller_policies:
        facts.callers += callers_of(declared, home)


def callers_of(declared: Declarations, home: str) -> Iterator[CallerPolicy]:
    """Yield the identity policies about chat streams. One that cannot be read is left to the tools for IAM."""
    for one in declared.caller_policies:
        owner = next(iter(one.owners), "")
        try:
            policy = one.policy if isinstance(one.policy, Unknown) else policy_in(one.policy, ROLE)
        except InputError:
            continue
        if isinstance(policy, PolicyText):
            yield CallerPolicy(policy, one.place, one.address, text_in(owner), home, declared.root)


def text_in(value: Value) -> str:
    """Return a text, or the name of an unknown value."""
    return value.where if isinstance(value, Unknown) else value


class _Maker:
    def __init__(self, declared: Declarations, facts: Facts) -> None:
        self.declared = declared
        self.facts = facts
        self.keys = DeclaredKeys(declared)
        self.topic_policies = by_owner(declared.topic_policies)
        self.key_policies = by_owner(declared.key_policies)

    def topic(self, one: DeclaredTopic) -> Topic:
        """Build a topic with its policy, its subscriptions and its key's name."""
        writers = writers_of(self.topic_policies, one.names, one.arn)
        inline = [one.policy] if one.policy is not None else []
        key = one.settings.key
        shared = max((len(writer.owners) for writer in writers), default=1)
        symbol = symbol_of(one.names, one.arn)
        subscriptions, others = subscriptions_of(self.declared, one)
        return Topic(
            arn=one.arn,
            policy=_without_quoted_names(self.policy(one, writers, TOPIC), symbol),
            settings=one.settings._replace(key=key._replace(value=self.keys.reference(key.value, one.where))),
            place=one.place,
            subscriptions=subscriptions,
            unlisted=others,
            tags=one.tags,
            address=one.address,
            symbol=symbol,
            writers=(*[one.place] * len(inline), *(writer.place for writer in certain(writers, one))),
            sharing=shared,
            root=self.declared.root,
            named=one.named,
            sender=self.sender(one),
            doubt=doubt_about(writers, one),
            without_connect=_without_connect([*inline, *(writer.policy for writer in writers)]),
            construct=one.construct,
            written=one.written,
        )

    def sender(self, topic: DeclaredTopic) -> str:
        """Return the resource that makes Connect stream to a topic, if one is declared."""
        names = topic.names if isinstance(topic.arn, Unknown) else (*topic.names, str(topic.arn))
        called = {*names, *map(topic_name, names)}
        senders = (one.address for one in self.declared.senders if not called.isdisjoint(one.topics))
        return next(senders, "")

    def policy(
        self, one: DeclaredTopic | DeclaredKey, writers: list[DeclaredPolicy], dialect: Dialect
    ) -> PolicyText | Unknown:
        """Choose the policy; if several resources write it, the result depends on the last write and is
        Unknown.
        """
        inline = [one.policy] if one.policy is not None else []
        found = [*inline, *(writer.policy for writer in writers)]
        if len(found) > 1:
            return which_counts(writers, one)
        if not found:
            default = default_policy(symbol_of(one.names, one.arn), one.arn, dialect)
            return implied(default, dialect, one.place)
        (node,) = found
        own = symbol_of(one.names, one.arn) or str(one.arn)
        return read_policy_in(node, dialect, dict.fromkeys(one.names, own), self.facts)

    def key(self, one: DeclaredKey) -> Key:
        """Build a key with its policy, aliases and grants."""
        writers = writers_of(self.key_policies, one.names, one.arn)
        aliases = self.keys.aliases_of(one)
        return Key(
            arn=one.arn,
            place=one.place,
            policy=self.policy(one, writers, KEY),
            state=one.state,
            manager="CUSTOMER",
            spec=one.spec,
            usage=one.usage,
            grants=tuple(_grant(grant, doubt) for grant, doubt in self.grants(one)),
            aliases=(one.address, *(name for alias in aliases for name in alias.names)),
            address=one.address,
            named=one.named,
            doubt=doubt_about(writers, one),
            root=self.declared.root,
            construct=one.construct,
            written=one.written,
            separate=one.policy is None and bool(certain(writers, one)),
            writers=tuple(self.key_writers(one, certain(writers, one))),
        )

    def key_writers(self, one: DeclaredKey, writers: list[DeclaredPolicy]) -> Iterator[PolicyWriter]:
        """Yield the resources that write the policy of a key, each with its policy, if there are several."""
        inline = [(one.place, one.policy)] if one.policy is not None else []
        found = [*inline, *((writer.place, writer.policy) for writer in writers)]
        own = symbol_of(one.names, one.arn) or str(one.arn)
        for place, node in found if len(found) > 1 else ():
            yield PolicyWriter(place, read_policy_in(node, KEY, dict.fromkeys(one.names, own), self.facts))

    def grants(self, key: DeclaredKey) -> Iterator[tuple[DeclaredGrant, Unknown | None]]:
        """Return the grants on a key, each with the reason if it may not exist or may be on another key."""
        for grant in self.declared.grants:
            if is_same(grant.key, key.names, key.arn):
                yield grant, doubt_about([grant], key)
            elif isinstance(grant.key, Unknown) and not self.is_declared(grant.key):
                yield (
                    grant,
                    Unknown(f"the key of grant `{grant.address}` is not known", grant.key.where),
                )

    def is_declared(self, key: Unknown) -> bool:
        """True for a reference to a declared key."""
        return any(is_same(key, one.names, one.arn) for one in self.declared.keys)


def read_policy_in(
    node: Node | Unknown, dialect: Dialect, texts: Mapping[str, str], facts: Facts
) -> PolicyText | Unknown:
    """Read a policy in which references with these names are texts. An error in its text is noted."""
    if isinstance(node, Unknown):
        return node
    try:
        return _once_for_node(node, dialect, texts)
    except InputError as error:
        facts.skip(error)
        return Unknown(error.reason)


def _once_for_node(node: Node, dialect: Dialect, texts: Mapping[str, str]) -> PolicyText | Unknown:
    """Read a policy, or return what an earlier reading with a memory read from the same node."""
    key = (read_policy_in, id(node), id(dialect), tuple(texts.items()))
    made, _ = remembered(key, lambda: (policy_in(node, dialect, lambda root: substituted(root, texts)), node))
    return made


def _without_connect(policies: Sequence[Node | Unknown]) -> bool:
    """True if none of several policies can name Connect, whichever is in force."""
    return len(policies) > 1 and not any(map(_may_name_connect, policies))


def _may_name_connect(policy: Node | Unknown) -> bool:
    if isinstance(policy, Unknown):
        return True
    try:
        read = policy_in(policy, TOPIC)
    except InputError:
        return True
    return isinstance(read, Unknown) or may_name_connect(read)


def by_owner(policies: Iterable[DeclaredPolicy]) -> dict[str, list[DeclaredPolicy]]:
    """Index policies by the names of their resources."""
    found: dict[str, list[DeclaredPolicy]] = {}
    for policy in policies:
        for owner in policy.owners:
            found.setdefault(owner.where if isinstance(owner, Unknown) else owner, []).append(policy)
    return found


def writers_of(
    policies: Mapping[str, list[DeclaredPolicy]], names: tuple[str, ...], arn: Arn | Unknown
) -> list[DeclaredPolicy]:
    """Return the policies for a resource, each once."""
    called = names if isinstance(arn, Unknown) else (*names, str(arn))
    found = (policy for name in called for policy in policies.get(name, ()))
    return list({id(policy): policy for policy in found}.values())


def _without_quoted_names(text: PolicyText | Unknown, symbol: str) -> PolicyText | Unknown:
    """Tell references to the topic from text that repeats their name in quotes, which refers to nothing."""
    if isinstance(text, Unknown) or isinstance(text.document, Implied):
        return text  # the AWS default policy is about the topic
    if not symbol or symbol not in text.policy.resources():
        return text
    statements = [
        one._replace(resources=_resources(one.resources, one.route, symbol, text.document.root))
        if isinstance(one, Statement)
        else one
        for one in text.policy.statements
    ]
    return text._replace(policy=text.policy._replace(statements=tuple(statements)))


def _resources(resources: Patterns | Unknown, route: Route, symbol: str, root: Node) -> Patterns | Unknown:
    if not isinstance(resources, Patterns):
        return resources
    spans = (
        find(root, (*route, resources.element, index), Part.VALUE) for index in range(len(resources.values))
    )
    values = (
        f'"{value}"' if value == symbol and _is_quoted(span, symbol) else value
        for value, span in zip(resources.values, spans, strict=True)
    )
    return resources._replace(values=tuple(values))


def _is_quoted(span: Span, name: str) -> bool:
    """True if the file has the name itself in quotes, and no reference."""
    source, start, end = span
    while source.outer is not None and source.offsets is not None:
        start, end, source = source.offsets[start], source.offsets[end], source.outer
    around = source.text[max(0, start - 1) : end + 1]
    return f'"{name}"' in around


def symbol_of(names: tuple[str, ...], arn: Arn | Unknown) -> str:
    """Return the reference of a document to its own resource while the ARN is not known."""
    return names[0] if isinstance(arn, Unknown) and names else ""


def _grant(one: DeclaredGrant, doubt: Unknown | None) -> Grant:
    return Grant(one.grantee, one.operations, None, one.encryption_context, doubt)


def substituted(node: Node, texts: Mapping[str, str]) -> Node:
    """Replace unknown values that have these names with texts."""
    if isinstance(node, Scalar):
        known = texts.get(node.value.where) if isinstance(node.value, Unknown) else None
        return node if known is None else node._replace(value=known)
    if isinstance(node, Array):
        return node._replace(items=tuple(substituted(one, texts) for one in node.items))
    members = (Member(m.key, substituted(m.value, texts), m.start, m.end) for m in node.members)
    return node._replace(members=tuple(members))


def implied(policy: object, dialect: Dialect, place: Place) -> PolicyText:
    """Make the default policy of a resource without a declared policy, at the resource's position."""
    import json

    text = json.dumps(policy)
    root = parse_json(Source(place.document.name, text))
    read, problems = read_policy(root, dialect)
    return PolicyText(read, problems, dialect, Implied(place, root), text)


def default_policy(symbol: str, arn: Arn | Unknown, dialect: Dialect) -> dict[str, object]:
    """Return the default policy that AWS creates for a topic or key.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    owner = UNKNOWN_OWNER if isinstance(arn, Unknown) else arn.account
    if dialect is TOPIC:
        statement: dict[str, object] = {
            "Sid": "__default_statement_ID",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{name}" for name in _DEFAULT_ACTIONS],
            "Resource": symbol or str(arn),
            "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
        }
    else:
        statement = {
            "Sid": "Enable IAM User Permissions",
            "Principal": {"AWS": f"arn:aws:iam::{owner}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    return {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", **statement}]}


_DEFAULT_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
