"""What an audit is asked: options, configuration and manifests put together, and the journal of it."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.cli.run import Options
from checker.cli.terminal import tell
from checker.inputs.load import load
from checker.inputs.text import InputError
from checker.inventory import Inventory, Source
from checker.live.access import Access, Coverage
from checker.live.audit.plan import Plan
from checker.pairing import pair
from checker.report.age import age

if TYPE_CHECKING:
    from checker.cli.run import Ground
    from checker.live.access import Unit
    from checker.live.audit.journal import Journal


class AuditOptions(NamedTuple):
    """Options of an audit; ``arguments`` are the words of the command line after `checker`."""

    options: Options
    access: Access
    coverage: Coverage = Coverage()
    manifests: tuple[Path, ...] = ()
    hours: int = 24
    journal: Path | None = None
    resume: Path | None = None
    security_hub: bool = False
    dask: str = ""
    arguments: tuple[str, ...] = ()


def plan_of(asked: AuditOptions, ground: Ground) -> Plan:
    """Put together what is asked of AWS; the topics of a manifest are named, as if by an option.

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
    return Plan(asked.access, scope, instances, streaming, asked.hours)


def _streaming(said: Inventory) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The topics of manifests, each with the instances that its manifest pairs with it."""
    named = (topic for topic in said.topics if isinstance(topic.arn, Arn))
    return tuple(
        (topic.name, tuple(str(one.instance) for one in topic.pairings or () if one.explicit))
        for topic in named
    )


def _temporary() -> Path:
    """A file that stays where the run is interrupted, so that it can be gone on with."""
    with tempfile.NamedTemporaryFile(prefix="checker-audit-", suffix=".jsonl", delete=False) as file:
        return Path(file.name)


def journal_of(asked: AuditOptions, plan: Plan, account: str) -> tuple[Journal, frozenset[Unit]]:
    """Begin a journal, or resume one; give the units that it knows. How accounts are reached may change.

    Raises InputError.
    """
    from checker.live.audit.journal import Journal

    question = plan._replace(access=Access())._asdict()
    journal = Journal(asked.resume or asked.journal or _temporary(), account, question)
    if not asked.resume:
        journal.begin()
        return journal, frozenset()
    resumed = journal.resume()
    began = age((datetime.now(UTC) - resumed.began).total_seconds())
    counts = f"{len(resumed.done)} units are done, {resumed.topics} topics of others are read"
    tell(f"resuming {asked.resume}: account {account}, begun {began}; {counts}")
    return journal, resumed.done
