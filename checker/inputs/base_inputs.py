"""Reads a revision of a repository and its working tree, and finds what a change between them can affect."""

from __future__ import annotations

import os
import posixpath
import shutil
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError, Skipped
from checker.core.unknown import Unknown
from checker.inputs.change import read_change
from checker.inputs.changed_files import changed_files, ignored_values
from checker.inputs.diff_inputs import loaded
from checker.inputs.discover import HCL, is_input, is_unit, may_matter
from checker.inputs.git_tree import copied_below
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.analysis.inventory import Key, Topic
    from checker.inputs.change import Change
    from checker.inputs.changed_files import ChangedFiles, Checkout
    from checker.inputs.collect import Given
    from checker.inputs.diff_inputs import Input
    from checker.inputs.git_tree import Tree


class Reach(NamedTuple):
    """What a change affects, on one side or both.

    ``files`` are the changed files and all files of the affected Terraform roots, ``roots`` the folders of these roots;
    both are relative to the top of the repository. ``others`` is true if a changed file outside of Terraform modules
    is about SNS, KMS or Connect.
    """

    files: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    others: bool = False

    def joined(self, other: Reach) -> Reach:
        """Return what is affected on one of the sides: a module may be called only on the other one."""
        return Reach(self.files | other.files, self.roots | other.roots, self.others or other.others)


class Changed(NamedTuple):
    """The two sides of a change and what it affects.

    ``folders`` has the new name for each renamed folder. ``skipped`` are parts that were not copied. ``values`` has the
    values file of each root that is compared with several of them; such a comparison after the first ``is_repeated``.
    """

    old: Input
    new: Input
    reach: Reach
    folders: Mapping[str, str] = {}
    skipped: tuple[Skipped, ...] = ()
    values: Mapping[str, str] = {}
    is_repeated: bool = False

    def root_of(self, resource: Topic | Key, *, is_old: bool) -> str:
        """Return the root of a topic or key, relative to the top of the repository."""
        return os.path.relpath(resource.home, self._side(is_old=is_old).folder)

    def touches(self, resource: Topic | Key, *, is_old: bool) -> bool:
        """True if the change may affect a topic or key by a file that its declaration depends on."""
        name = self._side(is_old=is_old).own(resource.place.document.name)
        if name.endswith(HCL):
            root = self.root_of(resource, is_old=is_old)
            return root in self.reach.roots or (is_old and self.folders.get(root, root) != root)
        return name in self.reach.files or (self.reach.others and _depends_on_others(resource))

    def touches_file(self, name: str, *, is_old: bool) -> bool:
        """True for what was not read if the change may affect it: its file, or one that may supply its values."""
        side, reach = self._side(is_old=is_old), self.reach
        file = side.own(name).partition("#")[0]
        if file in reach.files or not os.path.lexists(os.path.join(side.folder, file)):  # noqa: PTH118 - a name
            return True
        folder, _, last = file.rpartition("/")[0].rpartition("/")
        if last != "templates":  # the values of a Helm chart are beside this folder
            folder = file.rpartition("/")[0]
        return bool(folder) and any(one.startswith(f"{folder}/") for one in reach.files)

    def _side(self, *, is_old: bool) -> Input:
        return self.old if is_old else self.new


def _depends_on_others(resource: Topic | Key) -> bool:
    """True for a resource of a template with a part of which not even a reference is known.

    Another template may set it. A policy and a plan are complete in their own file.
    """
    policy = resource.policy if isinstance(resource.policy, Unknown) else resource.policy.policy
    return "#" in resource.address and _is_opaque((resource.arn, policy, resource.doubt))


def _is_opaque(value: object) -> bool:
    if isinstance(value, Unknown):
        return not value.pieces
    return isinstance(value, tuple) and any(map(_is_opaque, value))


@contextmanager
def read_changed(base: Checkout, paths: Sequence[str], given: Given) -> Iterator[Iterator[Changed]]:
    """Read the revision and the working tree below some paths, as both sides of each comparison.

    There are several comparisons if a root has several changed values files. Raises InputError.
    """
    with chdir(base.top), copied_below(base.commit, paths) as tree:
        _check_paths(paths, tree)
        _copy_ignored(base, tree)
        files = changed_files(base, tree)
        yield _Reader(base, tree, files, paths, given).comparisons()


def _check_paths(paths: Sequence[str], tree: Tree) -> None:
    for path in paths:
        if not os.path.lexists(path) and not os.path.lexists(tree.folder / path):
            reason = "does not exist, neither in the working tree nor in the base"
            raise InputError(path, reason, help_text="name a file or folder of the repository")


def _copy_ignored(base: Checkout, tree: Tree) -> None:
    """Give both sides the Terraform values that git ignores."""
    for name in ignored_values(base):
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

    def comparisons(self) -> Iterator[Changed]:
        """Yield the sides, once for each of the values files that a root has, and at least once."""
        old = read_change(_files(self.copy, self.files.old), lambda _: False)
        new = read_change(_files(Path(), self.files.new), self._is_ignored)
        before, after = (set(self._values(one)) for one in (old, new))
        both = sorted(before & after)
        skipped = [*self._not_copied(), *(_one_sided(file) for _, file in sorted(before ^ after))]
        rounds = _rounds(both)
        for number, pairs in enumerate(rounds):
            made = self._compared((old, new), pairs)
            values = dict(pairs) if len(rounds) > 1 else {}
            yield made._replace(
                skipped=() if number else tuple(skipped), values=values, is_repeated=number > 0
            )

    def _values(self, change: Change) -> Iterator[tuple[str, str]]:
        """Yield the folder and the values file of each pair, relative to the top."""
        for folder, file in change.values:
            yield self._own(folder), self._own(file)

    def _own(self, path: Path) -> str:
        """Return a path relative to the top of its side."""
        full = os.path.abspath(path)  # noqa: PTH100 - links are not followed
        top = self.tree.folder if Path(full).is_relative_to(self.tree.folder) else Path(self.base.top)
        return os.path.relpath(full, top)

    def _compared(self, changes: tuple[Change, Change], pairs: Sequence[tuple[str, str]]) -> Changed:
        below = [self.copy / one for one in self.paths if os.path.lexists(self.tree.folder / one)]
        old = loaded(self.base.revision, self.copy, self._given(self.copy, pairs), below)
        here = [Path(one) for one in self.paths if os.path.lexists(one)]
        new = loaded("the working tree", Path(), self._given(Path(), pairs), here, self._is_ignored)
        old = old._replace(
            names=old.names._replace(renamed=self._renamed()),
            prefix=f"{self.copy}/",
            label=f"{self.base.short}:",
        )
        reach = self._reach(old, changes[0], self.files.old).joined(
            self._reach(new, changes[1], self.files.new)
        )
        return Changed(old, new, reach, self._folders())

    def _given(self, folder: Path, pairs: Sequence[tuple[str, str]]) -> Given:
        return self.given._replace(values=tuple((folder / root, folder / file) for root, file in pairs))

    def _reach(self, side: Input, change: Change, changed: frozenset[str]) -> Reach:
        files = {side.own(one) for one in change.names_with(side.inventory.read_by_roots)}
        roots = {self._own(one.parent) for one in change.paths if one.name.endswith(HCL) or is_unit(one)}
        others = any(_may_matter(side.folder, one) for one in changed)
        return Reach(frozenset(files | changed), frozenset(roots), others)

    def _folders(self) -> dict[str, str]:
        """Return the new names of renamed folders."""
        folders = {posixpath.dirname(one) or "." for one in self.files.renamed}
        return {one: self.files.folder_of(one) for one in folders}

    def _renamed(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs of names that symbols and addresses of the old side are written with."""
        folders = [
            (f"{old}/", f"{new}/")
            for old, new in self._folders().items()
            if old != new and "." not in (old, new)
        ]
        files = [pair for pair in self.files.renamed.items() if not pair[0].endswith(HCL)]
        return (*files, *folders)

    def _is_ignored(self, path: Path) -> bool:
        return posixpath.normpath(path.as_posix()) not in self.files.present

    def _not_copied(self) -> Iterator[Skipped]:
        """Yield the changed files of the revision that could not be copied, such as submodules."""
        for one in self.tree.skipped:
            name = one.what.removeprefix(f"{self.base.commit}:")
            if name in self.files.old:
                yield one._replace(what=f"{self.base.short}:{name}")


def _files(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the paths of files; a submodule is a folder."""
    return [path for path in (folder / one for one in sorted(names)) if not path.is_dir()]


def _rounds(pairs: Sequence[tuple[str, str]]) -> list[tuple[tuple[str, str], ...]]:
    """Distribute values files over comparisons, so that each root has at most one in a comparison."""
    by_root: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        by_root.setdefault(pair[0], []).append(pair)
    number = max((len(one) for one in by_root.values()), default=1)
    return [tuple(one[index] for one in by_root.values() if index < len(one)) for index in range(number)]


def _one_sided(file: str) -> Skipped:
    reason = "only one side has this values file, so the root is compared without its values"
    return Skipped(file, reason, help="`checker check --changed` checks the root with these values")


def _may_matter(folder: str, name: str) -> bool:
    """True for an input outside of Terraform modules that is about SNS, KMS or Connect."""
    if name.endswith(HCL) or not is_input(name):
        return False
    try:
        return may_matter(read_text(Path(folder, name)))
    except InputError:
        return True  # not known
