"""A retention check, as text and as JSON."""

from __future__ import annotations

import json

from checker.analysis.endpoints import Subscription
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.lint.delivery.model import (
    CreatedResource,
    Delivery,
    DeliveryWarning,
    Retention,
    SetUp,
    Step,
)
from checker.lint.status import BROKEN, OK, UNKNOWN
from checker.report.context import Paint
from checker.report.retention import retention_json, retention_text, set_up_json, set_up_text

TOPIC, QUEUE = "arn:aws:sns:us-east-1:111122223333:chat", "arn:aws:sqs:us-east-1:111122223333:inbox"
BAD = Step("queue_policy", BROKEN, "the queue has no policy", "add a statement")
KEEPER = Delivery(
    Subscription("sqs", QUEUE, True, f"{TOPIC}:1"),
    (Step("queue", OK, "`inbox` in us-east-1"), BAD, Step("key", UNKNOWN, "denied\x1b[2J")),
    (DeliveryWarning("anybody may send", "limit it"),),
    ("raw delivery",),
)
RETENTION = Retention(TOPIC, "sqs", (KEEPER,))


def test_each_link_is_a_line_and_each_broken_link_has_a_help_line() -> None:
    assert list(retention_text(RETENTION, Paint())) == [
        f"queue {QUEUE}",
        "  ok       queue         `inbox` in us-east-1",
        "  BROKEN   queue policy  the queue has no policy",
        "  = help: add a statement",
        "  unknown  key           denied\\x1b[2J",
        "  warning  anybody may send",
        "  = help: limit it",
        "  note     raw delivery",
        "No queue keeps the messages: the subscription has a broken link.",
        "  = help: `--create` creates a queue that keeps them",
    ]


def test_the_conclusion_names_the_unknown_value() -> None:
    good, doubtful = KEEPER._replace(steps=KEEPER.steps[:1]), KEEPER._replace(steps=KEEPER.steps[2:])
    lines = {
        Retention(TOPIC, "sqs", (good,)): "A queue keeps the messages of the topic.",
        Retention(TOPIC, "sqs", (doubtful,)): "Not known whether a queue keeps the messages.",
        Retention(TOPIC, "sqs", unread=Unknown("denied")): (
            "Not known whether a queue keeps the messages: denied."
        ),
    }
    for retention, line in lines.items():
        assert list(retention_text(retention, Paint()))[-1] == line
    nobody = list(retention_text(Retention(TOPIC, "firehose"), Paint()))
    assert nobody[0].startswith("No delivery stream is subscribed")


def test_as_json() -> None:
    document = json.loads(json.dumps(retention_json(RETENTION)))
    assert (document["status"], document["reason"]) == (BROKEN, None)
    (subscription,) = document["subscriptions"]
    assert subscription["links"][1] == {
        "link": "queue_policy",
        "status": BROKEN,
        "reason": "the queue has no policy",
        "help": "add a statement",
    }
    assert subscription["warnings"] == [{"message": "anybody may send", "help": "limit it"}]


def test_created_resources_are_reported_when_a_later_step_fails() -> None:
    statement = {"Sid": "AllowTopicToSend"}
    fault = InputError(TOPIC, "denied", help_text="allow it")
    done = SetUp((CreatedResource("a queue", QUEUE, statement),), RETENTION, fault)
    assert list(set_up_text(done, Paint())) == [
        f"  created  a queue: {QUEUE}",
        '           {"Sid": "AllowTopicToSend"}',
        f"  failed   {TOPIC}: denied",
        "  = help: allow it",
    ]
    document = set_up_json(done)
    assert document["made"] == [{"what": "a queue", "name": QUEUE, "written": statement}]
    assert document["fault"] == {"what": TOPIC, "reason": "denied", "help": "allow it"}
    assert set_up_json(SetUp((), RETENTION))["fault"] is None
