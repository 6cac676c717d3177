"""Problems for which AWS refuses a policy, or reads it differently than intended: limits, names and conditions."""

from __future__ import annotations

from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING

from checker.core.arn import Arn, is_account
from checker.core.finding import Append, Part, Put, Remove, Rename, Route
from checker.core.unknown import Unknown
from checker.policy.model import (
    ALLOW,
    EVERYONE,
    Condition,
    Patterns,
    Policy,
    Principal,
    Principals,
    Problem,
    Statement,
    Value,
)
from checker.policy.names import (
    GLOBAL_KEYS,
    KEY_ACTIONS,
    KEY_KEYS,
    OTHER_KEY_ACTIONS,
    REFUSED_TOPIC_ACTIONS,
    SERVICES,
    TOPIC_ACTIONS,
    TOPIC_KEYS,
)
from checker.policy.placeholder import is_placeholder
from checker.policy.vocabulary import CONNECT, FOR_ALL, OLD_VERSION, VERSION, is_regional_connect
from checker.policy.wildcard import did_you_mean, glob

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from checker.policy.vocabulary import Dialect


_KNOWN = {"sns": TOPIC_ACTIONS, "kms": KEY_ACTIONS}
_FOLDED_ACTIONS = {
    service: frozenset(action.lower() for action in actions) for service, actions in _KNOWN.items()
}
_REFUSED = frozenset(action.lower() for action in REFUSED_TOPIC_ACTIONS)
_WITHOUT_EFFECT = frozenset(action.lower() for action in OTHER_KEY_ACTIONS)
_BATCH = "sns:publishbatch"
_OUT_OF_SCOPE = "SNS is reported to answer `Policy statement action out of service scope!`"


def action_problems(statement: Statement, dialect: Dialect) -> Iterator[Problem]:
    """Report actions that the service does not list, or wildcards that it does not accept."""
    actions = statement.actions
    if not isinstance(actions, Patterns):
        return
    for index, action in enumerate(actions.values):
        if isinstance(action, str) and action.lower() not in _FOLDED_ACTIONS[dialect.service]:
            route = (*statement.route, actions.element, index)
            if "*" in action or "?" in action:
                yield from _wildcard(action, route, dialect)
            elif action.lower().startswith(f"{dialect.service}:"):
                yield _unlisted(action, route, dialect)
            else:
                yield _foreign(action, route, dialect)


def _unlisted(action: str, route: Route, dialect: Dialect) -> Problem:
    """Report an action that AWS does not list for the resource. The list may be older than the action."""
    if action.lower() in _WITHOUT_EFFECT:
        message = f"`{action}` has no effect in a {dialect.name} because it is not an action on a key"
        return Problem(
            message, route, Part.VALUE, "grant it in an IAM policy instead", grave=False, slight=True
        )
    message = f"`{action}` is not in the AWS list of actions for a {dialect.name}"
    if action.lower() in _REFUSED:
        return Problem(message, route, Part.VALUE, _OUT_OF_SCOPE)
    if action.lower() == _BATCH:
        return Problem(message, route, Part.VALUE, "`sns:Publish` covers PublishBatch", grave=False)
    guess = did_you_mean(action, _KNOWN[dialect.service], cutoff=_CLOSE_ACTION)
    help_text = f"did you mean `{guess}`?" if guess else _NEW_NAME
    return Problem(message, route, Part.VALUE, help_text, grave=False, slight=not guess)


_NEW_NAME = "if AWS added it recently, ignore this finding"
_CLOSE_ACTION = 0.85
"""The lowest similarity for a suggestion. Action names share many letters, so a lower one finds other actions."""


def _foreign(action: str, route: Route, dialect: Dialect) -> Problem:
    """Report an action of another service, and suggest the action of this service with the same name."""
    name = action.rpartition(":")[2].strip().lower()
    intended = next(
        (known for known in _KNOWN[dialect.service] if known.lower() == f"{dialect.service}:{name}"), ""
    )
    hint = f"did you mean `{intended}`?" if intended else ""
    fix = (Put(route, intended),) if intended else ()
    article = "an" if dialect.service == "sns" else "a"
    message = f"`{action}` is not {article} {dialect.service.upper()} action"
    return Problem(message, route, Part.VALUE, hint, grave=dialect.service == "sns", fix=fix)


def _wildcard(action: str, route: Route, dialect: Dialect) -> Iterator[Problem]:
    if dialect.service == "sns":
        message = f"`{action}` has a wildcard, which SNS is reported to reject in a topic policy"
        help_text = "list the actions; SNS answers `Policy statement action out of service scope!`"
        yield Problem(message, route, Part.VALUE, help_text, grave=False)
    elif not any(glob(action.lower()).matches(known) for known in _FOLDED_ACTIONS["kms"]):
        message = f"`{action}` matches no KMS action that AWS lists for a key"
        yield Problem(message, route, Part.VALUE, grave=False)


_LISTED = {"sns": (*GLOBAL_KEYS, *TOPIC_KEYS), "kms": (*GLOBAL_KEYS, *KEY_KEYS)}
_FOLDED_KEYS = {service: tuple(key.lower() for key in keys) for service, keys in _LISTED.items()}
_FAMILIES = ("aws:", "sns:", "kms:")
"""Prefixes of the keys to check. Keys of other services, such as `lambda:SourceFunctionArn`, may be in a request."""
_OF_ACCOUNTS = ("account", "owner", "arn")
"""Suffixes of the keys whose values are accounts, or ARNs with accounts in them."""
_PINNING = ("aws:sourceaccount", "aws:sourcearn")
_AWS = sorted("aws")
"""The sorted letters of the prefix `aws`, to detect swapped letters."""


def condition_problems(statement: Statement, dialect: Dialect, version: Value) -> Iterator[Problem]:
    """Report conditions whose key or value AWS reads differently than intended.

    They are grave in a statement for Connect, because its stream depends on them.
    """
    grave = statement.names_service(CONNECT)
    for condition in statement.conditions:
        if isinstance(condition, Condition):
            yield from _key(condition, dialect, grave=grave)
            yield from _variables(condition, version, grave=grave)
            yield from _accounts(condition, grave=grave)
            yield from _operator(condition, dialect)


def _key(condition: Condition, dialect: Dialect, *, grave: bool) -> Iterator[Problem]:
    """Report a key that AWS does not list. Only a spelling error is certain, as the list may be older than the key."""
    if is_unlisted(condition.key, dialect.service):
        guess = _guess(condition.key, dialect.service)
        sure = guess is not None and _is_slip(condition.key, guess)
        help_text = f"did you mean `{guess}`?" if guess else _NEW_NAME
        message = f"`{condition.key}` is not in the AWS list of condition keys"
        fix = (Rename(condition.route, guess),) if sure and guess else ()
        yield Problem(message, condition.route, Part.KEY, help_text, grave=grave and sure, fix=fix)


def _is_slip(key: str, guess: str) -> bool:
    """True if only the prefix is wrong, or if `aws:SourceAccount` or `aws:SourceArn` is misspelled."""
    return guess.lower() in _PINNING or key.partition(":")[2].lower() == guess.partition(":")[2].lower()


@lru_cache(maxsize=1024)
def is_unlisted(key: str, service: str) -> bool:
    """True for a key that is not in the AWS list of keys for requests to the service."""
    folded = key.lower()
    if any(
        folded == known or (known.endswith(("/", ":")) and folded.startswith(known))
        for known in _FOLDED_KEYS[service]
    ):
        return False
    return folded.startswith(_FAMILIES) or sorted(folded.partition(":")[0]) == _AWS


@lru_cache(maxsize=1024)
def _guess(key: str, service: str) -> str | None:
    head, slash, tag = key.partition("/")
    guess = did_you_mean(head + slash, _LISTED[service], cutoff=0.85)
    return f"{guess}{tag}" if guess and slash else guess


def has_literal_variable(condition: Condition, version: Value) -> bool:
    """True if a value looks like a policy variable but is plain text, because of the policy version."""
    values = (value for value in condition.values if isinstance(value, str))
    return version == OLD_VERSION and any("${" in value and "}" in value for value in values)


def _variables(condition: Condition, version: Value, *, grave: bool) -> Iterator[Problem]:
    if has_literal_variable(condition, version):
        message = f"policy variable in `{condition.key}` is plain text in version {OLD_VERSION}"
        help_text = f'set `"Version": "{VERSION}"`, the only version with policy variables'
        fix = (Put(("Version",), VERSION),)
        yield Problem(message, condition.route, Part.VALUE, help_text, grave=grave, fix=fix)


def _accounts(condition: Condition, *, grave: bool) -> Iterator[Problem]:
    accounts = invalid_accounts(condition)
    alone = len(accounts) == len(condition.values)  # next to a valid value, the wrong one has no effect
    for index, account in accounts.items():
        message = f"`{account}` is not a valid account ID: it has {len(account)} digits instead of 12"
        at = (*condition.route, index)
        yield Problem(
            message,
            at,
            Part.VALUE,
            "no request has this value; write the 12-digit account ID",
            grave=grave and alone,
        )


def invalid_accounts(condition: Condition) -> dict[int, str]:
    """Return the account IDs of a condition that do not have twelve digits, by index of the value."""
    if not condition.folded_key.endswith(_OF_ACCOUNTS):
        return {}
    accounts = ((index, _account(value)) for index, value in enumerate(condition.values))
    return {index: account for index, account in accounts if account.isdigit() and not is_account(account)}


def _account(value: Value) -> str:
    """Return the account in an ARN, or any other value as it is; empty for an unknown value."""
    arn = Arn.parse(value) if isinstance(value, str) else None
    return arn.account if arn is not None else value if isinstance(value, str) else ""


def _operator(condition: Condition, dialect: Dialect) -> Iterator[Problem]:
    operation = condition.operation
    if isinstance(operation, Unknown):
        return
    if operation.base == "Bool" and len(condition.values) > 1:
        message = f"`{condition.key}` has {len(condition.values)} values under `{condition.operator}`"
        yield Problem(message, condition.route, Part.VALUE, "write one value, `true` or `false`", grave=False)
    if (
        dialect.service == "kms"
        and operation.qualifier == FOR_ALL
        and condition.folded_key.startswith("kms:encryptioncontext:")
    ):
        message = f"`{condition.operator}` on `{condition.key}` is true for every request without that key"
        yield Problem(
            message,
            condition.route,
            Part.KEY,
            "remove `ForAllValues:`; KMS rejects it with `OverlyPermissiveCondition`",
        )


_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")
_DELETED = ("AIDA", "AROA", "AGPA", "AIPA", "ANPA")
_NAME_PREFIXES = ("amazon", "aws")
_CLOSE_SERVICE = 0.85
"""The lowest similarity for a suggestion. Service names are short, so a lower one finds unlisted services."""


def principal_problems(statement: Statement) -> Iterator[Problem]:
    """Report principals that AWS would not find."""
    if isinstance(statement.principals, Principals) and statement.principals.negated:
        yield from _not_principal(statement)
    for entry in statement.principal_entries:
        value = entry.value
        if not isinstance(value, str) or is_placeholder(value):
            continue
        if entry.type == "AWS":
            yield from _aws(entry, value)
        elif entry.type == "Service":
            yield from _service(entry, value)


def _not_principal(statement: Statement) -> Iterator[Problem]:
    """Report an Allow with NotPrincipal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    if statement.effect == ALLOW:
        message = f"{statement.title} has NotPrincipal with Allow; AWS supports it only with Deny"
        help_text = "it allows every principal that is not listed; list the allowed principals in Principal"
        yield Problem(message, (*statement.route, "NotPrincipal"), Part.KEY, help_text, grave=False)


def _aws(entry: Principal, value: str) -> Iterator[Problem]:
    if value.startswith(_DELETED):
        message = f"`{value}` is the unique ID of a deleted role or user"
        help_text = "remove it; AWS shows a deleted principal by its unique ID and rejects the policy on the next update"
        yield Problem(message, entry.route, Part.VALUE, help_text, grave=False)
    elif value.endswith(_DOMAINS):
        message = f"`{value}` is a service principal, but is listed under AWS"
        service = (*entry.route[:-2], "Service")
        fix = (Append(service, value), Remove(entry.route))
        yield Problem(message, entry.route, Part.VALUE, f'write `{{"Service": "{value}"}}`', fix=fix)
    elif not _is_principal(value):
        digits = f": it has {len(value)} digits instead of 12" if value.isdigit() else ""
        message = f"`{value}` is not a valid account ID, ARN or `*`{digits}"
        help_text = "SNS rejects a principal that does not exist with `PrincipalNotFound`"
        yield Problem(message, entry.route, Part.VALUE, help_text)
    elif value != EVERYONE and "*" in value:
        message = f"`{value}` has a wildcard; AWS does not support wildcards inside a principal"
        help_text = "list the roles, or list the account and add a condition on `aws:PrincipalArn`"
        yield Problem(message, entry.route, Part.VALUE, help_text)


def _is_principal(value: str) -> bool:
    arn = Arn.parse(value)
    known_arn = arn is not None and arn.service in ("iam", "sts") and is_account(arn.account)
    return value == EVERYONE or is_account(value) or known_arn


def _service(entry: Principal, value: str) -> Iterator[Problem]:
    """Report a value that is not a valid or listed service principal. The list may be older than the service."""
    name, domain = _split(value)
    bare = name.strip().lower()
    guess = _closest_service(bare)
    if "*" in value or "?" in value:
        message = f"`{value}` has a wildcard; AWS does not support wildcards in a service principal"
        help_text = "write the service principal, for example `connect.amazonaws.com`"
        yield Problem(message, entry.route, Part.VALUE, help_text)
    elif is_regional_connect(value):
        message = f"`{value}` is not the service principal that AWS documents for Connect"
        yield Problem(message, entry.route, Part.VALUE, f"write `{CONNECT}`", grave=False)
    elif bare in SERVICES and (not domain or bare != name):
        yield _inexact_service(entry, value, f"{bare}{domain or _DOMAINS[0]}", sure=not domain)
    elif guess and name not in SERVICES:
        message = f"`{value}` is not in the AWS list of service principals"
        help_text = f"did you mean `{guess}{domain or _DOMAINS[0]}`?"
        yield Problem(message, entry.route, Part.VALUE, help_text, grave=not domain, slight=True)


def _inexact_service(entry: Principal, value: str, intended: str, *, sure: bool) -> Problem:
    """Report a listed service without its domain, or in another letter case; ``sure`` is false for letter case."""
    message = f"`{value}` is not a valid service principal"
    fix = (Put(entry.route, intended),)
    return Problem(message, entry.route, Part.VALUE, f"did you mean `{intended}`?", grave=sure, fix=fix)


def _split(value: str) -> tuple[str, str]:
    """Split a principal into service and domain; the domain is empty if it is not an AWS domain."""
    for domain in _DOMAINS:
        if value.strip().endswith(domain):
            return value.rstrip().removesuffix(domain), domain
    return value.partition(".")[0], ""


def _closest_service(bare: str) -> str | None:
    """Find the closest listed service for a misspelled name; ``None`` if none is close."""
    for word in _NAME_PREFIXES:
        bare = bare.removeprefix(word).strip("-")
    return did_you_mean(bare, SERVICES, cutoff=_CLOSE_SERVICE) if bare else None


_MAX_PRINCIPALS = 200


def refusals(policy: Policy, dialect: Dialect, size: int) -> Iterator[Problem]:
    """Report problems for which the service rejects a policy; ``size`` is the size of the document in bytes."""
    statements = policy.known_statements()
    yield from _limits(statements, dialect, size)
    yield from _sids(statements, dialect)
    if dialect.service == "sns":
        yield from _missing_sids(policy)
    for statement in statements:
        yield from action_problems(statement, dialect)
        yield from principal_problems(statement)
        yield from condition_problems(statement, dialect, policy.version)


def _limits(statements: tuple[Statement, ...], dialect: Dialect, size: int) -> Iterator[Problem]:
    if size > dialect.max_bytes and statements:
        message = f"the policy has {size:,} bytes; the limit for a {dialect.name} is {dialect.max_bytes:,}"
        yield Problem(message, (), Part.VALUE)
    principals = sum(
        len(statement.principals.entries)
        for statement in statements
        if isinstance(statement.principals, Principals)
    )
    if dialect.service == "sns" and principals > _MAX_PRINCIPALS:
        message = f"the policy has {principals} principals; the limit in SNS is {_MAX_PRINCIPALS}"
        yield Problem(message, ("Statement",), Part.VALUE)


def _sids(statements: tuple[Statement, ...], dialect: Dialect) -> Iterator[Problem]:
    routes: dict[str, list[Route]] = {}
    for statement in statements:
        if statement.sid:
            routes.setdefault(statement.sid, []).append((*statement.route, "Sid"))
    for sid, (first, *others) in routes.items():
        if others:
            message = f"{1 + len(others)} statements have the Sid `{sid}`"
            help_text = _UNIQUE_SIDS if dialect.service == "sns" else _AMBIGUOUS
            fix = tuple(Put(route, f"{sid}{number}") for number, route in _renumbered(sid, others, routes))
            also = tuple(others)
            yield Problem(message, first, Part.VALUE, help_text, grave=False, also=also, fix=fix)


_AMBIGUOUS = (
    "AWS documents that each Sid in a policy is unique; tools that edit by Sid may edit the wrong statement"
)
_ANSWER = "`Every policy statement must have a unique ID`"
_UNIQUE_SIDS = f"AWS documents that each Sid in a topic policy is unique; SNS is reported to answer {_ANSWER}"


def _missing_sids(policy: Policy) -> Iterator[Problem]:
    """Report several statements without a Sid; SNS accepts a single one.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    """
    bare = [
        statement.route
        for statement in policy.known_statements()
        if not statement.sid and not statement.sid_unknown
    ]
    if len(bare) > 1:
        message = f"{len(bare)} statements have no Sid; SNS is reported to reject such a policy"
        help_text = f"give each statement a unique Sid; SNS is reported to answer {_ANSWER}"
        yield Problem(message, ("Statement",), Part.KEY, help_text, grave=False)


def _renumbered(sid: str, others: list[Route], taken: Collection[str]) -> Iterator[tuple[int, Route]]:
    """Number the statements that repeat a Sid, skipping numbers that would repeat another Sid of the policy."""
    free = (number for number in count(2) if f"{sid}{number}" not in taken)
    yield from zip(free, others, strict=False)
