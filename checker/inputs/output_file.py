"""Opens output files: never an input of the run, and never through a link to another folder."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.core.errors import InputError, RefusedError
from checker.core.open_flags import BINARY, NOFOLLOW, NONBLOCK
from checker.core.pattern import pattern
from checker.inputs.opening import NotRegularError, Role, remember, role_of

if TYPE_CHECKING:
    from io import BufferedRandom
    from typing import TextIO


_HERE = Path()
_SYSTEM = frozenset(("/dev", "/dev/fd", "/proc/self/fd"))
"""Folders whose links belong to the system: `/dev/stdout` leads to the standard output of the process."""
_NUMBER = pattern("[0-9]{1,7}")
_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def open_output(path: Path, *, append: bool = False, regular: bool = False, private: bool = False) -> TextIO:
    """Open an output file; its content is discarded, unless ``append``.

    A stream of this process, such as `/dev/stdout`, is written at its current position and never truncated:
    the shell decides whether to truncate (`>`) or append (`>>`).

    Only the user can read a new file that is ``private``.
    ``regular``: the user did not name the file, so pipes and devices are refused. Raises RefusedError for an
    input of the run and for a link to another folder, InputError for another kind of file, else OSError.
    """
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else 0) | (NONBLOCK if regular else 0)
    check_output_file(path, regular=regular)
    stream = stream_of(path)
    mode = 0o600 if private else 0o666
    descriptor = _open(path, flags, mode) if stream is None else os.dup(stream)
    try:
        status = os.fstat(descriptor)
        _check_status(path, status, regular=regular)
        if stat.S_ISREG(status.st_mode) and not append and stream is None:
            os.ftruncate(descriptor, 0)  # only after the check that it is not an input
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")


def open_existing(path: Path) -> BufferedRandom:
    """Open an existing regular file for reading and writing. Raises the same errors as `open_output`."""
    descriptor = _open(path, os.O_RDWR | NONBLOCK)
    try:
        _check_regular(os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb+")


def protect(path: Path, role: Role = Role.INPUT) -> None:
    """Record a file that no output may overwrite. Raises OSError."""
    remember(path, os.stat(path), role)  # noqa: PTH116 - a name, not a Path


def check_output_file(path: Path, *, regular: bool = False) -> None:
    """Check that a file may be written, without opening it. Raises the same errors as `open_output`."""
    if regular and stream_of(path) is not None:
        reason = "cannot be written: this is a stream of this process, not a regular file"
        raise InputError(str(path), reason, help_text="name a regular file; nothing was written")
    real = real_path(path)
    if os.path.exists(real):  # noqa: PTH110 - names, here and below
        _check_status(path, os.stat(real), regular=regular)  # noqa: PTH116


def real_path(path: Path, folder: Path = _HERE) -> str:
    """Return the path without links. Raises RefusedError for a link to another folder.

    A relative path must stay in its start ``folder`` unless it contains `..`; any other path must stay in the
    folder that it names. A link in a repository can therefore not redirect a write outside the repository.
    """
    if _is_of_system(path):
        return str(path)
    real = os.path.realpath(folder / path)
    named = path.is_absolute() or ".." in path.parts
    tree = os.path.realpath((folder / path).parent if named else folder)
    if not is_below(real, tree):
        raise RefusedError(str(path), f"leads through a link to `{real}`", help_text=f"name `{real}` instead")
    return real


def _is_of_system(path: Path) -> bool:
    return os.path.dirname(os.path.abspath(path)) in _SYSTEM  # noqa: PTH100, PTH120 - as above


def stream_of(path: Path) -> int | None:
    """Return the open file descriptor that a path names, if any."""
    folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - as above
    if folder in _SYSTEM and _NUMBER.fullmatch(name):
        return int(name)
    return _STREAMS.get(f"{folder}/{name}")


def is_same_file(one: Path, other: Path) -> bool:
    """True if two names refer to one file, whether or not it exists."""
    try:
        return os.path.samefile(one, other)  # noqa: PTH121 - as above
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def overwritten(path: Path, role: Role) -> RefusedError:
    """Make the error for an output that would overwrite a file of the run."""
    help_text = "name another file; nothing was written"
    return RefusedError(str(path), f"is {role.value} and would be overwritten", help_text=help_text)


def is_below(path: str, folder: str) -> bool:
    """True for a path in a folder, or for the folder; both paths are without links."""
    return Path(path).is_relative_to(folder)


def _open(path: Path, flags: int, mode: int = 0o666) -> int:
    real = real_path(path)
    follow = 0 if _is_of_system(path) else NOFOLLOW
    try:
        return os.open(real, flags | follow | BINARY, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RefusedError(
                str(path), "was replaced by a link", help_text="run the command again"
            ) from None
        raise


def _check_status(path: Path, status: os.stat_result, *, regular: bool) -> None:
    role = role_of(status)
    if role is not None and not (role is Role.IRRELEVANT and _is_earlier_report(path)):
        raise overwritten(path, role)
    if regular:
        _check_regular(status)


def _is_earlier_report(path: Path) -> bool:
    """True for a file that contains only the report of an earlier run."""
    try:
        with open(real_path(path), encoding="utf-8-sig") as file:  # noqa: PTH123 - a name, not a Path
            return is_report(file.read())
    except (OSError, UnicodeDecodeError):
        return False


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(status.st_mode)


_SCHEMAS = (
    "report.v1.json",
    "baseline.v1.json",
    "diff.v1.json",
    "fix.v1.json",
    "flow.v1.json",
    "evidence.v1.json",
    "trial.v1.json",
)
_EXPLANATION = frozenset(("topic", "instance", "connect_can_publish", "links"))
_BEGINNINGS = ("## checker: ", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="checker"')
"""First characters of a Markdown report and of a JUnit report."""


def is_report(text: str) -> bool:
    """True for a report or baseline of checker, and for an empty file, which is a text report without
    findings.
    """
    if not text.strip() or text.startswith(_BEGINNINGS):
        return True
    import json  # few runs overwrite a file

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and (
        value.keys() >= _EXPLANATION or _is_sarif(value) or _has_schema(value)
    )


def _is_sarif(value: dict[str, Any]) -> bool:
    try:
        (run,) = value["runs"]
        return bool(run["tool"]["driver"]["name"] == "checker")
    except (KeyError, TypeError, ValueError):
        return False


def _has_schema(value: dict[str, Any]) -> bool:
    """True for exactly the keys of a published schema."""
    return value.get("version") == 1 and any(_fits(value, name) for name in _SCHEMAS)


def _fits(value: dict[str, Any], name: str) -> bool:
    import json
    from importlib.resources import files  # slow to import, and rarely needed

    schema = json.loads(files("checker.schemas").joinpath(name).read_text("utf-8"))
    return set(schema["required"]) <= value.keys() <= set(schema["properties"])
