"""Plans an audit from options, configuration and manifests, and begins or resumes its journal."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.inventory import Inventory, Source
from checker.analysis.pairing import pair
from checker.app.audit_options import (
    DEFAULT_HOURS,
    AuditOptions,
    is_recorded,
    record_options,
    resumed_options,
)
from checker.app.terminal import tell
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.inputs.load import load
from checker.live.audit.plan import Plan
from checker.live.aws.access import Access
from checker.report.changes import age

if TYPE_CHECKING:
    from checker.app.run import Ground
    from checker.live.audit.journal import Journal
    from checker.live.aws.access import Unit


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
            "--journal", "goes without `--resume`", help_text="a resumed audit keeps its journal"
        )
    recorded = read_options(asked.resume)
    if recorded is None:
        tell(
            f"{asked.resume}: the journal has not been begun: starting anew, with the options of this command"
        )
        return asked
    if not is_recorded(recorded):
        raise unusable(asked.resume, 1, "it does not say with which options the audit began")
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
    counts = f"{len(resumed.done)} units are done, {resumed.topics} topics of others are read"
    tell(f"resuming {asked.resume}: account {account}, begun {began}; {counts}")
    return journal, resumed.done
