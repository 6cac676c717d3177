"""Code as people write it needs no option: correct code has no finding, and a defect is the only finding."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checker.core.finding import Severity
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from checker.lint.report import Report
from tests.corpus.expected import DEFECTS, FAULTY, UNDECIDED, Defect

SETUPS = Path(__file__).parent / "setups"
NAMES = sorted(folder.name for folder in SETUPS.iterdir())


def problems(report: Report) -> set[str]:
    return {
        f"{one.severity.value} {one.rule}" for one in report.findings if one.severity is not Severity.NOTE
    }


def doubts(report: Report) -> set[str]:
    """The reasons why verdicts are not known, except for facts that files cannot contain."""
    return {
        f"{rule}: {doubt.reason}"
        for target in report.examined
        for rule, doubt in target.undetermined
        if doubt.counts
    }


def judged(folder: Path) -> Report:
    report = judge(load([folder]), all_rules())
    assert any(one.kind == "topic" for one in report.examined)
    assert not report.skipped
    return report


@pytest.mark.parametrize("name", NAMES)
def test_a_set_up_is_judged_as_a_careful_engineer_would(name: str) -> None:
    report = judged(SETUPS / name)
    assert problems(report) == FAULTY.get(name, set())
    assert name in UNDECIDED or not doubts(report)


@pytest.mark.parametrize("name", [defect.what for defect in DEFECTS])
def test_a_defect_is_the_only_finding(name: str, tmp_path: Path) -> None:
    (defect,) = (one for one in DEFECTS if one.what == name)
    report = judged(edited(defect, tmp_path / defect.setup))
    assert problems(report) == defect.findings


def edited(defect: Defect, folder: Path) -> Path:
    """A copy of a set-up with the edit of a defect."""
    shutil.copytree(SETUPS / defect.setup, folder)
    path = folder / defect.file
    text = path.read_text()
    assert text.count(defect.before) >= 1
    path.write_text(text.replace(defect.before, defect.after))
    return folder


def test_every_expectation_has_a_set_up() -> None:
    known = {*NAMES, *(defect.what for defect in DEFECTS)}
    assert {*FAULTY, *UNDECIDED, *(defect.setup for defect in DEFECTS)} <= known
