"""Finds the files that code may read: by a function that reads files, or by a text that ends with the name of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_READS = pattern(r"\b(?:file\w*|templatefile)\s*\(\s*")
"""Matches calls of the functions that read files. https://developer.hashicorp.com/terraform/language/functions/file"""
_LITERAL = pattern(r'\\?"((?:\$\{[^}\n]*\}|[^"\\\n$]|\$(?!\{))*)\\?"\s*[,)]')
_OPEN = pattern(r"\$\{[^}]*\}|%\{[^}]*\}|\*+")


def files_read_by(text: str, files: Iterable[str]) -> Iterator[str]:
    """Yield the files that Terraform code may read, for any values of its references.

    Data sources such as `local_file` and `external` read files without a function, so that a text that ends with the name
    of a file counts as well.
    """
    patterns = [glob(_pattern(text, call)) for call in _READS.finditer(text)]
    for file in files:
        if any(one.matches(f"/{file}") for one in patterns) or _ends_with_name(text, file):
            yield file


def _ends_with_name(text: str, file: str) -> bool:
    name = file.rpartition("/")[2]
    return name in text and re.search(rf'["/]{re.escape(name)}\\?"', text) is not None


def _pattern(text: str, call: re.Match[str]) -> str:
    """Return a pattern of the files that a call may name; `*` for a name that is composed elsewhere, and for a folder."""
    literal = _LITERAL.match(text, call.end())
    if literal is None or call[0].startswith("fileset"):
        return "*"
    tail = re.split(r"(?:^|/)\.{1,2}/", literal[1])[-1]
    return f"*/{'*'.join(_OPEN.split(tail))}"
