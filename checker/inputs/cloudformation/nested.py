"""Finds the local templates that a template deploys as nested stacks, with the values that it hands down.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import NAME, Symbol, Unknown
from checker.inputs.cloudformation.evaluation import STACK
from checker.inputs.cloudformation.parameters import PSEUDO
from checker.inputs.cloudformation.sections import is_macro
from checker.inputs.discover import home_of, name_of
from checker.inputs.text import parse_text, read_text
from checker.policy.node import Object, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.sections import Resource
    from checker.inputs.collect import Facts
    from checker.inputs.text import TextDocument
    from checker.policy.model import Value
    from checker.policy.node import Member, Node


_LOCATIONS = {STACK: "TemplateURL", "AWS::Serverless::Application": "Location"}
_LOCAL = pattern(r"[\w.-][\w./-]*\.(?:ya?ml|json|template)")
_LOCATION = pattern(rf"""\b(?:TemplateURL|Location|aws:asset:path)["']?\s*:\s*["']?({_LOCAL.pattern})""")
_STACK_NAME = "AWS::StackName"
_DEEPEST = 10
_MOST = 200
"""Limits on stacks inside each other, and on the templates of a run."""


class Stack(NamedTuple):
    """A stack of another template: its name in references, its parameters, and the folder of its outermost template.

    ``around`` are the templates that it is nested in, by full path. ``rest`` is the value of all other parameters of
    the template, if it is not known which of them the stack sets.
    """

    symbol: str = ""
    values: Mapping[str, Value] = MappingProxyType({})
    folder: Path | None = None
    around: tuple[str, ...] = ()
    rest: Unknown | None = None

    def values_for(self, template: Node) -> Mapping[str, Value]:
        """Return the parameters that the stack sets, and those of a template that it may set."""
        declared = template.get("Parameters") if isinstance(template, Object) else None
        names = [one.key for one in declared.members] if isinstance(declared, Object) else []
        return {name: Unknown(self.rest.reason, name) for name in names if self.rest is not None} | dict(
            self.values
        )

    def within(self, environment: Mapping[str, str], given: Mapping[str, str]) -> Stack:
        """Return the stack in an environment of CDK, of which the user may set other values."""
        values = {name: value for name, value in environment.items() if name not in given}
        return self._replace(values={**values, **self.values}) if values else self


def includes(path: Path, text: str) -> Iterator[str]:
    """Return the full paths of the local templates that a template may nest."""
    if "TemplateURL" in text or "Location" in text:
        yield from (home_of(path.parent / found[1]) for found in _LOCATION.finditer(text))


def local_file(name: str) -> bool:
    """True for the relative path of a JSON or YAML file."""
    return _LOCAL.fullmatch(name) is not None


class Nested(NamedTuple):
    """A nested template with the stack that deploys it."""

    path: Path
    document: TextDocument
    stack: Stack


def nested_stacks(path: Path, evaluation: Evaluation, facts: Facts, outer: Stack) -> Iterator[Nested]:
    """Yield the local templates that a template nests. Those that cannot be read are reported."""
    place = {name: value for name, value in outer.values.items() if name in PSEUDO}
    for resource in evaluation.template.resources.values():
        node = _location(resource)
        if node is not None:
            symbol = evaluation.template.symbol(resource.logical)
            own = _parameters(resource, evaluation)
            values = place | dict(own or {}) | {_STACK_NAME: _stack_name(symbol)}
            rest = OPEN if own is None else None
            stack = Stack(symbol, values, outer.folder or path.parent, outer.around, rest)
            yield from read_child(path, node, evaluation, facts, stack)


def read_child(
    path: Path, node: Node, evaluation: Evaluation, facts: Facts, stack: Stack
) -> Iterator[Nested]:
    """Read the template of a stack if it is a local file; report one that cannot be read."""
    name = text_of(node)
    if name is None or not local_file(name):
        return
    child = path.parent / name
    around = (*stack.around, home_of(path))
    try:
        _check(child, around, facts)
        document = parse_text(name_of(child), read_text(child))
    except InputError as error:
        where = node.source.position(node.start, node.end)
        reason = f"the nested template `{name}` was not read: {error.reason}"
        facts.skipped.append(Skipped(evaluation.template.name, reason, position=where, help=error.help))
        return
    facts.opened.add(home_of(child))
    yield Nested(child, document, stack._replace(around=around))


def _check(child: Path, around: tuple[str, ...], facts: Facts) -> None:
    """Raise InputError for a template inside itself, and beyond the limits."""
    if home_of(child) in around or len(around) > _DEEPEST:
        raise InputError(name_of(child), "it is nested in itself, or too deeply")
    if facts.read_templates.total() > _MOST:
        raise InputError(name_of(child), f"more than {_MOST} templates are nested")


def is_nesting(resource: Resource) -> bool:
    """True for a nested stack."""
    return resource.type in _LOCATIONS


def is_remote(resource: Resource) -> bool:
    """True for a nested stack whose template is not a local file."""
    node = _location(resource)
    return is_nesting(resource) and (node is None or not local_file(text_of(node) or ""))


def _location(resource: Resource) -> Node | None:
    """Return the location of a nested template; that of CDK is in the metadata, because it uploads the file."""
    key = _LOCATIONS.get(resource.type)
    if key is None or not isinstance(resource.properties, Object):
        return None
    metadata = resource.metadata
    if metadata is not None and text_of(metadata.get("aws:asset:property")) == key:
        return metadata.get("aws:asset:path")
    return resource.properties.get(key)


OPEN = Unknown("it is not known which parameters the stack sets")


def _parameters(resource: Resource, evaluation: Evaluation) -> Mapping[str, Value] | None:
    """Return the parameters that a stack sets; ``None`` if it is not known which."""
    node = evaluation.property(resource.logical, "Parameters")
    if node is None:
        return {}
    if not isinstance(node, Object) or any(map(is_macro, node.members)):
        return None
    return {one.key: _text(one) for one in node.members}


def _text(parameter: Member) -> Value:
    value = scalar_text(parameter.value)
    return (
        Unknown("the stack hands down a value that is not a string", parameter.key)
        if value is None
        else value
    )


def _stack_name(symbol: str) -> Unknown:
    """Make the name of a nested stack, which CloudFormation assigns."""
    where = f"{symbol}.{_STACK_NAME}"
    return Unknown("CloudFormation names nested stacks", where, (Symbol(_STACK_NAME, NAME, scope=symbol),))
