"""Implements the functions that read files. Only files inside the module tree are opened.

https://developer.hashicorp.com/terraform/language/functions/templatefile
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.confinement import fault_outside, is_unlimited
from checker.inputs.discover import name_of
from checker.inputs.terraform.hcl.expression import Expression, written
from checker.inputs.terraform.hcl.limits import TOO_MUCH
from checker.inputs.terraform.hcl.render import render, text_with_offsets
from checker.inputs.terraform.hcl.template import TemplateError, split
from checker.inputs.terraform.hcl.values import Rendered, known, text, unknown, why_unknown, wrong
from checker.inputs.terraform.module.folder import absolute, local_folder
from checker.inputs.text import read_text
from checker.policy.node import Node, Object, Scalar, Span
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from checker.inputs.terraform.hcl.expression import Scope

    Evaluate = Callable[[Expression, Scope], Node]


_MAX_PATH = 1024
_OPENING = 200


def _file(arguments: Sequence[Node], at: Span, scope: Scope, _evaluate: Evaluate) -> Node:
    source = _opened(arguments, at, scope)
    if not isinstance(source, Source):
        return source
    return known(source.text, Span(source, 0, len(source.text)))


def _templatefile(arguments: Sequence[Node], at: Span, scope: Scope, evaluate: Evaluate) -> Node:
    source = _opened(arguments, at, scope)
    if not isinstance(source, Source):
        return source
    given = arguments[1] if len(arguments) > 1 else None
    if not isinstance(given, Object):
        return unknown("the values of the template are not known", at, written(at))
    names = {member.key: member.value for member in given.members}
    return _rendered_file(source, names, scope, evaluate)


def _rendered_file(source: Source, names: Mapping[str, Node], scope: Scope, evaluate: Evaluate) -> Node:
    """Render a file as a template with these names only."""
    whole = Span(source, 0, len(source.text))
    if not scope.module.budget.spend_text(len(source.text)):
        return unknown(TOO_MUCH, whole)
    try:
        parts = split(source, source.text, range(len(source.text) + 1))
    except TemplateError as error:
        return unknown(str(error), whole, source.name)

    def inside(one: Expression, bound: Mapping[str, Node]) -> Node:
        return evaluate(one, scope._replace(names={**names, **bound}))

    return render(parts, whole, inside, scope.module.budget)


def _fileexists(arguments: Sequence[Node], at: Span, scope: Scope, _evaluate: Evaluate) -> Node:
    path = _path(arguments, at, scope)
    return known(os.path.isfile(path), at) if isinstance(path, Path) else path  # noqa: PTH113 - it never raises


def _opened(arguments: Sequence[Node], at: Span, scope: Scope) -> Source | Node:
    path = _path(arguments, at, scope)
    if not isinstance(path, Path):
        return path
    if not scope.module.budget.spend(_OPENING):
        return unknown("file limit exceeded", at, written(at))
    if not os.path.exists(path):  # noqa: PTH110 - it never raises
        return wrong(f"no such file: `{name_of(path)}`", at, written(at))
    try:
        content = read_text(path)
    except InputError as error:
        return wrong(f"{error.reason}: `{name_of(path)}`", at, written(at))
    if not scope.module.budget.spend_text(len(content)):
        return unknown("file limit exceeded", at, written(at))
    scope.module.opened.add(absolute(path))
    return Source(name_of(path), content)


def _path(arguments: Sequence[Node], at: Span, scope: Scope) -> Path | Node:
    """Resolve a file name; files outside the module tree are refused, including links."""
    given = text(arguments[0]) if arguments else None
    if isinstance(given, Unknown):
        return unknown(given, at)
    if given is None or not given.isprintable() or len(given) > _MAX_PATH:
        return wrong("not a valid file name", at, written(at))
    trees = scope.module.folders
    path = _first_existing([local_folder(tree, given) for tree in (trees[0], *trees[2:])])
    if is_unlimited():
        return path
    outside = fault_outside(path)
    if outside is not None:
        return unknown(f"{outside.strerror}; {outside.help}", at, written(at))
    resolved = Path(os.path.realpath(path))  # unlike `resolve`, it accepts a link to itself
    if not any(resolved.is_relative_to(os.path.realpath(tree)) for tree in trees):
        return unknown("files outside the module tree are not read", at, written(at))
    return path


def _first_existing(paths: Sequence[Path]) -> Path:
    """Return the first path to a file; the first path if there is none."""
    return next((path for path in paths if os.path.exists(path)), paths[0])  # noqa: PTH110 - it never raises


def _templatestring(arguments: Sequence[Node], at: Span, scope: Scope, evaluate: Evaluate) -> Node:
    if len(arguments) != 2:
        return wrong("`templatestring` requires a template and its values", at, written(at))
    return rendered_text(arguments[0], arguments[1], at, scope, evaluate)


def rendered_text(template: Node, values: Node | None, at: Span, scope: Scope, evaluate: Evaluate) -> Node:
    """Render a known text as a template, with the values of an object."""
    why = why_unknown(template)
    if why is not None or not isinstance(template, Scalar):
        return unknown(Unknown("the template is not known") if why is None else why, at)
    if not isinstance(values, Object):
        return unknown("the values of the template are not known", at, written(at))
    outer, content, offsets = text_with_offsets(template)
    if isinstance(outer, Rendered) and outer.nodes:
        return unknown("the template is composed of several values", at, written(at))
    names = {member.key: member.value for member in values.members}
    return _rendered_file(Source(outer.name, content, outer, offsets), names, scope, evaluate)


FILE_FUNCTIONS = {
    "file": _file,
    "templatefile": _templatefile,
    "templatestring": _templatestring,
    "fileexists": _fileexists,
}
