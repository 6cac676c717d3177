"""`checker simulate`: decide single requests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.simulate import RequestOptions, decide_requests
from checker.cli.options import FormatOption

_REQUEST = "Request"

_RequestsOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help='JSON Lines of `{"policy", "request"}`; `-` is standard input.'),
]
_PolicyOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Policy for a single request.")]
_ServiceOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="AWS service that makes the request.", rich_help_panel=_REQUEST),
]
_AwsOption = Annotated[
    str | None,
    typer.Option(
        metavar="ARN", help="ARN of the principal that makes the request.", rich_help_panel=_REQUEST
    ),
]
_ActionOption = Annotated[
    str | None, typer.Option(metavar="ACTION", help="Action of the request.", rich_help_panel=_REQUEST)
]
_ResourceOption = Annotated[
    str | None, typer.Option(metavar="ARN", help="Resource of the request.", rich_help_panel=_REQUEST)
]
_ContextOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="Condition key and value; repeat it for a list of values.",
        rich_help_panel=_REQUEST,
    ),
]


def simulate(
    requests: _RequestsOption = None,
    policy: _PolicyOption = None,
    service: _ServiceOption = None,
    aws: _AwsOption = None,
    action: _ActionOption = None,
    resource: _ResourceOption = None,
    context: _ContextOption = None,
    output_format: FormatOption = Format.TEXT,
) -> Ending:
    """Decide single requests against a resource-based policy.

    Prints Allowed, ExplicitlyDenied, ImplicitlyDenied, or Unknown if AWS documents no answer. --requests prints one
    word for each request, --policy a trace. Condition keys that are not given are absent from the request.

    Exit codes: 0 decided, 2 unreadable input, 4 internal error.
    """
    options = RequestOptions(service, aws, action, resource, tuple(context or ()))
    return decide_requests(requests, policy, options, output_format)
