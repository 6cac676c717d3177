"""`checker policy`: the least that a topic's and a key's policy must say for Connect to stream chat messages."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.exit_codes import Exit
from checker.cli.options import OutputOption
from checker.cli.terminal import tell, write
from checker.inputs.drafting import draft_key_policy, draft_topic_policy
from checker.inputs.text import InputError
from checker.inputs.wanted import read_wanted
from checker.report.drafts import WITHOUT_COMMENTS, Drafts, Language, drafts_text, key_remarks, topic_remarks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.drafting import Draft


class Which(StrEnum):
    """One of the two policies."""

    TOPIC = "topic"
    KEY = "key"


def policy(
    instances: Annotated[
        list[str],
        typer.Option("--instance-arn", metavar="ARN", help="A Connect instance that streams; repeatable."),
    ],
    topic: Annotated[str, typer.Option("--topic-arn", metavar="ARN", help="The topic that it streams to.")],
    key: Annotated[
        str | None,
        typer.Option("--key-arn", metavar="ARN", help="The key that the topic is encrypted with, if it is."),
    ] = None,
    condition: Annotated[
        bool,
        typer.Option(
            "--kms-condition",
            help="Let Connect use the key for these instances alone, which AWS does not document to work.",
        ),
    ] = False,
    merge: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep the policy of this file, of `aws sns get-topic-attributes` or a policy alone, and add "
            "what it lacks; `-` is standard input.",
        ),
    ] = None,
    merge_key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The same for the key, of `aws kms get-key-policy`."),
    ] = None,
    only: Annotated[Which | None, typer.Option(help="Print one of the two policies.")] = None,
    language: Annotated[
        Language, typer.Option("--format", help="What to write the policies in.")
    ] = Language.JSON,
    output: OutputOption = None,
) -> int:
    """Print the least that a topic policy, and with --key-arn a key policy, must say for Connect to stream.

    Connect may publish for these instances, and for no others. With a key, JSON has both policies side by
    side; --only prints one, ready to be pasted. Exit codes: 0 printed, 2 refused, with the reason that
    AWS documents, 4 internal error.
    """
    _fitting(key, only, {"--merge-key": merge_key, "--kms-condition": condition or None})
    wanted = read_wanted(topic, instances, key)
    drafts = Drafts(
        wanted,
        None if only is Which.KEY else draft_topic_policy(wanted, merge),
        None
        if only is Which.TOPIC or wanted.key is None
        else draft_key_policy(wanted, wanted.key, merge_key, condition=condition),
        condition,
    )
    write(drafts_text(drafts, language), output)
    tell(*_said(drafts, language))
    return Exit.CLEAN


def _fitting(key: str | None, only: Which | None, of_key: dict[str, object]) -> None:
    """Refuse options about a key without a key."""
    named = [name for name, value in of_key.items() if value is not None]
    named += ["--only key"] if only is Which.KEY else []
    if key is None and named:
        raise InputError(named[0], "says something of a key that is not named", help_text="give --key-arn")


def _said(drafts: Drafts, language: Language) -> Iterator[str]:
    """Say what was merged, and what other languages say in comments."""
    for draft in (drafts.topic, drafts.key):
        if draft is not None and draft.merged:
            yield f"{draft.merged}: {_added(draft)}"
            yield from (f"note: {remark}" for remark in draft.remarks)
    if language in WITHOUT_COMMENTS:
        yield from (f"note: {remark}" for remark in (*topic_remarks(drafts), *key_remarks(drafts)))


def _added(draft: Draft) -> str:
    if not draft.added:
        return "nothing to add, Connect is let in for these instances"
    return f"{draft.added} statement{'s' * (draft.added > 1)} added"
