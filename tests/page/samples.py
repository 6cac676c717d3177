"""An audit of any size, with every kind of change since earlier runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from checker.analysis.inventory import Pairing, Source
from checker.app.output import render
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.finding import Applicability, Finding, Fix, Location, Severity, Verdict, Witness
from checker.lint.audited import AuditedUnit, Circumstances
from checker.lint.history import Change, Entry, History, Night
from checker.lint.registry import all_rules
from checker.lint.report import Examined, Report, Subscribed, Suppressed, SuppressedBy
from checker.report.context import Setting
from tests.report.fixed import Live

RULES = {rule.id: rule for rule in all_rules()}
SETTING = Setting(all_rules())
ACCOUNTS = {
    f"{111122223333 + number}": f"chat-{'prod' if number % 2 else 'dev'}-{number}" for number in range(6)
}
REGIONS = ("us-east-1", "eu-west-2", "ap-southeast-2")
FAULTS = (
    "missing-source-account",
    "connect-cannot-use-key",
    "blocking-deny",
    "no-durable-subscriber",
    "public-topic",
    "selective-filter",
    "open-key-policy",
)
START = datetime(2026, 11, 1, 2, tzinfo=UTC)


def moment(day: int) -> str:
    return (START + timedelta(days=day)).isoformat().replace("+00:00", "Z")


def topic_of(number: int) -> Arn:
    account = list(ACCOUNTS)[number % len(ACCOUNTS)]
    return Arn("aws", "sns", REGIONS[number % len(REGIONS)], account, f"connect-chat-{number}")


def policy_of(topic: Arn, *, pinned: bool = True) -> str:
    statement: dict[str, object] = {
        "Sid": "AllowConnect",
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": str(topic),
    }
    if pinned:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": topic.account}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def fixes_of(topic: Arn, number: int) -> tuple[Fix, ...]:
    title = "add the condition on `aws:SourceAccount`"
    return (
        (
            Fix(
                title,
                applicability=Applicability.SAFE,
                policy=policy_of(topic),
                before=policy_of(topic, pinned=False),
            ),
        ),
        (Fix(title),),
        (),
    )[number % 3]


def witness_of(topic: Arn) -> Witness:
    foreign = "arn:aws:connect:us-east-1:999999999999:instance/00000000-0000-4000-8000-000000000000"
    request = {
        "principal": {"service": "connect.amazonaws.com"},
        "action": "sns:Publish",
        "resource": str(topic),
        "context": {"aws:SourceArn": [foreign], "aws:SourceAccount": ["999999999999"]},
    }
    return Witness(f"Connect for {foreign} could publish to {topic.resource}", request, "Allowed", (0,))


def finding(number: int) -> Finding:
    topic, rule = topic_of(number), RULES[FAULTS[number % len(FAULTS)]]
    is_open = number % 17 == 16
    return Finding(
        rule.id,
        rule.severity,
        f"statement `AllowConnect` of `{topic.resource}`: {rule.summary}",
        str(topic),
        (Location(Live(str(topic)), ("Statement", number)),),
        Verdict.UNDETERMINED if is_open else Verdict.FAIL,
        "add `aws:SourceAccount` with the account of the Connect instance",
        witness_of(topic) if rule.opens else None,
        () if is_open else fixes_of(topic, number),
    )


def examined(number: int, found: Finding) -> Examined:
    topic = topic_of(number)
    verdicts = {rule.id: Verdict.PASS for rule in RULES.values() if rule.judges("check_topic")}
    instance = topic._replace(service="connect", resource=f"instance/3f6c1b52-9a7e-4d21-8c5b-{number:012d}")
    key = str(topic._replace(service="kms", resource=f"key/0a1b2c3d-1111-2222-3333-{number:012d}"))
    queue = Subscribed("sqs", str(topic._replace(service="sqs", resource=f"archive-{number}")))
    return Examined(
        "topic",
        str(topic),
        str(topic),
        verdicts | {found.rule: found.verdict},
        pairings=(Pairing(instance, Source.POLICY),),
        key=key if number % 2 else "",
        subscribers=(queue, Subscribed("email")) if number % 3 else None,
    )


def entry(number: int, found: Finding) -> Entry:
    change = Change.NEW if number % 11 == 0 else Change.ESCALATED if number % 13 == 5 else Change.UNCHANGED
    before = None if change is Change.NEW else Severity.NOTE if change is Change.ESCALATED else found.severity
    return Entry(found, change, moment(number % 26), before)


def gone(number: int) -> Entry:
    """A finding of an earlier run, fixed or not audited by turns."""
    old = finding(number)
    old = old._replace(resource=f"{old.resource}-old", message=f"`{old.resource}-old` is a FIFO topic")
    if number % 2:
        return Entry(old, Change.NOT_AUDITED, moment(0), old.severity, "the role of the account was denied")
    return Entry(old, Change.FIXED, moment(0), old.severity, "the rule passed")


def audit(number: int) -> Report:
    findings = tuple(map(finding, range(number)))
    entries = (*map(entry, range(number), findings), *map(gone, range(max(4, number // 20))))
    units = tuple(
        AuditedUnit(account, region, name, complete=(account, region) != ("111122223333", "us-east-1"))
        for account, name in ACCOUNTS.items()
        for region in REGIONS
    )
    caller = "arn:aws:sts::111122223333:assumed-role/Audit/nightly"
    nights = tuple(
        Night(moment(day), number, 9 - day % 5, 4 + day % 3, 1, day % 3, day % 2) for day in range(27)
    )
    hidden = findings[0]._replace(message="statement `Queue` is open to the account")
    return Report(
        findings,
        tuple(map(examined, range(number), findings)),
        (Skipped("111122223333 us-east-1", "not authorized to perform `sns:ListTopics`", error=True),),
        12,
        suppressed=(Suppressed(hidden, SuppressedBy.CONFIGURATION, "accepted until 2027-01-31"),),
        audit=Circumstances(moment(26), "0.1", caller, {"organization": True}, units),
        history=History(moment(25), entries, nights),
    )


def written(report: Report, setting: Setting = SETTING) -> str:
    return "\n".join(render("html", report, setting)) + "\n"
