"""How other programs read the formats: each reader holds what it is given against the format's rules.

`sarif-2.1.0.json` is the schema of SARIF 2.1.0 plus errata 01 as OASIS publishes it, unchanged;
Copyright OASIS Open, https://www.oasis-open.org/policies-guidelines/ipr/.
"""

from __future__ import annotations

import csv
import json
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from jsonschema import Draft4Validator
from markdown_it import MarkdownIt

from checker.app.output import FORMATS, render
from checker.lint.report import Report
from checker.report.brief import one_line
from checker.report.context import Setting
from tests.report.fixed import SETTING

SCHEMA = Draft4Validator(json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text()))


def written(name: str, report: Report, setting: Setting = SETTING) -> str:
    lines = list(render(name, report, setting))
    assert not any("\n" in line or "\r" in line for line in lines) or name == "json"
    return "\n".join(lines) + "\n"


def sarif_run(report: Report, setting: Setting = SETTING) -> dict[str, Any]:
    """The one run, after it was held against the schema and against what GitHub asks for."""
    log = json.loads(written("sarif", report, setting))
    assert [error.message for error in SCHEMA.iter_errors(log)] == []
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(len(rule.get("properties", {}).get("tags", ())) <= 10 for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"] == "fail") == (result["level"] != "none")
        assert result["locations"]
        for place in (*result["locations"], *result["relatedLocations"]):
            physical = place["physicalLocation"]
            assert physical["region"]["startLine"] >= 1
            assert is_relative(physical["artifactLocation"]["uri"])
    prints = [result["partialFingerprints"]["checker/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    return dict(run)


def is_relative(uri: str) -> bool:
    steps = uri.split("/")
    return re.fullmatch(r"[\w.~%/-]+", uri, re.ASCII) is not None and not {"", ".", ".."} & set(steps)


def junit_cases(report: Report, setting: Setting = SETTING) -> list[ET.Element]:
    """The test cases, after they were counted."""
    root = ET.fromstring(written("junit", report, setting))  # noqa: S314 - our own
    for element in (root, *root.findall("testsuite")):
        for count, tag in (
            ("tests", ""),
            ("failures", "/failure"),
            ("errors", "/error"),
            ("skipped", "/skipped"),
        ):
            assert element.get(count) == str(len(element.findall(f".//testcase{tag}")))
    said = "".join(root.itertext()) + "".join(value for one in root.iter() for value in one.attrib.values())
    assert all(character.isprintable() or character == "\n" for character in said)
    findings = (*report.findings, *(one.finding for one in report.suppressed))
    assert all(one_line(finding.message) in said for finding in findings)
    return root.findall(".//testcase")


PROPERTIES = {"file", "line", "endLine", "col", "endColumn", "title"}


class Command(NamedTuple):
    kind: str
    properties: dict[str, str]
    message: str


def github_lines(report: Report, setting: Setting = SETTING) -> tuple[list[Command], list[str]]:
    """The commands as the runner reads them, and the lines that it only shows."""
    commands, shown = [], []
    for line in written("github", report, setting).removesuffix("\n").split("\n"):
        assert line.isprintable()
        assert "##[" not in line  # the old style, which the runner looks for anywhere in a line
        if not line.startswith("::"):
            assert re.match(
                r"checker: \d|checker: (?:no findings|examined nothing)|\d+ more annotations of kind", line
            )
            shown.append(line)
            continue
        kind, _, info = line[2:].partition("::")[0].partition(" ")
        message = unescaped(line[2:].partition("::")[2])
        pairs = (pair.partition("=") for pair in info.split(","))
        commands.append(Command(kind, {key: unescaped(value) for key, _, value in pairs}, message))
    assert {one.kind for one in commands} <= {"error", "warning", "notice"}
    assert {key for one in commands for key in one.properties} <= PROPERTIES
    return commands, shown


def unescaped(text: str) -> str:
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


class Page(HTMLParser):
    """A rendered page: its tags, and its text inside and outside of code."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.code: list[str] = []
        self.text = ""
        self.inside = 0
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self.inside += tag == "code"
        self.code += [""] * (tag == "code")

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.code[-1] += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.add(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.tags.add(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.tags.add(f"<?{data}")

    def unknown_decl(self, data: str) -> None:
        self.tags.add(f"<![{data}")


OURS = {"h2", "h3", "p", "ul", "li", "strong", "code", "details", "summary"}
LIVE_TEXT = re.compile(r"@\w|#\d|://|www\.|gh-\d", re.IGNORECASE)


def inert_page(source: str) -> Page:
    page = Page(source)
    assert page.tags <= OURS
    assert page.attributes == []
    assert LIVE_TEXT.search(page.text) is None
    return page


def gitlab_issues(report: Report, setting: Setting = SETTING) -> list[dict[str, Any]]:
    """The issues, after each was held against what GitLab requires."""
    issues: list[dict[str, Any]] = json.loads(written("gitlab", report, setting))
    for one in issues:
        assert one.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert one["location"]["lines"]["begin"] >= 1
        assert not one["location"]["path"].startswith(("/", "./", "../"))
    assert len({one["fingerprint"] for one in issues}) == len(issues)
    return issues


def diagnostics(report: Report, setting: Setting = SETTING) -> list[dict[str, Any]]:
    """The diagnostics of reviewdog, after each was held against its protocol buffer."""
    read = json.loads(written("rdjson", report, setting))
    assert read.keys() == {"source", "diagnostics"}
    found: list[dict[str, Any]] = read["diagnostics"]
    for one in found:
        assert one.keys() <= {"message", "location", "severity", "code", "suggestions"}
        assert one["severity"] in ("ERROR", "WARNING", "INFO")
        ranges = [one["location"].get("range"), *(each["range"] for each in one.get("suggestions", ()))]
        for place in filter(None, ranges):
            ends = [
                (point["line"], point.get("column", 1))
                for point in (place["start"], place.get("end", place["start"]))
            ]
            assert ends == sorted(ends)
            assert min(map(min, ends)) >= 1
    return found


class Html(HTMLParser):
    """The elements of an HTML page, its links and the content of its style and scripts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.raw: list[tuple[str, str]] = []
        self.text = ""
        self.current = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.current = tag
        if tag in ("style", "script"):
            self.raw.append((dict(attrs).get("type") or tag, ""))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the name of the parser
        self.current = ""

    def handle_data(self, data: str) -> None:
        if self.current in ("style", "script"):
            kind, content = self.raw[-1]
            self.raw[-1] = kind, content + data
        else:
            self.text += data


SECTIONS = {
    "header",
    "section",
    "h1",
    "h2",
    "p",
    "ul",
    "li",
    "strong",
    "code",
    "details",
    "summary",
    "div",
    "span",
    "small",
    "a",
    "svg",
    "g",
    "line",
    "text",
    "polyline",
    "circle",
}
FRAME = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "noscript",
    "footer",
    "script",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


def html_data(report: Report, setting: Setting = SETTING) -> dict[str, Any]:
    """The data of a page, after the page was held against its own policy: no markup, link or script from outside."""
    page = Html(written("html", report, setting))
    assert page.tags <= SECTIONS | FRAME
    (style, script) = (dict(page.raw)[kind] for kind in ("style", "script"))
    assert [kind for kind, _ in page.raw] == ["style", "application/json", "script"]
    (policy,) = (value for name, value in page.attributes if name == "content" and "default-src" in value)
    for directive, content in (("style-src", style), ("script-src", script)):
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert not any(name.startswith("on") or name in ("src", "style") for name, _ in page.attributes)
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert all(character.isprintable() or character == "\n" for character in page.text)
    data: dict[str, Any] = json.loads(dict(page.raw)["application/json"])
    assert all(text.isprintable() for text in texts_of(data) if "\n" not in text)
    return data


def text_in(data: dict[str, Any], row: list[int], number: int) -> str:
    """The text of a row, as the script of a page joins it with the name of the row's resource."""
    stored = data["strings"][number]
    if isinstance(stored, str):
        return stored
    resource: str = data["strings"][row[data["columns"].index("resource")]]
    _, _, _, region, account, name = resource.split(":", 5)
    parts = resource, account, region, name.rpartition("/")[2]
    return "".join(parts[piece] if isinstance(piece, int) else piece for piece in stored)


def whole(data: dict[str, Any], row: list[int], number: int) -> Any:
    """The details or commands of a row, with the texts in place of their numbers."""

    def value_of(value: Any) -> Any:
        if isinstance(value, int):
            return text_in(data, row, value)
        if isinstance(value, list):
            return list(map(value_of, value))
        return {key: value_of(item) for key, item in value.items()}

    return value_of(data["values"][number])


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inside for text in texts_of(one)]


def csv_rows(report: Report, setting: Setting = SETTING) -> list[list[str]]:
    """The rows of the CSV without its header; no cell is a formula, or more than one line."""
    output = written("csv", report, setting)
    header, *rows = csv.reader(StringIO(output))
    assert output.count("\n") == len(rows) + 1
    for row in rows:
        assert len(row) == len(header)
        for cell in row:
            assert not cell.strip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
            assert cell.isprintable()
    return rows


def _digest(report: Report, setting: Setting) -> None:
    inert_page(digest := written("digest", report, setting))
    assert len(digest.splitlines()) <= 40


def _is_printable(report: Report, setting: Setting) -> bool:
    text = written("text", report, setting)
    return all(character.isprintable() or character == "\n" for character in text)


def _has_all(report: Report, setting: Setting) -> bool:
    return len(html_data(report, setting)["rows"]) == len(report.findings) + len(report.suppressed)


PROMISES: dict[str, Callable[[Report, Setting], object]] = {
    "csv": lambda report, setting: len(csv_rows(report, setting)) == len(report.findings),
    "digest": _digest,
    "github": github_lines,
    "gitlab": lambda report, setting: len(gitlab_issues(report, setting)) >= len(report.findings),
    "html": _has_all,
    "json": lambda report, setting: (
        len(json.loads(written("json", report, setting))["findings"]) == len(report.findings)
    ),
    "junit": junit_cases,
    "markdown": lambda report, setting: inert_page(written("markdown", report, setting)),
    "rdjson": lambda report, setting: len(diagnostics(report, setting)) >= len(report.findings),
    "sarif": sarif_run,
    "text": _is_printable,
}
"""What reads each format as its consumer does; false if the format breaks its promise, as an assertion is."""


def hold(report: Report, setting: Setting = SETTING) -> None:
    """Every format keeps its promises for this report."""
    for name in FORMATS:
        assert PROMISES[name](report, setting) is not False, name
