"""Decides single requests against a policy: one from the options, or many from a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.terminal import complain, paint_for, write
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request, fold
from checker.inputs.discover import name_of, read_input
from checker.inputs.requests import read_caller, read_context, read_question
from checker.inputs.typed_files import read_policy_file
from checker.report.explanation import decision_json, decision_text

if TYPE_CHECKING:
    from pathlib import Path

    from checker.iam.decide.decide import Decision


class RequestOptions(NamedTuple):
    """The command-line options for a single request."""

    service: str | None = None
    aws: str | None = None
    action: str | None = None
    resource: str | None = None
    context: tuple[str, ...] = ()


def decide_requests(
    requests: Path | None, policy: Path | None, options: RequestOptions, output_format: Format
) -> Ending:
    """Decide the requests of a file, or the one in the options against a policy. Raises InputError."""
    if requests is not None and policy is None:
        return _decide_lines(requests, output_format)
    if policy is None or requests is not None:
        raise InputError("simulate", "give either --requests or --policy")
    return _decide_one(policy, _request(options), output_format)


def _decide_lines(path: Path, output_format: Format) -> Ending:
    """Decide each line; an unreadable line prints `Error`, so that output and input lines correspond."""
    name, numbered = name_of(path), enumerate(read_input(path).split("\n"), 1)
    words = [_decided(name, number, line, output_format) for number, line in numbered if line.strip()]
    error = '{"decision": "Error"}' if output_format is Format.JSON else "Error"
    write(error if word is None else word for word in words)
    return Ending(unreadable=None in words)


def _decided(name: str, number: int, line: str, output_format: Format) -> str | None:
    """Decide one line. Report a line that cannot be read, and return None."""
    try:
        question = read_question(name, line)
        return _line(decide(question.policy, question.request), question.request, output_format)
    except InputError as error:
        place = error.position and error.position._replace(line=number, end_line=number)
        complain(InputError(error.what, error.reason, place, error.help))
        return None


def _line(decision: Decision, request: Request, output_format: Format) -> str:
    if output_format is Format.TEXT:
        return decision.word
    return next(json_lines(decision_json(decision, request), indent=None))


def _request(options: RequestOptions) -> Request:
    if options.action is None or options.resource is None:
        raise InputError("simulate", "a single request needs --action and --resource")
    values: dict[str, list[str]] = {}
    for key, value in map(read_context, options.context):
        values.setdefault(key, []).append(value)
    folded = fold({key: texts[0] if len(texts) == 1 else tuple(texts) for key, texts in values.items()})
    return Request(read_caller(options.service, options.aws), options.action, options.resource, folded)


def _decide_one(path: Path, request: Request, output_format: Format) -> Ending:
    decision = decide(read_policy_file(path, request.action), request)
    if output_format is Format.JSON:
        write([_line(decision, request, output_format)])
    else:
        write(decision_text(decision, request, paint_for(sys.stdout)))
    return Ending()
