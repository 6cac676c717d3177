"""Links the facts about topics and keys from several files, and builds the Inventory.

Facts are linked by ARN, key ID and alias. Inside one folder, unambiguous facts are also linked: the only key
policy to the only key, and the only key to the topic with the only unresolved key reference.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from checker.analysis.endpoints import Endpoints
from checker.analysis.inventory import Inventory, Key, PolicyText, Topic, Written
from checker.analysis.key_names import is_key_reference, is_managed_key
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.inputs.collect import Facts
from checker.inputs.discover import home_of
from checker.inputs.terraform.address import without_indices

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from checker.analysis.inventory import Topic

T = TypeVar("T")


_NO_LIST = Unknown(
    "no list of subscriptions was given; provide the output of `aws sns list-subscriptions-by-topic`"
)
_Keys = list[tuple["Path", Key]]


def link_facts(facts: Facts) -> Inventory:
    """Build the Inventory."""
    if facts.variables_of_code:
        from checker.inputs.code_evidence import add_senders  # imported on demand: few runs have such code

        add_senders(facts)
    if facts.declared:
        from checker.inputs.resolve import assemble  # imported on demand: policies declare nothing

        several = sum(bool(one.topics or one.keys) for one in facts.declared.values()) > 1
        for folder, declared in facts.declared.items():
            declared.root = declared.root if several else ""  # a single root needs no name in reports
            assemble(declared, facts, folder)
            if declared.subscriptions:
                from checker.inputs.declared_endpoints import endpoints_of  # imported on demand, as above

                facts.endpoints.append(endpoints_of(declared, facts, folder))
    if facts.given.source:
        show_where_written(facts.given.source, facts)
    if facts.streams is not None:
        contacts, skipped = facts.streams.settle()
        facts.contacts += contacts
        facts.skipped += skipped
    streams = facts.streams
    if facts.calls:
        from checker.inputs.code_evidence import with_sender  # imported on demand, as above

        facts.topics = [(folder, with_sender(topic, facts.calls)) for folder, topic in facts.topics]
    topics = [(folder, topic._replace(home=home_of(folder))) for folder, topic in facts.topics]
    found = [(folder, key._replace(home=home_of(folder))) for folder, key in facts.keys]
    keys = _with_policies([(folder, _with_names(_with_grants(key, facts), facts)) for folder, key in found])
    keys = _with_aliases(keys, topics)
    return Inventory(
        tuple(_with_lists(topic, folder, facts) for folder, topic in topics),
        tuple(key for _, key in keys),
        tuple(dict.fromkeys(facts.instances)),
        tuple(facts.contacts),
        tuple(facts.skipped),
        tuple(facts.comments),
        tuple(facts.open_instances),
        facts.has_other_values,
        facts.has_defaults,
        evidence=streams.keys.evidence() if streams is not None else None,
        refused_starts=tuple(streams.refused) if streams is not None else (),
        callers=tuple(facts.callers),
        endpoints=_together(
            [*facts.endpoints, Endpoints(tuple(facts.functions), tuple(facts.queues))],
        ),
    )


def _together(found: Sequence[Endpoints]) -> Endpoints:
    return Endpoints(*(tuple(one for part in parts for one in part) for parts in zip(*found, strict=True)))


def _with_lists(topic: Topic, folder: Path, facts: Facts) -> Topic:
    """Add tags and subscriptions to a topic."""
    tags = (*topic.tags, *facts.tags.get(str(topic.arn), ()))
    return _with_subscriptions(topic._replace(tags=tags), folder, facts)


def _with_subscriptions(topic: Topic, folder: Path, facts: Facts) -> Topic:
    """Add the subscriptions of a topic; an empty list belongs to the only topic of its folder."""
    listed = facts.subscriptions.get(str(topic.arn)) if isinstance(topic.arn, Arn) else None
    if listed is None and folder in facts.empty_lists and [one for one, _ in facts.topics].count(folder) == 1:
        listed = []
    described = facts.described.get(str(topic.arn), []) if facts.described else []
    if listed is None:
        known = tuple(described) or topic.subscriptions
        return topic._replace(subscriptions=known, unlisted=_NO_LIST) if described else topic
    by_arn = {one.arn: one for one in described}
    whole = tuple(by_arn.get(one.arn, one) for one in listed)
    return topic._replace(subscriptions=whole, unlisted=None)


def _with_grants(key: Key, facts: Facts) -> Key:
    if isinstance(key.arn, Unknown):
        return key
    listed = [grant for name in key.references for grant in facts.grants.get(name, ())]
    return key._replace(grants=tuple(listed)) if listed else key


def _with_names(key: Key, facts: Facts) -> Key:
    """Add the listed aliases of a key."""
    listed = facts.aliases.get(str(key.arn), ())
    return key._replace(aliases=tuple(dict.fromkeys((*key.aliases, *listed)))) if listed else key


def _with_policies(keys: _Keys) -> _Keys:
    """Link the only policy without a key in a folder to the folder's only key without a policy."""
    tied: _Keys = []
    for folder, found in _by_folder(keys).items():
        here = found
        loose = [key for key in here if isinstance(key.arn, Unknown)]
        bare = [key for key in here if isinstance(key.arn, Arn) and isinstance(key.policy, Unknown)]
        if len(loose) == len(bare) == 1:
            policy, key = loose[0], bare[0]
            joined = key._replace(policy=policy.policy, named=key.named or policy.named)
            here = [joined if one is key else one for one in here if one is not policy]
        tied += ((folder, key) for key in here)
    return tied


def _by_folder(found: Iterable[tuple[Path, T]]) -> dict[Path, list[T]]:
    by_folder: dict[Path, list[T]] = {}
    for folder, one in found:
        by_folder.setdefault(folder, []).append(one)
    return by_folder


def _with_aliases(keys: _Keys, topics: list[tuple[Path, Topic]]) -> _Keys:
    """Link the only key of a folder to the only unresolved key reference there."""
    everything = Inventory(keys=tuple(key for _, key in keys))
    count, used = Counter(folder for folder, _ in keys), _by_folder(topics)
    tied: _Keys = []
    for folder, key in keys:
        alone = count[folder] == 1
        wanted = alone and {
            topic.key
            for topic in used.get(folder, ())
            if isinstance(topic.key, str) and isinstance(everything.key_of(topic), Unknown)
        }
        if wanted and len(wanted) == 1 and _may_answer(key, *wanted):
            tied.append((folder, key._replace(aliases=(*key.aliases, *wanted))))
        else:
            tied.append((folder, key))
    return tied


def _may_answer(key: Key, reference: str) -> bool:
    """Return whether a key may have another name. If its ARN is known, only an alias can be one more name.

    No key matches the alias of an AWS managed key, or text that is not a key reference.
    """
    if is_managed_key(reference) or not is_key_reference(reference):
        return False
    return isinstance(key.arn, Unknown) or "alias/" in reference


def show_where_written(source: Path, facts: Facts) -> None:
    """Replace the positions of a plan's topics and keys with their positions in the Terraform files of a
    folder.

    All instances of a resource have the same position.
    """
    from checker.inputs.terraform.module.read import read_module  # the parser is slow to import

    files = Facts(facts.given)
    read_module(source, frozenset(), files)
    if files.declared:
        from checker.inputs.resolve import assemble  # imported on demand, as above

        for folder, declared in files.declared.items():
            assemble(declared, files, folder)
    facts.skipped += files.skipped
    written = {without_indices(topic.address): _written(topic) for _, topic in files.topics}
    written |= {without_indices(key.address): _written(key) for _, key in files.keys}
    facts.topics = [
        (at, one._replace(written=written.get(without_indices(one.address)))) for at, one in facts.topics
    ]
    facts.keys = [
        (at, one._replace(written=written.get(without_indices(one.address)))) for at, one in facts.keys
    ]


def _written(one: Topic | Key) -> Written:
    return Written(one.place, one.policy.document if isinstance(one.policy, PolicyText) else None)
