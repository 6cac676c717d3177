"""Whom a statement is about, three-valued; a part of `tests.soundness.law`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tests.soundness.comparisons import Truth

Context = Mapping[str, Any]
SERVICE, ROOT, USER, SESSION, FEDERATED, ANONYMOUS = (
    "service",
    "root",
    "user",
    "session",
    "federated",
    "anonymous",
)
_ROOT_ARN = re.compile(r"arn:([a-z-]+):iam::(\d{12}):root")


class Caller(NamedTuple):
    """The sender of a request: ``arn`` is its own ARN, ``role`` that of the role of a session."""

    kind: str
    arn: str = ""
    account: str = ""
    service: str = ""
    role: str = ""

    @property
    def partition(self) -> str:
        return self.arn.split(":")[1] if self.arn else ""


def any_of(truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth:
            return True
        unknown = unknown or truth is None
    return None if unknown else False


def all_of(truths: Iterable[Truth]) -> Truth:
    return negate(any_of(negate(truth) for truth in truths))


def negate(truth: Truth) -> Truth:
    return None if truth is None else not truth


def several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def compile_principals(statement: dict[str, Any]) -> Callable[[Caller, Context], Truth]:
    negated = "NotPrincipal" in statement
    entries = list(_entries(statement["NotPrincipal" if negated else "Principal"]))
    denies = statement["Effect"] == "Deny"

    def covers(caller: Caller, context: Context) -> Truth:
        if not entries:
            return False
        found = any_of(_entry(kind, value, caller, context) for kind, value in entries)
        if not negated:
            return found
        # Whether a Deny spares a session of which the role alone, or the account alone, is named is not settled.
        unnamed = found is True and denies and caller.kind != SERVICE
        itself = (caller.arn, "*", caller.account if caller.kind == ROOT else "*")
        exact = any(value in itself for _, value in entries)
        return None if unnamed and not exact else negate(found)

    return covers


def _entries(named: Any) -> Iterator[tuple[str, Any]]:
    if named == "*":
        yield "AWS", "*"
    elif isinstance(named, dict):
        for kind, values in named.items():
            yield from ((kind, value) for value in several(values))
    else:
        yield "", named


def _entry(kind: str, value: Any, caller: Caller, context: Context) -> Truth:
    if kind == "AWS" and value == "*":
        return True
    if not isinstance(value, str) or kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
        return None
    if kind == "Service":
        return _service(value, caller)
    if caller.kind in (SERVICE, ANONYMOUS):
        return False
    if kind == "Federated":
        return None if _may_be(value, str(context.get("aws:federatedprovider", ""))) else False
    return _iam(value, caller) if kind == "AWS" else None


def _may_be(named: str, provider: str) -> bool:
    """Whether the two may be one identity provider: AWS writes it as a name or as an ARN that ends in the name."""
    mine, its = (one.lower().rpartition("-provider/")[2] for one in (named, provider))
    return bool(provider) and mine == its


def _service(value: str, caller: Caller) -> Truth:
    """Exact; a wildcard, another letter case and a regional name are not settled."""
    if caller.kind != SERVICE:
        return False
    if value == caller.service:
        return True
    mine, its = value.lower().split("."), caller.service.split(".")
    return None if "*" in value or "?" in value or (mine[0] == its[0] and mine[-2:] == its[-2:]) else False


def _iam(value: str, caller: Caller) -> Truth:
    """An account covers all its principals, a role its sessions, all else only itself."""
    if re.fullmatch(r"\d{12}", value):
        return value == caller.account
    root = _ROOT_ARN.fullmatch(value)
    if root:
        return (root[1], root[2]) == (caller.partition, caller.account)
    if value in (caller.arn, caller.role):
        return True
    if not value.startswith("arn:") or "*" in value or "?" in value:
        return None
    same_name = caller.role and value.rsplit("/", maxsplit=1)[-1] == caller.role.split("/")[-1]
    if not same_name or value.split(":")[4] != caller.account or ":role/" not in value:
        return False
    # The ARN of a session carries no path, and the names of roles are unique in an account.
    return True if ":sts:" in caller.arn else None
