"""A sample report with every kind of content, which the golden files show."""

from __future__ import annotations

from typing import NamedTuple

from checker.analysis.inventory import Pairing, Source
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.finding import (
    Applicability,
    Edit,
    Finding,
    Fix,
    Location,
    Part,
    Position,
    Role,
    Route,
    Severity,
    Verdict,
    Witness,
)
from checker.inputs.text import parse_text
from checker.lint.report import Examined, Report, Stale, Suppressed, SuppressedBy
from checker.lint.rule import Link, Rule
from checker.report.context import Setting

INSTANCE = Arn("aws", "connect", "us-east-1", "111122223333", "instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d")
TOPIC = "arn:aws:sns:us-east-1:111122223333:chat"
LIVE_TOPIC = "arn:aws:sns:eu-west-2:444455556666:live-chat"

CHAT = parse_text(
    "policies/chat.json",
    """\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Chat",
      "Effect": "Allow",
      "Principal": {"Service": "connect.amazonaws.com"},
      "Action": "sns:Publish",
      "Resource": "arn:aws:sns:us-east-1:111122223333:chat",
      "Condition": {
        "StringEqualsIfExists": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:connect:us-east-1:999900001111:*"}
      }
    },
    {"Sid": "Queue", "Effect": "Allow", "Principal": "*", "Action": "sns:*", "Resource": "*"}
  ]
}
""",
)
KEY = parse_text("../shared keys/key#1.json", '{"Statement": [{"Sid": "Key"}]}\n')


class Live(NamedTuple):
    """A resource that was fetched: it has no text and its findings no position."""

    name: str

    def pointer_to(self, route: Route, part: Part) -> str | None:  # noqa: ARG002 - the same for all
        return None

    def locate(self, route: Route, part: Part) -> Position | None:  # noqa: ARG002 - the same for all
        return None

    def text_of(self, route: Route, part: Part) -> None:  # noqa: ARG002 - the same for all
        return None

    def anchor(self, route: Route) -> str:
        return ".".join(map(str, route))


class WeakCondition(Rule):
    """A condition that is there
    but pins nothing.

    ## What it finds

    Operators with `IfExists`.

        {"StringEqualsIfExists": {}}
    """

    id = "weak-condition"
    family = "sns"
    summary = "a condition that is there but pins nothing"
    severity = Severity.ERROR
    link = Link.TOPIC_POLICY


class WideAction(Rule):
    """A statement allows more than it should."""

    id = "wide-action"
    family = "policy"
    summary = "a statement allows more than it should"
    severity = Severity.WARNING
    link = Link.TOPIC_POLICY


def at(
    *route: str | int, of: object = CHAT, role: Role = Role.PRIMARY, note: str = "", part: Part = Part.VALUE
) -> Location:
    return Location(of, route, part, role, note)  # type: ignore[arg-type]  # a document or Live


ACCOUNT = ("Statement", 0, "Condition", "StringEqualsIfExists", "aws:SourceAccount")
SOURCE_ARN = ("Statement", 0, "Condition", "ArnLike", "aws:SourceArn")

WEAK = Finding(
    "weak-condition",
    Severity.ERROR,
    "statement `Chat` does not pin the instance: `StringEqualsIfExists` holds when `aws:SourceAccount` is absent",
    TOPIC,
    (
        at(*ACCOUNT),
        at(*SOURCE_ARN),
        at("Statement", 0, "Principal", "Service", role=Role.RELATED, note="for this principal"),
    ),
    help="use StringEquals with the instance's own account",
    witness=Witness("Connect for account 999900001111 could publish", {}, "Allowed", (0,)),
)
WIDE = Finding(
    "wide-action",
    Severity.WARNING,
    "statement `Queue` allows `sns:*` to anybody",
    TOPIC,
    (at("Statement", 1),),
    help="name the actions",
    fixes=(
        Fix(
            "name the action",
            edits=(Edit(CHAT, CHAT.locate(("Statement", 1, "Action"), Part.VALUE), '"sns:Publish"'),),
            applicability=Applicability.SAFE,
        ),
        Fix("make a topic for the queue", applicability=Applicability.DISPLAY),
    ),
)
NOTE = Finding(
    "wide-action", Severity.NOTE, "a whole statement of 11 lines", TOPIC, (at("Statement", 0),), help=""
)
UNTOLD = Finding(
    "weak-condition",
    Severity.NOTE,
    "whether Connect can use the key is not known: `${var.account}` is not known",
    "../shared keys/key#1.json",
    (at("Statement", 0, of=KEY),),
    Verdict.UNDETERMINED,
    "give the value",
)
LIVE = Finding(
    "weak-condition",
    Severity.ERROR,
    "statement `Live` lets Connect publish on behalf of any AWS customer",
    LIVE_TOPIC,
    (at("Statement", 0, of=Live(LIVE_TOPIC)),),
    help="pin the account",
)
CRASH = Finding(
    "broken-rule",
    Severity.ERROR,
    "the rule crashed: KeyError: 'Sid'",
    TOPIC,
    (at(),),
    Verdict.UNDETERMINED,
    "this is a bug in checker; please report it with the file",
)

REPORT = Report(
    findings=(UNTOLD, LIVE, CRASH, NOTE, WEAK, WIDE),
    examined=(
        Examined(
            "topic",
            TOPIC,
            "policies/chat.json",
            {
                "broken-rule": Verdict.UNDETERMINED,
                "quiet-rule": Verdict.PASS,
                "weak-condition": Verdict.FAIL,
                "wide-action": Verdict.FAIL,
            },
            pairings=(Pairing(INSTANCE, Source.FOLDER, "policies/instances.json"),),
        ),
        Examined(
            "key",
            "../shared keys/key#1.json",
            "../shared keys/key#1.json",
            {"quiet-rule": Verdict.UNDETERMINED, "weak-condition": Verdict.UNDETERMINED},
        ),
        Examined(
            "topic", LIVE_TOPIC, LIVE_TOPIC, {"weak-condition": Verdict.FAIL, "wide-action": Verdict.FAIL}
        ),
    ),
    skipped=(
        Skipped(
            "policies/broken.json",
            "expected `,` or `}`",
            error=True,
            position=Position(3, 7, 3, 8),
            help="close the object",
        ),
        Skipped("policies/role.json", "no policy of a topic or key"),
    ),
    not_judged=4,
    crashed=("broken-rule", "broken-rule"),
    suppressed=(
        Suppressed(
            WEAK._replace(
                message="statement `Queue` is a comment's business", locations=(at("Statement", 1),)
            ),
            SuppressedBy.COMMENT,
            "the queue is ours",
        ),
        Suppressed(
            LIVE._replace(rule="wide-action"), SuppressedBy.CONFIGURATION, "accepted until 2027-01-31"
        ),
        Suppressed(
            WIDE._replace(severity=Severity.NOTE, message="statement `Queue` is old"),
            SuppressedBy.BASELINE,
            "in the baseline of 2026-11-01",
        ),
    ),
    stale=(
        Stale("policies/chat.json", "`wide-action` is not found here any more", Position(2, 3, 2, 9)),
        Stale("checker-baseline.json", "2 entries match nothing"),
    ),
)
SETTING = Setting(rules=(WeakCondition(), WideAction()), root="/srv/repository", folder="/srv/repository")
