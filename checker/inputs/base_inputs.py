"""Reads a revision of a repository and its working tree, as the two sides of comparisons."""

from __future__ import annotations

import os
import posixpath
import shutil
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.shell import path_word
from checker.inputs.callers import is_chosen
from checker.inputs.change import read_change
from checker.inputs.changed_files import changed_files, ignored_files, untracked_files
from checker.inputs.composed_names import read_elsewhere, read_files
from checker.inputs.diff_inputs import loaded
from checker.inputs.discover import HCL, is_input, is_unit, may_matter
from checker.inputs.git_tree import copied_below, is_below
from checker.inputs.parameter_files import parameters_of, unread_parameters
from checker.inputs.reach import Changed, Reach, loose_files
from checker.inputs.terraform_text import settings_in
from checker.inputs.text import read_text
from checker.inputs.unread_changes import unread_changes
from checker.inputs.values_rounds import (
    home_of_values,
    names_in,
    pairs_below,
    roots_with,
    rounds,
    variables_of,
    variables_of_units,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.inputs.change import Change
    from checker.inputs.changed_files import ChangedFiles, Checkout
    from checker.inputs.collect import Given
    from checker.inputs.diff_inputs import Input
    from checker.inputs.git_tree import Tree
    from checker.inputs.values_rounds import Pair, RootsOf


@contextmanager
def read_changed(
    base: Checkout, paths: Sequence[str], given: Given, written: Iterable[Path] = ()
) -> Iterator[Iterator[Changed]]:
    """Read the revision and the working tree below some paths, as both sides of each comparison.

    There are several comparisons if a root has values files. Untracked files that the run itself writes, by full path,
    are not part of the change. Raises InputError.
    """
    with chdir(base.top), copied_below(base.commit, paths) as tree:
        _check_paths(paths, tree)
        _copy_ignored(base, tree)
        top = os.path.realpath(base.top)
        own = {os.path.relpath(os.path.realpath(one), top) for one in written} & untracked_files()
        files = changed_files(base, tree)
        files = files._replace(new=files.new - own, present=files.present - own)
        yield _Reader(base, tree, files, paths, given).comparisons()


def _check_paths(paths: Sequence[str], tree: Tree) -> None:
    for path in paths:
        if not os.path.lexists(path) and not os.path.lexists(tree.folder / path):
            reason = "does not exist, neither in the working tree nor in the base"
            raise InputError(path, reason, help_text="name a file or folder of the repository")


def _copy_ignored(base: Checkout, tree: Tree) -> None:
    """Give both sides the Terraform files that git ignores."""
    for name in ignored_files(base):
        target = tree.folder / name
        if not os.path.lexists(target) and target.parent.is_dir():
            shutil.copyfile(name, target)


class _Reader:
    """Reads both sides. The current folder is the top of the repository."""

    def __init__(
        self, base: Checkout, tree: Tree, files: ChangedFiles, paths: Sequence[str], given: Given
    ) -> None:
        self.base = base
        self.tree = tree
        self.files = files
        self.paths = paths
        self.given = given
        self.copy = Path(os.path.relpath(tree.folder))
        self.folders = self._renamed_folders()

    def comparisons(self) -> Iterator[Changed]:
        """Yield the sides without values files that Terraform does not load by itself, and then with them.

        A root is compared once with each such file that changes. If anything else of it changes, it is also compared
        without them, and with those that do not change.
        """
        changes = self._changes(self.files.old, self.files.new)
        whole = self._compared(changes)
        pairs, unread = self._changed_values(changes, whole)
        roots_with_values = frozenset(root for root, _ in pairs)
        roots = self._roots_without(frozenset(file for _, file in pairs), changes)
        same = (self.files.present & self.tree.objects.keys()) - self.files.new
        same_pairs = pairs_below(roots & (whole.old.roots | whole.new.roots), same, self._module_folders())
        first = whole._replace(skipped=(*self._unread(whole), *unread), elsewhere=roots_with_values - roots)
        yield from self._with_last(first, rounds({*pairs, *same_pairs}))

    def _with_last(self, first: Changed, more: Sequence[Sequence[Pair]]) -> Iterator[Changed]:
        """Yield all comparisons; the last one has the files that only other values of variables lead to."""
        one, read = first, read_files(first.old) | read_files(first.new)
        for pairs in more:
            yield one
            one = self._with_values(first, pairs)
            read |= read_files(one.old) | read_files(one.new)
        given = {name for name, _ in self.given.variables}
        sides = (first.old, self.files.old), (first.new, self.files.new)
        elsewhere = (
            each
            for side, changed in sides
            for each in read_elsewhere(side, (changed & first.reach.loose) - read, given)
        )
        yield one._replace(skipped=(*one.skipped, *elsewhere))

    def _roots_without(self, files: frozenset[str], changes: tuple[Change, Change]) -> frozenset[str]:
        """Return the roots that the change affects by other files than these."""
        if files:
            changes = self._changes(self.files.old - files, self.files.new - files)
        return self._roots(changes[0]) | self._roots(changes[1])

    def _changed_values(
        self, changes: tuple[Change, Change], whole: Changed
    ) -> tuple[frozenset[Pair], list[Skipped]]:
        """Return the changed values files, each with its root, and those that no root is compared with.

        A file in no root belongs to the roots that declare all its variables, and may belong to those that declare some.
        """
        old, new = (frozenset(self._values(one)) for one in changes)
        pairs = set(old & new)
        unread = [Skipped(file, _ONE_SIDED, help=_ONE_SIDED_HELP) for _, file in sorted(old ^ new)]
        for file, roots in self._values_beside(whole):
            is_compared = file in self.files.old & self.files.new
            pairs |= {(root, file) for root in roots.whole if is_compared}
            others = roots.partly if is_compared else (*roots.whole, *roots.partly)
            if others:
                reason = _NOT_COMPARED.format(", ".join(f"`{one}`" for one in others))
                unread.append(Skipped(file, reason, help=_NOT_COMPARED_HELP))
        return frozenset(pairs), unread

    def _changes(self, old: frozenset[str], new: frozenset[str]) -> tuple[Change, Change]:
        return (
            read_change(_files(self.copy, old), lambda _: False),
            read_change(_files(Path(), new), self._is_ignored),
        )

    def _values(self, change: Change) -> Iterator[Pair]:
        """Yield the folder and the values file of each pair, relative to the top."""
        known = self._lasting_folders()
        pairs = ((self._own(folder), self._own(file)) for folder, file in change.values)
        return (pair for pair in pairs if pair[0] in known)

    def _values_beside(self, whole: Changed) -> Iterator[tuple[str, RootsOf]]:
        """Yield the changed values files that are in no root with their variables, with the roots that declare them."""
        files = [one for one in sorted(self.files.old | self.files.new) if is_chosen(posixpath.basename(one))]
        texts = {**whole.old.texts, **whole.new.texts} if files else {}
        known = self._lasting_folders()
        homes = variables_of(known, texts)
        variables = variables_of(whole.old.roots | whole.new.roots, texts)
        units = {**variables_of_units(whole.old), **variables_of_units(whole.new)} if files else {}
        for file in files:
            home, names = home_of_values(file, known), self._names_in(file)
            if not home or (names and names.isdisjoint(homes[home])):
                found, deployed = roots_with(names, variables), roots_with(names, units)
                yield file, found._replace(partly=(*found.partly, *deployed.whole, *deployed.partly))

    def _names_in(self, file: str) -> frozenset[str]:
        """Return the variables that a values file sets on either side."""
        return names_in(self.copy / file) | names_in(Path(file))

    def _module_folders(self) -> frozenset[str]:
        return _folders(self.files.present) | _folders(self.tree.objects)

    def _lasting_folders(self) -> frozenset[str]:
        """Return the folders of modules that both sides have: a new one must not take the values of others."""
        return _folders(self.files.present) & _folders(self.tree.objects)

    def _own(self, path: Path) -> str:
        """Return a path relative to the top of its side."""
        full = os.path.abspath(path)  # noqa: PTH100 - links are not followed
        top = self.tree.folder if Path(full).is_relative_to(self.tree.folder) else Path(self.base.top)
        return os.path.relpath(full, top)

    def _compared(self, changes: tuple[Change, Change]) -> Changed:
        below = [self.copy / one for one in self.paths if os.path.lexists(self.tree.folder / one)]
        here = [Path(one) for one in self.paths if os.path.lexists(one)]
        old, new = self._sides(below, here, ())
        links = self.tree.links()
        reach = self._reach(old, changes[0], self.files.old).joined(
            self._reach(new, changes[1], self.files.new)
        )
        loose = loose_files(self.files.old | self.files.new, links)
        return Changed(old, new, reach._replace(loose=loose), self.folders)

    def _with_values(self, whole: Changed, pairs: Sequence[Pair]) -> Changed:
        """Read some roots again, each with a values file."""
        roots = [root for root, _ in pairs]
        below = [self.copy / one for one in roots if (self.tree.folder / one).is_dir()]
        old, new = self._sides(below, [Path(one) for one in roots if Path(one).is_dir()], pairs)
        reach = whole.reach._replace(roots=whole.reach.roots | frozenset(roots))
        return Changed(old, new, reach, self.folders, values=dict(pairs))

    def _sides(
        self, below: Sequence[Path], here: Sequence[Path], pairs: Sequence[Pair]
    ) -> tuple[Input, Input]:
        old = loaded(self.base.revision, self.copy, self._given(self.copy, pairs), below)
        new = loaded("the working tree", Path(), self._given(Path(), pairs), here, self._is_ignored)
        old = old._replace(
            names=old.names._replace(renamed=self._renamed()),
            prefix=f"{self.copy}/",
            label=f"{self.base.short}:",
        )
        return old, new

    def _given(self, folder: Path, pairs: Sequence[Pair]) -> Given:
        return self.given._replace(values=tuple((folder / root, folder / file) for root, file in pairs))

    def _reach(self, side: Input, change: Change, changed: frozenset[str]) -> Reach:
        files = {side.own(one) for one in change.names_with(side.inventory.read_by_roots)}
        others = any(_names_services(side.folder, one) for one in changed)
        return Reach(frozenset(files | changed), self._roots(change), others, changed=changed)

    def _roots(self, change: Change) -> frozenset[str]:
        """Return the folders of the Terraform roots and Terragrunt units that a change affects."""
        return frozenset(
            self._own(one.parent) for one in change.paths if one.name.endswith(HCL) or is_unit(one)
        )

    def _renamed_folders(self) -> dict[str, str]:
        """Return the new names of renamed folders. A root with another backend or provider is not the same root."""
        folders = {posixpath.dirname(one) or "." for one in self.files.renamed}
        found = {one: self.files.folder_of(one) for one in folders}
        return {
            old: new if settings_in(self.copy / old) == settings_in(Path(new)) else old
            for old, new in found.items()
        }

    def _renamed(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs of names that symbols and addresses of the old side are written with."""
        folders = [
            (f"{old}/", f"{new}/")
            for old, new in self.folders.items()
            if old != new and "." not in (old, new)
        ]
        files = [pair for pair in self.files.renamed.items() if not pair[0].endswith(HCL)]
        return (*files, *folders)

    def _is_ignored(self, path: Path) -> bool:
        return posixpath.normpath(path.as_posix()) not in self.files.present

    def _unread(self, whole: Changed) -> Iterator[Skipped]:
        """Yield the changed files that were not copied, such as submodules, and those that no reader takes."""
        for one in self.tree.skipped:
            name = one.what.removeprefix(f"{self.base.commit}:")
            if name in self.files.old:
                yield one._replace(what=f"{self.base.short}:{name}")
        yield from self.files.unread
        yield from self._outside()
        templates = parameters_of({**whole.old.texts, **whole.new.texts})
        for side, changed in ((whole.old, self.files.old), (whole.new, self.files.new)):
            yield from unread_parameters(Path(side.folder), changed, templates)
            yield from unread_changes(side, changed, self.paths)

    def _outside(self) -> Iterator[Skipped]:
        """Yield the roots outside of the paths that a changed file below a path affects."""
        if "." in self.paths:
            return
        old, new = (
            frozenset(one for one in names if is_below(one, self.paths))
            for names in (self.files.old, self.files.new)
        )
        from checker.inputs.terraform.module.folder import matters, read_texts  # only Terraform needs them

        folders = {posixpath.dirname(one) or "." for one in self.paths if not Path(one).is_dir()}
        for root in sorted(frozenset().union(*map(self._roots, self._changes(old, new)))):
            is_read = is_below(root, self.paths) or root in folders
            if not is_read and matters(Path(root), read_texts(Path(root), []), []):
                yield Skipped(root, _OUTSIDE, help=f"name the folder, too: {path_word(root)}")


_OUTSIDE = "a root outside of the named paths, which a change below them affects"
_NOT_COMPARED = "a values file beside the roots, with variables of {}, which was not compared with it"
_NOT_COMPARED_HELP = "`--var NAME=VALUE` sets a variable on both sides"
_ONE_SIDED = "only one side has this values file, so the root is compared without its values"
_ONE_SIDED_HELP = "`checker check --changed` checks the root with these values"


def _folders(names: Iterable[str]) -> frozenset[str]:
    """Return the folders of Terraform modules."""
    return frozenset(posixpath.dirname(one) or "." for one in names if one.endswith(HCL))


def _files(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the paths of files; a submodule is a folder."""
    return [path for path in (folder / one for one in sorted(names)) if not path.is_dir()]


def _names_services(folder: str, name: str) -> bool:
    """True for an input outside of Terraform modules that is about SNS, KMS or Connect."""
    if name.endswith(HCL) or not is_input(name):
        return False
    try:
        return may_matter(read_text(Path(folder, name)))
    except InputError:
        return True  # not known
