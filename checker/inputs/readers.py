"""The registry of input kinds: each recognizes its documents by their content, and reads their facts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance, Place
from checker.analysis.inventory import Source as Origin
from checker.core.arn import Arn
from checker.core.errors import InputError, Skipped
from checker.core.modules import modules_of
from checker.inputs import kinds
from checker.inputs.discover import home_of, is_stream, name_of
from checker.inputs.kinds.kind import Found, Kind, LargeKind
from checker.inputs.large_files import head_of, is_bulk
from checker.inputs.mentions import MOST_SEARCHED, may_hold_policy
from checker.inputs.text import LARGE_HELP, MAX_BYTES, TextDocument, is_yaml, parse_embedded
from checker.policy.node import Node, Object, Scalar, children, text_of
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from checker.core.finding import Route
    from checker.inputs.collect import Facts

_NOT_RECOGNIZED = "not a file that checker can check"


def _registered() -> Iterator[Kind | LargeKind]:
    """Return the kinds of all modules in ``checker.inputs.kinds``."""
    for name in modules_of(kinds):
        yield from getattr(import_module(f"{kinds.__name__}.{name}"), "KINDS", ())


_ALL = tuple(_registered())
_KINDS = sorted((one for one in _ALL if isinstance(one, Kind)), key=lambda one: one.general)
_LARGE_KINDS = [one for one in _ALL if isinstance(one, LargeKind)]


def take_comments(facts: Facts, documents: Sequence[TextDocument]) -> None:
    """Read the comments of a file that suppress findings; JSON has none."""
    if documents and is_yaml(documents[0].source):
        from checker.inputs.comments import yaml_comments  # imported on demand: JSON has no comments

        facts.comments += yaml_comments(documents)


def take_instance(facts: Facts, path: Path, text: str) -> None:
    """Read a file that contains the ARN of a Connect instance. Raises InputError for any other ARN."""
    name = name_of(path)
    document = TextDocument(Source(name, text), Scalar(text, Source(name, text), 0, len(text)))
    found = Instance(instance_arn(name, text), Place(document, ()), Origin.FOLDER, home_of(path.parent))
    facts.instances.append(found)


Recognized = tuple[Kind, Node, "Route"]
"""The kind of a document, the node of its facts and the route to it."""


def kind_of(root: Node) -> Recognized | None:
    """Return the kind of a document, the node of its facts and the route to it; ``None`` if unknown."""
    if not isinstance(root, Object):
        return None
    found = ((kind, kind.match(root)) for kind in _KINDS)
    return next(((kind, *match) for kind, match in found if match is not None), None)


def take(facts: Facts, path: Path, document: TextDocument, found: Recognized | None, *, named: bool) -> None:
    """Read the facts of a document of a kind. An irrelevant document is reported if it was named.

    Raises InputError.
    """
    if found is None:
        from checker.inputs.refusals import read_by_option  # few files are not recognized

        facts.refuse(path, *(read_by_option(path, document.root) or (_NOT_RECOGNIZED,)), named=named)
        return
    kind, node, route = found
    if kind.unique_keys:
        reject_duplicates(document)
    kind.read(facts, Found(path, document, node, route, named))


def large_kind_of(text: str, *, bulk: bool = False) -> LargeKind | None:
    """Return the kind of a file that is read in parts, by its beginning; ``None`` for other files.

    ``bulk`` is true for a large or compressed file.
    """
    return next((kind for kind in _LARGE_KINDS if (bulk or not kind.only_bulk) and kind.match(text)), None)


def take_large(path: Path, facts: Facts, *, named: bool) -> None:
    """Read a large file by its kind. An irrelevant file is reported if it was named, or may hold a policy.

    Raises InputError.
    """
    if is_stream(path):
        reason = "Terraform plans and CloudTrail events cannot be read from a pipe"
        raise InputError(name_of(path), reason, help_text="save the input to a file and name the file")
    kind, chosen = large_kind_of(head_of(path), bulk=is_bulk(path)), named and not facts.of_change
    if kind is not None:
        if not kind.read(facts, path, chosen):
            facts.skip_irrelevant(path, kind.without, named=named)
        return
    is_large = path.stat().st_size > MAX_BYTES
    reason = f"larger than the {MAX_BYTES // 1024 // 1024} MB limit for a policy"
    if chosen and is_large:
        raise InputError(name_of(path), reason, help_text=LARGE_HELP)
    if chosen:
        raise InputError(name_of(path), "contains no CloudTrail events")
    found = may_hold_policy(path) if is_large else False
    if found:
        facts.skipped.append(Skipped(name_of(path), reason, error=True, help=LARGE_HELP))
    elif found is None:
        facts.skipped.append(Skipped(name_of(path), _NOT_SEARCHED, help="split or exclude the file"))


_NOT_SEARCHED = f"searched for policies only up to the limit of {MOST_SEARCHED // 1024 // 1024} MB"


def instance_arn(name: str, text: str, help_text: str = "") -> Arn:
    """Parse the ARN of a Connect instance from the option or file ``name``. Raises InputError."""
    arn = Arn.parse(text)
    if arn is None or not arn.is_instance:
        raise InputError(name, f"`{text}` is not a Connect instance ARN", help_text=help_text)
    return arn


def unwrap(document: TextDocument) -> TextDocument:
    """Unwrap a document that is JSON in a string, or a recorded API call. Raises InputError."""
    root = document.root
    text = text_of(root)
    if text is not None and isinstance(root, Scalar):
        return parse_embedded(root, text)
    data = root.get("data") if isinstance(root, Object) else None
    return TextDocument(document.source, data) if isinstance(data, Object) else document


def reject_duplicates(document: TextDocument) -> None:
    """Refuse a wrapper with duplicate keys; duplicate keys in a policy become a finding instead."""
    for node in (document.root, *children(document.root)):
        for first, second in node.duplicates() if isinstance(node, Object) else ():
            line = document.source.position(first.start, first.end).line
            where = document.source.position(second.start, second.end)
            raise InputError(document.name, f"duplicate key `{second.key}`, first used on line {line}", where)
