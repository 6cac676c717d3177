"""Reads the manifest beside a template that CDK synthesized: the environment of each stack, and the code of constructs.

https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.cloud_assembly_schema.ArtifactManifest.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.analysis.inventory import Place, Written
from checker.core.arn import is_account, is_plain
from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.discover import home_of, is_code, name_of
from checker.inputs.text import TextDocument, read_text
from checker.policy.node import Scalar
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_TEMPLATE, _MANIFEST = ".template.json", "manifest.json"
_STACK, _LOGICAL_ID = "aws:cloudformation:stack", "aws:cdk:logicalId"
_ENVIRONMENT = pattern(r"aws://([^/]*)/([^/]*)")
_FRAME = pattern(r"(?:^|\()(?:file://)?([^():]+):(\d+)(?::(\d+))?\)?$")
"""Matches the file, line and column of a line of a stack trace: `new ChatStack (/app/lib/chat.ts:12:5)`."""
_NOT_OWN = "node_modules"


class CodePlace(NamedTuple):
    """A line of the code of a CDK app, counted from 1, with its column."""

    file: str
    line: int
    column: int


class Assembly(NamedTuple):
    """A manifest: the environment of each template, and the places that create each construct, the innermost first."""

    folder: Path
    environments: Mapping[str, Mapping[str, str]]
    constructs: Mapping[str, tuple[CodePlace, ...]]

    def environment(self, template: Path) -> Mapping[str, str]:
        """Return the account and Region of a template, as far as the app sets them."""
        return self.environments.get(template.name, {})

    def written(self, construct: str) -> Written | None:
        """Return the line of the app's own code that creates a construct; ``None`` if it is not known."""
        for place in self.constructs.get(construct, ()):
            found = _place_of(place, self.folder)
            if found is not None:
                return Written(found)
        return None


_NONE = Assembly(Path(), {}, {})


def assembly_of(template: Path, known: dict[Path, Assembly]) -> Assembly:
    """Return the manifest beside a template; an empty one for other templates.

    ``known`` are the manifests that were read, by folder; a new one is added.
    A manifest that cannot be read tells nothing, as CDK repeats all that matters in the templates.
    """
    if not template.name.endswith(_TEMPLATE):
        return _NONE
    folder = template.parent
    if folder not in known:
        known[folder] = _assembly(folder)
    return known[folder]


def _assembly(folder: Path) -> Assembly:
    stacks = list(_stacks(_object(_loaded(folder / _MANIFEST).get("artifacts"))))
    environments: dict[str, Mapping[str, str]] = {}
    for stack in stacks:
        name = _object(stack.get("properties")).get("templateFile")
        own = _environment(stack.get("environment"))
        if isinstance(name, str):
            environments[name] = own if environments.get(name, own) == own else {}
    constructs: dict[str, tuple[CodePlace, ...]] = {}
    for stack in stacks:
        constructs |= dict(_constructs({**_metadata(folder, stack), **_object(stack.get("metadata"))}))
    return Assembly(folder, environments, constructs)


def _loaded(path: Path) -> dict[str, Any]:
    """Load a JSON object; an empty one if the file is missing or has another form."""
    try:
        return _object(json.loads(read_text(path)))
    except (InputError, ValueError, RecursionError):
        return {}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _stacks(artifacts: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    for artifact in map(_object, artifacts.values()):
        if artifact.get("type") == _STACK:
            yield artifact


def _environment(text: object) -> dict[str, str]:
    """Return the pseudo parameters of an environment such as `aws://111122223333/us-west-2`."""
    match = _ENVIRONMENT.fullmatch(text) if isinstance(text, str) else None
    account, region = match.groups() if match is not None else ("", "")
    known = {"AWS::AccountId": account} if is_account(account) else {}
    if is_plain(region) and not region.startswith("unknown"):
        known["AWS::Region"] = region
    return known


def _metadata(folder: Path, stack: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a stack that CDK writes to a file of its own."""
    name = stack.get("additionalMetadataFile")
    return _loaded(folder / name) if isinstance(name, str) and Path(name).name == name else {}


def _constructs(metadata: Mapping[str, object]) -> Iterator[tuple[str, tuple[CodePlace, ...]]]:
    for path, entries in metadata.items():
        for entry in map(_object, entries if isinstance(entries, list) else ()):
            trace = entry.get("trace")
            if entry.get("type") == _LOGICAL_ID and isinstance(trace, list):
                yield path.removeprefix("/"), tuple(_frames(trace))


def _frames(trace: list[Any]) -> Iterator[CodePlace]:
    for line in trace:
        match = _FRAME.search(line.strip().removeprefix("at ")) if isinstance(line, str) else None
        if match is not None and _NOT_OWN not in match[1] and len(match[2]) < 9:
            yield CodePlace(match[1], int(match[2]), int(match[3] or 1) if len(match[3] or "") < 9 else 1)


def _place_of(place: CodePlace, folder: Path) -> Place | None:
    """Return a place in the code of the app; ``None`` for any other file, and for a line that it does not have."""
    app = _app_of(folder)
    path = app / place.file
    inside = any(home_of(path).startswith(f"{home_of(top)}/") for top in (app, Path()))
    if not inside or not is_code(path):
        return None
    try:
        text = read_text(path)
    except InputError:
        return None
    lines = text.split("\n")
    if not 0 < place.line <= len(lines):
        return None
    source = Source(name_of(_shown(path)), text)
    start = source.line_start(place.line) + min(place.column - 1, len(lines[place.line - 1]))
    end = source.line_start(place.line) + len(lines[place.line - 1].rstrip())
    return Place(TextDocument(source, Scalar(None, source, start, max(start, end))), ())


def _app_of(folder: Path) -> Path:
    """Return the folder of the app: the one above its output, which nests the output of each stage."""
    above = folder.absolute()
    while (above / _MANIFEST).is_file() and above != above.parent:
        above = above.parent
    return above


def _shown(path: Path) -> Path:
    """Return a path relative to the working directory, if it is below."""
    whole, here = Path(home_of(path)), Path(home_of(Path()))
    return whole.relative_to(here) if whole.is_relative_to(here) else whole
