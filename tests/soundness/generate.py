"""Seeded random policies near a decision: realistic ones, changed a little, and statements of every form."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from tests.soundness.words import CONNECT, INSTANCE, INSTANCE_ID, OWNER, REGION, TOPIC_ARN

Policy = dict[str, Any]
Statement = dict[str, Any]
OTHER = "444455556666"
_NEIGHBOR = INSTANCE[:-1] + "e"
FOREIGN_INSTANCE = f"arn:aws:connect:{REGION}:{OTHER}:instance/{INSTANCE_ID}"
_GRANT: Statement = {
    "Sid": "connect",
    "Effect": "Allow",
    "Principal": {"Service": CONNECT},
    "Action": "sns:Publish",
    "Resource": TOPIC_ARN,
    "Condition": {"StringEquals": {"aws:SourceAccount": OWNER}, "ArnEquals": {"aws:SourceArn": INSTANCE}},
}
_DEFAULT: Statement = {
    "Sid": "__default_statement_ID",
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:Subscribe", "SNS:Publish"],
    "Resource": TOPIC_ARN,
    "Condition": {"StringEquals": {"AWS:SourceOwner": OWNER}},
}
_ORGANIZATION: Statement = {
    "Sid": "organization",
    "Effect": "Allow",
    "Principal": "*",
    "Action": ["sns:Publish", "sns:Subscribe"],
    "Resource": TOPIC_ARN,
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
}
_ENDPOINT: Statement = {
    "Sid": "endpoint",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": TOPIC_ARN,
    "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
}
_OWN: Statement = {
    "Sid": "own",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
    "Action": "sns:*",
    "Resource": TOPIC_ARN,
}
REALISTIC = (_GRANT, _GRANT, _DEFAULT, _ORGANIZATION, _ENDPOINT, _OWN)
_PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"Service": CONNECT},
    {"Service": [CONNECT, "s3.amazonaws.com"]},
    {"Service": "cloudwatch.amazonaws.com"},
    {"AWS": OTHER},
    {"AWS": f"arn:aws:iam::{OWNER}:root"},
    {"AWS": [f"arn:aws:iam::{OTHER}:role/app/Sender", f"arn:aws:iam::{OTHER}:user/sam"]},
    {"AWS": f"arn:aws:sts::{OTHER}:assumed-role/Sender/job"},
    {"AWS": f"arn:aws:sts::{OTHER}:federated-user/sam"},
    {"AWS": "*", "Service": CONNECT},
    {"Federated": "cognito-identity.amazonaws.com"},
    {"AWS": []},
)
_ACTIONS: tuple[Any, ...] = (
    "sns:Publish",
    "SNS:publish",
    ["sns:Publish", "sns:Subscribe"],
    "sns:Subscribe",
    ["sns:Subscribe", "sns:SetTopicAttributes"],
    "sns:*",
    "*",
    "sns:Pub*",
    "sns:AddPermission",
    "sns:GetTopicAttributes",
)
_RESOURCES: tuple[Any, ...] = (
    TOPIC_ARN,
    TOPIC_ARN,
    TOPIC_ARN,
    "*",
    f"arn:aws:sns:*:{OWNER}:chat",
    f"arn:aws:sns:{REGION}:{OWNER}:*",
    f"{TOPIC_ARN}-old",
    [TOPIC_ARN, f"{TOPIC_ARN}-old"],
    f"arn:aws:sns:{REGION}:{OWNER}:${{aws:username}}",
)
_TEXT = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")
_ARN = ("ArnLike", "ArnEquals", "ArnNotLike", "StringLike", "StringEquals", "StringNotLike")
_DATE = ("DateGreaterThan", "DateLessThan", "DateLessThanEquals", "DateGreaterThanEquals", "DateNotEquals")
_NUMBER = ("NumericLessThan", "NumericGreaterThanEquals", "NumericEquals", "NumericNotEquals")
_BOOL = ("Bool", "Bool", "StringEquals", "StringNotEquals")
_IP = ("IpAddress", "NotIpAddress")
_DATES = ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2030-06-01", "2099-01-01T00:00:00+02:00")
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:PrincipalArn": (
        _ARN,
        (
            "arn:aws:iam::*:user/*",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::*:root",
            f"arn:aws:iam::{OTHER}:role/app/Sender",
            f"arn:aws:iam::{OTHER}:*",
            "arn:aws:iam::*:role/app/*",
            "arn:aws:sts::*:federated-user/*",
            f"arn:aws:iam::{OTHER[:4]}*:user/sam",
            "*",
            "*Sender",
        ),
    ),
    "aws:PrincipalAccount": (_TEXT, (OTHER, OWNER, "4444*", "*", "?" * 12)),
    "aws:PrincipalType": (_TEXT, ("User", "AssumedRole", "Account", "FederatedUser", "Anonymous", "A*")),
    "aws:userid": (
        _TEXT,
        (
            "AIDA*",
            "AROA*:*",
            "*:sam",
            "AROAEXAMPLEID12345678:job",
            "anonymous",
            "*",
            f"{OTHER}",
            "????????????",
        ),
    ),
    "aws:username": (_TEXT, ("sam", "*", "s*", "sa?", "${aws:username}")),
    "aws:PrincipalOrgID": (_TEXT, ("o-abcdefghij", "o-abc*", "o-*", "*", "o-abcdefghi?")),
    "aws:PrincipalOrgPaths": (
        ("ForAnyValue:StringLike", "ForAllValues:StringLike", "ForAnyValue:StringNotLike", "StringLike"),
        ("o-abcdefghij/r-ab12/*", "o-*/r-ab12/*", "o-abcdefghij/*", "*"),
    ),
    "aws:PrincipalTag/team": (_TEXT, ("chat", "*", "c*", "${aws:username}", "?")),
    "aws:SourceIp": (
        _IP,
        ("203.0.113.0/24", "10.0.0.0/8", "0.0.0.0/0", "0.0.0.0/1", "2001:db8::/32", "8.8.8.8"),
    ),
    "aws:SourceVpc": (_TEXT, ("vpc-1a2b3c4d", "vpc-*", "vpc-1a2b*", "*")),
    "aws:SourceVpce": (_TEXT, ("vpce-1a2b3c4d", "vpce-*", "*")),
    "aws:VpcSourceIp": (_IP, ("10.0.0.0/8", "0.0.0.0/0")),
    "aws:UserAgent": (_TEXT, ("*", "curl", "curl*", "?*", "AWS Internal")),
    "aws:Referer": (_TEXT, ("https://example.com/*", "*", "secret")),
    "aws:SourceIdentity": (_TEXT, ("sam", "*", "s*")),
    "aws:FederatedProvider": (_TEXT, ("cognito-identity.amazonaws.com", "*", "accounts.google.com")),
    "aws:CurrentTime": (_DATE, _DATES),
    "aws:EpochTime": ((*_DATE, *_NUMBER), ("1577836800", "4070908800")),
    "aws:TokenIssueTime": (_DATE, _DATES),
    "aws:MultiFactorAuthPresent": (_BOOL, ("true", "false")),
    "aws:MultiFactorAuthAge": (_NUMBER, ("3600", "0", "100000")),
    "aws:SecureTransport": (_BOOL, ("true", "false")),
    "aws:CalledVia": (
        ("ForAnyValue:StringEquals", "ForAllValues:StringLike"),
        ("cloudformation.amazonaws.com", "*"),
    ),
    "aws:ViaAWSService": (_BOOL, ("true", "false")),
    "aws:SourceArn": (
        _ARN,
        (
            INSTANCE,
            _NEIGHBOR,
            f"{INSTANCE}/*",
            f"{INSTANCE[:-12]}*",
            f"arn:aws:connect:*:{OWNER}:instance/*",
            f"arn:aws:connect:{REGION}:*:instance/*",
            f"arn:aws:connect:{REGION}:{OTHER}:instance/{INSTANCE_ID}",
            "arn:aws:connect:*:*:*",
            "arn:aws:connect:*",
            "*",
            "*8b*0e*",
            f"arn:aws:cloudwatch:{REGION}:{OWNER}:alarm:*",
            "arn:aws:s3:::bucket",
        ),
    ),
    "aws:SourceAccount": (_TEXT, (OWNER, OTHER, "1111*", "*", "?" * 12, "${aws:SourceAccount}")),
    "aws:SourceOwner": (_TEXT, (OWNER, OTHER, "*")),
    "aws:SourceOrgID": (_TEXT, ("o-abcdefghij", "o-*")),
    "aws:PrincipalIsAWSService": (_BOOL, ("true", "false")),
    "aws:PrincipalServiceName": (_TEXT, (CONNECT, "s3.amazonaws.com", "*.amazonaws.com", "*")),
    "aws:PrincipalServiceNamesList": (
        ("ForAnyValue:StringEquals", "ForAllValues:StringLike"),
        (CONNECT, "*"),
    ),
    "sns:Endpoint": (
        _TEXT,
        ("*@example.com", "https://*", f"arn:aws:sqs:{REGION}:{OWNER}:*", "*@evil.example"),
    ),
    "sns:Protocol": (_TEXT, ("https", "sqs", "http*", "email")),
    "aws:RequestedRegion": (_TEXT, (REGION, "eu-west-1", "us-*")),
    "aws:ResourceAccount": (_TEXT, (OWNER, OTHER)),
    "aws:RequestTag/team": (_TEXT, ("chat", "*")),
    "aws:Unheard": (_TEXT, ("x", "*")),
}
_FAVORITES = (
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
)
_EDGES = ("", "*", "?", "x", "${aws:PrincipalArn}", "${*}")


def policy(rng: random.Random) -> Policy:
    """One random policy: some realistic statements, some random ones, and up to three changes."""
    statements = [copy.deepcopy(one) for one in rng.sample(REALISTIC, rng.randint(0, 2))]
    statements += [_statement(rng) for _ in range(rng.randint(0 if statements else 1, 3))]
    rng.shuffle(statements)
    for index, one in enumerate(statements):
        one["Sid"] = f"s{index}"
    found: Policy = {"Version": rng.choice(("2012-10-17",) * 5 + ("2008-10-17",)), "Statement": statements}
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        changed(found, rng)
    return found


def finished(found: Policy, rng: random.Random) -> Policy:
    """Now and then write a policy in another of the forms that the grammar allows."""
    if rng.random() < 0.03:
        del found["Version"]
    if rng.random() < 0.3 and len(found["Statement"]) == 1:
        found["Statement"] = found["Statement"][0]
    return {"Id": "chat", **found} if rng.random() < 0.1 else found


def pair(rng: random.Random) -> tuple[Policy, Policy]:
    """A policy, and the policy after one to three changes."""
    old = policy(rng)
    new = copy.deepcopy(old)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        changed(new, rng)
    return old, new


_KEY_ROOT: Statement = {
    "Sid": "root",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
_KEY_PRINCIPALS: tuple[Any, ...] = (
    {"Service": "sns.amazonaws.com"},
    {"Service": CONNECT},
    {"Service": [CONNECT, "cloudwatch.amazonaws.com"]},
    {"AWS": f"arn:aws:iam::{OTHER}:role/app/Sender"},
    "*",
)
_KEY_ACTIONS: tuple[Any, ...] = (
    ["kms:GenerateDataKey*", "kms:Decrypt"],
    "kms:GenerateDataKey",
    "kms:Decrypt",
    "kms:*",
    ["kms:Decrypt", "kms:Encrypt"],
)


def key_policy(rng: random.Random) -> Policy:
    """The policy of a key: the account's root, and up to two other statements."""
    statements = [copy.deepcopy(_KEY_ROOT)]
    for index in range(rng.randint(0, 2)):
        built: Statement = {
            "Sid": f"k{index}",
            "Effect": rng.choice(("Allow", "Allow", "Allow", "Deny")),
            "Principal": copy.deepcopy(rng.choice(_KEY_PRINCIPALS)),
            "Action": copy.deepcopy(rng.choice(_KEY_ACTIONS)),
            "Resource": "*",
        }
        for _ in range(rng.choice((0, 0, 1, 2))):
            _add_condition(built, rng)
        statements.append(built)
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(rng: random.Random) -> Statement:
    effect = rng.choice(("Allow", "Allow", "Allow", "Deny"))
    principal, action, resource = rng.choice(_PRINCIPALS), rng.choice(_ACTIONS), rng.choice(_RESOURCES)
    if rng.random() < 0.5:
        principal = rng.choice(_PRINCIPALS[:4])
    negated = rng.random() < 0.06
    built: Statement = {
        "Sid": "x",
        "Effect": effect,
        "NotPrincipal" if negated and principal != "*" else "Principal": copy.deepcopy(principal),
        "NotAction" if rng.random() < 0.05 else "Action": copy.deepcopy(action),
        "NotResource" if rng.random() < 0.03 else "Resource": copy.deepcopy(resource),
    }
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        _add_condition(built, rng)
    return built


def _add_condition(statement: Statement, rng: random.Random) -> None:
    key = rng.choice(_FAVORITES) if rng.random() < 0.3 else rng.choice(tuple(KEYS))
    operators, values = KEYS[key]
    operator = rng.choice(operators)
    chance = rng.random()
    if chance < 0.1:
        operator, values = "Null", ("true", "false")
    elif chance < 0.2:
        operator += "IfExists"
    elif chance < 0.25 and ":" not in operator:
        operator = rng.choice(("ForAllValues:", "ForAnyValue:")) + operator
    chosen: Any = rng.choice(values)
    if rng.random() < 0.15 and operator != "Null":
        chosen = list(dict.fromkeys((chosen, rng.choice(values))))
    if isinstance(chosen, str) and operator not in ("Null", *_DATE, *_NUMBER, *_IP) and rng.random() < 0.2:
        chosen = _worn(chosen, rng)
    if rng.random() < 0.04:
        chosen = rng.choice(_EDGES)
    if rng.random() < 0.08:
        key = key.lower() if rng.random() < 0.5 else key.upper()
    statement.setdefault("Condition", {}).setdefault(operator, {})[key] = chosen


def _worn(value: str, rng: random.Random) -> str:
    """Replace one to three slices of a text by wildcards, and perhaps keep the middle alone."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(value) + 1)
        sign = rng.choice(("*", "*", "?"))
        value = value[:start] + sign + value[start + (1 if sign == "?" else rng.randint(0, 12)) :]
    if rng.random() < 0.2:
        start = rng.randrange(len(value))
        return f"*{value[start : start + rng.randint(1, 8)]}*"
    return value


def changed(found: Policy, rng: random.Random) -> None:
    """Change a policy in place by one step."""
    rng.choice(_CHANGES)(found, rng)


def _some(found: Policy, rng: random.Random) -> Statement:
    return rng.choice(found["Statement"]) if found["Statement"] else _new(found, rng)


def _new(found: Policy, rng: random.Random) -> Statement:
    built = _statement(rng)
    built["Sid"] = f"n{len(found['Statement'])}"
    found["Statement"].insert(rng.randint(0, len(found["Statement"])), built)
    return built


def _add_statement(found: Policy, rng: random.Random) -> None:
    _new(found, rng)


def _drop_statement(found: Policy, rng: random.Random) -> None:
    if len(found["Statement"]) > 1:
        found["Statement"].pop(rng.randrange(len(found["Statement"])))


def _more_conditions(found: Policy, rng: random.Random) -> None:
    _add_condition(_some(found, rng), rng)


def _fewer_conditions(found: Policy, rng: random.Random) -> None:
    block = _some(found, rng).get("Condition")
    if block:
        block.pop(rng.choice(tuple(block)))


def _other_operator(found: Policy, rng: random.Random) -> None:
    block = _some(found, rng).get("Condition")
    if not block:
        return
    name = rng.choice(tuple(block))
    bare = name.rpartition(":")[2].removesuffix("IfExists")
    likes = [one for one in (*_TEXT, *_ARN, "Null") if bare in (*_TEXT, *_ARN)] or [bare]
    new = rng.choice((*likes, f"{bare}IfExists" if bare != "Null" else bare, f"ForAllValues:{bare}"))
    block.setdefault(new, {}).update(block.pop(name))


def _other_value(found: Policy, rng: random.Random) -> None:
    block = _some(found, rng).get("Condition")
    keys = rng.choice(tuple(block.values())) if block else {}
    for key in list(keys)[:1]:
        known = next((values for name, (_, values) in KEYS.items() if name.lower() == key.lower()), ("x",))
        old = keys[key]
        near = [old + "*", old + "x", old[:-1], old[:-1] + "?", old.upper()] if isinstance(old, str) else []
        keys[key] = rng.choice((*known, *near))


def _other_principal(found: Policy, rng: random.Random) -> None:
    one = _some(found, rng)
    one["NotPrincipal" if "NotPrincipal" in one else "Principal"] = copy.deepcopy(rng.choice(_PRINCIPALS))


def _other_action(found: Policy, rng: random.Random) -> None:
    one = _some(found, rng)
    one["NotAction" if "NotAction" in one else "Action"] = copy.deepcopy(rng.choice(_ACTIONS))


def _other_effect(found: Policy, rng: random.Random) -> None:
    one = _some(found, rng)
    one["Effect"] = "Deny" if one["Effect"] == "Allow" else "Allow"


def _odd_form(found: Policy, rng: random.Random) -> None:
    """JSON forms that mean the same, or that no documentation explains."""
    one = _some(found, rng)
    kind = rng.choice(("list", "empty", "boolean", "twice"))
    if kind == "list" and isinstance(one.get("Action"), str):
        one["Action"] = [one["Action"]]
    elif kind == "empty":
        one.setdefault("Condition", {}).setdefault(rng.choice(("StringLike", "Bool")), {})
    elif kind == "boolean":
        one.setdefault("Condition", {}).setdefault("Bool", {})["aws:SecureTransport"] = True
    elif kind == "twice":
        one.setdefault("Condition", {})["StringEquals"] = {
            "aws:SourceAccount": OWNER,
            "AWS:SourceAccount": OTHER,
        }


_CHANGES: tuple[Callable[[Policy, random.Random], None], ...] = (
    _add_statement,
    _drop_statement,
    _more_conditions,
    _more_conditions,
    _fewer_conditions,
    _fewer_conditions,
    _other_operator,
    _other_operator,
    _other_value,
    _other_value,
    _other_principal,
    _other_action,
    _other_effect,
    _odd_form,
)
