"""The language server: it checks the open documents after each edit, and answers the requests of an editor.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from checker import __version__
from checker.core.terminal_text import inert
from checker.lsp.hover import hover_at
from checker.lsp.open_folders import OpenFolders
from checker.lsp.positions import path_of
from checker.lsp.quick_fixes import FixRequest, quick_fixes

if TYPE_CHECKING:
    from checker.lsp.folder_check import Lens

EXPLAIN = "checker.explain"
"""The command of a lens: it returns the explanation of its topic as text."""
WATCHED = "**/*.{tf,tofu,hcl,tfvars,json,jsonl,ndjson,yaml,yml,template,tfstate,toml}"
"""Files that checks of other files read; the editor reports when another program changes them."""


class CheckServer(LanguageServer):
    """A language server with the open documents by folder.

    Editors send whole texts: pygls takes more characters for line ends than the protocol does, so that it would apply
    a change of a part at a wrong place.
    """

    def __init__(self) -> None:
        super().__init__("checker", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.open = OpenFolders(self)


def create_server() -> CheckServer:
    """Create the server with all that it answers."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # it would quote documents on standard error
    server = CheckServer()
    for method, (handler, options) in _FEATURES.items():
        server.feature(method, options)(handler)
    server.command(EXPLAIN)(_explain)
    return server


def _initialize(server: CheckServer, params: lsp.InitializeParams) -> None:
    server.open.configure(params.initialization_options)


def _initialized(server: CheckServer, _: lsp.InitializedParams) -> None:
    """Ask the editor to report changes of files by other programs."""
    workspace = server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace is not None else None
    if watching is not None and watching.dynamic_registration:
        options = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(WATCHED)])
        one = lsp.Registration("files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        server.client_register_capability(lsp.RegistrationParams([one]))


def _opened(server: CheckServer, params: lsp.DidOpenTextDocumentParams) -> None:
    server.open.check(params.text_document.uri)


def _changed(server: CheckServer, params: lsp.DidChangeTextDocumentParams) -> None:
    server.open.check(params.text_document.uri)


def _saved(server: CheckServer, params: lsp.DidSaveTextDocumentParams) -> None:
    server.open.check(params.text_document.uri)


def _closed(server: CheckServer, params: lsp.DidCloseTextDocumentParams) -> None:
    server.open.close(params.text_document.uri)


def _files_changed(server: CheckServer, _: lsp.DidChangeWatchedFilesParams) -> None:
    server.open.check_all()


def _configured(server: CheckServer, params: lsp.DidChangeConfigurationParams) -> None:
    settings = params.settings if isinstance(params.settings, dict) else {}
    server.open.configure(settings.get("checker", settings))
    server.open.check_all()


async def _code_actions(server: CheckServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    only = params.context.only
    if only is not None and lsp.CodeActionKind.QuickFix not in only:
        return []
    shown = await server.open.current(params.text_document.uri)
    path = path_of(params.text_document.uri)
    if shown is None or path is None:
        return []
    request = FixRequest(
        path, params.range, params.context.diagnostics, server.open.versions(), _shows_disabled(server)
    )
    return await server.open.run(shown, lambda: quick_fixes(request, shown)) or []


def _shows_disabled(server: CheckServer) -> bool:
    """True if the editor shows actions that cannot be applied."""
    document = server.client_capabilities.text_document
    actions = document.code_action if document is not None else None
    return actions is not None and bool(actions.disabled_support)


async def _hover(server: CheckServer, params: lsp.HoverParams) -> lsp.Hover | None:
    shown = await server.open.current(params.text_document.uri)
    path = path_of(params.text_document.uri)
    if shown is None or path is None:
        return None
    kind = _markup(server)
    return await server.open.run(shown, lambda: hover_at(path, params.position, kind, shown))


def _markup(server: CheckServer) -> lsp.MarkupKind:
    """Return the first format of texts that the editor prefers."""
    document = server.client_capabilities.text_document
    hover = document.hover if document is not None else None
    formats = hover.content_format if hover is not None else None
    return formats[0] if formats else lsp.MarkupKind.PlainText


async def _lenses(server: CheckServer, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
    uri = params.text_document.uri
    shown, path = await server.open.current(uri), path_of(uri)
    if shown is None:
        return []
    lenses = await server.open.run(shown, lambda: shown.check.lenses) or ()
    return [
        lsp.CodeLens(_line(shown.range(one.location)), _command(one, uri))
        for one in lenses
        if shown.path(one.location) == path
    ]


def _command(lens: Lens, uri: str) -> lsp.Command:
    """Return a lens with the command that explains it; that of a key has none."""
    title = inert(lens.title)
    return lsp.Command(title, EXPLAIN, arguments=[uri, lens.topic]) if lens.topic else lsp.Command(title, "")


def _line(where: lsp.Range) -> lsp.Range:
    """Return the beginning of a range."""
    return lsp.Range(where.start, where.start)


async def _explain(server: CheckServer, uri: str, topic: str) -> str:
    shown = await server.open.current(uri)
    if shown is None:
        return "not checked"
    return await server.open.run(shown, lambda: shown.check.explanation(topic)) or ""


_FEATURES: dict[str, tuple[Any, Any]] = {
    lsp.INITIALIZE: (_initialize, None),
    lsp.INITIALIZED: (_initialized, None),
    lsp.TEXT_DOCUMENT_DID_OPEN: (_opened, None),
    lsp.TEXT_DOCUMENT_DID_CHANGE: (_changed, None),
    lsp.TEXT_DOCUMENT_DID_SAVE: (_saved, None),
    lsp.TEXT_DOCUMENT_DID_CLOSE: (_closed, None),
    lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES: (_files_changed, None),
    lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: (_configured, None),
    lsp.TEXT_DOCUMENT_CODE_ACTION: (
        _code_actions,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]),
    ),
    lsp.TEXT_DOCUMENT_HOVER: (_hover, None),
    lsp.TEXT_DOCUMENT_CODE_LENS: (_lenses, None),
}
