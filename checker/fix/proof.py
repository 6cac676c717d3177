"""What a fix is worth: safe if the prover finds that nobody gains or loses anything but what was meant.

Connect, for an instance that streams to the topic, may gain what AWS documents that it needs, and Connect for
anybody else may lose what it had: those are the deputies being shut out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn, is_uuid
from checker.case import TopicCase
from checker.finding import Applicability
from checker.iam import prove
from checker.iam.identity import SOURCE_ACCOUNT, SOURCE_ARN, Instances
from checker.iam.request import Service
from checker.iam.space import DATA_KEY, DECRYPT, PUBLISH
from checker.iam.universe import every_space
from checker.policy.model import DENY, Condition, Patterns, Policy, Principals, Statement
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONNECT
from checker.sentence import caller_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.iam.space import Space, Target
    from checker.iam.truth import Truth
    from checker.key_case import KeyCase


class Worth(NamedTuple):
    """Whether a fix is safe, and if not why."""

    applicability: Applicability
    reason: str = ""


def worth(case: TopicCase | KeyCase, new: Policy) -> Worth:
    """Prove that a changed policy does no more than it should."""
    if isinstance(case.text, Unknown):
        return Worth(Applicability.UNSAFE, case.text.reason)
    old, instances = case.text.policy, _instances(case)
    target, of_topic, doubt = _target(case), isinstance(case, TopicCase), ""
    for before, after in _pairs(old, new):
        doubt = _doubt(before, after, target, instances if of_topic else None)
        if not doubt:
            return Worth(Applicability.SAFE)
    return Worth(Applicability.UNSAFE, doubt)


def _target(case: TopicCase | KeyCase) -> Target:
    """The resource; a key without an ARN has one made up, since its policy speaks of `*`."""
    if isinstance(case, TopicCase) or isinstance(case.key.arn, Arn):
        return case.target
    return case.target._replace(resource=_SOME_KEY)


_SOME_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000"


def _instances(case: TopicCase | KeyCase) -> tuple[Arn, ...]:
    """The instances that are to keep what they have: those that are known, and those that the policy names."""
    if not isinstance(case, TopicCase):
        return ()
    named = (one for one in case.named_instances if is_uuid(one.instance_id))
    return tuple(dict.fromkeys((*case.instances, *named)))


def _pairs(old: Policy, new: Policy) -> Iterator[tuple[Policy, Policy]]:
    """The two policies without the Allows that they share, if that is enough to tell; then as they are.

    Who gains by a changed Allow gains under it alone, whatever the others say.
    """
    shared = [content(s) for s in new.statements if content(s) in [content(one) for one in old.statements]]
    changed = [s for p in (old, new) for s in p.statements if content(s) not in shared]
    plain = all(isinstance(s, Statement) and s.effect != DENY for s in changed)
    if plain and old.version == new.version and shared:
        yield tuple(  # type: ignore[misc] # two policies make a pair
            p._replace(statements=tuple(s for s in p.statements if content(s) not in shared))
            for p in (old, new)
        )
    yield old, new


def content(statement: Statement | Unknown) -> object:
    """What a statement says, apart from its place and its Sid."""
    if isinstance(statement, Unknown):
        return statement
    principals, actions = statement.principals, statement.actions
    who = principals
    if isinstance(principals, Principals):
        entries = tuple((one.type, one.value) for one in principals.entries)
        who = (principals.negated, entries, principals.unknown)  # type: ignore[assignment] # to compare
    conditions = tuple(c._replace(route=()) if isinstance(c, Condition) else c for c in statement.conditions)
    return (statement.effect, who, actions, _resources(statement), conditions)


def _resources(statement: Statement) -> object:
    resources = statement.resources
    return (resources.element, resources.values) if isinstance(resources, Patterns) else resources


def _doubt(old: Policy, new: Policy, target: Target, instances: tuple[Arn, ...] | None) -> str:
    """Say who gains or loses what was not meant, or that nobody can tell; nothing if all is well.

    ``instances`` is ``None`` for a key, of which nobody is to lose anything.
    """
    for space in every_space(old, new, target):
        for asked in _not_to_gain(space, target, instances or ()):
            if said := _said(prove.gained_within(old, new, asked), "would gain"):
                return said
        for asked in _not_to_lose(space, instances):
            if said := _said(prove.gained_within(new, old, asked), "would lose"):
                return said
    return ""


def _said(answer: prove.Answer, what: str) -> str:
    truth: Truth = answer.truth
    if truth is True and answer.witness is not None:
        return f"{caller_of(answer.witness)} {what} {answer.witness.action}"
    return f"nobody can tell who {what} access: {truth.reason}" if isinstance(truth, Unknown) else ""


def _not_to_gain(space: Space, target: Target, instances: tuple[Arn, ...]) -> Iterator[Space]:
    """The requests of a space that nothing may be gained for."""
    if not _is_connect(space) or space.action not in (PUBLISH, DATA_KEY, DECRYPT, *_DATA_KEYS):
        yield space
    elif space.action == PUBLISH:
        regions = _regions(space)
        accounts = tuple(dict.fromkeys(one.account for one in instances))
        ids = tuple(one.instance_id for one in instances)
        yield _of(space, Instances(target.partition, regions, but_not=accounts, or_absent=True))
        for account in accounts:
            yield _of(space, Instances(target.partition, regions, account, not_ids=ids))


_DATA_KEYS = tuple(f"{DATA_KEY}{suffix}" for suffix in ("Pair", "PairWithoutPlaintext", "WithoutPlaintext"))
"""What `kms:GenerateDataKey*` covers beside the action itself."""


def _not_to_lose(space: Space, instances: tuple[Arn, ...] | None) -> Iterator[Space]:
    """The requests of a space that nothing may be lost for: of Connect, those for instances that are known."""
    if not _is_connect(space) or instances is None:
        yield space
        return
    for one in instances:
        source = {SOURCE_ARN: str(one), SOURCE_ACCOUNT: one.account}
        yield space._replace(fixed={**space.fixed, **source}, free=space.free[1:])


def _is_connect(space: Space) -> bool:
    return isinstance(space.caller, Service) and space.caller.name == CONNECT


def _of(space: Space, instances: Instances) -> Space:
    return space._replace(free=(instances, *space.free[1:]))


def _regions(space: Space) -> tuple[str, ...]:
    first = space.free[0]
    return first.regions if isinstance(first, Instances) else ()
