"""`checker simulate`: decide single requests."""

from __future__ import annotations

from enum import StrEnum
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


class Decision(StrEnum):
    """Values of --expect."""

    ALLOWED = "Allowed"
    DENIED = "Denied"
    EXPLICITLY_DENIED = "ExplicitlyDenied"
    IMPLICITLY_DENIED = "ImplicitlyDenied"
    UNKNOWN = "Unknown"


_ExpectOption = Annotated[
    Decision | None,
    typer.Option(
        metavar="DECISION",
        help="Exit 1 unless each decision is this one, such as Allowed or Denied.",
        show_default=False,
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
    expect: _ExpectOption = None,
    output_format: FormatOption = Format.TEXT,
) -> Ending:
    """Decide single requests against a resource-based policy.

    Prints Allowed, ExplicitlyDenied, ImplicitlyDenied, or Unknown if AWS documents no answer. --requests prints one
    word for each request, --policy a trace. Condition keys that are not given are absent from the request.

    An "expect" member of a line in --requests takes precedence over --expect.

    Exit codes: 0 decided, 1 not as expected, 2 unreadable input, 4 internal error.
    """
    options = RequestOptions(service, aws, action, resource, tuple(context or ()), expect or "")
    return decide_requests(requests, policy, options, output_format)
