"""Puts right values in the place of wrong ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documented import one_or_list
from checker.analysis.topic import TopicCase
from checker.core.finding import Fix, Put, Remove, Rename
from checker.core.unknown import Unknown
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.lint.fixes.statement import name_of_topic
from checker.policy.model import Principals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.key import KeyCase
    from checker.analysis.topic import PolicyCase
    from checker.core.finding import Json, Operation, Route
    from checker.policy.model import Problem, Statement


_RESOURCES = ("Resource", "NotResource")


def name_topic(case: TopicCase, route: Route) -> tuple[Fix, ...]:
    """Name the topic that carries the policy."""
    topic = name_of_topic(case)
    return (Fix("name the topic that carries the policy", (Put(route, topic),)),) if topic else ()


def fill_in(case: PolicyCase, route: Route, written: str) -> tuple[Fix, ...]:
    """Put in the place of a placeholder what is known: the instance, its account, the topic."""
    value = _real(case, route) if isinstance(case, TopicCase) else None
    return (Fix(f"fill in `{written}`", (Put(route, value),)),) if value else ()


def _real(case: TopicCase, route: Route) -> Json | None:
    names = [str(step).lower() for step in route if isinstance(step, str)]
    if any(name in _RESOURCES for name in route):
        return name_of_topic(case)
    if names[-1:] == [SOURCE_ARN] and case.instances:
        return one_or_list(map(str, case.instances)) if len(case.instances) == 1 else None
    accounts = dict.fromkeys(one.account for one in case.instances)
    if names[-1:] == [SOURCE_ACCOUNT] and len(accounts) == 1:
        return next(iter(accounts))
    return None


def restrict_to_owner(case: TopicCase | KeyCase, statements: Sequence[Statement]) -> tuple[Fix, ...]:
    """Give what statements give to everyone to the account of the topic or key alone."""
    account = case.target.account
    if isinstance(account, Unknown) or not statements:
        return ()
    operations: list[Operation] = []
    for statement in statements:
        if isinstance(statement.principals, Principals) and statement.principals.negated:
            operations.append(Remove((*statement.route, "NotPrincipal")))
        operations.append(Put((*statement.route, "Principal"), {"AWS": account}))
    titles = " and ".join(statement.title for statement in statements)
    return (Fix(f"give {titles} to account {account} alone", tuple(operations)),)


def spelt_right(problem: Problem) -> tuple[Fix, ...]:
    """Write what was meant, where that is clear."""
    if not problem.mend:
        return ()
    first = problem.mend[0]
    meant = first.key if isinstance(first, Rename) else getattr(first, "value", "")
    return (Fix(f"write `{meant}`", problem.mend),)
