"""Decides which topics and keys a change affects: yes, no, or not known with the reason.

A topic or key of which every part was read, alike on both sides, is not affected: `redefined` has given references that
mean something else names of their own. It also tells what may supply a part that was not read.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from checker.analysis.inventory import Key
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown, within
from checker.inputs.access_values import access_values
from checker.inputs.discover import CONFIGURATION, HCL, VALUES
from checker.inputs.file_references import files_read_by
from checker.inputs.terraform_text import settings_in, unread_modules
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.analysis.inventory import Topic
    from checker.core.errors import Skipped
    from checker.inputs.diff_inputs import Input
    from checker.inputs.resource_matches import Match


class Reach(NamedTuple):
    """What a change affects, on one side or both, by names relative to the top of the repository.

    - ``files``: the changed files, and all files of the affected Terraform roots.
    - ``roots``: the folders of these roots.
    - ``others``: true if a changed file outside of Terraform modules is about SNS, KMS or Connect.
    - ``loose``: the changed files except Terraform code, also by the names of links to them; any code may read them.
    - ``changed``: the changed files.
    """

    files: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    others: bool = False
    loose: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def has_unit(self, name: str) -> bool:
        """True for the configuration of a Terragrunt unit that changes, or may include one that does."""
        above = {parent.as_posix() for parent in PurePosixPath(name).parents}
        configurations = (one for one in self.files if one.endswith(CONFIGURATION))
        return name in self.files or any((one.rpartition("/")[0] or ".") in above for one in configurations)

    def joined(self, other: Reach) -> Reach:
        """Return what is affected on one of the sides: a module may be called only on the other one."""
        return Reach(
            self.files | other.files,
            self.roots | other.roots,
            self.others or other.others,
            self.loose | other.loose,
            self.changed | other.changed,
        )


def loose_files(changed: Iterable[str], links: Mapping[str, str]) -> frozenset[str]:
    """Return the changed files except Terraform code. ``links`` has the target of each link in the repository."""
    names = {one for one in changed if not one.endswith((*HCL, *VALUES, CONFIGURATION))}
    for link, target in links.items():
        names |= {f"{link}{one[len(target) :]}" for one in names if f"{one}/".startswith(f"{target}/")}
    return frozenset(names)


class Changed(NamedTuple):
    """The two sides of a change and what it affects.

    ``folders`` has the new name for each renamed folder. ``skipped`` are parts that were not read. ``values`` has the
    values file of each root that is compared with one; other topics and keys are not part of such a comparison.
    ``elsewhere`` are the roots that are only compared with their values files. ``is_whole`` is true for two inputs, of
    which everything is compared.
    """

    old: Input
    new: Input
    reach: Reach
    folders: Mapping[str, str] = {}
    skipped: tuple[Skipped, ...] = ()
    values: Mapping[str, str] = {}
    elsewhere: frozenset[str] = frozenset()
    is_whole: bool = False

    @property
    def has_same_texts(self) -> bool:
        """True for two inputs with the same files, so that what was not read is the same on both sides, too."""
        return self.is_whole and self.old.texts == self.new.texts

    @property
    def files(self) -> frozenset[str]:
        """The files that the comparison is about, relative to the folder of a side."""
        return frozenset({*self.old.texts, *self.new.texts}) if self.is_whole else self.reach.files

    def has_unit(self, name: str) -> bool:
        """True for a Terragrunt unit that may differ: by its own configuration, or by one that it includes."""
        if not self.is_whole:
            return self.reach.has_unit(name)
        old, new = (
            {file: text for file, text in side.texts.items() if file.endswith(CONFIGURATION)}
            for side in (self.old, self.new)
        )
        return old != new

    def root_of(self, resource: Topic | Key, *, is_old: bool) -> str:
        """Return the root of a topic or key, relative to the top of the repository."""
        return os.path.relpath(resource.home, self._side(is_old=is_old).folder)

    def values_of(self, match: Match) -> str:
        """Return the values file that the root of a resource is compared with; empty without one."""
        one = match.new or match.old
        return self.values.get(self.root_of(one, is_old=match.new is None), "") if one else ""

    def parts(self, match: Match) -> tuple[Match, ...]:
        """Return a match; or its two sides, if they are in roots that are deployed to different places."""
        old, new = match
        if self.is_whole or old is None or new is None or not old.place.document.name.endswith(HCL):
            return (match,)
        roots = self.root_of(old, is_old=True), self.root_of(new, is_old=False)
        if roots[0] == roots[1] or settings_in(Path(old.home)) == settings_in(Path(new.home)):
            return (match,)
        return match._replace(new=None), match._replace(old=None)

    def is_here(self, match: Match) -> bool:
        """True if this comparison is one for the values of a resource's root."""
        if self.values:
            return bool(self.values_of(match))
        sides = ((match.old, True), (match.new, False))
        return not any(one and self.root_of(one, is_old=is_old) in self.elsewhere for one, is_old in sides)

    def affects(self, match: Match) -> bool:
        """True if the change affects a resource by its files or its values."""
        old, new = match
        if self.is_whole or any(
            one is not None and self.touches(one, is_old=is_old)
            for one, is_old in ((old, True), (new, False))
        ):
            return True
        if old is None or new is None:  # without a change of its files, both sides may have it more than once
            one = match.new or match.old
            return one is not None and not self._is_left_out(one, is_old=new is None)
        return outline(old) != outline(new)  # by a linked file, or by a reference that means something else

    def touches(self, resource: Topic | Key, *, is_old: bool) -> bool:
        """True if the change has a file that the declaration of a topic or key depends on."""
        if self.is_whole:
            return True
        name = self._side(is_old=is_old).own(resource.place.document.name)
        if name.endswith(HCL):
            root = self.root_of(resource, is_old=is_old)
            return root in self.reach.roots or (is_old and self.folders.get(root, root) != root)
        is_template = (
            "#" in resource.address
        )  # another template may set its values; a plan or a policy is complete
        return name in self.reach.files or (self.reach.others and is_template and has_unread_part(resource))

    def touches_file(self, name: str, *, is_old: bool) -> bool:
        """True for what was not read if the change may affect it: its file, or one that may supply its values.

        An entry that does not name a file, such as an option, counts as well.
        """
        if self.is_whole:
            return True
        side, reach = self._side(is_old=is_old), self.reach
        file = side.own(name).partition("#")[0]
        if file in reach.files or not os.path.lexists(os.path.join(side.folder, file)):  # noqa: PTH118 - a name
            return True
        if file.endswith(CONFIGURATION) and reach.has_unit(file):
            return True
        folder, _, last = file.rpartition("/")[0].rpartition("/")
        if last != "templates":  # the values of a Helm chart are beside this folder
            folder = file.rpartition("/")[0]
        return bool(folder) and any(one.startswith(f"{folder}/") for one in reach.files)

    def _is_left_out(self, one: Topic | Key, *, is_old: bool) -> bool:
        """True for a resource that the other side has as well: in a module that cannot be read there, or more than once.

        A submodule is such a module. Of several resources without a name of their own, none is matched.
        """
        side = self._side(is_old=not is_old)
        if any(module.contains(one.address) for module in unread_modules(side.texts, side.folder)):
            return True
        inventory = side.inventory
        others: tuple[Topic | Key, ...] = inventory.keys if isinstance(one, Key) else inventory.topics
        return any(outline(other) == outline(one) for other in others)

    def supplier(self, resource: Topic | Key) -> str:
        """Return a changed file that the code of a resource may read; empty if there is none."""
        is_code = resource.place.document.name.endswith(HCL)
        files = sorted(self.reach.loose)
        for text in _texts_of(resource) if files else ():
            named = (one for one in files if one.rpartition("/")[2] in text)
            file = next(files_read_by(text, files) if is_code else named, "")
            if file:
                return file
        return ""

    def _side(self, *, is_old: bool) -> Input:
        return self.old if is_old else self.new


def outline(one: Topic | Key) -> object:
    """Return what decides about access, without what a fix would write for a reference."""
    return one.address, access_values(one).without_references


def has_unread_part(resource: Topic | Key) -> bool:
    """True for a resource with a part of which not even a reference is known."""
    return any(not one.pieces for one in within(access_values(resource), Unknown))


def _texts_of(resource: Topic | Key) -> Iterator[str]:
    """Yield the texts of a resource's template, or of the modules of its Terraform root."""
    file = Path(resource.place.document.name)
    if not file.name.endswith(HCL):
        yield from (read_text(file),) if "#" in resource.address else ()
        return
    from checker.inputs.terraform.module.folder import (
        read_texts,  # only Terraform needs them
        with_called,
    )

    for folder in dict.fromkeys((Path(os.path.relpath(resource.home)), file.parent)):
        yield from (one.text for one in with_called(folder, read_texts(folder, []), []))
