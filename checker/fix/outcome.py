"""A repair as reports show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.finding import Verdict
from checker.fix.display import written_out
from checker.fix.proof import effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.difference import Difference
    from checker.fix.attempts import Left
    from checker.fix.replacement import Replacement
    from checker.fix.rounds import Repair
    from checker.passage import Passage


class PolicyChange(NamedTuple):
    """A policy that changes, and who gains and loses by it."""

    resource: str
    difference: Difference


def policy_changes(repair: Repair) -> tuple[PolicyChange, ...]:
    """Who gains and loses by the change of each policy."""
    then = {one.name: one for one in repair.after.policies()}
    pairs = ((known, then.get(known.name)) for known in repair.before.policies())
    return tuple(
        PolicyChange(known.case.name, effect(known.case, known.text.policy, now.text.policy))
        for known, now in pairs
        if now is not None and now.says != known.says
    )


class Outcome(NamedTuple):
    """A repair, what the files said before, what it does to every policy, and whether it was carried out.

    ``names`` is how reports call the files, by absolute path. ``replacement`` is what takes the place of a live
    topic, or of its key; ``flow`` is the chat that was tried afterwards. ``command`` is what was run.
    """

    repair: Repair
    originals: Mapping[str, str]
    names: Mapping[str, str]
    changes: tuple[PolicyChange, ...]
    applied: bool = False
    replacement: Replacement | None = None
    flow: Passage | None = None
    command: tuple[str, ...] = ("checker", "fix")

    def name(self, path: str) -> str:
        """How reports call a file."""
        return self.names.get(path, path)

    @property
    def left(self) -> tuple[Left, ...]:
        """What is left of what was found wrong; what could not be told is not."""
        return tuple(one for one in self.repair.left if one.finding.verdict is Verdict.FAIL)

    @property
    def is_pending(self) -> bool:
        """True if there is something to apply that was only shown."""
        steps = self.replacement.steps if self.replacement else ()
        return not self.applied and bool(self.repair.texts or steps)

    def written_out(self, left: Left) -> Iterator[list[str]]:
        """The statements that a finding needs, to be put in by hand."""
        if left.root is None:
            return
        for statement in left.statements:
            yield list(written_out(statement, left.root, left.finding.locations[0].source))
