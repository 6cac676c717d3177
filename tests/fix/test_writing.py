"""A file is either old or new, whatever happens during a write, and only the file that was read is written."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from checker.core.errors import InputError, RefusedError
from checker.fix.write_files import ReadOnlyError, write_files
from checker.inputs.snapshot import Snapshot, drafts
from checker.inputs.text import read_text

OLD, NEW, THEIRS = "old\n", "new, and longer than before\n", "theirs\n"
Meddle = Callable[[Path], object]


def read(*paths: Path) -> Snapshot:
    """Read files as the planning of a fix does."""
    snapshot: Snapshot = {}
    with drafts({}, snapshot):
        for path in paths:
            read_text(path)
    return snapshot


def writing(*paths: Path, texts: Mapping[str, str] | None = None) -> Iterator[str]:
    """Read files, and be about to write them."""
    return write_files(texts or {str(path): NEW for path in paths}, read(*paths))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder in a folder, beside a copy of both that a link may lead to."""
    for name in ("tree", "elsewhere"):
        (tmp_path / name / "policies").mkdir(parents=True)
        (tmp_path / name / "policies" / "policy.json").write_text(OLD)
    return tmp_path / "tree" / "policies" / "policy.json"


def outside(path: Path) -> Path:
    return path.parent.parent.parent / "elsewhere" / "policies" / path.name


def leftovers(path: Path) -> list[Path]:
    return list(path.parent.parent.parent.rglob("*.tmp"))


def full_disk(*_arguments: Any, **_options: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
def test_a_full_disk_leaves_the_old_file_and_no_temporary_file(
    call: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"checker.fix.write_files.os.{call}", full_disk)
    with pytest.raises(InputError) as caught:
        list(writing(path))
    assert caught.value.reason == "cannot be written: no space left on device"
    assert path.read_text() == OLD
    assert [one.name for one in path.parent.iterdir()] == ["policy.json"]


def test_files_before_a_failed_write_are_new_and_the_others_are_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / name for name in ("a.json", "b.json", "c.json")]
    for path in paths:
        path.write_text(OLD)
    written = writing(*paths)
    assert next(written) == str(paths[0])
    monkeypatch.setattr("checker.fix.write_files.os.replace", full_disk)
    with pytest.raises(InputError):
        next(written)
    assert [path.read_text() for path in paths] == [NEW, OLD, OLD]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_killed_process_leaves_the_file_whole(call: str, path: Path) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from checker.fix import write_files
        from tests.fix.test_writing import writing as about_to_write
        write_files.os.{call} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        list(about_to_write(Path({str(path)!r})))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == OLD


def edit(path: Path) -> None:
    path.write_text(THEIRS)


def save_as_editors_do(path: Path) -> None:
    (path.parent / "policy.json~").write_text(THEIRS)
    (path.parent / "policy.json~").replace(path)


def save_the_same(path: Path) -> None:
    shutil.copy(path, path.parent / "copy")
    (path.parent / "copy").replace(path)


def link_the_file(path: Path) -> None:
    path.unlink()
    path.symlink_to(outside(path))


def make_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.parent / "aside")
    path.parent.symlink_to(outside(path).parent)


def link_the_folder_above(path: Path) -> None:
    path.parent.parent.rename(path.parent.parent.parent / "aside")
    path.parent.parent.symlink_to(outside(path).parent.parent)


def link_to_a_folder_with_a_hard_link(path: Path) -> None:
    outside(path).unlink()
    os.link(path, outside(path))
    link_the_folder(path)


def put_another_folder(path: Path) -> None:
    path.parent.rename(path.parent.parent / "aside")
    shutil.copytree(outside(path).parent, path.parent)


CHANGED, REPLACED = "the file changed while", "the file was replaced while"
TO_THE_FILE: dict[Meddle, str] = {
    edit: CHANGED,
    save_as_editors_do: REPLACED,
    save_the_same: REPLACED,
    link_the_file: REPLACED,
    make_a_pipe: REPLACED,
    make_a_folder: REPLACED,
    Path.unlink: REPLACED,
}
TO_THE_FOLDER: dict[Meddle, str] = {
    link_the_folder: REPLACED,
    link_the_folder_above: REPLACED,
    link_to_a_folder_with_a_hard_link: REPLACED,
    put_another_folder: REPLACED,
}


def called(meddle: Meddle) -> str:
    return getattr(meddle, "__name__", "")


@pytest.mark.parametrize("meddle", [*TO_THE_FILE, *TO_THE_FOLDER], ids=called)
def test_a_change_between_reading_and_writing_is_detected(meddle: Meddle, path: Path) -> None:
    """No file is written then, not even one that did not change."""
    other = path.parent.parent / "first.json"
    other.write_text(OLD)
    written = writing(other, path)
    meddle(path)
    theirs = path.read_text() if path.is_file() else None
    with pytest.raises(RefusedError, match={**TO_THE_FILE, **TO_THE_FOLDER}[meddle]):
        list(written)
    assert outside(path).read_text() == OLD
    assert (path.read_text() if path.is_file() else None) == theirs
    assert leftovers(path) == []
    if meddle is not link_the_folder_above:
        assert other.read_text() == OLD


@pytest.mark.parametrize("meddle", TO_THE_FILE, ids=called)
def test_a_change_while_the_new_text_is_written_is_detected(
    meddle: Meddle, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last comparison comes after the new text is on the disk, right before the rename."""
    monkeypatch.setattr("checker.fix.write_files.os.fsync", lambda _: meddle(path))
    with pytest.raises(RefusedError, match=TO_THE_FILE[meddle]):
        list(writing(path))
    assert outside(path).read_text() == OLD
    assert leftovers(path) == []


@pytest.mark.parametrize("meddle", TO_THE_FOLDER, ids=called)
def test_replacing_a_folder_during_a_write_does_not_redirect_the_write(
    meddle: Meddle, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.fix.write_files.os.fsync", lambda _: meddle(path))
    list(writing(path))
    assert outside(path).read_text() == OLD
    assert leftovers(path) == []


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_permissions_links_and_the_byte_order_mark_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "policy.json", tmp_path / "link.json"
    path.write_bytes(b"\xef\xbb\xbf" + OLD.encode())
    path.chmod(0o640)
    link.symlink_to(path)
    assert list(writing(link)) == [str(link)]
    assert link.is_symlink()
    assert path.read_bytes() == b"\xef\xbb\xbf" + NEW.encode()
    assert permissions(path) == 0o640


def test_a_read_only_file_is_not_changed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # root may
    with pytest.raises(ReadOnlyError, match="cannot be written: permission denied"):
        list(writing(path))
    assert path.read_text() == OLD


def test_a_folder_that_is_read_only_is_named_as_the_cause(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_arguments: Any, **_options: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("checker.fix.write_files.os.replace", denied)
    with pytest.raises(InputError, match="cannot be written: permission denied") as error:
        list(writing(path))
    assert error.value.help == "its folder must be writable, too, because a fix replaces the file"
    assert path.read_text() == OLD


def test_a_file_with_two_names_is_written_once(path: Path) -> None:
    link = path.parent / "link.json"
    link.symlink_to(path.name)
    assert list(writing(path, link)) == [str(path)]
    assert path.read_text() == NEW
    assert link.is_symlink()


def test_two_different_texts_for_one_file_are_refused(path: Path) -> None:
    link = path.parent / "link.json"
    link.symlink_to(path.name)
    with pytest.raises(RefusedError, match="is the same file as"):
        list(writing(path, link, texts={str(path): NEW, str(link): THEIRS}))
    assert path.read_text() == OLD


def test_other_hard_links_of_a_file_keep_the_old_text(path: Path) -> None:
    os.link(path, path.parent / "other.json")
    (original,) = read(path).values()
    assert original.links == 2
    list(writing(path))
    assert (path.read_text(), (path.parent / "other.json").read_text()) == (NEW, OLD)


def test_a_file_is_read_once_per_plan(path: Path) -> None:
    snapshot: Snapshot = {}
    with drafts({}, snapshot):
        read_text(path)
    path.write_text(THEIRS)
    with drafts({}, snapshot):
        assert read_text(path) == OLD
    with drafts({str(path): NEW}, snapshot):
        assert read_text(path) == NEW
    assert snapshot[str(path)].text == OLD
    assert read_text(path) == THEIRS
