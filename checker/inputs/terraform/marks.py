"""Trees of marks that Terraform puts beside values: true for what is not known yet, or for what is sensitive."""

from __future__ import annotations


def is_marked(marks: object, *path: str | int) -> bool:
    """True for a value that has a mark itself, or stands in one that has."""
    return _beneath(marks, path) is True


def has_marks(marks: object, *path: str | int) -> bool:
    """True for a value that has a mark, stands in one that has, or holds one."""
    waiting = [_beneath(marks, path)]
    while waiting:  # no recursion: the tree may be as deep as the decoder allows
        one = waiting.pop()
        if one is True:
            return True
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return False


def _beneath(marks: object, path: tuple[str | int, ...]) -> object:
    for step in path:
        if marks is True:
            return True
        if isinstance(marks, dict) and isinstance(step, str):
            marks = marks.get(step)
        elif isinstance(marks, list) and isinstance(step, int) and step < len(marks):
            marks = marks[step]
        else:
            return None
    return marks
