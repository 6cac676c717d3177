"""Finds what a change defines otherwise under the same name: references, the providers of resources, calls of modules."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import InputError, Skipped
from checker.core.unknown import Unknown, literal, parts_of, symbols_within
from checker.inputs.access_values import access_values, with_symbols
from checker.inputs.callers import is_chosen
from checker.inputs.cloudformation.definitions import definition_of, parameter_of, stored_name, template_in
from checker.inputs.discover import CONFIGURATION, HCL
from checker.inputs.file_references import files_read_by
from checker.inputs.resource_matches import is_of_deployment
from checker.inputs.supplies import STORED, Supply, supplies_in, wanted_by
from checker.inputs.terraform.module.folder import listed
from checker.inputs.terraform_text import backends_in, unread_modules
from checker.inputs.text import TextDocument, parse_documents
from checker.inputs.values_rounds import home_of_values
from checker.policy.node import Object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.core.unknown import Symbol
    from checker.inputs.diff_inputs import Input
    from checker.inputs.reach import Changed
    from checker.inputs.resource_matches import Match, Resource
    from checker.inputs.terraform.definitions import Definitions


_MOVED = "its provider or backend changes, so that it may be in another account or Region"


class Redefined:
    """Compares the definitions of references, of providers and of calls of unread modules on both sides of a change."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._near: dict[tuple[str, str], bool] = {}

    def match(self, match: Match) -> Match:
        """Return a resource whose old side has symbols of its own for references that mean something else."""
        old, new = match
        if old is None or new is None:
            return match
        symbols = dict.fromkeys(symbols_within(access_values(old)))
        allowed = {(one.scope, one.name): one.allowed for one in symbols_within(access_values(new))}
        names = {
            one.name
            for one in symbols
            if allowed.get((one.scope, one.name), one.allowed) != one.allowed or self._differs(one, old, new)
        }
        if not names:
            return match

        def renamed(symbol: Symbol) -> Symbol:
            return (
                symbol._replace(name=f"{symbol.name}, before the change") if symbol.name in names else symbol
            )

        return match._replace(old=with_symbols(old, renamed))

    def moved(self, match: Match) -> Unknown | None:
        """Return the reason why a resource may be in another account or Region than its ARN tells.

        Two inputs may be two environments, whose account and Region are taken as one.
        """
        old, new = match
        if self._changed.is_whole or old is None or new is None:
            return None
        if not self._is_code(new) or not self._is_near(new):
            return None
        regions, accounts = zip(*map(_place_of, (old, new)), strict=True)
        settled = frozenset({"region"} if all(isinstance(one, str) for one in regions) else ())
        if settled and all(isinstance(one, str) for one in accounts):
            return None
        before, after = (self._settings(one, settled, is_old=one is old) for one in (old, new))
        return Unknown(_MOVED, new.address) if before != after else None

    def _settings(
        self, resource: Resource, without: frozenset[str], *, is_old: bool
    ) -> tuple[str, tuple[str, ...]]:
        """Return the settings of the provider of a resource, and of the backend of its root."""
        known = self._definitions[not is_old]
        settings = known.of_provider(known.root_of(resource), resource.address, without)
        return settings, backends_in(Path(resource.home))

    def calls(self) -> Iterator[Skipped]:
        """Yield the calls of modules that were not read and are defined differently on both sides."""
        sides = self._changed.old, self._changed.new
        calls = {
            (dirname(file) or ".", name): file
            for side in sides
            for file, name in sorted(self._calls(side), reverse=True)
        }
        for (folder, name), file in sorted(calls.items()):
            if len(set(self._call(folder, name))) > 1:
                yield self._called_differently(folder, name, file)

    def different_call(self, folder: str, name: str, file: str) -> Skipped | bool:
        """Return what says that a module is called differently; true if both calls are the same, false if unknown.

        ``folder`` and ``file`` are relative to the top. A configuration of Terragrunt may pass values to any module, and
        another backend deploys it once more.
        """
        sides = self._changed.old, self._changed.new
        calls = self._call(folder, name)
        if not all(calls) or any(one.endswith(CONFIGURATION) for side in sides for one in side.texts):
            return False
        before, after = (
            frozenset(map(backends_in, known.roots(Path(side.folder, folder))))
            for known, side in zip(self._definitions, sides, strict=True)
        )
        if before != after:
            return False
        return calls[0] == calls[1] or self._called_differently(folder, name, file)

    def _call(self, folder: str, name: str) -> tuple[str, str]:
        """Return the definition of a call on both sides, empty on a side without the call."""
        before, after = (
            known.of_call(Path(side.folder, folder), name)
            for known, side in zip(self._definitions, (self._changed.old, self._changed.new), strict=True)
        )
        return before, after

    def _called_differently(self, folder: str, name: str, file: str) -> Skipped:
        changed = self._changed
        reason = f"module `{name}` is called differently, and is neither local nor downloaded"
        place = normpath(join(changed.new.names.base, file))
        help_text = (
            "run `terraform init`, and compare the plans"
            if changed.is_whole
            else changed.old.checkout(folder)
        )
        return Skipped(place, reason, help=help_text, block=f"module.{name}")

    def _calls(self, side: Input) -> Iterator[tuple[str, str]]:
        """Yield the file, by its name on the new side, and the name of each call of an unread module that may change."""
        reach = self._changed.reach
        texts = {
            name: text
            for name, text in side.texts.items()
            if side.own(name) in self._changed.files or any(files_read_by(text, reach.loose))
        }
        for one in unread_modules(texts, side.folder):
            if not one.is_local:
                yield side.names.relative(one.file), one.name

    def _differs(self, symbol: Symbol, old: Resource, new: Resource) -> bool:
        """True if a reference may mean something else: by its definition, or by what other code supplies."""
        if is_of_deployment(symbol):
            return False
        if symbol.name.startswith("dependency."):
            return len({known.of_dependency(*one) for known, one in self._dependencies(symbol)}) > 1
        if self._is_code(new):
            is_redefined = self._is_near(new) and self._in_code(symbol, old, new)
        else:
            sides = (old, self._changed.old), (new, self._changed.new)
            before, after = (_in_template(symbol, *one) for one in sides)
            is_redefined = before != after
        wanted = None if is_redefined else self._wanted(symbol, new)
        return is_redefined or (wanted is not None and any(map(wanted.may_be, self._different_supplies)))

    def _dependencies(self, symbol: Symbol) -> Iterator[tuple[Definitions, tuple[Path, str]]]:
        """Yield the Terragrunt unit and the output that a symbol names, on both sides."""
        unit, names = symbol.scope.partition("#")[2], symbol.name.split(".")
        for known, side in zip(self._definitions, (self._changed.old, self._changed.new), strict=True):
            yield known, (Path(side.folder, unit), names[3] if len(names) > 3 else "")

    def _in_code(self, symbol: Symbol, old: Resource, new: Resource) -> bool:
        """True if Terraform code defines a symbol differently on both sides."""
        before, after = self._definitions
        return before.of_symbol(before.root_of(old), symbol.name) != after.of_symbol(
            after.root_of(new), symbol.name
        )

    def _is_near(self, new: Resource) -> bool:
        """True if the change has a file of the code of a resource, or one that the code may read."""
        place = new.home, dirname(new.place.document.name)
        if place not in self._near:
            touched = self._changed.touches(new, is_old=False)
            self._near[place] = touched or bool(self._changed.supplier(new))
        return self._near[place]

    @staticmethod
    def _is_code(resource: Resource) -> bool:
        return resource.place.document.name.endswith(HCL)

    def _wanted(self, symbol: Symbol, new: Resource) -> Supply | None:
        """Return what a symbol stands for, if other code may supply it."""
        wanted = wanted_by(symbol.name)
        if wanted is None and not self._is_code(new):
            declared = [parameter_of(one, symbol.name) for one in _templates(symbol, new, self._changed.new)]
            stored = [name for one in declared if one is not None and (name := stored_name(one)) is not None]
            return Supply(STORED, stored[0]) if stored else None
        if wanted is None or wanted.name or not self._different_supplies:
            return wanted
        known = self._definitions[1]
        return wanted._replace(name=known.argument(known.root_of(new), symbol.name, "name"))

    @cached_property
    def _different_supplies(self) -> frozenset[Supply]:
        """What one side of the change supplies, and the other one does not, or defines otherwise."""
        before, after = (frozenset(self._supplies(one)) for one in (self._changed.old, self._changed.new))
        return before ^ after

    def _supplies(self, side: Input) -> Iterator[Supply]:
        """Yield what one side supplies, without values files that Terraform does not load by itself, and with each."""
        reach, top = self._changed.reach, Path(side.folder)
        files = [one for one in reach.changed if is_chosen(one.rpartition("/")[2]) and (top / one).is_file()]
        homes = {
            parent.as_posix()
            for one in files
            for parent in PurePosixPath(one).parents
            if listed(top / parent, [])
        }
        for values in ({}, *({home_of_values(one, frozenset(homes)): one} for one in files)):
            yield from supplies_in(top, reach.changed, {*reach.roots, *values}, self._of(side, values))

    @cached_property
    def _definitions(self) -> tuple[Definitions, Definitions]:
        values = self._changed.values
        return self._of(self._changed.old, values), self._of(self._changed.new, values)

    def _of(self, side: Input, values: Mapping[str, str]) -> Definitions:
        """Return the definitions of one side, with values files for roots."""
        from checker.inputs.terraform.definitions import Definitions  # the parser is slow to import
        from checker.inputs.terraform.module_tree import ModuleTree

        top = Path(side.folder)
        tree = ModuleTree(
            top,
            {join(side.folder, name): text for name, text in side.texts.items() if name.endswith(HCL)},
            {normpath(join(side.folder, root)): top / file for root, file in values.items()},
        )
        return Definitions(tree, top, self._changed.reach.loose)


def _place_of(resource: Resource) -> tuple[str | None, str | None]:
    """Return the Region and the account in an ARN; ``None`` if they depend on the deployment or are not known."""
    arn = resource.arn
    if isinstance(arn, Arn):
        return arn.region, arn.account
    parts = (*map(literal, parts_of(arn, ":")), *[None] * 5)
    return parts[3], parts[4]


def _in_template(symbol: Symbol, resource: Resource, side: Input) -> list[str | None]:
    return [definition_of(one, symbol.name) for one in _templates(symbol, resource, side)]


def _templates(symbol: Symbol, resource: Resource, side: Input) -> Iterator[Object]:
    """Yield the template in which a symbol is defined: that of its scope, or of the resource."""
    name = symbol.scope.partition("#")[0]
    document = resource.place.document
    if name in side.texts and name != side.own(document.name):
        try:
            documents = parse_documents(name, side.texts[name])
        except InputError:
            return  # reported when the file is read
        yield from (template_in(one.root) for one in documents if isinstance(one.root, Object))
    elif isinstance(document, TextDocument) and isinstance(document.root, Object):
        yield template_in(document.root)
