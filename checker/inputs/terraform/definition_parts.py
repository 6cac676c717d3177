"""The parts of blocks that decide what they define: names of resources, settings of backends, and what is ignored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.terraform.definition_text import canonical, text_of_argument, text_of_block
from checker.inputs.terraform.hcl.expression import ObjectOf
from checker.inputs.terraform.hcl.parse import parse
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.terraform.hcl.body import Argument, Block
    from checker.inputs.terraform.module.folder import Folder


_SET_BY_AWS = pattern(r"(?:\w*_)?(?:arn|id|url|name|owner|fingerprint|status)\Z")
"""Matches attributes that identify a resource: another body of the resource does not make it another one."""
_IDENTIFYING = pattern(
    r"(?!display_|kms_|role_a|policy_a)(?:(?:\w+_)?name(?:_prefix)?|path|bucket(?:_prefix)?|\w*account\w*|\w+_(?:arn|id))\Z"
)
"""Matches arguments that an ARN, ID or name may be made of."""
_REPEATED = pattern(r"\b(?:each|count)\.")
_ACCOUNT = "aws_organizations_account"
"""Its ID is an account, which another name or address replaces."""
_IGNORED = pattern(r"\b(?:policy|all)\b")
_NO_STATE = frozenset({"encrypt", "kms_key_id", "dynamodb_table", "use_lockfile", "max_retries", "token"})
"""Settings of backends that do not decide where the state is; neither do those that begin with `skip_`."""


def backends_in(block: Block) -> Iterator[str]:
    """Yield the backends of a `terraform` block, without settings that do not decide where the state is."""
    for one in (*block.body.blocks("backend"), *block.body.blocks("cloud")):
        skipped = (name for name in one.body.arguments if name.startswith("skip_"))
        yield text_of_block(one, _NO_STATE.union(skipped))


def without_other_inputs(text: str, name: str) -> str:
    """Return a configuration of Terragrunt without the other inputs than one, if they are the elements of an object."""
    try:
        argument = parse(Source("", text)).arguments.get("inputs")
        expression = None if argument is None else argument.expression
    except InputError:
        return canonical(text)
    elements = expression.elements if isinstance(expression, ObjectOf) else ()
    for one in reversed(elements):
        key = text[one.at.start : one.at.end].strip('"')
        if key != name and re.fullmatch(r"[\w-]+", key):
            text = text[: one.at.start] + text[one.value.at.end :]
    return canonical(text)


def ignored_in(block: Block) -> Iterator[str]:
    """Yield the texts by which Terraform leaves the policy of a resource as it is."""
    for one in block.body.blocks("lifecycle"):
        argument = one.body.arguments.get("ignore_changes")
        if argument is not None and _IGNORED.search(text := text_of_argument(argument)):
            yield text


def texts_in(folder: Folder) -> Iterator[str]:
    """Yield the texts of a module that may define a value."""
    for blocks in (folder.resources, folder.outputs, folder.modules, folder.variables):
        yield from map(text_of_block, blocks.values())
    for arguments in (folder.local, folder.values):
        yield from map(text_of_argument, arguments.values())


def repeating(arguments: Mapping[str, Argument]) -> Iterator[str]:
    """Yield the names of the arguments that repeat a resource."""
    return (name for name in ("for_each", "count") if name in arguments)


def identifying(arguments: Mapping[str, Argument]) -> Iterator[str]:
    """Yield the arguments that an ARN, ID or name may be made of, and those that repeat the resource if these use them."""
    texts = [text_of_argument(one) for name, one in arguments.items() if _IDENTIFYING.match(name)]
    if any(map(_REPEATED.search, texts)):
        texts += (text_of_argument(arguments[name]) for name in repeating(arguments))
    return iter(texts)


def is_set_by_aws(kind: str, attribute: str) -> bool:
    is_of_aws = kind.startswith(("aws_", "awscc_")) and kind != _ACCOUNT
    return is_of_aws and _SET_BY_AWS.match(attribute) is not None
