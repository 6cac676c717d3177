"""Makes the policies of a unit unknown if a feature that is not read may change its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Setting, TopicSettings
from checker.core.errors import Skipped
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.inputs.terraform.module.folder import absolute, listed
from checker.inputs.terraform.policy_owners import mark_unknown_policies
from checker.inputs.terraform.terragrunt.generated import FileKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from checker.inputs.declared import Declarations
    from checker.inputs.terraform.terragrunt.generated import Generated

_READS = pattern(r"\b(?:file\w*|templatefile)\(\s*(\"[^\"\n]*\"(?=\s*[,)]))?")
_OWN = pattern(r"\A\$\{path\.(?:module|root|cwd)\}/")


def read_files(generated: Iterable[Generated], texts: Sequence[str]) -> Iterator[Skipped]:
    """Yield the reports of generated files that functions in the texts of modules may read."""
    names = {match[1] for text in texts for match in _READS.finditer(text)}
    for one in generated:
        if one.kind is FileKind.DATA and any(_may_name(name, one.name) for name in names):
            yield one.report


def _may_name(written: str | None, path: str) -> bool:
    """True if the argument of a function may name a file, or is not a literal path."""
    name = _OWN.sub("", written.strip('"')) if written is not None else "$"
    return "$" in name or "%" in name or name.rpartition("/")[2] == path.rpartition("/")[2]


def replaced_files(
    module: Path, unit: Path, opened: Iterable[str], folders: Iterable[str]
) -> Iterator[Skipped]:
    """Yield files beside a unit that Terragrunt copies over those that were read, in the module or a folder in it.

    ``opened`` are the files that functions read, and ``folders`` those of the called modules, by full path.
    """
    for path in _moved(opened, module, unit):
        if path.is_file():
            yield Skipped(str(path), "Terragrunt copies this file over that of the module, which was read")
    for path in _moved(folders, module, unit):
        if path.is_dir() and listed(path, []):
            yield Skipped(str(path), "Terragrunt copies this folder over that of the module, which was read")


def _moved(paths: Iterable[str], module: Path, unit: Path) -> Iterator[Path]:
    """Yield the paths in the folder of the unit that belong to paths inside the module."""
    top = absolute(module)
    inside = (path for path in sorted(paths) if path.startswith(f"{top}/"))
    yield from (unit / path[len(top) + 1 :] for path in inside)


def open_policies(found: Declarations, doubt: Skipped) -> None:
    """Make every policy, grant and setting of a deployment unknown."""
    why = Unknown(doubt.reason)
    settings = TopicSettings(Setting(why), Setting(why))
    found.topics[:] = [
        one._replace(policy=one.policy if one.policy is None else why, settings=settings)
        for one in found.topics
    ]
    found.keys[:] = [one._replace(policy=one.policy if one.policy is None else why) for one in found.keys]
    found.grants[:] = [one._replace(operations=why) for one in found.grants]
    for policies in (found.topic_policies, found.key_policies):
        policies[:] = [one._replace(policy=why) for one in policies]
    mark_unknown_policies(found, why, why)
