"""Reads a template into declarations of its topics, keys and related resources, for all variants."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from checker.analysis.caller_policy import mentions_streaming
from checker.analysis.inventory import OpenInstance
from checker.core.errors import InputError, Skipped
from checker.core.finding import Reference
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.caller_policies import caller_policies
from checker.inputs.cloudformation.cdk import assembly_of
from checker.inputs.cloudformation.conditions import Assignment, Conditions
from checker.inputs.cloudformation.declare import Declarer, variants
from checker.inputs.cloudformation.deployment import LISTED, PROPERTIES, SUBSCRIPTION, deployed
from checker.inputs.cloudformation.endpoints import declare_endpoints, may_name_endpoints
from checker.inputs.cloudformation.evaluation import INSTANCE
from checker.inputs.cloudformation.functions import evaluation_of, exported_as
from checker.inputs.cloudformation.include import with_includes
from checker.inputs.cloudformation.loops import with_loops
from checker.inputs.cloudformation.macros import skipped_parts
from checker.inputs.cloudformation.nested import Stack, nested_stacks
from checker.inputs.cloudformation.nodes import collect_conditions, text_at
from checker.inputs.cloudformation.parameters import PSEUDO, changes, worlds
from checker.inputs.cloudformation.sam import with_generated
from checker.inputs.cloudformation.sections import (
    listed_defaults,
    read_sections,
    text_defaults,
    without_defaults,
)
from checker.inputs.cloudformation.stack_sets import stack_sets
from checker.inputs.cloudformation.states import States
from checker.inputs.environment_variables import environments
from checker.inputs.senders import Part, is_part, may_speak, senders
from checker.inputs.yaml_types import with_unknown_octals
from checker.policy.node import Array, Object, items, text_of
from checker.policy.text_json import plain

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.parameters import Choice, World
    from checker.inputs.cloudformation.sections import Resource, Template
    from checker.inputs.collect import Facts
    from checker.inputs.declared import Declarations
    from checker.inputs.text import TextDocument
    from checker.policy.model import Value
    from checker.policy.node import Node
    from checker.policy.text_json import Plain


class Relevance(NamedTuple):
    """The conditions that affect a stream, the number of values that do, and the size of the largest
    resource.
    """

    conditions: dict[str, None]
    size: int
    largest: int


def relevance(template: Template) -> Relevance:
    """Collect the relevant resources and their exports."""
    resources = [one for one in template.resources.values() if one.type in PROPERTIES]
    outputs = [one for one in template.outputs.values() if resources and one.get("Export") is not None]
    bearing_ones = [one for one in resources if one.type != SUBSCRIPTION]
    named = [one.condition for one in bearing_ones] + [text_at(one.get("Condition")) for one in outputs]
    sizes = [collect_conditions(node, named) for node in (*_properties(bearing_ones), *outputs)]
    conditions = dict.fromkeys(name for name in named if name is not None)
    return Relevance(conditions, sum(sizes), max(sizes, default=0))


def _properties(resources: Iterable[Resource]) -> Iterator[Node]:
    """Return the relevant properties of resources, without inline subscriptions."""
    for one in resources:
        names = [name for name in PROPERTIES[one.type] if name != LISTED]
        inside = one.properties
        values = (inside.get(name) for name in names) if isinstance(inside, Object) else (inside,)
        yield from (node for node in values if node is not None)


_NAMES = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "FunctionName")
_SERVERLESS = {"AWS::Serverless::Function": "Function", "AWS::Serverless::StateMachine": "StateMachine"}
_VARIABLE = pattern(r"\$\{(\w+)((?:\.[\w.]+)?)\}")


def parts_of(template: Template, given: Mapping[str, Value], variables: frozenset[str]) -> Iterator[Part]:
    """Return the parts of a template that mentions Connect, or an environment variable of code that does."""
    if not may_speak(template.document.source.text, variables):
        return
    reader = _PartsReader(template, evaluation_of(template, given))
    for resource in template.resources.values():
        if is_part(resource.type):
            yield reader.part(resource)


class _PartsReader:
    """Writes references as the names of the template's resources in other files."""

    def __init__(self, template: Template, evaluation: Evaluation) -> None:
        self.template = template
        self.evaluation = evaluation
        root = template.document.root
        found = root.get("Globals") if isinstance(root, Object) else None
        self.globals = found if isinstance(found, Object) else None

    def part(self, resource: Resource) -> Part:
        written = resource.properties
        names = [written.get(name) for name in _NAMES] if isinstance(written, Object) else []
        texts = (text_of(name) for name in names if name is not None)
        arguments = self.plain(written) if isinstance(written, Object) else {}
        return Part(
            self.template.symbol(resource.logical),
            resource.type,
            tuple(text for text in texts if text),
            [arguments, *self.of_all(resource.type)],
        )

    def of_all(self, kind: str) -> Iterator[Plain]:
        """Return the SAM properties that apply to all functions of a template."""
        section = self.globals.get(_SERVERLESS.get(kind, "")) if self.globals is not None else None
        if section is not None:
            yield self.plain(section)

    def plain(self, node: Node) -> Plain:
        """Convert properties to plain values."""
        if isinstance(node, Array):
            return [self.plain(one) for one in node.items]
        if not isinstance(node, Object):
            return plain(node)
        call = _CALLS.get(node.members[0].key) if len(node.members) == 1 else None
        if call is not None:
            return call(self, node.members[0].value)
        return {member.key: self.plain(member.value) for member in node.members}

    def reference(self, node: Node) -> Plain:
        """Resolve `Ref`, and both forms of `Fn::GetAtt`."""
        logical, _, attribute = ".".join(text_of(one) or "" for one in items(node)).partition(".")
        known = logical in self.template.resources
        return Reference(self.template.symbol(logical, attribute) if known else f"${{{logical}}}")

    def substituted(self, node: Node) -> Plain:
        """Resolve `Fn::Sub`, with the values beside its text."""
        text, *values = items(node) or (node,)
        filled = _VARIABLE.sub(self.variable, text_of(text) or "")
        return [filled, *map(self.plain, values)]

    def variable(self, match: re.Match[str]) -> str:
        """Return the resource that a variable in a text refers to."""
        known = match[1] in self.template.resources
        return f"${{{self.template.symbol(match[1])}{match[2]}}}" if known else match[0]

    def joined(self, node: Node) -> Plain:
        """Join the known pieces of `Fn::Join`."""
        separator, listed = (*items(node), node, node)[:2]
        pieces = [self.plain(one) for one in items(listed)]
        texts = [_written(one) for one in pieces]
        return [(text_of(separator) or "").join(texts), *pieces]

    def imported(self, node: Node) -> Plain:
        """Resolve `Fn::ImportValue` to the exporting template's name for the resource."""
        text = self.evaluation.text(node)
        return Reference(exported_as(text)) if text is not None else self.plain(node)


def _written(value: Plain) -> str:
    """Write a piece of text; an unknown piece is written as its name."""
    if isinstance(value, Reference):
        return value.text if "${" in value.text else f"${{{value.text}}}"
    return value if isinstance(value, str) else ""


_CALLS = {
    "Ref": _PartsReader.reference,
    "Fn::GetAtt": _PartsReader.reference,
    "Fn::Sub": _PartsReader.substituted,
    "Fn::Join": _PartsReader.joined,
    "Fn::ImportValue": _PartsReader.imported,
}


_MOST_CHANGES = 60
_TO_READ = 60_000
_TO_JUDGE = 10_000_000
"""Limits on the number of choices that are tried one by one. The limit shrinks with the number of values,
because all values are evaluated again. It also shrinks with the largest policy, because analysis time grows
faster than the policy.

Beyond the limit, both branches of each condition are still evaluated, with all other choices equal.
"""


def read_template(
    path: Path,
    document: TextDocument,
    facts: Facts,
    *,
    named: bool,
    stack: Stack = Stack(),  # noqa: B008 - frozen
) -> bool:
    """Read a template, and those of its stack sets and nested stacks, into the declarations of its folder; false if
    they declare nothing. Raises InputError.

    ``stack`` is that of another template. Errors in policy text are noted, and so are macros that may add resources.
    """
    assembly = assembly_of(path, facts.assemblies)
    stack = stack.within(assembly.environment(path), dict(facts.given.parameters))
    included = with_includes(path, document, facts)
    included = included._replace(root=with_unknown_octals(included.root))
    given = _given(facts, stack.values_for(included.root))
    whole = with_generated(with_loops(included, given, defaults=facts.given.defaults))
    template = _sections(whole, facts, facts.template_scope(document.name), stack.symbol)
    reader = _Reader(template, facts, given)
    declared = facts.declarations(stack.folder or path.parent)
    found = _declare(reader, Declarer(template, declared, named=named, assembly=assembly))
    evaluation = evaluation_of(template, reader.given)
    children = (stack_sets(path, evaluation, facts, stack), nested_stacks(path, evaluation, facts, stack))
    for child in chain.from_iterable(children):
        try:
            found |= read_template(child.path, child.document, facts, named=named, stack=child.stack)
        except InputError as error:  # the other nested stacks are read
            facts.skip(error)
    return found


def read_into(
    declared: Declarations,
    document: TextDocument,
    facts: Facts,
    *,
    named: bool,
    scope: str,
    values: Mapping[str, Value],
) -> bool:
    """Read a template that other code deploys into its declarations; false if it declares nothing.

    ``scope`` and ``values`` are the name and the parameters of the stack. Raises InputError.
    """
    given = _given(facts, values)
    whole = with_generated(with_loops(document, given, defaults=facts.given.defaults))
    template = _sections(whole, facts, scope)
    return _declare(_Reader(template, facts, given), Declarer(template, declared, named=named))


def _sections(document: TextDocument, facts: Facts, scope: str, stack: str = "") -> Template:
    template = read_sections(document, scope, stack)
    listed, texts = listed_defaults(template), text_defaults(template)
    facts.has_other_values |= bool(listed)
    facts.has_defaults |= bool(texts)
    return without_defaults(template, facts.given.defaults.dropped(listed, texts))


def _given(facts: Facts, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the parameters that the user sets, and those of the stack."""
    return {**dict(facts.given.parameters), **values}


def _declare(reader: _Reader, declarer: Declarer) -> bool:
    """Declare the resources of one template; false if it has no topic or key."""
    found = list(reader.states())
    declared = declarer.declared
    parts = list(parts_of(reader.template, reader.given, reader.facts.variables_of_code))
    declared.senders += senders(parts)
    declared.environments += environments(parts)
    if mentions_streaming(reader.template.document.source.text):
        declared.caller_policies += caller_policies(evaluation_of(reader.template, reader.given))
    keys = list(variants((world, states.keys()) for world, states in found))
    topics = list(variants((world, states.topics()) for world, states in found))
    for key in keys:
        declarer.key(key)
    for topic in topics:
        declarer.topic(topic)
    if reader.endpoints:
        declare_endpoints([states for _, states in found], declared)
    declared.open_instances += reader.instances()
    return bool(keys or topics or declared.caller_policies)


class _Reader:
    def __init__(self, template: Template, facts: Facts, given: Mapping[str, Value]) -> None:
        self.template = template
        self.facts = facts
        self.given = given
        self.endpoints = may_name_endpoints(template)
        facts.parameters |= {*self.template.parameters, *PSEUDO}
        self.faults: set[str] = set()
        facts.skipped += skipped_parts(template)

    def states(self) -> Iterator[tuple[World, States]]:
        """Evaluate the template under every assignment to try."""
        conditions = Conditions(self.template, evaluation_of(self.template, self.given))
        found = relevance(self.template)
        variables = conditions.variables(found.conditions)
        for world in worlds(variables, self.tried(changes(variables), found)):
            evaluation = evaluation_of(self.template, self.given, Assignment(conditions, world))
            yield world, States(evaluation, deployed(evaluation, self.note, endpoints=self.endpoints))

    def tried(self, all_changes: list[tuple[str, Choice]], found: Relevance) -> list[tuple[str, Choice]]:
        """Limit the choices to try one by one, and report the limit if it is reached."""
        most = min(_MOST_CHANGES, _TO_READ // (found.size + 1), _TO_JUDGE // (found.largest**2 + 1))
        if len(all_changes) > most:
            reason = f"checked {most} of {len(all_changes)} choices of its conditions one by one"
            self.facts.skipped.append(Skipped(self.template.name, reason))
        return all_changes[:most]

    def instances(self) -> Iterator[OpenInstance]:
        """Yield the Connect instances that the template creates in every deployment."""
        evaluation = evaluation_of(self.template, self.given)
        for logical, resource in self.template.resources.items():
            arn = evaluation.attribute(logical, "Arn") if resource.type == INSTANCE else ""
            if isinstance(arn, Unknown) and resource.condition is None:
                yield OpenInstance(arn, self.template.place(logical), self.template.symbol(logical))

    def note(self, error: InputError) -> None:
        """Record an error once, however many assignments cause it."""
        if str(error) not in self.faults:
            self.faults.add(str(error))
            self.facts.skip(error)
