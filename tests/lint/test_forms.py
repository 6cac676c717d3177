"""Topics that differ in nothing but names share their results, and these are exact."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import pytest

from checker.analysis.form import Form
from checker.analysis.form_memory import FormMemory
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from tests.soundness.generate import finished, policy
from tests.soundness.words import TOPIC_ARN

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.analysis.inventory import Inventory

T = TypeVar("T")
RULES = all_rules()
SCOPE = Scope(all_topics=True)
NAMES = re.compile(r"(?<!\d)\d{12}(?!\d)|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class NoMemory(FormMemory):
    """Computes everything."""

    def recall(self, form: Form | None, question: str, compute: Callable[[], T]) -> T:  # noqa: ARG002
        return compute()


def renamed(text: str, rng: random.Random) -> str:
    """Give the accounts, the IDs and the topic of a policy other names, mostly."""
    names = {name: other_name(name, rng) for name in sorted(set(NAMES.findall(text)))}
    topic = TOPIC_ARN.rpartition(":")[2]
    text = text.replace(
        f":{topic}", f":{rng.choice((topic, 'chat', 'a', 'zz-9', 'Connect', f't{rng.random()}'[:9]))}"
    )
    return NAMES.sub(lambda found: names[found[0]], text)


def other_name(name: str, rng: random.Random) -> str:
    """Mostly a random name; sometimes the same, an example that provers use, or one that many repositories have."""
    if rng.random() < 0.2:
        return name
    if "-" in name:
        random_id = str(UUID(int=rng.getrandbits(128)))
        return rng.choice((random_id, random_id, random_id, "11111111-1111-4111-8111-111111111111"))
    random_account = f"{rng.randrange(10**12):012}"
    return rng.choice((random_account, random_account, random_account, "111122223333", "000000000000"))


def written(folder: Path, texts: list[str]) -> Inventory:
    """Write policies as files and load them."""
    for number, text in enumerate(texts):
        (folder / f"policy-{number}.json").write_text(text)
    return load([folder])


def assert_shared_as_judged(inventory: Inventory) -> int:
    """Hold that sharing changes nothing of a report. Return how many topics shared results."""
    memory = FormMemory()
    assert judge(inventory, RULES, SCOPE, memory) == judge(inventory, RULES, SCOPE, NoMemory())
    return memory.recalled


@pytest.mark.parametrize("seed", range(12))
def test_shared_results_are_those_of_judging_each_topic(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311 - a test
    texts = []
    for _ in range(2):
        text = json.dumps(finished(policy(rng), rng))
        texts += [renamed(text, rng) for _ in range(8)]
    rng.shuffle(texts)
    assert_shared_as_judged(written(tmp_path, texts))


def test_topics_that_differ_in_names_are_judged_until_each_name_is_confirmed(tmp_path: Path) -> None:
    assert assert_shared_as_judged(written(tmp_path, [sample(number) for number in range(50)])) == 48


def sample(number: int, **more: Any) -> str:
    """A policy for Connect with names of its own."""
    account, instance = f"{271828182845 + number}", UUID(int=(0x9E3779B97F4A7C15 << 62) + number * 7919)
    topic = f"arn:aws:sns:us-east-1:{account}:chat-{number}"
    statement = {
        "Sid": "Connect",
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnEquals": {"aws:SourceArn": f"arn:aws:connect:us-east-1:{account}:instance/{instance}"},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})


@pytest.mark.parametrize(
    "more",
    [
        {"Condition": {"StringLike": {"aws:SourceAccount": "27*"}}},
        {"Condition": {"StringLike": {"aws:SourceAccount": "2718281828??"}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:connect:*:*:instance/9*"}}},
        {"Condition": {"ArnEquals": {"aws:SourceArn": "${aws:PrincipalArn}"}}},
        {"Resource": "arn:aws:sns:us-east-1:*:chat-*"},
        {"Sid": "chat"},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}}},
        {"Principal": {"AWS": "arn:aws:iam::1234567890123:root"}},
        {"Effect": "allow"},
    ],
)
def test_what_may_tell_names_apart_is_judged_for_each_topic(more: dict[str, Any], tmp_path: Path) -> None:
    texts = [sample(number, **more).replace('"chat"', f'"chat-{number}"') for number in range(6)]
    assert assert_shared_as_judged(written(tmp_path, texts)) == 0


@pytest.mark.parametrize(
    "more",
    [
        {"Action": "sns:*"},
        {"Principal": "*"},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:connect:*:*:instance/*"}}},
    ],
)
def test_a_pattern_that_matches_all_names_tells_none_apart(more: dict[str, Any], tmp_path: Path) -> None:
    assert assert_shared_as_judged(written(tmp_path, [sample(number, **more) for number in range(6)]))


def test_what_one_topic_refutes_no_other_confirms() -> None:
    """While a topic confirms a name, another one finds that names decide the answer, as in another thread."""
    memory, first, second, third = FormMemory(), *(Form("form", (f"name-{n}",), ()) for n in range(3))
    memory.recall(first, "question", lambda: ["name-0"])

    def confirming() -> list[str]:
        assert memory.recall(third, "question", lambda: ["another answer"]) == ["another answer"]
        return ["name-1"]

    assert memory.recall(second, "question", confirming) == ["name-1"]
    assert memory.recall(second, "question", lambda: ["computed"]) == ["computed"]
