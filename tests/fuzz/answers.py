"""Targets about answers. An input is a readable JSON case: policies, and what is asked about them.

The properties are those of `tests.soundness` and `tests.lint.test_deployments`; a fuzzer with coverage guidance looks
for the policies that random draws do not reach.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.lint.test_deployments import GIVEN, LITERAL, OWN, Draw, wrong_verdicts
from tests.soundness.asked import ask
from tests.soundness.law import well_formed
from tests.soundness.principals import several
from tests.soundness.questions import Case
from tests.soundness.tool import Tool
from tests.soundness.words import INSTANCE


def read_case(data: bytes) -> dict[str, Any] | None:
    """Read a case; None for what is not one, because policies must be able to be compiled by brute force."""
    try:
        case = json.loads(data)
    except ValueError:
        return None
    whole = isinstance(case, dict) and isinstance(case.get("policies"), list) and case["policies"]
    return case if whole and all(map(_is_policy, case["policies"])) else None


def _is_policy(value: Any) -> bool:
    """True for the elements that AWS documents: of others, brute force decides nothing."""
    statements = several(value.get("Statement")) if isinstance(value, dict) else [None]
    return all(isinstance(one, dict) and well_formed(one) and _has_conditions(one) for one in statements)


def _has_conditions(statement: dict[str, Any]) -> bool:
    return all(isinstance(keys, dict) for keys in statement.get("Condition", {}).values())


def _differences(question: str, case: dict[str, Any], folder: Path) -> list[Any]:
    asked = Case(
        tuple(case["policies"]),
        case.get("instance", INSTANCE),
        form=case.get("form", "attributes"),
        explicit=case.get("explicit", True),
    )
    return list(ask(question, asked, Tool(folder)).differences)


def evaluators_agree(data: bytes, folder: Path) -> None:
    """`checker.iam`, the sandbox and the law of brute force decide requests near the policy alike."""
    try:
        case = json.loads(data)
    except ValueError:
        return
    if isinstance(case, dict) and isinstance(case.get("policies"), list):
        for policy in case["policies"]:
            assert ask("decide", Case((policy,)), Tool(folder)).differences == []


def witnesses(data: bytes, folder: Path) -> None:
    """A witness is allowed and can exist; without one, brute force finds none, and `check` agrees with `explain`."""
    case = read_case(data)
    if case is not None and len(case["policies"]) == 1:
        for question in ("deputy", "public", "agreement"):
            assert _differences(question, case, folder) == [], question


def diff(data: bytes, folder: Path) -> None:
    """Brute force finds no change that the comparison of two policies does not, and none in a policy and itself."""
    case = read_case(data)
    if case is None or len(case["policies"]) != 2:
        return
    assert _differences("diff", case, folder) == []
    same = Tool(folder).diff(case["policies"][0], case["policies"][0])
    assert (same["gained"], same["lost"]) == ([], []), same


def fix(data: bytes, folder: Path) -> None:
    """A safe fix leaves a policy that can be read, gives access to nobody else, and takes none; a second changes nothing."""
    case = read_case(data)
    if case is not None and len(case["policies"]) == (2 if case.get("form") == "with key" else 1):
        assert _differences("fix", case, folder) == []


_VALUES = {
    "own": r"\d{12}",
    "given_account": r"\d{12}",
    "instance_id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
"""The symbols of the template, and the form of their values."""
_ACCOUNTS = (OWN, GIVEN, LITERAL)


def _conditions(statement: dict[str, Any]) -> list[dict[str, Any]]:
    return list(statement.get("Condition", {}).values())


def symbolic(data: bytes, folder: Path) -> None:
    """What is certain with references in a template holds for the values of the case."""
    case = read_case(data)
    if case is None or not all(re.fullmatch(form, str(case.get(name))) for name, form in _VALUES.items()):
        return
    if re.search(r"arn:(?!aws:)", data.decode("utf-8", "replace")):
        return  # the partition of a deployment is that of most ARNs, and the values are of `aws`
    statements = several(case["policies"][0]["Statement"])
    sources = [
        one["aws:SourceAccount"]
        for block in map(_conditions, statements)
        for one in block
        if "aws:SourceAccount" in one
    ]
    if any(not several(one) or any(account not in _ACCOUNTS for account in several(one)) for one in sources):
        return  # the property derives the account of the instance from these alone
    draw = Draw(statements, *(case[name] for name in _VALUES))
    assert wrong_verdicts(draw, folder / "template.json") == {}
