"""Declares the resources of a root again only if a block that they depend on changed, for a process with a memory.

A reference has the type and the name of a block as words, so that a block depends at most on those whose words it has,
directly or not. Blocks are parsed once for a text, so that an unchanged block is the same object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.reading_memory import keep_made, made_before, remembered
from checker.inputs.terraform.hcl.body import Argument
from checker.inputs.terraform.module.session import Deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from checker.inputs.declared import Declarations
    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module.session import Called

_WORDS = pattern(r"[A-Za-z_][\w-]*")
_OTHERS = frozenset(("module", "count", "for_each", "dynamic", "sensitive", "templatefile", "fileset"))
"""Words of blocks that are declared each time: their values depend on more than other blocks, or hide texts. So do those
with a word that begins like the functions that read files."""
_DOCUMENT = "aws_iam_policy_document"


class _Declared(NamedTuple):
    """What a block declared, by the name of the list, with the steps that this took, and all that it depends on."""

    added: Mapping[str, tuple[object, ...]]
    steps: int
    depends_on: tuple[object, ...]


class RememberedBlocks:
    """The blocks of one module, by the words that references to them have."""

    def __init__(self, module: Called, found: Declarations) -> None:
        self.module = module
        self.found = found
        self.is_possible = module.given is None and module.session.deployment == Deployment()
        self.by_word: dict[str, list[tuple[str, Block | Argument]]] = {}
        for (_, kind, name), block in module.files.resources.items():
            self.by_word.setdefault(name, []).append((kind, block))
        for name, argument in module.files.local.items():
            self.by_word.setdefault(name, []).append(("local", argument))
        for name, block in module.files.variables.items():
            self.by_word.setdefault(name, []).append(("var", block))
        self.shared = tuple(self._shared())
        session = module.session
        self.options = (str(session.root), *sorted(session.variables.items()), *sorted(session.named))

    def _shared(self) -> Iterator[Block | Argument]:
        """Yield what any block may depend on: providers, data sources and the values of variables."""
        files = self.module.files
        yield from files.providers.values()
        yield from files.settings
        yield from files.values.values()
        data = (
            one for (mode, kind, _), one in files.resources.items() if mode == "data" and kind != _DOCUMENT
        )
        yield from data

    def declare(self, block: Block, make: Callable[[], None]) -> None:
        """Declare the resources of a block, or add what it declared before."""
        depends_on = self._dependencies(block)
        if depends_on is None:
            make()
            return
        key = (RememberedBlocks, self.options, tuple(map(id, depends_on)))
        before = made_before(key)
        if isinstance(before, _Declared):
            self._add(before)
            return
        self._record(key, depends_on, make)

    def _add(self, declared: _Declared) -> None:
        for name, added in declared.added.items():
            getattr(self.found, name).extend(added)
        self.module.session.budget.spend(declared.steps)

    def _record(
        self, key: Hashable, depends_on: tuple[Block | Argument, ...], make: Callable[[], None]
    ) -> None:
        """Declare, and remember it unless this did more than to add declarations."""
        lists = {name: len(one) for name, one in vars(self.found).items() if isinstance(one, list)}
        state, left = self._state(), self.module.session.budget.left
        make()
        if self._state() == state:
            added = {
                name: tuple(getattr(self.found, name)[before:])
                for name, before in lists.items()
                if len(getattr(self.found, name)) > before
            }
            keep_made(key, _Declared(added, left - self.module.session.budget.left, depends_on))

    def _state(self) -> tuple[object, ...]:
        """Return what an evaluation changes beside declarations."""
        session = self.module.session
        counted = (
            session.absent,
            session.any_key,
            session.counts,
            session.opened,
            session.faults,
            session.called,
        )
        return (*map(len, counted), session.budget.left > 0)

    def _dependencies(self, block: Block) -> tuple[Block | Argument, ...] | None:
        """Return a block with all that it may depend on; ``None`` if that is more than blocks of the root."""
        if not self.is_possible:
            return None
        found: dict[int, Block | Argument] = {id(block): block}
        waiting: list[Block | Argument] = [block]
        while waiting:
            words = _words_of(waiting.pop())
            if words is None:
                return None
            for one in self._named(words):
                if id(one) not in found:
                    found[id(one)] = one
                    waiting.append(one)
        return (*found.values(), *self.shared)

    def _named(self, words: Iterable[str]) -> Iterator[Block | Argument]:
        for word in words:
            yield from (one for kind, one in self.by_word.get(word, ()) if kind in words)


def _words_of(one: Block | Argument) -> frozenset[str] | None:
    """Return the words of a block or local value; ``None`` if its values may depend on more than other blocks."""
    source, start = one.at.source, one.at.start
    if source.name.endswith(".json"):
        return None
    end = one.expression.at.end if isinstance(one, Argument) else one.at.end
    words = remembered((_words_of, source, start), lambda: frozenset(_WORDS.findall(source.text, start, end)))
    return None if words & _OTHERS or any(word.startswith("file") for word in words) else words
