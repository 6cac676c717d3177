"""The report of a run: findings, examined targets, suppressed findings and skipped files."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from checker.core.finding import Finding, Severity, Verdict
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.analysis.inventory import Pairing
    from checker.core.errors import Skipped
    from checker.core.finding import Position
    from checker.lint.audited import Circumstances
    from checker.lint.history import History


UNMET = "unmet-expectation"
"""The ID of the rule that proves expectations."""
CONTRADICTED = "evidence-contradicts-analysis"
"""The ID of the rule about observed uses of a key, which no other rule rests on where it proves something."""


class Doubt(NamedTuple):
    """The reason of an undetermined verdict.

    ``counts`` is false for facts that files cannot contain, such as live subscriptions.
    """

    reason: str
    counts: bool = True


_NO_REASON = Doubt("the reason was not recorded")


class Subscribed(NamedTuple):
    """A subscription of a topic. ``endpoint`` is the ARN of a resource, and empty for people, such as `email`."""

    protocol: str
    endpoint: str = ""


class Examined(NamedTuple):
    """A checked target, the verdict of each rule, and the reasons of undetermined results.

    ``doubts`` also has rules that failed and left something open, such as one subscription of several.
    ``address`` is the address of its declaration, if it has one. ``pairings`` are the instances that it was checked
    for. ``assumptions`` are what the verdicts assume of every deployment. ``home`` is the full path of the Terraform root, template or folder that it was read from. ``files`` are
    all files that describe it. ``expectations`` are the results of the expectations about it, by name. ``in_scope`` says
    why a topic was checked. ``key`` is the KMS key of a topic, empty if it is not encrypted, ``None`` if that is not
    known. ``subscribers`` are its subscriptions, ``None`` if they are not known. ``refuses`` says of the requests
    that earlier findings showed, by their digests, whether its policy certainly refuses them now.
    """

    kind: str
    resource: str
    source: str
    verdicts: Mapping[str, Verdict]
    doubts: Mapping[str, Doubt] = MappingProxyType({})
    address: str = ""
    pairings: tuple[Pairing, ...] = ()
    home: str = ""
    files: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    expectations: Mapping[str, Verdict] = MappingProxyType({})
    in_scope: str = ""
    key: str | None = None
    subscribers: tuple[Subscribed, ...] | None = None
    refuses: Mapping[str, bool] = MappingProxyType({})

    @property
    def undetermined(self) -> Iterator[tuple[str, Doubt]]:
        """The undetermined rules and their reasons."""
        for rule, verdict in self.verdicts.items():
            if verdict is Verdict.UNDETERMINED:
                yield rule, self.doubts.get(rule, _NO_REASON)

    @property
    def open_results(self) -> Iterator[tuple[str, Doubt]]:
        """The rules that left something open, also those that failed besides, and their reasons."""
        yield from self.undetermined
        for rule, doubt in self.doubts.items():
            if self.verdicts.get(rule) is Verdict.FAIL:
                yield rule, doubt

    @property
    def declared(self) -> str:
        """The name of its declaration, without the conditions of a template."""
        return without_conditions(self.resource)


def without_conditions(resource: str) -> str:
    """Remove the conditions from the name of a template resource: `t.yaml#Chat (IsProd)` becomes `t.yaml#Chat`."""
    return resource.partition(" (")[0] if "#" in resource else resource


class SuppressedBy(Enum):
    """The means that suppressed a finding."""

    COMMENT = "comment"
    CONFIGURATION = "configuration"
    BASELINE = "baseline"


class Suppressed(NamedTuple):
    """A suppressed finding, the means, and the reason that the user gave."""

    finding: Finding
    by: SuppressedBy
    reason: str


class Stale(NamedTuple):
    """A suppression, override or baseline entry without effect: its place, and the reason."""

    where: str
    reason: str
    position: Position | None = None


class SentFindings(NamedTuple):
    """The findings of an account and Region that Security Hub imported, archived and rejected.

    ``newer`` were left as they are, because Security Hub has a later result.
    """

    account: str
    region: str
    imported: int = 0
    archived: int = 0
    rejected: int = 0
    newer: int = 0


class Report(NamedTuple):
    """The result of a run.

    ``crashed`` are the IDs of rules that crashed. ``passed_over`` are the files of topics that were not checked.
    ``audit`` are the circumstances of an audit, ``None`` for other runs. ``history`` compares the run with earlier ones,
    ``None`` if it was not compared. ``sent`` is what an audit sent to Security Hub.
    """

    findings: tuple[Finding, ...]
    examined: tuple[Examined, ...]
    skipped: tuple[Skipped, ...]
    not_judged: int
    crashed: tuple[str, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    stale: tuple[Stale, ...] = ()
    passed_over: frozenset[str] = frozenset()
    audit: Circumstances | None = None
    history: History | None = None
    sent: tuple[SentFindings, ...] = ()

    def worst(self) -> Severity | None:
        """Return the highest severity of all findings."""
        return max((one.severity for one in self.findings), key=lambda s: s.rank, default=None)

    @property
    def unreadable(self) -> bool:
        """True if a file that should be readable was not."""
        return any(one.error for one in self.skipped)

    @property
    def unproven(self) -> bool:
        """True if an expectation is not known, or about no checked resource."""
        undetermined = (one for one in self.findings if one.verdict is Verdict.UNDETERMINED)
        return any(one.expectation for one in undetermined) or any(one.unproven for one in self.skipped)

    @property
    def incomplete(self) -> bool:
        """True if a file was skipped, a verdict that counts is undetermined, or an entry is stale."""
        undetermined = any(doubt.counts for one in self.examined for _, doubt in one.undetermined)
        left_out = any(not one.complete for one in self.skipped)
        return left_out or bool(self.stale) or undetermined
