"""Plan a live repair from the current state in AWS: fix in place, or create a replacement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from checker.fix.live.receipt import KEY, TOPIC, Change, new_id, stamped
from checker.fix.live.replacement import key_reasons, topic_reasons
from checker.fix.result import Outcome, policy_changes
from checker.fix.rounds import Repair, repair
from checker.live.aws.topic import read_topic
from checker.live.repair.preview import Wanted
from checker.live.repair.replacement import plan_replacement, replacement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from checker.analysis.documented import KeyCondition
    from checker.analysis.inventory import Instance, Inventory
    from checker.core.arn import Arn
    from checker.core.errors import CheckerError
    from checker.fix.snapshot import Reading
    from checker.live.aws.calls import Calls
    from checker.live.aws.topic import Found
    from checker.live.repair.replacement import ReplacementPlan


class Wish(NamedTuple):
    """A repair request: the topic, the instances that stream to it, and the options.

    ``judge`` runs the selected rules on an inventory. ``replace`` allows a replacement for a topic or key that cannot
    be fixed in place.
    """

    topic: Arn
    instances: tuple[Instance, ...]
    judge: Callable[[Inventory], Reading]
    unsafe: bool = False
    kms_condition: KeyCondition | None = None
    replace: bool = False


class Plan(NamedTuple):
    """A planned repair: the future state, the changes, and the outcome for reports.

    ``topic`` is the topic to stream to from now on. ``replaceable`` is True if a replacement is needed but was not
    requested. ``receipt`` is the ID of the future receipt and of all created resources. ``doubts`` are reasons not to
    rely on the instances.
    """

    calls: Calls
    wish: Wish
    topic: Arn
    found: Found
    repair: Repair
    changes: tuple[Change, ...]
    outcome: Outcome
    receipt: str
    replaceable: bool = False
    doubts: tuple[CheckerError, ...] = ()


def plan(calls: Calls, wish: Wish) -> Plan:
    """Read the topic and its key, and plan the changes. Raises CheckerError."""
    found = read_topic(calls, wish.topic)
    made = plan_replacement(calls, _wanted(wish), found) if wish.replace else None
    return _in_place(calls, wish, found) if made is None else _replaced(made, wish)


def _wanted(wish: Wish) -> Wanted:
    return Wanted(wish.topic, tuple(one.arn for one in wish.instances), wish.kms_condition)


def _in_place(calls: Calls, wish: Wish, found: Found) -> Plan:
    done = _fixed(wish, found)
    changes = tuple(_policies(done.texts, found, wish.topic))
    shown, replaceable = _formatted(done, found), not wish.replace and _is_replaceable(wish, found)
    return Plan(calls, wish, wish.topic, found, done, changes, shown, new_id(), replaceable)


def _is_replaceable(wish: Wish, found: Found) -> bool:
    topic, key = found.topic, found.key
    regions = {one.arn.region for one in wish.instances} or {wish.topic.region}
    return any([*topic_reasons(topic, one), *key_reasons(topic, key, one)] for one in regions)


def _replaced(made: ReplacementPlan, wish: Wish) -> Plan:
    """Plan a replacement. Its policies are fixed before it is created."""
    done, receipt = _fixed(wish, made.found), new_id()
    changes = tuple(stamped(one, receipt) for one in made.changes(done.texts))
    outcome = _formatted(done, made.found)._replace(replacement=replacement(made, changes))
    return Plan(made.calls, wish, made.topic, made.found, done, changes, outcome, receipt)


def _fixed(wish: Wish, found: Found) -> Repair:
    def read(texts: Mapping[str, str]) -> Reading:
        return wish.judge(found.inventory(wish.instances, texts))

    return repair(read, unsafe=wish.unsafe, kms_condition=wish.kms_condition)


def _policies(texts: Mapping[str, str], found: Found, topic: Arn) -> Iterator[Change]:
    """Yield the policies to write. The key's policy comes first, so that the topic never allows more than its key."""
    old = found.texts()
    for name in sorted(texts, key=lambda one: one == str(topic)):
        yield Change(name, TOPIC if name == str(topic) else KEY, old[name], texts[name])


def _formatted(done: Repair, found: Found) -> Outcome:
    """Return the outcome with formatted policies, so that a diff has one line per change."""
    pretty = {name: _indented(text) for name, text in done.texts.items()}
    originals = {name: _indented(text) for name, text in found.texts().items()}
    names = {name: name for name in pretty}
    return Outcome(done._replace(texts=pretty), originals, names, policy_changes(done))


def _indented(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
