"""An expectation as plain values, so that an audit can record it and send it to workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import EXPECTED, Location, Position, Role
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.core.finding import Part, Route


ALLOWED, DENIED, ONLY, CONNECT_MAY = "allowed", "denied", "only", "connect"
NO_MORE_THAN, UNCHANGED = "no-more-than", "unchanged"
KINDS = (ALLOWED, DENIED, ONLY, CONNECT_MAY, NO_MORE_THAN, UNCHANGED)
TOPICS, KEYS = "topics", "keys"
"""What an expectation is about, as its key in the file names it."""

ARN, ACCOUNT, ORGANIZATION, SERVICE, CONNECT = "arn", "account", "organization", "service", "connect"
"""The kinds of subjects."""
DEPLOYMENT, ANY = "deployment", "any"
"""The account that owns the topic, and any instance of any account."""


class Subject(NamedTuple):
    """Who makes requests: a principal, an account, an organization, a service, or Connect on behalf of instances.

    ``value`` may contain references to the code, such as ``${aws_connect_instance.this.arn}``.
    """

    kind: str
    value: str


class Expectation(NamedTuple):
    """One expectation, with its place in the file.

    ``about`` is TOPICS or KEYS, and ``patterns`` select among these. ``context`` are the condition keys of the
    requests. ``partly`` is true if it is enough that some requests are allowed, ``explicitly`` if a Deny must cover all
    refused ones. ``policy`` is the text of the policy in ``policy_name``. ``position`` is the range of its name.
    """

    name: str
    kind: str
    about: str = TOPICS
    patterns: tuple[str, ...] = ("*",)
    subjects: tuple[Subject, ...] = ()
    actions: tuple[str, ...] = ()
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()
    partly: bool = False
    explicitly: bool = False
    policy: str = ""
    policy_name: str = ""
    file: str = ""
    position: Position = Position(1, 1, 1, 1)

    @property
    def here(self) -> Location:
        """The place of the expectation, as a related place of a finding."""
        place = ExpectationPlace(self.file, self.position)
        return Location(place, (), role=Role.RELATED, note=EXPECTED)


class ExpectationPlace(NamedTuple):
    """The document of an expectation; reports show its line without the text."""

    name: str
    position: Position

    def locate(self, route: Route, part: Part) -> Position:  # noqa: ARG002 - there is only one place
        """Return the range of the expectation."""
        return self.position

    def text_of(self, route: Route, part: Part) -> None:
        """Return no text: workers of an audit do not have the file."""

    def pointer_to(self, route: Route, part: Part) -> None:
        """Return no pointer: a person wrote the file."""

    def anchor(self, route: Route) -> str:  # noqa: ARG002 - there is only one place
        """Return no name: the message of a finding names the expectation."""
        return ""


def selected_topics(expectations: Iterable[Expectation]) -> tuple[str, ...]:
    """Return the patterns that select single topics, which are then checked even if nothing connects them to Connect."""
    patterns = (one for each in expectations if each.about == TOPICS for one in each.patterns)
    return tuple(dict.fromkeys(one for one in patterns if one != "*"))
