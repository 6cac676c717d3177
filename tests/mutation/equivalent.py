"""Mutants that no test can kill, each with the reason."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

from tests.mutation.mutants import Mutant

LIST = Path(__file__).parent / "equivalent.yaml"


@functools.cache
def equivalents() -> dict[tuple[str, str, str], str]:
    """Read the reasons, by file, function and change, which stay the same when lines move."""
    given: list[dict[str, Any]] = yaml.safe_load(LIST.read_text()) or []
    return {
        (entry["file"], entry["function"], change): entry["reason"]
        for entry in given
        for change in entry["changes"]
    }


def reason_of(mutant: Mutant) -> str:
    """Return why a mutant is equivalent; empty if it is not."""
    return equivalents().get(mutant.key, "")
