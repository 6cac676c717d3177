"""Reads the options that commands share."""

from __future__ import annotations

import os
from math import isfinite
from typing import TYPE_CHECKING

from checker.app.run import Options, known_rules
from checker.app.terminal import progress_bar
from checker.configuration.load import check_name
from checker.configuration.model import Choice
from checker.configuration.selection import ALL
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.finding import Severity
from checker.inputs.arn_options import check_bare
from checker.inputs.collect import Given
from checker.inputs.similar_path import similar_path
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from checker.live.aws.access import Access


def read_options(
    *,
    paths: Sequence[Path] | None = None,
    instance: Sequence[str] | None = None,
    topic: Sequence[str] | None = None,
    topic_tag: Sequence[str] | None = None,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    severity: Sequence[str] | None = None,
    fail_on: str | None = None,
    strict: bool | None = None,
    all_topics: bool | None = None,
    changed: bool = False,
    baseline: Path | None = None,
    config: Path | None = None,
    isolated: bool = False,
    rcp: Sequence[Path] | None = None,
    given: Given = Given(),  # noqa: B008 - frozen
    verbose: bool = False,
    expect: Path | None = None,
    evidence: Sequence[Path] | None = None,
) -> Options:
    """Read the options of a check, by their names on the command line. Raises InputError."""
    return Options(
        tuple(paths or ()),
        tuple(instance or ()),
        tuple(topic or ()),
        tuple(topic_tag or ()),
        _read_choice(select, ignore, severity),
        fail_on=Severity(fail_on) if fail_on else None,
        strict=strict,
        all_topics=all_topics,
        changed=changed,
        baseline=baseline,
        configuration=config,
        isolated=isolated,
        rcp=tuple(rcp or ()),
        given=given,
        verbose=verbose,
        expect=expect,
        evidence=tuple(evidence or ()),
    )


def read_access(profile: str, endpoint: str, role_arn: str, role_name: str, external_id: str) -> Access:
    """Read the options for access to AWS. Raises InputError for options that contradict each other."""
    check_bare("--role-arn", role_arn)
    role = Arn.parse(role_arn)
    if role_arn and (role is None or role.service != "iam" or not role.resource.startswith("role/")):
        help_text = "write `arn:aws:iam::ACCOUNT:role/NAME`, or use --role-name"
        raise InputError("--role-arn", f"`{role_arn}` is not the ARN of a role", help_text=help_text)
    if role_arn and role_name:
        raise InputError("--role-name", "contradicts --role-arn", help_text="remove one of them")
    if external_id and not (role_arn or role_name):
        raise InputError("--external-id", "requires --role-arn or --role-name")
    from checker.live.aws.access import Access  # only for commands that call AWS

    return Access(profile, endpoint, role_name, external_id, role_arn=role_arn)


def read_given(
    variables: Sequence[str] | None,
    parameters: Sequence[str] | None,
    source: Path | None = None,
    *,
    allow_outside: bool = False,
) -> Given:
    """Parse the options with template values. Raises InputError for an option without a value."""
    if source is not None and not os.path.isdir(source):  # noqa: PTH112 - it never raises
        help_text = similar_path(str(source)) or "name the folder of the .tf files"
        raise InputError("--source", f"`{source}` is not a folder", help_text=help_text)
    return Given(
        _pairs("--var", variables),
        _pairs("--parameter", parameters),
        source,
        progress=progress_bar(),
        allow_outside=allow_outside,
    )


def _pairs(option: str, texts: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    for text in texts or ():
        if "=" not in text or text.startswith("="):
            raise InputError(option, f"`{text}` has no value", help_text="write `NAME=VALUE`")
    split_up = (text.partition("=") for text in texts or ())
    return tuple((name, value) for name, _, value in split_up)


def _read_choice(
    select: Sequence[str] | None, ignore: Sequence[str] | None, severity: Sequence[str] | None
) -> Choice:
    """Parse the options that select rules. Raises InputError for an unknown rule or severity."""
    levels = dict(_level(text) for text in split(severity))
    choice = Choice(split(select) if select else None, split(ignore), levels)
    named = (("--select", choice.select or ()), ("--ignore", choice.ignore), ("--severity", tuple(levels)))
    if any(names for _, names in named):
        known = {ALL, *(name for rule in known_rules() for name in (rule.id, rule.family))}
        for option, names in named:
            for name in names:
                check_name(name, known, option)
    return choice


def _level(text: str) -> tuple[str, Severity]:
    rule, _, level = text.partition("=")
    try:
        return rule, Severity(level)
    except ValueError:
        close = did_you_mean(level, [severity.value for severity in Severity])
        help_text = f"did you mean `{rule}={close}`?" if close else "write `RULE=error`, `warning` or `note`"
        raise InputError("--severity", f"`{text}` has no valid severity", help_text=help_text) from None


def split(texts: Sequence[str] | None) -> tuple[str, ...]:
    """Split repeatable options with comma-separated values."""
    return tuple(word.strip() for text in texts or () for word in text.split(",") if word.strip())


def check_seconds(option: str, seconds: float) -> None:
    """Check that a duration is finite. Raises InputError."""
    if not isfinite(seconds):
        raise InputError(option, f"`{seconds}` is not a valid number of seconds")
