"""A look for vulnerabilities passes only if the service answered for every version."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.check_advisories import result

CLEAN = {"name": "six", "version": "1.17.0", "vulns": []}
BAD = {
    "name": "zipp",
    "version": "4.1.2",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["4.1.3", "5.0"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
SKIPPED = {"name": "attrs", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("answers", "code", "lines"),
    [
        ([CLEAN], 0, ["0 known vulnerabilities, 1 of 1 versions looked up"]),
        (
            [CLEAN, BAD],
            1,
            [
                "zipp 4.1.2: PYSEC-1, fixed in 4.1.3 or 5.0",
                "zipp 4.1.2: PYSEC-2, fixed in no version",
                "2 known vulnerabilities, 2 of 2 versions looked up",
            ],
        ),
        (
            [CLEAN, SKIPPED],
            3,
            ["not known: the advisory service did not answer for attrs", "1 of 2 versions looked up"],
        ),
        (
            [{**SKIPPED, "name": name} for name in "dcba"],
            3,
            [
                "not known: the advisory service did not answer for a, b, c, ...",
                "0 of 4 versions looked up",
            ],
        ),
        ([], 3, ["not known: no version was looked up"]),
    ],
)
def test_only_a_complete_answer_passes(answers: list[dict[str, Any]], code: int, lines: list[str]) -> None:
    assert result(answers) == (lines, code)


def test_a_vulnerability_counts_beside_what_is_not_known() -> None:
    assert result([SKIPPED, BAD])[1] == 1
