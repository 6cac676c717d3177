"""The cases of the rules: inputs as people keep them, with all that is found in them.

A finding of a case is `severity rule [file] line:column route`; ``says`` is in what the rule's own finding says. Cases
with a ``defect`` are the labelled pairs, a bad one and a good one each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from checker.analysis.inventory import Instance, Inventory
from checker.core.arn import Arn
from checker.expectations.load import load_expectations
from checker.expectations.run import expecting
from checker.inputs.load import load
from checker.inputs.organization_policy import load_organization
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from checker.lint.report import Report
from checker.lint.rule import Rule
from tests.rules.subscribers import read_subscribers

HERE = Path(__file__).parent
RULES = all_rules()


class Case(NamedTuple):
    rule: str
    name: str
    folder: Path
    files: tuple[Path, ...]
    instance: str | None = None
    reads_instances: bool = False
    findings: tuple[str, ...] = ()
    says: str = ""
    defect: str = ""
    expect: Path | None = None
    rcp: tuple[Path, ...] = ()
    subscribers: Path | None = None


def read_cases() -> Iterator[Case]:
    for path in sorted(HERE.glob("*/*/cases.yaml")):
        for entry in yaml.safe_load(path.read_text()):
            folder = path.parent
            files = tuple(folder / name for name in entry["files"])
            yield Case(
                folder.name,
                entry["name"],
                folder,
                files,
                entry.get("instance"),
                entry.get("reads_instances", False),
                tuple(entry["findings"]),
                entry.get("says", ""),
                entry.get("defect", ""),
                folder / entry["expect"] if "expect" in entry else None,
                tuple(folder / name for name in entry.get("rcp", ())),
                folder / entry["subscribers"] if "subscribers" in entry else None,
            )


CASES = tuple(read_cases())


def facts(case: Case, files: Sequence[Path] = ()) -> tuple[Inventory, tuple[Rule, ...]]:
    """Read what a case has, from other files if they are given, and return the rules that judge it."""
    inventory = load(files or case.files)
    inventory = read_subscribers(case.subscribers, inventory) if case.subscribers else inventory
    arn = Arn.parse(case.instance) if case.instance else None
    rules = expecting(RULES, load_expectations(case.expect)) if case.expect else RULES
    read = inventory.instances if case.reads_instances else ()
    instances = (*((Instance(arn),) if arn else ()), *read)
    organization = load_organization(case.rcp)
    return inventory._replace(instances=instances, organization=organization), tuple(rules)


def run_case(case: Case, files: Sequence[Path] = ()) -> Report:
    """Judge a case, in the form of other files if they are given."""
    return judge(*facts(case, files))
