"""Reads a file at a Git revision: `REV:PATH`, as in `git show`."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, BinaryIO, cast

from checker.core.errors import InputError
from checker.inputs.text import read_stream

if TYPE_CHECKING:
    from pathlib import Path


_HELP = "use `REV:PATH` with PATH relative to the repository root, or `REV:./PATH` for the current folder"
_SEARCHES = (":/", ":(", ":!", ":^")
"""First characters of git's search syntax for commit messages and file names."""

_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
"""Environment without prompts or fetches, and with English messages."""


def is_revision(text: str, path: Path) -> bool:
    """True for `REV:PATH` unless a file has that name."""
    return ":" in text and not os.path.exists(path)  # noqa: PTH110 - it never raises


def read_revision(text: str) -> str:
    """Read a file at a revision of the repository around the current folder.

    No shell is used, and no filter that the repository configures is run. Raises InputError.
    https://git-scm.com/docs/git-show
    """
    if text.startswith(("-", *_SEARCHES)):
        raise InputError(
            text, f"a revision cannot begin with `{text[: 1 + text.startswith(':')]}`", help_text=_HELP
        )
    command = ("git", "--no-pager", "show", "--no-textconv", "--no-ext-diff", text)
    try:
        with subprocess.Popen(  # noqa: S603 - the arguments are a list, and none of them is an option
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **_QUIET},
        ) as process:
            return _text(process, text)
    except FileNotFoundError:
        raise InputError("git", "is not installed", help_text="provide the two policies as files") from None
    except (OSError, ValueError) as error:
        raise InputError("git", f"cannot be run: {error}".lower()) from None


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
        raise InputError(name, _reason(complaint), help_text=_HELP)
    if text.startswith(f"tree {name}\n"):
        raise InputError(name, "is a folder at that revision", help_text="name a file in it")
    return text


def _reason(complaint: str) -> str:
    """Return the first line of git's error message, in checker's style."""
    line = complaint.strip().partition("\n")[0].removeprefix("fatal: ").rstrip(".")
    return (line[:1].lower() + line[1:]).replace("'", "`") or "git show failed"
