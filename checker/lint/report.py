"""What a run has to say: findings, what was examined, what was held back, what could not be read."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from checker.core.finding import Finding, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.analysis.inventory import Pairing
    from checker.core.errors import Skipped
    from checker.core.finding import Position


class Doubt(NamedTuple):
    """Why a rule could not tell; ``counts`` is false for what files cannot know, such as live subscriptions."""

    reason: str
    counts: bool = True


_UNSAID = Doubt("the reason was not recorded")


class Examined(NamedTuple):
    """A target that was judged, the verdict of every rule that judged it, and why some could not tell.

    ``address`` is what the target is declared as, where it is; ``pairings`` are the instances it was judged for;
    ``home`` is the full path of the Terraform root, template or folder that it was read from, and ``files`` are
    all that say something of it.
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

    @property
    def undetermined(self) -> Iterator[tuple[str, Doubt]]:
        """The rules that could not tell, and why."""
        for rule, verdict in self.verdicts.items():
            if verdict is Verdict.UNDETERMINED:
                yield rule, self.doubts.get(rule, _UNSAID)

    @property
    def declared(self) -> str:
        """What it is declared as, in whichever way the conditions of a template let it come out."""
        return without_conditions(self.resource)


def without_conditions(resource: str) -> str:
    """Name a resource of a template without what its conditions choose: `t.yaml#Chat (IsProd)` as `t.yaml#Chat`."""
    return resource.partition(" (")[0] if "#" in resource else resource


class HeldBackBy(Enum):
    """What keeps a finding out of the count."""

    COMMENT = "comment"
    CONFIGURATION = "configuration"
    BASELINE = "baseline"


class Suppressed(NamedTuple):
    """A finding that was held back, by what, and the reason that was given."""

    finding: Finding
    by: HeldBackBy
    reason: str


class Stale(NamedTuple):
    """A suppression or baseline entry that does nothing any more: where it stands, and why it does nothing."""

    where: str
    reason: str
    position: Position | None = None


class Report(NamedTuple):
    """Everything a run has to say.

    ``crashed`` names the rules that failed themselves, and ``passed_over`` the files of topics that were not judged.
    """

    findings: tuple[Finding, ...]
    examined: tuple[Examined, ...]
    skipped: tuple[Skipped, ...]
    not_judged: int
    crashed: tuple[str, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    stale: tuple[Stale, ...] = ()
    passed_over: frozenset[str] = frozenset()

    def worst(self) -> Severity | None:
        """The highest severity of all findings."""
        return max((one.severity for one in self.findings), key=lambda s: s.rank, default=None)

    @property
    def unreadable(self) -> bool:
        """True if something that should have been readable was not."""
        return any(one.error for one in self.skipped)

    @property
    def incomplete(self) -> bool:
        """True if something was skipped, is undetermined where that counts, or is stale."""
        undetermined = any(doubt.counts for one in self.examined for _, doubt in one.undetermined)
        left_out = any(not one.complete for one in self.skipped)
        return left_out or bool(self.stale) or undetermined
