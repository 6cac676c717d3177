"""`checker lsp`: check documents while they are edited."""

from __future__ import annotations

from checker.app.exit_codes import Ending
from checker.lsp.serve import serve_editor


def lsp() -> Ending:
    """Check files in an editor while you type.

    An editor starts this command. It uses the Language Server Protocol on standard
    input and output.
    """
    return serve_editor()
