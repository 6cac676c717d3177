"""Finds the environment variables that functions and containers set, by which their code knows a topic.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from checker.inputs.declared import DeclaredEnvironment
from checker.inputs.senders import parsed, references_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.senders import Part
    from checker.policy.text_json import Plain


_KINDS = frozenset(
    (
        "AWS::Lambda::Function",
        "AWS::Serverless::Function",
        "AWS::ECS::TaskDefinition",
        "aws_lambda_function",
        "aws_ecs_task_definition",
        "awscc_lambda_function",
        "awscc_ecs_task_definition",
        "module",
    )
)
_MAPS = ("variables", "environment_variables")
"""The names of maps with variables, in lower case: of functions, and of modules for functions."""
_CODE = ("CodeUri", "Code", "source_dir", "source_path")
_HANDLER = ("Handler", "handler")


def environments(parts: Iterable[Part]) -> list[DeclaredEnvironment]:
    """Return the functions and containers that set environment variables."""
    found = (_environment(part) for part in parts if part.kind in _KINDS)
    return [one for one in found if one.variables]


def _environment(part: Part) -> DeclaredEnvironment:
    variables = tuple((name, references_in(value)) for name, value in _variables(part.arguments))
    code, handler = (_text(part.arguments, names) for names in (_CODE, _HANDLER))
    return DeclaredEnvironment(variables, code, handler)


def _variables(value: Plain, *, inside: bool = False) -> Iterator[tuple[str, Plain]]:
    """Yield the variables with their values; ``inside`` is true below an `environment`."""
    value = parsed(value)
    if isinstance(value, list):
        for one in value:
            yield from _pair(one) if inside else ()
            yield from _variables(one, inside=inside)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            is_map = key.lower() in _MAPS
            if is_map and isinstance(one, Mapping):
                yield from one.items()
            elif is_map or isinstance(one, list | Mapping | str):
                yield from _variables(one, inside=inside or key.lower() == "environment")


def _pair(value: Plain) -> Iterator[tuple[str, Plain]]:
    """Yield a variable of a container: an object with a name and a value."""
    names = {key.lower(): one for key, one in value.items()} if isinstance(value, Mapping) else {}
    name = names.get("name")
    if isinstance(name, str) and "value" in names:
        yield name, names["value"]


def _text(arguments: Plain, names: tuple[str, ...]) -> str:
    """Return the first of these arguments that is a text; empty if none is."""
    blocks = arguments if isinstance(arguments, list) else [arguments]
    values = (block.get(name) for block in blocks if isinstance(block, Mapping) for name in names)
    texts = (one for value in values for one in (value if isinstance(value, list) else (value,)))
    return next((one for one in texts if isinstance(one, str)), "")
