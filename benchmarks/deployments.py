"""`python -m benchmarks.deployments`: what it takes to judge all deployments of code with references.

The ratios compare two ways in one process and in turns. A literal policy must not pay for references that it does not
have; a template with many parameters must stay fast, whatever their number.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.measure import line
from benchmarks.samples import write_policies
from checker.analysis.policy import PolicyAnalysis
from checker.analysis.topic import TopicAnalysis
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.explain import explain
from checker.lint.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.analysis.inventory import Inventory

POLICIES, PARAMETERS, STATEMENTS = 60, 30, 10
ROUNDS = 31


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        literal_policies(Path(folder, "policies"))
        many_parameters(Path(folder))


def literal_policies(folder: Path) -> None:
    """Judge policies without references, with and without the search for symbols."""
    write_policies(folder, POLICIES)
    inventory = load([folder])
    without, found = in_turns([lambda: _without_symbols(inventory), lambda: _judge(inventory)], ROUNDS)
    line(f"{POLICIES} literal policies", f"{found * 1000:.1f} ms")
    line("  without the search for symbols", f"{without * 1000:.1f} ms")
    line("  ratio (at most 1.05)", f"{found / without:.3f}")


def many_parameters(folder: Path) -> None:
    """Judge and explain templates with many parameters."""
    for name, write in VARIANTS.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(template(PARAMETERS, [write(number) for number in range(STATEMENTS)])))
        _measure(name, load([path]))


def _measure(name: str, inventory: Inventory) -> None:
    found = TopicAnalysis(inventory.topics[0], inventory).deployments
    line(f"{PARAMETERS} parameters, {STATEMENTS} statements, {name}", f"{found.number} deployments")
    (judged,) = in_turns([lambda: _judge(inventory)], ROUNDS)
    line("  all rules (under 50 ms)", f"{judged * 1000:.1f} ms")
    if not found.tried:
        line("  all questions of explain", "not asked: too many deployments")
        return
    (explained,) = in_turns([lambda: _explain(inventory)], ROUNDS)
    line("  all questions of explain (under 50 ms)", f"{explained * 1000:.1f} ms")


def template(parameters: int, statements: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a template with parameters `P0`, `P1` and so on."""
    policy = {"Version": "2012-10-17", "Statement": statements}
    write = {"Topics": [{"Ref": "Topic"}], "PolicyDocument": policy}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {f"P{number}": {"Type": "String"} for number in range(parameters)},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat"}},
            "TopicPolicy": {"Type": "AWS::SNS::TopicPolicy", "Properties": write},
        },
    }


def _named(number: int, effect: str = "Allow") -> dict[str, Any]:
    """Return a statement that pins an account and two instances, all of them parameters."""
    account, *instances = ({"Ref": f"P{3 * number + index}"} for index in range(3))
    condition = {"StringEquals": {"aws:SourceAccount": account}, "ArnEquals": {"aws:SourceArn": instances}}
    return {
        "Sid": f"S{number}",
        "Effect": effect,
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "Topic"},
        "Condition": condition,
    }


def _composed(number: int) -> dict[str, Any]:
    """Return a statement that pins two instances, whose ARNs are composed of parameters."""
    account = f"P{3 * number}"
    ids = (f"P{3 * number + index}" for index in (1, 2))
    arns = [
        {"Fn::Sub": f"arn:aws:connect:${{AWS::Region}}:${{{account}}}:instance/${{{one}}}"} for one in ids
    ]
    return _named(number) | {
        "Condition": {
            "StringEquals": {"aws:SourceAccount": {"Ref": account}},
            "ArnEquals": {"aws:SourceArn": arns},
        }
    }


VARIANTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "ARNs": _named,
    "composed ARNs": _composed,
    "one Deny": lambda number: _named(number, "Allow" if number else "Deny"),
}
"""The statements of the templates, by number."""


def in_turns(calls: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Call functions in turns, so that they share the machine's moods, and give the median CPU of each in seconds."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, taken, strict=True):
            began = time.process_time()
            call()
            times.append(time.process_time() - began)
    return [median(times) for times in taken]


def _judge(inventory: Inventory) -> object:
    return judge(inventory, all_rules(), Scope(all_topics=True))


def _explain(inventory: Inventory) -> object:
    return explain(inventory.topics[0], None, None, all_rules(), around=inventory)


def _without_symbols(inventory: Inventory) -> object:
    with patch.object(PolicyAnalysis, "has_symbols", new=False):
        return _judge(inventory)


if __name__ == "__main__":
    main()
