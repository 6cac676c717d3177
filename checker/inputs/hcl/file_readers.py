"""Which modules seem to read a file by `file` or `templatefile`: they have a text that its path may end with.

Only the text is looked at, not parsed: a module that is found too often is judged once more, and no more.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from checker.inputs.hcl.folder import NEAR, absolute, read_texts, with_called

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.hcl.folder import Text

_QUOTED = re.compile(r'"((?:\$\{[^}\n]*\}|[^"\n]){1,300})"')
_OPEN = re.compile(r"\$\{[^}]*\}|%\{[^}]*\}|\*+")
"""The parts of a path that differ from use to use: interpolations, and the wildcards of `fileset`."""


def readers_of(path: Path, top: Path) -> Iterator[Path]:
    """Give a file of each Terraform module that may read a file, itself or in a module that it calls.

    What is read lies in the folder of the module or of its root, or below.
    """
    full = absolute(path)
    for distance, above in enumerate(Path(full).parents):
        if distance >= NEAR and not above.is_relative_to(top):
            return
        folder = Path(os.path.relpath(above))
        texts = read_texts(folder, [])
        if any(_mentions(one, full) for one in with_called(folder, texts, [])):
            yield texts[0].path


def _mentions(text: Text, full: str) -> bool:
    ending = Path(full).suffix or Path(full).name
    if ending not in text.text:
        return False
    found = (match[1].strip("\\") for match in _QUOTED.finditer(text.text) if ending in match[1])
    return any(_may_lead_to(one, full) for one in found)


def _may_lead_to(literal: str, full: str) -> bool:
    """True for a text that the path of a file may end with, whatever its interpolations stand for."""
    fixed = _OPEN.split(literal.removeprefix("./"))
    if not fixed[-1].strip("./"):
        return False  # nothing but an interpolation
    return re.search(rf"(?:^|/){'.*'.join(map(re.escape, fixed))}$", full) is not None
