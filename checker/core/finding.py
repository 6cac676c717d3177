"""What a rule says: findings, their severity, their place and the request that proves them.

A leaf of the house: it imports nothing of ``checker``. Records are named tuples rather than frozen
dataclasses because defining a dataclass costs six times as much start-up, and start-up is a feature.
"""

from __future__ import annotations

import posixpath
import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from checker.core.terminal_text import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


Route = tuple[str | int, ...]
"""Where a value stands in a document: keys and indices from its root, ``("Statement", 0, "Action", 0)``.

A scalar where AWS allows a list counts as a list of one, so index 0 names either form."""


class Severity(Enum):
    """Severity by consequence: the stream breaks or a stranger gets in, wider than documented, hygiene."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return _RANKS[self]


_RANKS = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


class Verdict(Enum):
    """What a rule found of a target; could-not-tell is never PASS."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    UNDETERMINED = "UNDETERMINED"


class Role(Enum):
    """Why a location is shown: the fault itself, or something that explains it."""

    PRIMARY = "primary"
    RELATED = "related"


class Part(Enum):
    """Which part of a member a location marks: its key, or its value."""

    KEY = "key"
    FIRST_KEY = "first key"  # where a repeated key stood first; KEY is where it stands last
    VALUE = "value"


class Position(NamedTuple):
    """A stretch of a file; lines and columns count from 1, columns in characters, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Text(Protocol):
    """A file, or a live resource in its place."""

    @property
    def name(self) -> str:
        """Its path, or the ARN of a live resource."""

    def line(self, number: int) -> str:
        """Give the text of one line, counted from 1, without its line end."""


class Document(Protocol):
    """A text that routes lead into. Live resources have none, and their findings no position."""

    @property
    def name(self) -> str:
        """The file, or the ARN of a live resource."""

    def locate(self, route: Route, part: Part) -> Position | None:
        """Find the stretch of the file that ``route`` leads to, or its nearest ancestor that exists."""

    def text_of(self, route: Route, part: Part) -> Text:
        """Give the file in which that stretch stands; a policy may be put together from several."""

    def anchor(self, route: Route) -> str:
        """Name the place that ``route`` leads to by what stands there rather than by numbers."""

    def pointer_to(self, route: Route, part: Part) -> str | None:
        """The JSON pointer of that stretch in a file that a machine wrote, ``None`` in any other. RFC 6901"""


class Location(NamedTuple):
    """A route into a document; the position is looked up only when it is printed."""

    document: Document
    route: Route
    part: Part = Part.VALUE
    role: Role = Role.PRIMARY
    note: str = ""

    def position(self) -> Position | None:
        """Look the route up in the document's text."""
        return self.document.locate(self.route, self.part)

    @property
    def text(self) -> Text:
        """The file that the position is in."""
        return self.document.text_of(self.route, self.part)

    @property
    def source(self) -> str:
        """The name of that file."""
        return self.text.name

    @property
    def pointer(self) -> str | None:
        """The JSON pointer of the place, in a file that a machine wrote."""
        return self.document.pointer_to(self.route, self.part)


class Witness(NamedTuple):
    """A concrete request that proves a finding, and what the decision engine says of it.

    ``request`` has the form that ``checker simulate`` reads.
    """

    sentence: str
    request: Mapping[str, object]
    decision: str
    statements: tuple[int, ...]


class Applicability(Enum):
    """How far a fix may be trusted.

    Proven to give and take nothing else; what AWS documents, though it reaches others too; shown with what it
    opens; or only shown, for people to apply.
    """

    SAFE = "safe"
    DOCUMENTED = "documented"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Same(NamedTuple):
    """Stands in a new value for what is written at a place of the same document, whatever way it is written."""

    route: Route


class Symbol(NamedTuple):
    """Stands in a new value for a resource that the document calls by this name, ``aws_sns_topic.chat.arn``."""

    name: str


Json: TypeAlias = "str | list[Json] | dict[str, Json] | Same | Symbol"
"""A new value; policies have no other scalars than texts that are worth writing."""


class Put(NamedTuple):
    """Write a value at a route, in the place of what is there, or as a new member with the objects around it."""

    route: Route
    value: Json


class Append(NamedTuple):
    """Add an item to the list at a route; what is no list there becomes the first item of one."""

    route: Route
    value: Json


class Remove(NamedTuple):
    """Take away what stands at a route, and the object or list around it if nothing else is left in that."""

    route: Route


class Rename(NamedTuple):
    """Give the member at a route another key."""

    route: Route
    key: str


Operation = Put | Append | Remove | Rename


class Edit(NamedTuple):
    """A stretch of a file and the text that takes its place."""

    document: Text | Document
    position: Position
    text: str


class Fix(NamedTuple):
    """A way to mend what a finding is about: changes of the policy that it is in, or a plan for people.

    ``operations`` are routes of the policy, ``edits`` what they come to in the text of files, once that has
    been worked out. ``applicability`` is UNSAFE until the fix is proven SAFE, and DISPLAY for a plan.
    ``needs`` are the options of the command line without which it cannot be safe.
    """

    title: str
    operations: tuple[Operation, ...] = ()
    edits: tuple[Edit, ...] = ()
    applicability: Applicability = Applicability.UNSAFE
    plan: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class Finding(NamedTuple):
    """One thing that is wrong with one resource.

    ``address`` is what the resource is declared as, ``root`` the Terraform root whose address it is.
    ``home`` is the full path of the root, template or folder, also where reports need not name it.
    ``affects`` names the topics that a finding about their key is about.
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

    @property
    def declared_as(self) -> str:
        """The address, after the root that it belongs to where there are several: `prod/: aws_sns_topic.chat`."""
        return declared_as(self.root, self.address)


def declared_as(root: str, address: str) -> str:
    """An address, after the root that it belongs to where there are several."""
    return f"{root}: {address}" if root and address else address


def format_route(route: Route) -> str:
    """Write a route as people write it: ``Statement[1].Condition.StringEquals.aws:SourceArn``."""
    text = ""
    for step in route:
        if isinstance(step, int):
            text += f"[{step}]"
        elif "." in step or "[" in step:
            text += f"[{step!r}]"
        else:
            text += f".{step}" if text else step
    return text


SILENCED = "; Connect cannot publish to "
"""How the message goes on of a finding about a key that Connect cannot use, with the topics that are silent."""


def listed(names: tuple[str, ...], shown: int = 3) -> str:
    """Name the first few of some topics, and count the others."""
    first = [f"`{name}`" for name in names[:shown]]
    more = len(names) - len(first)
    if more:
        return f"{', '.join(first)} and {more} more topic{'s' * (more > 1)}"
    return " and ".join(filter(None, (", ".join(first[:-1]), first[-1])))


_PLACE = re.compile(r"(`)([^`#\"]+(?=#[^`]+`)|[^`#\"]+/(?=: ))(#|: )")
"""A template before the name of its resource, or a Terraform root before an address."""
_CODE = re.compile(r"`([^`]*)`")
_CODE_OR_NUMBER = re.compile(r"(`[^`]*`)|\d[\d,]*")


class Identity(NamedTuple):
    """The rule, the file, the places by name, and what is said without its numbers."""

    rule: str
    source: str
    route: str
    message: str


def identity(finding: Finding, relative: Callable[[str], str]) -> Identity:
    """Identify a finding; ``relative`` names its files for instance relative to a repository."""
    source = finding.locations[0].source
    places = {one.document.anchor(one.route) for one in finding.locations if one.role is Role.PRIMARY}
    message = named(_CODE_OR_NUMBER.sub(lambda found: found[1] or "#", _said(finding)), relative)
    # A plan may hold the same policy for several resources, and several roots may call the module that it is in.
    address = [located(finding.address, finding.home, source, relative)] * bool(finding.address)
    route = redacted("; ".join((*address, *sorted(places))))
    return Identity(finding.rule, relative(source), route, redacted(message))


def _said(finding: Finding) -> str:
    """The message, with all topics that it affects: a report names the first few."""
    message, mark, _ = finding.message.partition(SILENCED)
    return f"{message}{mark}{listed(finding.affects, len(finding.affects))}" if mark else message


def silent_topics(message: str) -> list[str]:
    """The topics that the message of an identity says Connect cannot publish to."""
    return _CODE.findall(message.partition(SILENCED)[2])


def named(text: str, relative: Callable[[str], str]) -> str:
    """A text with the templates and Terraform roots that it names as the baseline calls them."""
    return _PLACE.sub(lambda found: f"{found[1]}{_renamed(found[2], relative)}{found[3]}", text)


def located(address: str, home: str, source: str, relative: Callable[[str], str]) -> str:
    """An address that is the same whatever folder the command is called in, and whatever else it examines.

    That of a template names its file, and one in a Terraform module outside of its root, which is ``home``, the root.
    """
    file, mark, logical = address.partition("#")
    if mark and '"' not in file:
        return f"{relative(file)}#{logical}"
    root = relative(home) if home and address else ""
    is_inside = not root or not posixpath.relpath(relative(source), root).startswith("..")
    return address if is_inside else f"{root}/: {address}"


def _renamed(name: str, relative: Callable[[str], str]) -> str:
    """The name of a file, or that of a folder with its slash."""
    return f"{relative(name)}/" if name.endswith("/") else relative(name)


def fingerprint(one: Identity) -> str:
    """Shorten an identity to 32 hexadecimal digits."""
    from hashlib import sha256  # not on the path of a plain check

    return sha256("\0".join(one).encode("utf-8", "surrogatepass")).hexdigest()[:32]
