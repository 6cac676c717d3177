"""An expectation that does not hold."""

from __future__ import annotations


class UnmetError(AssertionError):
    """An expectation of a case does not hold; the text says which, and what there was instead."""
