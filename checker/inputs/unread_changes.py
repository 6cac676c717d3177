"""Finds the changed files that may hold a policy and that no reader took, whatever their names and folders.

A folder is searched for files of certain names, as most files of a repository have no policy. A change has few files,
and its author chooses their names, so that all of them are looked at, except documentation and tests, which quote policies.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.shell import path_word
from checker.inputs.discover import CONFIGURATION, HCL, QUOTING, VALUES, declares, is_input, is_left_out
from checker.inputs.documents import parse_file, parts_of
from checker.inputs.git_tree import is_below
from checker.inputs.kinds.policy import POLICY
from checker.inputs.large_files import head_of, is_bulk
from checker.inputs.mentions import has_words_of_policy, may_hold_policy, text_in
from checker.inputs.policy_kind import dialect_of, is_of_any_kind
from checker.inputs.readers import kind_of, large_kind_of
from checker.inputs.text import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.inputs.diff_inputs import Input
    from checker.policy.node import Node


_LEFT_OUT = "may decide about access, and is in a folder that is not searched"
_NOT_RECOGNIZED = "may hold a policy, and is not a file that checker recognizes in a folder"
_UNIT = "may set values of Terragrunt units, and is not read"
_OF_UNITS = ("terragrunt.stack.hcl", "terragrunt.values.hcl", f"{CONFIGURATION}.json")
_LANGUAGE = (*HCL, *VALUES, CONFIGURATION)


def unread_changes(
    side: Input, changed: Iterable[str], paths: Sequence[str], command: str = "checker diff --base REV {}"
) -> Iterator[Skipped]:
    """Yield the changed files of one side, below some paths, that may hold a policy and that no reader took.

    ``command`` reads a file, or all files of a folder, that it names.
    """
    names = side.names._replace(renamed=())
    reported = {names.relative(one.what) for one in side.inventory.skipped}
    read = {names.relative(name) for root in side.inventory.read_by_roots for name in root.files}
    has_modules = any(name.endswith(HCL) and declares(text) for name, text in side.texts.items())
    for file in sorted(changed):
        path = Path(side.folder, file)
        if file.endswith(_OF_UNITS) and is_below(file, paths) and has_modules:
            yield Skipped(file, _UNIT, help="compare the plans of its units")
            continue
        if not is_below(file, paths) or file in (*paths, *reported, *read) or not path.is_file():
            continue
        if file.lower().endswith(QUOTING):
            continue
        is_hidden = _is_left_out(file, paths)
        if _may_decide(path) if is_hidden and file not in side.texts else _holds_unread_policy(side, file):
            reason, name = (_LEFT_OUT, posixpath.dirname(file)) if is_hidden else (_NOT_RECOGNIZED, file)
            yield Skipped(file, reason, help=f"name it, to read it: `{command.format(path_word(name))}`")


def _is_left_out(file: str, paths: Sequence[str]) -> bool:
    """True for a file in a folder that is not searched, unless a path leads into the folder."""
    parts = Path(file).parts[:-1]
    inside = max((len(Path(one).parts) for one in paths if is_below(file, (one,))), default=0)
    return any(map(is_left_out, parts[inside:]))


def _may_decide(path: Path) -> bool:
    """True for a file that may decide about access, if nothing around it was read."""
    if path.name.endswith((*HCL, *VALUES)):
        return _is_of_module(path)
    return path.name.endswith(CONFIGURATION) or _may_hold_policy(path)


def _is_of_module(path: Path) -> bool:
    """True for a file of a module, or with values for one, that may declare a topic or key."""
    from checker.inputs.terraform.module.folder import matters, read_texts  # only Terraform needs them

    texts = (read_texts(one, []) for one in path.parents)
    nearest = next((one for one in texts if one), [])
    return bool(nearest) and matters(nearest[0].path.parent, nearest, [])


def _holds_unread_policy(side: Input, file: str) -> bool:
    """True for a file outside of Terraform code with a policy that is not of a known kind."""
    path = Path(side.folder, file)
    if file.endswith(_LANGUAGE) or not _may_hold_policy(path):
        return False
    return not _is_known(path) if is_input(file) else file not in side.texts


def _may_hold_policy(path: Path) -> bool:
    found = may_hold_policy(path)
    if found is not False or not is_bulk(path):
        return found is not False
    return has_words_of_policy(head_of(path).encode())  # compressed


def _is_known(path: Path) -> bool:
    """True for a data file that a reader takes, or reports."""
    try:
        if is_bulk(path):
            return path.stat().st_size > MAX_BYTES or large_kind_of(head_of(path), bulk=True) is not None
        text = text_in(path)
        documents = parse_file(path.name, text)
        return large_kind_of(text) is not None or all(
            _is_known_part(part.root) for one in documents for part in parts_of(one)
        )
    except InputError:
        return False


def _is_known_part(root: Node) -> bool:
    """True for a document of a known kind; a policy without a service may be that of a topic or key."""
    found = kind_of(root)
    if found is None or found[0] is not POLICY:
        return found is not None
    return dialect_of(root) is not None or not is_of_any_kind(root)
