"""Finds what other templates and roots of the repository supply to a reference: exports, outputs, stored parameters.

Which root or stack a reference means is not known, so that everything of its kind counts whose name it may have.
"""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.inputs.cloudformation.definitions import exports_of, stored_by, template_in
from checker.inputs.discover import HCL, is_input, is_unit
from checker.inputs.text import parse_documents, read_text
from checker.policy.node import Object
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.terraform.definitions import Definitions


EXPORT, OUTPUT, STORED = "export", "output", "parameter"
_WORDS = ("Export", "AWS::SSM::Parameter")
_RESOLVED = re.compile(r"\{\{resolve:ssm(?:-secure)?:([^:}]+)")
_IMPORT = "Fn::ImportValue "
_KEY = r"(?:\[[^\]]*\])?"
_REMOTE = re.compile(
    rf"""\bdata\.(?:terraform_remote_state|tfe_outputs)\.[\w-]+{_KEY}\.\w+(?:\.|\[")(?P<output>[\w-]+)"""
)
_LOOKUPS = {
    "data.aws_ssm_parameter.": STORED,
    "data.aws_ssm_parameters_by_path.": STORED,
    "data.aws_cloudformation_export.": EXPORT,
}
"""Data sources that read what other code supplies, by the argument `name`, without which it may be anything."""


class Supply(NamedTuple):
    """What code supplies under a name, in which `*` stands for any text; ``definition`` is the text that decides it."""

    kind: str
    name: str
    definition: str = ""

    def may_be(self, other: Supply) -> bool:
        """True if both may have one name."""
        one, two = self.name, other.name
        return self.kind == other.kind and (glob(one).matches(two) or glob(two).matches(one))


def wanted_by(name: str) -> Supply | None:
    """Return what a symbol stands for, if other code may supply it; the name is empty if an argument has it."""
    resolved, remote = _RESOLVED.match(name), _REMOTE.search(name)
    if resolved is not None:
        return Supply(STORED, resolved[1])
    if remote is not None:
        return Supply(OUTPUT, remote["output"])
    if name.startswith(_IMPORT):
        return Supply(EXPORT, name.removeprefix(_IMPORT))
    return next((Supply(kind, "") for start, kind in _LOOKUPS.items() if start in name), None)


def supplies_in(
    top: Path, changed: Iterable[str], roots: Iterable[str], definitions: Definitions
) -> Iterator[Supply]:
    """Yield what the changed templates and the affected Terraform roots and units of one side supply."""
    names = sorted(changed)
    for name in names:
        if is_input(name) and not name.endswith(HCL):
            yield from _of_template(top / name)
    folders = {dirname(one) or "." for one in names if one.endswith(HCL) or is_unit(Path(one))}
    for root in sorted({*roots, *folders}):
        yield from (Supply(OUTPUT, *one) for one in definitions.outputs(top / root))
        yield from (Supply(STORED, *one) for one in definitions.resources(top / root, "aws_ssm_parameter"))


def _of_template(path: Path) -> Iterator[Supply]:
    try:
        text = read_text(path)
        documents = parse_documents(str(path), text) if any(word in text for word in _WORDS) else ()
    except InputError:
        return  # reported when the file is read
    for root in (one.root for one in documents):
        if isinstance(root, Object):
            template = template_in(root)
            yield from (Supply(EXPORT, *one) for one in exports_of(template))
            yield from (Supply(STORED, *one) for one in stored_by(template))
