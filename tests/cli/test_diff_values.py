"""`checker diff` looks at the other values of variables with defaults that the code lists, not only at the defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.process import run
from tests.lint.test_other_values import LISTED, ROOT, TEMPLATE, VALIDATED

if TYPE_CHECKING:
    from pathlib import Path

KEYS = "Default: dev"
HCL_KEYS = 'default = "dev"'
CASES = {
    "allowed values": (TEMPLATE, "t.yaml", LISTED, "`Stage` is `prod`"),
    "keys of a map": (TEMPLATE, "t.yaml", KEYS, "`Stage` is `prod`"),
    "validation": (ROOT, "main.tf", VALIDATED, "`var.stage` is `prod`"),
    "keys of a table": (ROOT, "main.tf", HCL_KEYS, "`var.stage` is `prod`"),
}


def written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir()
    (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_a_gain_with_another_value_is_found(case: str, tmp_path: Path) -> None:
    text, name, stage, condition = CASES[case]
    old = written(tmp_path / "old", name, text.format(stage=stage, prod="444455556666"))
    new = written(tmp_path / "new", name, text.format(stage=stage, prod="*"))
    done = run("diff", old, new, "--fail-on", "gains")
    assert done.returncode == 3, done.stdout
    assert "sns:Publish by any other AWS customer's Connect instance" in done.stdout
    assert f"if {condition}\n" in done.stdout
    assert run("diff", old, old).returncode == 0


@pytest.mark.parametrize("case", CASES)
def test_a_change_of_the_default_is_found_as_well(case: str, tmp_path: Path) -> None:
    text, name, stage, _ = CASES[case]
    old = written(tmp_path / "old", name, text.format(stage=stage, prod="444455556666"))
    changed = text.format(stage=stage, prod="444455556666").replace("111122223333", "777788889999")
    done = run("diff", old, written(tmp_path / "new", name, changed))
    assert done.returncode in (1, 3), done.stdout
    assert "777788889999" in done.stdout


GIVEN = """Parameters:
  Account: {Type: String, Default: "111122223333"}
""" + TEMPLATE.format(stage=KEYS, prod="444455556666").replace(
    "!FindInMap [Accounts, !Ref Stage, Id]", "!Ref Account"
).partition("Parameters:\n")[2].replace("  Stage: {Type: String, Default: dev}\n", "")
HCL_GIVEN = ROOT.format(stage=HCL_KEYS, prod="444455556666").replace(
    "local.accounts[var.stage]", "var.account"
)
HCL_GIVEN += 'variable "account" {\n  default = "111122223333"\n}\n'


@pytest.mark.parametrize(
    ("text", "name", "reference", "literal"),
    [
        (GIVEN, "t.yaml", "Account", ("!Ref Account", '"111122223333"')),
        (HCL_GIVEN, "main.tf", "var.account", ('" = var.account', '" = "111122223333"')),
    ],
    ids=["template", "root"],
)
def test_a_default_on_which_the_result_depends_is_stated(
    text: str, name: str, reference: str, literal: tuple[str, str], tmp_path: Path
) -> None:
    """Another value of the parameter would be replaced by the default."""
    assert literal[0] in text
    old = written(tmp_path / "old", name, text)
    new = written(tmp_path / "new", name, text.replace(*literal))
    done = run("diff", old, new)
    assert done.returncode == 0, done.stdout
    assert f"`{reference}` has its default; with another value, access changes" in done.stdout
    assert "has its default" not in run("diff", old, old).stdout


def test_a_resource_that_only_the_default_has_is_compared(tmp_path: Path) -> None:
    count = 'count = contains(["dev"], var.stage) ? 1 : 0\n  name = "chat"'
    text = ROOT.format(stage=HCL_KEYS, prod="444455556666").replace('name = "chat"', count)
    text = text.replace("aws_sns_topic.chat.arn", "aws_sns_topic.chat[0].arn")
    old = written(tmp_path / "old", "main.tf", text)
    new = written(tmp_path / "new", "main.tf", text.replace("sns:Publish", "sns:publish"))
    done = run("diff", old, new, "--resource", "aws_sns_topic.chat[0]")
    assert done.returncode in (0, 3), done.stderr
    assert "aws_sns_topic.chat[0]" in done.stdout
