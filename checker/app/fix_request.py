"""The options of `checker fix`: the checks of their combinations, and the report in the format that they name."""

from __future__ import annotations

import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from checker.app.chain import InstanceName
from checker.app.options import check_seconds
from checker.app.output import Format
from checker.app.run import Options
from checker.app.terminal import check_output, paint_for, write
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.terminal_text import json_lines
from checker.live.aws.access import Access
from checker.report.context import Paint
from checker.report.repair import diff_text, escaped_diffs, repair_json, repair_text, repairs_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.analysis.documented import KeyCondition
    from checker.fix.result import Outcome


class FixRequest(NamedTuple):
    """The command-line options of a fix.

    ``instance_name`` is the alias or ID of the instance, to be looked up in AWS.
    ``test_flow`` asks for a test chat after the fix, ``rollback`` to roll the fix back if its message does not arrive.
    """

    options: Options = Options()
    access: Access = Access()
    format: Format = Format.TEXT
    output: Path | None = None
    diff: bool = False
    apply: bool = False
    yes: bool = False
    unsafe: bool = False
    kms_condition: KeyCondition | None = None
    force_managed: bool = False
    receipts: Path = Path("checker-receipts")
    replace: bool = False
    test_flow: bool = False
    contact_flow: str = ""
    wait: float = 30
    rollback: bool = False
    instance_name: str = ""

    @property
    def is_live(self) -> bool:
        """True for a topic in AWS, false for files."""
        return bool(self.options.topics) and not self.options.paths

    @property
    def is_text(self) -> bool:
        """True for text, which is printed while the command runs."""
        return self.format is not Format.JSON

    def check(self) -> None:
        """Check options and their combinations before anything is read. Raises CheckerError."""
        check_output(self.output)
        check_seconds("--wait", self.wait)
        InstanceName(name=self.instance_name).check()
        if (self.contact_flow or self.rollback) and not self.test_flow:
            reason = "required by --contact-flow-id and --rollback-on-failure"
            raise InputError("--test-flow", reason, help_text="add it")
        if self.is_live:
            self._check_topics()
        else:
            self._check_files()

    def _check_topics(self) -> None:
        """Check that several topics are only fixed in place, and that a requested test chat is possible."""
        for option, given in (("--test-flow", self.test_flow), ("--create-replacement", self.replace)):
            if given and len(set(self.options.topics)) > 1:
                raise InputError(option, "works with one topic only", help_text=_ONE_TOPIC)
        if not self.test_flow:
            return
        for missing, reason, help_text in (
            (not self.apply, "requires --apply", _ADD_APPLY),
            (not self.contact_flow, "requires --contact-flow-id", _ADD_CONTACT_FLOW),
            (
                len(self.options.instances) + bool(self.instance_name) != 1,
                "requires one instance",
                _ADD_INSTANCE,
            ),
        ):
            if missing:
                raise InputError("--test-flow", reason, help_text=help_text)

    def _check_files(self) -> None:
        for option, given in (
            ("--test-flow", self.test_flow),
            ("--create-replacement", self.replace),
            ("--instance", self.instance_name),
        ):
            if given:
                help_text = "name one topic with --topic-arn, and no PATH"
                raise InputError(option, "works only for a topic in AWS", help_text=help_text)


_ONE_TOPIC = "name one topic with `--topic-arn`, and run the command for each topic"
_ADD_APPLY = "add `--apply`, or use `checker flow` to send a chat without a fix"
_ADD_CONTACT_FLOW = "add `--contact-flow-id ID` with the contact flow that handles the test chat"
_ADD_INSTANCE = "name one instance with `--instance-arn ARN`"


def write_report(
    request: FixRequest, outcome: Outcome, topics: Mapping[str, Outcome] = MappingProxyType({})
) -> None:
    """Write the report of a fix. The text report has a part for each of several topics in AWS.

    Raises CheckerError for a file that cannot be written.
    """
    if not request.is_text:
        write(json_lines(repair_json(outcome)), request.output)
        return
    paint = Paint() if request.output else paint_for(sys.stdout)
    if len(topics) > 1 and not request.diff:
        write(repairs_text(topics, paint), request.output)
        return
    text = diff_text if request.diff else repair_text
    write(text(outcome, paint), request.output)


def diff_remarks(request: FixRequest, outcome: Outcome) -> Iterator[str]:
    """Name the files whose diff does not work with `git apply`."""
    if request.is_text:
        for name in escaped_diffs(outcome):
            yield f"note: {name}: the diff hides sensitive values or invisible characters, so it does not apply"
            yield "  = help: use `--apply`, which writes the exact text"
