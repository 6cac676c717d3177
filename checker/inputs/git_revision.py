"""Reads a file at a Git revision: `REV:PATH`, as in `git show`."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, BinaryIO, cast

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.inputs.text import read_stream

if TYPE_CHECKING:
    from pathlib import Path


HELP = "use `REV:PATH` with PATH relative to the repository root, or `REV:./PATH` for the current folder"
_SEARCHES = (":/", ":(", ":!", ":^")
"""First characters of git's search syntax for commit messages and file names."""

_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
"""Environment without prompts or fetches, and with English messages."""
_COMMAND = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
"""git, without the programs that a repository may configure."""


class Revision(NamedTuple):
    """The parts of `REV:PATH`; ``tree`` is empty for the staged files."""

    tree: str
    path: str

    @classmethod
    def of(cls, text: str) -> Revision:
        """Split at the first colon outside braces, since `HEAD^{/a: b}` is a revision."""
        depth = 0
        for index, character in enumerate(text):
            depth += (character == "{") - (character == "}")
            if character == ":" and depth <= 0:
                return cls(text[:index], text[index + 1 :])
        return cls(text, "")

    @property
    def is_relative(self) -> bool:
        """True for a path relative to the current folder."""
        return self.path in (".", "..") or self.path.startswith(("./", "../"))


def is_revision(text: str, path: Path) -> bool:
    """True for `REV:PATH` unless a file has that name."""
    return ":" in text and not os.path.exists(path)  # noqa: PTH110 - it never raises


def read_revision(text: str) -> str:
    """Read a file at a revision of the repository around the current folder.

    No shell is used, and no filter that the repository configures is run. Raises InputError.
    https://git-scm.com/docs/git-show
    """
    check_revision(text)
    command = (*_COMMAND, "show", "--no-textconv", "--no-ext-diff", text)
    try:
        with subprocess.Popen(  # noqa: S603 - the arguments are a list, and none of them is an option
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **_QUIET},
        ) as process:
            return _text(process, text)
    except (OSError, ValueError) as error:
        raise _cannot_run(error) from None


def check_revision(text: str) -> None:
    """Refuse what git would read as an option or a search. Raises InputError."""
    if text.startswith(("-", *_SEARCHES)):
        start = text[: 1 + text.startswith(":")]
        raise InputError(text, f"a revision cannot begin with `{start}`", help_text=HELP)


def git_output(name: str, arguments: tuple[str, ...], stdin: BinaryIO | None = None) -> bytes:
    """Run a git command that only reads objects. Raises InputError about ``name`` if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - as above
            (*_COMMAND, *arguments),
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={**os.environ, **_QUIET},
        )
    except (OSError, ValueError) as error:
        raise _cannot_run(error) from None
    if done.returncode != 0:
        raise InputError(name, _reason(done.stderr.decode("utf-8", "replace")), help_text=HELP)
    return done.stdout


def is_folder_at(text: str) -> bool:
    """True for a folder at a revision; false also for what does not exist. Raises InputError."""
    check_revision(text)
    revision = Revision.of(text)
    try:
        if not revision.tree:
            magic = ":(literal)" if revision.is_relative else ":(top,literal)"
            return bool(git_output(text, ("ls-files", "-z", "--", f"{magic}{revision.path}/")))
        return git_output(text, ("cat-file", "-t", text)).strip() == b"tree"
    except InputError as error:
        if error.what == text:
            return False
        raise


def _cannot_run(error: OSError | ValueError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError("git", "is not installed", help_text="provide the two policies as files")
    return InputError("git", f"cannot be run: {error}".lower())


def _text(process: subprocess.Popen[bytes], name: str) -> str:
    """Return git's output if it succeeds. Raises InputError."""
    printed, said = cast("BinaryIO", process.stdout), cast("BinaryIO", process.stderr)
    try:
        text = read_stream(name, printed)
    except InputError:
        process.kill()
        raise
    complaint = said.read().decode("utf-8", "replace")
    if process.wait() != 0:
        raise InputError(name, _reason(complaint), help_text=HELP)
    return text


def _reason(complaint: str) -> str:
    """Return the first line of git's error message, in checker's style."""
    line = complaint.strip().partition("\n")[0].removeprefix("fatal: ").rstrip(".")
    return (line[:1].lower() + line[1:]).replace("'", "`") or "git failed"
