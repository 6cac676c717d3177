"""What reports say of a replacement: why it comes, how it is made, what is not copied and what is left to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.replacement import Remark, Replacement, Step, lost_attributes, lost_tags
from checker.fix.subscribing import lost_parts, why_not
from checker.fix.switching import to_new_encryption, to_new_key, to_new_topic
from checker.inventory import PolicyText
from checker.live.resource import managers
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.receipt import Change
    from checker.live.repair.successor import Successor


def replacement(made: Successor, changes: tuple[Change, ...]) -> Replacement:
    """What reports say of it."""
    return Replacement(
        str(made.replaced),
        str(made.topic),
        made.reasons,
        tuple(map(Step, changes)),
        tuple(_left_out(made)),
        tuple(_switch(made)),
    )


def _left_out(made: Successor) -> Iterator[Remark]:
    old, new = made.replaced, made.topic
    if made.alias is not None and made.old.key is not None and made.old.key.manager != "AWS":
        reason = "the new key lets its account and Connect in, and nobody else"
        yield Remark(f"policy of the key `{made.old.topic.key}`", reason)
    if old == new:
        return
    yield from lost_attributes(made.old.attributes)
    yield from lost_tags(made.old.tags or {}, frozenset(managers(made.old.tags or {})))
    if made.old.topic.fifo is not True:
        command = f"aws sns get-data-protection-policy --region {old.region} --resource-arn {old}"
        yield Remark("data protection policy", f"not looked for; if there is one, this shows it: {command}")
    if not isinstance(made.old.topic.policy, PolicyText):
        yield Remark("policy", "it could not be read, so the new topic gets what AWS documents alone")
    for one in made.subscribed:
        reason = why_not(one, new)
        yield from [Remark(one.name, reason)] if reason else lost_parts(one, new)


def _switch(made: Successor) -> Iterator[str]:
    moved = made.topic != made.replaced
    if moved:
        yield from to_new_topic(made.replaced, made.topic, made.subscribers)
    if made.alias is not None:
        policy, alias = made.found.topic.policy, made.alias.arn
        yield from to_new_key(made.topic, alias, None if isinstance(policy, Unknown) else policy.policy)
        if not moved:
            yield to_new_encryption(made.topic, alias)
