"""Finds the modules of units by text search, so that most units need not be parsed."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.callers import NOT_WALKED, text_at
from checker.inputs.discover import CONFIGURATION
from checker.inputs.repository import repository_of
from checker.inputs.terraform.module.folder import absolute, matters, read_texts
from checker.inputs.terraform.terragrunt.files import Configurations
from checker.inputs.terraform.terragrunt.generated import generated_files
from checker.inputs.terraform.terragrunt.generated_text import text_of
from checker.inputs.terraform.terragrunt.source import is_local, local_module
from checker.inputs.terraform.terragrunt.unit import module_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from checker.inputs.terraform.terragrunt.unit import Unit


_SOURCE = pattern(r'^terraform\s*\{[^{}]*?^[ \t]*source[ \t]*=[ \t]*"([^"\n]*)"[ \t]*$', re.MULTILINE)
_COMMENT, _HEREDOC = "/*", "<<"
_SPEAKS = pattern(
    r"connect\.amazonaws\.com|:connect:|amazon[-_ ]?connect|connect[-_ ]?instance|contact[-_ ]?(?:streaming|flow)",
    re.IGNORECASE,
)
_DECLARES = pattern(r"\b(?:aws_sns_topic|aws_kms_|awscc_sns_topic|awscc_kms_|aws_cloudformation_stack)")

_COMPUTES = pattern(r'\bcontents[ \t]*=[ \t]*+(?!<<|"[^"$\n]*")|^[ \t]*\$\{', re.MULTILINE)
"""Matches text of a generated file that is computed, so that the configuration does not show it."""
_PARENT = "find_in_parent_folders()"


def speaks_of_connect(text: str) -> bool:
    """True for a configuration that is about Amazon Connect, whatever its module is."""
    return _SPEAKS.search(text) is not None


_COMMENTS = pattern(r"(?:^|\s)(?:#|//).*")
_CONNECT = pattern(
    r"(?<![a-z])(?<!direct[-_ ])(?<!kafka[-_ ])(?<!msk[-_ ])(?<!vpc[-_ ])(?<!service[-_ ])"
    r"connect(?![a-z]|[-_](?:timeout|string|retries|attempts))",
    re.IGNORECASE,
)
"""Matches the name of Amazon Connect, alone or in a longer name, but not those of other services and of settings."""


def passes_connect(unit: Unit) -> bool:
    """True for a unit with Connect in the name of an input, in its value or in a dependency."""
    return any(_CONNECT.search(_COMMENTS.sub("", text)) for text in _passed(unit))


def _passed(unit: Unit) -> Iterator[str]:
    """Yield the texts of the inputs and dependencies of a unit, with those of included configurations."""
    for body in (one.parsed.body for one in unit.merged):
        inputs = body.arguments.get("inputs")
        blocks = (*body.blocks("inputs"), *body.blocks("dependency"))
        for at in (*(one.at for one in blocks), *((inputs.expression.at,) if inputs is not None else ())):
            yield at.source.text[at.start : at.end]


def generates_resources(unit: Unit) -> bool:
    """True for a unit with a generated file that declares topics, keys or stacks."""
    contents = (one.contents for one in generated_files(unit.merged))
    return any(one is not None and _DECLARES.search(text_of(one)) for one in contents)


class Search:
    """The repositories of the units of a run, and the modules that were searched. ``named`` are the paths of the run."""

    def __init__(self, named: Iterable[Path]) -> None:
        self._named = [Path.cwd(), *(Path(absolute(one)) for one in named)]
        self._files: Callable[[Path, bool], Configurations] = cache(
            lambda top, in_full: Configurations(top, in_full=in_full)
        )
        self._matters: Callable[[Path], bool] = cache(_matters)
        self._generating: Callable[[Path], frozenset[str]] = cache(_generating)

    def files_of(self, path: Path) -> Configurations:
        """Return the configurations of the repository of a unit."""
        return self._files(repository_of(Path(absolute(path.parent)), self._named), path.is_absolute())

    def matters(self, module: Path, files: Configurations) -> bool:
        """True if a module declares topics, keys or Connect instances, or calls one that does."""
        return self._matters(files.named(module))

    def is_irrelevant(self, path: Path) -> bool:
        """True for a unit that deploys a module that does not matter, as far as its text or outline shows."""
        text = text_at(path)
        if self.may_matter(path) or self._may_generate(text, path):
            return False
        unit, files = Path(absolute(path.parent)), self.files_of(path)
        try:
            module = module_in(text, unit, files) or module_of(Path(absolute(path)), files)
        except InputError:
            return False  # reported when the unit is read
        is_here = module is not None and os.path.isdir(module)  # noqa: PTH112 - never raises
        return is_here and module is not None and not self.matters(module, files)

    def _may_generate(self, text: str, path: Path) -> bool:
        """True for a unit that may generate a topic, by its text and the names of the files that it may include."""
        if _may_declare(text):
            return True
        names = self._generating(self.files_of(path).top) if "include" in text else frozenset()
        is_computed = '.hcl"' not in text or _PARENT in text
        return bool(names) and (is_computed or any(name in text for name in names))

    def may_matter(self, path: Path) -> bool:
        """True for a unit that seems to concern Connect, by its text, its folder and the module that it names."""
        text, files, unit = text_at(path), self.files_of(path), Path(absolute(path.parent))
        if speaks_of_connect(text) or _DECLARES.search(text) or self.matters(unit, files):
            return True
        module = module_in(text, unit, files)
        return module is not None and files.contains(module) and self.matters(module, files)


def _matters(folder: Path) -> bool:
    if not os.path.isdir(folder):  # noqa: PTH112 - never raises
        return False
    faults: list[InputError] = []
    return matters(folder, read_texts(folder, faults), faults) or bool(faults)


def _may_declare(text: str) -> bool:
    """True for a configuration that may generate a topic or key."""
    return "generate" in text and (_DECLARES.search(text) or _COMPUTES.search(text)) is not None


def _generating(top: Path) -> frozenset[str]:
    """Return the names of the configurations in a repository that may generate a topic or key."""
    found: set[str] = set()
    for folder, inside, names in os.walk(top):
        inside[:] = [one for one in inside if not one.startswith(".") and one not in NOT_WALKED]
        configurations = (one for one in names if one.endswith(CONFIGURATION) and one not in found)
        found.update(one for one in configurations if _may_declare(text_at(f"{folder}/{one}")))
    return frozenset(found)


def module_in(text: str, unit: Path, files: Configurations) -> Path | None:
    """Return the full path of the local module that the text of a unit names; ``None`` if it takes an evaluation."""
    match = _SOURCE.search(text)
    if match is None or _COMMENT in text or _HEREDOC in text:
        return None
    source = match[1]
    known = {
        "get_repo_root()": str(files.top),
        "get_terragrunt_dir()": str(unit),
        "get_path_to_repo_root()": os.path.relpath(files.top, unit),
    }
    for function, value in known.items():
        source = source.replace(f"${{{function}}}", value)
    if "$" in source or "\\" in source or not source or not is_local(source):
        return None
    return local_module(source, unit)


def position_in(text: str) -> int:
    """Return the line of the module in the text of a unit."""
    match = _SOURCE.search(text)
    return text.count("\n", 0, match.start(1)) + 1 if match is not None else 1
