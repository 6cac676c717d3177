"""What all rules say about policies that differ from the documented one in one part, and which fixes they have.

`CHECKER_GOLDEN=write pytest tests/rules/test_other_policies.py` writes the files anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Instance, Inventory
from checker.core.finding import Finding, Verdict
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from tests.golden import is_as_written
from tests.rules.cases import HERE, RULES
from tests.rules.other_policies import (
    CHINESE,
    FOREIGN,
    ID,
    KEY_ARN,
    KEYS,
    OTHER_TOPIC,
    PINNED,
    REPLICA,
    SIBLING,
    USES,
    WITH_CONDITIONS,
    WITH_ELEMENTS,
)
from tests.rules.test_findings import fix_lines, place
from tests.samples import INSTANCE_ARN, TOPIC_ARN, arn_of, document, statement

INSTANCES = {
    "one instance": (INSTANCE_ARN,),
    "no instance": (),
    "two instances": (INSTANCE_ARN, SIBLING),
    "an instance of another account": (FOREIGN,),
    "an instance of another Region": (REPLICA,),
    "an instance of another partition": (CHINESE,),
}
NAMES = {
    **{arn: name for name, arn in (("INSTANCE", INSTANCE_ARN), ("SIBLING", SIBLING), ("FOREIGN", FOREIGN))},
    **{arn: name for name, arn in (("TOPIC", TOPIC_ARN), ("OTHER_TOPIC", OTHER_TOPIC), ("KEY", KEY_ARN))},
    ID: "INSTANCE_ID",
    ID.replace("3f6c1b52", "aaaaaaaa"): "SIBLING_ID",
}
"""Short names for the ARNs of the texts."""
DESCRIBED = {"Instance": {"Id": ID, "Arn": INSTANCE_ARN, "InstanceAlias": "chat", "InstanceStatus": "ACTIVE"}}
PASS = Verdict.PASS
FOR_ALL_INSTANCES = ("documented", "no condition", "the account", "every resource", "another topic", "a placeholder as Resource", "for others alone",
            "for others too: no condition", "every resource but this", "twice", "beside another topic", "a queue", "a name", "the owner", "denied: not the ARN of another", "denied in two ways", "every resource, for others too",
            "a placeholder beside any ARN", "a placeholder beside two instances", "beside another topic, without Resource",
            "a topic by wildcard beside this", "beside another without effect")  # fmt: skip
"""Policies that are judged for all instances."""


def topic_of(statements: list[Any]) -> Any:
    policy = document(*(statement(**{"Condition": PINNED, **one}) for one in statements))
    return {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}


def read_topic(folder: Path, statements: list[Any], *, named: bool = True) -> Inventory:
    """Read a topic with its policy, or the policy alone."""
    topic = topic_of(statements)
    return read(folder, topic=topic if named else json.loads(topic["Attributes"]["Policy"]))


def read_key(folder: Path, statements: list[Any], topics: tuple[str, ...]) -> Inventory:
    """Read a key with its policy, and the topics that it encrypts."""
    uses = {"Sid": "Connect", "Action": USES, "Resource": "*"}
    given = {
        name: {"Attributes": {"TopicArn": name, "KmsMasterKeyId": KEY_ARN, "Policy": json.dumps(document(statement(Resource=name, Condition=PINNED)))}}
        for name in topics
    }  # fmt: skip
    described = {
        "Arn": KEY_ARN,
        "KeyState": "Enabled",
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
    }
    return read(
        folder,
        key={"KeyMetadata": {**described, "KeyUsage": "ENCRYPT_DECRYPT"}},
        policy=document(*(statement(**{**uses, **one}) for one in statements)),
        **{name.rpartition(":")[2]: topic for name, topic in given.items()},
    )


def read(folder: Path, **files: Any) -> Inventory:
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return load([folder / f"{name}.json" for name in files])


Versions = dict[str, tuple[Inventory, tuple[str, ...] | None]]
"""What is judged, with the ARNs of the instances; ``None`` for those that were read."""


class Notes:
    """Writes what is found beyond the documented policy; a help text only where it is new."""

    def __init__(self, folder: Path) -> None:
        self._names = {f"{folder}/": "", **NAMES}
        self._folder = folder
        self._helps: set[str] = set()
        self._usual: dict[str, list[str]] = {}

    def of(self, versions: Versions) -> Iterator[str]:
        """Write the findings of the first version, of others those that are new, and the number of all."""
        first: list[str] = []
        for words, (inventory, instances) in versions.items():
            lines = self._lines(inventory, instances)
            usual = self._usual.get(words, [])
            self._usual.setdefault(words, lines)
            new = [line for line in lines if line not in (*usual, *first)]
            first = first or lines
            if new or len(lines) != len(first):
                yield f"{words} ({len(lines)}):"
                yield from (f"  {line}" for line in self._shortened(new))

    def _lines(self, inventory: Inventory, instances: tuple[str, ...] | None) -> list[str]:
        named = (
            inventory.instances if instances is None else tuple(Instance(arn_of(one)) for one in instances)
        )
        report = judge(inventory._replace(instances=named), RULES, Scope(all_topics=True))
        assert not report.crashed
        judged = {rule for one in report.examined for rule in one.verdicts}
        passed = {
            rule for rule in judged if all(one.verdicts.get(rule, PASS) is PASS for one in report.examined)
        }
        doubts = {f"not known: {doubt}": "" for one in report.examined for doubt in one.doubts.values()}
        verdicts = {"without PASS": judged - passed, "not judged": {rule.id for rule in RULES} - judged}
        lines = [f"{words}: {', '.join(sorted(rules))}" for words, rules in verdicts.items()]
        return [*map(self._text, report.findings), *doubts, *lines]

    def _text(self, finding: Finding) -> str:
        severity = finding.severity.value if finding.verdict is Verdict.FAIL else "undetermined"
        lines = [f"{severity} {finding.rule}: {finding.message}"]
        lines += [place(location, self._folder) for location in finding.locations]
        lines += [finding.witness.sentence] if finding.witness else []
        lines += [line.strip() for fix in finding.fixes for line in fix_lines(fix)]
        return "\n    ".join((*lines, f"help: {finding.help}"))

    def _shortened(self, findings: list[str]) -> Iterator[str]:
        """Leave out help texts and fixes that are written above."""
        fixes: set[str] = set()
        for finding in findings:
            text, _, help_text = finding.partition("\n    help: ")
            text, _, fix = text.partition("\n    fix ")
            text += f"\n    fix {fix}" if fix and fix not in fixes else "\n    fix as above" if fix else ""
            text += f"\n    help: {help_text}" if help_text not in ("", *self._helps) else ""
            fixes.add(fix)
            self._helps.add(help_text)
            for old, new in self._names.items():
                text = text.replace(old, new)
            yield text


def topic_lines(folder: Path, policies: dict[str, list[Any]]) -> Iterator[str]:
    notes = Notes(folder)
    for name, statements in policies.items():
        yield f"# {name}"
        yield from notes.of({"one instance": (read_topic(folder, statements), (INSTANCE_ARN,))})


def instance_lines(folder: Path) -> Iterator[str]:
    notes = Notes(folder)
    for name in FOR_ALL_INSTANCES:
        statements = {**WITH_CONDITIONS, **WITH_ELEMENTS}[name]
        inventory, unnamed = read_topic(folder, statements), read_topic(folder, statements, named=False)
        settings: Versions = {words: (inventory, instances) for words, instances in INSTANCES.items()}
        yield f"# {name}"
        settings["an instance of the folder"] = (
            read(folder, topic=topic_of(statements), instance=DESCRIBED),
            None,
        )
        yield from notes.of({**settings, "without its name": (unnamed, (INSTANCE_ARN,))})


def key_lines(folder: Path) -> Iterator[str]:
    notes = Notes(folder)
    for name, statements in KEYS.items():
        one = read_key(folder, statements, (TOPIC_ARN,))
        two = read_key(folder, statements, (TOPIC_ARN, OTHER_TOPIC))
        yield f"# {name}"
        yield from notes.of({"one topic": (one, ()), "two topics and an instance": (two, (INSTANCE_ARN,))})


LINES: dict[str, Callable[[Path], Iterator[str]]] = {
    "conditions": lambda folder: topic_lines(folder, WITH_CONDITIONS),
    "elements": lambda folder: topic_lines(folder, WITH_ELEMENTS),
    "instances": instance_lines,
    "keys": key_lines,
}


@pytest.mark.parametrize("part", LINES)
def test_what_all_rules_say_about_a_policy_is_as_written(part: str, tmp_path: Path) -> None:
    assert is_as_written(HERE / "policies" / f"{part}.txt", "\n".join([*LINES[part](tmp_path), ""]))
