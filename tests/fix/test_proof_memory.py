"""A proof that is remembered for policies of one form is the proof of each of them."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from checker.analysis.form_memory import FormMemory
from checker.analysis.inventory import Inventory, Pairing, Source
from checker.core.arn import Arn
from checker.fix.appraisal import with_previews
from checker.fix.editable import allow_any_file
from checker.fix.known_policy import KnownPolicy
from checker.fix.proof import Assessment
from checker.fix.proof_memory import ProofMemory, prove
from checker.fix.reading import Reading
from checker.iam.prove.domain import Budget
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.live.aws.facts import topic_of
from checker.policy.node import Node

ACCOUNT, REGION = "111122223333", "us-east-1"
INSTANCE = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
NAMES = ("chat-1", "chat-2", "chat-12")
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
RESOURCES = (
    "OWN",
    "OWN",
    "OWN",
    "*",
    f"{TOPIC}chat-1",
    f"{TOPIC}chat-*",
    f"{TOPIC}chat-1?",
    f"{TOPIC}other-*",
    f"{TOPIC}CHAT-1",
)
PRINCIPALS: tuple[object, ...] = (
    {"Service": "connect.amazonaws.com"},
    {"Service": "connect.amazonaws.com"},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    {"AWS": "*"},
)
CONDITIONS: tuple[dict[str, object], ...] = (
    {},
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"ArnLike": {"aws:SourceArn": f"arn:aws:connect:{REGION}:*:instance/*"}},
    {"ArnLike": {"aws:SourceArn": "OWN"}},
    {"StringLike": {"aws:SourceArn": f"{TOPIC}chat-${{aws:SourceAccount}}"}},
)


class Counted(ProofMemory):
    """Counts the changes that it was asked about."""

    asked = 0

    def __call__(self, policy: KnownPolicy, new: Node, budget: Budget | None = None) -> Assessment:
        self.asked += 1
        return super().__call__(policy, new, budget)


def statements(random: Random) -> list[dict[str, object]]:
    return [
        {
            "Sid": f"s{number}",
            "Effect": random.choice(("Allow", "Allow", "Allow", "Deny")),
            "Principal": random.choice(PRINCIPALS),
            "Action": random.choice(("sns:Publish", "sns:*", "*")),
            "Resource": random.choice(RESOURCES),
            "Condition": random.choice(CONDITIONS),
        }
        for number in range(random.randint(1, 2))
    ]


def reading_of(policies: list[list[dict[str, object]]]) -> Reading:
    """Topics with each of the policies, which differ in the names of the topics alone."""
    arn = Arn.parse(INSTANCE)
    assert arn is not None
    pairings = (Pairing(arn, Source.OPTION, explicit=True),)
    topics = []
    for number, policy in enumerate(policies):
        for name in NAMES:
            own = f"{TOPIC}{name}{'' if number == 0 else f'-{number}'}"
            text = json.dumps({"Version": "2012-10-17", "Statement": policy}).replace(
                '"OWN"', json.dumps(own)
            )
            topics.append(topic_of(own, {"Policy": text, "TopicArn": own, "Owner": ACCOUNT}))
    inventory = Inventory(tuple(one._replace(pairings=pairings, subscriptions=()) for one in topics))
    return Reading(inventory, judge(inventory, all_rules(), Scope(all_topics=True)))


@settings(max_examples=40)
@given(st.integers(min_value=0, max_value=2**32))
def test_a_remembered_proof_is_that_of_each_policy(seed: int) -> None:
    reading = reading_of([statements(Random(seed + number)) for number in range(3)])  # noqa: S311 - a test
    remembered = with_previews(reading, allow_any_file, ProofMemory())
    assert remembered.findings == with_previews(reading, allow_any_file, prove).findings


def test_a_proof_that_a_spent_budget_ended_is_not_remembered() -> None:
    open_to_all = {"Effect": "Allow", "Principal": PRINCIPALS[0], "Action": "sns:Publish", "Resource": "OWN"}
    reading = reading_of([[open_to_all]])
    memory = ProofMemory()

    def with_spent_budget(policy: KnownPolicy, new: Node, _: Budget | None) -> Assessment:
        return memory(policy, new, Budget(1))

    expected = with_previews(reading, allow_any_file, prove).findings
    assert with_previews(reading, allow_any_file, with_spent_budget).findings == expected


def test_policies_of_one_form_are_proven_twice() -> None:
    open_to_all = {"Effect": "Allow", "Principal": PRINCIPALS[0], "Action": "sns:Publish", "Resource": "OWN"}
    reading = reading_of([[open_to_all]])
    forms = FormMemory()
    memory = Counted(forms)
    with_previews(reading, allow_any_file, memory)
    assert memory.asked >= len(NAMES)
    assert memory.asked - forms.recalled == 2  # once, and once to confirm that another name changes nothing
