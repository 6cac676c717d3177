"""How long an editor waits for the check of an open document, the first time and after an edit.

Both are in this process, as in the language server, which checks as long as the editor runs.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from pygls.workspace import PositionCodec

from benchmarks.hcl import SIZE, write_modules
from benchmarks.measure import Row, cpu_seconds
from checker.inputs.reading_memory import ReadingMemory
from checker.lsp.diagnostics import Shown, diagnostics_of
from checker.lsp.folder_check import FolderCheck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = 200
FIRST, EDITS = 3, 9
"""The number of first checks, and of edits."""


def rows(folder: Path) -> Iterator[Row]:
    """Edit one file of a root whose files have a topic, its policy and its key, alone or among other resources."""
    gc.disable()  # the server collects garbage while the user does not type
    for what, size in (("1 KB", 0), ("4 KB", SIZE)):
        root = folder / str(size)
        (root / ".git").mkdir(parents=True)
        write_modules(root, FILES, apart=False, size=size)
        path = root / "f0.tf"
        first = cpu_seconds(lambda path=path: OpenDocument(path).edit(), FIRST)  # type: ignore[misc]
        document = OpenDocument(path)
        document.edit()
        edited = cpu_seconds(document.edit, EDITS)
        name = f"lsp, an edit, {FILES} .tf files of {what}"
        yield Row("editor", name, edited, (("the first check", first),), items=FILES)
        gc.collect()
    gc.enable()


class OpenDocument:
    """A document with the memory of its earlier checks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text()
        self.memory = ReadingMemory()
        self.edits = 0

    def edit(self) -> None:
        """Rename the topic, check the document, and write its diagnostics."""
        self.edits += 1
        text = self.text.replace("chat-0", f"chat-0-{self.edits}")
        check = FolderCheck.of(self.path.parent, {str(self.path): text}, (), self.memory)
        check.context.run(diagnostics_of, str(self.path), Shown(check, PositionCodec()))
