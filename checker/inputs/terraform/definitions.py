"""The text that defines what a reference stands for, with everything that it depends on.

A reference means the same on both sides of a change only if its definition is the same. Definitions are compared by
their text: formatting, comments and the order of arguments do not count, and nothing is evaluated.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.inputs.file_references import files_read_by
from checker.inputs.terraform.definition_parts import (
    backends_in,
    identifying,
    ignored_in,
    is_set_by_aws,
    repeating,
    texts_in,
    without_other_inputs,
)
from checker.inputs.terraform.definition_text import (
    canonical,
    generating_in,
    pattern_of,
    text_of_argument,
    text_of_block,
)
from checker.inputs.terraform.module.providers import passed_names, provider_of
from checker.inputs.terraform.module_tree import Place, names_of
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.resource_matches import Resource
    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module.providers import ProviderName
    from checker.inputs.terraform.module_tree import ModuleTree, Names


_BLANK = r"(?:\s|/\*(?:[^*]|\*(?!/))*\*/|(?:#|//)[^\n]*\n)*"
_DOT = rf"{_BLANK}\.{_BLANK}"
_KEY = r"\[(?:[^\[\]]|\[[^\]]*\])*\]"
_REFERENCE = re.compile(
    rf"(?<![\w.])(?P<data>data{_DOT})?(?P<kind>[A-Za-z][\w-]*){_DOT}(?P<name>[\w-]+)"
    rf"(?:(?=(?:\s*{_KEY}|{_DOT}\*)*{_DOT}(?P<attribute>[A-Za-z_][\w-]*)))?"
)
"""Matches `var.x`, `local.x`, `module.x.output` and `TYPE.NAME.attribute` in code and in strings, but not their keys."""
_OF_PROVIDER = re.compile(r" of ([\w-]+)\.([\w-]+)\Z")
"""Ends the symbols for the account and the Region of a provider with an alias."""
_NO_PLACE = frozenset({"default_tags", "ignore_tags", "max_retries", "retry_mode", "version", "alias"})
"""Settings of providers that do not decide about the account and the Region."""
_NO_VALUE = frozenset(
    {"tags", "tags_all", "lifecycle", "depends_on", "timeouts", "provisioner", "connection"}
)
"""Arguments and blocks of resources that set no attribute."""
_OTHER_NAMES = ("var", "local", "module", "dependency")
_MOST_PARTS = 2_000
"""The maximum number of texts of a definition that is compared."""


class _Part(NamedTuple):
    """A text of a definition, and the module in which its names are."""

    place: Place
    text: str

    @property
    def key(self) -> tuple[tuple[str, ...], str]:
        """What makes it the same part as another one."""
        return self.place.path, self.text


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
        self._top = top
        self._changed = frozenset(changed)

    def root_of(self, resource: Resource) -> Place:
        """Return the root of a resource, also if a Terragrunt unit deploys it."""
        return self._tree.root_of(Path(resource.home), Path(resource.place.document.name), resource.address)

    def of_symbol(self, root: Place, name: str) -> str | None:
        """Return the definition of what a symbol is an attribute of; ``None`` for variables and other symbols."""
        named = _OF_PROVIDER.search(name)
        if named is not None:
            return self._closure(self._configured(root, (named[1], named[2])))
        place, names = self._tree.followed(root, names_of(name))
        if len(names) > 3 and names[0] == "module":  # in a module that is not local
            return self._closure(self._module(place, names[1], ""))
        is_other = len(names) < 2 or names[0] in _OTHER_NAMES
        return None if is_other else self._closure(self._resource(place, names))

    def of_provider(self, root: Place, address: str, without: frozenset[str]) -> str:
        """Return the settings of the provider of a resource that decide about its account and Region."""
        place, names = self._tree.followed(root, names_of(address))
        block = self._tree.block(place, names)
        return "" if block is None else self._closure(self._provider(place, block, without))

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
        places = islice(self._tree.below(root), _MOST_PARTS)
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
                yield name, self._closure(self._output(place, name))

    def of_dependency(self, unit: Path, name: str) -> str:
        """Return the definition of an output of a Terragrunt unit; of a module that is not local its configurations."""
        definition = dict(self.outputs(unit)).get(name)
        return (
            "\n".join(map(canonical, self._tree.configurations(unit))) if definition is None else definition
        )

    def resources(self, root: Path, kind: str, argument: str) -> Iterator[tuple[str, str]]:
        """Yield an argument and the definition of each resource of a type in a root and its local modules."""
        for place, block in self._blocks(root, kind):
            yield pattern_of(block, argument), self._closure(self._whole(place, block))

    def grants(self, root: Path) -> Iterator[DefinedGrant]:
        """Yield the grants of keys in a root and its local modules."""
        for place, block in self._blocks(root, "aws_kms_grant"):
            key = block.body.arguments.get("key_id")
            parts = [] if key is None else [_Part(place, text_of_argument(key))]
            yield DefinedGrant(
                block.at.source.name, self._closure(parts), self._closure(self._whole(place, block))
            )

    def _blocks(self, root: Path, kind: str) -> Iterator[tuple[Place, Block]]:
        """Yield the resources of a type in a root, or the module that a unit deploys, and its local modules."""
        tops = (Place(root), *self._tree.deployed_by(root))
        for place in islice((one for top in tops for one in self._tree.below(top)), _MOST_PARTS):
            resources = self._tree.content(place).resources
            yield from ((place, block) for key, block in resources.items() if key[:2] == ("resource", kind))

    def of_call(self, folder: Path, name: str) -> str:
        """Return the definition of a module call in a folder, with its providers; empty if there is none.

        In a local module, the call has a definition for each call of the module.
        """
        if name not in self._tree.content(Place(folder)).modules:
            return ""
        places = [*islice(self._tree.places_of(folder), _MOST_PARTS)]
        if len(places) == _MOST_PARTS:
            return f"too many calls to compare, in {self._top}"
        return "\n".join(self._closure(self._call(place, name)) for place in places)

    def _call(self, place: Place, name: str) -> Iterator[_Part]:
        """Yield a module call, the settings of the providers that it uses, and whether each caller of the module calls it."""
        block = self._tree.content(place).modules[name]
        names = {("aws", ""): ("aws", "")} if (passed := passed_names(block)) is None else passed
        yield _Part(place, text_of_block(block))
        yield from (part for own in names.values() for part in self._settings(place, own))
        yield from self._repeated(place)

    def _repeated(self, place: Place) -> Iterator[_Part]:
        """Yield how often a module is called, by each call that leads to it."""
        if place.caller is not None and place.call is not None:
            found = place.call.body.arguments
            yield from (_Part(place.caller, text_of_argument(found[name])) for name in repeating(found))
            yield from self._repeated(place.caller)

    def backends_around(self, folder: Path) -> frozenset[tuple[str, ...]]:
        """Return the backends of the roots from which the module of a folder is called; of its own without a call."""
        roots = {Path(place.path[0]) for place in islice(self._tree.places_of(folder), _MOST_PARTS)}
        return frozenset(self.backends(Place(root)) for root in roots)

    def _closure(self, parts: Iterable[_Part]) -> str:
        """Join texts, the definitions of all names in them, and the changed files that they may read."""
        try:
            texts = [part.text for part in islice(self._needed(parts), _MOST_PARTS)]
        except InputError as error:
            return f"{error}, in {self._top}"  # unlike the other side, as it is not known
        if len(texts) == _MOST_PARTS:
            return f"too long to compare, in {self._top}"
        read = sorted({file for text in texts for file in files_read_by(text, self._changed)})
        return "\n".join((*texts, *(f"{one}: {self._content(one)}" for one in read)))

    def _needed(self, parts: Iterable[_Part]) -> Iterator[_Part]:
        """Yield texts, and those that define the names in them, directly or not."""
        seen: set[tuple[tuple[str, ...], str]] = set()
        waiting = list(parts)
        while waiting:
            part = waiting.pop()
            if part.key not in seen:
                seen.add(part.key)
                yield part
                found = _REFERENCE.finditer(part.text)
                waiting += (one for reference in found for one in self._named(part.place, reference))

    def _content(self, file: str) -> str:
        try:
            return read_text(self._top / file)
        except InputError as error:
            return error.reason

    def _named(self, place: Place, reference: re.Match[str]) -> Iterable[_Part]:
        """Return the texts that define a name."""
        folder, kind, name = self._tree.content(place), reference["kind"], reference["name"]
        attribute = reference["attribute"] or ""
        if reference["data"]:
            return self._resource(place, ("data", kind, name))
        if kind == "local":
            return [_Part(place, text_of_argument(folder.local[name]))] if name in folder.local else ()
        if kind == "var":
            return self._variable(place, name)
        if kind == "module":
            return self._module(place, name, attribute)
        return self._resource(place, (kind, name, attribute))

    def _resource(self, place: Place, names: Names) -> Iterator[_Part]:
        """Yield what an attribute of a resource depends on, or all of a data source.

        An argument is what the code sets. What AWS sets, such as an ARN, may have a name or an account that the code sets,
        and depends on the provider. The rest of the body does not change it.
        """
        block = self._tree.block(place, names)
        if block is None:
            return
        attribute = names[2] if len(names) > 2 and block.kind == "resource" else ""
        arguments = block.body.arguments
        if attribute in arguments:
            yield from (
                _Part(place, text_of_argument(arguments[name])) for name in (attribute, *repeating(arguments))
            )
        elif is_set_by_aws(block.labels[0], attribute):
            yield from (_Part(place, text) for text in identifying(arguments))
            yield from self._provider(place, block)
        else:
            yield from self._whole(place, block)

    def _whole(self, place: Place, block: Block) -> Iterator[_Part]:
        yield _Part(place, text_of_block(block, _NO_VALUE if block.kind == "resource" else frozenset()))
        yield from self._provider(place, block)

    def _provider(self, place: Place, block: Block, without: frozenset[str] = frozenset()) -> Iterator[_Part]:
        """Yield the settings of the provider of a resource or data source."""
        name, alias = provider_of(block)
        yield from self._settings(place, (name, alias.partition("[")[0]), without)

    def _settings(
        self, place: Place, name: ProviderName, without: frozenset[str] = frozenset()
    ) -> Iterator[_Part]:
        """Yield the settings of a provider, which a caller may pass to a module under another name."""
        block = self._tree.content(place).providers.get(name)
        if block is not None:
            yield _Part(place, text_of_block(block, _NO_PLACE | without))
        elif place.caller is not None and place.call is not None:
            passed = (passed_names(place.call) or {}).get(name, name)
            yield from self._settings(place.caller, passed, without)
        elif place.unit is not None:
            texts = (text for one in self._tree.configurations(place.unit) for text in generating_in(one))
            yield from (_Part(place, text) for text in texts)

    def _configured(self, root: Place, name: ProviderName) -> Iterator[_Part]:
        """Yield the settings of a provider with an alias, which the root declares, or one of its modules."""
        for place in islice(self._tree.below(root), _MOST_PARTS):
            block = self._tree.content(place).providers.get(name)
            if block is not None:
                yield _Part(place, text_of_block(block, _NO_PLACE))

    def _variable(self, place: Place, name: str) -> Iterator[_Part]:
        """Yield the value of a variable, by the caller or a file, or else its default."""
        folder = self._tree.content(place)
        passed = None if place.call is None else place.call.body.arguments.get(name)
        if passed is not None and place.caller is not None and place.call is not None:
            yield _Part(place.caller, text_of_argument(passed))
            repeated = place.call.body.arguments.get("for_each")
            yield from () if repeated is None else [_Part(place.caller, text_of_argument(repeated))]
        elif place.caller is None and name in folder.values:
            yield _Part(place, text_of_argument(folder.values[name]))
        elif name in folder.variables and "default" in folder.variables[name].body.arguments:
            yield _Part(place, text_of_argument(folder.variables[name].body.arguments["default"]))
        if place.unit is not None:
            configurations = tuple(self._tree.configurations(place.unit))
            are_read = any(".inputs" in text for text in configurations)  # by another configuration
            shorten = canonical if are_read else partial(without_other_inputs, name=name)
            yield from (_Part(place, shorten(text)) for text in configurations)
        elif place.caller is None:
            yield from (_Part(place, text) for text in self._tree.callers(place.folder))

    def _module(self, place: Place, name: str, output: str) -> Iterator[_Part]:
        """Yield an output of a local module, or the call of another module."""
        block = self._tree.content(place).modules.get(name)
        if block is None:
            return
        called = self._tree.called(place, name)
        if called is None:
            yield _Part(place, text_of_block(block))
            return
        outputs = self._tree.content(called).outputs
        for one in [output] if output in outputs else outputs:
            yield from self._output(called, one)

    def _output(self, place: Place, name: str) -> Iterator[_Part]:
        block = self._tree.content(place).outputs.get(name)
        value = None if block is None else block.body.arguments.get("value")
        yield from () if value is None else [_Part(place, text_of_argument(value))]
