"""Reads a plan or state as declarations: `terraform show -json` output, or a state as Terraform keeps it.

The planned result is checked: resources that the plan creates, changes or keeps, without those that it
deletes.
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.caller_policy import mentions_streaming
from checker.core.errors import InputError, Skipped
from checker.core.finding import Reference
from checker.core.pattern import pattern
from checker.core.shell import path_word
from checker.inputs.discover import name_of
from checker.inputs.environment_variables import environments
from checker.inputs.json_scan import Scan
from checker.inputs.large_files import read_unpacked
from checker.inputs.senders import Part, may_speak, senders
from checker.inputs.terraform.plan.caller_policies import caller_policies
from checker.inputs.terraform.plan.configuration import mapping
from checker.inputs.terraform.plan.declare import Declarer
from checker.inputs.terraform.plan.plan import Plan
from checker.inputs.terraform.plan.plan_index import has_marks, marks_beneath
from checker.inputs.terraform.plan.resource import read_resource
from checker.inputs.terraform.plan.scan_plan import read_outline
from checker.inputs.terraform.plan.trace import References, follow
from checker.inputs.terraform.stacks import read_stacks
from checker.policy.source import Source
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from checker.inputs.collect import Facts
    from checker.inputs.declared import Declarations
    from checker.inputs.terraform.plan.plan_index import Found, Outline
    from checker.policy.text_json import Plain


_NAMES = ("arn", "id", "name")
_POLICIES = ("policy", "inline_policy")


def parts_of(scan: Scan, outline: Outline, variables: frozenset[str]) -> list[Part]:
    """Return the parts, such as roles and functions, of a plan or state that mentions Connect, or an environment
    variable of code that does. Raises TextError.
    """
    if not may_speak(scan.text, variables):
        return []
    found = outline.parts()
    references = References(outline.root, frozenset(one.address for one in found))
    return [_part(one, mapping(scan.value(one.start)[0]), references) for one in found]


def _part(found: Found, one: Mapping[str, object], references: References) -> Part:
    values = mapping(mapping(one.get("change")).get("after") or one.get("values") or one.get("attributes"))
    names = (values.get(name) for name in _NAMES)
    kind = f"data.{found.type}" if found.is_looked_up else found.type
    known = tuple(name for name in names if isinstance(name, str))
    arguments = _arguments(found.address, values, references)
    if found.type == _FUNCTION:
        arguments["environment"] = [arguments.get("environment"), *_unknown_variables(one, arguments)]
    hidden = found.deferred or _hides_policy(one)
    return Part(found.address, kind, known, arguments, hidden=hidden and kind.startswith("aws_iam_"))


def _hides_policy(one: Mapping[str, object]) -> bool:
    """True for a policy of a role, user or group that is known only after apply."""
    marks = mapping(one.get("change")).get("after_unknown")
    return any(has_marks(marks, name) for name in _POLICIES)


_FUNCTION = "aws_lambda_function"


def _unknown_variables(one: Mapping[str, object], arguments: Mapping[str, Plain]) -> Iterator[Plain]:
    """Give the topics to the variables that are known only after apply: a plan does not tell which is whose."""
    marks = marks_beneath(mapping(one.get("change")).get("after_unknown"), ("environment", 0, "variables"))
    given = arguments.get("environment")
    topics = [one for one in given if isinstance(one, Reference)] if isinstance(given, list) else []
    if isinstance(marks, dict):
        yield {"variables": {name: list(topics) for name, mark in marks.items() if mark is True}}


def _arguments(address: str, values: Mapping[str, object], references: References) -> dict[str, Plain]:
    """Add the references of an argument to its value, which may still be unknown."""
    setting = references.setting(address)
    written = setting[0].expressions if setting is not None else {}
    return {
        name: [_plain(values.get(name)), *_references_in(references, address, written.get(name))]
        for name in dict.fromkeys((*values, *written))
    }


def _references_in(references: References, address: str, expression: object) -> Iterator[Reference]:
    """Follow the references of an expression and of its nested blocks."""
    if isinstance(expression, list):
        for one in expression:
            yield from _references_in(references, address, one)
    elif isinstance(expression, dict):
        yield from (Reference(one.text) for one in follow(references, address, expression))
        for one in expression.values():
            yield from _references_in(references, address, one) if isinstance(one, dict | list) else ()


def _plain(value: object) -> Plain:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str) else None


_CONNECT = pattern(r'"(?:aws|awscc)_connect_|:connect:[^"\s]*:instance/|\bconnect\.amazonaws\.com')
"""Text that shows that a plan concerns Amazon Connect; in other plans, unknown policies are irrelevant."""

_HIDDEN = "the role's policy is known only after apply"
_PLAN_AGAIN = (
    "create the plan again: `terraform plan -out=plan.bin && terraform show -json plan.bin > plan.json`"
)


def read_show(path: Path, facts: Facts, *, named: bool) -> bool:
    """Read a file into the facts; false if it contains nothing to check.

    Each file is a separate namespace: its declarations are linked within the file, and with other files only
    by ARN. Raises InputError with line and column for invalid content.
    """
    source = Source(name_of(path), read_unpacked(path), quotable=False)
    plan, parts, identities = _plan(source, facts.variables_of_code)
    declared = facts.declarations(path)
    declarer = Declarer(plan, declared, named=named)
    declarer.declare()
    read_stacks(declarer.stacks(), facts, declared, facts.skip)
    declared.senders += senders(parts)
    declared.environments += environments(parts)
    declared.caller_policies += caller_policies(identities)
    facts.skipped += (fault.skipped() for fault in declarer.faults)
    if plan.outline.gap:
        facts.skipped.append(Skipped(name_of(path), plan.outline.gap, help=_PLAN_AGAIN))
    if not named:
        facts.skipped += _may_be_streamed(plan.source, declared, parts)
    return bool(declared.topics or declared.keys or declared.instances or declared.caller_policies)


def _may_be_streamed(source: Source, declared: Declarations, parts: list[Part]) -> Iterator[Skipped]:
    """Report topics that only unknown policies may connect to Amazon Connect."""
    streamed = {topic for one in declared.senders for topic in one.topics}
    for topic in declared.topics if _CONNECT.search(source.text) else ():
        by = (one for one in senders(parts, possible=True) if not one.topics.isdisjoint(topic.names))
        if streamed.isdisjoint(topic.names) and (sender := next(by, None)) is not None:
            reason = f"not known whether Connect streams to `{topic.address}`: {_HIDDEN} (`{sender.address}`)"
            yield Skipped(source.name, reason, help=f"name the file: checker check {path_word(source.name)}")


def _plan(source: Source, variables: frozenset[str]) -> tuple[Plan, list[Part], Plan]:
    """Read a plan, the parts of it that may start streams, and its IAM resources as a plan. Raises InputError."""
    scan = Scan(source)
    try:
        outline = read_outline(scan)
        resources = [read_resource(scan, found) for found in outline.resources()]
        parts = parts_of(scan, outline, variables)
        about = outline.identities() if mentions_streaming(source.text) else ()
        identities = [read_resource(scan, found) for found in about]
    except TextError as error:
        raise InputError(source.name, error.message, error.position()) from None
    return Plan(source, outline, resources), parts, Plan(source, outline, identities)
