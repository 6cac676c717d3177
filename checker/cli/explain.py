"""`checker explain`: walk the chain from one instance to one topic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.arn import Arn
from checker.chain import BROKEN, UNKNOWN, explain
from checker.cli.options import Format, FormatOption, OutputOption, StrictOption
from checker.cli.run import known_rules
from checker.cli.terminal import Exit, paint_for, write
from checker.inputs.roles import instance_option, load_key, load_key_policy, load_topic
from checker.inputs.text import InputError
from checker.report.explanation import explanation_json, explanation_text
from checker.report.paint import Paint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.chain import Explanation
    from checker.inventory import Key, Topic


def explain_command(
    topic: Annotated[
        str,
        typer.Argument(metavar="TOPIC", help="Output of `aws sns get-topic-attributes`, or a topic policy."),
    ],
    instance: Annotated[str, typer.Option("--instance-arn", metavar="ARN", help="The Connect instance.")],
    key_policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Output of `aws kms get-key-policy`, or a key policy.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Output of `aws kms describe-key`.")
    ] = None,
    output_format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    strict: StrictOption = False,
) -> int:
    """Say whether a Connect instance can publish to a topic, who else can, and which link is broken first.

    Exit codes: 0 the chain is whole and closed, 1 a link is broken or somebody else gets in, 2 unreadable
    input, 3 something is not known (with --strict), 4 internal error.
    """
    arn = instance_option(instance)
    explanation = explain(_topic(topic), _key(key, key_policy), arn, known_rules())
    paint = Paint() if output else paint_for(sys.stdout)
    write(_lines(explanation, output_format, paint), output)
    return _exit_code(explanation, strict=strict)


def _lines(explanation: Explanation, output_format: Format, paint: Paint) -> Iterable[str]:
    if output_format is Format.TEXT:
        return explanation_text(explanation, paint)
    import json

    return [json.dumps(explanation_json(explanation), indent=2)]


def _topic(text: str) -> Topic:
    if Arn.parse(text) is not None:
        help_text = f"give the output of `aws sns get-topic-attributes --topic-arn {text}`"
        raise InputError(text, "topics are read from files", help_text=help_text)
    return load_topic(Path(text))


def _key(described: Path | None, policy: Path | None) -> Key | None:
    """Join the description and the policy of the key, of which either may be missing."""
    if described is None:
        return load_key_policy(policy) if policy else None
    key = load_key(described)
    return key._replace(policy=load_key_policy(policy).policy) if policy else key


def _exit_code(explanation: Explanation, *, strict: bool) -> Exit:
    statuses = [one.status for one in explanation.links]
    wrong = (
        explanation.can_publish.truth is False,
        explanation.deputy.truth is True,
        explanation.public.truth is True,
    )
    if any(wrong) or BROKEN in statuses:
        return Exit.FINDINGS
    return Exit.INCOMPLETE if strict and UNKNOWN in statuses else Exit.CLEAN
