"""What a command writes never takes the place of what it reads, and never lands where a planted link leads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checker.cli.app import build
from checker.core.errors import InputError, RefusedError
from checker.fix.live.receipt import TOPIC, Change, Receipt, new_id, write_receipt
from checker.inputs.opening import inputs_remembered
from checker.inputs.output_file import open_output
from checker.inputs.text import read_text
from checker.live.audit.journal import Journal
from tests.cli.process import run, save
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

OPEN, FOR_INSTANCE = document(statement()), ("--instance-arn", INSTANCE_ARN)
OUTPUTS: dict[str, tuple[str, ...]] = {
    "check": ("check", "open.json", "-o"),
    "check-folder": ("check", ".", "-o"),
    "explain": ("explain", "open.json", *FOR_INSTANCE, "-o"),
    "diff": ("diff", "open.json", "other.json", "-o"),
    "policy": ("policy", "--topic-arn", TOPIC_ARN, *FOR_INSTANCE, "--merge", "open.json", "-o"),
    "fix": ("fix", "open.json", "--apply", *FOR_INSTANCE, "-o"),
    "fix-json": ("fix", "open.json", "--apply", *FOR_INSTANCE, "--format", "json", "-o"),
    "baseline": ("baseline", "write", "open.json", "-o"),
}
"""Every command with an output, up to its name."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, beside a folder that a link could lead to."""
    here = tmp_path / "here"
    for name in ("open.json", "other.json"):
        save(here / name, OPEN)
    save(here / "module" / "main.tf", f'resource "aws_sns_topic" "chat" {{ name = "{TOPIC_ARN}" }}')
    save(here / "manifest.yaml", f"topics: [{{arn: '{TOPIC_ARN}', policy: open.json}}]")
    save(here / "checker.yaml", "fail-on: error")
    save(tmp_path / "elsewhere" / "notes.json", "precious")
    monkeypatch.chdir(here)
    return here


def checker(*words: str) -> object:
    """Run a command in this process."""
    return build(list(words))(list(words), standalone_mode=False)


def contents(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in folder.parent.rglob("*") if path.is_file()}


def itself(path: Path) -> Path:
    return path


def by_dots(path: Path) -> Path:
    return Path(f"../here/{path}")


def by_link(path: Path) -> Path:
    Path("link").symlink_to(path)
    return Path("link")


def by_hard_link(path: Path) -> Path:
    os.link(path, "hard")
    return Path("hard")


@pytest.mark.parametrize("name", [itself, by_dots, by_link, by_hard_link])
@pytest.mark.parametrize("command", OUTPUTS)
def test_no_output_overwrites_an_input(command: str, name: Callable[[Path], Path], folder: Path) -> None:
    output = name(Path("open.json"))
    before = contents(folder)
    with pytest.raises(RefusedError, match="is an input of this run and would be overwritten"):
        checker(*OUTPUTS[command], str(output))
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["module/main.tf", "manifest.yaml", "checker.yaml", "baseline.json"])
def test_what_a_run_reads_besides_is_an_input_too(name: str, folder: Path) -> None:
    checker("baseline", "write", ".", "-o", "baseline.json")
    before = contents(folder)
    with pytest.raises(RefusedError, match="is an input of this run"):
        checker(
            "check",
            ".",
            "--baseline",
            "baseline.json",
            "--format",
            "json=new.json",
            "-o",
            name,
            "--format",
            "text",
        )
    assert contents(folder) == before


REPORTS = {
    "text": ("check", "module", "-o"),
    **{name: ("check", ".", "--format", name, "-o") for name in ("json", "sarif", "junit", "markdown")},
    "baseline": ("baseline", "write", ".", "-o"),
    "fix": ("fix", "open.json", *FOR_INSTANCE, "--format", "json", "-o"),
    "diff": ("diff", "open.json", "other.json", "--format", "json", "-o"),
    "explain": ("explain", "open.json", *FOR_INSTANCE, "--format", "json", "-o"),
}


@pytest.mark.parametrize("words", [REPORTS[name] for name in REPORTS if name != "baseline"])
def test_the_report_of_an_earlier_run_is_replaced(words: tuple[str, ...], folder: Path) -> None:
    """It lies in the folder that is checked, but holds nothing to check."""
    checker(*words, "report.json")
    checker("check", ".", "--format", "json", "-o", "report.json")
    checker(*words, "report.json")
    checker(*words, "report.json")
    first = (folder / "report.json").read_text()
    save(folder / "report.json", first + " " * 20)
    checker(*words, "report.json")
    assert (folder / "report.json").read_text() == first


FOREIGN = {
    "package.json": '{"name": "chat", "version": "1.0.0"}',
    "words.json": '{"notes": "sns:Publish"}',
    "list.json": '[{"topic": 1}]',
    "versioned.json": '{"version": 1, "findings": [], "mine": 1}',
    "other.sarif.json": '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "other"}}}]}',
    "broken.json": '{"cut": ',
}


@pytest.mark.parametrize("words", [("check", "."), ("check", "--changed", "other.json")], ids=" ".join)
@pytest.mark.parametrize("name", FOREIGN)
def test_any_other_file_of_an_examined_folder_stays(name: str, words: tuple[str, ...], folder: Path) -> None:
    save(folder / name, FOREIGN[name])
    before = contents(folder)
    with pytest.raises(RefusedError, match="would be overwritten"):
        checker(*words, "-o", name)
    assert contents(folder) == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("output", "reason", "help_text"),
    [
        ("no dir/x.txt", "cannot be written: no such folder: `no dir`", "mkdir -p 'no dir'"),
        ("module", "cannot be written: it is a folder", "name a file"),
        ("/dev/fd/99999999999", "cannot be written", ""),
    ],
)
@pytest.mark.parametrize(
    "command", [("check", "open.json"), ("baseline", "write", "open.json")], ids=" ".join
)
def test_the_error_says_why_an_output_cannot_be_written(
    command: tuple[str, ...], output: str, reason: str, help_text: str
) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        checker(*command, "-o", output)
    assert help_text in caught.value.help


@pytest.mark.parametrize("option", ["--journal", "--resume"])
@pytest.mark.parametrize("name", [itself, by_dots, by_link, by_hard_link])
def test_no_report_takes_the_place_of_the_journal(
    option: str, name: Callable[[Path], Path], folder: Path
) -> None:
    save(folder / "journal.jsonl", "precious")
    with pytest.raises(RefusedError, match="is the journal of this run and would be overwritten"):
        checker("audit", option, "journal.jsonl", "-o", str(name(Path("journal.jsonl"))))
    assert (folder / "journal.jsonl").read_text() == "precious"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/null", "pipe"])
def test_a_journal_is_a_regular_file(name: str) -> None:
    os.mkfifo("pipe")
    with pytest.raises(InputError, match=r"cannot be written: .*, not a regular file") as caught:
        begin_journal(Path(name))
    assert caught.value.help.startswith("name a regular file")


@pytest.mark.usefixtures("folder")
def test_a_begun_journal_is_protected_from_every_output() -> None:
    with inputs_remembered():
        begin_journal(Path("journal.jsonl"))
        with pytest.raises(RefusedError, match="is the journal of this run"):
            write_output(Path("journal.jsonl"))


@pytest.mark.parametrize("target", ["gone.yaml", "checker.yaml"])
def test_a_configuration_that_is_a_broken_link_is_an_error(target: str, folder: Path) -> None:
    (folder / "checker.yaml").unlink()
    (folder / "checker.yaml").symlink_to(target)
    with pytest.raises(InputError) as caught:
        checker("check", "open.json")
    assert caught.value.what.endswith("checker.yaml")


def write_output(path: Path) -> None:
    with open_output(path) as file:
        file.write("new")


def begin_journal(path: Path) -> None:
    Journal(path, ACCOUNT, {}).begin()


def leave_receipt(folder: Path) -> None:
    changes = (Change(TOPIC_ARN, TOPIC, "{}", "{}"),)
    write_receipt(Receipt(new_id(), datetime.now(UTC), ACCOUNT, "me", changes), folder)


def write_configured_baseline(path: Path) -> None:
    save(Path("checker.yaml"), f"baseline: {path}")
    checker("baseline", "write", "open.json")


WRITERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "report": (write_output, "out/notes.json"),
    "report itself": (write_output, "link.json"),
    "report by its full name": (lambda path: write_output(path.absolute()), "link.json"),
    "journal": (begin_journal, "link.json"),
    "receipts": (leave_receipt, "out"),
    "receipts below": (leave_receipt, "out/receipts"),
    "default baseline": (lambda _: checker("baseline", "write", "open.json"), "checker-baseline.json"),
    "configured baseline": (write_configured_baseline, "out/notes.json"),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_planted_link_leads_no_output_elsewhere(writer: str, folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    for link, to in {"out": "", "link.json": "notes.json", "checker-baseline.json": "notes.json"}.items():
        (folder / link).symlink_to(elsewhere / to)
    write, name = WRITERS[writer]
    with pytest.raises(RefusedError, match="leads through a link to") as caught:
        write(Path(name))
    assert str(elsewhere) in caught.value.help
    assert [path.name for path in elsewhere.iterdir()] == ["notes.json"]
    assert (elsewhere / "notes.json").read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "lands"),
    [
        ("new.txt", "here/new.txt"),
        ("module/new.txt", "here/module/new.txt"),
        ("../elsewhere/new.txt", "elsewhere/new.txt"),
        ("inside/new.txt", "here/module/new.txt"),
        ("latest.txt", "here/module/latest.txt"),
        ("../linked/new.txt", "elsewhere/new.txt"),
    ],
)
def test_links_within_the_folder_and_those_that_the_user_names_are_followed(
    name: str, lands: str, folder: Path
) -> None:
    (folder / "inside").symlink_to("module")
    (folder / "latest.txt").symlink_to("module/latest.txt")
    (folder.parent / "linked").symlink_to("elsewhere")
    write_output(Path(name))
    assert (folder.parent / lands).read_text() == "new"


def test_an_input_that_takes_the_place_of_the_output_is_not_truncated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is compared once it is open, and emptied only then."""
    monkeypatch.setattr("checker.inputs.output_file.check_output_file", lambda *_, **__: None)
    with inputs_remembered():
        checker_input = folder / "open.json"
        before = checker_input.read_text()
        read_text(checker_input)
        os.link(checker_input, folder / "new.json")
        with pytest.raises(RefusedError, match="is an input"):
            write_output(folder / "new.json")
    assert checker_input.read_text() == before


def test_a_pipe_in_the_place_of_the_default_baseline_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "checker-baseline.json")
    with pytest.raises(InputError, match="a named pipe, not a regular file"):
        checker("baseline", "write", "open.json")


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_has_names_that_are_links(name: str, folder: Path) -> None:
    done = run("check", "open.json", "-o", name, cwd=folder)
    assert done.returncode == 1
    assert done.stdout.startswith("error[missing-source-account]")


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_what_standard_output_leads_to_is_not_emptied(name: str, folder: Path) -> None:
    with (folder / "log.txt").open("ab") as log:
        log.write(b"precious\n")
        log.flush()
        subprocess.run(
            [sys.executable, "-m", "checker", "check", "open.json", "-o", name], stdout=log, check=False
        )
    assert (folder / "log.txt").read_text().startswith("precious\nerror[missing-source-account]")


@pytest.mark.parametrize("text", ["{}", '{"kind": "other"}\n{"cut', "precious"])
def test_what_is_not_a_journal_is_not_resumed_and_not_cut(text: str, tmp_path: Path) -> None:
    path = save(tmp_path / "notes.json", text)
    with pytest.raises(InputError, match="not a valid audit journal"):
        Journal(path, ACCOUNT, {}).resume()
    assert path.read_text() == text


def test_a_journal_from_the_future_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, ACCOUNT, {}).begin()
    path.write_text(re.sub(r'"began":"\d{4}', '"began":"2999', path.read_text()))
    with pytest.raises(InputError, match="its audit began in the future"):
        Journal(path, ACCOUNT, {}).resume()


def test_a_journal_that_was_cut_off_is_resumed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, ACCOUNT, {}).begin()
    whole = path.read_text()
    for cut in ("", whole[:10], whole, whole + '{"kind":"unit","acc'):
        path.write_text(cut)
        resumed = Journal(path, ACCOUNT, {}).resume()
        assert (resumed.done, resumed.topics) == (frozenset(), 0)
        assert path.read_text().count("\n") == 1
