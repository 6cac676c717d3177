"""Callers of every kind, each with the keys that AWS documents for it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-tableofvalues
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.soundness.comparisons import UNKNOWN
from tests.soundness.principals import ANONYMOUS, FEDERATED, ROOT, SERVICE, SESSION, USER, Caller
from tests.soundness.words import CONNECT, INSTANCE_ID, OWNER, REGION, Words, chain_of, fitted, near

DIGITS, HEX = "9876543210", "fedcba9876543210"
NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{2,64}")
OTHER_ACCOUNT = "999999999999"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ROLE_ID, _USER_ID = "AROAEXAMPLEEXAMPLE123", "AIDAEXAMPLEEXAMPLE123"
_WHO = ("aws:principalarn", "aws:userid", "aws:username", "aws:sourceidentity")
_OTHER_SERVICES = ("s3.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com")


class Identity(NamedTuple):
    """A caller and the keys that say who it is."""

    caller: Caller
    context: dict[str, Any]


def services(words: Words) -> list[Identity]:
    """Connect first, then services that are named, and some that are not."""
    named = (name for kind, name in words.principals if kind == "Service" and "*" not in name)
    said = words.of_key("aws:principalservicename", "aws:principalservicenameslist")
    wellformed = (name for name in (*named, *said) if re.fullmatch(r"[a-z0-9-]+\.amazonaws\.com", name))
    return [_service(name) for name in dict.fromkeys((CONNECT, *wellformed, *_OTHER_SERVICES))]


def _service(name: str) -> Identity:
    context = {
        "aws:principalisawsservice": "true",
        "aws:principalservicename": name,
        "aws:principalservicenameslist": [name],
    }
    return Identity(Caller(SERVICE, service=name), context)


def stranger_accounts(words: Words) -> list[str]:
    """Accounts that no policy names: any, one next to a named one, those that patterns describe."""
    keys = ("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner")
    patterns = [
        *words.of_key(*keys),
        *_parts(words, "aws:principalarn", 4),
        *_parts(words, "aws:sourcearn", 4),
    ]
    wild = [one for one in patterns if "*" in one or "?" in one]
    described = chain_of(fitted(one, DIGITS, 12) for one in wild)
    close = [near(account, DIGITS) for account in words.accounts[:2]]
    taken = {OWNER, *words.accounts}
    return [one for one in dict.fromkeys((OTHER_ACCOUNT, *described, *close)) if one not in taken][:4]


def _parts(words: Words, key: str, index: int) -> list[str]:
    split = (value.split(":", 5) for value in words.of_key(key))
    return [parts[index] for parts in split if len(parts) == 6]


def iam_identities(words: Words, *, strangers: bool) -> Iterator[Identity]:
    """Principals of every kind of strangers' accounts; else of the owner's and those named too."""
    outside = stranger_accounts(words)
    accounts = outside if strangers else [OWNER, *(one for one in words.accounts if one != OWNER), outside[0]]
    names = _names(words)
    for account in accounts[:5]:
        yield from _members(account, names, words)
    anonymous = {"aws:principaltype": "Anonymous", "aws:userid": UNKNOWN, "aws:principalaccount": UNKNOWN}
    yield Identity(Caller(ANONYMOUS), anonymous)


def _names(words: Words) -> list[str]:
    """Names of users, roles and sessions: one that is named nowhere, and those like the named ones."""
    patterns = [*words.of_key(*_WHO), *(value for kind, value in words.principals if kind == "AWS")]
    pieces = chain_of(re.split(r"[/:]", pattern) for pattern in patterns)
    filled = chain_of((piece.replace("*", ""), piece.replace("*", "xy")) for piece in pieces)
    known = [one.replace("?", "y") for one in filled]
    wanted = [one for one in known if NAME.fullmatch(one) and one not in ("arn", "aws", "iam", "sts", "root")]
    kinds = ("user", "role", "assumed-role", "federated-user")
    named = [one for one in wanted if one not in kinds and not re.fullmatch(r"\d{12}", one)]
    return list(dict.fromkeys(("someone", *named, *(f"{one}x" for one in named[:1]))))[:5]


def _members(account: str, names: list[str], words: Words) -> Iterator[Identity]:
    root = f"arn:aws:iam::{account}:root"
    yield _iam(Caller(ROOT, root, account), root, "Account", account)
    paths = _paths(words)
    for name in names:
        for path in paths:
            arn = f"arn:aws:iam::{account}:user/{path}{name}"
            for one in _ids(words, "AIDA", _USER_ID):
                user = _iam(Caller(USER, arn, account), arn, "User", one)
                yield Identity(user.caller, {**user.context, "aws:username": name})
            yield from _sessions(account, f"{path}{name}", names, words)
        arn = f"arn:aws:sts::{account}:federated-user/{name}"
        if len(name) <= 32:
            yield _iam(Caller(FEDERATED, arn, account), arn, "FederatedUser", f"{account}:{name}")


def _paths(words: Words) -> list[str]:
    said = [*words.of_key("aws:principalarn"), *(value for _, value in words.principals)]
    found = (re.search(r":(?:user|role)/(.+/)[^/]*$", one) for one in said)
    return list(dict.fromkeys(("", *(one[1].replace("*", "xy") for one in found if one))))[:2]


def _sessions(account: str, role: str, names: list[str], words: Words) -> Iterator[Identity]:
    arn = f"arn:aws:iam::{account}:role/{role}"
    for session in names[:3] if "aws:userid" in words.keys or len(names) > 1 else names[:1]:
        own = f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/{session}"
        for one in _ids(words, "AROA", _ROLE_ID):
            yield _iam(Caller(SESSION, own, account, role=arn), arn, "AssumedRole", f"{one}:{session}")


def _ids(words: Words, prefix: str, usual: str) -> list[str]:
    """Unique ids: the usual one, and those that patterns of aws:userid describe."""
    heads = (value.split(":")[0] for value in words.of_key("aws:userid"))
    chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    described = chain_of(fitted(f"{prefix}{head.removeprefix(prefix)}*", chars, 21) for head in heads)
    exact = set(re.findall(r"A[A-Z]{3}[A-Z0-9]{12,}", " ".join(words.texts)))
    return [one for one in dict.fromkeys((usual, *described)) if one not in exact][:2]


def _iam(caller: Caller, principal: str, kind: str, userid: str) -> Identity:
    context = {
        "aws:principalarn": principal,
        "aws:principalaccount": caller.account,
        "aws:principaltype": kind,
        "aws:userid": userid,
        "aws:principalisawsservice": "false",
    }
    return Identity(caller, context)


def connect_sources(words: Words) -> list[dict[str, Any]]:
    """For whom Connect asks: instances that are named, their neighbors, other accounts' ones; or nobody."""
    accounts = list(dict.fromkeys((OWNER, *words.accounts[:3], *stranger_accounts(words)[:3])))
    ids = _instance_ids(words)
    pairs = [(account, one) for account in accounts for one in ids]
    found: list[dict[str, Any]] = [{}]
    for account, one in pairs:
        arn = f"arn:aws:connect:{REGION}:{account}:instance/{one}"
        found.append({"aws:sourcearn": arn, "aws:sourceaccount": account})
        if one == ids[0]:
            found += [{"aws:sourcearn": arn}, {"aws:sourceaccount": account}]
    return found


def _instance_ids(words: Words) -> list[str]:
    """The instance's id, ids that are named or that patterns describe, and one character off."""
    values = words.of_key("aws:sourcearn")
    tails = [value.rpartition("instance/")[2] if "instance/" in value else value for value in values]
    described = chain_of(_fitted_id(tail) for tail in tails)
    exact = [one for one in tails if _UUID.fullmatch(one)]
    known = (INSTANCE_ID, *exact, *described, near(INSTANCE_ID, HEX), "ffffffff-ffff-4fff-8fff-ffffffffffff")
    return list(dict.fromkeys(known))[:10]


def _fitted_id(pattern: str) -> list[str]:
    """Ids that hold the pieces of a pattern, in their order, wherever they fit."""
    pieces = [piece.replace("?", "d") for piece in pattern.split("*") if piece]
    found = []
    for base in ("ffffffff-ffff-4fff-8fff-ffffffffffff", INSTANCE_ID):
        for start in range(0, 36, 5):
            text, at = base, start
            for piece in pieces:
                text = text[:at] + piece + text[at + len(piece) :]
                at += len(piece) + 1
            if _UUID.fullmatch(text):
                found.append(text)
                break
    return found


def other_sources(service: str, words: Words) -> list[dict[str, Any]]:
    """For whom another service asks; which of the keys it sets depends on the service, so each may be absent."""
    prefix = service.split(".", maxsplit=1)[0]
    accounts = list(dict.fromkeys((OWNER, *words.accounts[:2], stranger_accounts(words)[0])))
    named = [one for one in words.like("aws:sourcearn") if one.startswith(f"arn:aws:{prefix}:")]
    found: list[dict[str, Any]] = [{}]
    for account in accounts:
        for arn in (_source_arn(prefix, account), *_of_account(named, account)[:3]):
            both = {"aws:sourcearn": arn, "aws:sourceaccount": account}
            found += [both, {**both, "aws:sourceowner": account}] if prefix != "s3" else [both]
    return found


def _of_account(arns: list[str], account: str) -> list[str]:
    return [one for one in arns if one.split(":")[4:5] in ([account], [""])]


def _source_arn(prefix: str, account: str) -> str:
    tails = {"s3": "arn:aws:s3:::bucket", "cloudwatch": f"arn:aws:cloudwatch:{REGION}:{account}:alarm:alarm"}
    return tails.get(prefix, f"arn:aws:{prefix}:{REGION}:{account}:rule/rule")
