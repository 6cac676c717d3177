"""Reads the resources of a `serverless.yml` as a template, with the variables of the Serverless Framework.

A variable that the file itself does not decide is a symbol. Variables of CloudFormation stay in place.
https://www.serverless.com/framework/docs/guides/variables
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.pattern import pattern
from checker.core.unknown import Symbol, Unknown
from checker.inputs.discover import home_of, name_of
from checker.inputs.text import TextDocument, parse_text, read_text
from checker.inputs.yaml_types import with_unknown_octals
from checker.policy.node import Array, Member, Node, Object, Scalar, items, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


RESOURCES = "resources"
SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Transform")
_VARIABLE = pattern(
    r"\$\{\s*(?P<name>(?:self|opt|sls|param|env|ssm|cf|s3|aws|file|strToBool)\s*[:(][^{}]*)\}"
    r"|#\{(?P<pseudo>AWS::\w+)\}"
)
_NESTED = pattern(r"\$\{[^{}]*\$\{")
_FILE = pattern(r"file\(\s*([\w./-]+\.(?:ya?ml|json))\s*\)(?::([\w.-]+))?\s*\Z")
_PSEUDO = {
    "aws:accountId": "AWS::AccountId",
    "aws:region": "AWS::Region",
    "self:provider.region": "AWS::Region",
}
"""The variables with the account and Region of the stack; an option may replace `provider.region`."""
_STAGES = ("sls:stage", "self:provider.stage")
"""The names of the stage, which an option may replace."""
_REASON = "the Serverless Framework sets the variable during deployment"
_DEEPEST = 20
_MOST = 20_000
"""Limits on variables inside each other, and on the values that variables insert."""


def files_in(path: Path, text: str) -> Iterator[str]:
    """Return the full paths of the files that a `serverless.yml` may include."""
    for found in re.finditer(r"file\(\s*([\w./-]+)\s*\)", text):
        yield _full(path, found[1])


def _full(path: Path, name: str) -> str:
    return home_of(path.parent / name)


class Serverless:
    """The resources of a file. ``opened`` are the included files, by full path, and ``skipped`` those not read."""

    def __init__(self, path: Path, document: TextDocument) -> None:
        self.path = path
        self.document = document._replace(root=with_unknown_octals(document.root))
        self.opened: set[str] = set()
        self.skipped: list[Skipped] = []
        self.files: dict[str, Node | None] = {}
        self.values = 0
        self.depth = 0

    def template(self) -> TextDocument:
        """Return the template. Raises InputError for variables that insert too much."""
        root = self.document.root
        written = root.get(RESOURCES) if isinstance(root, Object) else None
        whole = self.node(written) if written is not None else root
        parts = [one for one in items(whole) if isinstance(one, Object)]
        members = tuple(_section(name, parts, whole) for name in SECTIONS if _has(name, parts))
        return TextDocument(root.source, Object(members, whole.source, whole.start, whole.end))

    def node(self, node: Node) -> Node:
        """Replace the variables in a value. Raises InputError beyond the limit."""
        self.values += bool(self.depth)
        if self.values > _MOST:
            where = node.source.position(node.start, node.end)
            raise InputError(self.document.name, f"the variables expand to more than {_MOST} values", where)
        return self.inside(node)

    def inside(self, node: Node) -> Node:
        if isinstance(node, Array):
            return node._replace(items=tuple(map(self.node, node.items)))
        if isinstance(node, Object):
            if [one.key for one in node.members] == ["Fn::Sub"]:
                return self.substitution(node)
            members = (one._replace(value=self.node(one.value)) for one in node.members)
            return node._replace(members=tuple(members))
        return self.text(node, node.value) if isinstance(node.value, str) else node

    def text(self, node: Scalar, text: str) -> Node:
        """Replace the variables of a text: a known text, a value of any type, or pieces to join."""
        if _NESTED.search(text):
            return node._replace(value=Unknown(_REASON, text))
        whole = _VARIABLE.fullmatch(text.strip())
        if whole is not None:
            return self.variable(whole, node)
        pieces = list(self.pieces(node, text))
        texts = [one.value for one in pieces if isinstance(one, Scalar) and isinstance(one.value, str)]
        if len(texts) == len(pieces):
            return node if texts == [text] else node._replace(value="".join(texts))
        return _call("Fn::Join", _list([node._replace(value=""), _list(pieces, node)], node), node)

    def pieces(self, node: Scalar, text: str) -> Iterator[Node]:
        at = 0
        for found in _VARIABLE.finditer(text):
            if found.start() > at:
                yield node._replace(value=text[at : found.start()])
            yield _as_text(self.variable(found, node))
            at = found.end()
        if at < len(text):
            yield node._replace(value=text[at:])

    def substitution(self, node: Object) -> Node:
        """Give the variables of a text in Fn::Sub to it as values, so that its other names keep their places."""
        argument, *values = items(node.members[0].value)
        text = text_of(argument)
        found = list(_VARIABLE.finditer(text)) if text is not None else []
        if text is None or not isinstance(argument, Scalar) or _NESTED.search(text):
            return _call("Fn::Sub", argument, node) if text is None else self.text_of_sub(argument, text)
        own = (Member(one[0][2:-1], _as_text(self.variable(one, argument)), 0, 0) for one in found)
        given = [self.node(one) for one in values]
        members = (*own, *(m for one in given if isinstance(one, Object) for m in one.members))
        listed = _list(
            [argument, Object(tuple(members), node.source, argument.start, argument.end)], argument
        )
        return _call("Fn::Sub", listed if members else argument, node)

    def text_of_sub(self, argument: Node, text: str) -> Node:
        return Scalar(Unknown(_REASON, text), argument.source, argument.start, argument.end)

    def variable(self, found: re.Match[str], node: Scalar) -> Node:
        """Return the value of a variable, or a symbol for it."""
        name = " ".join((found["name"] or "").split())
        address = name.partition(",")[0].strip()
        pseudo = found["pseudo"] or _PSEUDO.get(address)
        if pseudo is not None:
            return _call("Ref", node._replace(value=pseudo), node)
        file = _FILE.match(name)
        held = self.included(file, node) if file is not None else self.own(address)
        if held is None or self.depth > _DEEPEST:
            return self.symbol(_STAGES[0] if address in _STAGES else name, node)
        self.depth += 1
        value = self.node(_moved(held, node))
        self.depth -= 1
        return value

    def own(self, address: str) -> Node | None:
        """Return the value in the file that a variable names, unless an option may replace it."""
        kind, _, route = address.partition(":")
        found: Node | None = self.document.root if kind == "self" and route else None
        for key in route.split("."):
            found = _step(found, key)
        is_stage = address in _STAGES and "${" not in (text_of(found) or "")
        return None if is_stage else found

    def symbol(self, name: str, node: Scalar) -> Node:
        symbol = Symbol(name, scope=self.document.name)
        return node._replace(value=Unknown(_REASON, name, (symbol,)))

    def included(self, file: re.Match[str], node: Scalar) -> Node | None:
        """Return the content of a local file, or the value under a key of it; ``None`` if it cannot be read."""
        if file[1] not in self.files:
            self.files[file[1]] = self.read(file[1], node)
        found = self.files[file[1]]
        for key in file[2].split(".") if file[2] else ():
            found = _step(found, key)
        if found is not None and file[2] in (None, RESOURCES, "Resources"):
            self.opened.add(_full(self.path, file[1]))
        return found

    def read(self, name: str, node: Scalar) -> Node | None:
        """Read an included file. An error is reported where the file is included."""
        path = self.path.parent / name
        try:
            document = parse_text(name_of(path), read_text(path))
        except InputError as error:
            where = node.source.position(node.start, node.end)
            reason = f"`{name}` was not read: {error.reason}"
            self.skipped.append(Skipped(self.document.name, reason, position=where, help=error.help))
            return None
        return with_unknown_octals(document.root)


def _step(node: Node | None, key: str) -> Node | None:
    """Return the member or item under a key."""
    if isinstance(node, Array) and key.isascii() and key.isdigit() and int(key[:9]) < len(node.items):
        return node.items[int(key[:9])]
    return node.get(key) if isinstance(node, Object) else None


def _moved(found: Node, node: Scalar) -> Node:
    """Locate a text where it is used; an object keeps its own place."""
    text = scalar_text(found) if isinstance(found, Scalar) else None
    return node._replace(value=text) if isinstance(text, str) else found


def _as_text(node: Node) -> Node:
    """Return a value that stands inside a text; an object or a list there is not known."""
    is_reference = isinstance(node, Object) and [one.key for one in node.members] in (["Ref"], ["Fn::Join"])
    if isinstance(node, Scalar) or is_reference:
        return node
    return Scalar(Unknown(_REASON), node.source, node.start, node.end)


def _has(name: str, parts: Iterable[Object]) -> bool:
    return any(one.get(name) is not None for one in parts)


def _section(name: str, parts: Iterable[Object], whole: Node) -> Member:
    """Merge the sections of this name."""
    found = [node for one in parts if (node := one.get(name)) is not None]
    members = tuple(member for one in found if isinstance(one, Object) for member in one.members)
    if len(found) == 1 or not members:
        return Member(name, found[0], whole.start, whole.start)
    return Member(
        name, Object(members, found[0].source, found[0].start, found[0].end), whole.start, whole.start
    )


def _list(nodes: Iterable[Node], at: Node) -> Array:
    return Array(tuple(nodes), at.source, at.start, at.end)


def _call(function: str, argument: Node, at: Node) -> Object:
    return Object((Member(function, argument, at.start, at.start),), at.source, at.start, at.end)
