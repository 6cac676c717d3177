"""The resources of a plan or state, as far as they tell what streams chats to a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Symbol
from checker.inputs.senders import Part
from checker.inputs.terraform.follow import follow
from checker.inputs.terraform.marks import has_marks
from checker.inputs.terraform.modules import mapping
from checker.inputs.terraform.references import References

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.terraform.outline import Found, Outline
    from checker.inputs.terraform.scan import Scan
    from checker.policy.plain import Plain

_NAMES = ("arn", "id", "name")
_POLICIES = ("policy", "inline_policy")


def parts_of(scan: Scan, outline: Outline) -> list[Part]:
    """Give what a plan or state that speaks of Connect says of roles, functions and the like. Raises TextError."""
    if "connect" not in scan.text.lower():
        return []
    found = outline.parts()
    references = References(outline.root, frozenset(one.address for one in found))
    return [_part(one, mapping(scan.value(one.start)[0]), references) for one in found]


def _part(found: Found, one: Mapping[str, object], references: References) -> Part:
    values = mapping(mapping(one.get("change")).get("after") or one.get("values"))
    names = (values.get(name) for name in _NAMES)
    kind = f"data.{found.type}" if one.get("mode") == "data" else found.type
    known = tuple(name for name in names if isinstance(name, str))
    arguments = _arguments(found.address, values, references)
    return Part(found.address, kind, known, arguments, hidden=_hides_policy(kind, one))


def _hides_policy(kind: str, one: Mapping[str, object]) -> bool:
    """True for a policy of a role, user or group that is known only after the apply."""
    marks = mapping(one.get("change")).get("after_unknown")
    return kind.startswith("aws_iam_") and any(has_marks(marks, name) for name in _POLICIES)


def _arguments(address: str, values: Mapping[str, object], references: References) -> dict[str, Plain]:
    """Put what an argument refers to beside its value, of which Terraform may know nothing yet."""
    setting = references.setting(address)
    written = setting[0].expressions if setting is not None else {}
    return {
        name: [_plain(values.get(name)), *_symbols(references, address, written.get(name))]
        for name in dict.fromkeys((*values, *written))
    }


def _symbols(references: References, address: str, expression: object) -> Iterator[Symbol]:
    """Follow the references of an expression, and those of the blocks in it."""
    if isinstance(expression, list):
        for one in expression:
            yield from _symbols(references, address, one)
    elif isinstance(expression, dict):
        yield from (Symbol(one.text) for one in follow(references, address, expression))
        for one in expression.values():
            yield from _symbols(references, address, one) if isinstance(one, dict | list) else ()


def _plain(value: object) -> Plain:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str) else None
