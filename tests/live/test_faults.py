"""Whatever goes wrong on the way to AWS: nothing is lost, nothing is left half-written, and the report says what is true."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from botocore.loaders import create_loader

from checker.live.aws import wait
from checker.sandbox import seed
from checker.sandbox.http import faults
from checker.sandbox.http.faults import Fault
from tests.cli.process import CHECKER
from tests.live.estate import REGION, Ended, Estate, checker, timeless

Verdicts = dict[tuple[str, str], str]
NOBODY = json.dumps({"Version": "2012-10-17", "Statement": []})

BEHIND = {
    "no-durable-subscriber",
    "open-subscriber",
    "selective-filter",
    "unconfirmed-subscription",
    "undeliverable-dead-letter",
    "undeliverable-subscription",
    "unmatchable-filter",
}
"""The rules about what is behind the subscriptions."""

KEY_RULES_OF_TOPICS = ("connect-cannot-use-key", "unverified-key-condition", "wrong-key-service")
LOST: dict[tuple[str, str], Callable[[Estate], set[str]]] = {
    ("sts", "GetCallerIdentity"): lambda _: set(),
    ("organizations", "ListAccounts"): lambda _: set(),
    ("connect", "ListInstances"): lambda _: {"replica-not-streaming"},
    ("cloudtrail", "LookupEvents"): lambda _: {"contact"},
    ("resourcegroupstaggingapi", "GetResources"): lambda of: {of.broken, of.broken_key},
    ("sns", "ListTopics"): lambda of: {of.sealed, of.key, of.broken, of.broken_key},
    ("sns", "GetTopicAttributes"): lambda of: {of.plain, of.sealed, of.key, of.broken, of.broken_key},
    ("connect", "DescribeInstance"): lambda _: {"replica-not-streaming"},
    ("organizations", "ListRoots"): lambda _: {"denied-by-organization-policy", *BEHIND},
    ("sns", "ListSubscriptions"): lambda _: BEHIND,
    ("sns", "GetSubscriptionAttributes"): lambda _: BEHIND,
    ("sqs", "GetQueueAttributes"): lambda _: BEHIND,
    ("sqs", "GetQueueUrl"): lambda _: BEHIND,
    ("kms", "ListAliases"): lambda _: set(),
    ("kms", "DescribeKey"): lambda _: {"unusable-key", "aws-managed-key"},
    ("kms", "GetKeyPolicy"): lambda of: {of.key, of.broken_key, *KEY_RULES_OF_TOPICS},
    ("kms", "ListGrants"): lambda _: {"connect-cannot-use-key"},
}
"""Every call of an audit, and what is not known without it: resources, rules, or the contacts."""


LOADER = create_loader()
"""Sessions share what they read of botocore's files, which takes longer than all that is tested here."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long is waited for what is no matter here."""
    monkeypatch.setattr("checker.live.aws.calls.RATES", {})
    monkeypatch.setattr(wait.until, "__defaults__", (1.0,))
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)
    monkeypatch.setattr("botocore.session.create_loader", lambda *_: LOADER)


def verdicts(done: Ended) -> Verdicts:
    report = json.loads(done.out)
    return {
        (one["resource"] if one["kind"] != "contact" else "contact", rule): verdict
        for one in report["examined"]
        for rule, verdict in one["verdicts"].items()
    }


def missing(done: Ended) -> str:
    return "\n".join(f"{one['what']}: {one['reason']}" for one in json.loads(done.out)["skipped"])


def test_access_denied_on_any_call_of_an_audit_costs_what_hangs_on_it_and_no_more(estate: Estate) -> None:
    whole = verdicts(checker(*estate.audit))
    assert set(estate.called()) == set(LOST)
    for (service, action), lost in LOST.items():
        estate.sandbox.fault(faults.denied(service, action))
        done = checker(*estate.audit)
        estate.sandbox.clear_faults()
        assert done.code == 3, action
        assert f":{action}` is missing" in missing(done)
        now = verdicts(done)
        changed = {key for key in whole if now.get(key) != whole[key]}
        assert {key for key in whole if set(key) & lost(estate)} >= changed, action
        assert all(now.get(key, "UNDETERMINED") == "UNDETERMINED" for key in changed), action
        assert now.keys() <= whole.keys()


def calls_of_a_repair(estate: Estate, folder: Path) -> list[tuple[str, str]]:
    """Fix the topic, roll the fix back, and return the calls of the fix."""
    estate.sandbox.clear_calls()
    assert checker(*estate.fix(folder)).code == 0
    calls = estate.called()
    roll_back(folder)
    return calls


def roll_back(folder: Path) -> None:
    (receipt,) = folder.iterdir()
    assert checker("rollback", receipt, "--yes").code == 0


def hold(estate: Estate, fault: Fault, folder: Path) -> Ended:
    """Fix a topic under a fault that stops the fix: the report about the policies is true, and a rollback restores them."""
    before = estate.policies()
    estate.sandbox.fault(fault)
    done = checker(*estate.fix(folder))
    estate.sandbox.clear_faults()
    assert done.code == 3
    told = "fixed in" in done.err or "not rolled back" in done.err
    assert told or estate.policies() == before
    assert told or not folder.exists() or "nothing was changed" in done.err or "rolled back: " in done.err
    if estate.policies() != before:
        roll_back(folder)
    assert estate.policies() == before
    return done


def test_access_denied_on_any_call_of_a_repair_leaves_nothing_that_cannot_be_undone(
    estate: Estate, tmp_path: Path
) -> None:
    calls = calls_of_a_repair(estate, tmp_path / "whole")
    assert {("kms", "PutKeyPolicy"), ("sns", "SetTopicAttributes")} <= set(calls)
    for number, (service, action) in enumerate(calls):
        turn = calls[: number + 1].count((service, action))
        fault = faults.denied(service, action)._replace(first=turn)
        done = hold(estate, fault, tmp_path / str(number))
        assert f"`{service}:{action}` is missing" in done.err


def test_credentials_that_expire_in_mid_repair_leave_nothing_that_cannot_be_undone(
    estate: Estate, tmp_path: Path
) -> None:
    calls = calls_of_a_repair(estate, tmp_path / "whole")
    writes = (calls.index(("kms", "PutKeyPolicy")), calls.index(("sns", "SetTopicAttributes")))
    for first in (1, *(one + offset for one in writes for offset in (1, 2))):
        fault = faults.expired_credentials(first)
        assert "expired" in hold(estate, fault, tmp_path / str(first)).err


def test_what_permissions_prints_is_what_is_called(estate: Estate, tmp_path: Path) -> None:
    given = ("--organization", "--topic-tag", "--role-name", "reader")
    checker(*estate.audit)
    audited, printed = actions(estate.called()), allowed("audit", *given)
    on_other_paths = {"ds:DescribeDirectories", "sns:ListSubscriptionsByTopic", "sts:AssumeRole"}
    of_other_resources = {
        action
        for action in printed
        if action.startswith(("firehose:", "iam:", "lambda:", "organizations:")) and action not in audited
    }
    assert audited == printed - on_other_paths - of_other_resources
    where_access_is_lost = {"cloudtrail:LookupEvents"}
    assert actions(calls_of_a_repair(estate, tmp_path)) == allowed("fix") - where_access_is_lost


def actions(calls: Sequence[tuple[str, str]]) -> set[str]:
    """The IAM actions of calls, but for the one that AWS answers everybody."""
    named = {f"{service}:{action}" for service, action in calls} - {"sts:GetCallerIdentity"}
    return {one.replace("resourcegroupstaggingapi:", "tag:") for one in named}


def allowed(command: str, *options: str) -> set[str]:
    """The actions that `checker permissions` prints."""
    policy = json.loads(checker("permissions", command, *options).out)
    found = (one["Action"] for one in policy["Statement"])
    return {action for one in found for action in ([one] if isinstance(one, str) else one)}


class Case(NamedTuple):
    """A fault, and how an audit and a repair end under it: the exit code, and what is told.

    ``hits`` says whose verdicts may be others than without it, ``left`` what becomes of the policies.
    """

    name: str
    fault: Callable[[Estate], Fault]
    audit: tuple[int, str]
    fix: tuple[int, str]
    hits: str
    left: str


NOTHING, ONE_CHAIN, EVERYTHING = "nothing", "one chain", "everything"
MENDED, AS_IT_WAS, THEIRS, GONE = "mended", "as it was", "theirs", "gone"
LIVED_THROUGH = ((1, ""), (0, "2 findings fixed"), NOTHING, MENDED)
CHANGED = (3, "the policy was changed since it was read")
CASES = (
    Case("30 % of the calls throttled", lambda _: faults.throttled(0.3), *LIVED_THROUGH),
    Case("connections that break", lambda _: faults.connection_reset(times=3), *LIVED_THROUGH),
    Case("answers of 500", lambda _: faults.server_error(times=3), *LIVED_THROUGH),
    Case(
        "a topic deleted between list and read",
        lambda of: faults.deleted_topic(of.broken),
        (3, "not found: `sns:GetTopicAttributes`"),
        (2, "not found: `sns:GetTopicAttributes`"),
        ONE_CHAIN,
        GONE,
    ),
    Case(
        "a key deleted between list and read",
        lambda of: faults.deleted_key(of.broken_key),
        (1, "unusable-key"),
        (1, "unusable-key"),
        ONE_CHAIN,
        MENDED,
    ),
    Case(
        "another writer of the topic between plan and write",
        lambda of: faults.concurrent_write(of.broken, theirs(of), at_read=2),
        (1, ""),
        CHANGED,
        NOTHING,
        THEIRS,
    ),
    Case(
        "another writer of the key between plan and write",
        lambda of: faults.concurrent_write(of.broken_key, theirs(of), at_read=2),
        (1, ""),
        CHANGED,
        NOTHING,
        THEIRS,
    ),
    Case(
        "another writer of the topic between write and read-back",
        lambda of: faults.concurrent_write(of.broken, theirs(of), at_read=3),
        (1, ""),
        (3, "AWS does not return the policy that was written"),
        NOTHING,
        THEIRS,
    ),
    Case(
        "credentials that expire in mid-run",
        lambda _: faults.expired_credentials(first=6),
        (3, "the credentials expired"),
        (3, "the credentials expired"),
        EVERYTHING,
        AS_IT_WAS,
    ),
    Case(
        "a clock that is hours behind",
        lambda _: faults.wrong_clock(),
        (3, "the clock of this machine is wrong"),
        (3, "the clock of this machine is wrong"),
        EVERYTHING,
        AS_IT_WAS,
    ),
    Case(
        "a topic policy that is not JSON",
        lambda of: faults.unreadable_policy(of.broken),
        (3, "the topic policy is not JSON"),
        (3, "the topic policy is not JSON"),
        ONE_CHAIN,
        MENDED,
    ),
    Case(
        "a key policy that is not JSON",
        lambda of: faults.unreadable_policy(of.broken_key),
        (3, "the key policy is not JSON"),
        (3, "the key policy is not JSON"),
        ONE_CHAIN,
        MENDED,
    ),
    Case(
        "a Region switched off",
        lambda _: faults.disabled_region(REGION),
        (3, "the Region is disabled"),
        (3, "the Region is disabled"),
        EVERYTHING,
        AS_IT_WAS,
    ),
)


def theirs(of: Estate) -> str:
    """A policy of somebody else's, which topics and keys may have."""
    statement = seed.root_statement(of.account.id)
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Sid": "theirs"}]})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_audit_survives(estate: Estate, case: Case) -> None:
    whole = verdicts(checker(*estate.audit))
    estate.sandbox.fault(case.fault(estate))
    done = checker(*estate.audit)
    code, said = case.audit
    assert (done.code, said in done.out) == (code, True), done.err
    # Of the caller, of the organization, and of the unit.
    assert case.hits != EVERYTHING or done.out.count(said) <= 3
    now = verdicts(done)
    changed = {key for key in {*whole, *now} if now.get(key) != whole.get(key)}
    hit = {NOTHING: set(), ONE_CHAIN: {estate.broken, estate.broken_key}}.get(case.hits)
    assert hit is None or {resource for resource, _ in changed} <= hit
    assert bool(changed) == (case.hits != NOTHING)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_repair_survives(estate: Estate, case: Case, tmp_path: Path) -> None:
    before = estate.policies()
    estate.sandbox.fault(case.fault(estate))
    done = checker(*estate.fix(tmp_path / "receipts"))
    estate.sandbox.clear_faults()
    code, said = case.fix
    assert (done.code, said in done.out + done.err) == (code, True), done
    if case.left != GONE:
        after = estate.policies()
        assert (after == before) == (case.left == AS_IT_WAS)
        assert (json.loads(theirs(estate)) in after) == (case.left == THEIRS)
        assert case.left != THEIRS or set(map(str, after)) & set(map(str, before))


def stopped(
    estate: Estate, by: signal.Signals, command: Sequence[str | Path], at: Fault, times: int = 1
) -> tuple[int, str]:
    """Run a command to a call that gets no answer, and stop it there; give how it ended and what it told."""
    estate.sandbox.clear_calls()
    estate.sandbox.fault(at)
    with subprocess.Popen([*CHECKER, *map(str, command)], stdout=-3, stderr=-1, text=True) as running:
        while not any(one.error == "connection" for one in estate.sandbox.calls()):
            time.sleep(0.02)
        for _ in range(times):
            running.send_signal(by)
            time.sleep(0.3)
        _, said = running.communicate(timeout=20)
    estate.sandbox.clear_faults()
    assert "Traceback" not in said
    return running.returncode, said


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_leave_a_clean_journal_that_is_resumed(
    estate: Estate, tmp_path: Path, by: signal.Signals
) -> None:
    journal = tmp_path / "journal.jsonl"
    command = (*estate.audit, "--journal", str(journal))
    code, said = stopped(estate, by, command, faults.connection_reset("kms", "DescribeKey"))
    assert (code, f"--resume {journal}" in said) == (130, True)
    assert next(json.loads(line) for line in journal.read_text().splitlines())["kind"] == "audit"
    resumed, fresh = checker(*estate.audit, "--resume", journal), checker(*estate.audit)
    assert timeless(resumed.out) == timeless(fresh.out)


def test_an_audit_that_is_gone_on_with_reads_no_topic_twice(estate: Estate, tmp_path: Path) -> None:
    journal, threads = tmp_path / "journal.jsonl", 4
    account = estate.account
    others = [seed.default_topic(account, f"other-{number}") for number in range(40)]
    topics = [*others, *(seed.good_topic(account, estate.instance, f"chat-{number}") for number in range(40))]
    command = (*estate.audit, "--threads", str(threads))
    late = faults.connection_reset("sns", "GetTopicAttributes")._replace(first=60)
    assert stopped(estate, signal.SIGINT, (*command, "--journal", str(journal)), late)[0] == 130
    for topic in others[:10]:  # streamed to since: that they do not name Connect is no answer any more
        seed.start_chat(account, estate.instance, topic)
    done = checker(*command, "--resume", journal)
    read = [one for one in estate.sandbox.calls("sns", "GetTopicAttributes") if not one.error]
    assert len(read) <= len(topics) + 4 + 10 + threads
    assert timeless(done.out) == timeless(checker(*command).out)
    assert all(topic in done.out for topic in others[:10])


@pytest.mark.parametrize("action", ["SetTopicAttributes", "PutKeyPolicy"])
def test_a_write_without_an_answer_is_not_sent_again_over_that_of_another(
    estate: Estate, tmp_path: Path, action: str
) -> None:
    """A retry of boto3 would not look at what others wrote in the meantime."""
    service = "sns" if action.startswith("Set") else "kms"
    resource = estate.broken if service == "sns" else estate.broken_key
    other = faults.concurrent_write(resource, theirs(estate))._replace(action=action)
    estate.sandbox.fault(other)
    estate.sandbox.fault(faults.connection_reset(service, action, times=1))
    done = checker(*estate.fix(tmp_path))
    assert (done.code, "the policy was changed since it was read" in done.err) == (3, True), done
    assert json.loads(theirs(estate)) in estate.policies()


@pytest.mark.parametrize("action", ["SetTopicAttributes", "PutKeyPolicy"])
@pytest.mark.parametrize(
    "fault", [faults.connection_reset, faults.server_error], ids=["without an answer", "with a status of 500"]
)
def test_a_write_that_failed_once_is_made_after_another_look(
    estate: Estate, tmp_path: Path, action: str, fault: Callable[..., Fault]
) -> None:
    estate.sandbox.fault(fault("sns" if action.startswith("Set") else "kms", action, times=1))
    done = checker(*estate.fix(tmp_path))
    assert (done.code, "2 findings fixed" in done.err) == (0, True), done


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_lets_a_repair_finish_what_it_has_begun(
    estate: Estate, tmp_path: Path, by: signal.Signals
) -> None:
    at = faults.connection_reset("sns", "GetTopicAttributes", times=2)._replace(first=3)
    code, said = stopped(estate, by, estate.fix(tmp_path), at)
    assert code == 130
    assert "finishing the current change" in said
    assert "fixed" in said
    assert checker(*estate.fix(tmp_path / "again")).code == 0


@pytest.mark.parametrize(
    ("by", "at"),
    [
        (signal.SIGKILL, faults.connection_reset("kms", "PutKeyPolicy")),
        (signal.SIGKILL, faults.connection_reset("sns", "SetTopicAttributes")),
        (signal.SIGKILL, faults.connection_reset("sns", "GetTopicAttributes")._replace(first=3)),
        (signal.SIGINT, faults.connection_reset("sns", "GetTopicAttributes")._replace(first=3)),
    ],
    ids=[
        "killed before any write",
        "between two writes",
        "between write and read-back",
        "Ctrl-C twice there",
    ],
)
def test_the_receipt_of_a_repair_that_is_stopped_lets_a_rollback_decide(
    estate: Estate, tmp_path: Path, by: signal.Signals, at: Fault
) -> None:
    before = estate.policies()
    code, _ = stopped(estate, by, estate.fix(tmp_path), at, 2 if by == signal.SIGINT else 1)
    assert code == (130 if by == signal.SIGINT else -by)
    assert (estate.policies() == before) == (at.action == "PutKeyPolicy")
    roll_back(tmp_path)
    assert estate.policies() == before
