"""Reads a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.facts import Facts
    from checker.inputs.text import TextDocument


def read_template(path: Path, document: TextDocument, facts: Facts) -> None:
    """Read a template into the facts' declarations."""
    raise NotImplementedError
