"""Decides whether the files say that Amazon Connect streams to a topic, or may say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.inventory import Key, PolicyText
from checker.policy.model import DENY, Principals, Statement
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from checker.inventory import Topic

_REFERENCE = re.compile(r"\$\{[^}]*\}")


def is_relevant(topic: Topic, key: Key | Unknown | None) -> bool:
    """True if the topic's policy, its key or the code around it connects it to Amazon Connect, or may do so."""
    if topic.sender or (isinstance(key, Key) and _is_granted(key)):
        return True
    if isinstance(topic.policy, Unknown):
        return not topic.without_connect
    return may_name_connect(topic.policy)


def _is_granted(key: Key) -> bool:
    return isinstance(key.policy, PolicyText) and key.policy.grants_connect


def may_name_connect(policy: PolicyText) -> bool:
    """True for a policy that names Connect, or has a statement or a service that is not known.

    A part that breaks the grammar is not known either, but all of its text is there to see.
    """
    malformed = frozenset(problem.message for problem in policy.problems)
    return policy.names_connect or any(_may_name(one, malformed) for one in policy.policy.statements)


def _may_name(statement: Statement | Unknown, malformed: frozenset[str]) -> bool:
    if isinstance(statement, Unknown):
        return statement.reason not in malformed
    if statement.effect == DENY:
        return False
    principals = statement.principals
    if isinstance(principals, Unknown):
        return principals.reason not in malformed
    return _may_list(principals, malformed)


def _may_list(principals: Principals, malformed: frozenset[str]) -> bool:
    """True if a service may be Connect; an account or a role that is not known cannot be."""
    if principals.unknown is not None and principals.unknown.reason not in malformed:
        return True
    services = (one.value for one in principals.entries if one.type == "Service")
    return any(isinstance(one, Unknown) and _may_be_connect(one) for one in services)


def _may_be_connect(service: Unknown) -> bool:
    """True unless the known part of the name rules Connect out: ``events.${data.aws_partition.dns_suffix}``."""
    return "${" not in service.where or glob(_REFERENCE.sub("*", service.where)).matches(CONNECT)
