"""Finds what other templates and roots of the repository supply to a reference: exports, outputs, stored parameters.

Which root or stack a reference means is not known, so that everything of its kind counts whose name it may have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.cloudformation.definitions import STORED as TYPE_OF_STORED
from checker.inputs.cloudformation.definitions import exports_of, stored_by, template_in, with_nested
from checker.inputs.discover import is_input
from checker.inputs.terraform.definition_text import pattern_in
from checker.inputs.text import parse_documents
from checker.policy.node import Object
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from checker.inputs.terraform.definitions import Definitions


EXPORT, OUTPUT = "export", "output"
PARAMETER, SECRET, OBJECT = "aws_ssm_parameter", "aws_secretsmanager_secret_version", "aws_s3_object"
"""The kinds of supplies; a stored value is called after the resource that sets it."""
_NAMES = {PARAMETER: "name", SECRET: "secret_id", OBJECT: "key"}
"""The argument that identifies a stored value."""
_WORDS = ("Export", "AWS::SSM::Parameter")
_REFERENCE = pattern(r"\$\{[^}]*\}")
_RESOLVED = pattern(r"""\{\{resolve:ssm(?:-secure)?:(?P<name>(?:\$\{[^}]*\}|[^:}"])*)(?P<end>.?)""")
_IMPORT = pattern(r"""Fn::ImportValue(?: (?P<symbol>[^\n{][^\n]*)|':(?:\{'Fn::Sub':)?"(?P<text>[^"]*)")?""")
_STORED = pattern(
    rf'(?:^Default: "(?P<name>[^"]*)"\n(?:(?!Default: |Type: ).*\n)*)?^Type: "{TYPE_OF_STORED}', re.MULTILINE
)
"""Matches a parameter of a template with its default, which is the name of a stored value."""
_KEY = r"(?:\[[^\]]*\])?"
_REMOTE = pattern(
    rf"""\b(?:data\.(?:terraform_remote_state|tfe_outputs)|dependency)\.[\w-]+{_KEY}(?:\.\w+(?:\.|\[")(?P<output>[\w-]+))?"""
)
_LOOKUPS = {
    "aws_ssm_parameter": (PARAMETER, "name"),
    "aws_ssm_parameters_by_path": (PARAMETER, "path"),
    "aws_cloudformation_export": (EXPORT, "name"),
    "aws_secretsmanager_secret_version": (SECRET, "secret_id"),
    "aws_s3_object": (OBJECT, "key"),
    "aws_s3_bucket_object": (OBJECT, "key"),
}
"""Data sources that read what other code supplies, and the argument with its name, or with the beginning of it."""
_LOOKUP = pattern(rf"^data ({'|'.join(_LOOKUPS)}) \S+((?:\n[\w-]+ = .*)*)", re.MULTILINE)
"""Matches a block of these data sources, as `text_of_block` writes it."""
_MENTION = pattern(
    rf"terraform_remote_state|tfe_outputs|dependency\.|\b(?:{'|'.join(_LOOKUPS)})\b|ImportValue|resolve:ssm|{TYPE_OF_STORED}"
)


class Supply(NamedTuple):
    """What code supplies under a name, in which `*` stands for any text; ``definition`` is the text that decides it."""

    kind: str
    name: str
    definition: str = ""

    def may_be(self, other: Supply) -> bool:
        """True if both may have one name."""
        one, two = self.name, other.name
        return self.kind == other.kind and (glob(one).matches(two) or glob(two).matches(one))


def may_want(text: str) -> bool:
    """True for code that has a word of a reference to what other code supplies."""
    return _MENTION.search(text) is not None


def wanted_in(text: str) -> Iterator[Supply]:
    """Yield what a definition, with the name of its symbol, may take from other code."""
    for match in _RESOLVED.finditer(text):
        yield Supply(PARAMETER, _pattern(match["name"]) + ("*" if match["end"] not in (":", "}") else ""))
    for match in _STORED.finditer(text):
        yield Supply(PARAMETER, match["name"] or "*")
    for match in _REMOTE.finditer(text):
        yield Supply(OUTPUT, match["output"] or "*")
    for match in _IMPORT.finditer(text):
        yield Supply(EXPORT, _pattern(match["symbol"] or match["text"] or "*"))
    for match in _LOOKUP.finditer(text):
        kind, argument = _LOOKUPS[match[1]]
        name = re.search(rf"^{argument} = (.*)", match[2], re.MULTILINE)
        found = "*" if name is None else pattern_in(name[1])
        yield Supply(kind, f"{found}*" if argument == "path" else found)


def _pattern(name: str) -> str:
    return _REFERENCE.sub("*", name)


def supplied_by_templates(texts: Mapping[str, str]) -> Iterator[Supply]:
    """Yield what templates supply, of all texts outside of Terraform code."""
    for name, text in texts.items():
        if is_input(name) and any(word in text for word in _WORDS):
            for one in _of_template(name, text):
                yield one._replace(definition=with_nested(one.definition, texts))


def supplied_by_root(root: Path, definitions: Definitions) -> Iterator[Supply]:
    """Yield what a Terraform root, or the module that a Terragrunt unit deploys, supplies."""
    yield from (Supply(OUTPUT, *one) for one in definitions.outputs(root))
    for kind, argument in _NAMES.items():
        yield from (Supply(kind, *one) for one in definitions.resources(root, kind, argument))


def _of_template(name: str, text: str) -> Iterator[Supply]:
    try:
        documents = parse_documents(name, text)
    except InputError:
        return  # reported when the file is read
    for root in (one.root for one in documents):
        if isinstance(root, Object):
            template = template_in(root)
            yield from (Supply(EXPORT, *one) for one in exports_of(template))
            yield from (Supply(PARAMETER, *one) for one in stored_by(template))
