"""Decides whether code may read a file: by a function that reads files, or by a text that ends with its name."""

from __future__ import annotations

import re

from checker.policy.wildcard import glob

_READS = re.compile(r"\b(?:file\w*|templatefile)\s*\(\s*")
"""Matches calls of the functions that read files. https://developer.hashicorp.com/terraform/language/functions/file"""
_LITERAL = re.compile(r'\\?"((?:\$\{[^}\n]*\}|[^"\\\n$]|\$(?!\{))*)\\?"\s*[,)]')
_OPEN = re.compile(r"\$\{[^}]*\}|%\{[^}]*\}|\*+")


def may_read(text: str, file: str) -> bool:
    """True if Terraform code may read a file, for any values of its references.

    Data sources such as `local_file` and `external` read files without a function, so that a text that ends with the name
    of the file counts as well.
    """
    return _ends_with_name(text, file) or any(_may_name(text, call, file) for call in _READS.finditer(text))


def _ends_with_name(text: str, file: str) -> bool:
    name = file.rpartition("/")[2]
    return name in text and re.search(rf'["/]{re.escape(name)}\\?"', text) is not None


def _may_name(text: str, call: re.Match[str], file: str) -> bool:
    """True for the call of a function that may name a file."""
    literal = _LITERAL.match(text, call.end())
    if literal is None or call[0].startswith("fileset"):
        return True  # a name that is composed elsewhere, or a folder
    tail = re.split(r"(?:^|/)\.{1,2}/", literal[1])[-1]
    fixed = _OPEN.split(tail)
    return glob(f"*/{'*'.join(fixed)}").matches(f"/{file}")
