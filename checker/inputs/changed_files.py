"""Finds the files that differ between a revision of Git and the working tree, and the renamed ones among them.

Contents are compared, not what git has recorded of files, so that no filter or attribute of a repository runs.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from posixpath import dirname, normpath, splitext
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.record import NamedTuple
from checker.inputs.discover import HCL, VALUES
from checker.inputs.git_revision import git_output
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.inputs.git_tree import Tree


_REGULAR = ("--cached", "--others", "--exclude-standard")
_IGNORED = ("--others", "--ignored", "--exclude-standard")
_SIMILAR = 0.5
"""The part of the lines that a renamed file keeps at least, as for git."""
_MOST = 200
"""The number of new files whose lines are compared with those of deleted ones."""


class Checkout(NamedTuple):
    """A working tree, and the revision that it is compared with.

    ``revision`` is its name as given, ``commit`` the merge base of it and HEAD, and ``top`` the full path of the
    repository.
    """

    revision: str
    commit: str
    top: str

    @property
    def short(self) -> str:
        """The abbreviated commit, as reports show it."""
        return self.commit[:12]

    @property
    def sentence(self) -> str:
        """What is compared, in words."""
        return f"working tree compared with {self.short}, the merge base of {self.revision} and HEAD"


class ChangedFiles(NamedTuple):
    """The files that differ, relative to the top of the repository.

    ``old`` are those of the revision, ``new`` those of the working tree, and ``renamed`` has the new name for an old
    one. ``present`` are all files of the working tree that git does not ignore. ``unread`` are changed files that a
    sparse checkout leaves out.
    """

    old: frozenset[str]
    new: frozenset[str]
    renamed: Mapping[str, str]
    present: frozenset[str]
    unread: tuple[Skipped, ...] = ()

    def folder_of(self, folder: str) -> str:
        """Return the new name of a folder, if all its changed files were renamed to one other folder."""
        inside = [one for one in self.old if dirname(one) == (folder if folder != "." else "")]
        new = {dirname(self.renamed[one]) if one in self.renamed else None for one in inside}
        left = any(dirname(one) == folder for one in self.present)
        target = next(iter(new)) if len(new) == 1 and not left else None
        return folder if target is None else target or "."


def base_of(revision: str) -> Checkout:
    """Find the merge base of a revision and HEAD in the repository around the current folder. Raises InputError."""
    if revision.startswith("-") or not revision:
        raise InputError(
            "--base", f"`{revision}` is not a revision", help_text="name a branch, tag or commit"
        )
    try:
        top = git_output("--base", ("rev-parse", "--show-toplevel")).decode("utf-8", "surrogateescape")
    except InputError as error:
        if error.what != "--base":
            raise
        raise error.reworded(f"the current folder: {error.reason}", _OUTSIDE) from None
    _check_top(top.removesuffix("\n"))
    _check_unique(revision)
    other = _commit(revision)
    return Checkout(revision, _merge_base(revision, other, _commit("HEAD")), top.removesuffix("\n"))


_OUTSIDE = "`checker diff OLD NEW` compares two folders without git"


def _check_top(top: str) -> None:
    """Refuse `GIT_DIR` in a subfolder, which git then takes for the top of the working tree. Raises InputError.

    https://git-scm.com/docs/git#Documentation/git.txt-GITDIR
    """
    if (
        os.environ.get("GIT_DIR")
        and not os.environ.get("GIT_WORK_TREE")
        and not os.path.lexists(Path(top, ".git"))
    ):
        reason = "`GIT_DIR` is set, so that git takes the current folder for the top of the repository"
        raise InputError("--base", reason, help_text="run checker at the top, or unset `GIT_DIR`")


def _commit(revision: str) -> str:
    try:
        named = f"{revision}^{{commit}}"
        return git_output("--base", ("rev-parse", "--verify", "--end-of-options", named)).decode().strip()
    except InputError as error:
        if error.what != "--base":
            raise
    if revision == "HEAD":
        raise InputError("--base", "the repository has no commit yet", help_text="`git commit` makes one")
    reason = f"the repository has no revision `{revision}`"
    raise InputError("--base", reason, help_text=_fetch(revision))


def _check_unique(revision: str) -> None:
    """Refuse a name that several references have: git would take the tag. Raises InputError.

    https://git-scm.com/docs/gitrevisions
    """
    names = [f"refs/{folder}{revision}" for folder in ("", "tags/", "heads/", "remotes/")]
    listed = git_output("--base", ("for-each-ref", "--format=%(refname)", "--", *names)).decode().split()
    found = [one for one in names if one in listed]
    if len(found) > 1:
        reason = f"`{revision}` is ambiguous: {' and '.join(f'`{one}`' for one in found)}"
        raise InputError("--base", reason, help_text=f"write it in full: `--base {found[-1]}`")


def _fetch(revision: str) -> str:
    """Return the help text for a revision that is not found: a similar name, else how to fetch it."""
    names = git_output("--base", ("for-each-ref", "--format=%(refname:short)")).decode().split()
    guess = did_you_mean(revision, names)
    if guess:
        return f"did you mean `{guess}`?"
    remote, slash, branch = revision.partition("/")
    if slash and remote == "origin":
        return f"`git fetch origin {branch}` gets it from the remote; `git branch --all` lists all branches"
    return (
        f"`git fetch origin {revision}:{revision}` gets it from the remote, or use `--base origin/{revision}`"
    )


def _merge_base(revision: str, other: str, head: str) -> str:
    """Return the newest common commit. Raises InputError if there is none, or the history is not complete."""
    try:
        return git_output("--base", ("merge-base", "--", other, head)).decode().split("\n")[0].strip()
    except InputError as error:
        if error.what != "--base":
            raise
    if git_output("--base", ("rev-parse", "--is-shallow-repository")).strip() == b"true":
        reason = f"the history is incomplete: no common commit of `{revision}` and HEAD in this shallow clone"
        fetch = "`git fetch --unshallow` gets the history; in CI, check out with `fetch-depth: 0`"
        raise InputError("--base", reason, help_text=fetch)
    reason = f"`{revision}` and HEAD have no common commit"
    raise InputError("--base", reason, help_text=f"`checker diff {revision}:. .` compares them directly")


def paths_in(base: Checkout, paths: Sequence[Path]) -> tuple[str, ...]:
    """Return paths relative to the top of the repository. Raises InputError for one outside of it."""
    found = []
    for path in paths or (Path(),):
        full = os.path.join(os.path.realpath(path.parent.absolute()), path.name)  # noqa: PTH118 - joined names
        relative = normpath(os.path.relpath(full, os.path.realpath(base.top)))
        if relative.split("/")[0] == "..":
            raise InputError(
                str(path), "is outside the repository", help_text="run checker in its repository"
            )
        found.append(relative)
    return tuple(dict.fromkeys(found))


def changed_files(base: Checkout, tree: Tree) -> ChangedFiles:
    """Compare the files of a copied revision with the working tree."""
    listed = frozenset(_listed(_REGULAR))
    present = {one for one in listed if os.path.lexists(Path(base.top, one))}
    left_out, unread = _left_out(listed - present, tree)
    both = present & tree.objects.keys()
    changed = {one for one in both if not _is_same(Path(base.top, one), tree, one)}
    deleted, added = tree.objects.keys() - present - left_out, present - tree.objects.keys()
    renamed = _renamed(sorted(deleted), sorted(added), Path(base.top), tree)
    old, new = frozenset(changed | deleted), frozenset(changed | added)
    return ChangedFiles(old, new, renamed, frozenset(present), tuple(unread))


def _left_out(missing: Iterable[str], tree: Tree) -> tuple[frozenset[str], list[Skipped]]:
    """Return the missing files that a sparse checkout leaves out, and those of them that differ in the index.

    Neither side has them: they are removed from the copy. https://git-scm.com/docs/git-sparse-checkout
    """
    if not frozenset(missing):
        return frozenset(), []
    marked = git_output("--base", ("ls-files", "-t", "-z")).split(b"\0")
    sparse = {os.fsdecode(one[2:]) for one in marked if one.startswith(b"S ")}
    left_out = frozenset(sparse & frozenset(missing))
    staged = _staged_objects() if left_out else {}
    for one in left_out:
        (tree.folder / one).unlink(missing_ok=True)
    differing = sorted(one for one in left_out if staged.get(one) != tree.objects.get(one))
    return left_out, [Skipped(one, _SPARSE, help=_SPARSE_HELP) for one in differing]


_SPARSE = "the sparse checkout leaves it out, and it changes"
_SPARSE_HELP = "`git sparse-checkout disable` checks out all files"


def untracked_files() -> frozenset[str]:
    """Return the files of the current folder that are neither in the index nor ignored."""
    return frozenset(_listed(("--others", "--exclude-standard")))


def ignored_files(base: Checkout) -> list[str]:
    """Return the Terraform files that git ignores: they belong to the deployment, and not to the change.

    Modules that `terraform init` downloads are left out, because those of the other side may be others.
    """
    patterns = [f"*{ending}" for ending in (*HCL, *VALUES)]
    listed = _listed((*_IGNORED, "--", *patterns))
    return [one for one in listed if "/." not in f"/{one}" and Path(base.top, one).is_file()]


def _listed(options: Iterable[str]) -> list[str]:
    """List files of the current folder, which is the top of the repository."""
    found = git_output("--base", ("ls-files", "-z", *options))
    return [os.fsdecode(one) for one in found.split(b"\0") if one and not one.endswith(b"/")]


def _is_same(path: Path, tree: Tree, name: str) -> bool:
    """True for a file, or the target of a link, with the content that the revision has."""
    old = tree.folder / name
    try:
        if path.is_symlink() or old.is_symlink():
            return path.is_symlink() and old.is_symlink() and path.readlink() == old.readlink()
        if path.is_dir():  # a submodule, which is a folder in the working tree
            return _staged(name) == tree.objects[name] and _is_checked_out(path, tree.objects[name])
        if not path.is_file():
            return False  # a pipe or device, which may block
        return path.stat().st_size == old.stat().st_size and path.read_bytes() == old.read_bytes()
    except OSError:  # not copied, because it is too large, or not readable
        return False


def _is_checked_out(path: Path, commit: str) -> bool:
    """True for a submodule without its files, or with those of a commit alone."""
    if not os.path.lexists(path / ".git"):
        return True
    head = git_output("--base", ("-C", str(path), "rev-parse", "HEAD")).decode("ascii").strip()
    own = ("-C", str(path), "ls-files", "--modified", "--others", "--exclude-standard")
    return head == commit and not git_output("--base", own)


def _staged_objects() -> dict[str, str]:
    """Return the objects of all files in the index."""
    lines = git_output("--base", ("ls-files", "--stage", "-z")).split(b"\0")
    parts = (one.partition(b"\t") for one in lines if one)
    return {os.fsdecode(name): head.split()[1].decode("ascii") for head, _, name in parts}


def _staged(name: str) -> str:
    """Return the object of a file in the index; empty for an untracked one."""
    fields = git_output("--base", ("ls-files", "--stage", "--", f":(top,literal){name}")).split()
    return fields[1].decode("ascii") if len(fields) > 1 else ""


def _renamed(deleted: Sequence[str], added: Sequence[str], top: Path, tree: Tree) -> dict[str, str]:
    """Pair deleted files with new files of the same kind, the most similar first."""
    if not deleted or not added:
        return {}
    old = {one: _lines(tree.folder / one) for one in deleted[:_MOST]}
    new = {one: _lines(top / one) for one in added[:_MOST]}
    pairs = [
        (_likeness(old[one], new[other]), _basename(one) == _basename(other), one, other)
        for one in old
        for other in new
        if splitext(one)[1] == splitext(other)[1]
    ]
    found: dict[str, str] = {}
    for likeness, _, one, other in sorted(pairs, key=lambda pair: (-pair[0], not pair[1], pair[2:])):
        if likeness >= _SIMILAR and one not in found and other not in found.values():
            found[one] = other
    return found


def _basename(name: str) -> str:
    return name.rpartition("/")[2]


def _lines(path: Path) -> Counter[bytes]:
    try:
        is_text = path.is_file() and not path.is_symlink()
        return Counter(path.read_bytes().split(b"\n")) if is_text else Counter()
    except OSError:
        return Counter()


def _likeness(one: Counter[bytes], other: Counter[bytes]) -> float:
    """Return the part of the lines that two files share; 0 if one of them is empty."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if one and other else 0.0
