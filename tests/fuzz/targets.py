"""The fuzz targets: each is named after the property that it holds, and takes the bytes of one readable file.

A target raises AssertionError for an input that breaks its property. Everything else that it raises breaks it, too.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import answers, reading
from tests.fuzz.mutate import mutated_case, mutated_text

CORPUS = Path(__file__).parent / "corpus"
Hold = Callable[[bytes, Path], None]
Mutate = Callable[[bytes, random.Random], bytes]


class Target(NamedTuple):
    """A property, and how its inputs change. ``hold`` takes an input and an empty folder to work in."""

    name: str
    hold: Hold
    mutate: Mutate = mutated_text

    def seeds(self) -> list[Path]:
        """The inputs in the repository: samples, and earlier finds."""
        return sorted((CORPUS / self.name).iterdir())


def _targets() -> dict[str, Target]:
    files = (Target(f"{name}_never_raises", file.hold) for name, file in reading.FILES.items())
    others = (
        Target("no_pattern_of_paths_raises", reading.patterns),
        Target("a_receipt_round_trips", reading.receipt),
        Target("a_journal_round_trips", reading.journal),
        Target("a_report_round_trips", reading.report),
        Target("no_format_emits_a_control_character", reading.formats),
        Target("the_evaluators_agree", answers.evaluators_agree, mutated_case),
        Target("a_witness_is_allowed_and_none_means_none", answers.witnesses, mutated_case),
        Target("a_diff_is_empty_iff_equivalent", answers.diff, mutated_case),
        Target("a_safe_fix_is_valid_and_adds_no_principal", answers.fix, mutated_case),
        Target("a_symbolic_answer_holds_for_all_values", answers.symbolic, mutated_case),
    )
    return {target.name: target for target in (*files, *others)}


TARGETS = _targets()
