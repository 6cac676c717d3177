"""Finds the callers of Terraform modules and nested templates in the whole repository.

The text is searched, not parsed. A false match only prevents a fix from being applied.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.discover import HCL, HCL_TEXT, TERRAGRUNT, VALUES
from checker.inputs.opening import open_regular
from checker.inputs.text import MAX_BYTES, YAML_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


_SOURCE = pattern(r'"?\bsource"?\s*[=:]\s*"([^"\n]{1,300})"')
_FUNCTION = pattern(r"^\$\{[^}]*\}/")
_FOR_EACH = pattern(r'"?\bfor_each"?\s*[=:]')
_COUNT = pattern(r'"?\bcount"?\s*[=:](?!\s*1\s*\n)(?![^\n]*\?\s*[01]\s*:\s*[01]\b)')
_INSTANCE = pattern(r'"?(\w+)"?\s*[=:]\s*"arn:[\w-]+:connect:[^"\n]*:instance/[^"/\n]+"')
_ASSIGNED = pattern(r"^(?: {0,2}\"|)(\w+)\"?[ \t]*[=:]", re.MULTILINE)
"""Matches a variable that a values file sets, in HCL or JSON."""
_DEEPEST = 4
NOT_WALKED = frozenset({"node_modules", "cdk.out", "cdktf.out"})
"""Folders that tools fill and that call no module."""
_MOST_FOLDERS = 20_000


class Calls(NamedTuple):
    """Call sites of each module folder as ``file:line``, and the names that instance ARNs are assigned to.

    A call that may create several modules is listed twice. ``values`` are the values files outside of module
    folders, with the variables that they set. ``units`` are the configurations of Terragrunt units. ``complete`` is false if the repository has too many folders to
    search them all.
    """

    sites: Mapping[str, tuple[str, ...]]
    instance_names: frozenset[str]
    complete: bool
    values: Mapping[str, frozenset[str]] = MappingProxyType({})
    units: tuple[str, ...] = ()

    def with_sites(self, added: Iterable[tuple[str, str]]) -> Calls:
        """Add call sites, each with the module folder."""
        sites = dict(self.sites)
        for folder, site in added:
            sites[folder] = (*sites.get(folder, ()), site)
        return self._replace(sites=sites)

    def ways_to(self, folder: str) -> tuple[str, ...]:
        """Return the call sites through which a folder is reached in several ways, else its only call site."""
        seen: set[str] = set()
        while folder not in seen:
            seen.add(folder)
            sites = self.sites.get(folder, ())
            if len(sites) != 1:
                return sites
            folder = _folder_of(sites[0])
        return ()

    def roots_of(self, folder: str) -> tuple[str, ...]:
        """Return the uncalled folders from which a folder is reached; the folder itself if it has no caller."""
        found: dict[str, None] = {}
        waiting, seen = [folder], {folder}
        while waiting:
            one = waiting.pop()
            callers = {_folder_of(site) for site in self.sites.get(one, ())}
            if not callers:
                found[one] = None
            waiting += callers - seen
            seen |= callers
        return tuple(found)


def _folder_of(site: str) -> str:
    return os.path.dirname(site.rpartition(":")[0])  # noqa: PTH120 - a text, not a file


def read_calls(top: Path) -> Calls:
    """Search every folder of a repository for module calls."""
    sites: dict[str, list[str]] = {}
    names: set[str] = set()
    values: dict[str, frozenset[str]] = {}
    units: list[str] = []
    modules: set[str] = set()
    folders = 0
    for folder, inside, files in os.walk(top):
        folders += 1
        if folders > _MOST_FOLDERS:
            return Calls({}, frozenset(names), complete=False)
        inside[:] = sorted(one for one in inside if not one.startswith(".") and one not in NOT_WALKED)
        if os.path.dirname(folder) in modules or any(name.endswith(HCL) for name in files):  # noqa: PTH120 - faster
            modules.add(folder)
        for name in sorted(files):
            if not name.endswith((*HCL, *VALUES)) and name != TERRAGRUNT:
                continue
            text = text_at(os.path.join(folder, name))  # noqa: PTH118 - faster, and called for every file
            names.update(match[1] for match in _INSTANCE.finditer(text))
            if name == TERRAGRUNT:
                units.append(f"{folder}/{name}")
                continue
            for called, line in called_in(text, folder, str(top)):
                sites.setdefault(called, []).append(f"{folder}/{name}:{line}")
            if folder not in modules and is_chosen(name):
                values[f"{folder}/{name}"] = assigned(text)
    found = {one: tuple(calls) for one, calls in sites.items()}
    return Calls(found, frozenset(names), complete=True, values=values, units=tuple(units))


def assigned(text: str) -> frozenset[str]:
    """Return the variables that a values file sets."""
    return frozenset(_ASSIGNED.findall(text))


def is_chosen(name: str) -> bool:
    """True for a values file that is selected with `-var-file`. Terraform loads the others automatically.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    stem = name.removesuffix(".json").removesuffix(".tfvars")
    return name.endswith(VALUES) and stem != "terraform" and not stem.endswith(".auto")


def files_below(folder: Path, is_wanted: Callable[[str], bool]) -> Iterator[Path]:
    """Yield the files of a root module, without those of nested modules."""
    for place, inside, files in os.walk(folder):
        below = len(Path(place).parts) - len(folder.parts)
        if below and any(file.endswith(HCL) for file in files):
            inside.clear()  # another module, which has its own values
            continue
        inside[:] = [name for name in inside if not name.startswith(".") and below < _DEEPEST]
        yield from (Path(place, name) for name in files if is_wanted(name))


def text_at(path: str | Path, longest: int = MAX_BYTES) -> str:
    """Read the text of a file up to a limit in bytes; empty for files that do not exist or cannot be read."""
    try:
        with open_regular(Path(path), as_input=False) as file:
            return file.read(longest).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""  # unreadable files are reported when they are checked


def called_in(text: str, folder: str, top: str) -> Iterator[tuple[str, int]]:
    """Return the folders that a text calls as modules, each with the line."""
    for match in _SOURCE.finditer(text):
        path = _local(match[1].partition("?")[0], folder, top)
        if path is not None and os.path.isdir(path):  # noqa: PTH112 - it never raises
            line = text.count("\n", 0, match.start()) + 1
            yield from [(path, line)] * (2 if _is_repeated(block_around(text, match.start())) else 1)


def block_around(text: str, inside: int) -> str:
    """Return the text of the innermost block around an offset."""
    start, end = (
        _brace(text, range(inside, -1, -1), "{", "}"),
        _brace(text, range(inside, len(text)), "}", "{"),
    )
    return text[start:end]


def _brace(text: str, places: range, wanted: str, other: str) -> int:
    depth = 0
    for place in places:
        if text[place] == wanted and depth == 0:
            return place
        depth += (text[place] == other) - (text[place] == wanted)
    return places[-1] if places else 0


def _is_repeated(block: str) -> bool:
    """True for a call that may create several modules. `condition ? 1 : 0` creates at most one."""
    return bool(_FOR_EACH.search(block) or _COUNT.search(block))


def _local(source: str, folder: str, top: str) -> str | None:
    """Resolve a module source to a folder of this repository; a Git source names it after the double slash.

    https://developer.hashicorp.com/terraform/language/modules/sources
    """
    if source.startswith(("./", "../")):
        return os.path.normpath(os.path.join(folder, source))  # noqa: PTH118 - as above
    inside = _FUNCTION.sub("//", source).partition("://")[2] or _FUNCTION.sub("//", source)
    path = inside.partition("//")[2].replace("//", "/").lstrip("/")
    if not path or "$" in path:
        return None
    return os.path.normpath(os.path.join(top, path))  # noqa: PTH118 - as above


_SUFFIXES = (".json", ".template", *HCL_TEXT, *YAML_SUFFIXES)
_USE = pattern(r"""\b(?:TemplateURL|Location|template_url|template_body)["']?\s*[:=]""")
_FILE = pattern(r"[\w./:${}-]*?([\w.-]+\.(?:ya?ml|json|template))\b")
_SET = pattern(r"AWS::CloudFormation::StackSet|aws_cloudformation_stack_set")
_LONGEST = 1_000_000
"""Maximum length of a template in characters; plans and logs are longer."""

_OWN_FOLDER = "${path.module}/"
_REACH = 600
"""Maximum length of a template location in characters, including joined parts and line breaks."""


class _Use(NamedTuple):
    """A place that deploys a template: its folder and line, the location that is written, and the file name in it."""

    folder: str
    site: str
    location: str
    name: str

    @property
    def local(self) -> str:
        """The path of the template, if its location is a local one."""
        location = self.location.removeprefix(_OWN_FOLDER)
        return os.path.normpath(os.path.join(self.folder, location))  # noqa: PTH118 - names


def read_parents(top: Path) -> Mapping[str, tuple[str, ...]]:
    """Map the paths of nested templates to the places that deploy them, as ``file:line``; a stack set is listed twice.

    A template that is uploaded and located by URL is taken for the nearest file of its name.
    """
    uses: list[_Use] = []
    paths: dict[str, list[str]] = {}
    for folder, inside, files in os.walk(top):
        inside[:] = sorted(one for one in inside if not one.startswith(".") and one not in NOT_WALKED)
        for name in sorted(files):
            if name.endswith(_SUFFIXES):
                paths.setdefault(name, []).append(f"{folder}/{name}")
                uses += _uses(text_at(f"{folder}/{name}", _LONGEST), folder, name)
    found: dict[str, list[str]] = {}
    for use in uses:
        for path in _templates_of(use, paths.get(use.name, [])):
            found.setdefault(path, []).append(use.site)
    return {path: tuple(sites) for path, sites in found.items()}


def uses_of(path: Path, parents: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the places that deploy a template."""
    return parents.get(str(path), ())


def _uses(text: str, folder: str, name: str) -> Iterator[_Use]:
    several = _SET.search(text)
    for match in _USE.finditer(text):
        file = _FILE.search(text, match.end(), match.end() + _REACH)
        if file is not None:
            line = text.count("\n", 0, match.start()) + 1
            yield from [_Use(folder, f"{folder}/{name}:{line}", file[0], file[1])] * (2 if several else 1)


def _templates_of(use: _Use, of_name: Sequence[str]) -> Sequence[str]:
    """Return the file that a location leads to, else the files of the name that are nearest to the place."""
    if os.path.isfile(use.local):  # noqa: PTH113 - never raises
        return (use.local,)
    if use.location.startswith(_OWN_FOLDER):
        return ()
    shared = {path: len(os.path.commonpath((use.folder, path))) for path in of_name}
    return [path for path, length in shared.items() if length == max(shared.values())]
