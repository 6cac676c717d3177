"""An editor for tests: a client of `checker lsp` over standard input and output, as a synchronous object."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pytest_lsp import LanguageClient
from pytest_lsp.client import make_test_lsp_client

_Result = TypeVar("_Result")
_PATIENCE = 60
CAPABILITIES = lsp.ClientCapabilities(
    text_document=lsp.TextDocumentClientCapabilities(
        code_action=lsp.CodeActionClientCapabilities(disabled_support=True),
        hover=lsp.HoverClientCapabilities(content_format=[lsp.MarkupKind.Markdown]),
    ),
    workspace=lsp.WorkspaceClientCapabilities(
        did_change_watched_files=lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        code_lens=lsp.CodeLensWorkspaceClientCapabilities(refresh_support=True),
    ),
)


class Editor:
    """Open documents with their versions, and what the server says of them."""

    def __init__(self, client: LanguageClient, loop: asyncio.AbstractEventLoop, folder: Path) -> None:
        self.client = client
        self.loop = loop
        self.folder = folder
        self.versions: dict[str, int] = {}
        self.refreshed = 0

        @client.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)  # type: ignore[untyped-decorator]
        def refresh(*_: object) -> None:
            self.refreshed += 1

    def wait(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(_PATIENCE)

    def tell(self, notify: Callable[..., None], params: object) -> None:
        """Send a notification."""

        async def notifying() -> None:
            notify(params)

        self.wait(notifying())

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None) -> list[lsp.Diagnostic]:
        """Open a file, with its text on the disk unless another one is given; return its diagnostics."""
        uri = self.uri(name)
        self.versions[uri] = 1
        content = (self.folder / name).read_text() if text is None else text
        item = lsp.TextDocumentItem(uri, "plaintext", 1, content)
        self.tell(self.client.text_document_did_open, lsp.DidOpenTextDocumentParams(item))
        return self.published(name)

    def edit(self, name: str, text: str) -> list[lsp.Diagnostic]:
        """Replace the text of an open document, without saving it; return its diagnostics."""
        self.send(name, text)
        return self.published(name)

    def send(self, name: str, text: str) -> None:
        """Replace the text of an open document, and do not wait."""
        uri = self.uri(name)
        self.versions[uri] += 1
        self.client.diagnostics.pop(uri, None)
        document = lsp.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.tell(self.client.text_document_did_change, lsp.DidChangeTextDocumentParams(document, [change]))

    def close(self, name: str) -> None:
        self.tell(self.client.text_document_did_close, lsp.DidCloseTextDocumentParams(self.document(name)))

    def changed_on_disk(self, *names: str) -> None:
        """Report that another program changed files."""
        events = [lsp.FileEvent(self.uri(name), lsp.FileChangeType.Changed) for name in names]
        for name in self.versions:
            self.client.diagnostics.pop(name, None)
        self.tell(self.client.workspace_did_change_watched_files, lsp.DidChangeWatchedFilesParams(events))

    def configure(self, settings: dict[str, Any]) -> None:
        """Change the settings of the editor."""
        self.client.diagnostics.clear()
        self.tell(self.client.workspace_did_change_configuration, lsp.DidChangeConfigurationParams(settings))

    def published(self, name: str) -> list[lsp.Diagnostic]:
        """Wait for the next diagnostics of a document."""
        uri = self.uri(name)

        async def waiting() -> list[lsp.Diagnostic]:
            while uri not in self.client.diagnostics:
                await self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            return list(self.client.diagnostics[uri])

        return self.wait(waiting())

    def document(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    def fixes(self, name: str, diagnostic: lsp.Diagnostic) -> list[lsp.CodeAction]:
        """Ask for the fixes of a diagnostic."""
        context = lsp.CodeActionContext([diagnostic])
        params = lsp.CodeActionParams(self.document(name), diagnostic.range, context)
        found = self.wait(self.client.text_document_code_action_async(params)) or ()
        return [one for one in found if isinstance(one, lsp.CodeAction)]

    def hover(self, name: str, line: int, character: int) -> str:
        """Return what is shown at a place; empty for nothing."""
        params = lsp.HoverParams(self.document(name), lsp.Position(line, character))
        found = self.wait(self.client.text_document_hover_async(params))
        return found.contents.value if found and isinstance(found.contents, lsp.MarkupContent) else ""

    def lenses(self, name: str) -> list[tuple[int, str]]:
        """Return the lines with an answer above them, and the answers."""
        return [(line, command.title) for line, command in self._answers(name)]

    def explain(self, name: str) -> str:
        """Run the command of the first answer of a document."""
        _, command = self._answers(name)[0]
        params = lsp.ExecuteCommandParams(command.command, command.arguments)
        return str(self.wait(self.client.workspace_execute_command_async(params)))

    def _answers(self, name: str) -> list[tuple[int, lsp.Command]]:
        """Return the answers above lines of a document, each with the command that explains it."""
        found = self.wait(self.client.text_document_code_lens_async(lsp.CodeLensParams(self.document(name))))
        return [(one.range.start.line, one.command) for one in found or () if one.command]


@contextmanager
def editor(folder: Path, settings: dict[str, Any] | None = None) -> Iterator[Editor]:
    """Start an editor with a folder, and stop it as editors do. It has a thread: other tests have a loop in this one."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    client = make_test_lsp_client()
    client.feature(lsp.CLIENT_REGISTER_CAPABILITY)(lambda _: None)
    opened = Editor(client, loop, folder)
    opened.wait(client.start_io(sys.executable, "-m", "checker", "lsp", cwd=folder))
    params = lsp.InitializeParams(
        CAPABILITIES,
        workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), folder.name)],
        initialization_options=settings,
    )
    try:
        opened.wait(client.initialize_session(params))
        yield opened
        opened.wait(client.shutdown_session())
    finally:
        opened.wait(client.stop())  # type: ignore[no-untyped-call]
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def applied(text: str, edits: list[lsp.TextEdit]) -> str:
    """Apply edits as an editor does, with columns in UTF-16 code units."""
    lines = text.splitlines(keepends=True) or [""]
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]

    def offset(place: lsp.Position) -> int:
        line = lines[place.line] if place.line < len(lines) else ""
        before = line.encode("utf-16-le")[: 2 * place.character].decode("utf-16-le")
        return starts[place.line] + len(before)

    for edit in sorted(
        edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True
    ):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text
