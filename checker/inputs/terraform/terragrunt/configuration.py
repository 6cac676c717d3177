"""Evaluates one configuration of Terragrunt: its locals, includes and dependencies.

https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.unknown import ANY, Unknown
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Attribute, Scope, written
from checker.inputs.terraform.hcl.limits import TOO_MUCH
from checker.inputs.terraform.hcl.values import mapping, placed, symbolic, text, truth, unknown, wrong
from checker.inputs.terraform.terragrunt.functions import Place, call_function
from checker.inputs.terraform.terragrunt.inputs import Inputs, deep, inputs_of, shallow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from checker.inputs.sensitive import Secrets
    from checker.inputs.terraform.hcl.body import Argument, Block
    from checker.inputs.terraform.hcl.expression import Step
    from checker.inputs.terraform.hcl.limits import Budget
    from checker.inputs.terraform.terragrunt.files import Parsed
    from checker.inputs.terraform.terragrunt.state import UnitState
    from checker.policy.node import Node, Span


NOT_KNOWN = "not known before deployment"
_DEEPEST = 10
"""Maximum number of configurations that read each other; Terragrunt's own limit is the stack of the process."""
_COST = 50
"""The steps of a call that looks at the file system."""
_OTHERS = ("terraform", "dependency", "generate", "remote_state", "iam_role", "feature", "exclude", "skip")
"""Parts of another configuration that are not evaluated."""


class Include(NamedTuple):
    """An `include` block, with the configuration that it includes."""

    name: str
    strategy: str
    is_exposed: bool
    configuration: Configuration


class Configuration:
    """A configuration in its context; each value is evaluated once.

    ``caller`` is the file that `get_terragrunt_dir` and `find_in_parent_folders` start from: the unit's for a
    configuration that it includes. ``included`` are the included configurations, and raise InputError if they
    cannot be read. ``chain`` are the files that read this one.
    """

    def __init__(
        self, state: UnitState, parsed: Parsed, caller: Path | None = None, chain: tuple[Path, ...] = ()
    ) -> None:
        self.state = state
        self.parsed = parsed
        self.is_included = caller is not None
        self.caller = caller or parsed.path
        self.chain = (*chain, parsed.path)
        self.scope = Scope(self, {})
        self._known: dict[object, Node] = {}
        self._includes: tuple[Include, ...] | None = None
        self._locals: dict[str, Argument] = {
            name: one for block in parsed.body.blocks("locals") for name, one in block.body.arguments.items()
        }

    @property
    def budget(self) -> Budget:
        """Return the remaining evaluation budget."""
        return self.state.budget

    @property
    def secrets(self) -> Secrets:
        """Return the sensitive values of the unit."""
        return self.state.secrets

    @property
    def opened(self) -> set[str]:
        """Return the files that functions read."""
        return self.state.opened

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return the base folder of paths, which is that of the file, and the repository, in which files are read."""
        return self.state.files.named(self.parsed.path.parent), self.state.files.top

    @property
    def place(self) -> Place:
        """Return the folders that the functions for paths start from."""
        included = self.parsed.path if self.is_included else None
        return Place(self.caller.parent, self.state.unit, included, self.include_paths)

    def include_paths(self) -> Mapping[str, Path]:
        """Return the files of the included configurations, by name."""
        return {one.name: one.configuration.parsed.path for one in self.includes}

    @property
    def includes(self) -> tuple[Include, ...]:
        """Return the included configurations. Raises InputError."""
        if self._includes is None:
            self._includes = ()  # breaks the cycle while their own arguments are evaluated
            self._includes = tuple(map(self._included, self.parsed.body.blocks("include")))
        return self._includes

    def _included(self, block: Block) -> Include:
        name = block.labels[0] if block.labels else ""
        path = self._path_of(block)
        if self.is_included:
            raise self.error(
                "an included configuration includes another, which Terragrunt does not allow", block
            )
        try:
            inner = Configuration(self.state, self.state.read(path), self.caller, self.chain)
        except InputError as error:
            raise error if self.state.files.contains(path) else self.error(error.reason, block) from None
        return Include(name, self._strategy(block), self._is_exposed(block), inner)

    def _path_of(self, block: Block) -> Path:
        argument = block.body.arguments.get("path")
        path = text(evaluate(argument.expression, self.scope)) if argument is not None else None
        if not isinstance(path, str) or "\0" in path:
            reason = path.described if isinstance(path, Unknown) else "`path` is missing"
            raise self.error(f"the included configuration is not known: {reason}", block)
        found = self.resolve(path)
        if not os.path.isfile(found):  # noqa: PTH113 - never raises
            raise self.error(f"no such file: `{self.state.shown(found)}`", block)
        return found

    def _strategy(self, block: Block) -> str:
        argument = block.body.arguments.get("merge_strategy")
        found = text(evaluate(argument.expression, self.scope)) if argument is not None else "shallow"
        if found not in ("no_merge", "shallow", "deep"):
            raise self.error("`merge_strategy` is not `no_merge`, `shallow` or `deep`", block)
        return str(found)

    def _is_exposed(self, block: Block) -> bool:
        argument = block.body.arguments.get("expose")
        return argument is not None and truth(evaluate(argument.expression, self.scope)) is True

    def error(self, reason: str, block: Block) -> InputError:
        """Make an error at a block."""
        return InputError(self.parsed.source.name, reason, block.header.position())

    def resolve(self, path: str) -> Path:
        """Return the full path of a file that is relative to the calling configuration."""
        return Path(os.path.normpath(self.caller.parent / path))

    @property
    def inputs(self) -> Inputs:
        """Return the inputs, merged with those of the included configurations. Raises InputError."""
        argument = self.parsed.body.arguments.get("inputs")
        found = inputs_of(evaluate(argument.expression, self.scope)) if argument is not None else Inputs({})
        for one in reversed(self.includes):
            if one.strategy != "no_merge":
                merge = deep if one.strategy == "deep" else shallow
                found = merge(one.configuration.inputs, found)
        return found

    def merged(self) -> Iterator[Configuration]:
        """Yield the configurations whose blocks are merged, each before those that override it. Raises InputError."""
        for one in self.includes:
            if one.strategy != "no_merge":
                yield one.configuration
        yield self

    def once(self, what: object, at: Span, make: Callable[[], Node]) -> Node:
        """Evaluate a value on first use; a value that refers to itself is unknown."""
        if what not in self._known:
            self._known[what] = unknown("it refers to itself", at, str(what))
            self._known[what] = make()
        return self._known[what]

    def refer(self, name: str, steps: tuple[Step, ...], at: Span) -> tuple[Node, int]:
        """Resolve the beginning of a reference; return the value and the number of steps used."""
        names = [one.name if isinstance(one, Attribute) else "" for one in steps[:3]]
        if name == "local" and names and names[0]:
            return placed(self.local(names[0], at), at), 1
        if name == "include":
            return self._exposed(names, at)
        if name == "dependency" and names[1:2] == ["outputs"]:
            return self._output(names, at)
        if name in ("values", "feature") and names and names[0]:
            symbol = self.state.symbol(f"{name}.{names[0]}", ANY, self.state.shown(self.parsed.path))
            return symbolic(Unknown(NOT_KNOWN, symbol.name, (symbol,)), at), 1
        return unknown(NOT_KNOWN, at, written(at)), len(steps)

    def _output(self, names: Sequence[str], at: Span) -> tuple[Node, int]:
        """Return an output of another unit, which is a symbol; its mock outputs are only for `terragrunt plan`.

        https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#dependency
        """
        used = 3 if len(names) == 3 and names[2] else 2
        symbol = self.state.symbol(".".join(("dependency", *names[:used])), ANY, self._unit_behind(names[0]))
        return symbolic(Unknown("an output of another unit", symbol.name, (symbol,)), at), used

    def _unit_behind(self, name: str) -> str:
        """Return the folder of a dependency; one name may stand for several, in configurations that are read."""
        for block in self.parsed.body.blocks("dependency"):
            argument = block.body.arguments.get("config_path")
            if block.labels == (name,) and argument is not None:
                path = text(evaluate(argument.expression, self.scope))
                return self.state.shown(self.resolve(path) if isinstance(path, str) else self.parsed.path)
        return ""

    def _exposed(self, names: Sequence[str], at: Span) -> tuple[Node, int]:
        """Return an included configuration; the only one, without a label, is `include` itself."""
        try:
            found = {one.name: one for one in self.includes}
        except InputError as error:
            return unknown(error.reason, at, written(at)), len(names)
        used = 0 if list(found) == [""] else 1
        one = found.get("" if used == 0 else (names or [""])[0])
        if one is None or not one.is_exposed:
            return wrong("no such include, or it does not set `expose`", at, written(at)), len(names)
        return one.configuration.as_object(at), used

    def local(self, name: str, at: Span) -> Node:
        """Return ``local.name``."""
        argument, where = self._locals.get(name), f"local.{name}"
        if argument is None:
            return wrong("not declared", at, where)
        return self.once(where, at, lambda: evaluate(argument.expression, self.scope))

    def as_object(self, at: Span) -> Node:
        """Return the parts that other configurations may refer to: `locals` and `inputs`; others are unknown."""
        return self.once("configuration", at, lambda: self._as_object(at))

    def _as_object(self, at: Span) -> Node:
        values = mapping([(name, self.local(name, at)) for name in self._locals], at)
        others = [
            (name, unknown(f"`{name}` of another configuration is not evaluated", at)) for name in _OTHERS
        ]
        try:
            inputs = self.inputs.as_object(at)
        except InputError as error:
            inputs = unknown(error.reason, at)
        return mapping([("locals", values), ("inputs", inputs), *others], at)

    def call(self, name: str, arguments: Sequence[Node], at: Span) -> Node | None:
        """Call a function of Terragrunt."""
        if not self.budget.spend(_COST):
            return unknown(TOO_MUCH, at, written(at))
        if name == "read_terragrunt_config":
            return self._read(arguments, at)
        try:
            return call_function(name, arguments, at, self.place, self.state)
        except InputError as error:
            return unknown(error.reason, at, written(at))

    def _read(self, arguments: Sequence[Node], at: Span) -> Node:
        """Evaluate another configuration, relative to its own folder.

        https://terragrunt.gruntwork.io/docs/reference/hcl/functions/#read_terragrunt_config
        """
        given = text(arguments[0]) if arguments else None
        if not isinstance(given, str) or "\0" in given:
            why = given if isinstance(given, Unknown) else Unknown("not the name of a file")
            return unknown(why, at)
        path = self.resolve(given)
        if not os.path.isfile(path) and self.state.files.contains(path):  # noqa: PTH113 - never raises
            return arguments[1] if len(arguments) > 1 else wrong("no such file", at, self.state.shown(path))
        if path in self.chain or len(self.chain) > _DEEPEST:
            return unknown("configurations read each other", at, written(at))
        try:
            return Configuration(self.state, self.state.read(path), None, self.chain).as_object(at)
        except InputError as error:
            return unknown(error.reason, at, error.what)

    def is_any(self, _node: Node) -> bool:
        """Return false: there are no resources."""
        return False

    def attribute(self, _node: Node, _name: str) -> Node | None:
        """Return ``None``: there are no resources and modules."""
        return None
