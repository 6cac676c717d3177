"""Flags of `os.open` that some operating systems lack; a missing flag is replaced by one without effect."""

from __future__ import annotations

import os

BINARY: int = getattr(os, "O_BINARY", 0)
DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)
NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
PATH: int = getattr(os, "O_PATH", os.O_RDONLY)
