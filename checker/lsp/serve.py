"""Runs the language server for an editor."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.core.errors import InputError

if TYPE_CHECKING:
    from checker.lsp.server import CheckServer

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2


def serve_editor() -> Ending:
    """Serve an editor on standard input and output until it ends. Raises InputError if pygls is missing."""
    server = _server()
    # Collecting takes as long as a check: the server does so when the user does not type.
    gc.freeze()
    gc.disable()
    with os.fdopen(os.dup(_INPUT), "rb") as incoming, os.fdopen(os.dup(_OUTPUT), "wb") as outgoing:
        os.dup2(_ERRORS, _OUTPUT)  # nothing else may write between the messages
        server.start_io(incoming, outgoing)
    return Ending()


def _server() -> CheckServer:
    try:
        from checker.lsp.server import create_server
    except ImportError:
        help_text = "pip install 'connect-stream-checker[lsp]'"
        raise InputError("checker lsp", "pygls is not installed", help_text=help_text) from None
    return create_server()
