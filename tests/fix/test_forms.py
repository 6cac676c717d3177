"""A policy is fixed to the same result in every file format, in the language of the format."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from checker.core.finding import Verdict
from tests.fix.workbench import repaired, write
from tests.inputs.test_forms import FORMS, POLICIES

MACHINE_MADE = ("plan",)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", POLICIES)
def test_every_form_is_fixed_to_the_same_policy(name: str, form: str, tmp_path: Path) -> None:
    expected = repaired(write(tmp_path / "json", FORMS["json"](POLICIES[name])), unsafe=True)
    found = repaired(write(tmp_path / form, FORMS[form](POLICIES[name])), unsafe=True)
    if form in MACHINE_MADE:
        assert not found.texts
        reasons = [one.reason for one in found.unfixed if one.finding.verdict is Verdict.FAIL]
        assert not reasons or reasons[0] == "generated file; change its source instead"
        return
    assert sorted(one.finding.rule for one in found.fixed) == sorted(
        one.finding.rule for one in expected.fixed
    )
    assert not [one for one in found.after.report.findings if one.verdict is Verdict.FAIL]


@pytest.mark.parametrize("form", [form for form in FORMS if form not in MACHINE_MADE])
def test_unchanged_parts_keep_their_bytes(form: str, tmp_path: Path) -> None:
    """Beside the lines of the edits, every line of the file is the same, line ends included."""
    paths = write(tmp_path, FORMS[form](POLICIES["source-owner"]))
    found = repaired(paths)
    for path, text in found.texts.items():
        old = Path(path).read_bytes().decode().splitlines(keepends=True)
        matcher = difflib.SequenceMatcher(None, old, text.splitlines(keepends=True), autojunk=False)
        removed = sum(b - a for tag, a, b, _, _ in matcher.get_opcodes() if tag in ("replace", "delete"))
        assert removed <= 2
