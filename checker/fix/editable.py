"""Which files a fix may edit: those that the user named, that people write, and that serve one environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checker.fix.edits import CannotEditError
from checker.fix.generated import generator_of
from checker.fix.shared import Environments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.inputs.snapshot import Snapshot
    from checker.policy.source import Source

Check = Callable[["Source"], None]
"""Raises CannotEditError for a file that is not to be edited, with the reason."""


class SharedCodeError(CannotEditError):
    """The code serves several environments; ``name`` is what an instance ARN is, or may be, called in it."""

    def __init__(self, reason: str, name: str) -> None:
        super().__init__(reason)
        self.name = name


def anything(_: Source) -> None:
    """Allow every edit: that of a live policy."""


def own_code(paths: Sequence[Path]) -> Check:
    """Refuse what a tool writes, and what serves several environments."""
    environments = Environments(paths)

    @cache  # a fix asks again for the statement that it shows, and so does every other fix of the file
    def refused(source: Source) -> CannotEditError | None:
        return _refused(source, environments)

    def check(source: Source) -> None:
        if (error := refused(source)) is not None:
            raise error

    return check


def _refused(source: Source, environments: Environments) -> CannotEditError | None:
    """The reason not to edit a file: a tool writes it, or it serves several environments."""
    generator = generator_of(source)
    if generator is not None:
        told = f"`{source.name}` is written by {generator.by}; {generator.instead}"
        if generator.is_shared or environments.of(source):
            return SharedCodeError(told, environments.instance_name(source))
        return CannotEditError(told)
    if environment := environments.of(source):
        name = environments.instance_name(source)
        told = f"`{source.name}` serves several environments: {environment}; let each of them set `{name}`"
        return SharedCodeError(told, name)
    if reason := environments.of_reader(source):
        told = f"a module that serves several environments reads `{source.name}`: {reason}"
        return CannotEditError(f"{told}; let the module render it with `templatefile`")
    return None


def editable(paths: Sequence[Path], snapshot: Snapshot) -> Check:
    """Refuse these, and what is neither one of the paths that the user named nor below one.

    A link is followed to a file below the folder that was named, or beside or below a file that was named. One
    that leads elsewhere is refused, with the file to name instead: a repository could hold a link to any file.
    """
    named = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - links are not followed
    trees = [os.path.realpath(path if os.path.isdir(path) else path.parent) for path in paths]  # noqa: PTH112
    check_own = own_code(paths)

    def check(source: Source) -> None:
        check_own(source)
        name = source.name
        path = os.path.abspath(name)  # noqa: PTH100 - as above
        if not any(Path(path).is_relative_to(one) for one in named):
            raise CannotEditError(f"it stands in `{name}`, which was not named")
        if path not in snapshot:
            raise CannotEditError(f"`{name}` was moved while it was being read")
        real = snapshot[path].path
        if not any(Path(real).is_relative_to(tree) for tree in trees):
            raise CannotEditError(
                f"`{name}` leads through a link to `{real}`, outside the named paths; name that file to fix it"
            )

    return check
