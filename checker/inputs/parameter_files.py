"""Finds files of a change that set parameters of CloudFormation templates, which are read with their defaults alone.

Such values stand in files of many formats and tools, and in scripts, so that any text which assigns a value to the name
of a parameter counts.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.pattern import pattern
from checker.inputs.discover import QUOTING, declares, is_program
from checker.inputs.mentions import text_in
from checker.inputs.readers import kind_of
from checker.inputs.text import YAML_SUFFIXES, parse_documents
from checker.policy.node import Object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


_SUFFIXES = (".json", ".template", *YAML_SUFFIXES)
_ASSIGNED = r"""\bParameterKey\\?["']?\s*[:=,]\s*\\?["']?({0})\b|\b({0})\\?["']?\s*[:=]"""
"""Matches an assignment to one of some names, also as a pair of `ParameterKey` and `ParameterValue`.

https://docs.aws.amazon.com/cli/latest/reference/cloudformation/create-stack.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""
_NESTED = pattern(r"""\bTemplateURL["']?\s*:\s*("[^"\n]*"|'[^'\n]*'|\S.{0,300})""")
_OF_OTHERS = ("Dockerfile", "package.json", "package-lock.json")
"""Files of other tools with words such as `Version`."""
_SET = "sets parameters of `{}`, which is compared without these values"
_HELP = "`--parameter NAME=VALUE` sets a parameter on both sides"
_STACK = "the nested template {} is not read"


def parameters_of(texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the parameters of each template with topics, keys or nested templates."""
    found = {}
    for file, text in texts.items():
        if file.endswith(_SUFFIXES) and "Parameters" in text and (declares(text) or "TemplateURL" in text):
            with suppress(InputError):  # reported by its reader
                found[file] = frozenset(_parameters_in(file, text))
    return found


def _parameters_in(file: str, text: str) -> Iterator[str]:
    for one in parse_documents(file, text):
        declared = one.root.get("Parameters") if isinstance(one.root, Object) else None
        yield from (member.key for member in (declared.members if isinstance(declared, Object) else ()))


def unread_parameters(
    folder: Path, changed: Iterable[str], templates: Mapping[str, frozenset[str]]
) -> Iterator[Skipped]:
    """Yield the changed files of a side that decide parameters of a template, but are not read.

    ``templates`` has the parameters of the templates that were read.
    """
    for file in sorted(changed):
        path = Path(folder, file)
        text = text_in(path)
        template = _template_of(text, templates) if _may_set(file, text) else None
        if template is not None:
            yield Skipped(file, _SET.format(template), help=_HELP)
        if file.endswith(_SUFFIXES):
            yield from _nested(path, file, text)


def _may_set(file: str, text: str) -> bool:
    """True for a file that may set parameters: not a template or other input, and not a program without them."""
    name = file.rpartition("/")[2]
    if (
        file.lower().endswith(QUOTING)
        or name in _OF_OTHERS
        or (name.startswith("test_") and name.endswith(".py"))
    ):
        return False
    if is_program(file):
        return "arameter" in text
    if not file.endswith(_SUFFIXES):
        return True
    try:
        return any(kind_of(one.root) is None for one in parse_documents(file, text))
    except InputError:
        return True


def _template_of(text: str, templates: Mapping[str, frozenset[str]]) -> str | None:
    """Return the first template of whose parameters a text sets one."""
    for file, names in templates.items():
        pattern = _ASSIGNED.format("|".join(map(re.escape, sorted(names))))
        if names and re.search(pattern, text):
            return file
    return None


def _nested(path: Path, file: str, text: str) -> Iterator[Skipped]:
    """Yield the nested templates that are not files beside their parent."""
    for match in _NESTED.finditer(text):
        location = match[1].rstrip(" ,}").strip("\"'")
        if not Path(path.parent, location).is_file():
            yield Skipped(file, _STACK.format(f"`{location}`"), help="compare the nested template itself")
            return
