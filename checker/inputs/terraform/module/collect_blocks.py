"""Parses the files of a module and groups their blocks."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from checker.core.errors import InputError
from checker.inputs.discover import name_of
from checker.inputs.reading_memory import remembered
from checker.inputs.terraform.hcl.body import Block, Body
from checker.inputs.terraform.hcl.expression import Literal
from checker.inputs.terraform.hcl.json_syntax import arguments_of, parse_json_syntax
from checker.inputs.terraform.hcl.parse import parse
from checker.inputs.terraform.module.folder import Folder, Text, is_override, read_texts, value_files
from checker.inputs.text import parse_source, read_text
from checker.policy.node import Object
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.inputs.terraform.hcl.body import Argument


_RESOURCES = ("resource", "data")
_Key = TypeVar("_Key")


def gather(
    folder: Path, texts: Iterable[Text], faults: list[InputError], relevant: Iterable[str] | None = None
) -> Folder:
    """Parse texts and group their blocks. A file with an error is omitted and the error noted.

    ``relevant`` are the texts to parse, if some blocks are to be left out.
    """
    found = Folder.empty()
    texts = list(texts)
    for one, text in zip(texts, relevant or (one.text for one in texts), strict=True):
        name = name_of(one.path)
        try:
            source, body = remembered((gather, name, one.text, text), partial(_parsed, name, one.text, text))
        except InputError as error:
            faults.append(error)
            continue
        found.sources.append(source)
        for block in body.written:
            sort_block(block, found, override=is_override(one.path))
    take_values(value_files(folder, faults), found, faults)
    return found


def _parsed(name: str, written: str, text: str) -> tuple[Source, Body]:
    """Parse the text of a file, or one with blanks in place of some blocks. Raises InputError."""
    source = Source(name, written)
    return source, parse_json_syntax(source) if name.endswith(".json") else parse(source, text)


def take_values(paths: Iterable[Path], found: Folder, faults: list[InputError]) -> None:
    """Add the variable values of files; later files override earlier ones."""
    for path in paths if found.variables else ():
        try:
            found.values.update(values_in(path))
        except InputError as error:
            faults.append(error)


def gather_folder(folder: Path, faults: list[InputError]) -> Folder:
    """Read and parse a folder."""
    return gather(folder, read_texts(folder, faults), faults)


def sort_block(block: Block, found: Folder, *, override: bool) -> None:
    """Add a block to its group."""
    kind, labels = block.kind, block.labels
    if kind == "locals":
        found.local.update(block.body.arguments)
    elif kind == "terraform":
        found.settings.append(block)
    elif kind in _RESOURCES and len(labels) == 2:
        _put(found.resources, (kind, *labels), block, override=override)
    elif kind == "variable" and len(labels) == 1:
        _put(found.variables, labels[0], block, override=override)
    elif kind == "output" and len(labels) == 1:
        _put(found.outputs, labels[0], block, override=override)
    elif kind == "module" and len(labels) == 1:
        _put(found.modules, labels[0], block, override=override)
    elif kind == "provider" and len(labels) == 1:
        _put(found.providers, (labels[0], _alias_of(block)), block, override=override)


def _alias_of(block: Block) -> str:
    """Return the alias of a provider, which tells providers of a type apart; empty for the default one."""
    argument = block.body.arguments.get("alias")
    with suppress(InputError):  # reported when the provider is read
        expression = argument.expression if argument is not None else None
        return str(expression.value) if isinstance(expression, Literal) else ""
    return ""


def _put(found: dict[_Key, Block], key: _Key, block: Block, *, override: bool) -> None:
    """Add a block. An override block replaces arguments, and nested blocks of the types that it contains."""
    before = found.get(key)
    if before is None or not override:
        found.setdefault(key, block)
        return
    kinds = {
        one.kind for one in block.body.written
    } | block.body.arguments.keys()  # blocks of JSON syntax as well
    kept = (one for one in before.body.written if one.kind not in kinds)
    arguments = {**before.body.arguments, **block.body.arguments}
    found[key] = before._replace(
        body=Body(
            arguments,
            (*kept, *block.body.written),
            lambda kind: (block if kind in kinds else before).body.nested(kind),
        )
    )


def values_in(path: Path) -> dict[str, Argument]:
    """Parse values for variables. Raises InputError without quoting values, which may be sensitive."""
    name, text = name_of(path), read_text(path)
    return remembered((values_in, name, text), lambda: _values_in(Source(name, text)))


def _values_in(source: Source) -> dict[str, Argument]:
    try:
        if not source.name.endswith(".json"):
            return dict(parse(source).arguments)
        root = parse_source(source).root
    except InputError as error:
        raise InputError(error.what, "not valid values for variables", error.position, error.help) from None
    return arguments_of(root) if isinstance(root, Object) else {}
