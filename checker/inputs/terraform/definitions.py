"""The text that defines a data source or a module call, with everything that it depends on.

A reference means the same on both sides of a change only if its definition is the same. Definitions are compared by
their text: formatting and comments do not count, and nothing is evaluated.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.inputs.terraform.hcl.tokens import tokens
from checker.inputs.terraform.module.collect_blocks import gather_folder, take_values
from checker.inputs.terraform.module.folder import Text, absolute, called_by, local_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.terraform.hcl.body import Argument, Block
    from checker.inputs.terraform.module.folder import Folder


_NAME = re.compile(
    r"(?<![\w.-])(?:(?P<kind>local|var|module)\.(?P<name>[\w-]+)|data\.(?P<type>[\w-]+)\.(?P<data>[\w-]+))"
)
_SYMBOL = re.compile(
    r"(?<![\w.])(?P<path>(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*)data\.(?P<type>[\w-]+)\.(?P<data>[\w-]+)"
)
_MODULE = re.compile(r"module\.([\w-]+)")
_LOCAL = ("./", "../")


class _Place(NamedTuple):
    """A module folder, and the call of it; ``None`` for a root."""

    folder: Path
    caller: _Place | None = None
    call: Block | None = None


class Definitions:
    """Definitions in the files of one side.

    ``texts`` are its files by full path, in which callers of a module are found. ``values`` has the values file of a
    root's folder, by full path, if it is read with one.
    """

    def __init__(self, texts: Mapping[str, str], values: Mapping[str, Path]) -> None:
        self._texts = texts
        self._values = values
        self._folders: dict[str, Folder] = {}

    def of_symbol(self, root: Path, name: str) -> str | None:
        """Return the definition of the data source that a symbol is an attribute of; ``None`` for other symbols."""
        found = _SYMBOL.search(name)
        if found is None:
            return None
        place: _Place | None = _Place(root)
        for step in _MODULE.finditer(found["path"]):
            place = None if place is None else self._called(place, step[1])
        key = ("data", found["type"], found["data"])
        block = None if place is None else self._folder(place.folder).resources.get(key)
        return "" if place is None or block is None else self._closure(place, _text_of(block))

    def of_call(self, folder: Path, name: str) -> str:
        """Return the definition of a module call in a folder; empty if there is none."""
        block = self._folder(folder).modules.get(name)
        return "" if block is None else self._closure(_Place(folder), _text_of(block))

    def _folder(self, path: Path) -> Folder:
        name = absolute(path)
        if name not in self._folders:
            found = gather_folder(path, [])
            if name in self._values:
                take_values([self._values[name]], found, [])
            self._folders[name] = found
        return self._folders[name]

    def _called(self, place: _Place, name: str) -> _Place | None:
        """Return the local module that a call leads to."""
        block = self._folder(place.folder).modules.get(name)
        source = None if block is None else _source_of(block)
        if block is None or source is None:
            return None
        return _Place(local_folder(place.folder, source), place, block)

    def _closure(self, place: _Place, text: str) -> str:
        """Join a text and the definitions of all names in it."""
        parts: dict[tuple[str, str], str] = {("", ""): text}
        waiting = [(place, text)]
        while waiting:
            here, part = waiting.pop()
            for match in _NAME.finditer(part):
                key = (absolute(here.folder), match[0])
                if key not in parts:
                    found = list(self._named(here, match))
                    parts[key] = "\n".join(one for _, one in found)
                    waiting += found
        return "\n".join(parts.values())

    def _named(self, place: _Place, match: re.Match[str]) -> Iterator[tuple[_Place, str]]:
        """Yield the texts that define a name, each with the module in which their names are."""
        folder, name = self._folder(place.folder), match["name"]
        if match["data"]:
            block = folder.resources.get(("data", match["type"], match["data"]))
            yield from [(place, _text_of(block))] if block else []
        elif match["kind"] == "local":
            yield from [(place, _argument(folder.local[name]))] if name in folder.local else []
        elif match["kind"] == "module":
            yield from self._module(place, name)
        else:
            yield from self._variable(place, name)

    def _variable(self, place: _Place, name: str) -> Iterator[tuple[_Place, str]]:
        """Yield the default of a variable, and its value by a file or the caller."""
        folder = self._folder(place.folder)
        if name in folder.variables:
            yield place, _text_of(folder.variables[name])
        if place.caller is not None and place.call is not None:
            argument = place.call.body.arguments.get(name)
            yield from [(place.caller, _argument(argument))] if argument else []
            return
        if name in folder.values:
            yield place, _argument(folder.values[name])
        yield from ((place, text) for text in self._callers(place.folder))

    def _callers(self, folder: Path) -> Iterator[str]:
        """Yield the files that call a module of which only the folder is known."""
        own = absolute(folder)
        for file, text in self._texts.items():
            if any(absolute(one) == own for one in called_by(Text(Path(file), text))):
                yield canonical(text)

    def _module(self, place: _Place, name: str) -> Iterator[tuple[_Place, str]]:
        """Yield the call of a module, and all of a local module."""
        block = self._folder(place.folder).modules.get(name)
        if block is None:
            return
        yield place, _text_of(block)
        called = self._called(place, name)
        if called is not None and called.folder != place.folder:
            sources = self._folder(called.folder).sources
            yield from ((called, canonical(source.text)) for source in sources)


def _source_of(block: Block) -> str | None:
    """Return the folder of a local module."""
    found = re.search(r'\bsource"?\s*[=:]\s*"(\.\.?/[^"\n]*)"', _text_of(block))
    return found[1] if found else None


def _text_of(block: Block) -> str:
    return canonical(block.at.source.text[block.at.start : block.at.end])


def _argument(argument: Argument) -> str:
    try:
        at = argument.expression.at
    except InputError as error:
        return str(error)  # reported when the file is read
    return canonical(at.source.text[at.start : at.end])


def canonical(text: str) -> str:
    """Return a text without comments and with single blanks outside of strings."""
    pieces: list[str] = []
    at, outside = 0, ""
    for token in tokens(text):
        if token.kind in ("comment", "string", "heredoc"):
            outside += f"{text[at : token.start]} "
            at = token.end
        if token.kind in ("string", "heredoc"):
            pieces += (_BLANK.sub(" ", outside), text[token.start : token.end])
            outside = ""
    return "".join((*pieces, _BLANK.sub(" ", outside + text[at:]))).strip()


_BLANK = re.compile(r"\s+")
