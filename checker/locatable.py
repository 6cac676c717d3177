"""Makes sure that a report can show where its findings are: a place that cannot be found loses nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.finding import format_route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.finding import Finding, Location, Part, Route


class Unlocated(NamedTuple):
    """Stands for a document in which a place cannot be found: Document and Text in one, without lines."""

    name: str

    def locate(self, route: Route, part: Part) -> None:
        """None: the place is not known."""

    def text_of(self, route: Route, part: Part) -> Unlocated:  # noqa: ARG002 - there is one
        """Give the file."""
        return self

    def line(self, number: int) -> str:  # noqa: ARG002 - none can be shown
        """Nothing."""
        return ""

    def pointer_to(self, route: Route, part: Part) -> None:
        """None: the place is not known."""

    def anchor(self, route: Route) -> str:
        """Name the place by its route."""
        return format_route(route)


class Unplaced(NamedTuple):
    """A place that could not be found: the rule and file of the finding, and the error."""

    rule: str
    source: str
    error: Exception


def locatable(findings: Iterable[Finding], faults: list[Unplaced]) -> list[Finding]:
    """Give findings whose places can all be shown; what went wrong is added to ``faults``."""
    return [_with_places(one, faults) for one in findings]


def _with_places(finding: Finding, faults: list[Unplaced]) -> Finding:
    locations = tuple(_checked(one, finding.rule, faults) for one in finding.locations)
    changed = any(new is not old for new, old in zip(locations, finding.locations, strict=True))
    return finding._replace(locations=locations) if changed else finding


def _checked(location: Location, rule: str, faults: list[Unplaced]) -> Location:
    """Ask everything that a report asks of a place."""
    try:
        position, text = location.position(), location.text
        if position is not None:
            text.line(position.line)
            text.line(position.end_line)
        _ = text.name, location.pointer, location.document.anchor(location.route)
    except Exception as error:  # noqa: BLE001 - whatever it is, the finding itself is known
        name = location.document.name
        faults.append(Unplaced(rule, name, error))
        return location._replace(document=Unlocated(name))
    return location
