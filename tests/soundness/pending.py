"""Tests of soundness that fail on the prover of today; empty it as they pass."""

from __future__ import annotations

PENDING: frozenset[str] = frozenset(())
