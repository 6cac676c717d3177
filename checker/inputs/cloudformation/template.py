"""Reads a template: its topics, keys and what belongs to them, in every way that its conditions let it come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.cloudformation.bearing import bearing, passed_over
from checker.inputs.cloudformation.choices import changes, worlds
from checker.inputs.cloudformation.conditions import Assignment, Conditions
from checker.inputs.cloudformation.declare import Declarer
from checker.inputs.cloudformation.deployment import deployed
from checker.inputs.cloudformation.evaluation import Evaluation
from checker.inputs.cloudformation.parameters import PSEUDO
from checker.inputs.cloudformation.parts import parts_of
from checker.inputs.cloudformation.sections import read_sections
from checker.inputs.cloudformation.states import States
from checker.inputs.cloudformation.variants import variants
from checker.inputs.senders import senders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.core.errors import InputError
    from checker.inputs.cloudformation.bearing import Bearing
    from checker.inputs.cloudformation.choices import Choice, World
    from checker.inputs.cloudformation.sections import Template
    from checker.inputs.facts import Facts
    from checker.inputs.text import TextDocument

_MOST_CHANGES = 60
_TO_READ = 60_000
_TO_JUDGE = 10_000_000
"""How many choices are tried one by one: fewer for a template of many values, for all of them are read again,
and fewer for a large policy, for what it takes to judge one grows faster than the policy does.

Beyond, the two branches of a condition are still seen, each with all others alike.
"""


def read_template(path: Path, document: TextDocument, facts: Facts, *, named: bool) -> bool:
    """Read a template into the declarations of its folder; false if it declares nothing. Raises InputError.

    A fault in the text of one policy is noted, and so is what a macro would add to the resources.
    """
    template = read_sections(document)
    reader = _Reader(template, facts)
    found = list(reader.states())
    declared = facts.declarations(path.parent)
    declarer = Declarer(template, declared, named=named)
    declared.senders += senders(parts_of(template, reader.given))
    keys = list(variants((world, states.keys()) for world, states in found))
    topics = list(variants((world, states.topics()) for world, states in found))
    for key in keys:
        declarer.key(key)
    for topic in topics:
        declarer.topic(topic)
    return bool(keys or topics)


class _Reader:
    def __init__(self, template: Template, facts: Facts) -> None:
        self.template = template
        self.facts = facts
        self.given = dict(facts.given.parameters)
        facts.parameters |= {*self.template.parameters, *PSEUDO}
        self.faults: set[str] = set()
        facts.skipped += passed_over(template)

    def states(self) -> Iterator[tuple[World, States]]:
        """Evaluate the template under every assignment that is tried."""
        conditions = Conditions(self.template, Evaluation(self.template, self.given))
        found = bearing(self.template)
        variables = conditions.variables(found.conditions)
        for world in worlds(variables, self.tried(changes(variables), found)):
            evaluation = Evaluation(self.template, self.given, Assignment(conditions, world))
            yield world, States(evaluation, deployed(evaluation, self.note))

    def tried(self, all_changes: list[tuple[str, Choice]], found: Bearing) -> list[tuple[str, Choice]]:
        """Choose how many choices are tried one by one, and say so if it is not all."""
        most = min(_MOST_CHANGES, _TO_READ // (found.size + 1), _TO_JUDGE // (found.largest**2 + 1))
        if len(all_changes) > most:
            reason = f"of {len(all_changes)} choices of its conditions, {most} were tried one by one"
            self.facts.skipped.append(Skipped(self.template.name, reason))
        return all_changes[:most]

    def note(self, error: InputError) -> None:
        """Note a fault once, under however many assignments it comes up."""
        if str(error) not in self.faults:
            self.faults.add(str(error))
            self.facts.skip(error)
