"""An output is the old file until the new one is complete, and keeps what belongs to its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checker.inputs.whole_file import whole_output, write_new


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "report.json"
    path.write_text("old")
    return path


def write(path: Path, text: str = "new") -> None:
    with whole_output(path) as file:
        file.write(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_old_file_is_there_until_the_new_one_is_complete(report: Path) -> None:
    with whole_output(report) as file:
        file.write("new")
        file.flush()
        assert report.read_text() == "old"
    assert (report.read_text(), names(report.parent)) == ("new", ["report.json"])


def test_a_report_that_fails_leaves_the_old_one(report: Path) -> None:
    def write_half() -> None:
        with whole_output(report) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert (report.read_text(), names(report.parent)) == ("old", ["report.json"])


def test_permissions_are_kept_and_new_files_are_private_if_asked(report: Path) -> None:
    report.chmod(0o640)
    write(report)
    with whole_output(report.with_name("secret.json"), private=True) as file:
        file.write("new")
    modes = [path.stat().st_mode & 0o777 for path in (report, report.with_name("secret.json"))]
    assert modes == [0o640, 0o600]


def test_a_link_stays_a_link(report: Path) -> None:
    link = report.with_name("latest.json")
    link.symlink_to(report.name)
    write(link)
    assert link.is_symlink()
    assert report.read_text() == "new"


def test_names_of_one_file_stay_names_of_one_file(report: Path) -> None:
    os.link(report, report.with_name("other.json"))
    write(report)
    assert report.with_name("other.json").read_text() == "new"


@pytest.mark.parametrize("refused", ["os.open", "pathlib.Path.replace"])
def test_a_file_that_cannot_be_replaced_is_written_in_place(
    report: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    """A folder in which nothing can be created, and a file that is mounted."""
    real = os.open

    def refuse(path: Path, *rest: object, **named: object) -> int:
        if refused == "os.open" and not str(path).endswith(".tmp"):
            return real(path, *rest, **named)  # type: ignore[arg-type]
        raise PermissionError(refused)

    monkeypatch.setattr(refused, refuse)
    write(report, "a longer text\r\n\udc80")
    monkeypatch.undo()
    assert (report.read_bytes(), names(report.parent)) == (b"a longer text\r\n\\udc80", ["report.json"])


@pytest.mark.parametrize("has_links", [True, False])
def test_a_new_file_takes_no_name_that_exists(
    report: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    if not has_links:
        monkeypatch.setattr("pathlib.Path.hardlink_to", refuse)
    with pytest.raises(FileExistsError):
        write_new(report, "new")
    write_new(report.with_name("new.json"), "new")
    assert [path.read_text() for path in (report, report.with_name("new.json"))] == ["old", "new"]
    assert names(report.parent) == ["new.json", "report.json"]
