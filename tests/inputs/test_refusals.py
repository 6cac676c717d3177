"""What is said of a named file that is not checked on its own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from checker.core.errors import Skipped
from checker.inputs.load import load


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def only(name: str) -> Skipped:
    (found,) = load([Path(name)]).skipped
    assert found.error
    return found


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv"])
def test_csv_is_not_read(name: str) -> None:
    Path(name).write_text('"eventtime","eventname"\n"2026-10-01T10:00:00Z","PutObject"\n')
    found = only(name)
    assert found.reason == "checker does not read CSV"
    assert "`aws athena get-query-results --query-execution-id ID > results.json`" in found.help


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("tf.plan", "terraform show -json tf.plan > plan.json"),
        ("live/tf plan", "terraform -chdir=live show -json 'tf plan' > plan.json"),
    ],
)
def test_a_binary_plan_names_the_command_that_shows_it(name: str, command: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tfplan", "\x0a\x93" * 100)
    found = only(name)
    assert found.reason == "a plan that only Terraform can read"
    assert command in found.help


def test_another_archive_is_not_text() -> None:
    with zipfile.ZipFile("code.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("main.py", "\x80" * 100)
    assert "Terraform" not in only("code.zip").reason


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("live/prod.tfvars", "checker check live"),
        ("live/env/prod.tfvars", "checker check --changed live/env/prod.tfvars"),
    ],
)
def test_values_name_the_command_that_reads_them(name: str, command: str) -> None:
    Path(name).parent.mkdir(parents=True)
    Path("live/main.tf").write_text('resource "aws_sns_topic" "chat" {}\n')
    Path(name).write_text("a = 1\n")
    assert only(name).help.endswith(f": {command}")
