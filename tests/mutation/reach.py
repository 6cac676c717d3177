"""Measures which tests execute which lines of the packages, and how long each takes."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import coverage

from tests.mutation.mutants import PACKAGES, ROOT, Mutant, files_of, is_in_function
from tests.mutation.session import Session, collect

SLOW = 10.0
_IMPORT = ""


class Reach(NamedTuple):
    """``seconds`` of each test that passes; ``lines`` has the tests for each line, "" for what an import executes."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]

    def is_fresh(self, mutant: Mutant) -> bool:
        """True if a change has an effect when its module is imported, so that it needs a new process."""
        return not is_in_function(mutant) or _IMPORT in self._tests(mutant)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Return the tests that execute a change, the quickest first; all tests if importing executes it."""
        own = self.seconds if self.is_fresh(mutant) else self._tests(mutant)
        return sorted((name for name in own if name in self.seconds), key=lambda name: self.seconds[name])

    def _tests(self, mutant: Mutant) -> set[str]:
        lines = self.lines.get(mutant.file, {})
        return {name for line in range(mutant.line, mutant.last + 1) for name in lines.get(line, ())}


def measure(paths: Sequence[str], kept: Path) -> str:
    """Run the tests once, write what they reach, and return how many there are. Tests that are in the file already are not run again."""
    product = _digest(path for folder in ("checker", "rules") for path in (ROOT / folder).rglob("*.py"))
    before = json.loads(kept.read_text()) if kept.exists() else {}
    known = _named(before) if before.get("product") == product else {"tests": {}, "lines": {}}
    tests = [file for path in paths for file in sorted((ROOT / path).rglob("test_*.py")) or [ROOT / path]]
    digests = {path.relative_to(ROOT).as_posix(): _digest([path]) for path in tests}
    if set(digests.items()) <= {
        (name.partition("::")[0], entry[0]) for name, entry in known["tests"].items()
    }:
        return "as before"
    recorder = coverage.Coverage(data_file=None, config_file=False, include=_included(), messages=False)
    recorder.start()

    def run(session: Session) -> None:
        digests = {
            path: _digest([ROOT / path]) for path in {name.partition("::")[0] for name in session.items}
        }
        for name, item in session.items.items():
            digest = digests[name.partition("::")[0]]
            if known["tests"].get(name, ["", 0])[0] == digest:
                continue
            _forget()
            recorder.switch_context(name)
            began, session.failed = time.process_time(), ""
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            seconds = round(time.process_time() - began, 4)
            known["tests"][name] = [digest, None if session.failed else seconds]
        recorder.switch_context("")

    session = collect(paths, run)
    assert session.items, "no test was collected"
    recorder.stop()
    gone = {name for name in known["tests"] if name.startswith(tuple(paths))} - set(session.items)
    known["tests"] = {name: entry for name, entry in known["tests"].items() if name not in gone}
    _add_lines(known["lines"], recorder.get_data())
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"product": product, **_numbered(known)}))
    return str(len(session.items))


def _forget() -> None:
    """Empty the caches of functions, so that a test reaches the code behind them even if another did so before."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("checker", "tests"):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):  # noqa: SLF001 # it has no public name
                    value.cache_clear()


def read_reach(kept: Path, paths: Sequence[str]) -> Reach:
    """Read what was measured; tests that are slow, or fail without a mutant, are left out."""
    entries = _named(json.loads(kept.read_text()))
    own = {name: entry[1] for name, entry in entries["tests"].items() if name.startswith(tuple(paths))}
    seconds = {name: value for name, value in own.items() if value is not None and value < SLOW}
    lines = {
        file: {int(line): names for line, names in table.items()} for file, table in entries["lines"].items()
    }
    return Reach(seconds, lines)


def _numbered(known: dict[str, Any]) -> dict[str, Any]:
    """Write the number of a test instead of its name, as most lines have thousands."""
    names = [_IMPORT, *known["tests"]]
    numbers = {name: number for number, name in enumerate(names)}
    lines = {
        file: {line: [numbers[name] for name in names if name in numbers] for line, names in table.items()}
        for file, table in known["lines"].items()
    }
    return {"tests": known["tests"], "lines": lines}


def _named(kept: dict[str, Any]) -> dict[str, Any]:
    names = [_IMPORT, *kept["tests"]]
    lines = {
        file: {line: [names[number] for number in numbers] for line, numbers in table.items()}
        for file, table in kept["lines"].items()
    }
    return {"tests": kept["tests"], "lines": lines}


def _add_lines(lines: dict[str, dict[str, list[str]]], data: coverage.CoverageData) -> None:
    for path in data.measured_files():
        table = lines.setdefault(Path(path).relative_to(ROOT).as_posix(), {})
        for line, names in data.contexts_by_lineno(path).items():
            table[str(line)] = sorted({*table.get(str(line), ()), *names})


def _included() -> list[str]:
    return [str(ROOT / file) for package in PACKAGES for file in files_of(package)]


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
