"""Adds a rule to a checkout of checker: its module, whose docstring is its page, and its cases."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.app.terminal import tell, write
from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.lint.registry import rule_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ID = pattern(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_TEMPLATES = Path("templates", "new-rule")
_NEXT = (
    "edit them; `make docs` writes the page of the rule, and `CHECKER_GOLDEN=write .venv/bin/pytest tests/rules`",
    "writes what all rules say: look at the difference",
    "next: .venv/bin/pytest tests/rules/test_cases.py -k {rule}",
)


class Family(StrEnum):
    """The families of rules about policies."""

    SNS = "sns"
    KMS = "kms"
    POLICY = "policy"


def create_rule(rule: str, family: Family) -> Ending:
    """Write the files of a rule. Raises InputError for an ID that is invalid or taken, and outside of a checkout."""
    _check_id(rule)
    top = _checkout(Path.cwd())
    files = dict(_files(top, rule, family))
    _check_free(files)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    write(f"added {path.relative_to(top).as_posix()}" for path in files)
    tell(*(line.format(rule=rule) for line in _NEXT))
    return Ending()


def _check_id(rule: str) -> None:
    if _ID.fullmatch(rule) is None:
        raise InputError(
            "ID", f"`{rule}` is not the ID of a rule", help_text="write words like `topic-name`, with hyphens"
        )
    if rule_named(rule) is not None:
        raise InputError("ID", f"there is a rule `{rule}`", help_text=f"`checker rules {rule}` shows it")


def _checkout(folder: Path) -> Path:
    """Return the folder of the checkout around a folder."""
    for one in (folder, *folder.parents):
        if (one / _TEMPLATES).is_dir() and (one / "rules").is_dir():
            return one
    help_text = "change to a clone of the repository, or write a rule pack: docs/rule-packs.md"
    raise InputError(str(folder), "not in a checkout of checker", help_text=help_text)


def _files(top: Path, rule: str, family: Family) -> Iterator[tuple[Path, str]]:
    """Yield the files of a rule with their texts, from the templates of the checkout."""
    words = {
        "RULE_ID": rule,
        "RULE_CLASS": rule.title().replace("-", ""),
        "RULE_FAMILY": family.value,
    }
    module, cases = top / "rules" / family.value, top / "tests" / "rules" / family.value / rule
    yield module / f"{rule.replace('-', '_')}.py", _filled(top / _TEMPLATES / "rule.py.txt", words)
    for name in ("cases.yaml", "bad.json", "good.json"):
        yield cases / name, _filled(top / _TEMPLATES / name, words)


def _filled(path: Path, words: Mapping[str, str]) -> str:
    text = path.read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _check_free(files: Mapping[Path, str]) -> None:
    """Raise InputError if one of the files exists, as of a rule that is being written."""
    taken = next((path for path in files if path.exists()), None)
    if taken is not None:
        raise InputError(str(taken), "this file exists", help_text="choose another ID, or remove the file")
