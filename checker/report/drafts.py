"""Generated policies of a topic and its key in the requested language, with remarks."""

from __future__ import annotations

from enum import StrEnum
from shlex import quote
from textwrap import wrap
from typing import TYPE_CHECKING

from checker.analysis.documented import KeyCondition
from checker.analysis.wording import not_listed, where_connect_is
from checker.core.finding import Reference
from checker.core.record import NamedTuple
from checker.core.regions import CONNECT_REGIONS
from checker.fix.text.hcl_blocks import Lines, block_text, lines_text, statement_text
from checker.fix.text.hcl_writer import HclWriter
from checker.fix.text.yaml_writer import YamlBlockWriter
from checker.inputs.policy_references import referring
from checker.policy.change import fresh
from checker.policy.text_json import json_text, listed
from checker.policy.vocabulary import KEY, OLD_VERSION, TOPIC, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.core.arn import Arn
    from checker.inputs.drafts import Draft, Wanted
    from checker.policy.text_json import Plain


_NAME, _KEY_NAME = "connect_chat_streaming", "connect_chat_streaming_key"
_WIDTH = 108
_SHELL_WIDTH = 76
_NEWLINE = "\n"
_INDENT = "  "


class Language(StrEnum):
    """Output language of a policy."""

    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    CLI = "cli"


class Drafts(NamedTuple):
    """The requested policies. ``condition`` limits the grant of the key.

    ``names`` are the references to write for example values. They belong to the account of the deployment.
    ``is_circular`` is true if the key policy cannot name the topic, because the topic refers to the key.
    ``of_replica`` is true for the policies of a topic that the replica of an instance streams to in its Region.
    """

    wanted: Wanted
    topic: Draft | None
    key: Draft | None = None
    condition: KeyCondition | None = None
    names: Mapping[str, Reference] = {}
    is_circular: bool = False
    of_replica: bool = False

    @property
    def region(self) -> str:
        """The Region of the topic."""
        return self.wanted.topic.region

    def resource_name(self, name: str) -> str:
        """Return the name of a Terraform resource, with the Region if it is for a replica."""
        return f"{name}_{self.region.replace('-', '_')}" if self.of_replica else name

    def written(self, value: Plain) -> Plain:
        """Return a value with references."""
        return referring(value, self.names)

    def policy(self, draft: Draft) -> Mapping[str, Plain]:
        """Return a policy with references."""
        return {key: self.written(value) for key, value in draft.policy.items()}


def drafts_text(drafts: Drafts, language: Language) -> list[str]:
    """Write the policies, with remarks as comments if the language has comments."""
    parts = {
        Language.JSON: _json,
        Language.TERRAFORM: _terraform,
        Language.CLOUDFORMATION: _cloudformation,
        Language.CLI: _cli,
    }[language](drafts)
    return [line for part in parts for line in part.split("\n")]


def drafts_of_regions(drafts: Sequence[Drafts], language: Language) -> list[str]:
    """Write the policies of several Regions: as JSON by Region, else one after the other."""
    if len(drafts) == 1:
        return drafts_text(drafts[0], language)
    if language is Language.JSON:
        by_region: dict[str, Plain] = {one.region: _json_value(one) for one in drafts}
        return json_text(by_region, _INDENT).split("\n")
    between = {
        Language.TERRAFORM: "\n# In {region}. Declare the provider alias `aws.{alias}` for this Region.",
        Language.CLOUDFORMATION: "---\n# A template of its own, to deploy in {region}.",
    }.get(language, "")
    lines: list[str] = []
    for one in drafts:
        header = between.format(region=one.region, alias=_alias(one)).split("\n") if between else []
        lines += (*(header if lines else []), *drafts_text(one, language))
    return lines


def _alias(drafts: Drafts) -> str:
    return drafts.region.replace("-", "_")


def _provider(drafts: Drafts) -> tuple[tuple[str, Plain], ...]:
    """Return the provider of a resource in the Region of a replica."""
    return (("provider", Reference(f"aws.{_alias(drafts)}")),) if drafts.of_replica else ()


def topic_remarks(drafts: Drafts) -> Iterator[str]:
    """Yield the remarks to read before the topic policy is set."""
    region = drafts.wanted.topic.region
    if region not in CONNECT_REGIONS:
        yield f"{not_listed(region)}: {where_connect_is(region)}"
    if drafts.topic is not None and not drafts.topic.merged:
        keep = "Add" if drafts.names else "`--merge FILE` keeps"
        yield (
            "This policy replaces the current policy of the topic. "
            f"{keep} the statements that other publishers need."
        )


def key_remarks(drafts: Drafts) -> Iterator[str]:
    """Yield the remarks to read before the key policy is set."""
    if drafts.key is None:
        return
    if not drafts.key.merged:
        keep = "Add" if drafts.names else "`--merge-key FILE` keeps"
        yield (
            "This policy replaces the current policy of the key. "
            f"{keep} the statements that other principals need."
        )
    if drafts.condition is KeyCondition.INSTANCE:
        yield (
            "Unverified: AWS does not document that Connect passes aws:SourceAccount and aws:SourceArn to KMS. "
            "Check that a test message arrives before you rely on this condition. `--kms-condition topic` limits "
            "the grant with the encryption context that SNS sets."
        )
    elif drafts.condition is None and _reaches_others(drafts.key):
        options = (
            "`--topic-arn ARN --kms-condition topic`" if drafts.is_circular else "`--kms-condition topic`"
        )
        yield (
            "AWS documents this grant. It allows Connect to use the key on behalf of any AWS customer. "
            f"{options} limits it to messages to this topic."
        )


def _topic_comments(drafts: Drafts) -> Iterator[str]:
    """Yield the remarks and the warnings about merged statements, for languages with comments."""
    yield from topic_remarks(drafts)
    yield from _warnings(drafts.topic)


def _key_comments(drafts: Drafts) -> Iterator[str]:
    yield from key_remarks(drafts)
    yield from _warnings(drafts.key)


def _warnings(draft: Draft | None) -> Iterator[str]:
    return (f"Still in the merged policy: {warning}." for warning in (draft.warnings if draft else ()))


def _reaches_others(draft: Draft) -> bool:
    """Return whether a statement for Connect was added; the caller knows that it has no condition."""
    return draft.added > 0


def _comments(remarks: Iterator[str]) -> list[str]:
    return [f"# {line}" for remark in remarks for line in wrap(remark, _WIDTH)]


def _json_value(drafts: Drafts) -> Plain:
    if drafts.topic and drafts.key:
        return {"topic_policy": drafts.topic.policy, "key_policy": drafts.key.policy}
    draft = drafts.topic or drafts.key
    return draft.policy if draft else {}


def _json(drafts: Drafts) -> list[str]:
    if drafts.topic and drafts.key:
        return [json_text(_json_value(drafts), _INDENT)]
    draft, dialect = (drafts.topic, TOPIC) if drafts.topic else (drafts.key, KEY)
    return [json_policy(draft.policy, dialect.max_bytes)] if draft else []


def json_policy(policy: Mapping[str, Plain], limit: int) -> str:
    """Write an indented policy, or a compact one if the indentation would exceed the limit."""
    readable = json_text(policy, _INDENT)
    return readable if len(readable) <= limit else json_text(policy)


def _terraform(drafts: Drafts) -> list[str]:
    lines: list[str] = []
    if drafts.topic:
        name = drafts.resource_name(_NAME)
        document = Reference(f"data.aws_iam_policy_document.{name}.json")
        topic = drafts.written(str(drafts.wanted.topic))
        arguments = (*_provider(drafts), ("arn", topic), ("policy", document))
        policy = terraform_policy(name, drafts.policy(drafts.topic))
        lines += (*_comments(_topic_comments(drafts)), policy, "")
        lines += (terraform_resource("aws_sns_topic_policy", name, arguments), "")
    if drafts.key:
        name = drafts.resource_name(_KEY_NAME)
        document = Reference(f"data.aws_iam_policy_document.{name}.json")
        key = drafts.written(str(drafts.wanted.key))
        arguments = (*_provider(drafts), ("key_id", key), ("policy", document))
        policy = terraform_policy(name, drafts.policy(drafts.key))
        lines += (*_comments(_key_comments(drafts)), policy, "")
        lines += (terraform_resource("aws_kms_key_policy", drafts.resource_name(_NAME), arguments), "")
    if any("data.aws_caller_identity.current" in line for line in lines):
        lines = [*_comments(iter([_CALLER_REMARK])), f"{_CALLER} {{}}", "", *lines]
    return lines[:-1]


_CALLER = 'data "aws_caller_identity" "current"'
_CALLER_REMARK = "Remove this data source if the module already declares it."


def _cloudformation(drafts: Drafts) -> list[str]:
    lines: list[str] = []
    if drafts.topic:
        lines += _comments(_topic_comments(drafts))
        topic = drafts.written(str(drafts.wanted.topic))
        lines += topic_policy_template(topic, drafts.policy(drafts.topic))
    if drafts.key:
        key = drafts.written(str(drafts.wanted.key))
        name = key.text.removeprefix("#") if isinstance(key, Reference) else key
        where = f"CloudFormation sets a key policy in the resource of the key itself, {name}:"
        lines += [""] * bool(lines) + _comments(_key_comments(drafts)) + [f"# {where}"]
        # Next to a template, the property is a comment: a separate resource would create a second key.
        mark = "# " if drafts.topic else ""
        lines += [f"{mark}{line}" for line in key_policy_property(drafts.policy(drafts.key))]
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
    """Write remarks as no-op commands, because interactive zsh does not accept comments."""
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
    """Write the command that sets a key's policy. Its name in KMS is always `default`."""
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


def topic_policy_template(topic: Plain, policy: Mapping[str, Plain]) -> list[str]:
    """Write a template with the policy of a topic."""
    properties: dict[str, Plain] = {"Topics": [topic], "PolicyDocument": policy}
    resource: dict[str, Plain] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
    return _lines({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {_LOGICAL_ID: resource}})


def key_policy_property(policy: Mapping[str, Plain]) -> list[str]:
    """Write the `KeyPolicy` property, which only the resource of the key itself can have."""
    return _lines({"KeyPolicy": policy})


def _lines(value: Plain) -> list[str]:
    node = fresh(value)
    return "".join(YamlBlockWriter().nested(node, "", node.source)).split("\n")


_LINES = Lines("\n", "  ")
_LAYOUT = _LINES.inside("")


def terraform_policy(name: str, policy: Mapping[str, Plain]) -> str:
    """Write a policy as a data source. A policy without `Version` has the old version."""
    version = policy.get("Version", OLD_VERSION)
    arguments = [("version", version)] if version != VERSION else []
    arguments += [("policy_id", policy["Id"])] if "Id" in policy else []
    parts = [_arguments(arguments)] if arguments else []
    parts += (
        statement_text(HclWriter(), fresh(statement), _LAYOUT.indent, _LINES)
        for statement in listed(policy["Statement"])
    )
    return "".join(block_text(f'data "aws_iam_policy_document" "{name}"', parts, _LAYOUT))


def terraform_resource(kind: str, name: str, arguments: Sequence[tuple[str, Plain]]) -> str:
    """Write a resource without nested blocks."""
    return "".join(block_text(f'resource "{kind}" "{name}"', [_arguments(arguments)], _LAYOUT))


def _arguments(pairs: Sequence[tuple[str, Plain]]) -> list[str]:
    written = ((key, HclWriter().node(fresh(value), _LAYOUT.deeper(), None)) for key, value in pairs)
    return lines_text(written, _LAYOUT)
