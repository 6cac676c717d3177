"""Finds what a change defines otherwise under the same name: references, the providers of resources, calls of modules."""

from __future__ import annotations

import os
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import InputError, Skipped
from checker.core.pattern import pattern
from checker.core.unknown import Unknown, literal, parts_of, symbols_within
from checker.inputs.access_values import access_values, with_symbols
from checker.inputs.cloudformation.definitions import (
    definition_of,
    template_in,
    text_of_template,
    with_nested,
)
from checker.inputs.discover import CONFIGURATION, HCL
from checker.inputs.file_references import files_read_by
from checker.inputs.reach import has_unread_part
from checker.inputs.resource_matches import is_of_deployment
from checker.inputs.supply_changes import SupplyChanges, definitions_of, texts_in_language
from checker.inputs.terraform.module.folder import callers_among
from checker.inputs.terraform_text import unread_modules
from checker.inputs.text import TextDocument, parse_documents
from checker.policy.node import Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.unknown import Symbol
    from checker.inputs.diff_inputs import Input
    from checker.inputs.reach import Changed
    from checker.inputs.resource_matches import Match, Resource
    from checker.inputs.terraform.definitions import Definitions


_IN_FILE = "a part of it was not read, and may come from a file that changes"
_SUPPLIED = "a part of it was not read, and may be a value that other code sets, which changes"
_GRANT = "a grant of a key that the code does not declare changes, and grants are not compared"
_KEY = pattern(r"\b(?<!data\.)(?:aws|awscc)_kms_(?:external_|replica_)*key\.")
"""Matches a reference to a declared key."""
_IGNORED = "Terraform leaves the policy in force as it is while `ignore_changes` has it, so that it may be another one"
_MOVED = "its provider or backend changes, so that it may be in another account or Region"


class Redefined:
    """Compares the definitions of references, of providers and of calls of unread modules on both sides of a change."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._supplies = SupplyChanges(changed)
        self._near: dict[tuple[str, str], bool] = {}
        self._suppliers: dict[tuple[str, str], str] = {}

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

    def kept(self, match: Match) -> Unknown | None:
        """Return the reason if `ignore_changes` leaves a policy as it is, on one side or both, so that it may be another."""
        old, new = match
        if old is None or new is None or not self._is_code(new) or not self._is_near(new):
            return None
        sides = zip(self._definitions, (old, new), strict=True)
        before, after = (known.ignored(known.root_of(one), one.address) for known, one in sides)
        is_same = access_values(old).policy == access_values(new).policy
        return None if before == after and (is_same or not after) else Unknown(_IGNORED, new.address)

    def _settings(
        self, resource: Resource, without: frozenset[str], *, is_old: bool
    ) -> tuple[str, tuple[str, ...]]:
        """Return the settings of the provider of a resource, and of the backend of its root."""
        known = self._definitions[not is_old]
        root = known.root_of(resource)
        return known.of_provider(root, resource.address, without), known.backends(root)

    def calls(self) -> Iterator[Skipped]:
        """Yield the calls of modules that were not read and are defined differently on both sides."""
        sides = self._changed.old, self._changed.new
        calls = {
            (dirname(file) or ".", name): file
            for side in sides
            for file, name in sorted(self._calls(side), reverse=True)
        }
        for (folder, name), file in sorted(calls.items()):
            if self._is_other_call(*self._call(folder, name)):
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
            known.backends_around(Path(side.folder, folder))
            for known, side in zip(self._definitions, sides, strict=True)
        )
        if before != after:
            return False
        return not self._is_other_call(*calls) or self._called_differently(folder, name, file)

    def grants(self) -> Iterator[Skipped]:
        """Yield the files of grants that change, and whose key the code does not declare: a key has all others."""
        before, after = (dict(self._grants(one)) for one in (self._changed.old, self._changed.new))
        differing = [
            one for one in after if one not in before or self._supplies.is_supplied(partial(str, one))
        ]
        files = {before[one] for one in before if one not in after} | {after[one] for one in differing}
        for file in sorted(files):
            place = normpath(join(self._changed.new.names.base, file))
            yield Skipped(place, _GRANT, help="compare the output of `aws kms list-grants`")

    def _grants(self, side: Input) -> Iterator[tuple[str, str]]:
        """Yield the definition of each grant of a key that the code does not declare, and its file."""
        texts = texts_in_language(side)
        own = [dirname(name) or "." for name, text in texts.items() if "aws_kms_grant" in text]
        known = self._definitions[side is self._changed.new]
        for root in sorted(callers_among(own, texts, side.folder)):
            for one in known.grants(Path(side.folder, root)):
                if not _KEY.search(one.key):
                    yield one.definition, side.names.relative(os.path.relpath(one.file, side.folder))

    def _call(self, folder: str, name: str) -> tuple[str, str]:
        """Return the definition of a call on both sides, empty on a side without the call."""
        before, after = (
            known.of_call(Path(side.folder, folder), name)
            for known, side in zip(self._definitions, (self._changed.old, self._changed.new), strict=True)
        )
        return before, after

    def _is_other_call(self, before: str, after: str) -> bool:
        return before != after or self._supplies.is_supplied(lambda: after)

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
        if self._is_code(new) and not self._is_near(new):
            return self._supplies.is_supplied(lambda: self._in_code(symbol, new, is_old=False))
        define = self._in_code if self._is_code(new) else self._in_template
        before, after = define(symbol, old, is_old=True), define(symbol, new, is_old=False)
        return before != after or self._supplies.is_supplied(lambda: after)

    def _dependencies(self, symbol: Symbol) -> Iterator[tuple[Definitions, tuple[Path, str]]]:
        """Yield the Terragrunt unit and the output that a symbol names, on both sides."""
        unit, names = symbol.scope.partition("#")[2], symbol.name.split(".")
        for known, side in zip(self._definitions, (self._changed.old, self._changed.new), strict=True):
            yield known, (Path(side.folder, unit), names[3] if len(names) > 3 else "")

    def _in_code(self, symbol: Symbol, resource: Resource, *, is_old: bool) -> str:
        """Return the name of a symbol, with its definition in Terraform code."""
        known = self._definitions[not is_old]
        return f"{symbol.name}\n{known.of_symbol(known.root_of(resource), symbol.name) or ''}"

    def _in_template(self, symbol: Symbol, resource: Resource, *, is_old: bool) -> str:
        """Return the name of a symbol, with its definitions in templates."""
        side = self._changed.old if is_old else self._changed.new
        found = (definition_of(one, symbol.name) for one in _templates(symbol, resource, side))
        text = "\n".join((symbol.name, *(one for one in found if one is not None)))
        return with_nested(text, self._supplies.templates[not is_old])

    def _is_near(self, new: Resource) -> bool:
        """True if the change has a file of the code of a resource, or one that the code may read."""
        place = new.home, dirname(new.place.document.name)
        if place not in self._near:
            touched = self._changed.touches(new, is_old=False)
            self._near[place] = touched or bool(self._supplier(new))
        return self._near[place]

    def _supplier(self, new: Resource) -> str:
        """Return a changed file that the code of a resource may read; empty if there is none."""
        name = new.place.document.name
        place = new.home, dirname(name) if self._is_code(new) else new.address and name
        if place not in self._suppliers:
            self._suppliers[place] = self._changed.supplier(new)
        return self._suppliers[place]

    @staticmethod
    def _is_code(resource: Resource) -> bool:
        return resource.place.document.name.endswith(HCL)

    def supplied(self, match: Match) -> Unknown | None:
        """Return the reason why a file or other code may supply an unread part of a resource: any of its code may be it."""
        old, new = match
        if old is None or new is None or not has_unread_part(new):
            return None
        if file := self._supplier(new):
            return Unknown(_IN_FILE, file)
        is_supplied = self._supplies.is_supplied(lambda: self._code_of(new))
        return Unknown(_SUPPLIED, new.address) if is_supplied else None

    def _code_of(self, resource: Resource) -> str:
        """Return the texts in which a part of a resource may be: of its root, or of its template and those around it."""
        if self._is_code(resource):
            known = self._definitions[1]
            return known.code(known.root_of(resource))
        file, side = PurePosixPath(resource.place.document.name).name, self._changed.new
        names = (name for name, text in side.texts.items() if name.endswith(file) or f"/{file}" in text)
        return "\n".join(text_of_template(one) for name in names for one in _documents(name, side))

    @cached_property
    def _definitions(self) -> tuple[Definitions, Definitions]:
        values = self._changed.values
        if not values:
            return self._supplies.definitions
        old, new = (
            definitions_of(one, self._changed, values) for one in (self._changed.old, self._changed.new)
        )
        return old, new


def _place_of(resource: Resource) -> tuple[str | None, str | None]:
    """Return the Region and the account in an ARN; ``None`` if they depend on the deployment or are not known."""
    arn = resource.arn
    if isinstance(arn, Arn):
        return arn.region, arn.account
    parts = (*map(literal, parts_of(arn, ":")), *[None] * 5)
    return parts[3], parts[4]


def _templates(symbol: Symbol, resource: Resource, side: Input) -> Iterator[Object]:
    """Yield the template in which a symbol is defined: that of its scope, or of the resource."""
    name = symbol.scope.partition("#")[0]
    document = resource.place.document
    if name in side.texts and name != side.own(document.name):
        yield from _documents(name, side)
    elif isinstance(document, TextDocument) and isinstance(document.root, Object):
        yield template_in(document.root)


def _documents(name: str, side: Input) -> Iterator[Object]:
    """Yield the templates in a file."""
    try:
        documents = parse_documents(name, side.texts[name])
    except InputError:
        return  # reported when the file is read
    yield from (template_in(one.root) for one in documents if isinstance(one.root, Object))
