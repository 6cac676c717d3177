"""The text that defines what a reference of a template stands for, with everything that it depends on.

As in `terraform/definitions`, texts are compared, and nothing is evaluated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.text import parse_documents
from checker.policy.node import Array, Node, Object, Scalar, meaning, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


STORED = "AWS::SSM::Parameter::Value"
"""Begins the types of parameters whose value is the name of a parameter of Systems Manager.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""
_BY_CODE = (
    "Custom::",
    "AWS::Serverless::Application",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::Organizations::Account",
)
"""Types of resources whose attributes depend on all of their properties."""
_CODE = ("AWS::Lambda::", "AWS::Serverless::", "AWS::StepFunctions::")
"""May be the code behind a custom resource."""
_IDENTIFIER = pattern(r"(?:\w*(?:Arn|ARN|Id|Name|Url|URL))?\Z")
"""Matches attributes that identify a resource, as `Ref` does."""
_IDENTIFYING = pattern(r"(?!Display|Kms|Role[AI])(?:\w*Name|Path|\w*Account\w*|\w+(?:Arn|Id))\Z")
"""Matches properties that the identifiers of a resource may be made of."""
_OUTPUT = pattern(r"\bOutputs\.(\w+)")
_FILE = pattern(r"""["'](?:\.{1,2}/)*([^"']*\.\w+)["']""")
_DESCRIPTIONS = ("Description", "ConstraintDescription")
_WORD = pattern(r"\w+")


def template_in(root: Object) -> Object:
    """Return the template of a document, which a `serverless.yml` has under `resources`."""
    inner = root.get("resources")
    return inner if isinstance(inner, Object) else root


def definition_of(template: Object, name: str) -> str | None:
    """Return the definition of what a symbol stands for; ``None`` if it is a value of the deployment, or set by AWS."""
    logical, _, attribute = name.partition(".")
    parameter = _member(template, "Parameters", logical)
    if parameter is not None:
        return _values_of(parameter)
    resource = _member(template, "Resources", logical)
    if resource is None:
        return None
    value = _property(resource, attribute)
    if value is not None:
        return _closure(template, value)
    if _kind(resource).startswith(_BY_CODE) or not _IDENTIFIER.match(attribute):
        return _closure(template, resource)
    return _closure(template, *_identifying(resource))


def _values_of(parameter: Object) -> str:
    """Return what a template says of the values of a parameter; a default only as the name of a stored value."""
    left_out = (*_DESCRIPTIONS, *(() if _kind(parameter).startswith(STORED) else ("Default",)))
    return "\n".join(
        sorted(f"{one.key}: {meaning(one.value)}" for one in parameter.members if one.key not in left_out)
    )


def text_of_template(template: Object) -> str:
    """Return all that a template says, its parameters as in the definitions of their symbols."""
    return "\n".join((*map(_values_of, _members(template, "Parameters")), meaning(template)))


def exports_of(template: Object) -> Iterator[tuple[str, str]]:
    """Yield the name of each export, with `*` for references, and its definition."""
    for output in _members(template, "Outputs"):
        export, value = output.get("Export"), output.get("Value")
        if isinstance(export, Object) and value is not None:
            yield _pattern(export.get("Name")), _closure(template, value)


def stored_by(template: Object) -> Iterator[tuple[str, str]]:
    """Yield the name of each parameter of Systems Manager that a template sets, and its definition."""
    for resource in _members(template, "Resources"):
        value = _property(resource, "Value")
        if _kind(resource) == "AWS::SSM::Parameter" and value is not None:
            yield _pattern(_property(resource, "Name")), _closure(template, value)


def with_nested(definition: str, files: Mapping[str, str]) -> str:
    """Add what the templates that a definition names say: the outputs that it names, or all if it names none of them.

    ``files`` are the texts of files by their names.
    """
    found: dict[str, None] = {}
    waiting = [definition]
    while waiting:
        text = waiting.pop()
        names = [one for one in files if any(f"/{one}".endswith(f"/{end}") for end in _FILE.findall(text))]
        more = dict.fromkeys(_outputs_in(one, files[one], _OUTPUT.findall(text)) for one in names)
        waiting += (one for one in more if one not in found)
        found |= more
    return "\n".join((definition, *found))


def _outputs_in(file: str, text: str, names: Iterable[str]) -> str:
    """Return the definitions of some outputs of the templates in a file, or all of its text."""
    try:
        documents = parse_documents(file, text)
    except InputError:
        return text
    templates = [template_in(one.root) for one in documents if isinstance(one.root, Object)]
    outputs = ((one, _member(one, "Outputs", name)) for one in templates for name in dict.fromkeys(names))
    return "\n".join(_closure(one, output) for one, output in outputs if output is not None) or text


def _closure(template: Object, *nodes: Node) -> str:
    """Join the texts of nodes, and those of the sections whose names they have."""
    texts = dict.fromkeys(map(meaning, nodes))
    waiting = list(texts)
    while waiting:
        words = dict.fromkeys(_WORD.findall(waiting.pop()))
        more = [one for word in words for one in _named(template, word) if one not in texts]
        texts |= dict.fromkeys(more)
        waiting += more
    return "\n".join(texts)


def _named(template: Object, name: str) -> Iterator[str]:
    """Yield the texts that define a name: of parameters the default, and of resources what the code decides."""
    parameter, resource = _member(template, "Parameters", name), _member(template, "Resources", name)
    if parameter is not None:
        values = ((key, parameter.get(key)) for key in ("Default", "Type"))
        yield "\n".join(f"{key}: {meaning(one)}" for key, one in values if one is not None)
    for section in ("Mappings", "Conditions"):
        found = _member(template, section, name)
        yield from () if found is None else [meaning(found)]
    if resource is not None:
        value = _property(resource, "Value")
        if _kind(resource).startswith((*_BY_CODE, *_CODE)):
            yield meaning(resource)
        else:
            yield from map(meaning, (*(() if value is None else [value]), *_identifying(resource)))


def _member(template: Object, section: str, name: str) -> Object | None:
    declared = template.get(section)
    found = declared.get(name) if isinstance(declared, Object) else None
    return found if isinstance(found, Object) else None


def _members(template: Object, section: str) -> Iterator[Object]:
    declared = template.get(section)
    if isinstance(declared, Object):
        yield from (one.value for one in declared.members if isinstance(one.value, Object))


def _kind(node: Object) -> str:
    return text_of(node.get("Type")) or ""


def _property(resource: Object, name: str) -> Node | None:
    properties = resource.get("Properties")
    return properties.get(name) if isinstance(properties, Object) else None


def _identifying(resource: Object) -> list[Node]:
    """Return the properties of a resource that may be in its ARN, ID or name."""
    properties = resource.get("Properties")
    members = properties.members if isinstance(properties, Object) else ()
    return [one.value for one in members if _IDENTIFYING.match(one.key)]


def _pattern(node: Node | None) -> str:
    """Return a text with `*` for its references; `*` for other functions than `Fn::Sub`."""
    if isinstance(node, Object) and len(node.members) == 1 and node.members[0].key == "Fn::Sub":
        (value,) = (one.value for one in node.members)
        node = value.items[0] if isinstance(value, Array) and value.items else value
    text = node.value if isinstance(node, Scalar) else None
    return re.sub(r"\$\{[^}]*\}", "*", text) if isinstance(text, str) else "*"
