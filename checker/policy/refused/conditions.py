"""Conditions that do not ask what they seem to ask.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from checker.arn import Arn, is_account
from checker.finding import Part, Put, Rename
from checker.policy.model import Condition, Problem, Statement, Value
from checker.policy.names import GLOBAL_KEYS, KEY_KEYS, TOPIC_KEYS
from checker.policy.spelling import did_you_mean
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONNECT, FOR_ALL, OLD_VERSION, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.dialect import Dialect

_LISTED = {"sns": (*GLOBAL_KEYS, *TOPIC_KEYS), "kms": (*GLOBAL_KEYS, *KEY_KEYS)}
_FOLDED = {service: tuple(key.lower() for key in keys) for service, keys in _LISTED.items()}
_FAMILIES = ("aws:", "sns:", "kms:")
"""Keys of other services may be in a request, such as `lambda:SourceFunctionArn`, and are not judged."""
_OF_ACCOUNTS = ("account", "owner", "arn")
"""How the names of keys end that hold accounts, or ARNs with accounts in them."""
_PINNING = ("aws:sourceaccount", "aws:sourcearn")
_AWS = sorted("aws")
"""The letters of the prefix, in whatever order they were typed."""


def condition_problems(statement: Statement, dialect: Dialect, version: Value) -> Iterator[Problem]:
    """Name the conditions of a statement whose key or value AWS reads otherwise than it is meant.

    They are grave in a statement for Connect: its stream hangs on them.
    """
    grave = statement.names_service(CONNECT)
    for condition in statement.conditions:
        if isinstance(condition, Condition):
            yield from _key(condition, dialect, grave=grave)
            yield from _variables(condition, version, grave=grave)
            yield from _accounts(condition, grave=grave)
            yield from _operator(condition, dialect)


def _key(condition: Condition, dialect: Dialect, *, grave: bool) -> Iterator[Problem]:
    """Report a key that AWS does not list. The list may be older than the key, so only a slip in writing is sure."""
    if is_unlisted(condition.key, dialect.service):
        guess = _guess(condition.key, dialect.service)
        sure = guess is not None and _is_slip(condition.key, guess)
        help_text = f"did you mean `{guess}`?" if guess else "if AWS has just added it, ignore this"
        message = f"AWS does not list `{condition.key}` as a condition key"
        mend = (Rename(condition.route, guess),) if sure and guess else ()
        yield Problem(message, condition.route, Part.KEY, help_text, grave=grave and sure, mend=mend)


def _is_slip(key: str, guess: str) -> bool:
    """True if only the prefix is wrong, or if one of the keys that pin Connect is misspelt."""
    return guess.lower() in _PINNING or key.partition(":")[2].lower() == guess.partition(":")[2].lower()


@lru_cache(maxsize=1024)
def is_unlisted(key: str, service: str) -> bool:
    """True for a key that a request to the service never has, as far as AWS lists keys."""
    folded = key.lower()
    if any(
        folded == one or (one.endswith(("/", ":")) and folded.startswith(one)) for one in _FOLDED[service]
    ):
        return False
    return folded.startswith(_FAMILIES) or sorted(folded.partition(":")[0]) == _AWS


@lru_cache(maxsize=1024)
def _guess(key: str, service: str) -> str | None:
    head, slash, tag = key.partition("/")
    guess = did_you_mean(head + slash, _LISTED[service], cutoff=0.85)
    return f"{guess}{tag}" if guess and slash else guess


def has_literal_variable(condition: Condition, version: Value) -> bool:
    """True if a value looks like a policy variable and is plain text, as in all versions but the last."""
    values = (value for value in condition.values if isinstance(value, str))
    return version == OLD_VERSION and any("${" in value and "}" in value for value in values)


def _variables(condition: Condition, version: Value, *, grave: bool) -> Iterator[Problem]:
    if has_literal_variable(condition, version):
        message = f"a policy variable under `{condition.key}` is plain text in version {OLD_VERSION}"
        help_text = f'write `"Version": "{VERSION}"`, the only version with variables'
        mend = (Put(("Version",), VERSION),)
        yield Problem(message, condition.route, Part.VALUE, help_text, grave=grave, mend=mend)


def _accounts(condition: Condition, *, grave: bool) -> Iterator[Problem]:
    found = misnumbered(condition)
    alone = len(found) == len(condition.values)  # beside a good value it only does nothing
    for index, account in found.items():
        message = f"`{account}` is not an account ID, it has {len(account)} digits instead of 12"
        at = (*condition.route, index)
        yield Problem(message, at, Part.VALUE, "no request has it", grave=grave and alone)


def misnumbered(condition: Condition) -> dict[int, str]:
    """The accounts of a condition on accounts that have digits alone and not twelve of them, by index."""
    if not condition.folded_key.endswith(_OF_ACCOUNTS):
        return {}
    accounts = ((index, _account(value)) for index, value in enumerate(condition.values))
    return {index: one for index, one in accounts if one.isdigit() and not is_account(one)}


def _account(value: Value) -> str:
    """The account that a value is, or that the ARN in it has."""
    arn = Arn.parse(value) if isinstance(value, str) else None
    return arn.account if arn is not None else value if isinstance(value, str) else ""


def _operator(condition: Condition, dialect: Dialect) -> Iterator[Problem]:
    operation = condition.operation
    if isinstance(operation, Unknown):
        return
    if operation.base == "Bool" and len(condition.values) > 1:
        message = f"`{condition.key}` is compared with {len(condition.values)} booleans"
        yield Problem(message, condition.route, Part.VALUE, "AWS takes one, `true` or `false`", grave=False)
    if (
        dialect.service == "kms"
        and operation.qualifier == FOR_ALL
        and condition.folded_key.startswith("kms:encryptioncontext:")
    ):
        message = f"`{condition.operator}` on `{condition.key}` holds for every request without it"
        yield Problem(message, condition.route, Part.KEY, "KMS refuses it with `OverlyPermissiveCondition`")
