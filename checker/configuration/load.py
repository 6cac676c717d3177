"""Finds and reads `checker.yaml` or `[tool.checker]` in pyproject.toml: `schemas/configuration.v1.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.configuration.model import Choice, Configuration, Override, Suppression, is_pattern
from checker.core.errors import InputError
from checker.core.finding import Part, Severity
from checker.inputs.repository import TABLE
from checker.inputs.text import TextDocument, parse_text, read_text
from checker.policy.node import Array, Member, Node, Number, Object, Scalar, items, text_of
from checker.policy.source import Source
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from checker.core.finding import Route


SCHEMA = "configuration.v1.json"


def read_configuration(path: Path, names: Collection[str], *, pipes: bool = False) -> Configuration:
    """Read a configuration; ``names`` are the existing rules and families. Raises InputError.

    ``pipes`` is true if the user named the file, so that it may be a pipe.
    """
    text = read_text(path, pipes=pipes)
    folder = path.absolute().parent.as_posix()
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        return Configuration(folder, path.as_posix())
    document = (
        _project(path.as_posix(), text) if path.suffix == ".toml" else parse_text(path.as_posix(), text)
    )
    from checker.inputs.schema import validate  # only where there is a configuration

    validate(document, SCHEMA)
    return _Reader(document, folder, names).configuration(document.root)


def _project(name: str, text: str) -> TextDocument:
    """Read the table of a pyproject.toml; all its places are the place of its first header."""
    import tomllib

    try:
        table = tomllib.loads(text)["tool"]["checker"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise InputError(name, f"not valid TOML: {error}".lower()) from None
    header = TABLE.search(text)
    start, end = header.span() if header else (0, 0)
    source = Source(name, text)
    return TextDocument(source, _node(table, source, start, end))


def _node(value: Any, source: Source, start: int, end: int) -> Node:
    if isinstance(value, dict):
        members = (Member(key, _node(item, source, start, end), start, end) for key, item in value.items())
        return Object(tuple(members), source, start, end)
    if isinstance(value, list):
        return Array(tuple(_node(item, source, start, end) for item in value), source, start, end)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Scalar(Number(str(value)), source, start, end)
    plain = value.isoformat() if hasattr(value, "isoformat") else value
    return Scalar(plain if isinstance(plain, (str, bool)) else str(plain), source, start, end)


class _Reader:
    """Reads a document that is valid for the schema."""

    __slots__ = ("document", "folder", "names")

    def __init__(self, document: TextDocument, folder: str, names: Collection[str]) -> None:
        self.document = document
        self.folder = folder
        self.names = names

    def configuration(self, root: Node) -> Configuration:
        fail_on = _text(root, "fail-on")
        return Configuration(
            folder=self.folder,
            source=self.document.name,
            choice=self.choice(root, ()),
            overrides=tuple(
                Override(
                    self.patterns(item, "paths", ("overrides", index)),
                    self.choice(item, ("overrides", index)),
                    _texts(item, "instances"),
                    self.document.name,
                    self.document.locate(("overrides", index), Part.VALUE),
                )
                for index, item in enumerate(_list(root, "overrides"))
            ),
            suppressions=tuple(
                self.suppression(item, ("suppressions", index))
                for index, item in enumerate(_list(root, "suppressions"))
            ),
            exclude=self.patterns(root, "exclude", ()),
            instances=_texts(root, "instances"),
            topics=_texts(root, "topics"),
            topic_tags=_texts(root, "topic-tags"),
            baseline=_text(root, "baseline"),
            expect=_text(root, "expect"),
            fail_on=Severity(fail_on) if fail_on else None,
            strict=_flag(root, "strict"),
            all_topics=_flag(root, "all-topics"),
        )

    def choice(self, node: Node, route: Route) -> Choice:
        select = _texts(node, "select") if _get(node, "select") else None
        ignore = _texts(node, "ignore")
        levels = _get(node, "severity")
        members = levels.members if isinstance(levels, Object) else ()
        for key, names in (("select", select or ()), ("ignore", ignore)):
            for index, name in enumerate(names):
                self.known(name, (*route, key, index))
        for member in members:
            self.known(member.key, (*route, "severity", member.key), Part.KEY)
        severity = {member.key: Severity(text_of(member.value)) for member in members}
        return Choice(select, ignore, severity)

    def suppression(self, node: Node, route: Route) -> Suppression:
        rule = _text(node, "rule")
        self.known(rule, (*route, "rule"))
        until = _text(node, "until")
        self.day(until, (*route, "until"))
        return Suppression(
            rule,
            _text(node, "reason"),
            _text(node, "resource"),
            "".join(self.patterns(node, "path", route)),
            until,
            self.document.name,
            self.document.locate(route, Part.VALUE),
        )

    def patterns(self, node: Node, key: str, route: Route) -> tuple[str, ...]:
        patterns = _texts(node, key)
        for index, text in enumerate(patterns):
            if not is_pattern(text):
                where = self.document.locate((*route, key, index), Part.VALUE)
                help_text = "write a pattern in the syntax of .gitignore"
                raise InputError(
                    self.document.name, f"`{text}` is not a valid path pattern", where, help_text
                )
            if (relative := self.relative(text)) != text:
                where = self.document.locate((*route, key, index), Part.VALUE)
                help_text = f"write it relative to the configuration's folder: `{relative}`"
                raise InputError(self.document.name, f"`{text}` matches no path", where, help_text)
        return patterns

    def relative(self, pattern: str) -> str:
        """Remove `./` or the configuration's own folder from the start of a pattern, as no path has them."""
        return pattern.removeprefix(f"{self.folder}/").removeprefix("./")

    def known(self, name: str, route: Route, part: Part = Part.VALUE) -> None:
        check_name(name, self.names, self.document.name, self.document.locate(route, part))

    def day(self, text: str, route: Route) -> None:
        from datetime import date  # slow to import, and few configurations have dates

        try:
            date.fromisoformat(text or "2000-01-01")
        except ValueError:
            where = self.document.locate(route, Part.VALUE)
            reason = f"`{text}` is not a valid date"
            raise InputError(self.document.name, reason, where, "write YYYY-MM-DD") from None


def check_name(name: str, names: Collection[str], what: str, where: Any = None) -> None:
    """Check that a rule or family exists. Raises InputError with a similar name."""
    if name not in names:
        guess = did_you_mean(name, names)
        help_text = f"did you mean `{guess}`?" if guess else "`checker rules` lists all rules"
        raise InputError(what, f"unknown rule or family `{name}`", where, help_text)


def _get(node: Node, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Object) else None


def _list(node: Node, key: str) -> tuple[Node, ...]:
    value = _get(node, key)
    return items(value) if value is not None else ()


def _texts(node: Node, key: str) -> tuple[str, ...]:
    return tuple(text_of(item) or "" for item in _list(node, key))


def _text(node: Node, key: str) -> str:
    return text_of(_get(node, key)) or ""


def _flag(node: Node, key: str) -> bool | None:
    found = _get(node, key)
    value = found.value if isinstance(found, Scalar) else None
    return value if isinstance(value, bool) else None
