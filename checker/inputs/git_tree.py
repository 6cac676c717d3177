"""Copies the files of a Git revision into a temporary folder, so that they can be read like other files.

Objects are read as git stores them. Nothing of the repository runs: no hook, filter, attribute or submodule.
https://git-scm.com/docs/git-cat-file
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from posixpath import normpath
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.record import NamedTuple
from checker.inputs.confinement import also_within
from checker.inputs.discover import HCL, VALUES
from checker.inputs.git_revision import HELP, Revision, check_revision, git_output
from checker.inputs.opening import forget
from checker.inputs.text import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


_LINK, _SUBMODULE = "120000", "160000"
_MOST = 512 * 1024 * 1024
_NEAR = 256 * 1024
"""The limit of files outside the named folder, other than Terraform files: modules read policies from them."""
_TOO_LARGE = "check out the revision with `git worktree add`, and name the folder there"


class Tree(NamedTuple):
    """A copy of a revision. ``path`` is the named file or folder in it, ``skipped`` what was not copied there.

    ``objects`` has the object of every file, link and submodule of the revision by its path.
    """

    revision: str
    folder: Path
    path: Path
    skipped: tuple[Skipped, ...]
    objects: Mapping[str, str] = {}

    def links(self) -> dict[str, str]:
        """Return the links in the copy with their targets, both relative to its top."""
        found = (one for one in self.objects if (self.folder / one).is_symlink())
        return {one: os.path.relpath(os.path.realpath(self.folder / one), self.folder) for one in found}


class _Entry(NamedTuple):
    mode: str
    object: str
    path: str


@contextmanager
def copied(text: str) -> Iterator[Tree]:
    """Copy the tree of `REV:PATH` for the duration of a reading. Raises InputError."""
    check_revision(text)
    revision = Revision.of(text)
    path = _in_repository(text, revision)
    entries = _entries(text, revision.tree)
    if not _exists(path, entries):
        raise InputError(
            text,
            f"path `{path}` does not exist in `{revision.tree or 'the staged files'}`",
            help_text="`git log --stat` shows where the file was",
        )
    with _written_out(text, entries, (path,)) as tree:
        yield tree


@contextmanager
def copied_below(revision: str, paths: Sequence[str]) -> Iterator[Tree]:
    """Copy a revision for the duration of a reading of some paths, which need not exist there. Raises InputError.

    The paths are relative to the top of the repository. ``path`` is the top of the copy.
    """
    text = f"{revision}:"
    with _written_out(text, _entries(text, revision), tuple(paths)) as tree:
        yield tree._replace(path=tree.folder)


@contextmanager
def _written_out(text: str, entries: Sequence[_Entry], named: tuple[str, ...]) -> Iterator[Tree]:
    with TemporaryDirectory(prefix="checker-") as made:
        Path(made, ".git").mkdir()  # marks the top of the repository; no file of a revision has this name
        folder = Path(os.path.realpath(made))
        skipped = tuple(_copy(text, entries, folder, named))
        objects = {one.path: one.object for one in entries}
        try:
            with also_within(folder):
                yield Tree(Revision.of(text).tree, folder, folder / named[0], skipped, objects)
        finally:
            forget(folder)


def _in_repository(text: str, revision: Revision) -> str:
    """Return the path relative to the top of the repository. Raises InputError."""
    path = revision.path
    if revision.is_relative:
        prefix = git_output(text, ("rev-parse", "--show-prefix")).decode().removesuffix("\n")
        path = prefix + path
    path = normpath(path) if path else "."
    if path.startswith(("../", "/")) or path == "..":
        raise InputError(text, f"`{path}` is outside the repository", help_text=HELP)
    return path


def _exists(path: str, entries: Iterable[_Entry]) -> bool:
    return path == "." or any(is_below(one.path, (path,)) for one in entries)


def _entries(text: str, tree: str) -> tuple[_Entry, ...]:
    """List the files of a revision, or the staged files. Raises InputError."""
    if not tree:
        staged = git_output(text, ("ls-files", "--stage", "-z", "--full-name", ":/"))
        return tuple(_Entry(mode, one, path) for mode, one, _, path in _fields(staged))
    try:
        listed = git_output(text, ("ls-tree", "-r", "-z", "--full-tree", f"{tree}^{{tree}}"))
    except InputError as error:
        reason = f"invalid object name `{tree}`" if error.reason.startswith("not a valid") else error.reason
        raise error.reworded(reason, error.help) from None
    return tuple(_Entry(mode, one, path) for mode, _, one, path in _fields(listed))


def _fields(listed: bytes) -> Iterator[tuple[str, str, str, str]]:
    for line in filter(None, listed.split(b"\0")):
        head, _, path = line.partition(b"\t")
        first, second, third = head.decode("ascii").split()
        yield first, second, third, os.fsdecode(path)


def _copy(text: str, entries: Sequence[_Entry], folder: Path, named: tuple[str, ...]) -> Iterator[Skipped]:
    """Write the files, and then the links that stay inside the copy. Yield what was not copied below a path."""
    reasons: dict[str, str] = {}
    regular = [one for one in entries if _is_plain(one.path) and one.mode != _SUBMODULE]
    links: list[tuple[Path, bytes]] = []
    contents = _contents(text, regular, named)
    for entry, content in contents:
        target = folder / entry.path
        if isinstance(content, str):
            reasons[entry.path] = content
        elif entry.mode == _LINK:
            links.append((target, content))
        elif fault := _written(target, content):
            reasons[entry.path] = fault
    reasons |= {one.relative_to(folder).as_posix(): why for one, why in _link(links, folder)}
    reasons |= {one.path: "a submodule, which is not read" for one in entries if one.mode == _SUBMODULE}
    reasons |= {one.path: "the name is not a valid path" for one in entries if not _is_plain(one.path)}
    for path, reason in reasons.items():
        if is_below(path, named):
            yield Skipped(f"{Revision.of(text).tree}:{path}", reason)


def _is_plain(path: str) -> bool:
    """True for a path that cannot lead out of the folder that it is joined to."""
    parts = path.split("/")
    return not any(part in ("", ".", "..") or part.lower() == ".git" for part in parts) and not (
        os.sep != "/" and (os.sep in path or ":" in path)
    )


def _contents(
    text: str, entries: list[_Entry], named: tuple[str, ...]
) -> Iterator[tuple[_Entry, bytes | str]]:
    """Yield the content of each file, or the reason why it was not read. Large files count only below a path."""
    sizes = _sizes(text, entries)
    wanted = [one for one in entries if _is_wanted(one, sizes.get(one.object, 0), named)]
    if sum(sizes.get(one.object, 0) for one in wanted) > _MOST:
        raise InputError(text, "the revision has more than 512 MB of files", help_text=_TOO_LARGE)
    answers = _batch(text, "--batch", wanted)
    at = 0
    for one in wanted:
        end = answers.index(b"\n", at)
        kind, size = _answered(answers[at:end])
        at = end + 1
        if kind != "blob":
            yield one, "git does not have the content"
            continue
        yield one, answers[at : at + size]
        at += size + 1


def _is_wanted(entry: _Entry, size: int, named: tuple[str, ...]) -> bool:
    if is_below(entry.path, named):
        return True
    return size <= (MAX_BYTES if entry.path.endswith((*HCL, *VALUES)) else _NEAR)


def is_below(path: str, folders: Iterable[str]) -> bool:
    """True for one of the paths, and for a path below one of them."""
    return any(folder in (".", path) or path.startswith(f"{folder}/") for folder in folders)


def _sizes(text: str, entries: list[_Entry]) -> dict[str, int]:
    lines = _batch(text, "--batch-check", entries).splitlines()
    return {one.object: _answered(line)[1] for one, line in zip(entries, lines, strict=True)}


def _answered(line: bytes) -> tuple[str, int]:
    """Read `OBJECT blob SIZE` or `OBJECT missing`."""
    parts = line.split()
    return (parts[1].decode(), int(parts[2])) if len(parts) == 3 else ("missing", 0)


def _batch(text: str, option: str, entries: list[_Entry]) -> bytes:
    with TemporaryFile() as listed:
        listed.write("".join(f"{one.object}\n" for one in entries).encode("ascii"))
        listed.seek(0)
        return git_output(text, ("cat-file", option), listed)


def _written(target: Path, content: bytes) -> str:
    """Write a new file, and return the reason if that is not possible, as on a disk that ignores case."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def _link(links: list[tuple[Path, bytes]], folder: Path) -> Iterator[tuple[Path, str]]:
    """Make the links, after all files are written, and remove those that lead out of the folder."""
    made = []
    for path, target in links:
        try:
            _make_link(path, os.fsdecode(target), folder)
            made.append(path)
        except (OSError, ValueError) as error:
            yield path, (getattr(error, "strerror", None) or str(error)).lower()
    outside = [one for one in made if not Path(os.path.realpath(one)).is_relative_to(folder)]
    for one in outside:
        one.unlink()
        yield one, "links out of the repository"


def _make_link(path: Path, target: str, folder: Path) -> None:
    """Make a link in the folder itself. Raises OSError and ValueError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not Path(os.path.realpath(path.parent)).is_relative_to(folder):
        raise ValueError("it is below a link")
    path.symlink_to(target)
