"""Reads the two inputs of a comparison: files, folders, standard input, or either at a Git revision."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from posixpath import join, normpath
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import InputError, Skipped
from checker.core.record import NamedTuple
from checker.core.shell import path_word
from checker.inputs.collect import Facts, Given
from checker.inputs.coverage import PARAMETER, VARIABLE, unmatched_values
from checker.inputs.discover import HCL, STDIN, is_hcl, name_of, read_input
from checker.inputs.git_revision import Revision, is_folder_at, is_revision, read_revision
from checker.inputs.git_tree import copied
from checker.inputs.large_files import is_bulk, is_terraform_json
from checker.inputs.link import link_facts
from checker.inputs.load import load
from checker.inputs.policy_kind import is_of_any_kind
from checker.inputs.readers import kind_of, take, unwrap
from checker.inputs.relative_names import Names
from checker.inputs.snapshot import Snapshot, drafts
from checker.inputs.text import TextDocument, parse_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from checker.analysis.inventory import Inventory, Key, Topic


_KINDS = "a topic policy, a key policy, or the output of `aws sns get-topic-attributes` or `aws kms get-key-policy`"


class Input(NamedTuple):
    """The content of an input.

    ``names`` are the names of its files in the facts, ``folder`` is the full path of the compared folder, and
    ``prefix`` is the beginning of file names that reports replace by ``label``. ``texts`` are the files that were
    read, relative to the folder. ``document`` is set for a bare policy, whose kind may be ambiguous.
    """

    name: str
    inventory: Inventory
    names: Names
    folder: str
    is_folder: bool = False
    texts: Mapping[str, str] = {}
    prefix: str = ""
    label: str = ""
    document: TextDocument | None = None

    @property
    def is_code(self) -> bool:
        """True for a folder, and for a file that declares topics or keys."""
        topics, keys = self.inventory.topics, self.inventory.keys
        return self.is_folder or any(one.address for one in topics) or any(one.address for one in keys)

    @property
    def roots(self) -> frozenset[str]:
        """The Terraform roots with topics or keys, relative to the folder."""
        resources: list[Topic | Key] = [*self.inventory.topics, *self.inventory.keys]
        own = (one for one in resources if one.place.document.name.endswith(HCL))
        return frozenset(os.path.relpath(one.home, self.folder) for one in own)

    @property
    def unread(self) -> tuple[Skipped, ...]:
        """The parts of the input that were not read, except options."""
        skipped = self.inventory.skipped
        return tuple(one for one in skipped if not one.complete and one.what not in (VARIABLE, PARAMETER))

    def shown(self, text: str) -> str:
        """Return a text with the names of files as the user knows them."""
        return text.replace(self.prefix, self.label) if self.prefix else text

    def own(self, text: str) -> str:
        """Return the name of a file without the folder of the copy that it was read from."""
        return text.removeprefix(self.prefix)

    def checkout(self, folder: str) -> str:
        """Return how to read the modules that Terraform downloads for a folder of a revision, and of the working tree."""
        old, new = (path_word(normpath(join(top, folder))) for top in ("../base", "."))
        commands = f"`terraform -chdir={old} init`, `terraform -chdir={new} init`, `checker diff {old} {new}`"
        return f"run `git worktree add ../base {self.label.removesuffix(':')}`, {commands}"

    def nothing(self) -> InputError:
        """Return the error for an input without policies."""
        for one in self.unread:
            return InputError(
                self.shown(one.what), self.shown(one.reason), one.position, one.help or f"provide {_KINDS}"
            )
        return InputError(self.name, "contains no topic policy or key policy", help_text=f"provide {_KINDS}")


@contextmanager
def read_inputs(old: str, new: str, given: Given = Given()) -> Iterator[tuple[Input, Input]]:  # noqa: B008 - frozen
    """Read both inputs; the files of a revision can be read again until the end. ``given`` are values for code.

    Raises InputError.
    """
    if old == new == str(STDIN):
        raise InputError(
            "-", "standard input can be read only once", help_text="provide one of the two as a file"
        )
    with ExitStack() as copies:
        before, after = (_read(one, given, copies) for one in (old, new))
        _check_values(before.inventory, after.inventory)
        yield before, after


def _check_values(old: Inventory, new: Inventory) -> None:
    """Check that each value for a variable or parameter fits at least one input. Raises InputError."""
    others = {(one.what, one.reason) for one in old.skipped}
    for one in new.skipped:
        if one.what in (VARIABLE, PARAMETER) and (one.what, one.reason) in others:
            raise InputError(one.what, one.reason, help_text=one.help)


def _read(text: str, given: Given, copies: ExitStack) -> Input:
    """Read one input; ``copies`` keeps the files of a revision. Raises InputError."""
    if Arn.parse(text) is not None:
        service = "kms get-key-policy --key-id" if ":kms:" in text else "sns get-topic-attributes --topic-arn"
        raise InputError(
            text, "policies are read from files", help_text=f"provide the output of `aws {service} {text}`"
        )
    path = Path(text)
    if is_revision(text, path):
        return _at_revision(text, path, given, copies)
    if os.path.isdir(path) or is_hcl(path) or is_bulk(path):  # noqa: PTH112 - it never raises
        return loaded(text, path, given)
    body = read_input(path)
    if is_terraform_json(body):
        return loaded(text, path, given)
    return _parsed(name_of(path), path, body, given)


def _at_revision(text: str, path: Path, given: Given, copies: ExitStack) -> Input:
    if not is_hcl(path) and not _names_folder(text):
        body = read_revision(text)
        if not is_terraform_json(body):
            return _parsed(text, path, body, given)
    tree = copies.enter_context(copied(text))
    here = os.path.relpath(tree.folder)
    found = loaded(text, Path(os.path.relpath(tree.path)), given)
    inventory = found.inventory._replace(skipped=(*found.inventory.skipped, *tree.skipped))
    return found._replace(inventory=inventory, prefix=f"{here}/", label=f"{tree.revision}:")


def _names_folder(text: str) -> bool:
    """True for a folder at a revision; staged folders are not objects, so that only their names tell."""
    return text.endswith(("/", ":", "/.", ":.", "/..", ":..")) or is_folder_at(text)


def loaded(
    text: str,
    path: Path,
    given: Given,
    below: Sequence[Path] | None = None,
    exclude: Callable[[Path], bool] = lambda _: False,
) -> Input:
    """Read a folder, the root of a Terraform file, or a file with its own reader.

    ``below`` are the files and folders of a folder to read, without those that ``exclude`` selects.
    """
    snapshot: Snapshot = {}
    with drafts({}, snapshot):
        inventory = load([path] if below is None else below, given=given, exclude=exclude)
    is_folder = os.path.isdir(path)  # noqa: PTH112 - it never raises
    folder = path if is_folder else path.parent
    names = Names(name_of(folder)) if is_folder or is_hcl(path) else Names(name_of(path), path.name)
    top = os.path.abspath(folder)  # noqa: PTH100 - links are not followed
    texts = {os.path.relpath(file, top): one.text for file, one in snapshot.items()}
    return Input(text, inventory, names, top, is_folder, texts)


def _parsed(name: str, path: Path, body: str, given: Given) -> Input:
    """Read a single document."""
    document = unwrap(parse_text(name, body))
    facts = Facts(given)
    take(facts, path, document, kind_of(document.root), named=True)
    facts.skipped += unmatched_values(facts)
    bare = document if is_of_any_kind(document.root) else None
    top = os.path.abspath(path.parent)  # noqa: PTH100 - links are not followed
    file = Revision.of(name).path.rpartition("/")[2] if is_revision(name, path) else path.name
    return Input(name, link_facts(facts), Names(name, file), top, texts={file: body}, document=bare)
