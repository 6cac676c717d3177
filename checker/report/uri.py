"""Names of files and resources as the relative URIs that SARIF wants."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from checker.report.setting import Setting


def relative_uri(name: str, setting: Setting) -> str:
    """Write a name as a relative URI that is never empty and never leads out of its folder.

    A file outside the repository goes by its whole path, a live resource by its ARN with slashes for colons:
    GitHub drops a result without a file.
    """
    steps = [step for step in _path(name, setting).split("/") if step not in ("", ".", "..")]
    return "/".join(_quoted(step) for step in steps) or "unnamed"


def _path(name: str, setting: Setting) -> str:
    if name.startswith("arn:"):
        return name.replace(":", "/")
    path = setting.relative(name)
    outside = path == ".." or path.startswith("../")
    return posixpath.normpath(posixpath.join(setting.folder, name)) if outside else path


def _quoted(step: str) -> str:
    return quote(step.encode("utf-8", "surrogatepass"), safe="")
