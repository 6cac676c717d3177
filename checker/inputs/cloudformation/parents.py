"""Which files deploy a CloudFormation template as a nested stack: those in the repository that name it.

Only the text is looked at, not parsed: a use that is counted too often keeps a fix from being applied, and no more.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from checker.inputs.callers import NOT_WALKED, text_at
from checker.inputs.text import YAML_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SUFFIXES = (".json", ".template", ".tf", *YAML_SUFFIXES)
_USE = re.compile(r"""\b(?:TemplateURL|Location|template_url|template_body)["']?\s*[:=]""")
_FILE = re.compile(r"[\w./:${}-]*?([\w.-]+\.(?:ya?ml|json|template))\b")
_SET = re.compile(r"AWS::CloudFormation::StackSet|aws_cloudformation_stack_set")
_LONGEST = 1_000_000
"""Templates have at most as many characters; plans and logs have more."""

_REACH = 600
"""How many characters the location of a template has at most, parts of a joined text and line breaks included."""


def read_parents(top: Path) -> Mapping[str, tuple[str, ...]]:
    """Map nested templates to the places that deploy them, as ``file:line``; one of a stack set stands there twice.

    A template goes by its full path, or by its name alone where it is uploaded and its location is an URL.
    """
    found: dict[str, list[str]] = {}
    for folder, inside, files in os.walk(top):
        inside[:] = sorted(one for one in inside if not one.startswith(".") and one not in NOT_WALKED)
        for name in sorted(files):
            if name.endswith(_SUFFIXES):
                path = f"{folder}/{name}"
                for used, line in _used(text_at(path, _LONGEST), folder):
                    found.setdefault(used, []).append(f"{path}:{line}")
    return {name: tuple(sites) for name, sites in found.items()}


def uses_of(path: Path, parents: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The places that deploy a template."""
    return *parents.get(str(path), ()), *parents.get(path.name, ())


def _used(text: str, folder: str) -> Iterator[tuple[str, int]]:
    several = _SET.search(text)
    for match in _USE.finditer(text):
        file = _FILE.search(text, match.end(), match.end() + _REACH)
        if file is not None:
            line = text.count("\n", 0, match.start()) + 1
            local = os.path.normpath(os.path.join(folder, file[0]))  # noqa: PTH118 - names
            used = local if os.path.isfile(local) else file[1]  # noqa: PTH113 - never raises
            yield from [(used, line)] * (2 if several else 1)
