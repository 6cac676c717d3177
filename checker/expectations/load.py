"""Reads a file of expectations: `schemas/expectations.v1.json`. All errors are reported at once."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.expectations.model import CONNECT_MAY, KEYS, KINDS, SERVICE, TOPICS, Expectation, Subject
from checker.inputs.discover import name_of, read_input
from checker.inputs.git_revision import is_revision, read_revision
from checker.inputs.readers import unwrap
from checker.inputs.schema import faults, plain, reading_as
from checker.inputs.text import parse_text, read_text
from checker.inputs.typed_files import key_policy_in, topic_in
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS
from checker.policy.node import Object, items, scalar_text, text_of
from checker.policy.text_json import json_text
from checker.policy.text_json import plain as json_value
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import did_you_mean, glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from checker.core.finding import Position, Route
    from checker.inputs.text import TextDocument
    from checker.policy.node import Node

    Place = Node | None


SCHEMA = "expectations.v1.json"
_ACTIONS = {TOPICS: TOPIC_ACTIONS, KEYS: KEY_ACTIONS}


def load_expectations(path: Path, *, pipes: bool = True) -> tuple[Expectation, ...]:
    """Read a file of expectations and the policies that it names. Raises InputError, with all errors of the file.

    ``pipes``: the user names the file, so it may be a pipe, or `-` for standard input.
    """
    text = read_input(path) if pipes else read_text(path)
    with reading_as("file of expectations", "see docs/expectations.md"):
        document = parse_text(name_of(path), text)
    reader = _Reader(document, path.parent)
    listed = document.root.get("expectations") if isinstance(document.root, Object) else None
    nodes = items(listed) if listed is not None else ()
    found = list(faults(document, SCHEMA))
    found += [fault for fault in reader.all_faults(nodes) if fault.position not in _positions(found)]
    _raise(found)
    read = [reader.expectation(node, at) for at, node in enumerate(nodes) if isinstance(node, Object)]
    _raise(one for one in read if isinstance(one, InputError))
    return tuple(one for one in read if isinstance(one, Expectation))


def _positions(found: Iterable[InputError]) -> set[Position | None]:
    return {one.position for one in found}


def _raise(found: Iterable[InputError]) -> None:
    """Raise the errors of a file in the order of its lines, if there are any."""
    listed = sorted(
        found, key=lambda one: (one.position.line, one.position.column) if one.position else (0, 0)
    )
    if listed:
        listed[0].further = tuple(listed[1:])
        raise listed[0]


class _Reader:
    """Reads the expectations of a document that is valid for the schema."""

    def __init__(self, document: TextDocument, folder: Path) -> None:
        self.document = document
        self.folder = folder

    def all_faults(self, nodes: Iterable[Node]) -> Iterator[InputError]:
        """Yield what the schema cannot say of each expectation."""
        names = Counter[str]()
        for index, node in enumerate(nodes):
            if isinstance(node, Object):
                name = _text(node, "name")
                names[name] += 1
                if name and names[name] > 1:
                    route = ("expectations", index, "name")
                    yield self.fault(route, f"`{name}` is the name of two expectations")
                yield from self.faults(node, index)

    def faults(self, node: Object, index: int) -> Iterator[InputError]:
        """Yield what the schema cannot say: one statement, about topics or keys, with actions that exist."""
        here: Route = ("expectations", index)
        kinds = [kind for kind in KINDS if node.get(kind) is not None]
        if len(kinds) != 1:
            listed = ", ".join(f"`{kind}`" for kind in KINDS)
            yield self.fault((*here, "name"), f"needs exactly one of {listed}")
        if node.get(TOPICS) is not None and node.get(KEYS) is not None:
            yield self.fault((*here, KEYS), "is about either `topics` or `keys`")
        if node.get(KEYS) is not None and CONNECT_MAY in kinds:
            yield self.fault((*here, KEYS), "`connect` is about topics; it includes their keys")
        for kind in kinds:
            yield from self.services(node.get(kind), (*here, kind))
            for position, action in enumerate(_texts(node.get(kind), "actions")):
                yield from self.action((*here, kind, "actions", position), action, _about(node))

    def services(self, body: Place, route: Route) -> Iterator[InputError]:
        """Yield an error for Connect as a service: its requests depend on the instance."""
        for position, subject in enumerate(_subjects(body)):
            if subject == Subject(SERVICE, CONNECT):
                place = (*route, "principals", position, SERVICE)
                yield self.fault(place, f"`{CONNECT}` makes requests for instances", "write `connect: any`")

    def action(self, route: Route, action: str, about: str) -> Iterator[InputError]:
        """Yield an error for an action that the policy of such a resource cannot have."""
        known = _ACTIONS[about]
        pattern = glob(action.lower())
        if not any(pattern.matches(one.lower()) for one in known):
            guess = did_you_mean(action, known)
            help_text = f"did you mean `{guess}`?" if guess else f"known: {', '.join(known)}"
            yield self.fault(route, f"`{action}` is not an action of a policy of {about}", help_text)

    def fault(self, route: Route, reason: str, help_text: str = "see docs/expectations.md") -> InputError:
        return InputError(self.document.name, reason, self.document.locate(route, Part.VALUE), help_text)

    def expectation(self, node: Object, index: int) -> Expectation | InputError:
        """Read one expectation; an error for a policy that cannot be read."""
        kind = next(kind for kind in KINDS if node.get(kind) is not None)
        body, about = node.get(kind), _about(node)
        route: Route = ("expectations", index)
        position = self.document.locate((*route, "name"), Part.VALUE)
        try:
            name, text = self.policy(body, about, (*route, kind, "policy"))
        except InputError as error:
            return error
        return Expectation(
            name=_text(node, "name"),
            kind=kind,
            about=about,
            patterns=_texts(node, about) or ("*",),
            subjects=tuple(_subjects(body)),
            actions=_texts(body, "actions"),
            context=tuple(_context(body)),
            partly=_flag(body, "in-some-cases"),
            explicitly=_flag(body, "explicitly"),
            policy=text,
            policy_name=name,
            file=self.document.name,
            position=position,
        )

    def policy(self, body: Place, about: str, route: Route) -> tuple[str, str]:
        """Read the policy that an expectation names: its name, and its text as JSON. Raises InputError."""
        named = _text(body, "policy")
        if not named:
            return "", ""
        path = self.folder / named
        at_revision = is_revision(named, path)
        name = named if at_revision else os.path.relpath(path)
        read = topic_in if about == TOPICS else key_policy_in
        try:
            document = unwrap(parse_text(name, read_revision(named) if at_revision else read_text(path)))
            text = read(document).policy
        except InputError as error:
            raise self.fault(route, f"cannot read `{named}`: {error.reason}", error.help) from None
        if isinstance(text, Unknown):
            raise self.fault(route, f"cannot read `{named}`: {text.reason}")
        return name, json_text(json_value(text.document.root))


def _about(node: Object) -> str:
    return KEYS if node.get(KEYS) is not None else TOPICS


def _subjects(body: Place) -> Iterator[Subject]:
    """Yield the principals, and the instances of `connect`."""
    listed = body.get("principals") if isinstance(body, Object) else None
    for one in items(listed) if listed is not None else ():
        if isinstance(one, Object):
            yield from (Subject(member.key, text_of(member.value) or "") for member in one.members)
    yield from (Subject("connect", text) for text in _texts(body, "instances"))


def _context(body: Place) -> Iterator[tuple[str, tuple[str, ...]]]:
    found = body.get("with") if isinstance(body, Object) else None
    for member in found.members if isinstance(found, Object) else ():
        values = items(member.value)
        texts = (scalar_text(one) for one in values)
        yield member.key, tuple(one for one in texts if isinstance(one, str))


def _texts(node: Place, key: str) -> tuple[str, ...]:
    found = node.get(key) if isinstance(node, Object) else None
    return tuple(text_of(one) or "" for one in items(found)) if found is not None else ()


def _text(node: Place, key: str) -> str:
    return next(iter(_texts(node, key)), "")


def _flag(node: Place, key: str) -> bool:
    found = node.get(key) if isinstance(node, Object) else None
    return found is not None and plain(found) is True
