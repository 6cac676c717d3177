"""Selects the files to read: named files, and files in folders that may concern SNS, KMS or Connect."""

from __future__ import annotations

import os
import sys
from functools import lru_cache, partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.inputs.reading_memory import remembered_of
from checker.inputs.text import YAML_SUFFIXES, read_stream, read_text, unreadable_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


STDIN = Path("-")

HCL_TEXT, HCL_JSON = (".tf", ".tofu"), (".tf.json", ".tofu.json")
"""The file name endings of Terraform and OpenTofu, in HCL and JSON syntax.

https://opentofu.org/docs/language/files/#opentofu-file-extensions
"""
HCL = (*HCL_TEXT, *HCL_JSON)
TERRAGRUNT = "terragrunt.hcl"
"""The configuration of a Terragrunt unit. https://terragrunt.gruntwork.io/docs/features/units/"""
CONFIGURATION = ".hcl"
"""The ending of files that units include or read."""
HCL_LANGUAGE = (*HCL_TEXT, CONFIGURATION)
"""The file name endings of the configuration language, of Terraform, OpenTofu and Terragrunt."""
CONFIGURATIONS = ("checker.yaml", "checker.yml")
VALUES = (".tfvars", ".tfvars.json")
_NO_INPUT = (*CONFIGURATIONS, *VALUES)
"""File name endings of configuration and values files, which are not checked themselves."""

INPUTS = (".json", *YAML_SUFFIXES, ".template", ".tf", ".tofu", ".gz", ".jsonl", ".ndjson", ".tfstate")
"""The file name endings of the files that are read in a folder."""
_MARKUP = (".md", ".mdx", ".markdown", ".rst", ".adoc")
_DOCUMENTATION = (
    *_MARKUP,
    ".txt",
    ".html",
    ".htm",
    ".css",
    ".svg",
    ".drawio",
)
_TESTS = (
    ".tftest.hcl",
    ".tftest.json",
    ".rego",
    ".snap",
    ".feature",
    ".guard",
    "_test.go",
    "_test.py",
    "conftest.py",
    *(
        f".{kind}.{suffix}"
        for kind in ("test", "spec")
        for suffix in ("ts", "tsx", "js", "jsx", "mjs", "cjs")
    ),
)
_TEST_FOLDERS = frozenset(("test", "tests", "__tests__", "__mocks__", "e2e", "spec"))
_BINARY = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".ico",
    ".pdf",
    ".zip",
    ".tar",
    ".tgz",
    ".whl",
    ".jar",
    ".woff",
    ".woff2",
)
_NOT_SEARCHED = (*_DOCUMENTATION, *_TESTS, *_BINARY, ".lock", ".lock.hcl", ".map", ".min.js", ".log")
"""File name endings of documentation, of tests of other tools, and of files without policies."""
QUOTING = (*_MARKUP, *_TESTS)
"""Endings of texts for people and of tests, which may quote a policy that is not deployed."""
_SKIPPED_FOLDERS = frozenset(("node_modules", "__pycache__", "venv", "site-packages"))
_AWS_WORDS = ("sns:", "kms:", ":connect:", "connect.amazonaws.com")
_STREAMS = ("connect:*", "connect:start", "startcontactstreaming", "startchatcontact")
_DECLARED = ("aws::sns::", "aws::kms::", "aws_sns_topic", "aws_kms_key")
_RESOURCES = ("aws_sns_topic", "aws_kms_key", "awscc_sns_", "awscc_kms_")
_PARTS = ("templateurl", "aws::serverless::application", "aws::include", "${file(")
_KUBERNETES = ("services.k8s.aws", "aws.upbound.io", "aws.m.upbound.io", "aws.crossplane.io")
_ENDPOINTS = ("queuearn", "revisionid")
_GRANTS = "grantid"
"""The word of a list of grants, which may name keys by their ID and principals of other services alone."""
_WORDS = (
    *_AWS_WORDS,
    *_STREAMS,
    *_RESOURCES,
    *_PARTS,
    *_KUBERNETES,
    *_ENDPOINTS,
    _GRANTS,
    "topics",
    "contacts",
)
"""Words of which an ARN, action, plan or manifest has at least one, or a template with parts in other
files; most JSON and YAML files have none."""


_CONTEXT_WORDS = (
    "kms:",
    "keymetadata",
    _GRANTS,
    "instancealias",
    "instancesummarylist",
    "subscriptionarn",
    *_ENDPOINTS,
    "topics",
    "contacts",
)
"""Words of files that describe a topic in another file: its key, its instance or a manifest."""


def find_files(
    paths: Iterable[Path],
    unreadable: list[InputError],
    exclude: Callable[[Path], bool],
    others: list[Path] | None = None,
    linked: list[Path] | None = None,
) -> Iterator[tuple[Path, bool]]:
    """Return every file once, named files first, each with whether the user named it.

    Files in folders for which ``exclude`` is true are omitted. Folders that cannot be listed are added to
    ``unreadable``. Files that no reader reads, but that may contain policies, such as code, are added to ``others``,
    and links to folders, which are not followed, to ``linked``.
    """
    wanted = is_input if others is None else is_searched
    named = list({_place_of(path): path for path in reversed(list(paths))}.values())[::-1]
    seen = set(map(_place_of, named))
    yield from ((path, True) for path in named if path == STDIN or _leads_to_file(path))
    for folder in named:
        links: list[Path] = []
        for path in _walk(folder, unreadable, wanted, links) if os.path.isdir(folder) else ():  # noqa: PTH112 - never raises
            place = _place_of(path)
            if place in seen or exclude(path):
                continue
            seen.add(place)
            if is_input(path.name):
                yield path, False
            elif others is not None:
                others.append(path)
        if linked is not None:
            linked += (one for one in links if not exclude(one) and not _is_in(one, named))


def _is_in(link: Path, folders: Iterable[Path]) -> bool:
    """True for a link to something in one of the folders, where it is read under its own name."""
    target = Path(os.path.realpath(link))
    return any(target.is_relative_to(os.path.realpath(one)) for one in folders)


_CODE = (".py", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".go", ".java", ".kt", ".scala", ".cs", ".fs")
_SCRIPTS = (".rb", ".php", ".rs", ".sh", ".bash", ".ps1", ".psm1", ".bat", ".cmd", ".ipynb")


def is_program(name: str) -> bool:
    """True for the name of a file in a programming language, except scripts."""
    return name.endswith(_CODE)


def is_code(path: Path) -> bool:
    """True for code, from which other files or API calls are made."""
    return path.name.endswith((*_CODE, *_SCRIPTS))


def is_input(name: str) -> bool:
    """True for the name of a file that is read in a folder."""
    return name.endswith(INPUTS)


def is_searched(name: str) -> bool:
    """True for the name of a file that is read or searched in a folder."""
    return is_input(name) or _is_other(name)


def _is_other(name: str) -> bool:
    is_old_state = ".tfstate" in name and name.endswith(".backup")
    is_searched = not name.endswith((*INPUTS, *_NO_INPUT, *_NOT_SEARCHED))
    is_test = name.startswith("test_") and name.endswith(".py")
    return is_searched and not is_old_state and not is_test and not name.startswith(".")


def is_in_tests(path: Path, named: Iterable[Path]) -> bool:
    """True for a file in a folder of tests below the named folder that contains it."""
    if _TEST_FOLDERS.isdisjoint(path.parts[:-1]):
        return False
    above = [len(folder.parts) for folder in named if path.is_relative_to(folder)]
    return not _TEST_FOLDERS.isdisjoint(path.parts[max(above, default=len(path.parts)) : -1])


def _place_of(path: Path) -> tuple[str, str]:
    """Identify a file by its real folder, and by its target if a link in the same folder leads to it.

    A link in another folder is a separate file, because its folder determines the instance, key or module.
    """
    folder = _real(path.parent)
    if not os.path.islink(path):  # noqa: PTH114 - never raises
        return folder, path.name
    target, name = os.path.split(os.path.realpath(path))
    return (folder, name) if target == folder else (folder, path.name)


_real = lru_cache(maxsize=64)(os.path.realpath)
"""Cached, because consecutive files often share a folder."""


def is_hcl(path: Path) -> bool:
    """True for a file of a Terraform module."""
    return path.name.endswith(HCL)


def is_unit(path: Path) -> bool:
    """True for the configuration of a Terragrunt unit, also in JSON syntax."""
    return path.name in (TERRAGRUNT, f"{TERRAGRUNT}.json")


def is_configuration(path: Path) -> bool:
    """True for a configuration of Terragrunt: of a unit, or one that units may include or read."""
    return path.name.endswith(CONFIGURATION)


def units_among(found: list[tuple[Path, bool]], others: Iterable[Path]) -> list[tuple[Path, bool]]:
    """Return the configurations of units, also those beside Terraform files that the user names."""
    units = {path: named for path, named in found if is_unit(path)} | dict.fromkeys(
        filter(is_unit, others), False
    )
    beside = (path.parent / TERRAGRUNT for path, named in found if named and is_hcl(path))
    return [
        *units.items(),
        *((one, False) for one in dict.fromkeys(beside) if one not in units and one.is_file()),
    ]


def is_values(path: Path) -> bool:
    """True for a Terraform values file."""
    return path.name.endswith(VALUES)


def is_settings_file(path: Path) -> bool:
    """True for a checker configuration, and for Terraform values, which are read with their module."""
    return path.name.endswith(_NO_INPUT)


def find_siblings(paths: Iterable[Path], unreadable: list[InputError]) -> Iterator[Path]:
    """Return the other files in the folders of named files.

    Folders that cannot be listed are added to ``unreadable``.
    """
    files = [path for path in paths if os.path.isfile(path)]  # noqa: PTH113 - never raises
    named = {path.absolute() for path in files}
    for folder in sorted({path.parent for path in files}):
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(INPUTS))  # noqa: PTH208
        except OSError as error:
            unreadable.append(unreadable_file(name_of(folder), error))
            continue
        others = (folder / name for name in names if not name.endswith(HCL))
        yield from (path for path in others if path.absolute() not in named)


def missing(paths: Iterable[Path]) -> list[InputError]:
    """Yield the paths that do not exist, each with the reason."""
    return [fault for path in paths if path != STDIN and (fault := _fault_of(path))]


def _fault_of(path: Path) -> InputError | None:
    try:
        os.stat(path)  # noqa: PTH116 - one call for all answers
    except NotADirectoryError:
        return InputError(name_of(path), "no such file or folder")
    except (OSError, ValueError) as error:
        return unreadable_file(name_of(path), error)
    return None


def _leads_to_file(path: Path) -> bool:
    """True for anything but a folder; never raises. `missing` reports paths that do not exist."""
    return os.path.exists(path) and not os.path.isdir(path)  # noqa: PTH110, PTH112 - as above


def is_stream(path: Path) -> bool:
    """True for standard input, a pipe or a device, which can be read only once."""
    return path == STDIN or (_leads_to_file(path) and not os.path.isfile(path))  # noqa: PTH113 - as above


class _Listing(NamedTuple):
    """The content of a folder, in order: the folders to search in it, the links to folders, and the wanted files."""

    folders: tuple[Path, ...]
    links: tuple[Path, ...]
    files: tuple[Path, ...]


def _walk(
    folder: Path, unreadable: list[InputError], wanted: Callable[[str], bool], links: list[Path]
) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            listing = remembered_of(here, (_walk, wanted), partial(_listing, here, wanted))
        except OSError as error:
            unreadable.append(unreadable_file(str(error.filename), error))
            continue
        links += listing.links
        yield from listing.files
        waiting += reversed(listing.folders)


def _listing(folder: Path, wanted: Callable[[str], bool]) -> _Listing:
    """List a folder. Raises OSError."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=attrgetter("name"))
    folders = [one for one in found if _is_folder(one) and not is_left_out(one.name)]
    files = [one for one in found if not _is_folder(one) and wanted(one.name)]
    return _Listing(
        tuple(folder / one.name for one in folders if not one.is_symlink()),
        tuple(folder / one.name for one in folders if one.is_symlink()),
        tuple(
            folder / one.name for one in sorted(files, key=_is_link)
        ),  # prefer a file's own name over a link
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def _is_link(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink()


def is_left_out(folder: str) -> bool:
    """True for the name of a folder that is not searched as a part of another one."""
    return folder.startswith(".") or folder in _SKIPPED_FOLDERS


def read_input(path: Path) -> str:
    """Read a file that the user names: a file, a pipe, or standard input for ``-``. Raises InputError."""
    return read_stream(name_of(path), sys.stdin.buffer) if path == STDIN else read_text(path, pipes=True)


def name_of(path: Path) -> str:
    """Return the name of a file in reports."""
    return "<stdin>" if path == STDIN else path.as_posix()


def home_of(path: Path) -> str:
    """Return the namespace of a file or folder: its full path, without following links."""
    return os.path.abspath(path)  # noqa: PTH100 - links are not followed, and it is called for every file


def root_name(folder: Path) -> str:
    """Return the name of a Terraform root in reports: `prod/`, or empty for the working directory."""
    name = name_of(folder)
    return "" if name == "." else f"{name.removesuffix('/')}/"


def must_matter(text: str) -> bool:
    """True for text that contains a policy for SNS, KMS or Connect, even if it cannot be parsed."""
    folded = text.lower()
    return "statement" in folded and names_aws(folded)


def declares(text: str) -> bool:
    """True for text that names a type of topics or keys, as a template or Terraform file that declares one does."""
    folded = text.lower()
    return any(word in folded for word in _DECLARED)


def names_aws(text: str) -> bool:
    """True for text that names SNS, KMS or Connect as AWS does. Words such as `topics` are too common."""
    folded = text.lower()
    return any(word in folded for word in _AWS_WORDS)


def may_matter(text: str, *, as_context: bool = False) -> bool:
    """False for a file without any of the required words, such as most files of a repository."""
    folded = text.lower()
    return any(word in folded for word in (_CONTEXT_WORDS if as_context else _WORDS))
