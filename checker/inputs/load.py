"""Reads files and folders into an Inventory; what cannot be read is noted, and the rest read all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.facts import Facts, unwrap
from checker.inputs.files import find_files, may_matter, missing, name_of, read_input
from checker.inputs.recognise import Kind, kind_of
from checker.inputs.text import InputError, TextDocument, parse_text
from checker.inputs.tie import tie
from checker.inventory import Inventory, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def load(paths: Iterable[Path]) -> Inventory:
    """Read files and folders. Faults are Skipped entries with ``error`` set; nothing is raised."""
    facts = Facts()
    given = list(paths)
    facts.skipped += (Skipped(name_of(path), "no such file or folder", error=True) for path in missing(given))
    documents: list[tuple[Path, bool, TextDocument]] = []
    unreadable: list[InputError] = []
    for path, named in find_files(given, unreadable):
        try:
            text = read_input(path)
            if not named and not may_matter(text):
                continue
            if text.startswith("arn:") and len(text.split()) == 1:
                facts.take_instance(name_of(path), text.strip())
                continue
            documents.append((path, named, unwrap(parse_text(name_of(path), text))))
        except InputError as error:
            facts.skip(error)
    for fault in unreadable:
        facts.skip(fault)
    for path, named, document in _without_manifests(documents, facts):
        try:
            facts.take(path, document, named=named)
        except InputError as error:
            facts.skip(error)
    return tie(facts)


def _without_manifests(
    documents: list[tuple[Path, bool, TextDocument]], facts: Facts
) -> list[tuple[Path, bool, TextDocument]]:
    """Take the manifests and the files they name, and leave the others."""
    others, read = [], set()
    for path, named, document in documents:
        found = kind_of(document.root)
        if found is None or found[0] is not Kind.MANIFEST:
            others.append((path, named, document))
            continue
        from checker.inputs.manifest import take_manifest  # needs jsonschema, which only a manifest is worth

        try:
            read |= take_manifest(document, path, facts)
        except InputError as error:
            facts.skip(error)
    if not read:
        return others
    return [(path, named, document) for path, named, document in others if path.resolve() not in read]
