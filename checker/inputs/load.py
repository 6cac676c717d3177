"""Reads files and folders into an Inventory; what cannot be read is noted, and the rest read all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.facts import Facts, unwrap
from checker.inputs.files import (
    CONFIGURATIONS,
    find_files,
    find_siblings,
    may_matter,
    missing,
    must_matter,
    name_of,
    read_input,
)
from checker.inputs.recognise import Kind, kind_of
from checker.inputs.text import InputError, TextDocument, parse_text
from checker.inputs.tie import tie
from checker.inventory import Inventory, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


class _File(NamedTuple):
    path: Path
    named: bool
    document: TextDocument


def load(
    paths: Iterable[Path], *, exclude: Callable[[Path], bool] = lambda _: False, changed: bool = False
) -> Inventory:
    """Read files and folders. Faults are Skipped entries with ``error`` set; nothing is raised.

    ``exclude`` tells files of folders that are not to be read. ``changed``: the paths are the files of a
    change, so that those about something else are passed over, and the other files of their folders are
    read for what they say of keys, instances and topics.
    """
    facts = Facts(of_change=changed)
    given = list(paths)
    facts.skipped += (Skipped(name_of(path), "no such file or folder", error=True) for path in missing(given))
    unreadable: list[InputError] = []
    files = [
        one
        for path, named in find_files(given, unreadable, exclude)
        for one in _read(path, facts, named=named)
    ]
    facts.skipped += (fault.skipped() for fault in unreadable)
    if changed:
        files += [one for path in find_siblings(given) for one in _read_context(path, facts)]
    for path, named, document in _without_manifests(files, facts):
        try:
            facts.take(path, document, named=named)
        except InputError as error:
            facts.skip(error)
    return tie(facts)


def _read(path: Path, facts: Facts, *, named: bool) -> list[_File]:
    """Read one file, unless it has nothing in it that matters or is an ARN alone."""
    chosen = named and not facts.of_change
    if path.name in CONFIGURATIONS:
        facts.skipped += [Skipped(name_of(path), "says how to run, not what to judge")] * chosen
        return []
    text = ""
    try:
        text = read_input(path)
        if not chosen and not may_matter(text):
            return []
        if text.startswith("arn:") and len(text.split()) == 1:
            facts.take_instance(name_of(path), text.strip())
            return []
        return [_parsed(path, text, facts, named=named)]
    except InputError as error:
        ours = chosen or must_matter(text)
        facts.skipped.append(error.skipped()._replace(error=ours))
        return []


def _parsed(path: Path, text: str, facts: Facts, *, named: bool) -> _File:
    document = parse_text(name_of(path), text)
    facts.take_comments(document)
    return _File(path, named, unwrap(document))


def _read_context(path: Path, facts: Facts) -> list[_File]:
    """Read a file that nobody asked about; a fault in it is no error of this run."""
    try:
        text = "" if path.name in CONFIGURATIONS else read_input(path)
        if not may_matter(text, as_context=True):
            return []
        return [_File(path, named=False, document=unwrap(parse_text(name_of(path), text)))]
    except InputError as error:
        facts.skipped.append(error.skipped()._replace(error=False))
        return []


def _without_manifests(files: list[_File], facts: Facts) -> list[_File]:
    """Take the manifests and the files they name, and leave the others."""
    others, read = [], set()
    for file in files:
        found = kind_of(file.document.root)
        if found is None or found[0] is not Kind.MANIFEST:
            others.append(file)
            continue
        from checker.inputs.manifest import take_manifest  # needs jsonschema, which only a manifest is worth

        try:
            read |= take_manifest(file.document, file.path, facts)
        except InputError as error:
            facts.skip(error)
    return [file for file in others if file.path.resolve() not in read] if read else others
