"""Gives all KMS keys of moto one key pair, since no test signs with it and each takes as long as many calls."""

from __future__ import annotations

from functools import cache
from unittest.mock import patch


def share() -> None:
    """Create the key pair of each key spec once in a process."""
    from moto.kms.utils import generate_private_key

    patch("moto.kms.models.generate_private_key", cache(generate_private_key)).start()
