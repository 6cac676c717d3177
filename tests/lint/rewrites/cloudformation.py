"""Other ways to write the same template, none of which changes its meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import yaml

Template = dict[str, Any]

NAMES = {
    "ConnectInstanceArn": "SourceArn",
    "InstanceId": "ContactCenter",
    "Instance": "Center",
    "TopicPolicy": "MessagesPolicy",
    "Topic": "Messages",
    "Key": "Secret",
}
"""New names for parameters and resources."""
_REFERENCE = re.compile(r"\$\{([^}]+)\}")


def renamed(template: Template) -> Template:
    """Rename parameters and resources."""
    named = {**template}
    for part in ("Parameters", "Resources"):
        named[part] = {NAMES[name]: value for name, value in template[part].items()}
    return _mapped(named, _with_other_names)


def _with_other_names(value: Template) -> Template:
    for function, argument in value.items():
        if function == "Ref":
            return {"Ref": NAMES.get(argument, argument)}
        if function == "Fn::GetAtt":
            return {"Fn::GetAtt": [NAMES[argument[0]], argument[1]]}
        if function == "Fn::Sub":
            return {"Fn::Sub": _REFERENCE.sub(lambda found: f"${{{_named(found[1])}}}", argument)}
    return value


def _named(reference: str) -> str:
    name, dot, attribute = reference.partition(".")
    return NAMES.get(name, name) + dot + attribute


def with_sub(template: Template) -> Template:
    """Write Ref and Fn::GetAtt as Fn::Sub."""
    return _mapped(template, _as_sub)


def _as_sub(value: Template) -> Template:
    if list(value) == ["Ref"]:
        return {"Fn::Sub": f"${{{value['Ref']}}}"}
    if list(value) == ["Fn::GetAtt"]:
        return {"Fn::Sub": f"${{{'.'.join(value['Fn::GetAtt'])}}}"}
    return value


def with_join(template: Template) -> Template:
    """Write Fn::Sub as Fn::Join."""
    return _mapped(template, _as_join)


def _as_join(value: Template) -> Template:
    if list(value) != ["Fn::Sub"]:
        return value
    pieces = _REFERENCE.split(value["Fn::Sub"])
    parts = [_reference(piece) if number % 2 else piece for number, piece in enumerate(pieces)]
    return {"Fn::Join": ["", [part for part in parts if part != ""]]}


def _reference(name: str) -> Template:
    resource, _, attribute = name.partition(".")
    return {"Fn::GetAtt": [resource, attribute]} if attribute else {"Ref": name}


def with_join_of_sub(template: Template) -> Template:
    return with_join(with_sub(template))


def with_a_map_for_sub(template: Template) -> Template:
    """Give Fn::Sub its values in a map."""
    return _mapped(template, _as_sub_with_map)


def _as_sub_with_map(value: Template) -> Template:
    if list(value) != ["Fn::Sub"]:
        return value
    names = {name: f"Value{number}" for number, name in enumerate(_REFERENCE.findall(value["Fn::Sub"]))}
    text = _REFERENCE.sub(lambda found: f"${{{names[found[1]]}}}", value["Fn::Sub"])
    return {"Fn::Sub": [text, {short: _reference(name) for name, short in names.items()}]}


def in_reverse_order(template: Template) -> Template:
    """Reverse the order of keys, statements and actions."""
    return {key: one if key.startswith("Fn::") else _reversed(one) for key, one in reversed(template.items())}


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return in_reverse_order(value)
    return [_reversed(one) for one in reversed(value)] if isinstance(value, list) else value


def _mapped(template: Template, change: Callable[[Template], Template]) -> Template:
    """Change every object, the innermost first."""
    return change({key: _mapped_in(one, change) for key, one in template.items()})


def _mapped_in(value: Any, change: Callable[[Template], Template]) -> Any:
    if isinstance(value, dict):
        return _mapped(value, change)
    return [_mapped_in(one, change) for one in value] if isinstance(value, list) else value


REWRITES: dict[str, Callable[[Template], Template]] = {
    "other names": renamed,
    "Sub for Ref": with_sub,
    "Join for Sub": with_join,
    "Join for Ref": with_join_of_sub,
    "a map for Sub": with_a_map_for_sub,
    "reverse order": in_reverse_order,
}


def as_json(template: Template) -> dict[str, str]:
    return {"template.json": json.dumps(template, indent=2)}


def as_yaml(template: Template) -> dict[str, str]:
    return {"template.yaml": yaml.safe_dump(template, sort_keys=False)}
