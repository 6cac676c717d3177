"""The texts that names in a module stand for: values, blocks and settings, each with the module of its own names."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.inputs.terraform.definition_parts import (
    identifying,
    is_set_by_aws,
    repeating,
    without_other_inputs,
)
from checker.inputs.terraform.definition_text import canonical, generating_in, text_of_argument, text_of_block
from checker.inputs.terraform.module.providers import passed_names, provider_of

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module.providers import ProviderName
    from checker.inputs.terraform.module_tree import ModuleTree, Names, Place


_NO_PLACE = frozenset({"default_tags", "ignore_tags", "max_retries", "retry_mode", "version", "alias"})
"""Settings of providers that do not decide about the account and the Region."""
_NO_VALUE = frozenset(
    {"tags", "tags_all", "lifecycle", "depends_on", "timeouts", "provisioner", "connection"}
)
"""Arguments and blocks of resources that set no attribute."""
MOST_PARTS = 2_000
"""The maximum number of texts of a definition that is compared."""


class Part(NamedTuple):
    """A text of a definition, and the module in which its names are."""

    place: Place
    text: str

    @property
    def key(self) -> tuple[tuple[str, ...], str]:
        """What makes it the same part as another one."""
        return self.place.path, self.text


class NamedParts:
    """The texts behind the names in the modules of one side."""

    def __init__(self, tree: ModuleTree) -> None:
        self._tree = tree

    def named(self, place: Place, reference: re.Match[str]) -> Iterable[Part]:
        """Return the texts that define a name."""
        folder, kind, name = self._tree.content(place), reference["kind"], reference["name"]
        attribute = reference["attribute"] or ""
        if reference["data"]:
            return self.resource(place, ("data", kind, name))
        if kind == "local":
            return [Part(place, text_of_argument(folder.local[name]))] if name in folder.local else ()
        if kind == "var":
            return self._variable(place, name)
        if kind == "module":
            return self.module(place, name, attribute)
        return self.resource(place, (kind, name, attribute))

    def resource(self, place: Place, names: Names) -> Iterator[Part]:
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
                Part(place, text_of_argument(arguments[name])) for name in (attribute, *repeating(arguments))
            )
        elif is_set_by_aws(block.labels[0], attribute):
            yield from (Part(place, text) for text in identifying(arguments))
            yield from self.provider(place, block)
        else:
            yield from self.whole(place, block)

    def whole(self, place: Place, block: Block) -> Iterator[Part]:
        """Yield a block and the settings of its provider."""
        yield Part(place, text_of_block(block, _NO_VALUE if block.kind == "resource" else frozenset()))
        yield from self.provider(place, block)

    def provider(self, place: Place, block: Block, without: frozenset[str] = frozenset()) -> Iterator[Part]:
        """Yield the settings of the provider of a resource or data source."""
        name, alias = provider_of(block)
        yield from self._settings(place, (name, alias.partition("[")[0]), without)

    def _settings(
        self, place: Place, name: ProviderName, without: frozenset[str] = frozenset()
    ) -> Iterator[Part]:
        """Yield the settings of a provider, which a caller may pass to a module under another name."""
        block = self._tree.content(place).providers.get(name)
        if block is not None:
            yield Part(place, text_of_block(block, _NO_PLACE | without))
        elif place.caller is not None and place.call is not None:
            passed = (passed_names(place.call) or {}).get(name, name)
            yield from self._settings(place.caller, passed, without)
        elif place.unit is not None:
            texts = (text for one in self._tree.configurations(place.unit) for text in generating_in(one))
            yield from (Part(place, text) for text in texts)

    def configured(self, root: Place, name: ProviderName) -> Iterator[Part]:
        """Yield the settings of a provider with an alias, which the root declares, or one of its modules."""
        for place in islice(self._tree.below(root), MOST_PARTS):
            block = self._tree.content(place).providers.get(name)
            if block is not None:
                yield Part(place, text_of_block(block, _NO_PLACE))

    def _variable(self, place: Place, name: str) -> Iterator[Part]:
        """Yield the value of a variable, by the caller or a file, or else its default."""
        folder = self._tree.content(place)
        passed = None if place.call is None else place.call.body.arguments.get(name)
        if passed is not None and place.caller is not None and place.call is not None:
            yield Part(place.caller, text_of_argument(passed))
            repeated = place.call.body.arguments.get("for_each")
            yield from () if repeated is None else [Part(place.caller, text_of_argument(repeated))]
        elif place.caller is None and name in folder.values:
            yield Part(place, text_of_argument(folder.values[name]))
        elif name in folder.variables and "default" in folder.variables[name].body.arguments:
            yield Part(place, text_of_argument(folder.variables[name].body.arguments["default"]))
        if place.unit is not None:
            configurations = tuple(self._tree.configurations(place.unit))
            are_read = any(".inputs" in text for text in configurations)  # by another configuration
            shorten = canonical if are_read else partial(without_other_inputs, name=name)
            yield from (Part(place, shorten(text)) for text in configurations)
        elif place.caller is None:
            yield from (Part(place, text) for text in self._tree.callers(place.folder))

    def module(self, place: Place, name: str, output: str) -> Iterator[Part]:
        """Yield an output of a local module, or the call of another module."""
        block = self._tree.content(place).modules.get(name)
        if block is None:
            return
        called = self._tree.called(place, name)
        if called is None:
            yield Part(place, text_of_block(block))
            return
        outputs = self._tree.content(called).outputs
        for one in [output] if output in outputs else outputs:
            yield from self.output(called, one)

    def output(self, place: Place, name: str) -> Iterator[Part]:
        block = self._tree.content(place).outputs.get(name)
        value = None if block is None else block.body.arguments.get("value")
        yield from () if value is None else [Part(place, text_of_argument(value))]

    def call(self, place: Place, name: str) -> Iterator[Part]:
        """Yield a module call, the settings of the providers that it uses, and whether each caller of the module calls it."""
        block = self._tree.content(place).modules[name]
        names = {("aws", ""): ("aws", "")} if (passed := passed_names(block)) is None else passed
        yield Part(place, text_of_block(block))
        yield from (part for own in names.values() for part in self._settings(place, own))
        yield from self._repeated(place)

    def _repeated(self, place: Place) -> Iterator[Part]:
        """Yield how often a module is called, by each call that leads to it."""
        if place.caller is not None and place.call is not None:
            found = place.call.body.arguments
            yield from (Part(place.caller, text_of_argument(found[name])) for name in repeating(found))
            yield from self._repeated(place.caller)
