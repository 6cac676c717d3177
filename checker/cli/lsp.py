"""`checker lsp`: check documents while they are edited."""

from __future__ import annotations

from checker.app.exit_codes import Ending
from checker.lsp.serve import serve_editor


def lsp() -> Ending:
    """Check documents in an editor while they are edited, with the Language Server Protocol.

    An editor starts this command and talks to it on standard input and output.
    """
    return serve_editor()
