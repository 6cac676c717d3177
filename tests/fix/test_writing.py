"""A file is whole, old or new, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.fix.writing import write_file, write_files
from checker.inputs.text import InputError

OLD, NEW = "old\n", "new, and longer than before\n"


def full_disk(*_arguments: Any, **_options: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["fsync", "replace", "fdopen"])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "policy.json"
    path.write_text(OLD)
    monkeypatch.setattr(f"checker.fix.writing.os.{call}", full_disk)
    with pytest.raises(InputError) as caught:
        write_file(str(path), NEW)
    assert caught.value.reason == "cannot be written: no space left on device"
    assert path.read_text() == OLD
    assert [one.name for one in tmp_path.iterdir()] == ["policy.json"]


def test_of_several_files_those_before_the_fault_are_new_and_the_others_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / name for name in ("a.json", "b.json", "c.json")]
    for path in paths:
        path.write_text(OLD)
    texts = {str(path): NEW for path in paths}
    written = write_files(texts, {str(path): OLD for path in paths})
    assert next(written) == str(paths[0])
    monkeypatch.setattr("checker.fix.writing.os.replace", full_disk)
    with pytest.raises(InputError):
        next(written)
    assert [path.read_text() for path in paths] == [NEW, OLD, OLD]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_killed_process_leaves_the_file_whole(call: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(OLD)
    script = f"""
        import os, signal
        from checker.fix import writing
        writing.os.{call} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        writing.write_file({str(path)!r}, {NEW!r})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == OLD


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text("theirs\n")
    with pytest.raises(InputError, match="somebody changed the file"):
        list(write_files({str(path): NEW}, {str(path): OLD}))
    assert path.read_text() == "theirs\n"


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_permissions_links_and_the_byte_order_mark_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "policy.json", tmp_path / "link.json"
    path.write_bytes(b"\xef\xbb\xbf" + OLD.encode())
    path.chmod(0o640)
    link.symlink_to(path)
    write_file(str(link), NEW)
    assert link.is_symlink()
    assert path.read_bytes() == b"\xef\xbb\xbf" + NEW.encode()
    assert permissions(path) == 0o640


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_what_is_no_file_is_refused_in_words(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    make(path)
    with pytest.raises(InputError, match="cannot be written"):
        write_file(str(path), NEW)


def test_a_file_that_is_read_only_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.json"
    path.write_text(OLD)
    path.chmod(0o444)
    monkeypatch.setattr(
        os, "access", lambda name, _: bool(permissions(Path(name)) & stat.S_IWUSR)
    )  # or root may
    with pytest.raises(InputError, match="cannot be written: permission denied"):
        write_file(str(path), NEW)
    assert path.read_text() == OLD


def test_a_file_of_two_names_is_written_once(tmp_path: Path) -> None:
    path, link = tmp_path / "policy.json", tmp_path / "link.json"
    path.write_text(OLD)
    link.symlink_to(path)
    both = (str(path), str(link))
    assert list(write_files(dict.fromkeys(both, NEW), dict.fromkeys(both, OLD))) == [str(path)]
    assert path.read_text() == NEW
    assert link.is_symlink()
