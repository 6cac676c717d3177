"""`checker policy`: minimal policies that let Connect stream chat messages to a topic and use its key."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.analysis.inventory import Instance, Inventory, Key, Place, Setting, Topic, TopicSettings
from checker.app.exit_codes import Ending
from checker.app.terminal import tell, write
from checker.cli.options import KmsConditionOption, OutputOption
from checker.core.errors import InputError
from checker.core.finding import Severity, Verdict
from checker.inputs.drafts import draft_key_policy, draft_topic_policy, read_wanted
from checker.report.drafts import Drafts, Language, drafts_text, key_remarks, topic_remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from checker.core.finding import Finding
    from checker.inputs.drafts import Draft, Wanted

    Judge = Callable[[Inventory], Iterable[Finding]]


def with_warnings(draft: Draft, wanted: Wanted, judge: Judge) -> Draft:
    """Add a warning for each error and warning that the rules find in a merged policy."""
    if not draft.merged:
        return draft
    findings = (one for one in judge(_inventory(draft, wanted)) if _counts(one, draft))
    return draft._replace(warnings=tuple(dict.fromkeys(_remaining_text(findings))))


def _inventory(draft: Draft, wanted: Wanted) -> Inventory:
    place = Place(draft.text.document, ())
    instances = tuple(map(Instance, wanted.instances))
    if wanted.key is not None and draft.text.dialect.service == "kms":
        key = Key(wanted.key, place, draft.text, "Enabled", "CUSTOMER", named=True)
        return Inventory(keys=(key,), instances=instances)
    topic = Topic(wanted.topic, draft.text, TopicSettings(Setting(False)), place, named=True)
    return Inventory((topic,), instances=instances)


def _counts(finding: Finding, draft: Draft) -> bool:
    """True for a finding about the policy itself, not about the topic or the key."""
    grave = finding.verdict is Verdict.FAIL and finding.severity is not Severity.NOTE
    return grave and finding.locations[0].document is draft.text.document


def _remaining_text(findings: Iterable[Finding]) -> Iterator[str]:
    return (f"{finding.message} [{finding.rule}]" for finding in findings)


class Which(StrEnum):
    """Values of --only."""

    TOPIC = "topic"
    KEY = "key"


def policy(
    instances: Annotated[
        list[str],
        typer.Option(
            "--instance-arn", metavar="ARN", help="Connect instance that streams to the topic; repeatable."
        ),
    ],
    topic: Annotated[
        str, typer.Option("--topic-arn", metavar="ARN", help="Topic that the instances stream to.")
    ],
    key: Annotated[
        str | None,
        typer.Option("--key-arn", metavar="ARN", help="Key that encrypts the topic; also print its policy."),
    ] = None,
    condition: KmsConditionOption = None,
    merge: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Add the statements to the topic policy in this file; `-` is standard input.",
        ),
    ] = None,
    merge_key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add the statements to the key policy in this file."),
    ] = None,
    only: Annotated[Which | None, typer.Option(help="Print only this policy.")] = None,
    language: Annotated[Language, typer.Option("--format", help="Format of the policies.")] = Language.JSON,
    output: OutputOption = None,
) -> Ending:
    """Print minimal policies for a topic and its key.

    Connect can publish for the named instances only. With --merge, the statements of an existing policy are kept,
    and a warning names what they still allow.

    Exit codes: 0 printed, 1 printed, but merged statements allow too much, 2 refused, with the reason that AWS
    documents, 4 internal error.
    """
    _fitting(key, only, {"--merge-key": merge_key, "--kms-condition": condition})
    wanted = read_wanted(topic, instances, key)
    drafts = Drafts(
        wanted,
        None if only is Which.KEY else _warned(draft_topic_policy(wanted, merge), wanted),
        None
        if only is Which.TOPIC or wanted.key is None
        else _warned(draft_key_policy(wanted, wanted.key, merge_key, condition=condition), wanted),
        condition,
    )
    write(drafts_text(drafts, language), output)
    tell(*_said(drafts, language))
    warned = any(draft.warnings for draft in (drafts.topic, drafts.key) if draft is not None)
    return Ending(findings=warned)


def _warned(draft: Draft, wanted: Wanted) -> Draft:
    """Add warnings about the merged statements to a draft."""
    if not draft.merged:
        return draft
    from checker.lint.engine import Scope, judge  # only where there is something to judge
    from checker.lint.registry import all_rules

    rules = all_rules()
    return with_warnings(draft, wanted, lambda found: judge(found, rules, Scope(all_topics=True)).findings)


def _fitting(key: str | None, only: Which | None, of_key: dict[str, object]) -> None:
    """Refuse key options without --key-arn."""
    named = [name for name, value in of_key.items() if value is not None]
    named += ["--only key"] if only is Which.KEY else []
    if key is None and named:
        raise InputError(named[0], "requires --key-arn", help_text="add `--key-arn ARN`")


def _said(drafts: Drafts, language: Language) -> Iterator[str]:
    """Describe the merge, and print the remarks that JSON, unlike the other formats, cannot have as comments."""
    for draft in (drafts.topic, drafts.key):
        if draft is not None and draft.merged:
            yield f"{draft.merged}: {_added(draft)}"
            yield from (f"note: {remark}" for remark in draft.remarks)
            yield from (f"warning: still in the merged policy: {warning}" for warning in draft.warnings)
            if draft.warnings:
                yield f"  = help: `checker check {draft.merged}` shows them, `checker fix` narrows them"
    if language is Language.JSON:
        yield from (f"note: {remark}" for remark in (*topic_remarks(drafts), *key_remarks(drafts)))


def _added(draft: Draft) -> str:
    if not draft.added:
        return "nothing to add: Connect may publish for these instances already"
    return f"{draft.added} statement{'s' * (draft.added > 1)} added"
