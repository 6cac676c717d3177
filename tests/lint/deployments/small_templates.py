"""Small templates with symbols, and all their deployments over a small domain.

The domain has the values that the policies name and others, so that symbols coincide with literals and each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from hypothesis import strategies as st

REGIONS = ("eu-west-2", "us-west-2")
ACCOUNTS = ("111122223333", "444455556666", "777788889999")
IDS = ("0a1b2c3d-1111-4222-8333-444455556666", "99999999-1111-4222-8333-444455556666")
NAMED_ACCOUNT, NAMED_ID, NAMED_REGION = ACCOUNTS[0], IDS[0], REGIONS[0]
OWN, REGION, ACCOUNT, ID, INSTANCE = "AWS::AccountId", "AWS::Region", "Account", "InstanceId", "Instance"
SECOND_ACCOUNT, SECOND_ID = "SecondAccount", "SecondId"
DOMAINS = {
    OWN: ACCOUNTS,
    REGION: REGIONS,
    ACCOUNT: ACCOUNTS,
    SECOND_ACCOUNT: ACCOUNTS,
    ID: IDS,
    SECOND_ID: IDS,
    INSTANCE: IDS,
}
"""The values of each symbol; for the instance, the values of its ID."""


def instance(region: str, account: str, instance_id: str) -> str:
    return f"arn:aws:connect:{region}:{account}:instance/{instance_id}"


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


TOPIC_ARN = f"arn:aws:sns:{NAMED_REGION}:{NAMED_ACCOUNT}:chat"
COMPOSED = (
    sub(instance("${AWS::Region}", "${AWS::AccountId}", "${InstanceId}")),
    sub(instance("${AWS::Region}", "${Account}", "${InstanceId}")),
    sub(instance("${AWS::Region}", "${AWS::AccountId}", NAMED_ID)),
    sub(instance(NAMED_REGION, "${AWS::AccountId}", "${InstanceId}")),
    sub(instance("${AWS::Region}", NAMED_ACCOUNT, "${InstanceId}")),
    sub(instance("${AWS::Region}", "${AWS::AccountId}", "${SecondId}")),
    sub(instance("${AWS::Region}", "${SecondAccount}", "${SecondId}")),
)
LITERAL = instance(NAMED_REGION, NAMED_ACCOUNT, NAMED_ID)


class Template(NamedTuple):
    """The statements of a topic's policy and of its key's, if it has one.

    `Account` may be restricted to two values, and the instance that streams to the topic may be stated.
    """

    topic: tuple[dict[str, Any], ...]
    key: tuple[dict[str, Any], ...] = ()
    restricted: bool = False
    stated: bool = False

    @property
    def text(self) -> str:
        account: dict[str, Any] = {"Type": "String"}
        if self.restricted:
            account["AllowedValues"] = list(ACCOUNTS[:2])
        resources: dict[str, Any] = {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat"}},
            "TopicPolicy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {"Topics": [ref("Topic")], "PolicyDocument": _policy(self.topic)},
            },
        }
        if self.key:
            resources["Key"] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": _policy(self.key)}}
            resources["Topic"]["Properties"]["KmsMasterKeyId"] = {"Fn::GetAtt": ["Key", "Arn"]}
        parameters = {
            ACCOUNT: account,
            SECOND_ACCOUNT: {"Type": "String"},
            ID: {"Type": "String"},
            SECOND_ID: {"Type": "String"},
            INSTANCE: {"Type": "String"},
        }
        return json.dumps(
            {
                "AWSTemplateFormatVersion": "2010-09-09",
                "Parameters": parameters,
                "Resources": resources,
            }
        )

    def uses(self, symbol: str) -> bool:
        """True if the values of a symbol matter: every topic has an account and a Region."""
        return symbol in (OWN, REGION) or f"${{{symbol}}}" in self.text or f'"Ref": "{symbol}"' in self.text


def _policy(statements: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    listed = [{"Sid": f"S{number}", **one} for number, one in enumerate(statements)]
    return {"Version": "2012-10-17", "Statement": listed}


def deployments(template: Template) -> Iterator[dict[str, str]]:
    """The deployments that any user would assume, as parameters."""
    for values in _values(template):
        homes = _accounts_of_the_instance(template, values)
        if len(homes) == 1:
            yield _in_account(values, homes.pop())


def with_any_instance(template: Template) -> Iterator[dict[str, str]]:
    """These deployments, and those in which the instance is of an account that its statement does not require."""
    for values in _values(template):
        yield from (_in_account(values, account) for account in ACCOUNTS)


def _values(template: Template) -> Iterator[dict[str, str]]:
    """All values of the symbols that any user would assume, with the ID for the instance."""
    domains = {name: values if template.uses(name) else values[:1] for name, values in DOMAINS.items()}
    if template.restricted:
        domains[ACCOUNT] = domains[ACCOUNT][:2]
    found = (dict(zip(domains, chosen, strict=True)) for chosen in product(*domains.values()))
    yield from (values for values in found if _is_assumed(template, values))


def _in_account(values: dict[str, str], account: str) -> dict[str, str]:
    return {**values, INSTANCE: instance(values[REGION], account, values[INSTANCE])}


def _accounts_of_the_instance(template: Template, values: Mapping[str, str]) -> set[str]:
    """The accounts that the statements with the symbol for the instance require; else the deployment's own."""
    required = {
        account
        for one in template.topic
        if ref(INSTANCE) in values_of(one, "aws:SourceArn")
        and not {"StringNotEquals", "StringNotLike"} & {*one["Condition"]}
        for account in filled(values_of(one, "aws:SourceAccount"), values)
        if account.isdecimal()
    }
    return required or {values[OWN]}


def values_of(statement: dict[str, Any], key: str) -> list[Any]:
    """The values for a condition key."""
    return _flat([test[key] for test in statement.get("Condition", {}).values() if key in test])


def _flat(values: list[Any]) -> list[Any]:
    return [one for value in values for one in (value if isinstance(value, list) else [value])]


def filled(values: list[Any], chosen: Mapping[str, str]) -> list[str]:
    """The texts with the values of a deployment."""
    texts = []
    for value in values:
        text = value if isinstance(value, str) else value.get("Fn::Sub", f"${{{value.get('Ref')}}}")
        for name, known in chosen.items():
            text = text.replace(f"${{{name}}}", known)
        texts.append(text)
    return texts


def _is_assumed(template: Template, values: Mapping[str, str]) -> bool:
    """True for a deployment that docs/check.md does not exclude by what any user would assume."""
    topic = f"arn:aws:sns:{values[REGION]}:{values[OWN]}:chat"
    named = {one["Resource"] for one in template.topic if isinstance(one["Resource"], str)} - {"*"}
    roots = {account for one in template.key for account in _roots(one, values)}
    regions = {region for one in template.topic for region in _regions(one, values)}
    regions |= {NAMED_REGION} if template.stated else set()
    return named <= {topic} and roots <= {values[OWN]} and regions <= {values[REGION]}


def _regions(statement: dict[str, Any], values: Mapping[str, str]) -> list[str]:
    """The Regions of the instances that a statement names."""
    arns = filled(values_of(statement, "aws:SourceArn"), values)
    regions = [arn.split(":")[3] for arn in arns if arn.startswith("arn:")]
    return [region for region in regions if region != "*"]


def _roots(statement: dict[str, Any], values: Mapping[str, str]) -> list[str]:
    """The accounts whose root users a statement of a key policy names."""
    principal = statement["Principal"].get("AWS", [])
    arns = filled(principal if isinstance(principal, list) else [principal], values)
    return [arn.split(":")[4] for arn in arns]


_accounts = st.sampled_from(
    [
        ref(OWN),
        ref(OWN),
        ref(ACCOUNT),
        ref(ACCOUNT),
        ref(SECOND_ACCOUNT),
        NAMED_ACCOUNT,
        [ref(OWN), ref(ACCOUNT)],
        [NAMED_ACCOUNT, ref(ACCOUNT)],
        "1*",
        "?4445555*",
    ]
)
_arns = st.sampled_from(
    [
        ref(INSTANCE),
        ref(INSTANCE),
        *COMPOSED,
        LITERAL,
        [ref(INSTANCE), LITERAL],
        [*COMPOSED[:2]],
        f"arn:aws:connect:*:{NAMED_ACCOUNT}:instance/*",
        "arn:aws:connect:*:*:instance/0a*",
        "arn:aws:connect:eu-*:4*:instance/*",
        "arn:aws:connect:us-*",
    ]
)
_principals = st.sampled_from(
    [{"Service": "connect.amazonaws.com"}] * 5 + [{"AWS": sub("arn:aws:iam::${Account}:root")}, {"AWS": "*"}]
)
_resources = st.sampled_from([ref("Topic")] * 5 + ["*", TOPIC_ARN, "arn:aws:sns:us-*:*:chat"])


@st.composite
def _conditions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw(st.integers(0, 3)):
        operator = draw(
            st.sampled_from(
                [
                    "StringEquals",
                    "StringEquals",
                    "StringLike",
                    "StringLike",
                    "StringNotEquals",
                    "StringNotLike",
                    "StringEqualsIfExists",
                ]
            )
        )
        found[operator] = {"aws:SourceAccount": draw(_accounts)}
    if draw(st.integers(0, 3)):
        found[draw(st.sampled_from(["ArnEquals", "ArnEquals", "ArnLike", "ArnNotEquals"]))] = {
            "aws:SourceArn": draw(_arns)
        }
    if not draw(st.integers(0, 5)):
        found.setdefault("StringLike", {})["aws:RequestedRegion"] = draw(
            st.sampled_from([NAMED_REGION, "us-*", "eu-*"])
        )
    return {"Condition": found} if found else {}


@st.composite
def _topic_statements(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        "Principal": draw(_principals),
        "Action": draw(st.sampled_from(["sns:Publish", "sns:Publish", "sns:*"])),
        "Resource": draw(_resources),
        **draw(_conditions()),
    }


@st.composite
def _key_policies(draw: st.DrawFn) -> tuple[dict[str, Any], ...]:
    root = draw(st.sampled_from([f"${{{OWN}}}", f"${{{OWN}}}", f"${{{ACCOUNT}}}", NAMED_ACCOUNT]))
    manage = {
        "Effect": "Allow",
        "Principal": {"AWS": sub(f"arn:aws:iam::{root}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    account = draw(st.sampled_from([{}, {}, {"StringEquals": {"aws:SourceAccount": draw(_accounts)}}]))
    use = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
        **({"Condition": account} if account else {}),
    }
    return manage, use


templates = st.builds(
    Template,
    topic=st.lists(_topic_statements(), min_size=1, max_size=2).map(tuple),
    key=st.one_of(st.just(()), st.just(()), _key_policies()),
    restricted=st.sampled_from([False, False, True]),
    stated=st.sampled_from([False, False, True]),
)


_INSECURE = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": ref("Topic"),
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@st.composite
def _additions(draw: st.DrawFn) -> dict[str, Any]:
    """A statement that only adds instances."""
    tests: dict[str, Any] = {}
    if draw(st.integers(0, 4)):
        tests["StringEquals"] = {"aws:SourceAccount": draw(_accounts)}
    if draw(st.integers(0, 4)):
        tests["ArnEquals"] = {"aws:SourceArn": draw(st.sampled_from([ref(INSTANCE), LITERAL, *COMPOSED]))}
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": ref("Topic"),
        **({"Condition": tests} if tests else {}),
    }
    return draw(st.sampled_from([allow] * 5 + [_INSECURE]))


additive_templates = st.builds(
    Template,
    topic=st.lists(_additions(), min_size=2, max_size=3).map(tuple),
    key=st.one_of(st.just(()), _key_policies()),
)
"""Templates in which it does not matter which instances and accounts of different statements are the same."""
