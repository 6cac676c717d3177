"""Finds files of a change that set parameters of CloudFormation templates, which are read with their defaults alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.inputs.text import YAML_SUFFIXES, parse_documents, read_text
from checker.policy.node import Node, Object, Scalar, items, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


_SUFFIXES = (".json", ".template", *YAML_SUFFIXES)
_SAM = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
"""https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html"""
_PAIR = re.compile(r"(\w+)=")
_NESTED = re.compile(r"""\bTemplateURL["']?\s*:\s*(\S.{0,300})""")
_SET = "sets parameters of `{}`, which is compared with its default values"
_HELP = "`--parameter NAME=VALUE` sets a parameter on both sides"
_STACK = "the nested template {} is not read"


def unread_parameters(
    folder: Path, changed: Iterable[str], templates: Mapping[str, str]
) -> Iterator[Skipped]:
    """Yield the changed files of a side that decide parameters of a template, but are not read.

    ``templates`` are the texts of the templates that were read.
    """
    for file in sorted(changed):
        path = Path(folder, file)
        if not file.endswith((*_SUFFIXES, *_SAM)) or not path.is_file():
            continue
        try:
            text = read_text(path)
            names = _names_set_by(file, text)
        except InputError:
            continue  # reported by its reader
        of = next((one for one, other in templates.items() if one != file and _declares(other, names)), None)
        if of is not None:
            yield Skipped(file, _SET.format(of), help=_HELP)
        yield from _nested(path, file, text)


def _names_set_by(file: str, text: str) -> frozenset[str]:
    if file.rpartition("/")[2] in _SAM:
        return frozenset(_PAIR.findall(text))
    if "Parameter" not in text:
        return frozenset()
    return frozenset(name for one in parse_documents(file, text) for name in _names_in(one.root))


def _names_in(root: Node) -> Iterator[str]:
    """Yield the names in the two formats: a list of pairs, and the object that the build services of AWS read.

    https://docs.aws.amazon.com/cli/latest/reference/cloudformation/create-stack.html
    """
    if isinstance(root, Object):
        inside = root.get("Parameters")
        members = inside.members if isinstance(inside, Object) and root.get("Resources") is None else ()
        yield from (one.key for one in members if isinstance(one.value, Scalar))
        return
    for one in items(root):
        key = one.get("ParameterKey") if isinstance(one, Object) else None
        name = text_of(key) if key is not None else None
        yield from [name] if name is not None else []


def _declares(template: str, names: frozenset[str]) -> bool:
    """True for a template that may have one of the parameters."""
    return "Parameters" in template and any(re.search(rf"\b{re.escape(one)}\b", template) for one in names)


def _nested(path: Path, file: str, text: str) -> Iterator[Skipped]:
    """Yield the nested templates that are not files beside their parent."""
    for match in _NESTED.finditer(text):
        location = match[1].rstrip(" ,}").strip("\"'")
        if not Path(path.parent, location).is_file():
            yield Skipped(file, _STACK.format(f"`{location}`"), help="compare the nested template itself")
            return
