"""What the formats for code reviews share: paths inside the repository, and fingerprints that last."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import quote

from checker.configuration.baseline import finding_fingerprint, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.report.brief import Entry
    from checker.report.context import Setting


def fingerprints(entries: Sequence[Entry], setting: Setting) -> Iterator[str]:
    """Yield a fingerprint for each entry that later runs repeat, also if lines move; equal ones are numbered."""
    marks = (finding_fingerprint(entry.finding, setting.relative) for entry in entries)
    yield from (mark if number == 1 else f"{mark}:{number}" for mark, number in numbered(marks))


def relative_uri(name: str, setting: Setting) -> str:
    """Convert a name to a relative URI that is never empty and never leaves its folder.

    A file outside the repository has its absolute path, a live resource its ARN with slashes for colons,
    because GitHub drops a result without a file.
    """
    return "/".join(map(_quoted, relative_path(name, setting).split("/")))


def relative_path(name: str, setting: Setting) -> str:
    """Convert a name to a relative path that is never empty and never leaves its folder, as for a URI."""
    return (
        "/".join(step for step in _path(name, setting).split("/") if step not in ("", ".", "..")) or "unnamed"
    )


def _path(name: str, setting: Setting) -> str:
    if name.startswith("arn:"):
        return name.replace(":", "/")
    path = setting.relative(name)
    outside = path == ".." or path.startswith("../")
    return posixpath.normpath(posixpath.join(setting.folder, name)) if outside else path


def _quoted(step: str) -> str:
    return quote(step.encode("utf-8", "surrogatepass"), safe="")
