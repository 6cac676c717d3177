"""Where a topic, its key and its instances are, as far as the facts tell it without values for symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from checker.analysis.additive_policy import only_adds
from checker.analysis.deployments import alone
from checker.analysis.key_managers import owners_of
from checker.analysis.pairing import STATED
from checker.analysis.symbol_patterns import distinguished
from checker.analysis.symbol_table import arns_in, literals_of, partitions_in, regions_of, symbol_table
from checker.analysis.symbols import OF_INSTANCE, is_own, masked, masked_text, name_of, pieces_of
from checker.core.arn import Arn, is_account, topic_arn
from checker.core.record import NamedTuple
from checker.core.unknown import Symbol, Unknown
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, instance_named
from checker.policy.model import RESOURCE
from checker.policy.wildcard import is_wild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.deployments import Facts
    from checker.analysis.symbol_patterns import Distinguished
    from checker.analysis.symbol_table import RoleValue, SymbolTable
    from checker.policy.model import Value


T = TypeVar("T")
_REGIONAL = ("connect", "sns", "kms")


class TopicContext(NamedTuple):
    """The facts about a topic with the table of their symbols.

    What a text that may be the defect tells of the deployment is believed only if nothing contradicts it, and only if
    both versions tell it where two are compared. An added or removed resource is compared with AWS's default policy, which
    tells nothing.

    - ``own``: the ARN that a Resource of the policy names, if only one can be the topic's. If two versions are compared,
      no other Resource names the topic by a reference.
    - ``pinned``: the only account that the policy pins Connect to; empty if there are others, or a symbol for one.
    - ``key_account``: the symbol for the account of the key, if it is not the deployment's own.
    - ``key_owners``: the literal accounts one of which owns the key.
    - ``stated``: the instances that the user named.
    - ``instances``: the instances that are named without symbols.
    - ``instance_texts``: all texts that name an instance.
    - ``distinguished``: the values of symbols that patterns distinguish.
    - ``only_adds``: true if it does not matter which instances and accounts of the policy are the same.
    """

    facts: Facts
    table: SymbolTable
    own: Arn | None
    pinned: str
    key_account: Symbol | None
    key_owners: tuple[str, ...]
    stated: tuple[Arn, ...]
    instances: tuple[Arn, ...]
    instance_texts: tuple[Value, ...]
    distinguished: Distinguished
    only_adds: bool

    def is_own_account(self, symbol: Symbol) -> bool:
        """True for the account of the deployment, and for the account of the key, which is the same."""
        return is_own(symbol) or symbol == self.key_account

    def of_instances(self, index: int) -> tuple[str, ...]:
        """Return the literal values of one part of the ARNs of instances, first of those that the user named."""
        stated = tuple(str(arn).split(":", 5)[index] for arn in self.stated)
        return (*stated, *self._named(self.table.values, index))

    def told_by_instances(self, index: int) -> tuple[str, ...]:
        """Return the same, if it tells of the deployment: none if a version names no instance, and the user neither."""
        if self.stated or all(any(self._named(one.values(), index)) for one in self.facts.sides):
            return self.of_instances(index)
        return ()

    def _named(self, values: Iterable[RoleValue], index: int) -> Iterator[str]:
        declared = {instance.arn.pieces for instance in self.facts.open_instances}
        for role, value in values:
            if role == SOURCE_ARN and pieces_of(value) not in declared and _names_instances(value):
                yield from _literal_part(masked(value), index)

    def told_by_resources(self) -> tuple[str, ...]:
        """Return the Regions of all literal ARNs, unless a version has none."""
        has_some = (any(_regions(arns_in(literals_of(one.values())))) for one in self.facts.versions)
        return tuple(_regions(self.table.arns())) if all(has_some) else ()

    @property
    def named_regions(self) -> tuple[str, ...]:
        """The literal Regions of all ARNs of instances, whatever their role."""
        values = (value for _, value in self.table.values)
        return tuple(part for text in map(masked, values) for part in _literal_part(text, 3) if part)

    @property
    def of_one_version(self) -> tuple[str, ...]:
        """The literal Regions, and one of each partition, if only one of two versions names them, which tells nothing."""
        if not self.facts.versions:
            return ()
        partitions = partitions_in(masked(value) for _, value in self.table.values)
        of_partitions = (regions_of(one)[0] for one in dict.fromkeys((*partitions, "aws")))
        return (*self.named_regions, *_regions(self.table.arns()), *of_partitions)


def topic_context(facts: Facts) -> TopicContext:
    """Find out where a topic, its key and its instances are."""
    table = symbol_table(facts)
    stated = tuple(pairing.instance for pairing in facts.pairings if pairing.source in STATED)
    owners = owners_of(one.key for one in facts.sides)
    named = (instance_named(text, None) for text in table.literals(SOURCE_ARN))
    return TopicContext(
        facts,
        table,
        _agreed(_own_topic(facts, one) for one in facts.sides),
        _agreed(map(_pinned_account, facts.sides)) or "",
        table.symbols.get(name_of(alone(owners.symbol))) if owners.symbol is not None else None,
        owners.accounts,
        stated,
        (*stated, *(arn for arn in named if arn is not None)),
        tuple(_instance_texts(table, stated)),
        distinguished(table),
        only_adds(facts),
    )


def _agreed(told: Iterable[T]) -> T | None:
    """Return what all versions tell; ``None`` if they differ."""
    different = set(told)
    return different.pop() if len(different) == 1 else None


def _pinned_account(version: Facts) -> str:
    pins = {value for role, value in version.values() if role == SOURCE_ACCOUNT}
    if len(pins) != 1:
        return ""
    (pin,) = pins
    return pin if isinstance(pin, str) and is_account(pin) else ""


def _own_topic(facts: Facts, version: Facts) -> Arn | None:
    """Return the only ARN that the topic can have by the Resources of its policy.

    Amazon SNS documents that every Resource is the ARN of the topic. In a comparison, an ARN is believed only if no
    Resource is a reference to the topic, since one of another account beside it would hide what that account gains.
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    """
    named = [value for role, value in version.values() if role == RESOURCE]
    if facts.versions and any(one == version.topic.symbol or isinstance(one, Unknown) for one in named):
        return None
    arns = {arn for text in named if (arn := topic_arn(str(text))) is not None and not is_wild(str(text))}
    fitting = [arn for arn in arns if _can_be(facts.topic.arn, str(arn))]
    return fitting[0] if len(fitting) == 1 else None


def _can_be(value: Arn | Unknown, text: str) -> bool:
    """True if the known parts of an ARN equal those of a text."""
    if not isinstance(value, Unknown) or not value.pieces:
        return False
    parts, others = masked_text(value).split(":", 5), text.split(":", 5)
    pairs = zip(parts, others, strict=False)
    return len(parts) == len(others) and all(part == other or "\0" in part for part, other in pairs)


def _names_instances(value: Value) -> bool:
    """True if a text may be the ARN of an instance, or of several."""
    return isinstance(value, Unknown) or is_wild(value) or instance_named(value, None) is not None


def _regions(arns: Iterable[Arn]) -> Iterator[str]:
    """Yield the Regions that tell where a topic, its key and its instances are."""
    return (arn.region for arn in arns if arn.service in _REGIONAL and arn.region and not is_wild(arn.region))


def _instance_texts(table: SymbolTable, stated: Iterable[Arn]) -> Iterator[Value]:
    """Yield the ARNs of instances that the facts name, and of those that the user named, each once."""
    values = [value for role, value in table.values if role in (OF_INSTANCE, SOURCE_ARN)]
    for value in dict.fromkeys((*values, *map(str, stated))):
        if value.pieces if isinstance(value, Unknown) else instance_named(value, None) is not None:
            yield value


def _literal_part(text: str, index: int) -> Iterator[str]:
    """Yield a part of the ARN of an instance, unless it has symbols or wildcards."""
    parts = text.split(":", 5)
    part = parts[index] if len(parts) > index and parts[2] == "connect" else "*"
    if "\0" not in part and not is_wild(part):
        yield part
