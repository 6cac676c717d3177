"""Policies as Terraform's data source `aws_iam_policy_document`, with the resources that attach them.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from checker.finding import Symbol
from checker.policy.plain import listed, word
from checker.policy.vocabulary import OLD_VERSION, VERSION
from checker.report.documents.hclform import aligned, block, hcl_text, hcl_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.policy.plain import Plain

_ARGUMENTS = (
    ("Action", "actions"),
    ("NotAction", "not_actions"),
    ("Resource", "resources"),
    ("NotResource", "not_resources"),
)
_PRINCIPALS = (("Principal", "principals"), ("NotPrincipal", "not_principals"))
_EVERYONE = "*"


def terraform_policy(name: str, policy: Mapping[str, Plain]) -> str:
    """Write the data source of a whole policy. Without Version a policy is of the old one."""
    version = policy.get("Version", OLD_VERSION)
    said = [("version", version)] if version != VERSION else []
    said += [("policy_id", policy["Id"])] if "Id" in policy else []
    parts = ["\n".join(aligned((key, hcl_value(value)) for key, value in said))] if said else []
    parts += [terraform_statement(one) for one in listed(policy["Statement"]) if isinstance(one, Mapping)]
    return block(f'data "aws_iam_policy_document" "{name}" {{', _apart(parts), "}")


def terraform_statement(statement: Mapping[str, Plain]) -> str:
    """Write a statement as a `statement` block of the data source."""
    parts = ["\n".join(aligned(_arguments(statement)))]
    for element, name in _PRINCIPALS:
        parts += (block(f"{name} {{", lines, "}") for lines in _principals(statement.get(element)))
    parts += (block("condition {", lines, "}") for lines in _conditions(statement.get("Condition")))
    return block("statement {", _apart(parts), "}")


def terraform_resource(kind: str, name: str, arguments: Sequence[tuple[str, Plain]]) -> str:
    """Write a resource without blocks inside."""
    lines = aligned((key, hcl_value(value)) for key, value in arguments)
    return block(f'resource "{kind}" "{name}" {{', lines, "}")


def _apart(parts: Sequence[str]) -> list[str]:
    """Put an empty line between parts."""
    return "\n\n".join(parts).split("\n")


def _arguments(statement: Mapping[str, Plain]) -> Iterator[tuple[str, str]]:
    for element, name in (("Sid", "sid"), ("Effect", "effect")):
        if statement.get(element):
            yield name, hcl_value(statement[element])
    for element, name in _ARGUMENTS:
        if element in statement:
            yield name, _texts(statement[element])


def _texts(value: Plain) -> str:
    """Write a list of texts, which is all that the arguments take: `true` is `"true"`."""
    return hcl_value([one if isinstance(one, str | Symbol) else word(one) for one in listed(value)])


def _principals(value: Plain) -> Iterator[list[str]]:
    """Give the lines of a block a type of principal; everyone is one of its own."""
    by_type = {_EVERYONE: value} if isinstance(value, str) else value
    for kind, identifiers in by_type.items() if isinstance(by_type, Mapping) else ():
        yield aligned((("type", hcl_text(kind)), ("identifiers", _texts(identifiers))))


def _conditions(value: Plain) -> Iterator[list[str]]:
    """Give the lines of a block a key of an operator."""
    for operator, keys in value.items() if isinstance(value, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            pairs = (("test", hcl_text(operator)), ("variable", hcl_text(key)), ("values", _texts(values)))
            yield aligned(pairs)
