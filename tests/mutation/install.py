"""Puts a mutant into a process: into functions that exist already, or into a module before it is imported."""

from __future__ import annotations

import ast
import functools
import gc
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, FunctionType, ModuleType

from tests.mutation.mutants import ROOT, Mutant, mutated_tree


def module_name(file: str) -> str:
    """Name the module of a file; `rules` installs inside `checker`."""
    name = file.removesuffix(".py").replace("/", ".")
    return name if name.startswith("checker.") else f"checker.{name}"


def replace_code(mutant: Mutant) -> int:
    """Change the functions of an imported module, wherever they are referred to; return how many.

    Answers that were kept from before are forgotten.
    """
    changed = _changed_codes(mutant)
    count = 0
    gc.unfreeze()  # the tests freeze what exists before them, and frozen objects are not listed
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__ in changed and _is_of(one, mutant):
            one.__code__ = changed[one.__code__]
            count += 1
        elif isinstance(one, functools._lru_cache_wrapper):  # noqa: SLF001 # it has no public name
            one.cache_clear()
    return count


def changes_cells(mutant: Mutant) -> bool:
    """True if a function no longer uses a variable of a function around it, so that its code cannot be replaced."""
    return any(old.co_freevars != new.co_freevars for old, new in _changed_codes(mutant).items())


def _is_of(function: FunctionType, mutant: Mutant) -> bool:
    return function.__code__.co_filename == str(ROOT / mutant.file)


def _changed_codes(mutant: Mutant) -> dict[CodeType, CodeType]:
    source, path = (ROOT / mutant.file).read_text(), str(ROOT / mutant.file)
    before = _codes(compile(ast.parse(source), path, "exec", dont_inherit=True))
    after = _codes(compile(mutated_tree(source, mutant.number), path, "exec", dont_inherit=True))
    return {old: after[place] for place, old in before.items() if place in after and old != after[place]}


def _codes(module: CodeType) -> dict[tuple[str, int, int], CodeType]:
    """Return all functions by name, line and number, as a line may have several lambdas."""
    found: dict[tuple[str, int, int], CodeType] = {}
    seen: Counter[tuple[str, int]] = Counter()
    for code in _below(module):
        place = code.co_qualname, code.co_firstlineno
        found[(*place, seen[place])] = code
        seen[place] += 1
    return found


def _below(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _below(constant)


class MutatedModule(MetaPathFinder):
    """Finds one module with its change, ahead of all other finders."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = module_name(mutant.file)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != self._name:
            return None
        file = str(ROOT / self._mutant.file)
        return importlib.util.spec_from_file_location(
            fullname, file, loader=_Loader(fullname, file, self._mutant)
        )


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        tree = mutated_tree((ROOT / self._mutant.file).read_text(), self._mutant.number)
        return compile(tree, self.path, "exec", dont_inherit=True)


def import_mutated(mutant: Mutant) -> None:
    """Change a module that is not imported yet."""
    assert module_name(mutant.file) not in sys.modules
    sys.meta_path.insert(0, MutatedModule(mutant))
