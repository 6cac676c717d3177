"""The revision of the code that a long job has tried, for its record."""

from __future__ import annotations

import subprocess

from tests.samples import TESTS

ROOT = TESTS.parent


def revision(*tests: str) -> str:
    """The commit of the code, with `+` if files of the code, or of the job's ``tests``, differ from it."""
    head = _git("rev-parse", "--short=12", "HEAD")
    return f"{head}+" if _git("status", "--porcelain", "--", "checker", "rules", *tests) else head


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
