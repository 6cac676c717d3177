"""Finds the templates that a template deploys as stack sets, which run in accounts and Regions of their own.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from checker.core.arn import is_account, partition_of
from checker.core.errors import InputError, Skipped
from checker.core.record import NamedTuple
from checker.core.unknown import TEXT, Symbol, Unknown
from checker.inputs.cloudformation.nested import OPEN, Nested, Stack, read_child
from checker.inputs.cloudformation.parameters import KINDS, PARTITION, PSEUDO, REGION, URL_SUFFIX
from checker.inputs.cloudformation.stored import document_of
from checker.inputs.discover import name_of
from checker.policy.node import Array, Object, items, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.sections import Resource
    from checker.inputs.collect import Facts
    from checker.policy.model import Value
    from checker.policy.node import Node


STACK_SET = "AWS::CloudFormation::StackSet"
_ACCOUNT = "AWS::AccountId"
_OVERRIDDEN = "instances of the stack set may override it"
_ONLY_LISTED = ("NONE", "INTERSECTION")
"""The values of AccountFilterType with which no account is deployed to but those that are listed."""


class Targets(NamedTuple):
    """The accounts and Regions that a stack set is deployed to; empty if they are not known."""

    accounts: tuple[Value, ...] = ()
    regions: tuple[Value, ...] = ()


def own_place(symbol: str, targets: Targets = Targets()) -> dict[str, Value]:  # noqa: B008 - frozen
    """Return the pseudo parameters of a stack set, which are not those of the template that declares it.

    ``symbol`` is the name of the stack set in reports.
    """
    listed = {_ACCOUNT: targets.accounts, REGION: targets.regions}
    values: dict[str, Value] = {}
    for name in PSEUDO:
        if name != URL_SUFFIX:
            values[name] = _own(name, symbol, listed.get(name, ()))
    region = values[REGION]
    partition = partition_of(region) if isinstance(region, str) else None
    return values if partition is None else {**values, PARTITION: partition}


def _own(name: str, symbol: str, listed: tuple[Value, ...]) -> Value:
    """Return the only listed value, or a symbol that is one of them."""
    if len(listed) == 1:
        return listed[0]
    logical = symbol.rpartition("#")[2]
    texts = [one for one in listed if isinstance(one, str)]
    allowed = tuple(texts) if len(texts) == len(listed) else ()
    whole = Symbol(f"{name} of {logical}", KINDS.get(name, TEXT), allowed, symbol, f"#{name}")
    return Unknown("each instance of a stack set has its own", f"{name} of {logical}", (whole,))


def stack_sets(path: Path, evaluation: Evaluation, facts: Facts, outer: Stack) -> Iterator[Nested]:
    """Yield the templates of stack sets, inline or in local files. Those that cannot be read are reported."""
    for resource in evaluation.template.resources.values():
        inside = resource.properties if resource.type == STACK_SET else None
        if not isinstance(inside, Object):
            continue
        stack = _stack(path, resource, evaluation, outer)
        body, url = inside.get("TemplateBody"), inside.get("TemplateURL")
        if body is not None and text_of(body) is not None:
            yield from _inline(path, body, facts, stack)
        elif body is not None:
            place = body.source.position(body.start, body.end)
            facts.skipped.append(Skipped(name_of(path), _COMPUTED, position=place, help=_SAVE))
        elif url is not None:
            yield from read_child(path, url, evaluation, facts, stack)


_COMPUTED = "the template of a stack set is computed, so its topics and keys were not checked"
_SAVE = "check the output of `aws cloudformation describe-stack-set --stack-set-name NAME`"


def _inline(path: Path, body: Node, facts: Facts, stack: Stack) -> Iterator[Nested]:
    try:
        yield Nested(path, document_of(body), stack)
    except InputError as error:
        facts.skip(error)


def _stack(path: Path, resource: Resource, evaluation: Evaluation, outer: Stack) -> Stack:
    """Return the stack of a stack set, with a folder of its own, so that nothing outside is linked to it."""
    symbol = evaluation.template.symbol(resource.logical)
    groups = evaluation.property(resource.logical, "StackInstancesGroup")
    place = own_place(symbol, _targets(groups, evaluation))
    handed = _handed(evaluation.property(resource.logical, "Parameters"))
    overridden = _overrides(groups)
    values = {} if overridden is None else {**(handed or {}), **overridden}
    rest = OPEN if handed is None or overridden is None else None
    folder = (outer.folder or path.parent) / PurePath(symbol).name
    return Stack(values={**values, **place}, folder=folder, around=outer.around, rest=rest)


def _handed(node: Node | None) -> Mapping[str, Value] | None:
    """Return the parameters of a stack set; ``None`` if it is not known which it sets."""
    entries = _entries(node)
    return None if entries is None else {key: _of_entry(key, entry) for key, entry in entries.items()}


def _entries(node: Node | None) -> dict[str, Object] | None:
    """Return the evaluated entries of a list of parameters by their keys; ``None`` if one is not known."""
    if node is None:
        return {}
    listed = [one for one in items(node) if isinstance(one, Object)]
    keys = [text_of(one.get("ParameterKey")) for one in listed]
    known = {key: one for key, one in zip(keys, listed, strict=True) if key is not None}
    return known if isinstance(node, Array) and len(keys) == len(node.items) and None not in keys else None


def _of_entry(key: str, entry: Object) -> Value:
    node = entry.get("ParameterValue")
    value = scalar_text(node) if node is not None else None
    return Unknown(_NO_TEXT, key) if value is None else of_outside(value)


_NO_TEXT = "the stack set hands down a value that is not a string"
_OUTSIDE = "outside of the stack set"


def of_outside(value: Value) -> Value:
    """Return a value that is handed to a stack set, in which the account and Region outside are not its own."""
    if not isinstance(value, Unknown):
        return value
    symbols = (
        one._replace(scope=_OUTSIDE) if isinstance(one, Symbol) and not one.scope else one
        for one in value.pieces
    )
    return value._replace(pieces=tuple(symbols))


def _overrides(groups: Node | None) -> Mapping[str, Value] | None:
    """Return the parameters that groups of stack instances override; their values differ between instances.

    ``None`` if it is not known which.
    """
    listed = items(groups) if groups is not None else ()
    if groups is not None and not isinstance(groups, Array):
        return None
    entries = [_entries(one.get("ParameterOverrides")) if isinstance(one, Object) else None for one in listed]
    known = [one for one in entries if one is not None]
    keys = {key for one in known for key in one}
    return {key: Unknown(_OVERRIDDEN, key) for key in keys} if len(known) == len(entries) else None


def _targets(node: Node | None, evaluation: Evaluation) -> Targets:
    """Return the accounts and Regions that the groups of stack instances list, if they list all."""
    groups = [one for one in items(node) if isinstance(one, Object)] if node is not None else []
    if not isinstance(node, Array) or not groups or len(groups) != len(node.items):
        return Targets()
    accounts = [_accounts(group.get("DeploymentTargets"), evaluation) for group in groups]
    regions = [_texts(group.get("Regions"), evaluation) for group in groups]
    return Targets(_all(accounts), _all(regions))


def _accounts(targets: Node | None, evaluation: Evaluation) -> tuple[Value, ...]:
    """Return the accounts of a group; empty if it deploys to others, such as those of an organizational unit."""
    if not isinstance(targets, Object) or targets.get("AccountsUrl") is not None:
        return ()
    filtered = targets.get("AccountFilterType")
    kind = text_of(filtered) if filtered is not None else "NONE"
    if kind not in _ONLY_LISTED:
        return ()
    if targets.get("OrganizationalUnitIds") is not None and kind != "INTERSECTION":
        return ()
    found = _texts(targets.get("Accounts"), evaluation)
    return found if all(isinstance(one, Unknown) or is_account(one) for one in found) else ()


def _texts(node: Node | None, evaluation: Evaluation) -> tuple[Value, ...]:
    """Evaluate a list of texts; empty if one of them is not known at all."""
    listed = evaluation.items(node) if node is not None else None
    texts = [scalar_text(one) for one in listed or ()]
    known = [one for one in texts if isinstance(one, str) or (one is not None and one.pieces)]
    return tuple(known) if len(known) == len(texts) else ()


def _all(found: list[tuple[Value, ...]]) -> tuple[Value, ...]:
    """Join the lists of all groups, without duplicates; empty if one is empty."""
    return tuple(dict.fromkeys(one for listed in found for one in listed)) if all(found) else ()
