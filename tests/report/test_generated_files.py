"""Findings in generated files have a position, and no report quotes the file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from checker.app.output import FORMATS, render
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from checker.lint.report import Report
from checker.report.context import Setting
from tests.inputs.cloudtrail.events import json_lines, s3, start
from tests.inputs.terraform.plan.plans import change, plan, state
from tests.report.readers import hold
from tests.samples import TOPIC_ARN, document, statement

UNQUOTED = "seldom"
POLICY = {
    "Id": f"{UNQUOTED}-id",
    **document(
        statement(Sid="AllowConnect"),
        statement(Sid=f"{UNQUOTED}Sid", Principal={"AWS": f"arn:aws:iam::111122223333:role/{UNQUOTED}"}),
    ),
}
AFTER = {"name": "chat", "arn": TOPIC_ARN, "display_name": f"{UNQUOTED} name", "policy": json.dumps(POLICY)}
TOPIC = change("aws_sns_topic.chat", AFTER)
EVENTS = [start(name, minute, userAgent=f"{UNQUOTED} agent") for minute, name in enumerate("abc")]
POINTER = {"plan": "/resource_changes/0/change/after", "state": "/values/root_module/resources/0/values"}
FILES: dict[str, bytes] = {
    "plan, indented.json": json.dumps(plan([TOPIC]), indent=2).encode(),
    "plan, one line.json": json.dumps(plan([TOPIC])).encode(),
    "plan, packed.json.gz": gzip.compress(json.dumps(plan([TOPIC])).encode()),
    "state, indented.json": json.dumps(state(TOPIC), indent=2).encode(),
    "state, one line.json": json.dumps(state(TOPIC)).encode(),
    "trail, lines.jsonl": json_lines(EVENTS),
    "trail, document.json": s3(EVENTS),
    "trail, indented.json": json.dumps({"Records": EVENTS}, indent=2).encode(),
    "trail, packed.json.gz": gzip.compress(s3(EVENTS)),
}


def report_on(path: Path, source: Path | None = None) -> Report:
    report = judge(load([path], given=Given(source=source)), all_rules())
    assert report.findings
    return report


def printed(name: str, report: Report) -> str:
    return "\n".join(render(name, report, Setting(rules=all_rules())))


@pytest.fixture(params=FILES)
def generated(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / str(request.param)
    path.write_bytes(FILES[path.name])
    return path


def test_a_generated_file_has_no_text_to_quote(generated: Path) -> None:
    for finding in report_on(generated).findings:
        assert finding.locations
        for location in finding.locations:
            assert location.text is None
            assert location.source == str(generated)
            assert location.position() is not None


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_quotes_the_file(name: str, generated: Path) -> None:
    text = printed(name, report_on(generated))
    assert UNQUOTED not in text
    if name == "text":
        assert not [line for line in text.splitlines() if line.lstrip(" 0123456789").startswith(("|", ">"))]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("file", [name for name in FILES if not name.startswith("trail")])
def test_every_format_has_the_file_the_address_and_the_pointer(name: str, file: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_bytes(FILES[file])
    report = report_on(path)
    text = printed(name, report)
    assert file.replace(" ", "%20").replace(",", "%2C") in text or file in text
    assert "aws_sns_topic.chat" in text
    assert f"{POINTER[file.partition(',')[0]]}/policy" in text
    hold(report)


@pytest.mark.parametrize("kind", ["plan", "state"])
def test_the_terraform_source_of_a_resource_is_quoted(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    policy = json.dumps(document(statement(Sid="AllowConnect")), indent=2)
    text = f'resource "aws_sns_topic" "chat" {{\n  name   = "chat"\n  policy = <<EOT\n{policy}\nEOT\n}}\n'
    (source / "main.tf").write_text(text)
    path = tmp_path / "plan.json"
    path.write_bytes(FILES[f"{kind}, one line.json"])
    shown = printed("text", report_on(path, source))
    assert f"..> {source / 'main.tf'}:" in shown
    assert '"Effect": "Allow",' in shown
    assert UNQUOTED not in shown
