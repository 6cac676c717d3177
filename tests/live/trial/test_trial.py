"""`checker flow --try-conditions` creates only temporary resources, deletes them, and proves nothing more than it saw."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.observation import REFUSED, SERVED, SILENT
from checker.fix.live.flow_result import Step
from checker.fix.live.trial import CONTROL, VARIANTS, TrialResult, set_up
from checker.live.permissions import Limits, trial_policy
from checker.live.trial.run import TrialRequest, run_trial
from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.live.estate import checker
from tests.live.flow.stage import arn, sessions_of, stops, temporary
from tests.live.test_permissions import FREE, actions_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.live.flow.steps import Interrupts
    from checker.sandbox.running import Account, Sandbox

TRIAL = "1b0c7f5e-0000-4000-8000-000000000000"
NAMES = [one.name for one in VARIANTS]
FEW = VARIANTS[:3]


def trial(
    account: Account,
    instance: str,
    *,
    wait: float = 0.3,
    show: Callable[[Step], None] = lambda _: None,
    stopping: Interrupts | None = None,
) -> TrialResult:
    setups = tuple(set_up(one, arn(instance), account.id, TRIAL) for one in FEW)
    request = TrialRequest(TRIAL, arn(instance), "flow", setups, wait)
    return run_trial(request, sessions_of(account.endpoint, account.id), show, stopping or stops())


def left(sandbox: Sandbox, account: Account) -> tuple[Any, ...]:
    """Everything that a trial may have left: topics, keys that are not about to be deleted, queues and chats."""
    kms, sns = account.client("kms"), account.client("sns")
    states = [
        kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"]["KeyState"] for one in kms.list_keys()["Keys"]
    ]
    topics = [one["TopicArn"] for one in sns.list_topics()["Topics"]]
    return (topics, [one for one in states if one != "PendingDeletion"], *temporary(sandbox, account))


NOTHING: tuple[Any, ...] = ([], [], 0, 0, 0)


def outcomes(result: TrialResult) -> dict[str, str]:
    return {name: one.outcome for name, one in result.observations}


def set_policy(account: Account, variant: str, statements: list[Any]) -> None:
    """Replace the policy of the key of a variant."""
    kms, sns = account.client("kms"), account.client("sns")
    for topic in sns.list_topics()["Topics"]:
        if topic["TopicArn"].endswith(variant):
            key = sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]["KmsMasterKeyId"]
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)


def closing(account: Account, *variants: str) -> Callable[[Step], None]:
    """Close the keys of variants before the chats start, as if KMS did not get what the condition needs."""

    def close(step: Step) -> None:
        if step.name == "StartChatContact":
            for variant in variants:
                set_policy(account, variant, [seed.root_statement(account.id)])

    return close


def test_the_whole_command_from_the_plan_to_the_use_of_its_evidence(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    instance = seed.make_instance(account)
    evidence = tmp_path / "evidence.json"
    command = (
        *("flow", "--try-conditions", "--instance-arn", instance, "--contact-flow-id", "f", "--wait", "8"),
        *("--evidence-out", str(evidence), "--receipts", str(tmp_path / "receipts")),
    )
    plan = checker(*command)
    assert plan.code == 1
    assert all(f"\n  {name} " in plan.out for name in NAMES)
    assert "  kms:CreateKey\n" in plan.out
    assert max(len(line) for line in plan.out.splitlines() if "arn:" not in line) <= 80
    assert "costs: 7 KMS keys" in plan.out
    refused = checker(*command, "--apply")
    assert (refused.code, "not confirmed, nothing was changed" in refused.err) == (2, True)
    assert (left(sandbox, account), evidence.exists()) == (NOTHING, False)
    done = checker(*command, "--apply", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert {one["name"]: one["outcome"] for one in json.loads(done.out)["variants"]} == {
        **dict.fromkeys(NAMES, SERVED),
        "via-service": REFUSED,
    }
    assert left(sandbox, account) == NOTHING
    (receipt,) = (tmp_path / "receipts").iterdir()
    assert len(json.loads(receipt.read_text())["topics"]) == len(NAMES)
    undo = checker("rollback", str(receipt))
    assert (undo.code, "aws kms schedule-key-deletion" in undo.err) == (2, True)
    _check_use(account, instance, evidence)


def _check_use(account: Account, instance: str, evidence: Path) -> None:
    """A statement of another key with the same form is decided by the trial."""
    sealed = seed.encrypted_topic(account, instance, grant=False)
    condition = {"ArnEquals": {"aws:SourceArn": instance}}
    statements = [seed.root_statement(account.id), {**seed.key_statement(), "Condition": condition}]
    set_policy(account, sealed.topic.rpartition(":")[2], statements)
    command = ("explain", sealed.topic, "--instance-arn", instance, "--format", "json")
    assert json.loads(checker(*command).out)["kms"] == "unknown"
    explained = json.loads(checker(*command, "--evidence", str(evidence)).out)
    assert (explained["chain"], explained["kms"]) == ("whole", "ok")
    other = seed.make_instance(account, "other")
    assert (
        json.loads(checker(*command[:3], other, *command[4:], "--evidence", str(evidence)).out)["kms"] != "ok"
    )


def test_silence_counts_only_beside_a_control_that_arrives(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    sandbox.fault(faults.denied("cloudtrail"))  # which shows the refusals
    result = trial(account, instance, show=closing(account, "source-account"), wait=3)
    assert outcomes(result) == {CONTROL: SERVED, "topic": SERVED, "source-account": SILENT}
    result = trial(account, instance, show=closing(account, CONTROL, "source-account"), wait=3)
    assert outcomes(result) == {"topic": SERVED}
    assert not result.control_arrived
    assert left(sandbox, account) == NOTHING


CALLS = {
    "CreateKey": "kms",
    "CreateTopic": "sns",
    "CreateQueue": "sqs",
    "Subscribe": "sns",
    "StartChatContact": "connect",
    "StartContactStreaming": "connect",
    "CreateParticipantConnection": "connectparticipant",
    "ReceiveMessage": "sqs",
}


@pytest.mark.parametrize("fault", [faults.denied, faults.server_error])
@pytest.mark.parametrize("action", CALLS)
def test_a_failed_call_leaves_nothing(
    sandbox: Sandbox, account: Account, action: str, fault: Callable[[str, str], Any]
) -> None:
    instance = seed.make_instance(account)
    sandbox.fault(fault(CALLS[action], action))
    result = trial(account, instance)
    sandbox.clear_faults()
    assert result.fault
    assert not result.observations
    assert not result.left_behind
    assert left(sandbox, account) == NOTHING


def test_an_interrupt_deletes_everything(sandbox: Sandbox, account: Account) -> None:
    instance, stopping = seed.make_instance(account), stops()

    def interrupt(step: Step) -> None:
        if step.name == "StartChatContact":
            stopping.flow.set()

    result = trial(account, instance, show=interrupt, stopping=stopping)
    assert (result.interrupted, result.left_behind) == (True, ())
    assert left(sandbox, account) == NOTHING


def test_what_cannot_be_deleted_is_named(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.live.trial.resources.TAGS_APPLY", 0)
    instance = seed.make_instance(account)
    sandbox.fault(faults.denied("kms", "ScheduleKeyDeletion"))
    sandbox.fault(faults.denied("sns", "DeleteTopic"))
    result = trial(account, instance)
    assert len([one for one in result.left_behind if one.startswith("the key of")]) == len(FEW)
    assert len([one for one in result.left_behind if one.startswith("the topic")]) == len(FEW)


def test_a_deletion_that_waits_for_the_tag_is_repeated(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.live.trial.resources._PAUSE", 0.1)
    instance = seed.make_instance(account)

    def allow(step: Step) -> None:
        if step.name == "ScheduleKeyDeletion" and step.status == "failed":
            sandbox.clear_faults()

    sandbox.fault(faults.denied("kms", "ScheduleKeyDeletion"))
    assert not trial(account, instance, show=allow).left_behind
    assert left(sandbox, account) == NOTHING


def test_a_trial_makes_exactly_the_calls_that_its_permissions_list(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    sandbox.clear_calls()
    trial(account, instance, show=closing(account, "source-account"), wait=3)
    own = {"kms:PutKeyPolicy", "sns:ListTopics", "sns:GetTopicAttributes"}  # of this test
    for service, action in (("sns", "Subscribe"), ("sqs", "CreateQueue"), ("kms", "CreateKey")):
        sandbox.fault(faults.server_error(service, action))  # so that what was made has to be looked for
        trial(account, instance)
        sandbox.clear_faults()
    sandbox.fault(faults.denied("connect", "StartContactStreaming"))
    trial(account, instance)
    signed = {f"{one.service}:{one.action}" for one in sandbox.calls() if one.service != "connectparticipant"}
    implied = {"kms:TagResource", "sns:TagResource"}
    assert (signed | implied) - FREE - own == set(actions_of(trial_policy(Limits())))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--topic-arn", "arn:aws:sns:us-east-1:111122223333:t"), "contradicts --try-conditions"),
        (("--retain", "sqs"), "contradicts --try-conditions"),
        (("--dry-run", "--apply"), "contradicts --apply"),
        (("--contact-flow-id", " "), "is empty"),
    ],
)
def test_options_that_contradict_a_trial_are_refused(more: tuple[str, ...], says: str) -> None:
    instance = "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    done = checker("flow", "--try-conditions", "--instance-arn", instance, "--contact-flow-id", "f", *more)
    assert (done.code, says in done.err) == (2, True), done.err
