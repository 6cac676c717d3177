"""The files of one module: which there are, whether they matter, and what blocks are in them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.inputs.discover import HCL, name_of
from checker.inputs.large_files import is_module_file
from checker.inputs.terraform.address import split
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.inputs.terraform.hcl.body import Argument, Block
    from checker.policy.source import Source


_DOWNLOADS = ".terraform/modules"
_LIST = f"{_DOWNLOADS}/modules.json"


class Download(NamedTuple):
    """Where a module was taken from, and the folder that holds the copy."""

    source: str
    folder: Path


def downloads_of(root: Path) -> Mapping[str, Download]:
    """Map the calls of a root to downloaded modules, a call in the module `chat` as `chat.NAME`.

    Empty where nothing was downloaded, or the list cannot be read: modules that are not local are not known then.
    """
    if not os.path.isfile(root / _LIST):  # noqa: PTH113 - never raises
        return {}
    try:
        read = json.loads(read_text(root / _LIST))
    except (InputError, ValueError, RecursionError):
        return {}
    listed = read.get("Modules") if isinstance(read, dict) else None
    found = (_download(root, one) for one in (listed if isinstance(listed, list) else ()))
    return dict(one for one in found if one is not None)


def _download(root: Path, entry: object) -> tuple[str, Download] | None:
    """Read an entry; what lies elsewhere than the downloads is not opened on the word of a list."""
    values = entry if isinstance(entry, dict) else {}
    key, source, folder = (values.get(name) for name in ("Key", "Source", "Dir"))
    if not (isinstance(key, str) and isinstance(source, str) and isinstance(folder, str)):
        return None
    path = os.path.normpath(folder)
    if "\0" in path or not Path(path).is_relative_to(_DOWNLOADS) or not os.path.isdir(root / path):  # noqa: PTH112 - as above
        return None
    return key, Download(source, root / path)


def folder_of(address: str, source: str, downloads: Mapping[str, Download]) -> Path | None:
    """Find the copy that a call means; one of another source was downloaded before the call was changed."""
    key = ".".join(step.name for step in split(address)[1::2])
    found = downloads.get(key)
    if found is None:
        return None
    return found.folder if f"/{found.source}".endswith(f"/{source}") else None


_WORDS = ("aws_sns_topic", "aws_kms_", "aws_connect_instance", "awscc_sns_topic_inline_policy")
_LOCAL_MODULE = re.compile(r'"?source"?\s*[=:]\s*"(\.\.?/[^"\n$%]{0,200})"')
_TEMPLATE = re.compile(
    r"""(?:\btemplatefile\(|\btemplate"?\s*[=:]\s*\\?"?(?:\$\{)?file\()\s*\\?"(?:\$\{path\.(?:module|root)\}/)?([^"$%\\\n]{1,200})"""
)
_MAX_FOLDERS = 200
NEAR = 3
"""How many folders up a module may read a file: its own, or one below such as `policies/`."""
_VALUES = ("terraform.tfvars", "terraform.tfvars.json")


class Text(NamedTuple):
    """A file's path and text."""

    path: Path
    text: str


class Folder(NamedTuple):
    """What the files of a folder declare.

    ``values`` are those given to variables, in files of their own; ``sources`` the files with blocks.
    """

    local: dict[str, Argument]
    variables: dict[str, Block]
    outputs: dict[str, Block]
    resources: dict[tuple[str, str, str], Block]
    modules: dict[str, Block]
    providers: list[Block]
    values: dict[str, Argument]
    sources: list[Source]


def read_texts(folder: Path, faults: list[InputError]) -> list[Text]:
    """Read the module's files in order, those that override others last."""
    found: list[Text] = []
    files = filter(is_module_file, listed(folder, faults))
    for path in sorted(files, key=lambda path: (is_override(path), path.name)):
        try:
            found.append(Text(path, read_text(path)))
        except InputError as error:
            faults.append(error)
    return found


def is_override(path: Path) -> bool:
    """True for a file whose blocks change those of the others.

    https://developer.hashicorp.com/terraform/language/files/override
    """
    stem = path.name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def value_files(folder: Path, faults: list[InputError]) -> list[Path]:
    """The files with values for variables, in the order in which later ones win.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    names = {path.name: path for path in listed(folder, faults, (".tfvars", ".tfvars.json"))}
    auto = sorted(name for name in names if ".auto.tfvars" in name)
    return [names[name] for name in (*_VALUES, *auto) if name in names]


def listed(folder: Path, faults: list[InputError], endings: tuple[str, ...] = HCL) -> list[Path]:
    """The files of a folder whose names have one of the endings, in order."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - half the time of `iterdir`, for every folder
    except OSError as error:
        faults.append(InputError(name_of(folder), (error.strerror or str(error)).lower()))
        return []
    return [folder / name for name in names if name.endswith(endings) and not name.startswith(".")]


def matters(folder: Path, texts: list[Text], faults: list[InputError]) -> bool:
    """True if the module, or one that it calls, has anything that is read here; nothing is parsed.

    Files that cannot be read are added to ``faults``: what they declare is not known.
    """
    return any(word in one.text for one in with_called(folder, texts, faults) for word in _WORDS)


def with_called(folder: Path, texts: Iterable[Text], faults: list[InputError]) -> Iterator[Text]:
    """Give the texts of a module, and those of the local and downloaded modules that it calls."""
    seen = {absolute(folder)}
    waiting = list(texts)
    for download in downloads_of(folder).values():
        waiting += read_texts(download.folder, faults)
    while waiting:
        one = waiting.pop()
        yield one
        for called in called_by(one):
            if absolute(called) not in seen and len(seen) < _MAX_FOLDERS:
                seen.add(absolute(called))
                waiting += read_texts(called, faults)


def called_by(text: Text) -> Iterator[Path]:
    """The folders that a file calls as modules, as far as that can be told without the parser."""
    for match in _LOCAL_MODULE.finditer(text.text):
        folder = local_folder(text.path.parent, match[1])
        if os.path.isdir(folder):  # noqa: PTH112 - it never raises
            yield folder


def rendered_by(text: Text) -> Iterator[str]:
    """The full names of the files that a file renders as templates, as far as the text alone tells."""
    return (absolute(text.path.parent / match[1]) for match in _TEMPLATE.finditer(text.text))


def renderers_of(path: Path) -> list[Path]:
    """The Terraform files around a file that seem to render it as a template."""
    near = [Path(os.path.relpath(one)) for one in path.absolute().parents[:NEAR]]
    texts = [text for folder in near for text in read_texts(folder, [])]
    return [text.path for text in texts if absolute(path) in rendered_by(text)]


def absolute(path: Path) -> str:
    """Write a path in full; links are not followed, as Terraform does not."""
    return os.path.normpath(path.absolute())


def local_folder(caller: Path, source: str) -> Path:
    """The folder that a local module's source leads to."""
    folder = os.path.normpath(caller / source)
    return Path(folder if os.path.isabs(folder) else os.path.relpath(folder))  # noqa: PTH117 - as above


_MOST_TEXT = 500_000
"""Parsed modules are kept up to this many characters of source: some 50 MB of memory."""


class CalledFolders:
    """The folders of called modules, by full name.

    Every name is kept; what was parsed is kept for the modules called last, as long as they are small together.
    Another caller of any other module parses it again.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._parsed: dict[str, Folder] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether a module calls this folder."""
        return name in self._names

    @property
    def parsed(self) -> Mapping[str, Folder]:
        """The folders that need not be parsed again."""
        return self._parsed

    def add(self, folders: Mapping[str, Folder]) -> None:
        """Add the folders that a root module calls, and forget the content of those not called for longest."""
        self._names.update(folders)
        self._parsed = {**{name: one for name, one in self._parsed.items() if name not in folders}, **folders}
        excess = sum(map(_size, self._parsed.values())) - _MOST_TEXT
        for name, folder in list(self._parsed.items()):
            if excess <= 0:
                break
            excess -= _size(folder)
            del self._parsed[name]


def _size(folder: Folder) -> int:
    return sum(len(source.text) for source in folder.sources)
