"""The text report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from checker.core.finding import Position
from checker.core.terminal_text import inert, inert_line, inert_patch_line, json_lines
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from checker.report.brief import summary_text
from checker.report.context import Paint, Setting, width
from checker.report.finding_text import excerpt
from checker.report.formats.text import render
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement


def report_on(text: str, folder: Path) -> tuple[list[str], str]:
    path = folder / "policy.json"
    path.write_text(text)
    report = judge(load([path]), all_rules())
    lines = [line.replace(str(folder), "FOLDER") for line in render(report, Setting())]
    return lines, summary_text(report, Paint())


def test_a_finding_quotes_its_line_marks_the_part_and_says_what_to_do(tmp_path: Path) -> None:
    condition = {
        "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
        "ArnEqualsIfExists": {"aws:SourceArn": INSTANCE_ARN},
    }
    lines, summary = report_on(
        json.dumps(document(statement(Sid="Chat", Condition=condition)), indent=2), tmp_path
    )
    assert lines == [
        "error[weak-source-condition]: statement `Chat` does not restrict Connect to your instances: `StringEqualsIfExists` matches when"
        " `aws:SourceAccount` is absent, `ArnEqualsIfExists` matches when `aws:SourceArn` is absent",
        "  --> FOLDER/policy.json:14:32",
        "     |",
        '  14 |           "aws:SourceAccount": "111122223333"',
        "     |                                ^^^^^^^^^^^^^^",
        "  --> FOLDER/policy.json:17:28",
        "     |",
        f'  17 |           "aws:SourceArn": "{INSTANCE_ARN}"',
        f"     |                            {'^' * (len(INSTANCE_ARN) + 2)}",
        f"  = resource: {TOPIC_ARN}",
        "  = witness: Connect without aws:SourceArn and aws:SourceAccount could publish",
        "  = help: use `StringEquals` for `aws:SourceAccount` and `ArnEquals` for `aws:SourceArn`, with the values of the instance",
        "  = fix (unsafe): pin statement `Chat` to instance 3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d",
    ]
    assert summary.startswith("1 error; examined 1 topic; 0 topics not checked; ")


def test_what_one_cause_leaves_open_is_one_note(tmp_path: Path) -> None:
    organization = {"StringNotEquals": {"aws:SourceOrgID": "o-abcdefghij"}}
    deny = {**statement(Sid="Outside", Condition=organization), "Effect": "Deny", "Principal": "*"}
    pins = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
    text = json.dumps(document(statement(Sid="Chat", Condition=pins), deny), indent=2)
    lines, summary = report_on(text, tmp_path)
    notes = [line for line in lines if line.startswith("note[")]
    others = [line for line in lines if line.startswith("  = note: for the same reason, not known whether")]
    assert len(notes) == 1
    assert "`aws:sourceorgid`" in notes[0]
    assert [line.rpartition("[")[2] for line in others] == ["blocking-deny]"]
    assert summary.startswith("2 notes; ")


def test_a_long_range_is_shown_by_its_first_lines_and_its_last_line(tmp_path: Path) -> None:
    lines, _ = report_on(json.dumps(document(statement()), indent=2), tmp_path)
    start = lines.index("  --> FOLDER/policy.json:4:5")
    assert lines[start : start + 7] == [
        "  --> FOLDER/policy.json:4:5",
        "     |",
        "   4 >     {",
        '   5 >       "Effect": "Allow",',
        '   6 >       "Principal": {',
        "     :",
        "  11 >     }",
    ]


def test_a_long_line_is_truncated_around_the_marked_part(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [statement(Resource=TOPIC_ARN, Effect="allow")],
            "Id": "x" * 300,
        }
    )
    lines, _ = report_on(text, tmp_path)
    quoted, marks = lines[3], lines[4]
    assert len(quoted) < 130
    assert quoted[marks.index("^") : marks.rindex("^") + 1] == '"allow"'


def test_hostile_text_cannot_control_a_terminal(tmp_path: Path) -> None:
    sid = "\x1b]0;owned\x07\u202e"
    lines, _ = report_on(
        json.dumps(document(statement(Sid=sid)), indent=2, ensure_ascii=False).replace("\\u001b", "\\u001b"),
        tmp_path,
    )
    assert all(char.isprintable() for line in lines for char in line)


def test_text_is_made_inert_and_measured() -> None:
    for text, shown in (
        ("Straße 日本 \\n", "Straße 日本 \\n"),
        ("a\tb\r\n", r"a\tb\r\n"),
        ("\x1b]0;owned\x07\x9b", r"\x1b]0;owned\x07\x9b"),
        ("\u202etxt\u2066\u061c\u200b\ufeff", r"\u202etxt\u2066\u061c\u200b\ufeff"),
        ("\u2028\u2029\x85", r"\u2028\u2029\x85"),
        ("\udc80\U000e0041\u3164\ufe0f", r"\udc80\U000e0041\u3164\ufe0f"),
        ("##[error]x ##vso[task.x]", r"##\x5berror]x ##vso\x5btask.x]"),
    ):
        assert inert(text) == shown
        assert inert(shown) == shown
    assert width("ab") == 2
    assert width("日本") == 4
    assert Paint(enabled=True)("error", "x") == "\x1b[1;31mx\x1b[0m"


def test_every_line_is_made_inert_when_it_is_written() -> None:
    styled = f"{Paint(enabled=True)('bold', 'a')}\x1b[31mb\x1b]8;;http://x\x07"
    assert inert_line(styled, styled=True) == "\x1b[1ma\x1b[0m" + r"\x1b[31mb\x1b]8;;http://x\x07"
    assert "\x1b" not in inert_line(styled)
    assert inert_line(" \t::error::x") == r" \t::error::x"
    assert inert_line("  ::error::x") == r"  \x3a:error::x"
    assert inert_line(Paint(enabled=True)("dim", "::error::x"), styled=True) == "\x1b[2m\\x3a:error::x\x1b[0m"
    assert inert_patch_line(" \t::stop::\r") == " \t\\x3a:stop::\r"
    assert inert_patch_line("+\ta\rb\r") == "+\ta\\rb\r"


@given(
    st.recursive(st.text() | st.just("##[x]"), lambda inner: st.dictionaries(st.text(), inner, max_size=3))
)
def test_json_is_inert_and_has_the_same_content(value: object) -> None:
    for ascii_only in (True, False):
        lines = list(json_lines(value, ascii_only=ascii_only))
        assert json.loads("\n".join(lines)) == value
        assert all(inert(line) == line for line in lines)


@given(
    columns=st.integers(46, 200),
    before=st.text("ab語", max_size=200),
    marked=st.text("xy", min_size=1, max_size=200),
    after=st.text("ab語", max_size=200),
)
def test_on_a_terminal_an_excerpt_fits_and_its_marks_are_below_their_text(
    columns: int, before: str, marked: str, after: str
) -> None:
    start, end = len(before) + 1, len(before) + len(marked) + 1
    line = Excerpted(before + marked + after)
    _, quoted, carets = excerpt(line, Position(1, start, 1, end), Paint(columns=columns))
    assert max(width(quoted), width(carets)) + len("  ") <= columns
    pairs = zip(_columns(quoted), _columns(carets), strict=False)
    assert {above for above, below in pairs if below == "^"} <= set("xy")


class Excerpted(NamedTuple):
    """A file of one line."""

    text: str
    name: str = "policy.json"

    def line(self, number: int) -> str:
        assert number == 1
        return self.text


def _columns(text: str) -> str:
    """A text with a character for each column."""
    return "".join(one * width(one) for one in text)
