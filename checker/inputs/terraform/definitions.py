"""The text that defines what a reference stands for, with everything that it depends on.

A reference means the same on both sides of a change only if its definition is the same. Definitions are compared by
their text: formatting, comments and the order of arguments do not count, and nothing is evaluated.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.file_references import files_read_by
from checker.inputs.terraform.definition_parts import (
    backends_in,
    ignored_in,
    texts_in,
)
from checker.inputs.terraform.definition_text import (
    canonical,
    pattern_of,
    text_of_argument,
    text_of_block,
)
from checker.inputs.terraform.module_tree import Place, names_of
from checker.inputs.terraform.named_parts import MOST_PARTS, NamedParts, Part
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.resource_matches import Resource
    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module_tree import ModuleTree


_BLANK = r"(?:\s|/\*(?:[^*]|\*(?!/))*\*/|(?:#|//)[^\n]*\n)*"
_DOT = rf"{_BLANK}\.{_BLANK}"
_KEY = r"\[(?:[^\[\]]|\[[^\]]*\])*\]"
_REFERENCE = pattern(
    rf"(?<![\w.])(?P<data>data{_DOT})?(?P<kind>[A-Za-z][\w-]*){_DOT}(?P<name>[\w-]+)"
    rf"(?:(?=(?:\s*{_KEY}|{_DOT}\*)*{_DOT}(?P<attribute>[A-Za-z_][\w-]*)))?"
)
"""Matches `var.x`, `local.x`, `module.x.output` and `TYPE.NAME.attribute` in code and in strings, but not their keys."""
_OF_PROVIDER = pattern(r" of ([\w-]+)\.([\w-]+)\Z")
"""Ends the symbols for the account and the Region of a provider with an alias."""
_OTHER_NAMES = ("var", "local", "module", "dependency")


class DefinedGrant(NamedTuple):
    """A grant, with the file that declares it, and the definitions of its key and of all of it."""

    file: str
    key: str
    definition: str


class Definitions:
    """Definitions in the modules of one side.

    ``changed`` are the changed files that code may read, relative to ``top``.
    """

    def __init__(self, tree: ModuleTree, top: Path, changed: Iterable[str]) -> None:
        self._tree = tree
        self._parts = NamedParts(tree)
        self._top = top
        self._changed = frozenset(changed)

    def root_of(self, resource: Resource) -> Place:
        """Return the root of a resource, also if a Terragrunt unit deploys it."""
        return self._tree.root_of(Path(resource.home), Path(resource.place.document.name), resource.address)

    def of_symbol(self, root: Place, name: str) -> str | None:
        """Return the definition of what a symbol is an attribute of; ``None`` for variables and other symbols."""
        named = _OF_PROVIDER.search(name)
        if named is not None:
            return self._closure(self._parts.configured(root, (named[1], named[2])))
        place, names = self._tree.followed(root, names_of(name))
        if len(names) > 3 and names[0] == "module":  # in a module that is not local
            return self._closure(self._parts.module(place, names[1], ""))
        is_other = len(names) < 2 or names[0] in _OTHER_NAMES
        return None if is_other else self._closure(self._parts.resource(place, names))

    def of_provider(self, root: Place, address: str, without: frozenset[str]) -> str:
        """Return the settings of the provider of a resource that decide about its account and Region."""
        place, names = self._tree.followed(root, names_of(address))
        block = self._tree.block(place, names)
        return "" if block is None else self._closure(self._parts.provider(place, block, without))

    def ignored(self, root: Place, address: str) -> tuple[str, ...]:
        """Return the texts by which Terraform leaves the policy of a topic or key as it is, in its block or its policy's.

        https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#ignore_changes
        """
        place, names = self._tree.followed(root, names_of(address))
        own = self._tree.block(place, names)
        named = re.compile(rf"\b{re.escape('.'.join(names))}\b")
        others = (
            block
            for key, block in self._tree.content(place).resources.items()
            if key[1].endswith("_policy") and named.search(text_of_block(block))
        )
        blocks = others if own is None else (own, *others)
        return tuple(sorted(text for block in blocks for text in ignored_in(block)))

    def code(self, root: Place) -> str:
        """Return the texts of all blocks of a root and of its local modules, with the configurations of its unit."""
        places = islice(self._tree.below(root), MOST_PARTS)
        blocks = (text for place in places for text in texts_in(self._tree.content(place)))
        return "\n".join((*blocks, *(() if root.unit is None else self._tree.configurations(root.unit))))

    def backends(self, root: Place) -> tuple[str, ...]:
        """Return the backends of a root, without settings that do not decide where its state is."""
        return tuple(
            sorted(text for block in self._tree.content(root).settings for text in backends_in(block))
        )

    def outputs(self, root: Path) -> Iterator[tuple[str, str]]:
        """Yield the name and the definition of each output of a root, or of the module that a Terragrunt unit deploys."""
        for place in (Place(root), *self._tree.deployed_by(root)):
            for name in self._tree.content(place).outputs:
                yield name, self._closure(self._parts.output(place, name))

    def of_dependency(self, unit: Path, name: str) -> str:
        """Return the definition of an output of a Terragrunt unit; of a module that is not local its configurations."""
        definition = dict(self.outputs(unit)).get(name)
        return (
            "\n".join(map(canonical, self._tree.configurations(unit))) if definition is None else definition
        )

    def resources(self, root: Path, kind: str, argument: str) -> Iterator[tuple[str, str]]:
        """Yield an argument and the definition of each resource of a type in a root and its local modules."""
        for place, block in self._blocks(root, kind):
            yield pattern_of(block, argument), self._closure(self._parts.whole(place, block))

    def grants(self, root: Path) -> Iterator[DefinedGrant]:
        """Yield the grants of keys in a root and its local modules."""
        for place, block in self._blocks(root, "aws_kms_grant"):
            key = block.body.arguments.get("key_id")
            parts = [] if key is None else [Part(place, text_of_argument(key))]
            yield DefinedGrant(
                block.at.source.name, self._closure(parts), self._closure(self._parts.whole(place, block))
            )

    def _blocks(self, root: Path, kind: str) -> Iterator[tuple[Place, Block]]:
        """Yield the resources of a type in a root, or the module that a unit deploys, and its local modules."""
        tops = (Place(root), *self._tree.deployed_by(root))
        for place in islice((one for top in tops for one in self._tree.below(top)), MOST_PARTS):
            resources = self._tree.content(place).resources
            yield from ((place, block) for key, block in resources.items() if key[:2] == ("resource", kind))

    def of_call(self, folder: Path, name: str) -> str:
        """Return the definition of a module call in a folder, with its providers; empty if there is none.

        In a local module, the call has a definition for each call of the module.
        """
        if name not in self._tree.content(Place(folder)).modules:
            return ""
        places = [*islice(self._tree.places_of(folder), MOST_PARTS)]
        if len(places) == MOST_PARTS:
            return f"too many calls to compare, in {self._top}"
        return "\n".join(self._closure(self._parts.call(place, name)) for place in places)

    def backends_around(self, folder: Path) -> frozenset[tuple[str, ...]]:
        """Return the backends of the roots from which the module of a folder is called; of its own without a call."""
        roots = {Path(place.path[0]) for place in islice(self._tree.places_of(folder), MOST_PARTS)}
        return frozenset(self.backends(Place(root)) for root in roots)

    def _closure(self, parts: Iterable[Part]) -> str:
        """Join texts, the definitions of all names in them, and the changed files that they may read."""
        try:
            texts = [part.text for part in islice(self._needed(parts), MOST_PARTS)]
        except InputError as error:
            return f"{error}, in {self._top}"  # unlike the other side, as it is not known
        if len(texts) == MOST_PARTS:
            return f"too long to compare, in {self._top}"
        read = sorted({file for text in texts for file in files_read_by(text, self._changed)})
        return "\n".join((*texts, *(f"{one}: {self._content(one)}" for one in read)))

    def _needed(self, parts: Iterable[Part]) -> Iterator[Part]:
        """Yield texts, and those that define the names in them, directly or not."""
        seen: set[tuple[tuple[str, ...], str]] = set()
        waiting = list(parts)
        while waiting:
            part = waiting.pop()
            if part.key not in seen:
                seen.add(part.key)
                yield part
                found = _REFERENCE.finditer(part.text)
                waiting += (one for reference in found for one in self._parts.named(part.place, reference))

    def _content(self, file: str) -> str:
        try:
            return read_text(self._top / file)
        except InputError as error:
            return error.reason
