"""Reads the files of one module folder, and checks whether they are relevant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.confinement import fault_outside
from checker.inputs.discover import HCL, name_of
from checker.inputs.large_files import is_module_file
from checker.inputs.reading_memory import found_in
from checker.inputs.terraform.address import split
from checker.inputs.text import read_text, unreadable_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.inputs.terraform.hcl.body import Argument, Block
    from checker.policy.source import Source


_DOWNLOADS = ".terraform/modules"
_LIST = f"{_DOWNLOADS}/modules.json"


class Download(NamedTuple):
    """The source of a downloaded module, and the folder of the copy."""

    source: str
    folder: Path


def downloads_of(root: Path) -> Mapping[str, Download]:
    """Map module calls of a root to downloaded modules; a call inside module `chat` is `chat.NAME`.

    Empty if no modules are downloaded or their list cannot be read. Modules that are not local are then
    unknown.
    """
    if not os.path.isfile(root / _LIST):  # noqa: PTH113 - never raises
        return {}
    try:
        import json  # few roots have downloaded modules

        read = json.loads(read_text(root / _LIST))
    except (InputError, ValueError, RecursionError):
        return {}
    listed = read.get("Modules") if isinstance(read, dict) else None
    found = (_download(root, one) for one in (listed if isinstance(listed, list) else ()))
    return dict(one for one in found if one is not None)


def _download(root: Path, entry: object) -> tuple[str, Download] | None:
    """Read an entry of the list; paths outside the download folder are ignored."""
    values = entry if isinstance(entry, dict) else {}
    key, source, folder = (values.get(name) for name in ("Key", "Source", "Dir"))
    if not (isinstance(key, str) and isinstance(source, str) and isinstance(folder, str)):
        return None
    path = os.path.normpath(folder)
    if "\0" in path or not Path(path).is_relative_to(_DOWNLOADS) or not os.path.isdir(root / path):  # noqa: PTH112 - as above
        return None
    return key, Download(source, root / path)


def folder_of(address: str, source: str, downloads: Mapping[str, Download]) -> Path | None:
    """Return the copy for a call; a copy from another source is outdated and ignored."""
    key = ".".join(step.name for step in split(address)[1::2])
    found = downloads.get(key)
    if found is None:
        return None
    return found.folder if f"/{found.source}".endswith(f"/{source}") else None


_WORDS = (
    "aws_sns_topic",
    "aws_kms_",
    "aws_connect_instance",
    "awscc_sns_topic",
    "awscc_kms_",
    "awscc_connect_",
    "aws_cloudformation_stack",
    "ContactStreaming",
    "StartChatContact",
)
_LOCAL_MODULE = pattern(r'"?source"?\s*[=:]\s*"(\.\.?/[^"\n$%]{0,200})"')
_TEMPLATE = pattern(
    r"""(?:\btemplatefile\(|\btemplate"?\s*[=:]\s*\\?"?(?:\$\{)?file\()\s*\\?"(?:\$\{path\.(?:module|root)\}/)?([^"$%\\\n]{1,200})"""
)
_MAX_FOLDERS = 200
NEAR = 3
"""Number of parent folders in which a module may read files; it allows for subfolders such as `policies/`."""
_OF_OPENTOFU = (".tofu", ".tofu.json")
_VALUES = ("terraform.tfvars", "terraform.tfvars.json")


class Text(NamedTuple):
    """A file's path and text."""

    path: Path
    text: str


class Folder(NamedTuple):
    """The content of a module folder.

    ``providers`` are by type and alias, which is empty for the default one. ``values`` are the variable values from
    values files; ``sources`` are the files with blocks. ``settings`` are the `terraform` blocks.
    """

    local: dict[str, Argument]
    variables: dict[str, Block]
    outputs: dict[str, Block]
    resources: dict[tuple[str, str, str], Block]
    modules: dict[str, Block]
    providers: dict[tuple[str, str], Block]
    values: dict[str, Argument]
    sources: list[Source]
    settings: list[Block]

    @classmethod
    def empty(cls) -> Folder:
        """Return the content of a folder without files, to which blocks are added."""
        return cls({}, {}, {}, {}, {}, {}, {}, [], [])

    def copied(self) -> Folder:
        """Return the same content, to which blocks can be added."""
        return self._replace(**{name: group.copy() for name, group in self._asdict().items()})


def read_texts(folder: Path, faults: list[InputError]) -> list[Text]:
    """Read the files of a module in order, override files last."""
    found: list[Text] = []
    files = filter(is_module_file, listed(folder, faults))
    for path in sorted(files, key=lambda path: (is_override(path), path.name)):
        try:
            found.append(Text(path, read_text(path)))
        except InputError as error:
            faults.append(error)
    return found


def is_override(path: Path) -> bool:
    """True for a file whose blocks override those of other files.

    https://developer.hashicorp.com/terraform/language/files/override
    """
    stem = path.name.removesuffix(".json").removesuffix(".tf").removesuffix(".tofu")
    return stem == "override" or stem.endswith("_override")


def value_files(folder: Path, faults: list[InputError]) -> list[Path]:
    """Return the values files in increasing order of precedence.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    return in_order(listed(folder, faults, (".tfvars", ".tfvars.json")))


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Return the values files that Terraform loads, in increasing order of precedence; of two with a name, the last."""
    names = {path.name: path for path in paths}
    auto = sorted(name for name in names if ".auto.tfvars" in name)
    return [names[name] for name in (*_VALUES, *auto) if name in names]


def listed(folder: Path, faults: list[InputError], endings: tuple[str, ...] = HCL) -> list[Path]:
    """Return the files of a folder with one of the endings, in order. `main.tofu` replaces `main.tf`."""
    outside = fault_outside(folder)
    if outside is not None:
        faults.append(unreadable_file(name_of(folder), outside))
        return []
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - half the time of `iterdir`, for every folder
    except OSError as error:
        faults.append(InputError(name_of(folder), (error.strerror or str(error)).lower()))
        return []
    found = [name for name in names if name.endswith(endings) and not name.startswith(".")]
    replaced = {name.replace(".tofu", ".tf") for name in found if name.endswith(_OF_OPENTOFU)}
    return [folder / name for name in found if name not in replaced]


def is_replaced(path: Path) -> bool:
    """True for a file that OpenTofu does not read, because one with its own ending replaces it."""
    name = path.name
    if name.endswith(_OF_OPENTOFU) or not name.endswith(HCL):
        return False
    stem, _, rest = name.rpartition(".tf")
    return os.path.isfile(path.parent / f"{stem}.tofu{rest}")  # noqa: PTH113 - never raises


def matters(folder: Path, texts: list[Text], faults: list[InputError]) -> bool:
    """True if the module, or a module that it calls, has relevant content; nothing is parsed.

    Files that cannot be read are added to ``faults``, because their declarations are unknown.
    """
    return any(word in one.text for one in with_called(folder, texts, faults) for word in _WORDS)


def with_called(folder: Path, texts: Iterable[Text], faults: list[InputError]) -> Iterator[Text]:
    """Yield the texts of a module, and of the local and downloaded modules that it calls."""
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
    """Return the folders that a file calls as modules, found by text search."""
    for source in found_in(_LOCAL_MODULE, text.text):
        folder = local_folder(text.path.parent, source)
        if os.path.isdir(folder):  # noqa: PTH112 - it never raises
            yield folder


def callers_among(folders: Iterable[str], texts: Mapping[str, str], top: str) -> frozenset[str]:
    """Return folders, and those of the texts that call them, directly or not; all names are relative to ``top``."""
    callers: dict[str, set[str]] = {}
    for name, text in texts.items():
        path = Path(top, name)
        for called in called_by(Text(path, text)):
            callers.setdefault(os.path.relpath(called, top), set()).add(os.path.relpath(path.parent, top))
    found: set[str] = set()
    waiting = set(folders)
    while waiting:
        found |= waiting
        waiting = {caller for one in waiting for caller in callers.get(one, ())} - found
    return frozenset(found)


def rendered_by(text: Text) -> Iterator[str]:
    """Return the full paths of the files that a file renders as templates, found by text search."""
    return (absolute(text.path.parent / name) for name in found_in(_TEMPLATE, text.text))


def renderers_of(path: Path) -> list[Path]:
    """Return nearby Terraform files that seem to render a file as a template."""
    near = [Path(os.path.relpath(one)) for one in path.absolute().parents[:NEAR]]
    texts = [text for folder in near for text in read_texts(folder, [])]
    return [text.path for text in texts if absolute(path) in rendered_by(text)]


def absolute(path: Path) -> str:
    """Return the full path without following links, as Terraform does."""
    return os.path.abspath(path)  # noqa: PTH100 - it follows links no more than `Path.absolute`, and is faster


def local_folder(caller: Path, source: str) -> Path:
    """Return the folder of a local module source."""
    folder = os.path.normpath(caller / source)
    return Path(folder if caller.is_absolute() else os.path.relpath(folder))


_MOST_TEXT = 500_000
"""Limit on the source characters of cached modules, about 50 MB of memory."""


class CalledFolders:
    """The folders of called modules, by full path.

    All names are kept. Parsed content is kept for the most recently called modules, up to a size limit, and
    is parsed again for later callers.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._parsed: dict[str, Folder] = {}

    def __contains__(self, name: str) -> bool:
        """Return whether a module calls this folder."""
        return name in self._names

    @property
    def parsed(self) -> Mapping[str, Folder]:
        """Return the folders with cached content."""
        return self._parsed

    def has_below(self, folder: Path) -> bool:
        """True if a folder, or one below it, is that of a called module."""
        name = absolute(folder)
        return any(one == name or one.startswith(f"{name}/") for one in self._names)

    def add(self, folders: Mapping[str, Folder]) -> None:
        """Add the folders that a root module calls, and evict the least recently called ones."""
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
