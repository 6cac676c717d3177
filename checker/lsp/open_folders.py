"""The open documents by folder, each folder with its last check and the task that renews it."""

from __future__ import annotations

import asyncio
import gc
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lsprotocol import types as lsp

from checker.core.terminal_text import inert
from checker.inputs.reading_memory import ReadingMemory
from checker.lsp.diagnostics import Shown, diagnostics_of, of_error
from checker.lsp.folder_check import FolderCheck, folder_of, is_checked
from checker.lsp.positions import path_of, uri_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pygls.lsp.server import LanguageServer
    from pygls.workspace import TextDocument

    Diagnostics = Mapping[str, list[lsp.Diagnostic]]

_Result = TypeVar("_Result")
_COLLECT_AFTER = 1.0
"""Seconds without an edit after which garbage is collected: it takes as long as a check."""
_MOST_CHECKS = 20
"""The number of checks after which garbage is collected while the user types."""


class _OpenFolder:
    """A folder with its last check. ``is_stale`` is true if a document changed since.

    ``has_other_answers`` is true if the answers above policies may change without an edit, after which an editor asks for
    them anyway.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.memory = ReadingMemory()
        self.shown: Shown | None = None
        self.is_stale = False
        self.has_other_answers = False
        self.task: asyncio.Task[None] | None = None


class OpenFolders:
    """Checks the open documents of each folder, one check at a time: a check changes the working directory."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._pool = ThreadPoolExecutor(1)
        self._folders: dict[Path, _OpenFolder] = {}
        self._instances: tuple[str, ...] = ()
        self._checks = 0

    def configure(self, settings: object) -> None:
        """Take the settings of the editor: ``instances`` are ARNs of instances, as for `--instance-arn`."""
        listed = settings.get("instances") if isinstance(settings, dict) else None
        texts = listed if isinstance(listed, list) else ()
        self._instances = tuple(one for one in texts if isinstance(one, str))

    def check(self, uri: str) -> None:
        """Check the folder of a document, unless it is not an input."""
        path = path_of(uri)
        if path is not None and is_checked(path):
            self._renew(self._folder(path))

    def check_all(self) -> None:
        """Check all folders with open documents: another program changed a file, or the user a setting."""
        for path in self._documents():
            opened = self._folder(path)
            opened.has_other_answers = True
            self._renew(opened)

    def close(self, uri: str) -> None:
        """Remove the diagnostics of a document that was closed."""
        self._publish(uri, [])
        self.check(uri)

    def versions(self) -> Mapping[str, int | None]:
        """Return the versions of the open documents, by path."""
        return {path: document.version for path, document in self._documents().items()}

    async def current(self, uri: str) -> Shown | None:
        """Return the check of a document as it is now; ``None`` if it is not an input."""
        path = path_of(uri)
        if path is None or path not in self._documents():
            return None
        opened = self._folder(path)
        if opened.task is not None:
            await asyncio.shield(opened.task)
        return opened.shown if opened.shown is not None and path in opened.shown.check.texts else None

    async def run(self, shown: Shown, function: Callable[[], _Result]) -> _Result | None:
        """Compute something of a check, in its context; ``None`` after an error, which is reported."""
        try:
            return await self._in_pool(lambda: shown.check.context.run(function))
        except Exception as error:  # noqa: BLE001 - the server goes on, and the editor shows the error
            self._report(error)
            return None

    def _documents(self) -> dict[str, TextDocument]:
        """Return the open documents to check, by path. One that was never saved is not checked."""
        named = ((path_of(uri), one) for uri, one in self._server.workspace.text_documents.items())
        return {
            path: one
            for path, one in named
            if path is not None and is_checked(path) and os.path.isfile(path)  # noqa: PTH113 - never raises
        }

    def _folder(self, path: str) -> _OpenFolder:
        workspaces = (path_of(uri) for uri in self._server.workspace.folders)
        folder = folder_of(path, [Path(one) for one in workspaces if one is not None])
        return self._folders.setdefault(folder, _OpenFolder(folder))

    def _renew(self, opened: _OpenFolder) -> None:
        """Check a folder now, or again if a check is running."""
        opened.is_stale = True
        if opened.task is None or opened.task.done():
            opened.task = asyncio.create_task(self._work(opened))

    async def _work(self, opened: _OpenFolder) -> None:
        while opened.is_stale:
            opened.is_stale = False
            documents = {path: one for path, one in self._documents().items() if self._folder(path) is opened}
            texts = {path: one.source for path, one in documents.items()}
            versions = {path: one.version for path, one in documents.items()}
            try:
                opened.shown, found = await self._in_pool(lambda: self._checked(opened, texts))  # noqa: B023 - awaited here
            except Exception as error:  # noqa: BLE001 - as in `run`
                self._report(error)
                continue
            for path, diagnostics in found.items():
                self._publish(uri_of(path), diagnostics, versions[path])
        if opened.has_other_answers:
            opened.has_other_answers = False
            self._refresh_answers()
        asyncio.get_running_loop().call_later(_COLLECT_AFTER, self._collect, self._checks)

    def _checked(self, opened: _OpenFolder, texts: Mapping[str, str]) -> tuple[Shown, Diagnostics]:
        """Check a folder, and write the diagnostics of its documents."""
        self._checks += 1
        if self._checks % _MOST_CHECKS == 0:
            gc.collect()
        check = FolderCheck.of(opened.folder, texts, self._instances, opened.memory)
        shown = Shown(check, self._server.workspace.position_codec)
        if check.error is not None:
            return shown, {path: [of_error(check.error)] for path in texts}
        return shown, {path: check.context.run(diagnostics_of, path, shown) for path in texts}

    def _collect(self, checks: int) -> None:
        """Collect garbage, if there was no other check in the meantime."""
        if checks == self._checks:
            self._pool.submit(gc.collect)

    async def _in_pool(self, function: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    def _publish(self, uri: str, diagnostics: list[lsp.Diagnostic], version: int | None = None) -> None:
        self._server.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, diagnostics, version)
        )

    def _refresh_answers(self) -> None:
        """Ask the editor to request the answers above policies again, if it can."""
        workspace = self._server.client_capabilities.workspace
        lenses = workspace.code_lens if workspace is not None else None
        if lenses is not None and lenses.refresh_support:
            self._server.workspace_code_lens_refresh(None)

    def _report(self, error: Exception) -> None:
        text = f"bug in checker, please report it: {type(error).__name__}: {inert(str(error))}"
        self._server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, text))
