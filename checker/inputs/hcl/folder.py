"""The files of one module: which there are, whether they matter, and what blocks are in them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.inputs.bulk import is_module_file
from checker.inputs.files import HCL, name_of
from checker.inputs.hcl.installed import downloads_of
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.hcl.body import Argument, Block
    from checker.policy.source import Source

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
