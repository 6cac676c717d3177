"""The options that define the scope and the report of an audit; the journal records them for --resume."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.configuration.model import Choice
from checker.core.errors import InputError
from checker.core.finding import Severity
from checker.live.aws.access import Access, Coverage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeGuard

    from checker.app.run import Options


DEFAULT_HOURS = 24
Recorded = dict[str, Any]
"""Options by their names on the command line, as JSON values."""


class AuditOptions(NamedTuple):
    """Options of an audit; ``arguments`` are the words of the command line after `checker`."""

    options: Options
    access: Access
    coverage: Coverage = Coverage()
    manifests: tuple[Path, ...] = ()
    hours: int | None = None
    journal: Path | None = None
    resume: Path | None = None
    security_hub: bool = False
    dask: str = ""
    write_baseline: Path | None = None
    arguments: tuple[str, ...] = ()


def record_options(asked: AuditOptions) -> Recorded:
    """Return the options that a resumed audit must share with its start, as JSON values.

    Access to the accounts and the destination of the report are not recorded: they may change.
    """
    options, coverage = asked.options, asked.coverage
    return {
        "--region": sorted(set(coverage.regions)),
        "--all-regions": coverage.all_regions,
        "--accounts": sorted(set(coverage.accounts)),
        "--organization": coverage.organization,
        "--role-name": asked.access.role,
        "--external-id": asked.access.external_id,
        "--manifest": sorted(map(_absolute, asked.manifests)),
        "--instance-arn": sorted(set(options.instances)),
        "--all-topics": options.all_topics,
        "--topic-arn": sorted(set(options.topics)),
        "--topic-tag": sorted(set(options.topic_tags)),
        "--trail-hours": asked.hours,
        "--security-hub": asked.security_hub,
        "--select": None if options.choice.select is None else sorted(set(options.choice.select)),
        "--ignore": sorted(set(options.choice.ignore)),
        "--severity": sorted(f"{rule}={level.value}" for rule, level in options.choice.severity.items()),
        "--fail-on": options.fail_on.value if options.fail_on else None,
        "--strict": options.strict,
        "--baseline": _absolute(options.baseline) if options.baseline else None,
        "--config": _absolute(options.configuration) if options.configuration else None,
        "--isolated": options.isolated,
    }


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - it never raises


def resumed_options(asked: AuditOptions, recorded: Recorded) -> AuditOptions:
    """Apply the recorded options. Raises InputError for an option that contradicts them."""
    for name, value in record_options(asked).items():
        if _is_given(name, value) and value != recorded[name]:
            raise InputError(
                name,
                f"contradicts the resumed audit, which has {_shown(name, recorded[name])}",
                help_text=f"omit `{name}`: a resumed audit takes its options from the journal",
            )
    return _with(asked, recorded)


def _is_given(name: str, value: object) -> bool:
    """True if an option is on the command line; only an option with a negative form can be false there."""
    if value is False:
        return name in _NEGATABLE
    return value not in (None, "", [])


_NEGATABLE = ("--all-topics", "--strict")


def _shown(name: str, value: object) -> str:
    if isinstance(value, list):
        value = ",".join(value)
    if value in (None, "", False):
        return f"no `{name}`"
    return f"`{name}`" if value is True else f"`{name} {value}`"


def _with(asked: AuditOptions, recorded: Recorded) -> AuditOptions:
    levels = (text.partition("=") for text in recorded["--severity"])
    choice = Choice(
        None if recorded["--select"] is None else tuple(recorded["--select"]),
        tuple(recorded["--ignore"]),
        {rule: Severity(level) for rule, _, level in levels},
    )
    options = asked.options._replace(
        instances=tuple(recorded["--instance-arn"]),
        topics=tuple(recorded["--topic-arn"]),
        topic_tags=tuple(recorded["--topic-tag"]),
        choice=choice,
        fail_on=Severity(recorded["--fail-on"]) if recorded["--fail-on"] else None,
        strict=recorded["--strict"],
        all_topics=recorded["--all-topics"],
        baseline=_path(recorded["--baseline"]),
        configuration=_path(recorded["--config"]),
        isolated=recorded["--isolated"],
    )
    return asked._replace(
        options=options,
        access=asked.access._replace(role=recorded["--role-name"], external_id=recorded["--external-id"]),
        coverage=Coverage(
            tuple(recorded["--accounts"]),
            recorded["--organization"],
            tuple(recorded["--region"]),
            recorded["--all-regions"],
        ),
        manifests=tuple(map(Path, recorded["--manifest"])),
        hours=recorded["--trail-hours"],
        security_hub=recorded["--security-hub"],
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def is_recorded(value: object) -> TypeGuard[Recorded]:
    """True if a JSON value has the shape of `record_options`: a journal may be forged or damaged."""
    if not isinstance(value, dict) or value.keys() != _SHAPES.keys():
        return False
    shaped = all(_has_shape(value[name], shape) for name, shape in _SHAPES.items())
    levels = {one.value for one in Severity}
    return (
        shaped
        and value["--fail-on"] in (None, *levels)
        and all(text.rpartition("=")[2] in levels for text in value["--severity"])
    )


def _has_shape(value: object, shape: Sequence[type]) -> bool:
    if isinstance(value, list):
        return list in shape and all(isinstance(text, str) for text in value)
    return type(value) in shape


_NONE = type(None)
_SHAPES: dict[str, tuple[type, ...]] = {
    "--region": (list,),
    "--all-regions": (bool,),
    "--accounts": (list,),
    "--organization": (bool,),
    "--role-name": (str,),
    "--external-id": (str,),
    "--manifest": (list,),
    "--instance-arn": (list,),
    "--all-topics": (bool, _NONE),
    "--topic-arn": (list,),
    "--topic-tag": (list,),
    "--trail-hours": (int, _NONE),
    "--security-hub": (bool,),
    "--select": (list, _NONE),
    "--ignore": (list,),
    "--severity": (list,),
    "--fail-on": (str, _NONE),
    "--strict": (bool, _NONE),
    "--baseline": (str, _NONE),
    "--config": (str, _NONE),
    "--isolated": (bool,),
}
