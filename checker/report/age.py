"""How long ago something was, in words."""

from __future__ import annotations

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def age(seconds: float) -> str:
    """Say how long ago something was."""
    for unit, name in _UNITS:
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'s' * (count != 1)} ago"
    return "less than a minute ago"
