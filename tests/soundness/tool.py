"""The commands of the tool, run in this process on files in a folder of their own."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from checker.app.terminal import ended
from checker.cli.app import run
from tests.soundness.words import OWNER, TOPIC_ARN

_VERDICTS = {"failure": "FAIL", "skipped": "UNDETERMINED", "error": "UNDETERMINED"}


class ToolError(Exception):
    """A command ended in an error of input, or of its own."""


def attributes(policy: Any) -> dict[str, Any]:
    """The output of `aws sns get-topic-attributes` for the topic with a policy."""
    return {"Attributes": {"TopicArn": TOPIC_ARN, "Owner": OWNER, "Policy": json.dumps(policy)}}


def _verdict(case: ET.Element) -> str:
    return next((_VERDICTS[one.tag] for one in case if one.tag in _VERDICTS), "PASS")


class Tool:
    """Runs commands; ``folder`` holds the files that they read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: Any) -> str:
        path = self.folder / name
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return str(path)

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def call(self, *arguments: str) -> str:
        """Run a command and give what it prints. Raises ToolError where it could not do its work."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = ended(lambda: run(list(arguments)))
        if code not in (0, 1, 3):
            raise ToolError(f"`checker {' '.join(arguments)}` exits {code}: {err.getvalue()}")
        return out.getvalue()

    def explain(self, policy: Any, instance: str) -> dict[str, Any]:
        path = self.write("topic.json", attributes(policy))
        found: dict[str, Any] = json.loads(
            self.call("explain", path, "--instance-arn", instance, "--format", "json")
        )
        return found

    def verdicts(self, policy: Any, instance: str) -> dict[str, str]:
        """The verdict of each rule about the topic, read from JUnit: JSON would work out fixes as well."""
        path = self.write("topic.json", attributes(policy))
        arguments = ("--all-topics", "--isolated", "--instance-arn", instance, "--format", "junit")
        report = ET.fromstring(self.call("check", path, *arguments))  # noqa: S314 - the tool wrote it
        return {case.get("name", ""): _verdict(case) for case in report.iter("testcase")}

    def diff(self, old: Any, new: Any) -> dict[str, Any]:
        paths = (self.write("old.json", attributes(old)), self.write("new.json", attributes(new)))
        found: dict[str, Any] = json.loads(self.call("diff", *paths, "--format", "json"))
        return found
