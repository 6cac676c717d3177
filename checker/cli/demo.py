"""`checker demo`: run the commands one after the other on a local AWS."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.app.demo import run_demo
from checker.app.exit_codes import Ending

_PauseOption = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="Seconds to wait before each command.")
]


def demo(pause: _PauseOption = 0.0) -> Ending:
    """Show audit, explain, fix, flow and rollback on a local AWS.

    Needs no AWS account, and leaves nothing behind.

    Exit codes: 0 the demo ran as planned, 1 a command ended with another exit code, 2 the extra `sandbox` is not
    installed, 4 internal error.
    """
    return run_demo(pause)
