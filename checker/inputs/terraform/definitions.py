"""The text that defines what a reference stands for, with everything that it depends on.

A reference means the same on both sides of a change only if its definition is the same. Definitions are compared by
their text: formatting, comments and the order of arguments do not count, and nothing is evaluated.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.inputs.discover import CONFIGURATION, HCL
from checker.inputs.file_references import may_read
from checker.inputs.terraform.address import split
from checker.inputs.terraform.definition_text import (
    canonical,
    generating_in,
    pattern_of,
    source_of,
    text_of_argument,
    text_of_block,
)
from checker.inputs.terraform.module.collect_blocks import gather_folder, take_values
from checker.inputs.terraform.module.folder import Text, absolute, called_by, local_folder
from checker.inputs.terraform.module.providers import passed_names, provider_of
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module.folder import Folder
    from checker.inputs.terraform.module.providers import ProviderName

    Names = tuple[str, ...]


_DOT = r"\s*\.\s*"
_KEY = r"\[(?:[^\[\]]|\[[^\]]*\])*\]"
_REFERENCE = re.compile(
    rf"(?<![\w.])(?P<data>data{_DOT})?(?P<kind>[A-Za-z][\w-]*){_DOT}(?P<name>[\w-]+)"
    rf"(?:(?=(?:\s*{_KEY}|{_DOT}\*)*{_DOT}(?P<attribute>[A-Za-z_][\w-]*)))?"
)
"""Matches `var.x`, `local.x`, `module.x.output` and `TYPE.NAME.attribute` in code and in strings, but not their keys."""
_OF_PROVIDER = re.compile(r" of ([\w-]+)\.([\w-]+)\Z")
"""Ends the symbols for the account and the Region of a provider with an alias."""
_SET_BY_AWS = re.compile(r"(?:\w*_)?(?:arn|id|url|name|owner|fingerprint|status)\Z")
"""Matches attributes that identify a resource: another body of the resource does not make it another one."""
_ACCOUNT = "aws_organizations_account"
"""Its ID is an account, which another name or address replaces."""
_NO_PLACE = frozenset({"default_tags", "ignore_tags", "max_retries", "retry_mode", "version", "alias"})
"""Settings of providers that do not decide about the account and the Region."""
_NO_VALUE = frozenset(
    {"tags", "tags_all", "lifecycle", "depends_on", "timeouts", "provisioner", "connection"}
)
"""Arguments and blocks of resources that set no attribute."""
_OTHER_NAMES = ("var", "local", "module", "dependency")
_MOST_CALLS = 20
"""The maximum depth of modules; one that calls itself has no end."""


class Root(NamedTuple):
    """The folder of a root module, and that of the Terragrunt unit that deploys it."""

    folder: Path
    unit: Path | None = None


class _Place(NamedTuple):
    """A module folder, and the call of it; ``None`` for a root. ``unit`` is the Terragrunt unit of a root."""

    folder: Path
    caller: _Place | None = None
    call: Block | None = None
    unit: Path | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The folder and the names of the calls that lead to it."""
        if self.caller is None or self.call is None:
            return (absolute(self.folder),)
        return (*self.caller.path, self.call.labels[0])


class _Part(NamedTuple):
    """A text of a definition, and the module in which its names are."""

    place: _Place
    text: str

    @property
    def key(self) -> tuple[tuple[str, ...], str]:
        """What makes it the same part as another one."""
        return self.place.path, self.text


class Definitions:
    """Definitions in the files of one side.

    ``texts`` are its files by full path, in which callers of a module and configurations of Terragrunt are found.
    ``values`` has the values file of a root's folder, by full path, if it is read with one. ``changed`` are the changed files that code may read, relative to
    ``top``.
    """

    def __init__(
        self, texts: Mapping[str, str], values: Mapping[str, Path], top: Path, changed: Iterable[str]
    ) -> None:
        self._texts = texts
        self._values = values
        self._top = top
        self._changed = sorted(changed)
        self._folders: dict[str, Folder] = {}

    def root_of(self, home: Path, file: Path, address: str) -> Root:
        """Return the root of a resource by its home, which may be a Terragrunt unit, and its file and address."""
        if self._folder(home).sources:
            return Root(home)
        names = _names_of(address.partition(" (")[0])
        for folder in dict.fromkeys(
            (file.parent, *(Path(one).parent for one in self._texts if one.endswith(HCL)))
        ):
            place, _, unread = self._placed(Root(folder), names)
            if unread is None and absolute(place.folder) == absolute(file.parent):
                return Root(folder, home)
        return Root(home)

    def of_symbol(self, root: Root, name: str) -> str | None:
        """Return the definition of what a symbol is an attribute of; ``None`` for variables and other symbols."""
        named = _OF_PROVIDER.search(name)
        if named is not None:
            return self._closure(self._configured(root, (named[1], named[2])))
        place, names, unread = self._placed(root, _names_of(name))
        if unread is not None:
            return self._closure([unread])
        is_other = len(names) < 2 or names[0] in _OTHER_NAMES
        return None if is_other else self._closure(self._resource(place, names))

    def of_provider(self, root: Root, address: str) -> str:
        """Return the settings of the provider of a resource that decide about its account and Region."""
        place, names, _ = self._placed(root, _names_of(address.partition(" (")[0]))
        block = self._block(place, names)
        return "" if block is None else self._closure(self._provider(place, block))

    def argument(self, root: Root, name: str, argument: str) -> str:
        """Return the text of an argument of the block that a symbol is an attribute of, with `*` for references."""
        place, names, _ = self._placed(root, _names_of(name))
        block = self._block(place, names)
        return "*" if block is None else pattern_of(block, argument)

    def outputs(self, root: Path) -> Iterator[tuple[str, str]]:
        """Yield the name and the definition of each output of a root."""
        place = _Place(root)
        for name in self._folder(root).outputs:
            yield name, self._closure(self._output(place, name))

    def resources(self, root: Path, kind: str) -> Iterator[tuple[str, str]]:
        """Yield the argument `name` and the definition of each resource of a type in a root and its local modules."""
        for place in self._places(_Place(root)):
            for key, block in self._folder(place.folder).resources.items():
                if key[:2] == ("resource", kind):
                    yield pattern_of(block, "name"), self._closure(self._whole(place, block))

    def of_call(self, folder: Path, name: str) -> str:
        """Return the definition of a module call in a folder, with its providers; empty if there is none."""
        block = self._folder(folder).modules.get(name)
        if block is None:
            return ""
        place = _Place(folder)
        names = {("aws", ""): ("aws", "")} if (passed := passed_names(block)) is None else passed
        providers = (part for own in names.values() for part in self._settings(place, own))
        return self._closure([_Part(place, text_of_block(block)), *providers])

    def _folder(self, path: Path) -> Folder:
        name = absolute(path)
        if name not in self._folders:
            found = gather_folder(path, [])
            if name in self._values:
                take_values([self._values[name]], found, [])
            self._folders[name] = found
        return self._folders[name]

    def _placed(self, root: Root, names: Names) -> tuple[_Place, Names, _Part | None]:
        """Follow the calls of modules at the beginning of an address, up to the call of one that is not local."""
        place = _Place(root.folder, unit=root.unit)
        while len(names) > 3 and names[0] == "module":
            block, called = self._folder(place.folder).modules.get(names[1]), self._called(place, names[1])
            if called is None:
                return place, names, None if block is None else _Part(place, text_of_block(block))
            place, names = called, names[2:]
        return place, names, None

    def _called(self, place: _Place, name: str) -> _Place | None:
        """Return the local module that a call leads to; ``None`` for others, and for one that calls itself."""
        block = self._folder(place.folder).modules.get(name)
        source = None if block is None else source_of(block)
        if block is None or source is None or len(place.path) > _MOST_CALLS:
            return None
        return _Place(local_folder(place.folder, source), place, block)

    def _places(self, place: _Place) -> Iterator[_Place]:
        """Yield a module and the local modules that it calls, directly or not."""
        yield place
        for name in self._folder(place.folder).modules:
            called = self._called(place, name)
            if called is not None:
                yield from self._places(called)

    def _closure(self, parts: Iterable[_Part]) -> str:
        """Join texts, the definitions of all names in them, and the changed files that they may read."""
        found: dict[tuple[tuple[str, ...], str], _Part] = {}
        waiting = list(parts)
        while waiting:
            part = waiting.pop()
            if part.key not in found:
                found[part.key] = part
                waiting += (
                    one for match in _REFERENCE.finditer(part.text) for one in self._named(part.place, match)
                )
        texts = [part.text for part in found.values()]
        read = (one for one in self._changed if any(may_read(text, one) for text in texts))
        return "\n".join((*texts, *(f"{one}: {self._content(one)}" for one in read)))

    def _content(self, file: str) -> str:
        try:
            return read_text(self._top / file)
        except InputError as error:
            return error.reason

    def _named(self, place: _Place, reference: re.Match[str]) -> Iterable[_Part]:
        """Return the texts that define a name."""
        folder, kind, name = self._folder(place.folder), reference["kind"], reference["name"]
        attribute = reference["attribute"] or ""
        if reference["data"]:
            return self._resource(place, ("data", kind, name))
        if kind == "local":
            return [_Part(place, text_of_argument(folder.local[name]))] if name in folder.local else ()
        if kind == "var":
            return self._variable(place, name)
        return (
            self._module(place, name, attribute)
            if kind == "module"
            else self._resource(place, (kind, name, attribute))
        )

    def _block(self, place: _Place, names: Names) -> Block | None:
        """Return the block of a resource or data source by its address."""
        mode, kind, name = (*(names if names[:1] == ("data",) else ("resource", *names)), "", "")[:3]
        return self._folder(place.folder).resources.get((mode, kind, name))

    def _resource(self, place: _Place, names: Names) -> Iterator[_Part]:
        """Yield what an attribute of a resource depends on, or all of a data source.

        An argument is what the code sets. What AWS sets, such as an ARN, stays the same if the body changes, but not with
        another provider.
        """
        block = self._block(place, names)
        if block is None:
            return
        attribute = names[2] if len(names) > 2 and block.kind == "resource" else ""
        arguments = block.body.arguments
        if attribute in arguments:
            chosen = (attribute, *(name for name in ("for_each", "count") if name in arguments))
            yield from (_Part(place, text_of_argument(arguments[name])) for name in chosen)
        elif _is_set_by_aws(block.labels[0], attribute):
            yield from self._provider(place, block)
        else:
            yield from self._whole(place, block)

    def _whole(self, place: _Place, block: Block) -> Iterator[_Part]:
        yield _Part(place, text_of_block(block, _NO_VALUE if block.kind == "resource" else frozenset()))
        yield from self._provider(place, block)

    def _provider(self, place: _Place, block: Block) -> Iterator[_Part]:
        """Yield the settings of the provider of a resource or data source."""
        name, alias = provider_of(block)
        yield from self._settings(place, (name, alias.partition("[")[0]))

    def _settings(self, place: _Place, name: ProviderName) -> Iterator[_Part]:
        """Yield the settings of a provider, which a caller may pass to a module under another name."""
        block = self._folder(place.folder).providers.get(name)
        if block is not None:
            yield _Part(place, text_of_block(block, _NO_PLACE))
        elif place.caller is not None and place.call is not None:
            yield from self._settings(place.caller, (passed_names(place.call) or {}).get(name, name))
        elif place.unit is not None:
            texts = (text for one in self._configurations(place.unit) for text in generating_in(one))
            yield from (_Part(place, text) for text in texts)

    def _configured(self, root: Root, name: ProviderName) -> Iterator[_Part]:
        """Yield the settings of a provider with an alias, which the root declares, or one of its modules."""
        for place in self._places(_Place(root.folder, unit=root.unit)):
            block = self._folder(place.folder).providers.get(name)
            if block is not None:
                yield _Part(place, text_of_block(block, _NO_PLACE))

    def _variable(self, place: _Place, name: str) -> Iterator[_Part]:
        """Yield the value of a variable, by the caller or a file, or else its default."""
        folder = self._folder(place.folder)
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
            yield from (_Part(place, canonical(text)) for text in self._configurations(place.unit))
        elif place.caller is None:
            yield from (_Part(place, text) for text in self._callers(place.folder))

    def _configurations(self, unit: Path) -> Iterator[str]:
        """Yield the configurations of a Terragrunt unit, and those above it, which it may include."""
        above = {absolute(one) for one in (unit, *unit.absolute().parents)}
        for file, text in self._texts.items():
            if file.endswith(CONFIGURATION) and absolute(Path(file).parent) in above:
                yield text

    def _callers(self, folder: Path) -> Iterator[str]:
        """Yield the files that call a module of which only the folder is known."""
        own = absolute(folder)
        for file, text in self._texts.items():
            if file.endswith(HCL) and any(absolute(one) == own for one in called_by(Text(Path(file), text))):
                yield canonical(text)

    def _module(self, place: _Place, name: str, output: str) -> Iterator[_Part]:
        """Yield an output of a local module, or the call of another module."""
        block = self._folder(place.folder).modules.get(name)
        if block is None:
            return
        called = self._called(place, name)
        if called is None:
            yield _Part(place, text_of_block(block))
            return
        outputs = (
            [output] if output in self._folder(called.folder).outputs else self._folder(called.folder).outputs
        )
        for one in outputs:
            yield from self._output(called, one)

    def _output(self, place: _Place, name: str) -> Iterator[_Part]:
        block = self._folder(place.folder).outputs.get(name)
        value = None if block is None else block.body.arguments.get("value")
        yield from () if value is None else [_Part(place, text_of_argument(value))]


def _names_of(address: str) -> Names:
    """Return the names of an address without keys; empty for other texts."""
    return tuple(one.name for one in split(address))


def _is_set_by_aws(kind: str, attribute: str) -> bool:
    is_of_aws = kind.startswith(("aws_", "awscc_")) and kind != _ACCOUNT
    return is_of_aws and _SET_BY_AWS.match(attribute) is not None
