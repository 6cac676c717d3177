"""What a change of a topic or key assumes, and what of it a comparison of policies does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Key, Topic
from checker.core.unknown import Unknown
from checker.inputs.terraform.policy_owners import is_declared_elsewhere
from checker.policy.model import Patterns
from checker.policy.names import KEY_ACTIONS, OTHER_KEY_ACTIONS, REFUSED_TOPIC_ACTIONS, TOPIC_ACTIONS
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Grant
    from checker.inputs.reach import Changed
    from checker.inputs.resource_matches import Declared, Match
    from checker.policy.model import Policy, Statement


_ONE_DEPLOYMENT = "the old and the new root are deployed in the same account and Region"
_RENAMED = "`{}` was renamed to `{}`, and is deployed in its place"
_OTHER = "the policy is attached to another {}, whose policy before the change is not known"


def assumptions(match: Match, declared: tuple[Declared, Declared], changed: Changed) -> tuple[str, ...]:
    """Return what makes the resources of both sides one: that a root or file replaces another one."""
    old, new = match
    if old is None or new is None:
        return ()
    if declared[0].root_of(old) != declared[1].root_of(new):
        return (_ONE_DEPLOYMENT,)
    roots = changed.root_of(old, is_old=True), changed.root_of(new, is_old=False)
    files = changed.old.own(old.place.document.name), new.place.document.name
    if changed.folders.get(roots[0]) == roots[1] != roots[0]:
        return (_RENAMED.format(*roots),)
    if not old.address and isinstance(old.arn, Unknown) and files[0] != files[1]:
        return (_RENAMED.format(*files),)
    return ()


def doubts(match: Match, *, is_one_key: bool = False) -> Iterator[Unknown]:
    """Yield the reasons why access may change although the policies are compared.

    ``is_one_key`` is true if the key of a topic is one key on both sides, whatever its names.
    """
    old, new = match
    if old is not None and new is not None and old.arn != new.arn and not _is_declared(new):
        yield Unknown(_OTHER.format("key" if isinstance(new, Key) else "topic"))
    if isinstance(old, Topic) and isinstance(new, Topic) and not is_one_key and old.key != new.key:
        yield _other_key(new)
    if old is not None and new is not None:
        yield from _new_actions(old, new)
    grants = [frozenset(one.grants) if isinstance(one, Key) else frozenset() for one in match]
    for word, found in (("added", grants[1] - grants[0]), ("removed", grants[0] - grants[1])):
        yield from (
            Unknown(f"a grant is {word}, and grants are not compared: {text}")
            for text in sorted(map(_grant, found))
        )


def doubts_of_policies(old: Topic | Key, new: Topic | Key) -> Iterator[Unknown]:
    """Yield the reasons why access may change although two single policies are compared.

    A policy without the attributes of its topic does not state a key.
    """
    yield from _new_actions(old, new)
    keys = [one.key for one in (old, new) if isinstance(one, Topic) and not isinstance(one.key, Unknown)]
    if isinstance(new, Topic) and len(keys) == 2 and keys[0] != keys[1]:
        yield _other_key(new)


def _other_key(topic: Topic) -> Unknown:
    return Unknown("the topic has another key, so that other policies decide who can publish", _key(topic))


def _is_declared(resource: Topic | Key) -> bool:
    """True for a topic or key that the code itself creates, so that a new ARN means a new resource."""
    return bool(resource.address) and not is_declared_elsewhere(resource)


def _key(topic: Topic) -> str:
    return topic.key.where if isinstance(topic.key, Unknown) else topic.key or "no key"


def _grant(grant: Grant) -> str:
    grantee = (
        grant.grantee.where or grant.grantee.reason if isinstance(grant.grantee, Unknown) else grant.grantee
    )
    names = grant.operations.reason if isinstance(grant.operations, Unknown) else ", ".join(grant.operations)
    return f"`{grantee}` can use {names}"


def _new_actions(old: Topic | Key, new: Topic | Key) -> Iterator[Unknown]:
    """Yield the actions in statements of one side that checker has no facts about.

    A list of actions ages: the name may be that of an action that AWS has added. A denied or excepted action
    counts as well, because another statement may allow it by a wildcard.
    """
    if isinstance(old.policy, Unknown) or isinstance(new.policy, Unknown):
        return
    before, after = frozenset(_unlisted(old.policy.policy)), frozenset(_unlisted(new.policy.policy))
    for name in sorted({name for name, _ in before ^ after}):
        yield Unknown(f"`{name}` is not in checker's list of actions, so that its callers are not compared")


def _unlisted(policy: Policy) -> Iterator[tuple[str, Statement]]:
    """Yield the names of actions that no action of the lists matches, each with its statement."""
    for one in policy.known_statements():
        if isinstance(one.actions, Patterns):
            statement = one._replace(ordinal=0, sid="", actions=one.actions._replace(values=()))
            names = (name for name in one.actions.values if isinstance(name, str))
            yield from ((name, statement) for name in names if not _is_listed(name))


def _is_listed(name: str) -> bool:
    """True for a pattern that matches an action of the lists, and for an action of another service."""
    folded = name.lower()
    pattern = glob(folded)
    return not folded.startswith(_SERVICES) or any(pattern.matches(one.lower()) for one in _LISTED)


_SERVICES = ("sns:", "kms:")
_LISTED = (*TOPIC_ACTIONS, *KEY_ACTIONS, *OTHER_KEY_ACTIONS, *REFUSED_TOPIC_ACTIONS, "sns:PublishBatch")
