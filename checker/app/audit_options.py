"""What an audit covers: its options, which its journal records for --resume, and the plan made from them."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.analysis.inventory import Inventory, Source
from checker.analysis.pairing import pair
from checker.app.terminal import tell
from checker.configuration.model import Choice
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.finding import Severity
from checker.inputs.load import load
from checker.live.audit.plan import Plan
from checker.live.aws.access import Access, Coverage
from checker.report.changes import age

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeGuard

    from checker.app.run import Ground, Options
    from checker.live.audit.journal import Journal
    from checker.live.aws.access import Unit


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


class _Recorded(NamedTuple):
    """How an option is recorded: the types of its JSON value, and its value in the options of an audit."""

    types: tuple[type, ...]
    read: Callable[[AuditOptions], object]


_LIST, _TEXT, _FLAG = (list,), (str,), (bool,)
_OPTIONAL_LIST, _OPTIONAL_TEXT, _OPTIONAL_FLAG = (list, NoneType), (str, NoneType), (bool, NoneType)
_RECORDED = {
    "--region": _Recorded(_LIST, lambda asked: _sorted(asked.coverage.regions)),
    "--all-regions": _Recorded(_FLAG, lambda asked: asked.coverage.all_regions),
    "--accounts": _Recorded(_LIST, lambda asked: _sorted(asked.coverage.accounts)),
    "--organization": _Recorded(_FLAG, lambda asked: asked.coverage.organization),
    "--role-name": _Recorded(_TEXT, lambda asked: asked.access.role),
    "--external-id": _Recorded(_TEXT, lambda asked: asked.access.external_id),
    "--manifest": _Recorded(_LIST, lambda asked: sorted(map(_absolute, asked.manifests))),
    "--instance-arn": _Recorded(_LIST, lambda asked: _sorted(asked.options.instances)),
    "--all-topics": _Recorded(_OPTIONAL_FLAG, lambda asked: asked.options.all_topics),
    "--topic-arn": _Recorded(_LIST, lambda asked: _sorted(asked.options.topics)),
    "--topic-tag": _Recorded(_LIST, lambda asked: _sorted(asked.options.topic_tags)),
    "--trail-hours": _Recorded((int, NoneType), lambda asked: asked.hours),
    "--security-hub": _Recorded(_FLAG, lambda asked: asked.security_hub),
    "--select": _Recorded(_OPTIONAL_LIST, lambda asked: _selected(asked.options.choice)),
    "--ignore": _Recorded(_LIST, lambda asked: _sorted(asked.options.choice.ignore)),
    "--severity": _Recorded(_LIST, lambda asked: _severities(asked.options.choice)),
    "--fail-on": _Recorded(_OPTIONAL_TEXT, lambda asked: _fail_on(asked.options)),
    "--strict": _Recorded(_OPTIONAL_FLAG, lambda asked: asked.options.strict),
    "--baseline": _Recorded(_OPTIONAL_TEXT, lambda asked: _name(asked.options.baseline)),
    "--config": _Recorded(_OPTIONAL_TEXT, lambda asked: _name(asked.options.configuration)),
    "--isolated": _Recorded(_FLAG, lambda asked: asked.options.isolated),
}


def record_options(asked: AuditOptions) -> Recorded:
    """Return the options that a resumed audit must share with its start, as JSON values.

    Access to the accounts and the destination of the report are not recorded: they may change.
    """
    return {name: option.read(asked) for name, option in _RECORDED.items()}


def _sorted(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts))


def _selected(choice: Choice) -> list[str] | None:
    return None if choice.select is None else _sorted(choice.select)


def _severities(choice: Choice) -> list[str]:
    return sorted(f"{rule}={level.value}" for rule, level in choice.severity.items())


def _fail_on(options: Options) -> str | None:
    return options.fail_on.value if options.fail_on else None


def _name(path: Path | None) -> str | None:
    return _absolute(path) if path else None


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
    if not isinstance(value, dict) or value.keys() != _RECORDED.keys():
        return False
    shaped = all(_has_shape(value[name], option.types) for name, option in _RECORDED.items())
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


def plan_of(asked: AuditOptions, ground: Ground) -> Plan:
    """Return the plan of an audit; topics of a manifest count as named by an option.

    Raises InputError for a manifest that cannot be read.
    """
    said = pair(load(asked.manifests)) if asked.manifests else Inventory()
    for fault in (one for one in said.skipped if one.error):
        raise InputError(fault.what, fault.reason, fault.position, fault.help)
    streaming = _streaming(said)
    scope = ground.scope._replace(topics=(*ground.scope.topics, *(topic for topic, _ in streaming)))
    homes = {topic.home for topic in said.topics}
    loose = (one._replace(source=Source.MANIFEST) for one in said.instances if one.home not in homes)
    instances = tuple((one.source.value, str(one.arn)) for one in (*ground.instances, *loose))
    hours = DEFAULT_HOURS if asked.hours is None else asked.hours
    return Plan(asked.access, scope, instances, streaming, hours)


def _streaming(said: Inventory) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the topics of the manifests with their instances."""
    named = (topic for topic in said.topics if isinstance(topic.arn, Arn))
    return tuple(
        (topic.name, tuple(str(one.instance) for one in topic.pairings or () if one.explicit))
        for topic in named
    )


def named_instances(asked: AuditOptions, ground: Ground, plan: Plan) -> tuple[str, ...]:
    """Return the ARNs of the instances that options, configuration and manifests name."""
    streaming = (arn for _, arns in plan.streaming for arn in arns)
    return (*asked.options.instances, *ground.configuration.instances, *streaming)


def continued(asked: AuditOptions) -> AuditOptions:
    """Return the options of an audit, from its journal if it is resumed.

    Raises InputError for an option that contradicts the journal.
    """
    from checker.live.audit.journal import read_options, unusable

    if asked.resume is None:
        return asked
    if asked.journal is not None:
        raise InputError(
            "--journal", "cannot be combined with `--resume`", help_text="a resumed audit keeps its journal"
        )
    recorded = read_options(asked.resume)
    if recorded is None:
        tell(f"{asked.resume}: the journal is empty: starting a new audit with the options of this command")
        return asked
    if not is_recorded(recorded):
        raise unusable(asked.resume, 1, "the options of the audit are missing")
    return resumed_options(asked, recorded)


def _temporary() -> Path:
    """Create a file that survives an interrupt, so that the audit can be resumed."""
    with tempfile.NamedTemporaryFile(prefix="checker-audit-", suffix=".jsonl", delete=False) as file:
        return Path(file.name)


def journal_of(asked: AuditOptions, plan: Plan, account: str, home: str) -> tuple[Journal, frozenset[Unit]]:
    """Start or resume a journal, and return its finished units. Access to the accounts may change.

    ``home`` is the Region that is audited if none is named. Raises InputError.
    """
    from checker.live.audit.journal import Journal

    question = plan._replace(access=Access())._asdict()
    options = record_options(asked)
    if not options["--region"] and not options["--all-regions"]:
        options["--region"] = [home]
    journal = Journal(asked.resume or asked.journal or _temporary(), account, question, options)
    if not asked.resume:
        journal.begin()
        return journal, frozenset()
    resumed = journal.resume()
    began = age((datetime.now(UTC) - resumed.began).total_seconds())
    counts = f"{len(resumed.done)} units are done, {resumed.topics} topics of other accounts are read"
    tell(f"resuming {asked.resume}: account {account}, started {began}; {counts}")
    return journal, resumed.done
