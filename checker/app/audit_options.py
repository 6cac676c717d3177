"""What an audit covers: its options, which its journal records for --resume, and the plan made from them."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from checker.analysis.inventory import Inventory, Source
from checker.analysis.pairing import pair
from checker.app.run import organization_of
from checker.app.terminal import tell
from checker.configuration.model import Choice
from checker.core.arn import Arn
from checker.core.errors import AwsError, InputError
from checker.core.finding import Severity
from checker.core.record import NamedTuple
from checker.inputs.confinement import is_refusal
from checker.inputs.load import load
from checker.lint.audited import EVIDENCE, RCP, file_source
from checker.live.audit.plan import OrganizationData, Plan, PolicyData
from checker.live.aws.access import Access, Coverage
from checker.report.changes import age

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeGuard

    from checker.app.run import CheckContext, Options
    from checker.live.audit.accounts import AuditUnits
    from checker.live.audit.journal import Journal
    from checker.live.aws.access import Unit


DEFAULT_HOURS = 24
Recorded = dict[str, Any]
"""Options by their names on the command line, as JSON values."""


class AuditOptions(NamedTuple):
    """Options of an audit; ``arguments`` are the words of the command line after `checker`.

    ``may_be_gone`` is true if the topics are those of events, which may be deleted since.
    """

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
    since: Path | None = None
    fail_on_new: bool = False
    save: Path | None = None
    check_permissions: bool = False
    arguments: tuple[str, ...] = ()
    may_be_gone: bool = False


class _Recorded(NamedTuple):
    """How an option is recorded: the types of its JSON value, and its value in the options of an audit."""

    types: tuple[type, ...]
    read: Callable[[AuditOptions], object]


_LIST, _TEXT, _FLAG = (list,), (str,), (bool,)
_OPTIONAL_LIST, _OPTIONAL_TEXT, _OPTIONAL_FLAG = (list, NoneType), (str, NoneType), (bool, NoneType)
_RECORDED = {
    "--region": _Recorded(_LIST, lambda request: _sorted(request.coverage.regions)),
    "--all-regions": _Recorded(_FLAG, lambda request: request.coverage.all_regions),
    "--accounts": _Recorded(_LIST, lambda request: _sorted(request.coverage.accounts)),
    "--organization": _Recorded(_FLAG, lambda request: request.coverage.organization),
    "--role-name": _Recorded(_TEXT, lambda request: request.access.role),
    "--external-id": _Recorded(_TEXT, lambda request: request.access.external_id),
    "--manifest": _Recorded(_LIST, lambda request: sorted(map(_absolute, request.manifests))),
    "--instance-arn": _Recorded(_LIST, lambda request: _sorted(request.options.instances)),
    "--all-topics": _Recorded(_OPTIONAL_FLAG, lambda request: request.options.all_topics),
    "--topic-arn": _Recorded(_LIST, lambda request: _sorted(request.options.topics)),
    "--topic-tag": _Recorded(_LIST, lambda request: _sorted(request.options.topic_tags)),
    "--rcp": _Recorded(_LIST, lambda request: sorted(map(_absolute, request.options.rcp))),
    "--trail-hours": _Recorded((int, NoneType), lambda request: request.hours),
    "--security-hub": _Recorded(_FLAG, lambda request: request.security_hub),
    "--select": _Recorded(_OPTIONAL_LIST, lambda request: _selected(request.options.choice)),
    "--ignore": _Recorded(_LIST, lambda request: _sorted(request.options.choice.ignore)),
    "--severity": _Recorded(_LIST, lambda request: _severities(request.options.choice)),
    "--fail-on": _Recorded(_OPTIONAL_TEXT, lambda request: _fail_on(request.options)),
    "--strict": _Recorded(_OPTIONAL_FLAG, lambda request: request.options.strict),
    "--baseline": _Recorded(_OPTIONAL_TEXT, lambda request: _name(request.options.baseline)),
    "--expect": _Recorded(_OPTIONAL_TEXT, lambda request: _name(request.options.expect)),
    "--config": _Recorded(_OPTIONAL_TEXT, lambda request: _name(request.options.configuration)),
    "--isolated": _Recorded(_FLAG, lambda request: request.options.isolated),
    "--evidence": _Recorded(_LIST, lambda request: sorted(map(_absolute, request.options.evidence))),
}


def record_options(request: AuditOptions) -> Recorded:
    """Return the options that a resumed audit must share with its start, as JSON values.

    Access to the accounts and the destination of the report are not recorded: they may change.
    """
    return {name: option.read(request) for name, option in _RECORDED.items()}


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


def resumed_options(request: AuditOptions, recorded: Recorded) -> AuditOptions:
    """Apply the recorded options. Raises InputError for an option that contradicts them."""
    for name, value in record_options(request).items():
        if _is_given(name, value) and value != recorded[name]:
            raise InputError(
                name,
                f"contradicts the resumed audit, which has {_shown(name, recorded[name])}",
                help_text=f"omit `{name}`: a resumed audit takes its options from the journal",
            )
    return _with(request, recorded)


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


def _with(request: AuditOptions, recorded: Recorded) -> AuditOptions:
    levels = (text.partition("=") for text in recorded["--severity"])
    choice = Choice(
        None if recorded["--select"] is None else tuple(recorded["--select"]),
        tuple(recorded["--ignore"]),
        {rule: Severity(level) for rule, _, level in levels},
    )
    options = request.options._replace(
        instances=tuple(recorded["--instance-arn"]),
        topics=tuple(recorded["--topic-arn"]),
        topic_tags=tuple(recorded["--topic-tag"]),
        rcp=tuple(map(Path, recorded["--rcp"])),
        choice=choice,
        fail_on=Severity(recorded["--fail-on"]) if recorded["--fail-on"] else None,
        strict=recorded["--strict"],
        all_topics=recorded["--all-topics"],
        baseline=_path(recorded["--baseline"]),
        expect=_path(recorded["--expect"]),
        configuration=_path(recorded["--config"]),
        isolated=recorded["--isolated"],
        evidence=tuple(map(Path, recorded["--evidence"])),
    )
    return request._replace(
        options=options,
        access=request.access._replace(role=recorded["--role-name"], external_id=recorded["--external-id"]),
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
    levels = {severity.value for severity in Severity}
    return (
        shaped
        and value["--fail-on"] in (None, *levels)
        and all(text.rpartition("=")[2] in levels for text in value["--severity"])
    )


def _has_shape(value: object, shape: Sequence[type]) -> bool:
    if isinstance(value, list):
        return list in shape and all(isinstance(text, str) for text in value)
    return type(value) in shape


_MANIFEST_HELP = "an audit reads the files of a manifest only in the repository of the manifest"


def plan_of(request: AuditOptions, context: CheckContext) -> Plan:
    """Return the plan of an audit; topics of a manifest count as named by an option.

    Raises InputError for a manifest that cannot be read.
    """
    inventory = pair(load(request.manifests)) if request.manifests else Inventory()
    for fault in (skipped for skipped in inventory.skipped if skipped.error):
        help_text = _MANIFEST_HELP if is_refusal(fault.help) else fault.help
        raise InputError(fault.what, fault.reason, fault.position, help_text)
    streaming = _streaming(inventory)
    scope = context.scope._replace(topics=(*context.scope.topics, *(topic for topic, _ in streaming)))
    homes = {topic.home for topic in inventory.topics}
    loose = (
        instance._replace(source=Source.MANIFEST)
        for instance in inventory.instances
        if instance.home not in homes
    )
    instances = tuple((instance.source.value, str(instance.arn)) for instance in (*context.instances, *loose))
    hours = DEFAULT_HOURS if request.hours is None else request.hours
    seen = context.evidence.observations if context.evidence is not None else ()
    organization = _organization(request)
    files = (
        *(file_source(RCP, path) for path in request.options.rcp),
        *(file_source(EVIDENCE, path) for path in request.options.evidence),
    )
    plan = Plan(request.access, scope, instances, streaming, hours, context.expectations, seen, organization)
    return plan._replace(files=tuple(sorted(set(files))))


def _organization(request: AuditOptions) -> OrganizationData | None:
    """Return the organization policies of files, which apply to every audited account. Raises InputError."""
    if request.options.rcp and request.coverage.organization:
        reason = "cannot be combined with --organization, which reads the policies from AWS Organizations"
        raise InputError("--rcp", reason, help_text="omit one of the two")
    organization = organization_of(request.options)
    if organization is None:
        return None
    policies = (
        PolicyData(one.name, one.text.text, one.organization, one.management) for one in organization.policies
    )
    return OrganizationData(tuple(policies))


def _streaming(inventory: Inventory) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the topics of the manifests with their instances."""
    named = (topic for topic in inventory.topics if isinstance(topic.arn, Arn))
    return tuple(
        (topic.name, tuple(str(pairing.instance) for pairing in topic.pairings or () if pairing.explicit))
        for topic in named
    )


def named_instances(request: AuditOptions, context: CheckContext, plan: Plan) -> tuple[str, ...]:
    """Return the ARNs of the instances that options, configuration and manifests name."""
    streaming = (arn for _, arns in plan.streaming for arn in arns)
    return (*request.options.instances, *context.configuration.instances, *streaming)


def resumed_request(request: AuditOptions) -> AuditOptions:
    """Return the options of an audit, from its journal if it is resumed.

    Raises InputError for an option that contradicts the journal.
    """
    from checker.live.audit.journal import read_options, unusable

    if request.resume is None:
        return request
    if request.journal is not None:
        raise InputError(
            "--journal", "cannot be combined with `--resume`", help_text="a resumed audit keeps its journal"
        )
    recorded = read_options(request.resume)
    if recorded is None:
        tell(f"{request.resume}: the journal is empty: starting a new audit with the options of this command")
        return request
    if not is_recorded(recorded):
        raise unusable(request.resume, 1, "the options of the audit are missing")
    return resumed_options(request, recorded)


def _temporary() -> Path:
    """Create a file that survives an interrupt, so that the audit can be resumed."""
    with tempfile.NamedTemporaryFile(prefix="checker-audit-", suffix=".jsonl", delete=False) as file:
        return Path(file.name)


def journal_of(
    request: AuditOptions, plan: Plan, surveyed: AuditUnits, home: str
) -> tuple[Journal, frozenset[Unit]]:
    """Start or resume a journal, and return its finished units. Access to the accounts may change.

    ``home`` is the Region that is audited if none is named. Raises CheckerError.
    """
    from checker.live.audit.journal import Journal

    question = plan._replace(access=Access())._asdict()
    del question["followed"], question["from_hub"]  # what is known of earlier findings may change as well
    options = record_options(request)
    if not options["--region"] and not options["--all-regions"]:
        options["--region"] = [home]
    path, account = request.resume or request.journal or _temporary(), surveyed.account
    journal = Journal(path, account, question, options, surveyed.caller)
    if not request.resume:
        journal.begin()
        return journal, frozenset()
    try:
        resumed = journal.resume()
    except AwsError as fault:
        fault.further = tuple(
            AwsError(one.what, one.reason, one.help) for one in surveyed.skipped if one.error
        )
        raise
    began = age((datetime.now(UTC) - resumed.began).total_seconds())
    counts = f"{len(resumed.done)} units are done, {resumed.topics} topics of other accounts are read"
    tell(f"resuming {request.resume}: account {account}, started {began}; {counts}")
    return journal, resumed.done
