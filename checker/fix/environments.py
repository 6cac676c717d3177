"""Detect which environments use a file: the callers of its module, the values and the backends of its root."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.callers import (
    assigned,
    block_around,
    files_below,
    is_chosen,
    read_calls,
    read_parents,
    text_at,
    uses_of,
)
from checker.inputs.discover import HCL, TERRAGRUNT, VALUES, name_of
from checker.inputs.documents import parse_file
from checker.inputs.repository import repository_of
from checker.inputs.terraform.module.change import ModuleTexts, readers_of
from checker.inputs.text import parse_text
from checker.policy.node import Object, items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from checker.inputs.callers import Calls
    from checker.policy.node import Node
    from checker.policy.source import Source


NEW_NAME = "connect_instance_arn"
NEW_PARAMETER = "ConnectInstanceArn"
_VARIABLE = pattern(r'"?variable"?\s*:?\s*\{?\s*"(\w+)"')
_DEFAULT = pattern(r'"?\bdefault"?\s*[=:]')
_STAGE_OF_SERVERLESS = pattern(r"\$\{(?:opt:stage|sls:stage|self:provider\.stage)\b[^}]*\}")
"""A variable of the Serverless Framework: https://www.serverless.com/framework/docs/guides/variables"""
_STAGE = pattern(r"(?i)(env|environment|stage)(name|type)?")
_SAM_ENVIRONMENT = pattern(r"^\[([\w-]+)\.deploy\.parameters\]", re.MULTILINE)
_SECTION = pattern(r"Resources|\\(?:u00|U000000|x)[4-7]")
"""Matches in every text of a template: the word, or letters with escapes that may hide it."""
_MOST_SHOWN = 3


class Environments:
    """Detects which environments use a file. The repository is read at most once, on first use."""

    def __init__(self, named: Sequence[Path] = ()) -> None:
        self.named = [Path.cwd(), *map(_absolute, named)]
        self.read: Callable[[Path], Calls] = cache(self._read)
        self.module_of: Callable[[Path], ModuleTexts] = cache(ModuleTexts.of)
        self.declared: Callable[[Path], frozenset[str]] = cache(_declared)
        self.of_folder: Callable[[Path], str] = cache(self._of_folder)
        self.repository: Callable[[Path], Path] = cache(lambda folder: repository_of(folder, self.named))
        self.parents: Callable[[Path], Mapping[str, tuple[str, ...]]] = cache(read_parents)

    def calls(self, folder: Path) -> Calls:
        """Return the module calls of the repository that contains a folder."""
        return self.read(self.repository(folder))

    def _read(self, top: Path) -> Calls:
        """Read the calls of a repository, with those of Terragrunt units."""
        calls = read_calls(top)
        if not calls.units:
            return calls
        from checker.inputs.terraform.terragrunt.callers import sites_of_units  # the parser is slow to import

        return calls.with_sites(sites_of_units(calls.units, self.named))

    def of(self, source: Source) -> str:
        """Return the evidence that several environments use a file. Empty if there is none."""
        path = _absolute(Path(source.name))
        if path.name.endswith((*HCL, *VALUES)):
            return self._of_module(path)
        if stage := _STAGE_OF_SERVERLESS.search(source.text):
            return f"deployed to the stage that `{stage[0]}` selects"
        templates = [
            one for one in _roots(source) if isinstance(one, Object) and one.get("Resources") is not None
        ]
        if not templates:
            return ""  # no template, so no environment deploys it directly
        return next(filter(None, (_of_template(path, one) for one in templates)), "") or self._of_nested(path)

    def of_reader(self, source: Source) -> str:
        """Return the evidence that several environments use a Terraform module that reads this file."""
        path = _absolute(Path(source.name))
        if path.name.endswith(HCL):
            return ""
        readers = map(_absolute, readers_of(path, self.repository(path.parent), self.module_of))
        return next(filter(None, map(self._of_module, readers)), "")

    def _of_nested(self, path: Path, seen: tuple[Path, ...] = ()) -> str:
        """Return the evidence from the templates that deploy this one as a nested stack."""
        sites = uses_of(path, self.parents(self.repository(path.parent)))
        if len(sites) > 1:
            return f"deployed by {_listed(list(dict.fromkeys(map(_shown, sites))))}"
        parents = [Path(site.rpartition(":")[0]) for site in sites]
        if not parents or parents[0] in seen or parents[0].name.endswith(HCL):
            return next((self._of_module(parent) for parent in parents if parent.name.endswith(HCL)), "")
        name = name_of(_relative(parents[0]))
        try:
            root = parse_text(name, text_at(parents[0])).root
        except InputError:
            return f"deployed by `{name}`, which cannot be read"
        return _of_template(parents[0], root) or self._of_nested(parents[0], (*seen, parents[0]))

    def instance_name(self, source: Source) -> str:
        """Return the module's variable or parameter for the instance ARN, or a new name if it has none."""
        path = _absolute(Path(source.name))
        if not path.name.endswith((*HCL, *VALUES)):
            return NEW_PARAMETER
        given = self.calls(path.parent).instance_names
        return min(self.declared(path.parent) & {*given, NEW_NAME}, default=NEW_NAME)

    def _of_module(self, path: Path) -> str:
        return self.of_folder(path.parent)

    def _of_folder(self, folder: Path) -> str:
        calls = self.calls(folder)
        if not calls.complete:
            return "the repository has too many folders to find all callers of the module"
        sites = calls.ways_to(str(folder))
        if len(sites) > 1:
            places = list(dict.fromkeys(map(_shown, sites)))
            return f"called by {_listed(places)}{' several times' if len(places) == 1 else ''}"
        reasons = (_of_root(Path(root), calls) for root in calls.roots_of(str(folder)))
        return next(filter(None, reasons), "")


def _roots(source: Source) -> list[Node]:
    """Return the documents of a file that may be a template; none of one that is neither JSON nor YAML.

    The text is searched first, because to parse a plan of 40 MB takes eight seconds.
    """
    if _SECTION.search(source.text) is None:
        return []
    try:
        return [document.root for document in parse_file(source.name, source.text)]
    except InputError:
        return []


def _declared(folder: Path) -> frozenset[str]:
    """Return the variables that the module of a folder declares."""
    return frozenset(match[1] for text in _texts(folder) for match in _VARIABLE.finditer(text))


def _of_root(folder: Path, calls: Calls) -> str:
    texts = list(_texts(folder))
    declared = _declared(folder)
    apart = (Path(path) for path, names in calls.values.items() if names and names <= declared)
    beside = (path for path in apart if _is_beside(path, folder))
    chosen = (*files_below(folder, is_chosen), *beside)
    values = sorted(map(name_of, map(_relative, chosen)))
    if len(values) > 1:
        return f"deployed with {_listed(values)}"
    given = {name for path in chosen for name in assigned(text_at(path))}
    if any(_has_value(name, texts, folder) for name in given):
        return f"deployed with `{values[0]}`, or with other values without it"
    backends = sorted(map(name_of, map(_relative, files_below(folder, _is_backend))))
    if len(backends) > 1:
        return f"its state has several backends: {_listed(backends)}"
    if any("terraform.workspace" in text for text in texts):
        return "deployed in several workspaces: it reads `terraform.workspace`"
    if os.path.exists(folder / TERRAGRUNT):  # noqa: PTH110 - never raises
        return ""  # the inputs of the unit select the environment
    stages = (name for name in sorted(declared) if _STAGE.fullmatch(name))
    stage = next((name for name in stages if name not in given and not _has_value(name, texts, folder)), "")
    return f"deployed to the environment that its variable `{stage}` selects" if stage else ""


def _is_beside(path: Path, root: Path) -> bool:
    """Return True for a file in a folder beside a root that contains no Terraform modules of its own."""
    if not path.is_relative_to(root.parent):
        return False
    folder = root.parent / path.relative_to(root.parent).parts[0]
    return folder.is_dir() and not any(next(folder.rglob(f"*{suffix}"), None) for suffix in HCL)


def _has_value(name: str, texts: Sequence[str], folder: Path) -> bool:
    """Return True for a variable with a default, or with a value in a file that Terraform loads by itself."""
    files = (
        text_at(path) for path in folder.iterdir() if path.name.endswith(VALUES) and not is_chosen(path.name)
    )
    if any(name in assigned(text) for text in files):
        return True
    declarations = (
        (text, match.end()) for text in texts for match in _VARIABLE.finditer(text) if match[1] == name
    )
    return any(_DEFAULT.search(block_around(text, text.find("{", end) + 1)) for text, end in declarations)


def _is_backend(name: str) -> bool:
    """Return True for a backend configuration file, which exists once per environment.

    https://developer.hashicorp.com/terraform/language/backend#file
    """
    return name.endswith(".tfbackend") or (name.endswith(".hcl") and "backend" in name)


def _texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.tf*")):
        if path.name.endswith(HCL):
            yield text_at(path)


def _of_template(path: Path, root: Node) -> str:
    """Return the evidence from the template's parameters and from the environments that SAM deploys it to."""
    parameters = dict(_parameters(root))
    stage = next((name for name, is_open in parameters.items() if is_open and _STAGE.fullmatch(name)), None)
    if stage is not None:
        return f"deployed to the environment that its parameter `{stage}` selects"
    files = files_of_parameters(path, frozenset(parameters)) if parameters else ()
    if len(files) > 1:
        return f"deployed with {_listed([name_of(_relative(Path(file))) for file in files])}"
    config = path.parent / "samconfig.toml"
    environments = sorted(set(_SAM_ENVIRONMENT.findall(text_at(config))))
    return f"deployed to {_listed(environments)} by `samconfig.toml`" if len(environments) > 1 else ""


def _parameters(root: Node) -> Iterator[tuple[str, bool]]:
    """Yield each template parameter, and whether it is open: it allows several values or has no default."""
    parameters = root.get("Parameters") if isinstance(root, Object) else None
    for member in parameters.members if isinstance(parameters, Object) else ():
        declared = member.value if isinstance(member.value, Object) else None
        allowed = declared.get("AllowedValues") if declared else None
        has_default = declared is not None and declared.get("Default") is not None
        yield member.key, not has_default if allowed is None else len(items(allowed)) > 1


def _absolute(path: Path) -> Path:
    """Make a path absolute without following links."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed


def _relative(path: Path) -> Path:
    return Path(os.path.relpath(path))


def _shown(site: str) -> str:
    file, _, line = site.rpartition(":")
    return f"{name_of(_relative(Path(file)))}:{line}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_SHOWN])
    more = len(names) - _MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


_PARAMETER_KEYS = pattern(r'"ParameterKey"\s*:\s*"(\w+)"')
_LARGEST = 1_000_000


def files_of_parameters(template: Path, parameters: frozenset[str]) -> tuple[str, ...]:
    """Return the files with values for a template's parameters, as `aws cloudformation deploy` accepts them.

    https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
    """
    keys = ((path, set(_PARAMETER_KEYS.findall(text))) for path, text in _around(template))
    return tuple(str(path) for path, found in keys if found and found <= parameters)


def _around(template: Path) -> Iterator[tuple[Path, str]]:
    """Yield other JSON files near a template: beside it, in the parent folder, and in sibling and child folders."""
    folder = template.parent
    folders = [folder.parent, *_folders(folder.parent), *_folders(folder)]
    for path in (path for place in dict.fromkeys(folders) for path in _files(place)):
        if path != template and path.suffix == ".json" and path.stat().st_size <= _LARGEST:
            yield path, text_at(path)


def _folders(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_dir() and not path.name.startswith(".")]


def _files(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_file()]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if os.access(folder, os.R_OK | os.X_OK) else []
