"""Splits a file into documents that are recognized one by one: YAML documents, lists, and dumps of resources."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.kinds.manifest import has_keys_of_manifest
from checker.inputs.readers import kind_of, unwrap
from checker.inputs.text import TextDocument, is_yaml, parse_documents, parse_embedded, parse_text
from checker.policy.node import Array, Node, Object, Scalar, scalar_text, text_of
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_CONFIG_ITEMS = "configurationItems"
_LISTS = ("rows", _CONFIG_ITEMS, "baseConfigurationItems", "Results", "items")
"""Keys of lists: rows of Steampipe, items and query results of AWS Config, and resources of Kubernetes.

https://docs.aws.amazon.com/config/latest/developerguide/view-manage-resource-console.html
"""
_PYTHON = pattern(r"\s*[\[({][\s\[({]*'")


def parse_file(name: str, text: str) -> tuple[TextDocument, ...]:
    """Parse a file into its documents. Raises InputError, also for a manifest that is not the only document."""
    printed = _printed(Source(name, text))
    if printed is not None:
        return (printed,)
    first, *others = parse_documents(name, text)
    if others and any(has_keys_of_manifest(one.root) for one in (first, *others)):
        return (parse_text(name, text),)  # raises InputError at the second document
    return (first, *others)


def _printed(source: Source) -> TextDocument | None:
    """Parse a dump that Python printed. A bare policy in this form is not valid JSON, which AWS requires."""
    if is_yaml(source) or not _PYTHON.match(source.text):
        return None
    from checker.inputs.python_literal import parse_literal  # imported on demand: few files need it

    root = parse_literal(source)
    found = TextDocument(source, root) if root is not None else None
    return found if found is not None and any(_is_known(one.root) for one in parts_of(found)) else None


def parts_of(document: TextDocument) -> Iterator[TextDocument]:
    """Return the items of a list that are of a known kind, or else the document without its wrapper.

    Raises InputError.
    """
    whole = unwrap(document)
    listed = _listed(whole.root)
    parts = [_part(whole, node) for node in listed]
    known = [one for one in parts if _is_known(one.root)]
    yield from known or (whole,)


def _listed(root: Node) -> tuple[Node, ...]:
    """Return the items of a list, or of the list of a dump."""
    if isinstance(root, Array):
        return tuple(one for page in root.items for one in (_listed(page) or (page,)))
    found = (root.get(key) for key in _LISTS) if isinstance(root, Object) else ()
    listed = next((one for one in found if isinstance(one, Array)), None)
    return tuple(newest_states(listed.items)) if listed is not None else ()


def _part(document: TextDocument, node: Node) -> TextDocument:
    """Make a document of an item, which may be JSON in a string."""
    text = text_of(node)
    if isinstance(node, Scalar) and text is not None and text.startswith("{"):
        with suppress(InputError):  # text of another program
            return parse_embedded(node, text)
    return TextDocument(document.source, node)


def _is_known(node: Node) -> bool:
    """True for an item of a kind that has marks of its own, beside a policy."""
    found = kind_of(node)
    return found is not None and (not found[0].general or _is_key_policy(node))


def _is_key_policy(node: Node) -> bool:
    return isinstance(node, Object) and node.get("PolicyName") is not None


def newest_states(listed: Iterable[Node]) -> Iterator[Node]:
    """Leave out the earlier states of resources in a history of AWS Config."""
    newest: dict[tuple[str, ...], Node] = {}
    for number, node in enumerate(listed):
        key = _resource(node) or (str(number),)
        if key not in newest or _captured(node) > _captured(newest[key]):
            newest[key] = node
    yield from newest.values()


def _resource(node: Node) -> tuple[str, ...]:
    names = ("resourceType", "resourceId", "awsRegion", "accountId", "awsAccountId")
    texts = [text_of(node.get(name)) or "" for name in names] if isinstance(node, Object) else []
    return tuple(texts) if len(texts) > 1 and texts[0] and texts[1] else ()


def _captured(node: Node) -> str:
    """Return the time of a state, which AWS Config writes so that later times sort last."""
    time = node.get("configurationItemCaptureTime") if isinstance(node, Object) else None
    text = scalar_text(time) if time is not None else None
    return text if isinstance(text, str) else ""
