"""Finds the resources that make Amazon Connect stream chats to a topic: roles, functions, state machines,
flows.

A role or function starts streaming if it may call `connect:StartContactStreaming` or
`connect:StartChatContact`. Its code selects the topic, and gets the ARN from the environment or the policy.
https://docs.aws.amazon.com/connect/latest/APIReference/API_StartContactStreaming.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from checker.core.finding import Reference
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.declared import DeclaredSender
from checker.policy.wildcard import glob, is_wild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.policy.text_json import Plain

_STARTING = ("startcontactstreaming", "startchatcontact")
MARKS = (*_STARTING, "chatstreamingconfiguration")
"""What calls that start streams have in their text, without separators."""
_HINTS = ("connect:", "contact", "chat")
"""Words of which every text that `_starts` matches has at least one; most texts have none."""

_SEPARATORS = str.maketrans("", "", "_- ")

_ROLES = frozenset(
    f"{prefix}{one}"
    for prefix, names in (("AWS::IAM::", ("Role", "User", "Group")), ("aws_iam_", ("role", "user", "group")))
    for one in names
)
_IAM = ("AWS::IAM::", "aws_iam_", "data.aws_iam_")
_FLOWS = ("AWS::Connect::", "aws_connect_", "awscc_connect_")
_WATCHERS = ("AWS::CloudWatch::", "AWS::Events::", "AWS::Logs::", "aws_cloudwatch_")
_JUDGED = ("AWS::SNS::", "AWS::KMS::", "aws_sns_", "aws_kms_", "awscc_sns_", "awscc_kms_")
_OUTSIDE = (*_WATCHERS, *_JUDGED)
"""Resource types that mention streaming or topics but start nothing, such as alarms."""

_ROLE_WORDS = ("role", "user", "group")
_EXCEPTIONS = frozenset(("NotAction", "NotActions", "not_actions"))
_OTHER_TOPICS = frozenset(
    ("deadletterconfig", "deadletterqueue", "dead_letter_config", "destination_config", "events", "tags")
)
"""Properties in which a function names a topic but does not stream to it: dead-letter queues and event
sources.
"""

_REFERENCE = pattern(r"\$\{([^{}]+)\}")
_TOPIC_ARN = pattern(r"arn:[^\s\"',]*:sns:[^\s\"',]+")
_LONGEST_NAME = 2048


class Part(NamedTuple):
    """One resource: its type, its names and its arguments, with references as ``Reference``.

    ``hidden`` is true for an identity policy, or its owner, if only the references are known.
    """

    address: str
    kind: str
    names: tuple[str, ...]
    arguments: Plain
    hidden: bool = False


class _Facts(NamedTuple):
    """The references of a resource; roles are listed separately."""

    references: frozenset[str]
    roles: frozenset[str]


def references_in(value: Plain) -> frozenset[str]:
    """Return the names and ARNs in a value that may refer to resources."""
    return _references(_leaves(value))


def may_speak(text: str, variables: frozenset[str]) -> bool:
    """True for a text that mentions Connect, or one of the environment variables in which code expects topics."""
    return "connect" in text.lower() or any(name in text for name in variables)


def is_part(kind: str) -> bool:
    """True for a type of resource that may start streams or hold permissions to do so."""
    return not kind.startswith(_OUTSIDE)


def senders(parts: Iterable[Part], *, possible: bool = False) -> list[DeclaredSender]:
    """Return the resources that start streams, or share a role with one that does, and refer to a topic.

    ``possible`` includes resources with an unknown policy.
    """
    by_address = {one.address: one for one in parts if is_part(one.kind)}
    starting = frozenset(
        address for address, one in by_address.items() if _streams(one) or (possible and one.hidden)
    )
    if not starting:
        return []
    known = {address: _facts(one) for address, one in by_address.items()}
    names = {name: one.address for one in by_address.values() for name in (*one.names, one.address)}
    groups = _Groups(by_address, known, names)
    found = {
        member: known[member].references
        for group in map(groups.of, by_address)
        if not starting.isdisjoint(group)
        for member in group
    }
    return [DeclaredSender(address, topics) for address, topics in found.items() if topics]


class _Groups:
    """Groups resources that act together: a role with its policies and dependents, or a single resource."""

    def __init__(
        self, parts: Mapping[str, Part], known: Mapping[str, _Facts], names: Mapping[str, str]
    ) -> None:
        self.parts = parts
        self.known = known
        self.names = names
        self.under: dict[str, list[str]] = {}
        for address, facts in known.items():
            for role in self.addresses(facts.roles):
                if parts[role].kind in _ROLES:
                    self.under.setdefault(role, []).append(address)

    def addresses(self, references: Iterable[str]) -> set[str]:
        """Return the addresses that references resolve to."""
        return {self.names[one] for one in references if one in self.names}

    def of(self, address: str) -> list[str]:
        """Return a resource, its members if it is a role, and the policies that these refer to."""
        found = [address, *self.under.get(address, ())]
        for one in found:
            references = self.addresses(self.known[one].references)
            found += (other for other in sorted(references) if other not in found and self.is_policy(other))
        return found

    def is_policy(self, address: str) -> bool:
        kind = self.parts[address].kind
        return kind.startswith(_IAM) and kind not in _ROLES


def _streams(part: Part) -> bool:
    return part.kind.startswith(_FLOWS) or any(map(_starts, _leaves(part.arguments)))


def _facts(part: Part) -> _Facts:
    leaves = list(_leaves(part.arguments))
    given = (leaf for leaf in leaves if _OTHER_TOPICS.isdisjoint(map(str.lower, leaf.path)))
    of_roles = (leaf for leaf in leaves if any(word in leaf.path[0].lower() for word in _ROLE_WORDS))
    return _Facts(_references(given), _references(of_roles))


class _Leaf(NamedTuple):
    """A text with the keys that lead to it."""

    path: tuple[str, ...]
    text: str


def _leaves(value: Plain, path: tuple[str, ...] = ()) -> Iterator[_Leaf]:
    """Yield every text and key, including JSON inside texts, except in Deny statements."""
    if isinstance(value, Reference):
        value = value.text
    if isinstance(value, str):
        inside = parsed(value)
        if isinstance(inside, str):
            yield _Leaf(path or ("",), inside)
        else:
            yield from _leaves(inside, path)
    elif isinstance(value, Mapping):
        yield from _members(value, path)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, path)


def _members(value: Mapping[str, Plain], path: tuple[str, ...]) -> Iterator[_Leaf]:
    if "Deny" in (value.get("Effect"), value.get("effect")):
        return
    for key, one in value.items():
        yield _Leaf((*path, key), key)
        yield from _leaves(one, (*path, key))


def parsed(text: Plain) -> Plain:
    """Parse JSON in a text; return any other value as it is."""
    if not isinstance(text, str) or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        import json  # few templates have senders

        read: Plain = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return read


def _starts(leaf: _Leaf) -> bool:
    """True for text with a call that starts streams, and for a wildcard action that covers one."""
    text = leaf.text.lower()
    if not any(word in text for word in _HINTS) or not _EXCEPTIONS.isdisjoint(leaf.path):
        return False
    if text.startswith("connect:") and is_wild(text):
        return any(glob(text).matches(f"connect:{one}") for one in _STARTING)
    bare = without_separators(text)
    return any(mark in bare for mark in MARKS)


def without_separators(text: str) -> str:
    """Return a text in lower case, without the characters that separate words.

    A call is `start_contact_streaming` in Python and `start-contact-streaming` in the AWS CLI.
    """
    return text.lower().translate(_SEPARATORS)


def _references(leaves: Iterable[_Leaf]) -> frozenset[str]:
    """Collect the names in texts that may refer to resources."""
    return frozenset(name for text in {leaf.text for leaf in leaves} for name in _names(text) if name)


def _names(text: str) -> Iterator[str]:
    whole = [text] if len(text) <= _LONGEST_NAME else []
    for name in (*whole, *_REFERENCE.findall(text)):
        yield name
        yield name.rpartition(".")[0]
    for arn in _TOPIC_ARN.findall(text):
        yield arn
        yield topic_name(arn)


def topic_name(arn: str) -> str:
    """Return the name at the end of a topic ARN, even if other parts are unknown; empty for other texts."""
    name = arn.rpartition(":")[2]
    return f":sns:{name}" if ":sns:" in arn and "$" not in name and "*" not in name else ""
