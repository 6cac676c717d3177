"""Decides single requests against a policy: one from the options, or many from a file."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.terminal import complain, paint_for, tell, write
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.terminal_text import json_lines
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request, fold
from checker.inputs.arn_options import check_bare
from checker.inputs.discover import name_of, read_input
from checker.inputs.requests import EXPECTED, read_caller, read_context, read_question
from checker.inputs.typed_files import read_policy_file
from checker.report.decision import decision_json, decision_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from checker.iam.decide.decide import Decision


class RequestOptions(NamedTuple):
    """The command-line options for a single request."""

    service: str | None = None
    aws: str | None = None
    action: str | None = None
    resource: str | None = None
    context: tuple[str, ...] = ()
    expect: str = ""


class Decided(NamedTuple):
    """The printed decision of a line; empty if the line cannot be read. ``contradiction`` is what was expected, if not this."""

    text: str = ""
    contradiction: str = ""


def decide_requests(
    requests: Path | None, policy: Path | None, options: RequestOptions, output_format: Format
) -> Ending:
    """Decide the requests of a file, or the one in the options against a policy. Raises InputError."""
    if requests is not None and policy is None:
        return _decide_lines(requests, options.expect, output_format)
    if policy is None or requests is not None:
        raise InputError("simulate", "give either --requests or --policy")
    return _decide_one(policy, _request(options), options.expect, output_format)


def _decide_lines(path: Path, expect: str, output_format: Format) -> Ending:
    """Decide each line; an unreadable line prints `Error`, so that output and input lines correspond."""
    name, numbered = name_of(path), enumerate(read_input(path).split("\n"), 1)
    decided = {
        number: _decided(name, number, line, expect, output_format)
        for number, line in numbered
        if line.strip()
    }
    error = '{"decision": "Error"}' if output_format is Format.JSON else "Error"
    write(one.text or error for one in decided.values())
    contradicted = {number: one.contradiction for number, one in decided.items() if one.contradiction}
    _tell_contradictions(name, contradicted)
    return Ending(unreadable=any(not one.text for one in decided.values()), findings=bool(contradicted))


_MOST = 10


def _tell_contradictions(name: str, contradicted: Mapping[int, str]) -> None:
    """Name the first lines whose decision is not the expected one."""
    for number, text in islice(contradicted.items(), _MOST):
        tell(f"not as expected: {name}:{number}: {text}")
    if len(contradicted) > _MOST:
        tell(f"not as expected: {len(contradicted) - _MOST} more lines")


def _decided(name: str, number: int, line: str, expect: str, output_format: Format) -> Decided:
    """Decide one line. Report a line that cannot be read."""
    try:
        question = read_question(name, line)
        decision = decide(question.policy, question.request)
    except InputError as error:
        place = error.position and error.position._replace(line=number, end_line=number)
        complain(InputError(error.what, error.reason, place, error.help))
        return Decided()
    text = _line(decision, question.request, output_format)
    return Decided(text, _contradiction(decision, question.expect or expect))


def _contradiction(decision: Decision, expect: str) -> str:
    """Compare a decision with the expected one; empty if it is as expected, or if nothing is."""
    if not expect or decision.word in EXPECTED[expect]:
        return ""
    return f"expected {expect}, found {decision.word}"


def _line(decision: Decision, request: Request, output_format: Format) -> str:
    if output_format is Format.TEXT:
        return decision.word
    return next(json_lines(decision_json(decision, request), indent=None))


def _request(options: RequestOptions) -> Request:
    if options.action is None or options.resource is None:
        raise InputError("simulate", "a single request needs --action and --resource")
    for option, text in (("--aws", options.aws), ("--resource", options.resource)):
        check_bare(option, text)
    values: dict[str, list[str]] = {}
    for key, value in map(read_context, options.context):
        values.setdefault(key, []).append(value)
    folded = fold({key: texts[0] if len(texts) == 1 else tuple(texts) for key, texts in values.items()})
    return Request(read_caller(options.service, options.aws), options.action, options.resource, folded)


def _decide_one(path: Path, request: Request, expect: str, output_format: Format) -> Ending:
    decision = decide(read_policy_file(path, request.action), request)
    if output_format is Format.JSON:
        write([_line(decision, request, output_format)])
    else:
        write(decision_text(decision, request, paint_for(sys.stdout)))
    contradiction = _contradiction(decision, expect)
    if contradiction:
        tell(f"not as expected: {name_of(path)}: {contradiction}")
    return Ending(findings=bool(contradiction))
