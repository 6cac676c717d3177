"""`checker simulate`: decide single requests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.terminal import complain, paint_for, write
from checker.cli.options import FormatOption
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request, fold
from checker.inputs.discover import name_of, read_input
from checker.inputs.requests import read_caller, read_context, read_question
from checker.inputs.typed_files import read_policy_file
from checker.report.decision import decision_json, decision_text

if TYPE_CHECKING:
    from checker.iam.decide.decide import Decision


_REQUEST = "Request"


def simulate(
    requests: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='JSON Lines of `{"policy", "request"}`; `-` is standard input.'),
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="Policy for a single request.")] = None,
    service: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="AWS service that makes the request.", rich_help_panel=_REQUEST),
    ] = None,
    aws: Annotated[
        str | None,
        typer.Option(
            metavar="ARN", help="ARN of the principal that makes the request.", rich_help_panel=_REQUEST
        ),
    ] = None,
    action: Annotated[
        str | None, typer.Option(metavar="ACTION", help="Action of the request.", rich_help_panel=_REQUEST)
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="ARN", help="Resource of the request.", rich_help_panel=_REQUEST)
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Condition key and value; repeat it for a list of values.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    output_format: FormatOption = Format.TEXT,
) -> Ending:
    """Decide single requests against a resource-based policy.

    Prints Allowed, ExplicitlyDenied, ImplicitlyDenied, or Unknown if AWS documents no answer. --requests prints one
    word for each request, --policy a trace. Condition keys that are not given are absent from the request.

    Exit codes: 0 decided, 2 unreadable input, 4 internal error.
    """
    if requests is not None and policy is None:
        return _batch(requests, output_format)
    if policy is None or requests is not None:
        raise InputError("simulate", "give either --requests or --policy")
    _single(policy, _request(service, aws, action, resource, context), output_format)
    return Ending()


def _batch(path: Path, output_format: Format) -> Ending:
    """Decide each line; an unreadable line prints `Error`, so that output and input lines correspond."""
    name, failed = name_of(path), False
    lines = []
    for number, line in enumerate(read_input(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            question = read_question(name, line)
            decision = decide(question.policy, question.request)
            lines.append(_line(decision, question.request, output_format))
        except InputError as error:
            error.position = error.position and error.position._replace(line=number, end_line=number)
            complain(error)
            lines.append('{"decision": "Error"}' if output_format is Format.JSON else "Error")
            failed = True
    write(lines)
    return Ending(unreadable=failed)


def _line(decision: Decision, request: Request, output_format: Format) -> str:
    if output_format is Format.TEXT:
        return decision.word
    return next(json_lines(decision_json(decision, request), indent=None))


def _request(
    service: str | None, aws: str | None, action: str | None, resource: str | None, context: list[str] | None
) -> Request:
    if action is None or resource is None:
        raise InputError("simulate", "a single request needs --action and --resource")
    values: dict[str, list[str]] = {}
    for key, value in map(read_context, context or ()):
        values.setdefault(key, []).append(value)
    folded = fold({key: found[0] if len(found) == 1 else tuple(found) for key, found in values.items()})
    return Request(read_caller(service, aws), action, resource, folded)


def _single(path: Path, request: Request, output_format: Format) -> None:
    decision = decide(read_policy_file(path, request.action), request)
    if output_format is Format.JSON:
        write([_line(decision, request, output_format)])
    else:
        write(decision_text(decision, request, paint_for(sys.stdout)))
