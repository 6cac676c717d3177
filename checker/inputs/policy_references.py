"""Reads references to instances, topics and keys in Terraform and CloudFormation, and writes them into policies.

A policy is drafted for an example ARN of each reference, which the reference then replaces. So everything that is
checked for ARNs is checked for references too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.finding import Reference
from checker.core.pattern import pattern
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from checker.policy.text_json import Plain


TERRAFORM, CLOUDFORMATION = "terraform", "cloudformation"
_ACCOUNTS = {TERRAFORM: "data.aws_caller_identity.current.account_id", CLOUDFORMATION: "#AWS::AccountId"}
"""The account of the deployment, in each language."""
_ACCOUNT = "735499990000"
_ID = "5eed9999-0000-4000-8000-{:012}"
_STEP = r"[A-Za-z_][\w-]*(?:\[(?:\d+|\"[^\"\[\]]*\"|each\.(?:key|value)|count\.index)\])*"
_TERRAFORM = pattern(rf"{_STEP}(?:\.{_STEP})+")
_CLOUDFORMATION = pattern(r"(?:(!Ref)\s+|(!GetAtt)\s+)?([A-Za-z][A-Za-z0-9]*)((?:\.[A-Za-z][A-Za-z0-9]*)*)")
_ATTRIBUTES = {
    "aws_connect_instance": ("--instance-ref", ("arn",)),
    "awscc_connect_instance": ("--instance-ref", ("arn", "instance_arn")),
    "aws_sns_topic": ("--topic-ref", ("arn", "id")),
    "awscc_sns_topic": ("--topic-ref", ("topic_arn",)),
    "aws_kms_key": ("--key-ref", ("key_id", "arn", "id")),
    "awscc_kms_key": ("--key-ref", ("key_id", "arn")),
}
"""The attributes that identify a resource, the usual one first, and the option for it."""
_NOT_RESOURCES = ("var", "local", "module", "each", "self")
_EXAMPLES = {
    TERRAFORM: {
        "--instance-ref": "aws_connect_instance.this.arn",
        "--topic-ref": "aws_sns_topic.chat.arn",
        "--key-ref": "aws_kms_key.chat.key_id",
    },
    CLOUDFORMATION: {
        "--instance-ref": "!GetAtt ChatInstance.Arn",
        "--topic-ref": "!Ref ChatTopic",
        "--key-ref": "!Ref ChatKey",
    },
}


class References(NamedTuple):
    """Example ARNs for references, and what each example text stands for."""

    instances: tuple[str, ...]
    topic: str
    key: str
    names: Mapping[str, Reference]


def read_references(
    language: str, instances: Sequence[str], topic: str, key: str, near: Sequence[str]
) -> References:
    """Read the options with references. ``near`` are the ARNs of other options. Raises InputError."""
    parse = _parser(language)
    places = [arn for arn in map(Arn.parse, near) if arn is not None]
    region = next((arn.region for arn in places), "us-east-1")
    partition = next((arn.partition for arn in places), "aws")

    def example(service: str, resource: str) -> str:
        return str(Arn(partition, service, region, _ACCOUNT, resource))

    names = {
        example("connect", f"instance/{_ID.format(number)}"): parse("--instance-ref", text)
        for number, text in enumerate(dict.fromkeys(instances))
    }
    examples = tuple(names)
    topic_arn = example("sns", "connect-chat-streaming-reference") if topic else ""
    key_arn = example("kms", f"key/{_ID.format(0)}") if key else ""
    names |= {topic_arn: parse("--topic-ref", topic)} if topic else {}
    names |= {key_arn: parse("--key-ref", key)} if key else {}
    account = Reference(_ACCOUNTS[language])
    root = f"arn:{partition}:iam::{_ACCOUNT}:root"
    return References(examples, topic_arn, key_arn, {**names, _ACCOUNT: account, root: account})


def referring(value: Plain, names: Mapping[str, Reference]) -> Plain:
    """Write references in place of their examples."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: referring(one, names) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [referring(one, names) for one in value]
    return value


def _parser(language: str) -> Callable[[str, str], Reference]:
    def parse(option: str, text: str) -> Reference:
        if Arn.parse(text) is not None:
            literal = option.replace("-ref", "-arn")
            raise InputError(
                option, f"`{text}` is an ARN, not a reference", help_text=f"use `{literal} {text}`"
            )
        name = _terraform(option, text) if language == TERRAFORM else _cloudformation(text)
        if name is None:
            kind = "Terraform" if language == TERRAFORM else "CloudFormation"
            help_text = f"write a reference such as `{_EXAMPLES[language][option]}`"
            raise InputError(option, f"`{text}` is not a reference in {kind}", help_text=help_text)
        return Reference(name)

    return parse


def _terraform(option: str, text: str) -> str | None:
    """Read a reference in Terraform; ``None`` if it is not one. Raises InputError for one to something else.

    https://developer.hashicorp.com/terraform/language/expressions/references
    """
    name = text.strip().removeprefix("${").removesuffix("}").strip()
    if not _TERRAFORM.fullmatch(name):
        return None
    steps = re.findall(rf"\.?({_STEP})", name)
    kind, *rest = steps[1:] if steps[0] == "data" else steps
    if kind not in _NOT_RESOURCES and not rest:
        return None
    if kind in _ATTRIBUTES:
        _check_attribute(option, name, kind, rest)
    elif kind not in _NOT_RESOURCES and len(rest) < 2:
        help_text = f"add the attribute with the ARN, as in `{_EXAMPLES[TERRAFORM][option]}`"
        raise InputError(option, f"`{name}` names a resource, not its ARN", help_text=help_text)
    return name


def _check_attribute(option: str, name: str, kind: str, rest: Sequence[str]) -> None:
    """Check that a reference to a known type of resource names its ARN. Raises InputError."""
    fitting, attributes = _ATTRIBUTES[kind]
    if fitting != option:
        raise InputError(option, f"`{name}` refers to an `{kind}`", help_text=f"use `{fitting} {name}`")
    if len(rest) != 2 or rest[1] not in attributes:
        prefix = "data." * name.startswith("data.")
        known = f"{prefix}{kind}.{rest[0]}.{attributes[0]}"
        raise InputError(option, f"`{name}` is not the ARN of the resource", help_text=f"write `{known}`")


def _cloudformation(text: str) -> str | None:
    """Read `!Ref NAME`, `!GetAtt NAME.ATTRIBUTE`, `NAME` or `NAME.ATTRIBUTE`; ``None`` for anything else.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getatt.html
    """
    found = _CLOUDFORMATION.fullmatch(text.strip())
    if found is None:
        return None
    ref, get_attribute, logical, attribute = found.groups()
    if (ref and attribute) or (get_attribute and not attribute):
        return None
    return f"#{logical}{attribute}"
