"""Finds what the code of a change supplies otherwise to other code: outputs, exports, stored parameters."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from checker.inputs.callers import is_chosen
from checker.inputs.discover import CONFIGURATION, HCL
from checker.inputs.file_references import files_read_by
from checker.inputs.mentions import text_in
from checker.inputs.supplies import may_want, supplied_by_root, supplied_by_templates, wanted_in
from checker.inputs.terraform.module.folder import callers_among
from checker.inputs.values_rounds import home_of_values, names_in, roots_with, variables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from checker.inputs.diff_inputs import Input
    from checker.inputs.reach import Changed
    from checker.inputs.supplies import Supply
    from checker.inputs.terraform.definitions import Definitions


class SupplyChanges:
    """Compares what both sides of a change supply."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed

    @cached_property
    def templates(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The texts outside of Terraform code of each side, with the changed files that were not read as inputs."""
        sides = self._changed.old, self._changed.new
        texts = [
            {name: text_in(Path(one.folder, name)) for name in self._changed.reach.loose} | dict(one.texts)
            for one in sides
        ]
        old, new = ({name: text for name, text in one.items() if not name.endswith(HCL)} for one in texts)
        return old, new

    def is_supplied(self, definition: Callable[[], str]) -> bool:
        """True if a definition takes a value from other code, which supplies another one."""
        if not self._has_lookups or not self._differing:
            return False
        wanted = wanted_in(definition())
        return any(one.may_be(other) for one in wanted for other in self._differing)

    @cached_property
    def definitions(self) -> tuple[Definitions, Definitions]:
        """The definitions of both sides, without values files that Terraform does not load by itself."""
        old, new = (definitions_of(one, self._changed, {}) for one in (self._changed.old, self._changed.new))
        return old, new

    @cached_property
    def _has_lookups(self) -> bool:
        return any(map(may_want, self._changed.new.texts.values()))

    @cached_property
    def _differing(self) -> frozenset[Supply]:
        """What one side of the change supplies, and the other one does not, or defines otherwise, directly or not."""
        before, after = (frozenset(self._supplies(one)) for one in (self._changed.old, self._changed.new))
        found, others = before ^ after, before & after
        while others and (
            more := {
                one
                for one in others
                if any(wanted.may_be(other) for wanted in wanted_in(one.definition) for other in found)
            }
        ):
            found, others = found | more, others - more
        return found

    def _supplies(self, side: Input) -> Iterator[Supply]:
        """Yield what one side supplies, without values files that Terraform does not load by itself, and with each."""
        top, known = Path(side.folder), self.definitions[side is self._changed.new]
        yield from supplied_by_templates(self.templates[side is self._changed.new])
        for root in sorted(self._supplying(side)):
            yield from supplied_by_root(top / root, known)
        for root, file in sorted(self._with_values(side)):
            yield from supplied_by_root(top / root, definitions_of(side, self._changed, {root: file}))

    def _supplying(self, side: Input) -> frozenset[str]:
        """Return the roots and units that may supply another value: those that a change affects, and their callers.

        Others read a changed file that is not code, or take values from others themselves.
        """
        reach = self._changed.reach
        changed = {dirname(one) or "." for one in reach.changed if one.endswith((*HCL, CONFIGURATION))}
        texts = texts_in_language(side)
        reading = {
            dirname(name) or "."
            for name, text in texts.items()
            if may_want(text) or any(files_read_by(text, reach.loose))
        }
        return frozenset({*reach.roots, *changed, *callers_among(reading, texts, side.folder)})

    def _with_values(self, side: Input) -> Iterator[tuple[str, str]]:
        """Yield the changed values files that Terraform does not load by itself, each with a root that it may be for.

        A file belongs to the first folder above it with Terraform files, or else to each that declares a variable of it.
        """
        top = Path(side.folder)
        files = {
            one: names_in(top / one)
            for one in self._changed.reach.changed
            if is_chosen(one.rpartition("/")[2]) and (top / one).is_file()
        }
        folders = frozenset(dirname(name) or "." for name in side.texts if name.endswith(HCL))
        variables = variables_of(folders, side.texts) if files else {}
        for file, names in files.items():
            home, roots = home_of_values(file, folders), roots_with(names, variables)
            every = (*roots.whole, *roots.partly)
            yield from ((root, file) for root in ((home,) if home in every else every))


def definitions_of(side: Input, changed: Changed, values: Mapping[str, str]) -> Definitions:
    """Return the definitions of one side, with values files for roots."""
    from checker.inputs.terraform.definitions import Definitions  # the parser is slow to import
    from checker.inputs.terraform.module_tree import ModuleTree

    top = Path(side.folder)
    tree = ModuleTree(
        top,
        {join(side.folder, name): text for name, text in side.texts.items() if name.endswith(HCL)},
        {normpath(join(side.folder, root)): top / file for root, file in values.items()},
    )
    return Definitions(tree, top, changed.reach.loose)


def texts_in_language(side: Input) -> dict[str, str]:
    """Return the texts of Terraform and Terragrunt."""
    return {name: text for name, text in side.texts.items() if name.endswith((*HCL, CONFIGURATION))}
