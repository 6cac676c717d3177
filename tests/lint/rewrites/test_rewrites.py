"""Code that is written in another way has the same findings."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.lint.rewrites import cloudformation, terraform
from tests.lint.setups import FORMS, Setup
from tests.lint.test_setups import ONLY_TERRAFORM, SETUPS

Results = tuple[set[object], set[object]]
"""The findings, and the verdicts of each kind of resource."""
Form = Callable[[Setup], dict[str, str]]

TERRAFORM, TEMPLATES = FORMS[:3], FORMS[3:]
_CODE = re.compile(r"`[^`]*`")
_NAMES = terraform.NAMES | cloudformation.NAMES
_WORD = re.compile("|".join(rf"\b{name}\b" for name in _NAMES))


def results(folder: Path, files: dict[str, str]) -> Results:
    """Judge files; names of the code are written in their new form."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    report = judge(load([folder]), all_rules())
    found: set[object] = {
        (one.rule, one.severity, one.verdict, neutral(one.message, folder)) for one in report.findings
    }
    verdicts: set[object] = {
        (one.kind, rule, verdict) for one in report.examined for rule, verdict in one.verdicts.items()
    }
    return found, verdicts


def neutral(message: str, folder: Path) -> str:
    """A message with the new names, without the place of a template and the module of an address."""
    plain = message.replace(f"{folder}/", "").replace("module.chat.", "").replace(".yaml#", ".json#")
    return _CODE.sub(lambda code: _WORD.sub(lambda name: _NAMES[name[0]], code[0]), plain)


@cache
def original(form: Form, name: str) -> Results:
    """The results for a set-up as it is; every template has the same file name."""
    with tempfile.TemporaryDirectory() as folder:
        return results(Path(folder), written(form, name))


def written(form: Form, name: str) -> dict[str, str]:
    ((file, text),) = form((SETUPS | ONLY_TERRAFORM)[name][0]).items()
    return {file if form in TERRAFORM else "template.json": text}


@pytest.mark.parametrize("rewrite", terraform.REWRITES)
@pytest.mark.parametrize("name", [*SETUPS, *ONLY_TERRAFORM])
@pytest.mark.parametrize("form", TERRAFORM, ids=lambda one: one.__name__)
def test_terraform_in_other_words_has_the_same_findings(
    form: Form, name: str, rewrite: str, tmp_path: Path
) -> None:
    files = terraform.REWRITES[rewrite](written(form, name))
    assert results(tmp_path, files) == original(form, name)


@pytest.mark.parametrize("rewrite", cloudformation.REWRITES)
@pytest.mark.parametrize("name", SETUPS)
@pytest.mark.parametrize("form", TEMPLATES, ids=lambda one: one.__name__)
def test_a_template_in_other_words_has_the_same_findings(
    form: Form, name: str, rewrite: str, tmp_path: Path
) -> None:
    template = cloudformation.REWRITES[rewrite](json.loads(written(form, name)["template.json"]))
    assert results(tmp_path, cloudformation.as_json(template)) == original(form, name)


@pytest.mark.parametrize("name", SETUPS)
@pytest.mark.parametrize("form", TEMPLATES, ids=lambda one: one.__name__)
def test_a_template_in_yaml_has_the_same_findings(form: Form, name: str, tmp_path: Path) -> None:
    template = json.loads(written(form, name)["template.json"])
    assert results(tmp_path, cloudformation.as_yaml(template)) == original(form, name)


@pytest.mark.parametrize("forms", [TERRAFORM, TEMPLATES], ids=["terraform", "templates"])
@pytest.mark.parametrize("name", SETUPS)
def test_each_form_has_the_same_findings(forms: tuple[Form, ...], name: str) -> None:
    first, *others = (original(form, name) for form in forms)
    assert others == [first, first]
