"""Findings: their severity, their location, their fixes and the request that proves them.

Records are named tuples rather than frozen dataclasses, because defining a dataclass takes six times as long
at start-up.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from checker.core.arn import Arn


Route = tuple[str | int, ...]
"""The path to a value in a document: keys and indices from the root, ``("Statement", 0, "Action", 0)``.

A scalar where AWS allows a list counts as a list of one, so index 0 names either form."""


class Severity(Enum):
    """Severity by consequence.

    ERROR: the stream breaks, or other AWS customers get access. WARNING: access is wider than AWS documents.
    NOTE: style and maintenance.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return _RANKS[self]


_RANKS = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


class Verdict(Enum):
    """The result of a rule for a target; an undetermined result is never PASS."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    UNDETERMINED = "UNDETERMINED"


class Role(Enum):
    """The reason for showing a location: it is the fault itself, or it explains the fault."""

    PRIMARY = "primary"
    RELATED = "related"


class Part(Enum):
    """The part of a member that a location marks: its key or its value."""

    KEY = "key"
    FIRST_KEY = "first key"  # the first place of a repeated key; KEY is the last
    VALUE = "value"


class Position(NamedTuple):
    """A range of a file. Lines and columns count from 1, columns in characters; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Text(Protocol):
    """The text of a file that reports quote."""

    @property
    def name(self) -> str:
        """The path of the file."""

    def line(self, number: int) -> str:
        """Return one line, counted from 1, without its line ending."""


class Document(Protocol):
    """A document that routes can be located in. A live resource has no text, so its findings have no position."""

    @property
    def name(self) -> str:
        """The path of the file, or the ARN of the live resource."""

    def locate(self, route: Route, part: Part) -> Position | None:
        """Find the range of the file that ``route`` leads to, or that of its nearest existing ancestor."""

    def text_of(self, route: Route, part: Part) -> Text | None:
        """Return the file that has this range; a policy may be assembled from several files.

        ``None`` if reports must not quote it: a generated file may contain secrets. A live resource has no text.
        """

    def anchor(self, route: Route) -> str:
        """Name the place that ``route`` leads to by its content rather than by line or index."""

    def pointer_to(self, route: Route, part: Part) -> str | None:
        """Return the JSON pointer (RFC 6901) of the range in a generated file; ``None`` in any other file."""


class Location(NamedTuple):
    """A route into a document. Its position is looked up only when it is printed."""

    document: Document
    route: Route
    part: Part = Part.VALUE
    role: Role = Role.PRIMARY
    note: str = ""

    def position(self) -> Position | None:
        """Look up the route in the document's text."""
        return self.document.locate(self.route, self.part)

    @property
    def text(self) -> Text | None:
        """The file that the position is in; ``None`` if reports must not quote it."""
        return self.document.text_of(self.route, self.part)

    @property
    def source(self) -> str:
        """The name of the file, or the ARN of the live resource."""
        text = self.text
        return text.name if text is not None else self.document.name

    @property
    def pointer(self) -> str | None:
        """The JSON pointer of the place in a generated file; ``None`` in any other file."""
        return self.document.pointer_to(self.route, self.part)


class Witness(NamedTuple):
    """A concrete request that proves a finding, and the decision engine's result for it.

    ``request`` has the format that ``checker simulate`` reads.
    """

    sentence: str
    request: Mapping[str, object]
    decision: str
    statements: tuple[int, ...]


class Applicability(Enum):
    """The trust level of a fix.

    SAFE: proven to grant and remove no other access. DOCUMENTED: documented by AWS, but also affects other
    callers. UNSAFE: shown with the access that it grants. DISPLAY: only shown, to be applied by hand.
    """

    SAFE = "safe"
    DOCUMENTED = "documented"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class ValueElsewhere(NamedTuple):
    """A placeholder in a new value for the value at another place of the document, however it is written there."""

    route: Route


class Reference(NamedTuple):
    """A reference to write in a new value instead of a text, such as ``aws_sns_topic.chat.arn``."""

    text: str


class AccountOf(str):
    """The account in the ARN of an instance, as a new value; written as a part of the ARN if that is a reference."""

    __slots__ = ("arn",)

    arn: str

    def __new__(cls, arn: Arn) -> Self:
        """Return the account of an ARN, with the ARN as text."""
        account = super().__new__(cls, arn.account)
        account.arn = str(arn)
        return account


Json: TypeAlias = "str | list[Json] | dict[str, Json] | ValueElsewhere | Reference"
"""A new value. Strings are the only scalars that a fix writes to a policy."""


class Put(NamedTuple):
    """Write a value at a route: replace the existing value, or add a member and its missing parent objects."""

    route: Route
    value: Json
    kind: str = "put"


class Append(NamedTuple):
    """Add an item to the list at a route; a single value there becomes the first item of a new list."""

    route: Route
    value: Json
    kind: str = "append"


class Remove(NamedTuple):
    """Remove the value at a route, and its parent object or list if that becomes empty."""

    route: Route
    kind: str = "remove"


class Rename(NamedTuple):
    """Change the key of the member at a route."""

    route: Route
    key: str
    kind: str = "rename"


Operation = Put | Append | Remove | Rename
"""Named tuples of two classes with equal fields are equal, so that each operation has its ``kind`` as a field."""


class Edit(NamedTuple):
    """A range of a file and its replacement text."""

    document: Text | Document
    position: Position
    text: str


class Fix(NamedTuple):
    """A fix for a finding: changes to its policy, or a plan to carry out by hand.

    ``operations`` change the policy; ``edits`` are the resulting changes to files, once they are computed.
    ``applicability`` is UNSAFE until the fix is proven SAFE, and DISPLAY for a plan.
    ``needs`` are the command-line options that the fix needs to be safe. ``policy`` is the whole policy with a fix that is
    proven SAFE or DOCUMENTED, as JSON; empty if a value of it is not known. ``before`` is the policy without the fix.
    """

    title: str
    operations: tuple[Operation, ...] = ()
    edits: tuple[Edit, ...] = ()
    applicability: Applicability = Applicability.UNSAFE
    plan: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    policy: str = ""
    before: str = ""


class Finding(NamedTuple):
    """One problem of one resource.

    ``address`` is the address of the resource's declaration, ``root`` the Terraform root that it belongs to.
    ``home`` is the full path of the root, template or folder, even where reports do not name it.
    ``construct`` is the path of the resource in the CDK app that declares it. ``affects`` names the topics that a finding about their KMS key affects.
    ``expectation`` is the name of the expectation that the finding is about.
    """

    rule: str
    severity: Severity
    message: str
    resource: str
    locations: tuple[Location, ...]
    verdict: Verdict = Verdict.FAIL
    help: str = ""
    witness: Witness | None = None
    fixes: tuple[Fix, ...] = ()
    address: str = ""
    root: str = ""
    affects: tuple[str, ...] = ()
    home: str = ""
    construct: str = ""
    expectation: str = ""

    @property
    def declared_as(self) -> str:
        """The address, with the Terraform root before it if there are several: `prod/: aws_sns_topic.chat`."""
        return declared_as(self.root, self.address)


def declared_as(root: str, address: str) -> str:
    """Write an address, with the Terraform root before it if there are several."""
    return f"{root}: {address}" if root and address else address


def format_route(route: Route) -> str:
    """Write a route in path notation: ``Statement[1].Condition.StringEquals.aws:SourceArn``."""
    text = ""
    for step in route:
        if isinstance(step, int):
            text += f"[{step}]"
        elif "." in step or "[" in step:
            text += f"[{step!r}]"
        else:
            text += f".{step}" if text else step
    return text


EXPECTED = "expected here"
"""The note of the place of an expectation."""

SILENCED = "; Connect cannot publish to "
"""The last part of the message about a key that Connect cannot use; the affected topics follow it."""


def listed(names: tuple[str, ...], shown: int = 3) -> str:
    """Write a list of topics: the names of the first few, and the number of the others."""
    first = [f"`{name}`" for name in names[:shown]]
    more = len(names) - len(first)
    if more:
        return f"{', '.join(first)} and {more} more topic{'s' * (more > 1)}"
    return " and ".join(filter(None, (", ".join(first[:-1]), first[-1])))
