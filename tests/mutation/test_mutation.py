"""The mutants of small texts, a mutant in a running process, and a list of equivalents without old entries."""

from __future__ import annotations

import sys

import pytest

from tests.mutation.equivalent import equivalents
from tests.mutation.install import import_mutated, module_name, replace_code
from tests.mutation.mutants import ROOT, Mutant, files_of, is_in_function, mutants_of
from tests.mutation.session import Child

MUTANTS = {
    "def f(a): return a < 1": [
        "return a < 1 -> return None",
        "return a < 1 -> return a <= 1",
        "return a < 1 -> return a >= 1",
        "return a < 1 -> return a < 2",
    ],
    "def f(a, b):\n    if a and not b:\n        g()": [
        "a and (not b) -> a or not b",
        "a and (not b) -> not (a and (not b))",
        "a and (not b) -> a and b",
        "g() -> pass",
    ],
    "def f(a):\n    yield from (b for b in a if b)": [
        "yield from (b for b in a if b) -> yield from ()",
        "yield from (b for b in a if b) -> yield from (b for b in a if not b)",
        "yield from (b for b in a if b) -> yield from (b for b in a if True)",
    ],
    "def f(a):\n    for b in a:\n        continue": ["continue -> break", "continue -> pass"],
    "A = f'{b} of {c} or {d}'": ["A = f'{b} of {c} or {d}' -> A = f'{b}~ of ~{c} or {d}'"],
    "A = max(b, c) | True": [
        "A = max(b, c) | True -> A = max(b, c) & True",
        "A = max(b, c) | True -> A = min(b, c) | True",
        "A = max(b, c) | True -> A = max(b, c) | False",
    ],
    "def f():\n    raise E\n    raise E": ["raise E -> pass", "raise E -> pass #2"],
    '"""Text."""\nimport a\nif TYPE_CHECKING:\n    B = 1\ndef f(a: "A") -> "B":\n    """Text."""\n    assert a': [],
    "def f(a: B) -> C | None:\n    return cast('D', a)": ["return cast('D', a) -> return None"],
    "def f(a: B) -> C:\n    return [*zip(a, strict=True)]": [],
}


@pytest.mark.parametrize("source", MUTANTS)
def test_each_mistake_is_made_once(source: str) -> None:
    assert [one.change for one in mutants_of("a.py", source)] == MUTANTS[source]


def test_the_body_of_a_function_is_told_from_what_an_import_executes() -> None:
    source = "A = 1\nclass B:\n    c = 2\n    def d(self, e=3):\n        return lambda: 4\n"
    inside = [one.change for one in mutants_of("a.py", source) if is_in_function(one)]
    assert inside == ["return lambda: 4 -> return None", "return lambda: 4 -> return lambda: 5"]


FILE = "checker/policy/wildcard.py"
CHANGE = "return '*' in pattern or '?' in pattern -> return '*' in pattern and '?' in pattern"


def mutant(change: str) -> Mutant:
    (found,) = (one for one in mutants_of(FILE, (ROOT / FILE).read_text()) if one.change == change)
    return found


def test_functions_are_changed_wherever_they_are_referred_to() -> None:
    from checker.policy.wildcard import is_wild

    def work() -> str:
        assert replace_code(mutant(CHANGE)) == 1
        return str(is_wild("a*"))

    assert Child(work).wait() == "False"
    assert is_wild("a*") is True


def test_a_module_is_imported_with_its_change() -> None:
    def work() -> str:
        del sys.modules[module_name(FILE)]
        import_mutated(mutant(CHANGE))
        from checker.policy.wildcard import is_wild

        return str(is_wild("a*"))

    assert Child(work).wait() == "False"


@pytest.mark.parametrize("file", sorted({file for file, _, _ in equivalents()}))
def test_equivalents_are_mutants_and_have_a_reason(file: str) -> None:
    keys = {one.key for one in mutants_of(file, (ROOT / file).read_text())}
    assert {key for key in equivalents() if key[0] == file} <= keys
    assert all(reason for key, reason in equivalents().items() if key[0] == file)


def test_packages_have_files() -> None:
    assert all(files_of(package) for package in ("iam", "policy", "fixes", "rules"))
