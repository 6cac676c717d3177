"""Where a topic, its key and its instances are, as far as the facts tell it without values for symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from checker.analysis.additive_policy import only_adds
from checker.analysis.deployments import alone
from checker.analysis.key_managers import owners_of
from checker.analysis.pairing import STATED
from checker.analysis.symbol_patterns import distinguished
from checker.analysis.symbol_table import symbol_table
from checker.analysis.symbols import OF_INSTANCE, is_own, masked_text, name_of
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
    from checker.analysis.symbol_table import SymbolTable
    from checker.policy.model import Value


T = TypeVar("T")


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

    def composed(self, index: int) -> tuple[str, ...]:
        """Return the literal values of one part of the ARNs of instances of which other parts are symbols or patterns."""
        declared = {instance.arn.pieces for instance in self.facts.open_instances}
        values = [value for role, value in self.table.values if role == SOURCE_ARN]
        texts = [
            masked_text(one) for one in values if isinstance(one, Unknown) and one.pieces not in declared
        ]
        texts += [one for one in values if isinstance(one, str) and is_wild(one)]
        return tuple(part for text in texts for part in _literal_part(text, index))

    @property
    def named_regions(self) -> tuple[str, ...]:
        """The literal Regions of all ARNs of instances, whatever their role."""
        values = (value for _, value in self.table.values)
        texts = (masked_text(one) if isinstance(one, Unknown) else one for one in values)
        return tuple(part for text in texts for part in _literal_part(text, 3) if part)


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
