"""`checker sandbox`: a local AWS for experiments and tests."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.sandbox import serve

_PortOption = Annotated[
    int, typer.Option(min=0, max=65535, metavar="PORT", help="Port on 127.0.0.1; 0 picks a free one.")
]


def sandbox(port: _PortOption = 0) -> Ending:
    """Run a local AWS with Amazon Connect chat streaming.

    Serves SNS, SQS, KMS and more, and streams chat messages as AWS documents. Prints the settings for boto3, the
    AWS CLI and Terraform. Keeps no data, and stops on Ctrl-C or SIGTERM.

    Exit codes: 0 stopped, 2 the port is in use or the extra `sandbox` is not installed, 4 internal error.
    """
    return serve(port)
