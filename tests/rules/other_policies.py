"""Policies of topics and keys that differ from the documented ones in one part.

Each is a list of statements, and each statement has the elements that differ; ``None`` leaves an element out.
"""

from __future__ import annotations

from typing import Any

from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN

ID = INSTANCE_ARN.rpartition("/")[2]
ELSEWHERE = "444455556666"
OTHER_TOPIC = TOPIC_ARN.replace(":chat", ":other")
SIBLING = INSTANCE_ARN.replace("3f6c1b52", "aaaaaaaa")
FOREIGN = SIBLING.replace(ACCOUNT, ELSEWHERE)
CHINESE = INSTANCE_ARN.replace("arn:aws:", "arn:aws-cn:")
REPLICA = INSTANCE_ARN.replace("us-east-1", "us-west-2")
CONNECT, EVENTS = "connect.amazonaws.com", "events.amazonaws.com"
ROLE, ROOT = f"arn:aws:iam::{ACCOUNT}:role/chat", f"arn:aws:iam::{ACCOUNT}:root"
BOTH = {"Service": [EVENTS, CONNECT]}
UNREAD = {"Ref": "Unread"}
CONTEXT = "kms:EncryptionContext:aws:sns:topicArn"
USES = ["kms:GenerateDataKey*", "kms:Decrypt"]
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def account(value: Any = ACCOUNT, operator: str = "StringEquals", key: str = "aws:SourceAccount") -> Any:
    return {operator: {key: value}}


def source(value: Any = INSTANCE_ARN, operator: str = "ArnEquals", key: str = "aws:SourceArn") -> Any:
    return {operator: {key: value}}


def both(*conditions: Any) -> Any:
    """Merge conditions, also under one operator."""
    merged: dict[str, Any] = {}
    for condition in conditions:
        for operator, keys in condition.items():
            merged[operator] = {**merged.get(operator, {}), **keys}
    return merged


PINNED = both(account(), source())
OWNER = account(key="AWS:SourceOwner")
OTHERS = {"Sid": "Others", "Principal": {"AWS": ROLE}, "Condition": None}
DENY = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Condition": None}

# fmt: off
CONDITIONS: dict[str, Any] = {
    "no condition": None,
    "an empty condition": {},
    "the account": account(),
    "the account in a list": account([ACCOUNT]),
    "two accounts": account([ACCOUNT, ELSEWHERE]),
    "another account": account(ELSEWHERE),
    "an account with a wildcard": account("1111*", "StringLike"),
    "any account": account("*", "StringLike"),
    "a wildcard that is taken literally": account("1111*"),
    "text as account": account("production"),
    "two texts as account": account(["production", "staging"]),
    "an ARN as account": account(INSTANCE_ARN),
    "an account of 11 digits": account("11112222333"),
    "a placeholder as account": account("YOUR_ACCOUNT_ID"),
    "the account, if any": account(operator="StringEqualsIfExists"),
    "all of no accounts": account(operator="ForAllValues:StringEquals"),
    "any of the accounts": account(operator="ForAnyValue:StringEquals"),
    "not another account": account(ELSEWHERE, "StringNotEquals"),
    "an operator of numbers": account(operator="NumericEquals"),
    "an unknown operator": account(operator="StringSame"),
    "the ARN": source(),
    "the ARN as text": source(operator="StringEquals"),
    "the ARN as text, with the account": both(account(), source(operator="StringEquals")),
    "the ARN, if any": source(operator="ArnEqualsIfExists"),
    "the ARN in capitals": source(key="AWS:SOURCEARN"),
    "two ARNs": both(account(), source([INSTANCE_ARN, SIBLING])),
    "two ARNs that match nothing": source(["one", "two"]),
    "any instance of the account": both(account(), source(INSTANCE_ARN.partition("/")[0] + "/*", "ArnLike")),
    "any instance of any account": source("arn:aws:connect:*:*:instance/*", "ArnLike"),
    "any ARN": source("*", "ArnLike"),
    "any ARN, with the account": both(account(), source("*", "ArnLike")),
    "a part of the ARN": source("*3f6c1b52*", "StringLike"),
    "a wildcard in the text of the ARN": source(INSTANCE_ARN[:-4] + "????", "StringEquals"),
    "a contact of the instance": source(INSTANCE_ARN + "/contact/1"),
    "all below the instance": source(INSTANCE_ARN + "/*", "ArnLike"),
    "an account as ARN": source(ACCOUNT),
    "no ARN": source("instance"),
    "the ARN of a queue": source(f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"),
    "the ARN of a phone number": source(INSTANCE_ARN.replace("instance/", "phone-number/")),
    "the alias of the instance": source(INSTANCE_ARN.partition("/")[0] + "/my-instance"),
    "the ARN without the instance": source(INSTANCE_ARN.partition("instance")[0] + "*", "ArnLike"),
    "another instance": source(SIBLING),
    "another instance, with the account": both(account(), source(SIBLING)),
    "an instance of another account": both(account(ELSEWHERE), source(FOREIGN)),
    "the owner, with another instance": both(OWNER, source(SIBLING)),
    "an operator with another key, if any": both(account(operator="StringEqualsIfExists"), account("x", "StringEqualsIfExists", "aws:userid")),
    "an operator with a key of every request": both(account(operator="StringEqualsIfExists"), account(CONNECT, "StringEqualsIfExists", "aws:PrincipalServiceName")),
    "a placeholder beside any ARN": source(["YOUR_INSTANCE_ARN", "*"], "ArnLike"),
    "a placeholder beside two instances": source(["YOUR_INSTANCE_ARN", INSTANCE_ARN, SIBLING[:-1] + "*"], "ArnLike"),
    "the whole ID and a wildcard": source(INSTANCE_ARN + "*", "ArnLike"),
    "any instance of another Region": source("arn:aws:connect:eu-west-2:*:instance/*", "ArnLike"),
    "any instance of another partition": source("arn:aws-cn:connect:*:*:instance/*", "ArnLike"),
    "an account that contradicts the ARN": both(account(ELSEWHERE), source()),
    "another Region": both(account(), source(REPLICA)),
    "another partition": both(account(), source(CHINESE)),
    "not the ARN of another": source(SIBLING, "ArnNotEquals"),
    "an ARN that is required": account("false", "Null", "aws:SourceArn"),
    "an ARN that is excluded": account("true", "Null", "aws:SourceArn"),
    "an ARN that is required, with the account": both(account(), account("false", "Null", "aws:SourceArn")),
    "two conditions on the account": both(account(), account("1111*", "StringLike")),
    "two conditions on the ARN": both(account(), source("*", "ArnLike"), source("*", "StringLike")),
    "an operator with another key": both(account("*", "StringLike"), account("x*", "StringLike", "aws:userid")),
    "the owner": OWNER,
    "the owner, with the account": both(OWNER, account()),
    "the owner, and not the account": both(OWNER, account(ELSEWHERE, "StringNotEquals")),
    "the owner, with the instance": both(OWNER, PINNED),
    "the owner, if any": account(operator="StringEqualsIfExists", key="aws:SourceOwner"),
    "the organization": account("o-1234567890", key="aws:PrincipalOrgID"),
    "the organization, with the instance": both(account("o-1234567890", key="aws:PrincipalOrgID"), PINNED),
    "the organization of the source": account("o-1234567890", key="aws:SourceOrgID"),
    "an unlisted key": account("1", key="aws:NoSuchKey"),
    "an unlisted key of SNS": account("1", key="sns:NoSuchKey"),
    "an address": account("192.0.2.0/24", "IpAddress", "aws:SourceIp"),
    "an endpoint": account("vpce-1", key="aws:SourceVpce"),
    "encrypted transport": account("true", "Bool", "aws:SecureTransport"),
    "a protocol": account("https", key="sns:Protocol"),
    "a variable": account("${aws:PrincipalAccount}"),
    "a number": account(111122223333),
    "a condition that is a text": "StringEquals",
}

WITH_CONDITIONS: dict[str, list[Any]] = {
    **{name: [{"Condition": condition}] for name, condition in CONDITIONS.items()},
    **{
        f"for others too: {name}": [{"Principal": BOTH, "Condition": CONDITIONS[name]}]
        for name in ("no condition", "the account", "any ARN", "the owner", "a contact of the instance")
    },
    **{
        f"for everyone: {name}": [{"Principal": "*", "Condition": CONDITIONS[name]}]
        for name in ("no condition", "the account", "the ARN", "the owner", "the owner, with the account",
                     "the organization", "an address", "a protocol", "encrypted transport")
    },
    **{
        f"denied: {name}": [{}, {**DENY, "Condition": CONDITIONS[name]}]
        for name in ("no condition", "the account", "another account", "not another account", "the ARN",
                     "not the ARN of another", "the organization", "an address", "an endpoint", "a protocol",
                     "encrypted transport", "an ARN that is required", "the owner", "any of the accounts",
                     "an unknown operator")
    },
}

WITH_ELEMENTS: dict[str, list[Any]] = {
    "documented": [{}],
    "no statement": [],
    "twice": [{"Sid": "A"}, {"Sid": "A"}],
    "beside another that is open": [{"Sid": "A"}, {"Sid": "B", "Condition": None}],
    "beside another without effect": [{"Sid": "A"}, {"Sid": "B", "Condition": source("one")}],
    "beside another topic": [{"Sid": "A", "Resource": OTHER_TOPIC}, {"Sid": "B"}],
    "for others alone": [OTHERS],
    "for each by itself": [OTHERS, {"Condition": account()}],
    "two for other actions": [{"Action": "sns:Subscribe"}, {"Action": "sns:GetTopicAttributes"}],
    "without Principal": [{"Principal": None}],
    "everyone as AWS": [{"Principal": {"AWS": "*"}, "Condition": None}],
    "everyone but a role": [{"Principal": None, "NotPrincipal": {"AWS": ROLE}, "Condition": None}],
    "everyone but Connect": [{"Principal": None, "NotPrincipal": {"Service": CONNECT}, "Condition": None}],
    "Connect in a list": [{"Principal": {"Service": [CONNECT]}, "Condition": None}],
    "Connect twice": [{"Principal": {"Service": [CONNECT, EVENTS, CONNECT]}, "Condition": None}],
    "Connect and a role": [{"Principal": {"Service": CONNECT, "AWS": ROLE}, "Condition": None}],
    "Connect and everyone": [{"Principal": {"Service": CONNECT, "AWS": "*"}, "Condition": None}],
    "Connect as AWS": [{"Principal": {"AWS": CONNECT}}],
    "Connect misspelled": [{"Principal": {"Service": "conect.amazonaws.com"}}],
    "another service": [{"Principal": {"Service": EVENTS}, "Condition": None}],
    "a principal of another partition": [{}, {**OTHERS, "Principal": {"AWS": ROOT.replace("aws:", "aws-cn:", 1)}}],
    "an action of SNS": [{"Action": "sns:*"}],
    "every action": [{"Action": "*"}],
    "every action, for others too": [{"Action": "*", "Principal": BOTH}],
    "every action, for others too, open": [{"Action": "*", "Principal": BOTH, "Condition": None}],
    "more actions": [{"Action": ["SNS:Publish", "sns:GetTopicAttributes"]}],
    "grave actions": [{"Action": ["sns:Publish", "sns:Subscribe", "sns:AddPermission"]}],
    "every other action": [{"Action": None, "NotAction": "sns:DeleteTopic"}],
    "every action but this": [{"Action": None, "NotAction": "sns:Publish"}],
    "every other action, for others too": [{"Action": None, "NotAction": "sns:DeleteTopic", "Principal": BOTH}],
    "a misspelled action": [{"Action": "sns:Publsh"}],
    "another action": [{"Action": "sns:Subscribe"}],
    "no action": [{"Action": None}],
    "everyone subscribes": [{}, {**DENY, "Effect": "Allow", "Action": "sns:Subscribe"}],
    "everyone administers": [{}, {**DENY, "Effect": "Allow", "Action": ["sns:DeleteTopic", "sns:Subscribe"]}],
    "everyone administers with limits": [{**DENY, "Effect": "Allow", "Action": "sns:*", "Condition": OWNER}],
    "every resource": [{"Resource": "*"}],
    "another topic": [{"Resource": OTHER_TOPIC}],
    "another topic, and this": [{"Resource": [OTHER_TOPIC, TOPIC_ARN]}],
    "another topic, for others": [{}, {**OTHERS, "Resource": OTHER_TOPIC}],
    "topics by wildcard": [{"Resource": "arn:aws:sns:*:*:chat*"}],
    "topics by another wildcard": [{"Resource": "arn:aws:sns:*:*:voice*"}],
    "a subscription": [{"Resource": TOPIC_ARN + ":1234"}],
    "a queue": [{"Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:chat"}],
    "a name": [{"Resource": "chat"}],
    "a placeholder as Resource": [{"Resource": "arn:aws:sns:us-east-1:YOUR_ACCOUNT_ID:chat"}],
    "a placeholder in a list": [{"Resource": [TOPIC_ARN, "arn:aws:sns:us-east-1:YOUR_ACCOUNT_ID:chat"]}],
    "a placeholder as instance": [{"Condition": both(account(), source("YOUR_INSTANCE_ARN"))}],
    "a placeholder as principal": [{}, {**OTHERS, "Principal": {"AWS": "YOUR_ACCOUNT_ID"}}],
    "beside another topic, without Resource": [{"Sid": "A", "Resource": OTHER_TOPIC}, {"Sid": "B"}, {"Sid": "C", "Resource": {"a": 1}}],
    "a topic by wildcard beside this": [{"Sid": "A", "Resource": TOPIC_ARN[:-4] + "*"}, {"Sid": "B"}],
    "every other resource, beside another topic": [{"Sid": "A", "Resource": None, "NotResource": OTHER_TOPIC}, {"Sid": "B", "Resource": OTHER_TOPIC}],
    "beside another for every action": [{"Sid": "A"}, {"Sid": "B", "Action": "sns:*"}],
    "Connect and a number": [{"Principal": {"Service": CONNECT, "AWS": 5}, "Condition": None}],
    "Connect and an unknown type": [{"Principal": {"Service": CONNECT, "Role": ROLE}, "Condition": None}],
    "denied for a placeholder": [{}, {**DENY, "Resource": None, "NotResource": "arn:aws:sns:us-east-1:YOUR_ACCOUNT_ID:chat"}],
    "others by owner": [{}, {**OTHERS, "Principal": "*", "Condition": OWNER}],
    "others by owner and account": [{}, {**OTHERS, "Principal": "*", "Condition": both(OWNER, account())}],
    "others by owner and a pattern": [{}, {**OTHERS, "Principal": "*", "Condition": both(OWNER, account("1*", "StringLike"))}],
    "every resource, for others too": [{"Resource": "*", "Principal": BOTH, "Condition": None}],
    "every other resource": [{"Resource": None, "NotResource": OTHER_TOPIC}],
    "every resource but this": [{"Resource": None, "NotResource": TOPIC_ARN}],
    "denied but for Connect": [{}, {**DENY, "Principal": None, "NotPrincipal": {"Service": [CONNECT]}}],
    "denied but for a role": [{}, {**DENY, "Principal": None, "NotPrincipal": {"AWS": ROLE, "Service": [EVENTS]}}],
    "denied by name": [{}, {**DENY, "Principal": {"Service": CONNECT}}],
    "denied for another action": [{}, {**DENY, "Action": "sns:Subscribe"}],
    "denied for other actions": [{}, {**DENY, "Action": None, "NotAction": "sns:Subscribe"}],
    "denied for another topic": [{}, {**DENY, "Resource": OTHER_TOPIC}],
    "denied, for no one allowed": [DENY],
    "denied in two ways": [{}, {**DENY, "Condition": both(source(SIBLING, "ArnNotEquals"), account(ELSEWHERE, "StringNotEquals"))}],
    "an unknown effect": [{"Effect": "Permit"}],
    "an unknown element": [{"Resources": TOPIC_ARN}],
}

ACCOUNT_OF_KEY = {"Sid": "Root", "Principal": {"AWS": ROOT}, "Action": "kms:*"}
OTHER_USERS = {"Service": [EVENTS, CONNECT]}
KEYS: dict[str, list[Any]] = {
    "documented": [ACCOUNT_OF_KEY, {}],
    "pinned": [ACCOUNT_OF_KEY, {"Condition": account(TOPIC_ARN, key=CONTEXT)}],
    "pinned to another topic": [ACCOUNT_OF_KEY, {"Condition": account(OTHER_TOPIC, key=CONTEXT)}],
    "pinned to other topics": [ACCOUNT_OF_KEY, {"Condition": account([OTHER_TOPIC], key=CONTEXT)}],
    "pinned by pattern to another topic": [ACCOUNT_OF_KEY, {"Condition": account("*:other", "StringLike", CONTEXT)}],
    "pinned to another topic, for others too": [ACCOUNT_OF_KEY, {"Principal": OTHER_USERS, "Condition": account(OTHER_TOPIC, key=CONTEXT)}],
    "pinned to another topic, in part": [ACCOUNT_OF_KEY, {"Action": "kms:Decrypt", "Condition": account(OTHER_TOPIC, key=CONTEXT)}],
    "pinned to another topic, and more": [ACCOUNT_OF_KEY, {"Condition": both(account(OTHER_TOPIC, key=CONTEXT), account())}],
    "pinned to an account": [ACCOUNT_OF_KEY, {"Condition": account()}],
    "pinned to the instance": [ACCOUNT_OF_KEY, {"Condition": PINNED}],
    "pinned to another account": [ACCOUNT_OF_KEY, {"Condition": account(ELSEWHERE)}],
    "encrypted transport": [ACCOUNT_OF_KEY, {"Condition": account("true", "Bool", "aws:SecureTransport")}],
    "by way of SNS": [ACCOUNT_OF_KEY, {"Condition": account("sns.us-east-1.amazonaws.com", key="kms:ViaService")}],
    "an unknown operator": [ACCOUNT_OF_KEY, {"Condition": account(operator="StringSame")}],
    "no statement": [],
    "the account alone": [ACCOUNT_OF_KEY],
    "Connect alone": [{}],
    "Connect and a role of another account": [{}, {**ACCOUNT_OF_KEY, "Principal": {"AWS": ROLE.replace(ACCOUNT, ELSEWHERE)}}],
    "a role": [{}, {**ACCOUNT_OF_KEY, "Principal": {"AWS": ROLE}}],
    "two roles": [{}, {**ACCOUNT_OF_KEY, "Principal": {"AWS": [ROLE, ROLE + "2"]}}],
    "the account with limits": [{}, {**ACCOUNT_OF_KEY, "Condition": account("true", "Bool", "aws:MultiFactorAuthPresent")}],
    "the account, only to use": [{}, {**ACCOUNT_OF_KEY, "Action": USES}],
    "the account, denied": [{}, ACCOUNT_OF_KEY, {**DENY, "Action": "kms:PutKeyPolicy", "Resource": "*"}],
    "another account": [{}, {**ACCOUNT_OF_KEY, "Principal": {"AWS": ELSEWHERE}}],
    "SNS instead": [ACCOUNT_OF_KEY, {"Principal": {"Service": "sns.amazonaws.com"}}],
    "SNS too": [ACCOUNT_OF_KEY, {"Principal": {"Service": ["sns.amazonaws.com", CONNECT]}}],
    "SNS and a role": [ACCOUNT_OF_KEY, {"Principal": {"Service": "sns.amazonaws.com", "AWS": ROLE}}],
    "SNS and other services": [ACCOUNT_OF_KEY, {"Principal": {"Service": ["sns.amazonaws.com", EVENTS], "AWS": ROLE}}],
    "other services": [ACCOUNT_OF_KEY, {"Principal": {"Service": EVENTS}}],
    "for others too": [ACCOUNT_OF_KEY, {"Principal": OTHER_USERS}],
    "for others too, with a condition": [ACCOUNT_OF_KEY, {"Principal": OTHER_USERS, "Action": "kms:*", "Condition": account()}],
    "the account and Connect": [{**ACCOUNT_OF_KEY, "Principal": {"AWS": ROOT, "Service": CONNECT}}],
    "every action": [ACCOUNT_OF_KEY, {"Action": "kms:*"}],
    "more uses": [ACCOUNT_OF_KEY, {"Action": [*USES, "kms:Encrypt", "kms:ReEncrypt*"]}],
    "uses in capitals": [ACCOUNT_OF_KEY, {"Action": [one.upper() for one in USES]}],
    "uses without a wildcard": [ACCOUNT_OF_KEY, {"Action": ["kms:GenerateDataKey", "kms:Decrypt"]}],
    "uses and a description": [ACCOUNT_OF_KEY, {"Action": [*USES, "kms:DescribeKey"]}],
    "every use and a description": [ACCOUNT_OF_KEY, {"Action": ["kms:*", "kms:DescribeKey"]}],
    "grave actions": [ACCOUNT_OF_KEY, {"Action": [*USES, "kms:PutKeyPolicy", "kms:CreateGrant", "kms:TagResource"]}],
    "every other action": [ACCOUNT_OF_KEY, {"Action": None, "NotAction": "kms:DescribeKey"}],
    "one of the uses": [ACCOUNT_OF_KEY, {"Action": "kms:Decrypt"}],
    "the other use": [ACCOUNT_OF_KEY, {"Action": "kms:GenerateDataKey*"}],
    "each use by itself": [ACCOUNT_OF_KEY, {"Action": "kms:Decrypt"}, {"Action": "kms:GenerateDataKey*"}],
    "no use": [ACCOUNT_OF_KEY, {"Action": "kms:DescribeKey"}],
    "denied": [ACCOUNT_OF_KEY, {}, {**DENY, "Action": "kms:Decrypt", "Resource": "*"}],
    "denied by name": [ACCOUNT_OF_KEY, {**DENY, "Principal": {"Service": CONNECT}, "Action": "kms:*", "Resource": "*"}],
    "denied, and for SNS too": [ACCOUNT_OF_KEY, {"Principal": {"Service": [CONNECT, "sns.amazonaws.com"]}}, {**DENY, "Action": "kms:Decrypt", "Resource": "*"}],
    "denied for others": [ACCOUNT_OF_KEY, {}, {**DENY, "Principal": {"AWS": ROLE}, "Action": "kms:*", "Resource": "*"}],
    "denied with a condition": [ACCOUNT_OF_KEY, {}, {**DENY, "Action": "kms:*", "Resource": "*", "Condition": account(ELSEWHERE, "StringNotEquals")}],
    "everyone uses in another way": [ACCOUNT_OF_KEY, {}, {"Sid": "All", "Principal": "*", "Action": "kms:ReEncryptFrom"}],
    "everyone uses": [ACCOUNT_OF_KEY, {"Principal": "*"}],
    "everyone of the account uses": [ACCOUNT_OF_KEY, {"Principal": "*", "Condition": account(key="kms:CallerAccount")}],
    "everyone but Connect uses": [ACCOUNT_OF_KEY, {"Principal": None, "NotPrincipal": {"Service": CONNECT}}],
    "everyone changes": [ACCOUNT_OF_KEY, {"Principal": {"AWS": "*"}, "Action": "kms:PutKeyPolicy"}],
    "everyone uses and changes": [ACCOUNT_OF_KEY, {"Principal": {"AWS": "*"}, "Action": "kms:*"}],
    "everyone reads": [ACCOUNT_OF_KEY, {}, {"Principal": {"AWS": "*"}, "Action": ["kms:DescribeKey", "kms:ListGrants"]}],
    "everyone by way of a service": [ACCOUNT_OF_KEY, {"Principal": "*", "Condition": account("sns.us-east-1.amazonaws.com", key="kms:ViaService")}],
    "another key": [ACCOUNT_OF_KEY, {"Resource": KEY_ARN[:-4] + "0000"}],
    "its own ARN": [ACCOUNT_OF_KEY, {"Resource": KEY_ARN}],
    "a Sid that is taken": [{**ACCOUNT_OF_KEY, "Sid": "AllowConnectToUseKey"}],
    "a placeholder": [ACCOUNT_OF_KEY, {}, {**ACCOUNT_OF_KEY, "Principal": {"AWS": "YOUR_ACCOUNT_ID"}}],
}
# fmt: on
