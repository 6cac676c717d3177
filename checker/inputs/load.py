"""Reads files and folders into an Inventory. Errors are reported, and the remaining files are still read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.inventory import ReadByRoot
from checker.core.errors import InputError, Skipped
from checker.core.record import NamedTuple
from checker.inputs.collect import Facts, Given
from checker.inputs.confinement import fault_outside
from checker.inputs.discover import (
    declares,
    find_files,
    find_siblings,
    home_of,
    is_configuration,
    is_input,
    is_settings_file,
    is_stream,
    is_unit,
    may_matter,
    missing,
    must_matter,
    name_of,
    names_aws,
    read_input,
    units_among,
)
from checker.inputs.documents import parse_file, parts_of
from checker.inputs.kinds.manifest import MANIFEST, has_keys_of_manifest, may_be_of_others
from checker.inputs.large_files import is_bulk, is_module_file
from checker.inputs.link import link_facts
from checker.inputs.opening import mark_irrelevant
from checker.inputs.readers import (
    kind_of,
    large_kind_of,
    take,
    take_comments,
    take_instance,
    take_large,
)
from checker.inputs.repository import confined_once
from checker.inputs.searched_files import calls_without_topic, search_files
from checker.inputs.snapshot import drop
from checker.inputs.text import EncodingError, TextDocument, read_text, unreadable_file
from checker.inputs.unread import unread
from checker.policy.vocabulary import mentions_connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.analysis.inventory import Inventory
    from checker.inputs.kinds.kind import Kind
    from checker.inputs.readers import Recognized

    _Found = tuple[Path, bool]

_TEMPLATE = "Terraform renders this template in an expression that checker does not evaluate"

_LINK = "a link to a folder that is not named, which is not followed"
_LINK_HELP = "name the folder, too"


def _unread_links(links: Iterable[Path], facts: Facts) -> Iterator[Skipped]:
    """Return the links to folders that were not read, except those that are listed because a file names them."""
    listed = {one.what for one in facts.skipped}
    for link in (one for one in links if name_of(one) not in listed):
        outside = fault_outside(link)
        if outside is not None:
            yield unreadable_file(name_of(link), outside).skipped()._replace(error=False)
        elif not facts.called.has_below(link):
            yield Skipped(name_of(link), _LINK, help=_LINK_HELP)


class _File(NamedTuple):
    """A document of a file, with its kind if that is known."""

    path: Path
    named: bool
    document: TextDocument
    kind: Recognized | None

    @classmethod
    def of(cls, path: Path, document: TextDocument, *, named: bool) -> _File:
        """Recognize the kind of a document."""
        return cls(path, named, document, kind_of(document.root))


def load(
    paths: Iterable[Path],
    *,
    exclude: Callable[[Path], bool] = lambda _: False,
    changed: bool = False,
    given: Given = Given(),  # noqa: B008 - frozen
) -> Inventory:
    """Read files and folders. Errors become Skipped entries with ``error`` set; nothing is raised.

    ``exclude`` selects files in folders to omit. With ``changed``, the paths are the files of a change:
    irrelevant files are skipped, and the other files of their folders are read for keys, instances and
    topics.
    """
    wanted = list(paths)
    named = (*wanted, *((given.source,) if given.source is not None else ()))
    with confined_once(named, of_change=changed, allow_outside=given.allow_outside):
        return _loaded(wanted, exclude, Facts(given, of_change=changed))


def _loaded(wanted: list[Path], exclude: Callable[[Path], bool], facts: Facts) -> Inventory:
    changed, given = facts.of_change, facts.given
    unreadable = missing(wanted)
    others: list[Path] = []
    linked: list[Path] = []
    found = list(find_files(wanted, unreadable, exclude, others, linked))
    searched = search_files([*(path for path, _ in found), *others], wanted, facts)
    modules: list[_Found] = []
    loose: list[_Found] = []
    for one in found:
        if not is_unit(one[0]):
            (modules if is_module_file(one[0]) else loose).append(one)
    _read_units(units_among(found, others), wanted, facts)
    _read_modules([*_modules_of(loose, modules, facts), *modules], facts)
    files = list(_read_loose(loose, facts))
    if changed:
        siblings = [one for one in find_siblings(wanted, unreadable) if home_of(one) not in facts.opened]
        files += [one for path in siblings for one in _read_context(path, facts)]
    facts.skipped += (fault.skipped() for fault in unreadable)
    facts.skipped += _unread_links(linked, facts)
    _take_all(_without_manifests(files, facts), facts)
    if not changed and (given.variables or given.parameters):
        from checker.inputs.coverage import unmatched_values  # imported on demand: only options need it

        facts.skipped += unmatched_values(facts)
    inventory = link_facts(facts)
    given.progress("", 1.0)
    policies = unread(searched, inventory, facts.others, facts.absent)
    alone = [] if inventory.topics else _endpoints_alone(wanted, facts)
    skipped = (*inventory.skipped, *policies, *calls_without_topic(inventory, facts), *alone)
    return inventory._replace(
        skipped=skipped,
        read_by_roots=tuple(_read_by_roots(facts)),
        unread_units=tuple(dict.fromkeys(facts.unread_units)),
    )


def _endpoints_alone(wanted: Sequence[Path], facts: Facts) -> Iterable[Skipped]:
    """Yield an entry for each named file about a subscription or its endpoint, which is nothing to check alone."""
    described = (one for listed in facts.described.values() for one in listed)
    places = [one.place for listed in (described, facts.functions, facts.queues) for one in listed]
    files = dict.fromkeys(place.document.name for place in places if place is not None)
    named = {name_of(one) for one in wanted}
    for name in (one for one in files if one in named):
        yield Skipped(name, _NO_TOPIC, error=True, help=_TOPIC_HELP)


_NO_TOPIC = "describes a subscription or its endpoint, and no topic was read"
_TOPIC_HELP = "pass the output of `aws sns get-topic-attributes`, too"


def _read_by_roots(facts: Facts) -> Iterable[ReadByRoot]:
    """Return the files that each root read, by the names that they have in reports of a change."""
    for home, paths in facts.read_by_roots.items():
        yield ReadByRoot(home, frozenset(name_of(Path(os.path.relpath(one))) for one in paths))


def _read_loose(found: list[_Found], facts: Facts) -> Iterable[_File]:
    """Read the files that are not part of a Terraform module."""
    for number, (path, named) in enumerate(found):
        facts.given.progress(name_of(path), number / len(found))
        yield from _read(path, facts, named=named)


def _take_all(files: list[_File], facts: Facts) -> None:
    """Read the documents of all files. A file without a known kind is reported once."""
    known = {file.path for file in files if file.kind is not None}
    others: set[Path] = set()
    included = {name for file in files if file.kind is not None for name in _includes(file, file.kind[0])}
    before = frozenset(facts.opened)
    for file in sorted(files, key=lambda one: home_of(one.path) in included):
        path, named = file.path, file.named
        if path not in known and not named:
            mark_irrelevant(path)
        if file.kind is None:
            if path in known | others:
                continue
            others.add(path)
        if home_of(path) not in facts.opened - before:
            _take(file, facts)


def _take(file: _File, facts: Facts) -> None:
    try:
        take(facts, file.path, file.document, file.kind, named=file.named)
    except InputError as error:
        facts.skip(error)


def _includes(file: _File, kind: Kind) -> Iterable[str]:
    """Return the full names of the files that a file may include."""
    return kind.includes(file.path, file.document.source.text)


def _modules_of(loose: list[_Found], modules: list[_Found], facts: Facts) -> list[_Found]:
    """Return the Terraform files that render a named template, which has no meaning alone."""
    named = (path for path, by_name in loose if by_name and not facts.of_change and not is_stream(path))
    wanted = [path for path in named if _may_be_template(path)]
    if not wanted:
        return []
    from checker.inputs.terraform.module.folder import (
        absolute,
        renderers_of,
    )  # imported on demand: policies do not need it

    given = {absolute(path.parent) for path, _ in modules}
    readers = (one for path in wanted for one in renderers_of(path))
    return [(one, False) for one in readers if absolute(one.parent) not in given]


def _may_be_template(path: Path) -> bool:
    """True for a policy in which Terraform may insert values."""
    try:
        text = "" if is_bulk(path) else read_text(path)
    except InputError:
        return False  # reported when the file is read
    return "${" in text and must_matter(text)


def _read_modules(found: list[_Found], facts: Facts) -> None:
    """Read Terraform modules, one folder at a time, because their files depend on each other."""
    if not found:
        return
    from checker.inputs.terraform.module.read import (
        read_modules,  # imported on demand: only Terraform files need it
    )

    read_modules(found, facts)


def _read_units(found: list[_Found], named: list[Path], facts: Facts) -> None:
    """Read the units of Terragrunt, before the modules that they deploy would be read on their own."""
    if not found:
        return
    from checker.inputs.terraform.terragrunt.read import (
        read_units,  # imported on demand: most runs have no unit
    )

    read_units(found, named, facts)


def _read(path: Path, facts: Facts, *, named: bool) -> list[_File]:
    """Read one file, unless it is irrelevant, is a bare ARN, or has its own reader."""
    chosen = named and not facts.of_change
    if is_settings_file(path) or is_configuration(path):
        facts.skipped += [one for one in (_read_elsewhere(path),) if one is not None] if chosen else []
        return []
    text = ""
    try:
        if is_bulk(path):
            take_large(path, facts, named=named)
            return []
        text = read_input(path) if chosen else read_text(path)
        if not chosen and not may_matter(text):
            _mark_irrelevant(path)
            return []
        if _is_read_by_terraform(path, text, facts, chosen=chosen):
            return []
        if text.startswith("arn:") and len(text.split()) == 1:
            take_instance(facts, path, text.strip())
            return []
        if large_kind_of(text) is not None:
            take_large(path, facts, named=named)
            return []
        return _parsed(path, text, facts, named=named)
    except InputError as error:
        if not named:
            mark_irrelevant(path)
        _note(path, text, error, facts, chosen=chosen)
        return []


def _read_elsewhere(path: Path) -> Skipped | None:
    from checker.inputs.refusals import read_elsewhere  # imported on demand: few runs name such a file

    return read_elsewhere(path)


def _note(path: Path, text: str, error: InputError, facts: Facts, *, chosen: bool) -> None:
    """Report a file that cannot be read, if the user named it or its text concerns SNS, KMS or Connect."""
    if facts.of_change and _is_another_kind(path):
        return
    if chosen:
        from checker.inputs.refusals import refused  # imported on demand: errors are rare

        error = refused(path, error)
    if isinstance(error, EncodingError):
        text = error.readable
    ours = chosen or must_matter(text) or declares(text)
    if ours or not text or names_aws(text):
        facts.skipped.append(error.skipped()._replace(error=ours))


def _is_another_kind(path: Path) -> bool:
    """True for a regular file of a kind that is not read in a folder, such as documentation, code or an image."""
    return not is_input(path.name) and not is_stream(path)


def _is_read_by_terraform(path: Path, text: str, facts: Facts, *, chosen: bool) -> bool:
    """True for a file that Terraform functions read and that has no meaning alone.

    A template that names Connect but is rendered in an unsupported expression is reported: its policy is not
    known.
    """
    name = home_of(path)
    if name in facts.opened:
        return not chosen or mentions_connect(text)
    if chosen or name not in facts.templates:
        return False
    if mentions_connect(text):
        facts.skipped.append(Skipped(name_of(path), _TEMPLATE))
    return True


def _mark_irrelevant(path: Path) -> None:
    """Mark a file as irrelevant, and discard its copy."""
    mark_irrelevant(path)
    drop(path)


def _parsed(path: Path, text: str, facts: Facts, *, named: bool) -> list[_File]:
    documents = parse_file(name_of(path), text)
    take_comments(facts, documents)
    return [_File.of(path, one, named=named) for document in documents for one in parts_of(document)]


def _read_context(path: Path, facts: Facts) -> list[_File]:
    """Read a file for context only. Its errors are not errors of this run."""
    try:
        text = "" if is_settings_file(path) else read_text(path)
        if not may_matter(text, as_context=True):
            _mark_irrelevant(path)
            return []
        parts = (one for document in parse_file(name_of(path), text) for one in parts_of(document))
        return [_File.of(path, one, named=False) for one in parts]
    except InputError as error:
        mark_irrelevant(path)
        facts.skipped.append(error.skipped()._replace(error=False))
        return []


def _is_manifest(file: _File, facts: Facts) -> bool:
    """True for a manifest. A named file with manifest keys counts, so that its errors are reported."""
    found = file.kind
    chosen = file.named and not facts.of_change
    if found is None:
        return chosen and has_keys_of_manifest(file.document.root)
    return found[0] is MANIFEST


def _without_manifests(files: list[_File], facts: Facts) -> list[_File]:
    """Read manifests with the files they name, and return the other files."""
    others, read = [], set()
    for file in files:
        if not _is_manifest(file, facts):
            others.append(file)
            continue
        from checker.inputs.manifest import take_manifest  # imports jsonschema, which only manifests need

        try:
            read |= take_manifest(file.document, file.path, facts)
        except InputError as error:
            chosen = file.named and not facts.of_change
            is_error = chosen or not may_be_of_others(file.document.root)
            facts.skipped.append(error.skipped()._replace(error=is_error))
    return [file for file in others if os.path.realpath(file.path) not in read] if read else others
