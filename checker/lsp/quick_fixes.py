"""Offers the fixes of findings as code actions. Only a proven fix is preferred; an unsafe one says so in its title.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#textDocument_codeAction
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol.types import (
    CodeAction,
    CodeActionDisabled,
    CodeActionKind,
    OptionalVersionedTextDocumentIdentifier,
    TextDocumentEdit,
    TextEdit,
    WorkspaceEdit,
)

from checker.core.finding import Applicability
from checker.core.record import NamedTuple
from checker.lsp.diagnostics import findings_in
from checker.lsp.folder_check import INSTANCES
from checker.lsp.positions import overlaps, uri_of
from checker.report.brief import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lsprotocol.types import AnnotatedTextEdit, Diagnostic, Range, SnippetTextEdit

    from checker.core.finding import Finding, Fix
    from checker.lsp.diagnostics import Shown

_LABELS = {
    Applicability.SAFE: "safe: proven to change no other access",
    Applicability.DOCUMENTED: "as AWS documents, also affects others",
    Applicability.UNSAFE: "unsafe: may grant or remove other access",
}
_BY_HAND = "by hand: `checker fix` prints the statements to add"


class FixRequest(NamedTuple):
    """A request for the fixes of a range of a document.

    ``versions`` are those of the open documents, by path. ``shows_disabled`` is true if the editor shows what cannot be
    applied, with the reason.
    """

    path: str
    range: Range
    diagnostics: Sequence[Diagnostic]
    versions: Mapping[str, int | None]
    shows_disabled: bool


def quick_fixes(request: FixRequest, shown: Shown) -> list[CodeAction]:
    """Return the fixes of the findings in a range: the proven ones first, those to apply by hand last."""
    found = {
        (action.title, repr(action.edit)): action
        for finding, where in findings_in(shown.check.fixed, request.path, shown)
        if overlaps(where, request.range)
        for fix in finding.fixes
        if (action := _action(fix, finding, request, shown)) is not None
    }
    return sorted(found.values(), key=lambda action: (action.disabled is not None, not action.is_preferred))


def _action(fix: Fix, finding: Finding, request: FixRequest, shown: Shown) -> CodeAction | None:
    """Return a fix as an action; ``None`` for one by hand, if the editor does not show the reason."""
    of = [one for one in request.diagnostics if one.code == finding.rule]
    if not fix.edits:
        disabled = CodeActionDisabled(_obstacle(fix))
        action = CodeAction(one_line(fix.title), CodeActionKind.QuickFix, of, disabled=disabled)
        return action if request.shows_disabled else None
    return CodeAction(
        f"{one_line(fix.title)} ({_LABELS[fix.applicability]})",
        CodeActionKind.QuickFix,
        of,
        is_preferred=fix.applicability is Applicability.SAFE,
        edit=_edit(fix, request, shown),
    )


def _obstacle(fix: Fix) -> str:
    """Return why a fix cannot be applied in the editor."""
    if fix.needs:
        return f"needs the Connect instance: {INSTANCES}"
    return "; ".join(map(one_line, fix.plan)) or _BY_HAND


def _edit(fix: Fix, request: FixRequest, shown: Shown) -> WorkspaceEdit:
    """Return the edits of a fix, each file with the version that was checked."""
    edits: dict[str, list[TextEdit | AnnotatedTextEdit | SnippetTextEdit]] = {}
    for one in fix.edits:
        where = shown.lines(one.document.name).range_of(one.position)
        edits.setdefault(shown.check.path_of(one.document.name), []).append(TextEdit(where, one.text))
    return WorkspaceEdit(
        document_changes=[
            TextDocumentEdit(
                OptionalVersionedTextDocumentIdentifier(uri_of(path), request.versions.get(path)), listed
            )
            for path, listed in edits.items()
        ]
    )
