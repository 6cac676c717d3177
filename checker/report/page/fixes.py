"""Fixes of a finding: a proven one as a diff and as commands, any other with the reason that there is no safe fix."""

from __future__ import annotations

import difflib
import posixpath
from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn, topic_arn
from checker.core.finding import Applicability, Part, Reference, Verdict
from checker.core.record import NamedTuple
from checker.core.shell import path_argument, shell_word
from checker.core.terminal_text import inert, inert_patch_line
from checker.fix.appraisal import PROVEN
from checker.fix.text.edits import CannotEditError
from checker.policy.source import Source
from checker.policy.text_json import json_text, parse_json, plain
from checker.report.brief import applicability_label, one_line
from checker.report.context import is_file
from checker.report.drafts import (
    key_policy_property,
    put_key_policy,
    set_topic_policy,
    terraform_policy,
    terraform_resource,
    topic_policy_template,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.core.finding import Edit, Finding, Fix, Text
    from checker.policy.text_json import Plain
    from checker.report.context import Setting


def fixes_json(finding: Finding, setting: Setting) -> list[dict[str, Any]]:
    """Convert the fixes of a finding to JSON values of inert texts.

    ``trust`` is `proven`, `open`, `hand` or `unsafe`. Only a proven fix has a ``diff`` or ``dialects``.
    """
    return [_fix(fix, finding, setting) for fix in finding.fixes]


def _fix(fix: Fix, finding: Finding, setting: Setting) -> dict[str, Any]:
    value: dict[str, Any] = {"title": one_line(fix.title), **_trust(fix, finding)}
    if fix.plan:
        value["plan"] = [one_line(step) for step in fix.plan]
    if fix.applicability not in PROVEN:
        return value
    lines = diff(fix.edits, setting) if fix.edits else policy_diff(finding.resource, fix)
    if lines:
        value["diff"] = "\n".join(lines)
    value["remark"] = _OMITTED if fix.policy else _REFERENCES
    return value


def with_dialects(value: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """Add the dialects to the JSON values of a finding's proven fixes."""
    pairs = zip(value["fixes"], finding.fixes, strict=True)
    return value | {"fixes": [_with_dialects(shown, fix, finding.resource) for shown, fix in pairs]}


def _with_dialects(shown: dict[str, Any], fix: Fix, resource: str) -> dict[str, Any]:
    dialects = _dialects(fix, resource) if fix.applicability in PROVEN and fix.policy else []
    return shown | {"dialects": dialects, "remark": _REPLACES} if dialects else shown


_REPLACES = "The commands replace the whole policy, so check first that it is still the one that was read."
_REFERENCES = (
    "The policy has references, so there are no commands for AWS: apply the diff, and deploy the file."
)
_OMITTED = "This page cannot show the whole policy. The command below plans the fix."


def _trust(fix: Fix, finding: Finding) -> dict[str, str]:
    """Say how far a fix can be trusted. Only a proven fix is safe."""
    if fix.applicability in PROVEN:
        return {"trust": "proven", "label": f"Fix ({applicability_label(fix.applicability)})"}
    if fix.needs:
        return {"trust": "open", "label": f"No safe fix without `{fix.needs[0]}`"}
    if fix.applicability is Applicability.DISPLAY:
        return {"trust": "hand", "label": "No safe fix: by hand"}
    if not fix.edits and not is_file(finding.locations[0].source):
        return {
            "trust": "open",
            "label": "Not proven yet: the command below proves it before it changes anything",
        }
    return {"trust": "unsafe", "label": "No safe fix: this one may grant or remove other access"}


def diff(edits: Sequence[Edit], setting: Setting) -> list[str]:
    """Write edits as a unified diff without context; empty if reports must not quote one of the files."""
    by_file: dict[str, list[tuple[Text, Edit]]] = {}
    for edit in edits:
        source = _text(edit)
        if source is None:
            return []
        by_file.setdefault(source.name, []).append((source, edit))
    return [line for name, pairs in by_file.items() for line in _file_diff(setting.relative(name), pairs)]


def policy_diff(name: str, fix: Fix) -> list[str]:
    """Write the change of a policy in AWS as a unified diff of indented JSON; empty if it is not fully known."""
    if not fix.before or not fix.policy:
        return []
    old, new = (_indented(name, text) for text in (fix.before, fix.policy))
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", n=2, lineterm="")
    return [inert_patch_line(line) for line in lines]


def _indented(name: str, policy: str) -> list[str]:
    return json_text(plain(parse_json(Source(name, policy))), "  ").split("\n")


def _text(edit: Edit) -> Text | None:
    """Return the file of an edit; ``None`` if its text is not known or must not be quoted."""
    document = edit.document
    if isinstance(document, Source):
        return document if document.quotable else None
    find = getattr(document, "text_of", None)
    return find((), Part.VALUE) if find is not None else None


def _file_diff(name: str, pairs: Sequence[tuple[Text, Edit]]) -> Iterator[str]:
    source = pairs[0][0]
    yield from (inert_patch_line(f"--- a/{name}"), inert_patch_line(f"+++ b/{name}"))
    shift = 0
    for group in _groups([edit for _, edit in pairs]):
        old, new = _lines(source, group)
        start = group[0].position.line
        yield f"@@ -{start},{len(old)} +{start + shift},{len(new)} @@"
        shift += len(new) - len(old)
        changes = (line for line in difflib.ndiff(old, new) if not line.startswith("?"))
        yield from (inert_patch_line(line[0] + line[2:]) for line in changes)


def _groups(edits: Iterable[Edit]) -> list[list[Edit]]:
    """Group edits that change the same line."""
    groups: list[list[Edit]] = []
    for edit in sorted(edits, key=lambda edit: edit.position):
        if groups and edit.position.line <= groups[-1][-1].position.end_line:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _lines(source: Text, edits: Sequence[Edit]) -> tuple[list[str], list[str]]:
    """Return the lines that edits change, before and after."""
    first, last = edits[0].position.line, edits[-1].position.end_line
    old = [source.line(number) for number in range(first, last + 1)]
    parts, line, column = [], first, 1
    for edit in edits:
        at = edit.position
        parts += [_between(old, first, (line, column), (at.line, at.column)), edit.text]
        line, column = at.end_line, at.end_column
    parts.append(_between(old, first, (line, column), (last, len(old[-1]) + 1)))
    return old, "".join(parts).split("\n")


def _between(lines: Sequence[str], first: int, start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text between two places; the lines begin with number ``first``."""
    part = list(lines[start[0] - first : end[0] - first + 1])
    part[-1] = part[-1][: end[1] - 1]
    part[0] = part[0][start[1] - 1 :]
    return "\n".join(part)


class _Dialect(NamedTuple):
    name: str
    code: str
    steps: tuple[str, ...] = ()


def _dialects(fix: Fix, resource: str) -> list[dict[str, Any]]:
    """Return the policy with a fix in each dialect, if it is fully known and the resource has an ARN.

    A text that a page cannot show as it is would be a wrong command, so it is left out.
    """
    arn = Arn.parse(resource)
    if not fix.policy or arn is None:
        return []
    policy = plain(parse_json(Source(resource, fix.policy)))
    if not isinstance(policy, dict):
        return []
    try:
        dialects = list(_of_topic(arn, policy) if topic_arn(resource) else _of_key(arn, policy))
    except CannotEditError:
        return []
    return [
        {"name": one.name, "code": one.code, "steps": list(one.steps)}
        for one in dialects
        if all(inert(line) == line for line in one.code.split("\n"))
    ]


_NAME = "connect_chat_streaming"


def _of_topic(topic: Arn, policy: Mapping[str, Plain]) -> Iterator[_Dialect]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html describes the console."""
    resource = terraform_resource("aws_sns_topic_policy", _NAME, _terraform_arguments("arn", topic))
    steps = (
        f"Open the Amazon SNS console in {one_line(topic.region)}, account {one_line(topic.account)}.",
        f"Choose Topics, then {one_line(topic.resource)}, then Edit.",
        "Expand Access policy, and choose Advanced.",
    )
    template = topic_policy_template(str(topic), policy)
    return _in_dialects(policy, set_topic_policy(topic, policy), resource, template, steps)


def _of_key(key: Arn, policy: Mapping[str, Plain]) -> Iterator[_Dialect]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying.html describes the console."""
    resource = terraform_resource("aws_kms_key_policy", _NAME, _terraform_arguments("key_id", key))
    steps = (
        f"Open the AWS KMS console in {one_line(key.region)}, account {one_line(key.account)}.",
        f"Choose Customer managed keys, then {one_line(key.resource.removeprefix('key/'))}.",
        "On the Key policy tab, choose Switch to policy view, then Edit.",
    )
    return _in_dialects(policy, put_key_policy(key, policy), resource, key_policy_property(policy), steps)


def _in_dialects(
    policy: Mapping[str, Plain], command: str, resource: str, template: Iterable[str], steps: tuple[str, ...]
) -> Iterator[_Dialect]:
    yield _Dialect("AWS CLI", command)
    yield _Dialect("Terraform", f"{terraform_policy(_NAME, policy)}\n\n{resource}")
    yield _Dialect("CloudFormation", "\n".join(template))
    replaced = "Replace the JSON with this policy, and choose Save changes."
    yield _Dialect("Console", json_text(policy, "  "), (*steps, replaced))


def _terraform_arguments(argument: str, arn: Arn) -> tuple[tuple[str, Plain], ...]:
    document = Reference(f"data.aws_iam_policy_document.{_NAME}.json")
    return ((argument, str(arn)), ("policy", document))


class Command(NamedTuple):
    """The words of a command, as a shell takes them, and its purpose."""

    purpose: str
    words: tuple[str, ...]


def commands(finding: Finding, instances: Mapping[str, str], setting: Setting) -> Iterator[Command]:
    """Yield the commands about a finding; ``instances`` are those of the topics."""
    yield from (
        one._replace(words=tuple(map(shell_word, one.words)))
        for one in _commands(finding, instances, setting)
    )


def _commands(finding: Finding, instances: Mapping[str, str], setting: Setting) -> Iterator[Command]:
    source = finding.locations[0].source
    topic = next((name for name in (finding.resource, *finding.affects) if topic_arn(name)), "")
    is_failure = finding.verdict is Verdict.FAIL
    if is_failure and is_file(source):
        needs = next((fix.needs for fix in finding.fixes if fix.needs), ())
        if needs or any(fix.applicability in PROVEN for fix in finding.fixes):
            folder = posixpath.dirname(setting.relative(source)) or "."
            yield Command("Plan the fix", ("checker", "fix", path_argument(folder), *needs))
    elif topic and not is_file(source):
        named = ("--instance-arn", instances.get(topic, "INSTANCE_ARN"))
        yield Command("Explain the topic", ("checker", "explain", topic, *named))
        if is_failure:
            yield Command("Plan the fix", ("checker", "fix", "--topic-arn", topic, *named))
    yield Command("Read about the rule", ("checker", "rules", finding.rule))
