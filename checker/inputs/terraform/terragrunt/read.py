"""Reads the units of a run into the declarations, each as a root module of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.pattern import pattern
from checker.core.shell import path_word
from checker.inputs.discover import name_of
from checker.inputs.mentions import text_of
from checker.inputs.terraform.module.folder import absolute, read_texts
from checker.inputs.terraform.module.read import note
from checker.inputs.terraform.module.root import given, note_comments, one_collection, read_deployment
from checker.inputs.terraform.module.session import Session
from checker.inputs.terraform.terragrunt.deployment import root_of
from checker.inputs.terraform.terragrunt.doubts import open_policies, read_files, replaced_files
from checker.inputs.terraform.terragrunt.search import (
    Search,
    generates_resources,
    passes_connect,
    speaks_of_connect,
)
from checker.inputs.terraform.terragrunt.source import local_module
from checker.inputs.terraform.terragrunt.unit import resolve_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.core.finding import Position
    from checker.inputs.collect import Facts
    from checker.inputs.declared import Declarations
    from checker.inputs.terraform.terragrunt.deployment import Root
    from checker.inputs.terraform.terragrunt.unit import Unit


_IN_JSON = "a Terragrunt unit in JSON syntax is not read"
_SHOW = "check the output of `terragrunt show -json`"
_SOURCE_IN_JSON = pattern(r'"source"\s*:\s*"(\.[^"\\$]*)"')
_NOTHING = "the unit deploys no topic, key or Connect instance"


@one_collection()
def read_units(found: Iterable[tuple[Path, bool]], named: Sequence[Path], facts: Facts) -> None:
    """Read units; each file is paired with whether the user named it, and ``named`` are the paths of the run."""
    search, names = Search(named), frozenset(map(name_of, () if facts.of_change else named))
    for path, by_name in found:
        chosen = by_name and not facts.of_change
        if path.name.endswith(".json"):
            _pass_over(path, facts)
            continue
        try:
            is_read = not search.is_irrelevant(path) and _read_unit(path, search, facts, names)
        except InputError as error:
            skipped = error.skipped()._replace(error=chosen or search.may_matter(path))
            facts.skipped += [skipped] if skipped not in facts.skipped else []
            continue
        if not is_read and chosen:
            facts.skipped.append(Skipped(name_of(path), _NOTHING))


def _pass_over(path: Path, facts: Facts) -> None:
    """Report a unit in JSON syntax. Its module is not read either, because its values are not known."""
    text = text_of(path)
    unit = Path(absolute(path.parent))
    sources = (local_module(one[1], unit) for one in _SOURCE_IN_JSON.finditer(text))
    modules = {one for one in sources if one is not None}
    facts.deployed |= {str(unit), *map(str, modules)}
    texts = (one.text for module in modules for one in read_texts(module, []))
    if speaks_of_connect(text) or any(map(speaks_of_connect, texts)):
        facts.skipped.append(Skipped(name_of(path), _IN_JSON, help=_SHOW))


def _read_unit(path: Path, search: Search, facts: Facts, names: frozenset[str]) -> bool:
    """Read a unit; false if it deploys nothing that concerns Connect. Raises InputError.

    The folder of a unit is not read on its own, because the values of its variables are those of the unit.
    """
    facts.deployed.add(absolute(path.parent))
    unit = resolve_unit(Path(absolute(path)), search.files_of(path))
    if unit is None:
        return False
    is_relevant = search.may_matter(path)
    if unit.module is None:
        texts = (one.source.text for one in unit.state.met.values())
        is_relevant = name_of(path) in names or is_relevant or any(map(speaks_of_connect, texts))
        is_relevant = is_relevant or passes_connect(unit)
        (facts.skipped if is_relevant else facts.unread_units).append(_missing(unit, path))
    elif is_relevant or search.matters(unit.module, unit.state.files) or generates_resources(unit):
        _declare(unit, unit.module, facts, names)
        return True
    return is_relevant


def _missing(unit: Unit, path: Path) -> Skipped:
    """Report a module that is not here."""
    folder, show = name_of(path.parent), _SHOW
    help_text = f"run `terragrunt init` in {path_word(folder)}, or {show}" if unit.is_remote else show
    reason = f"the unit `{folder}` was not checked: {unit.missing}"
    return Skipped(name_of(path), reason, position=_place(unit), help=help_text)


def _place(unit: Unit) -> Position:
    """Return the place of the source of a unit, or of the include that sets it."""
    parsed = unit.configuration.parsed
    if unit.source is not None and unit.source.at.source is parsed.source:
        return unit.source.at.position()
    return next(iter(parsed.body.blocks("include"))).header.position()


def _declare(unit: Unit, module: Path, facts: Facts, names: frozenset[str]) -> None:
    """Declare the resources of a unit under its folder; ``names`` are files that the user named. Raises InputError.

    Naming the configuration of a unit names all its files.
    """
    faults: list[InputError] = []
    root = root_of(unit, module, facts.called.parsed, faults)
    files = unit.state.files
    if unit.configuration.parsed.source.name in names:
        names |= {source.name for source in root.own.sources}
    facts.variables |= root.own.variables.keys()
    known = {**facts.called.parsed, absolute(root.folder): root.own}
    session = Session(root.folder, known, given(facts), faults, names, root.deployment)
    before = set(facts.declared)
    read_deployment(files.named(unit.folder), session, facts)
    _open_policies(root, session, [one for name, one in facts.declared.items() if name not in before], facts)
    note_comments(root.own.sources, facts)
    if unit.has_own_folder:
        facts.called.add({str(module): root.shared})
    facts.add_opened(absolute(unit.folder), unit.state.opened)
    note(faults, facts)
    facts.skipped += (one for one in root.unread if one not in facts.skipped)


def _open_policies(root: Root, session: Session, new: Iterable[Declarations], facts: Facts) -> None:
    """Make the policies of a deployment unknown if something that is not read may change them."""
    texts = [source.text for folder in session.met.values() for source in folder.sources]
    unread = list(read_files(root.generated, texts))
    if root.deployment.added is not None:
        unread += replaced_files(root.folder, root.deployment.added, session.opened, session.met)
    facts.skipped += [one for one in unread if one not in facts.skipped]
    doubts = [*root.doubts, *unread]
    for one in new if doubts else ():
        open_policies(one, doubts[0])
