"""Finds the CDK apps of a run of which a synthesized policy for Amazon Connect was read.

CDK writes the templates of an app to the folder `cdk.out` beside its `cdk.json`.
https://docs.aws.amazon.com/cdk/v2/guide/configure-synth.html
"""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


_OUTPUT, _APP = "cdk.out", "cdk.json"


def synthesized_apps(read: Iterable[str]) -> frozenset[str]:
    """Return the folders of the apps that files were synthesized from; ``read`` and the result are full paths."""
    return frozenset(
        str(PurePath(*path.parts[: path.parts.index(_OUTPUT)]))
        for path in map(PurePath, read)
        if _OUTPUT in path.parts
    )


def is_synthesized(code: str, apps: frozenset[str]) -> bool:
    """True for a file in one of the apps, but not in an app of its own below it."""
    for folder in map(str, PurePath(code).parents) if apps else ():
        if folder in apps:
            return True
        if os.path.isfile(os.path.join(folder, _APP)):  # noqa: PTH113, PTH118 - never raises
            return False
    return False
