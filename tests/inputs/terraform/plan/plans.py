"""Small plans and states, built in code, and what is read of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checker.analysis.inventory import Inventory
from checker.core.finding import Finding
from checker.core.unknown import Unknown
from checker.inputs.load import load
from checker.inputs.terraform.plan.plan_index import has_marks
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from tests.samples import ACCOUNT, TESTS, document, statement

FIXTURES = TESTS / "fixtures" / "terraform"
PINNED = document(
    statement(Resource="*", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), version="2012-10-17"
)


def refer(*references: str) -> dict[str, Any]:
    """An expression as the configuration of a plan has it: each reference with all its beginnings."""
    listed = []
    for one in references:
        listed.append(one)
        if one.count(".") > 1 and not one.startswith(("each", "var", "local")):
            listed.append(one.rpartition(".")[0])
    return {"references": listed}


def change(
    address: str,
    after: dict[str, Any] | None,
    unknown: dict[str, Any] | None = None,
    sensitive: Any = None,
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One entry of `resource_changes`."""
    steps = re.sub(r"\[[^]]*\]", "", address).split(".")
    mode = "data" if "data" in steps else "managed"
    found = {"address": address, "mode": mode, "type": steps[-2], "name": steps[-1]}
    actions = ["delete"] if after is None else ["read"] if mode == "data" else ["create"]
    marks = {"after_unknown": unknown or {}, "after_sensitive": sensitive or {}}
    return {**found, "change": {"actions": actions, "before": before, "after": after, **marks}}


def written(address: str, expressions: dict[str, Any], for_each: Any = None) -> dict[str, Any]:
    """One entry of a module's resources in `configuration`."""
    kind, name = address.split(".")[-2:]
    found = {"address": address, "type": kind, "name": name, "expressions": expressions}
    return {**found, "for_each_expression": for_each} if for_each else found


def plan(changes: list[dict[str, Any]], *configured: dict[str, Any], **module: Any) -> dict[str, Any]:
    """A plan; ``module`` are more members of the root module's configuration."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": list(configured), **module}},
    }


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    """A state."""
    listed = []
    for one in resources:
        values = {"values": one["change"]["after"], "sensitive_values": one["change"]["after_sensitive"]}
        listed.append({**{key: value for key, value in one.items() if key != "change"}, **values})
    root = {"root_module": {"resources": listed}}
    return {"format_version": "1.0", "terraform_version": "1.11.4", "values": root}


def kept(shown: dict[str, Any]) -> dict[str, Any]:
    """A state as Terraform keeps it, out of what `terraform show -json` prints of it."""
    found: dict[str, dict[str, Any]] = {}
    for one in _resources(shown["values"]["root_module"]):
        local = f"{'data.' if one['mode'] == 'data' else ''}{one['type']}.{one['name']}"
        module, _, key = one["address"].rpartition(local)
        resource = found.setdefault(module + local, _resource(one, module.rstrip(".")))
        resource["instances"].append(_instance(one, key[1:-1]))
    resources = {"resources": list(found.values()), "check_results": None}
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 3,
        "lineage": "0d0c",
        "outputs": {},
        **resources,
    }


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    for one in module.get("child_modules", ()):
        yield from _resources(one)


def _resource(one: dict[str, Any], module: str) -> dict[str, Any]:
    named = {"module": module} if module else {}
    return {**named, "mode": one["mode"], "type": one["type"], "name": one["name"], "instances": []}


def _instance(one: dict[str, Any], key: str) -> dict[str, Any]:
    marks = one.get("sensitive_values") or {}
    marks = dict.fromkeys(one["values"], True) if marks is True else marks
    paths = [[{"type": "get_attr", "value": name}] for name, mark in marks.items() if has_marks(mark)]
    index = {"index_key": json.loads(key)} if key else {}
    return {**index, "schema_version": 0, "attributes": one["values"], "sensitive_attributes": paths}


def read(folder: Path, shown: Any, name: str = "plan.json") -> Inventory:
    """Write a plan, unless it is a text already, and read it."""
    path = folder / name
    path.write_text(shown if isinstance(shown, str) else json.dumps(shown, indent=1))
    return load([path])


def judged(inventory: Inventory) -> tuple[Finding, ...]:
    """Everything that is found."""
    report = judge(inventory, all_rules(), Scope(all_topics=True))
    assert not report.crashed
    return report.findings


def policies(inventory: Inventory) -> dict[str, str]:
    """What is known of each topic's policy: its text, or why it is not known."""
    return {
        one.address: f"{one.policy.reason} ({one.policy.where})"
        if isinstance(one.policy, Unknown)
        else one.policy.text
        for one in inventory.topics
    }
