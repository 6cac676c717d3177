"""Policies are untrusted: no text in a policy can control an output format."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checker.core.errors import Skipped
from checker.core.finding import Finding, Role, Severity, Witness
from checker.core.terminal_text import inert
from checker.inputs.text import parse_text
from checker.lint.audited import AuditedUnit, Circumstances
from checker.lint.history import Change, Entry, History
from checker.lint.report import Report, Stale, Suppressed, SuppressedBy
from checker.report.asff import Owner, finding_asff
from checker.report.brief import one_line
from checker.report.context import is_file
from checker.report.markdown import code, plain, prose
from tests.hostile import HOSTILE
from tests.report.fixed import LIVE, SETTING, WEAK, at
from tests.report.readers import github_lines, hold, inert_page, sarif_run, written
from tests.samples import document, statement


def hostile(text: str) -> Report:
    """A report with the text in all places where it can come from outside."""
    policy = document(statement(Sid=text, Condition={"StringEquals": {text: text}}))
    parsed = parse_text(text, json.dumps(policy))
    route = ("Statement", 0, "Condition", "StringEquals", text)
    finding = Finding(
        "weak-condition",
        Severity.ERROR,
        f"statement `{text}` is odd: {text}",
        text,
        (at(*route, of=parsed), at(*route, of=parsed), at("Statement", 0, of=parsed, role=Role.RELATED)),
        help=f"write `{text}` instead",
        witness=Witness(f"Connect for {text} could publish", {"action": text}, "Allowed", (0,)),
    )
    return Report(
        findings=(finding, LIVE._replace(message=text, resource=text)),
        examined=(),
        skipped=(Skipped(text, text, error=True, help=text), Skipped(text, text)),
        not_judged=0,
        suppressed=(Suppressed(finding, SuppressedBy.COMMENT, text),),
        stale=(Stale(text, text),),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_in_every_format(text: str) -> None:
    hold(hostile(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_and_bounded_in_security_hub(text: str) -> None:
    found = hostile(text).findings[0]
    asff = finding_asff(found, Owner("aws", "111122223333", "us-east-1"), "now")
    shown = (asff["Title"], asff["Description"], asff["Remediation"]["Recommendation"]["Text"])
    for one, longest in zip(shown, (256, 1024, 512), strict=True):
        assert inert(one) == one
        assert len(one) <= longest


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_of_accounts_and_reasons_of_changes_are_inert(text: str) -> None:
    topic = "arn:aws:sns:us-east-1:111122223333:chat"
    report = hostile(text)
    finding = report.findings[0]._replace(resource=topic, message=f"statement {'x' * 110} `{text}")
    inert_page(audit_digest(report, finding, text))


def test_no_word_of_a_digest_is_taken_for_a_domain() -> None:
    """A chat makes a link of a bare domain, except in code."""
    topic, text = "arn:aws:sns:us-east-1:111122223333:chat.fifo", "see evil.example.com/x"
    finding = hostile(text).findings[0]._replace(resource=topic)
    digest = audit_digest(hostile(text), finding, text)
    assert "(111122223333 see evil. example. com/x us-east-1)" in digest
    assert "chat.fifo" in digest
    outside = re.sub(r"`[^`\n]+`", "", digest.replace("chat.fifo", ""))
    assert not re.search(r"\w\.[a-z]", outside)


def audit_digest(report: Report, finding: Finding, text: str) -> str:
    """The digest of an audit with a finding, in an account with the text as its name."""
    entries = [Entry(finding, change, "2026-01-01T00:00:00+00:00", reason=text) for change in Change]
    unit = AuditedUnit("111122223333", "us-east-1", text, complete=True)
    audit = Circumstances("2026-01-02T00:00:00+00:00", "1", units=(unit,))
    history = History("2026-01-01T00:00:00+00:00", tuple(entries))
    return written("digest", report._replace(findings=(finding,) * 3, audit=audit, history=history))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_github_runner_reads_hostile_text_literally(text: str) -> None:
    commands, _ = github_lines(Report((), (), (Skipped(text, text, error=True),), 0))
    (command,) = commands
    assert command.message == one_line(f"{text}: {text}")
    if is_file(text):
        assert command.properties["file"] == one_line(SETTING.relative(text))


@settings(deadline=None)
@given(st.text())
@example("`a```b`")
@example("#0")
@example("\u00a1_")
def test_no_text_breaks_any_format(text: str) -> None:
    hold(hostile(text))


@settings(deadline=None)
@given(st.text(min_size=1).map(one_line))
@example(" x ")
@example(" ")
def test_inert_text_is_unchanged(text: str) -> None:
    def read(source: str) -> tuple[str, list[str]]:
        page = inert_page(f"x{source}x")
        return page.text.replace("\N{ZERO WIDTH SPACE}", "").removesuffix("\n"), page.code

    assert read(plain(text)) == (f"x{text}x", [])
    assert read(code(text)) == ("xx", [text])
    value = text.replace("`", "")
    if value:
        assert read(prose(f"a `{value}` b")) == ("xa  bx", [value])


def test_a_message_keeps_code_spans_and_links_in_formats_that_support_them() -> None:
    (result,) = sarif_run(Report((WEAK._replace(message="`[a](1)` is odd?"),), (), (), 0))["results"]
    assert result["message"]["text"].splitlines() == [
        "`\\[a\\](1)` is odd?",
        "",
        "Help: use StringEquals with the instance's own account",
        "",
        "See [for this principal](1)",
    ]
    page = inert_page(written("markdown", Report((WEAK,), (), (), 0)))
    assert "StringEqualsIfExists" in page.code
