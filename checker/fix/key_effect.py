"""Who gains and who loses when the policy of a key changes; what is limited to its topics is told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.difference import Difference, difference
from checker.documented import KEY_ACTIONS_NEEDED
from checker.iam.space import DATA_KEY, DECRYPT, TOPIC_CONTEXT
from checker.parties import Party
from checker.policy.model import ALLOW, Condition, Patterns, Statement
from checker.policy.unknown import Unknown
from checker.remedy.statement import is_for_connect_alone

if TYPE_CHECKING:
    from checker.access import Access
    from checker.iam.budget import Budget
    from checker.iam.space import Target
    from checker.key_case import KeyCase
    from checker.policy.model import Policy

PUBLISHING = "publishing"
"""The kind of party that Connect is while it publishes to a topic, on behalf of whomever the topic lets."""

_SOME_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000"
_USES = frozenset(one.lower() for one in (*KEY_ACTIONS_NEEDED, DATA_KEY, DECRYPT))


def key_effect(case: KeyCase, old: Policy, new: Policy, whole: Budget | None = None) -> Difference:
    """Compare two policies of a key over all requests.

    A statement that only lets Connect use the key for messages to its own topics can allow nothing else,
    whatever else the policy says: without it, what others gain is what they gain at all.
    """
    limited = [one for one in new.statements if one not in old.statements and _is_limited(case, one)]
    kept = [one for one in new.statements if one not in limited]
    target = _target(case)
    beyond = difference(old, new._replace(statements=tuple(kept)), target, case.instances, whole)
    if not limited:
        return beyond
    gained = difference(new._replace(statements=tuple(kept)), new, target, case.instances, whole)
    publishing = tuple(_publishing(case, one) for one in gained.gained[:1])
    doubts = tuple(dict.fromkeys((*beyond.doubts, *gained.doubts)))
    return Difference((*beyond.gained, *publishing), beyond.lost, doubts)


def _target(case: KeyCase) -> Target:
    """The key; one without an ARN has one made up, since its policy speaks of `*`."""
    known = isinstance(case.key.arn, Arn)
    return case.target if known else case.target._replace(resource=_SOME_KEY)


def _is_limited(case: KeyCase, statement: Statement | Unknown) -> bool:
    """True for an Allow for Connect alone, of the uses of a key, in the encryption context of topics of the key."""
    if isinstance(statement, Unknown) or statement.effect != ALLOW or not is_for_connect_alone(statement):
        return False
    actions = statement.actions
    if not isinstance(actions, Patterns) or actions.negated:
        return False
    uses = all(isinstance(one, str) and one.lower() in _USES for one in actions.values)
    topics = {str(one.arn) for one in case.topics if isinstance(one.arn, Arn)}
    return uses and any(_names(condition, topics) for condition in statement.conditions)


def _names(condition: Condition | Unknown, topics: set[str]) -> bool:
    """True for a condition that the encryption context is one of these topics."""
    if isinstance(condition, Unknown) or isinstance(condition.operation, Unknown):
        return False
    operation = condition.operation
    exact = operation.base == "StringEquals" and not operation.if_exists and not operation.qualifier
    return exact and condition.folded_key == TOPIC_CONTEXT and bool(topics) and topics >= {*condition.values}


def _publishing(case: KeyCase, access: Access) -> Access:
    topics = ", ".join(str(one.arn) for one in case.topics)
    party = Party(PUBLISHING, f"Connect, only for messages to {topics},")
    return access._replace(party=party, partly=False)
