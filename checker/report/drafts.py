"""The policies of a topic and of its key, in the language that they are wanted in, with what is to be known."""

from __future__ import annotations

from enum import StrEnum
from shlex import quote
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.documented import KeyCondition
from checker.analysis.wording import not_listed, where_connect_is
from checker.core.finding import Symbol
from checker.core.regions import CONNECT_REGIONS
from checker.fix.text.hcl_blocks import Lines, block_text, lines_text, statement_text
from checker.fix.text.hcl_writer import HclFlow
from checker.fix.text.yaml_writer import YamlBlock
from checker.policy.change import fresh
from checker.policy.plain import json_text, listed
from checker.policy.vocabulary import KEY, OLD_VERSION, TOPIC, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.core.arn import Arn
    from checker.inputs.drafts import Draft, Wanted
    from checker.policy.plain import Plain


_NAME, _KEY_NAME = "connect_chat_streaming", "connect_chat_streaming_key"
_WIDTH = 108
_SHELL_WIDTH = 76
_NEWLINE = "\n"
_INDENT = "  "


class Language(StrEnum):
    """What policies can be written in."""

    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    CLI = "cli"


class Drafts(NamedTuple):
    """Policies that are wanted; ``condition`` is what the grant of the key is limited to."""

    wanted: Wanted
    topic: Draft | None
    key: Draft | None = None
    condition: KeyCondition | None = None


def drafts_text(drafts: Drafts, language: Language) -> list[str]:
    """Write the policies, with the remarks as comments where there can be some."""
    parts = {
        Language.JSON: _json,
        Language.TERRAFORM: _terraform,
        Language.CLOUDFORMATION: _cloudformation,
        Language.CLI: _cli,
    }[language](drafts)
    return [line for part in parts for line in part.split("\n")]


def topic_remarks(drafts: Drafts) -> Iterator[str]:
    """What to know before the topic policy is set."""
    region = drafts.wanted.topic.region
    if region not in CONNECT_REGIONS:
        yield f"{not_listed(region)}: {where_connect_is(region)}."
    if drafts.topic is not None and not drafts.topic.merged:
        yield (
            "This is the whole policy of the topic and takes the place of the one it has: "
            "`--merge FILE` keeps the statements that other publishers need."
        )


def key_remarks(drafts: Drafts) -> Iterator[str]:
    """What to know before the key policy is set."""
    if drafts.key is None:
        return
    if not drafts.key.merged:
        yield (
            "This is the whole policy of the key and takes the place of the one it has: "
            "`--merge-key FILE` keeps the statements that others need."
        )
    if drafts.condition is KeyCondition.INSTANCE:
        yield (
            "AWS does not document that Connect passes aws:SourceAccount and aws:SourceArn on to KMS: see a "
            "test message arrive before you rely on this condition."
        )
    elif drafts.condition is None and _reaches_others(drafts.key):
        yield (
            "As AWS documents it, this lets Connect use the key on behalf of any AWS customer: "
            "`--kms-condition topic` limits it to messages to this topic."
        )


def _topic_comments(drafts: Drafts) -> Iterator[str]:
    """The remarks, and what merged statements still allow, for languages that can say it beside the policy."""
    yield from topic_remarks(drafts)
    yield from _warnings(drafts.topic)


def _key_comments(drafts: Drafts) -> Iterator[str]:
    yield from key_remarks(drafts)
    yield from _warnings(drafts.key)


def _warnings(draft: Draft | None) -> Iterator[str]:
    return (f"Still in the merged policy: {warning}." for warning in (draft.warnings if draft else ()))


def _reaches_others(draft: Draft) -> bool:
    """True if a statement for Connect was added, which has no condition."""
    return draft.added > 0


def _comments(remarks: Iterator[str]) -> list[str]:
    return [f"# {line}" for remark in remarks for line in wrap(remark, _WIDTH)]


def _json(drafts: Drafts) -> list[str]:
    if drafts.topic and drafts.key:
        both = {"topic_policy": drafts.topic.policy, "key_policy": drafts.key.policy}
        return [json_text(both, _INDENT)]
    one, dialect = (drafts.topic, TOPIC) if drafts.topic else (drafts.key, KEY)
    return [json_policy(one.policy, dialect.max_bytes)] if one else []


def json_policy(policy: Mapping[str, Plain], limit: int) -> str:
    """Write a policy so that people can read it, unless only the blanks take it over the limit."""
    readable = json_text(policy, _INDENT)
    return readable if len(readable) <= limit else json_text(policy)


def _terraform(drafts: Drafts) -> list[str]:

    lines: list[str] = []
    if drafts.topic:
        document = Symbol(f"data.aws_iam_policy_document.{_NAME}.json")
        arguments = (("arn", str(drafts.wanted.topic)), ("policy", document))
        lines += (*_comments(_topic_comments(drafts)), terraform_policy(_NAME, drafts.topic.policy), "")
        lines += (terraform_resource("aws_sns_topic_policy", _NAME, arguments), "")
    if drafts.key:
        document = Symbol(f"data.aws_iam_policy_document.{_KEY_NAME}.json")
        arguments = (("key_id", str(drafts.wanted.key)), ("policy", document))
        lines += (*_comments(_key_comments(drafts)), terraform_policy(_KEY_NAME, drafts.key.policy), "")
        lines += (terraform_resource("aws_kms_key_policy", _NAME, arguments), "")
    return lines[:-1]


def _cloudformation(drafts: Drafts) -> list[str]:

    lines: list[str] = []
    if drafts.topic:
        lines += _comments(_topic_comments(drafts))
        lines += topic_policy_template(str(drafts.wanted.topic), drafts.topic.policy)
    if drafts.key:
        where = f"CloudFormation sets a key's policy in the resource that makes the key, {drafts.wanted.key}:"
        lines += [""] * bool(lines) + _comments(_key_comments(drafts)) + [f"# {where}"]
        # beside a template the property is a comment: a resource of its own would make a second key
        mark = "# " if drafts.topic else ""
        lines += [f"{mark}{line}" for line in key_policy_property(drafts.key.policy)]
    return lines


def _cli(drafts: Drafts) -> list[str]:

    lines: list[str] = []
    if drafts.topic:
        lines += _shell_remarks(_topic_comments(drafts))
        lines += [set_topic_policy(drafts.wanted.topic, drafts.topic.policy)]
    if drafts.key and drafts.wanted.key:
        lines += _shell_remarks(_key_comments(drafts))
        lines += [put_key_policy(drafts.wanted.key, drafts.key.policy)]
    return lines


def _shell_remarks(remarks: Iterator[str]) -> Iterator[str]:
    """Write remarks as commands that do nothing: zsh takes no comments where commands are pasted."""
    return (f": {quote(_NEWLINE.join(wrap(f'warning: {remark}', _SHELL_WIDTH)))}" for remark in remarks)


_CONTINUED = " \\\n  "


def set_topic_policy(topic: Arn, policy: Mapping[str, Plain]) -> str:
    """Write the command that sets a topic's policy."""
    options = (
        ("--region", topic.region),
        ("--topic-arn", str(topic)),
        ("--attribute-name", "Policy"),
        ("--attribute-value", json_text(policy)),
    )
    return _command("aws sns set-topic-attributes", options)


def put_key_policy(key: Arn, policy: Mapping[str, Plain]) -> str:
    """Write the command that sets a key's policy, which KMS calls `default`."""
    options = (
        ("--region", key.region),
        ("--key-id", str(key)),
        ("--policy-name", "default"),
        ("--policy", json_text(policy)),
    )
    return _command("aws kms put-key-policy", options)


def _command(name: str, options: Sequence[tuple[str, str]]) -> str:
    return _CONTINUED.join((name, *(f"{option} {quote(value)}" for option, value in options)))


_LOGICAL_ID = "ConnectChatStreamingPolicy"


def topic_policy_template(topic: str, policy: Mapping[str, Plain]) -> list[str]:
    """Write a template with the policy of a topic."""
    properties: dict[str, Plain] = {"Topics": [topic], "PolicyDocument": policy}
    resource: dict[str, Plain] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
    return _lines({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {_LOGICAL_ID: resource}})


def key_policy_property(policy: Mapping[str, Plain]) -> list[str]:
    """Write the property of a key's own resource: no other resource can set the policy of a key."""
    return _lines({"KeyPolicy": policy})


def _lines(value: Plain) -> list[str]:
    node = fresh(value)
    return "".join(YamlBlock().inside(node, "", node.source)).split("\n")


_LINES = Lines("\n", "  ")
_LAYOUT = _LINES.inside("")


def terraform_policy(name: str, policy: Mapping[str, Plain]) -> str:
    """Write the data source of a whole policy. Without Version a policy is of the old one."""
    version = policy.get("Version", OLD_VERSION)
    said = [("version", version)] if version != VERSION else []
    said += [("policy_id", policy["Id"])] if "Id" in policy else []
    parts = [_arguments(said)] if said else []
    parts += (
        statement_text(HclFlow(), fresh(one), _LAYOUT.indent, _LINES) for one in listed(policy["Statement"])
    )
    return "".join(block_text(f'data "aws_iam_policy_document" "{name}"', parts, _LAYOUT))


def terraform_resource(kind: str, name: str, arguments: Sequence[tuple[str, Plain]]) -> str:
    """Write a resource without blocks inside."""
    return "".join(block_text(f'resource "{kind}" "{name}"', [_arguments(arguments)], _LAYOUT))


def _arguments(pairs: Sequence[tuple[str, Plain]]) -> list[str]:
    written = ((key, HclFlow().node(fresh(value), _LAYOUT.deeper(), None)) for key, value in pairs)
    return lines_text(written, _LAYOUT)
