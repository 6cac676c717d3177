"""`python -m benchmarks.corpus`: how many topics and keys of the corpus are not decided, and why."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.measure import line
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.lint.report import Examined
    from checker.lint.rule import Rule

SETUPS = Path(__file__).parent.parent / "tests" / "corpus" / "setups"


class Target(NamedTuple):
    """A topic or key of a set-up, with the reasons why rules are not decided."""

    kind: str
    setup: str
    name: str
    causes: tuple[str, ...]


def main() -> None:
    """Judge every set-up and print the shares."""
    found = list(targets(SETUPS))
    setups = {one.setup for one in found}
    line("the corpus", f"{len(setups)} set-ups")
    for kind in ("topic", "key"):
        _print_share(kind, [one for one in found if one.kind == kind])
    for (cause, setup), count in sorted(
        Counter((_cause(one), one.setup) for one in found if one.causes).items()
    ):
        line(f"  {setup}, {count}", cause)


def targets(folder: Path) -> Iterator[Target]:
    """Judge the set-ups, each alone, and yield their topics and keys."""
    rules = all_rules()
    for setup in sorted(folder.iterdir()):
        yield from (
            Target(one.kind, setup.name, one.resource, causes_of(one)) for one in _examined(setup, rules)
        )


def _examined(setup: Path, rules: Sequence[Rule]) -> Iterator[Examined]:
    yield from (one for one in judge(load([setup]), rules).examined if one.kind in ("topic", "key"))


def causes_of(target: Examined) -> tuple[str, ...]:
    """Return the reasons why verdicts are not known, each once, without facts that files cannot contain."""
    return tuple(dict.fromkeys(doubt.reason for _, doubt in target.undetermined if doubt.counts))


def _cause(target: Target) -> str:
    """Return the shortest reason: others repeat it with the question that it leaves open."""
    return min(target.causes, key=len)


def _print_share(kind: str, listed: list[Target]) -> None:
    undecided = sum(bool(one.causes) for one in listed)
    line(f"{kind}s not decided", f"{undecided} of {len(listed)}, {undecided / len(listed):.0%}")


if __name__ == "__main__":
    main()
