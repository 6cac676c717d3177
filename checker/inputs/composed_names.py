"""Finds the changed files that a Terraform root reads in other deployments, because it composes their names of variables.

Such a root is compared with the values of this run alone, so that a change of another file is not seen.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.core.pattern import pattern
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from checker.inputs.diff_inputs import Input
    from checker.inputs.terraform.module.folder import Text


_CALL = pattern(r"\b(?:file(?!set)\w*|templatefile)\s*\(\s*(.*)")
"""Matches calls that read a file, with the rest of the line. https://developer.hashicorp.com/terraform/language/functions/file"""
_FILESET = pattern(r'\bfileset\s*\(\s*"([^"\n]+)"\s*,\s*"([^"\n]+)"')
_LITERAL = pattern(r'"((?:\$\{[^}\n]*\}|[^"\n$]|\$(?!\{)){1,300})"')
_PART = pattern(r"\$\{\s*([^}]*?)\s*\}")
_LOCAL = pattern(r"\blocal\.([\w-]+)")
_VARIABLE = pattern(r"\bvar\.([\w-]+)|\bterraform\.workspace\b")
_OWN_FOLDER = pattern(r"\A\$\{\s*path\.(module|root|cwd)\s*\}/?")
_PLAIN = pattern(r"[\w.-]+")
_CONSTANT = pattern(r'"[^"$]*"\s*(?:#.*)?')
_REASON = "the root `{}` may read this file for another value of `{}`"
_HELP = "`--var {}={}` compares the root with this file"
_WORKSPACE = "terraform.workspace"
_WORKSPACE_HELP = "compare the plans of the workspace that reads it"


class _Name(NamedTuple):
    """A composed name of a file: what it depends on, and an expression for the paths that it may be.

    ``variable`` is the variable of the root that sets it; empty for another reference.
    """

    reference: str
    variable: str
    paths: re.Pattern[str]


def read_elsewhere(side: Input, changed: Iterable[str], given: Collection[str]) -> Iterator[Skipped]:
    """Yield the changed files of a side that a root with topics or keys may read with other values.

    ``given`` are the variables that the user set: the other values are not asked about.
    """
    files = sorted(one for one in changed if Path(side.folder, one).is_file())
    for root in sorted(side.roots) if files else ():
        names = list(dict.fromkeys(_names_in(side, root, given)))
        for file in files:
            found = ((name, match) for name in names if (match := name.paths.fullmatch(file)))
            for name, match in list(found)[:1]:
                reason = _REASON.format(root, name.reference)
                yield Skipped(file, reason, help=_help(name, match))


def _help(name: _Name, match: re.Match[str]) -> str:
    if name.reference == _WORKSPACE:
        return _WORKSPACE_HELP
    value = match.groupdict().get("value") or ""
    is_plain = name.variable and _PLAIN.fullmatch(value)
    return _HELP.format(name.variable or "NAME", value if is_plain else "VALUE")


def read_files(side: Input) -> frozenset[str]:
    """Return the files that the roots of a side read, relative to its folder."""
    names = side.names._replace(renamed=())
    return frozenset(names.relative(name) for root in side.inventory.read_by_roots for name in root.files)


def _names_in(side: Input, root: str, given: Collection[str]) -> Iterator[_Name]:
    """Yield the composed names in a root and in the modules that it calls."""
    from checker.inputs.terraform.module.folder import read_texts, with_called  # only Terraform needs them

    folder = Path(os.path.relpath(Path(side.folder, root)))
    texts = list(with_called(folder, read_texts(folder, []), []))
    modules: dict[Path, list[str]] = {}
    for one in texts:
        modules.setdefault(one.path.parent, []).append(one.text)
    for one in texts:
        module, siblings = os.path.relpath(one.path.parent, side.folder), modules[one.path.parent]
        for literal in _literals(one.text, siblings):
            reference = _open_part(literal, siblings)
            name = reference.removeprefix("var.")
            if reference and name not in given and not _is_constant(name, one, texts):
                variable = name if os.path.normpath(module) == os.path.normpath(root) else ""
                yield _Name(reference, variable, _paths(literal, module, root, reference))


def _literals(text: str, module: Sequence[str]) -> Iterator[str]:
    """Yield the names of files that functions read, also by way of a local."""
    for call in _CALL.finditer(text):
        yield from _LITERAL.findall(call[1])[:1]
        for name in _LOCAL.findall(call[1]):
            yield from (one for value in _values_of(name, module) for one in _LITERAL.findall(value)[:1])
    yield from (f"{folder}/{files}" for folder, files in _FILESET.findall(text))


def _values_of(name: str, texts: Iterable[str]) -> Iterator[str]:
    """Yield the rest of each line that assigns a value to a name."""
    for text in texts:
        yield from re.findall(rf"^[ \t{{]*{re.escape(name)}[ \t]*=(?!=)[ \t]*(.*)$", text, re.MULTILINE)


def _open_part(literal: str, module: Sequence[str]) -> str:
    """Return the variable, or the workspace, that a name is composed of; empty if there is none."""
    for part in _PART.findall(literal):
        local = (value for name in _LOCAL.findall(part) for value in _values_of(name, module))
        for text in (part, *local):
            if (match := _VARIABLE.search(text)) is not None:
                return match[0]
    return ""


def _is_constant(name: str, text: Text, texts: Iterable[Text]) -> bool:
    """True for a variable of a module that all calls set to a constant."""
    others = (one.text for one in texts if one.path.parent != text.path.parent)
    values = [value.strip() for value in _values_of(name, others)]
    return bool(values) and all(_CONSTANT.fullmatch(one) for one in values)


def _paths(literal: str, module: str, root: str, reference: str) -> re.Pattern[str]:
    """Return an expression for paths relative to the top; its group is the value of the reference, if a part is it.

    A name without `path.module` may be composed further, so that a folder may come before it.
    """
    own = _OWN_FOLDER.match(literal)
    folder = module if own is not None and own[1] == "module" else root
    parts = _PART.findall(literal[own.end() if own else 0 :])
    rest = _PART.sub("\0", literal[own.end() if own else 0 :])
    path = posixpath.normpath(posixpath.join("" if own is None else folder, rest))
    pieces = [re.escape(one).replace(r"\*", ".*") for one in path.split("\0")]
    at = parts.index(reference) if reference in parts else -1
    opened = ["(?P<value>.*)" if number == at else ".*" for number in range(len(pieces) - 1)]
    joined = "".join(piece + gap for piece, gap in zip(pieces, [*opened, ""], strict=True))
    return re.compile(joined if own is not None else f"(?:.*/)?{joined}")
