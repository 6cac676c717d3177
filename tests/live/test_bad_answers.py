"""Answers that are not answers: a call that gets one has failed, and a repair is rolled back or finished, never half done."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Event, Timer
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import create_loader

from checker.analysis.inventory import Instance
from checker.live.aws import wait
from checker.live.aws.access import Access, Unit
from checker.live.aws.calls import Calls
from checker.live.aws.session import Sessions, sign_in
from checker.live.aws.wait import check_awaited, within
from checker.live.repair.execution import execute, undo
from checker.live.repair.joint import JointPlan, join
from checker.live.repair.planning import Plan, RepairRequest, plan
from checker.sandbox import seed
from checker.sandbox.http import faults
from checker.sandbox.http.faults import Fault
from tests.live.estate import Estate, checker
from tests.live.repair.replacement.stage import Scene, aliases, arn, far, judged, managed, topics, usable_keys

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

LOADER = create_loader()
ATTEMPTS = 8
SHARE = {"policies": 6, "replacement": 11, "encryption": 11}
"""Each call gets every so manieth of the bad answers, and the next call the others: all of them take minutes."""


@pytest.fixture
def region() -> str:
    return "us-west-2"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.live.aws.calls.RATES", {})
    monkeypatch.setattr(wait.until, "__defaults__", (0.3,))
    monkeypatch.setattr(wait, "_FIRST_WAIT", 0.02)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)
    monkeypatch.setattr("botocore.session.create_loader", lambda *_: LOADER)


TYPES = {
    "Policy": 5,
    "KeyMetadata": [],
    "Aliases": {},
    "Keys": 7,
    "Tags": "x",
    "Grants": [None],
    "Account": {},
}
AGAIN = {"Aliases": [], "Grants": [], "Keys": [], "Tags": [], "Truncated": True, "NextMarker": "again"}
XML = "<Answer><Attributes><entry>5</entry></Attributes><Tags>x</Tags></Answer>"
BODIES = {
    "no members": "{}",
    "wrong types": json.dumps(TYPES),
    "null": "null",
    "another XML": XML,
    "a list": "[]",
    "HTML": "<html><head><title>Sign in</title></head><body><p>Welcome<br></body></html>",
    "nothing": "",
    "the same page again": json.dumps(AGAIN),
}
Bad = Callable[[str, str, int], Fault]


def _body(text: str) -> Bad:
    return lambda service, action, turn: faults.bad_answer(text, service, action, first=turn, times=2)


BAD: dict[str, Bad] = {
    **{name: _body(text) for name, text in BODIES.items()},
    "half an answer": lambda service, action, turn: faults.truncated_answer(service, action, first=turn),
    "500": lambda service, action, turn: faults.server_error(service, action, ATTEMPTS)._replace(first=turn),
    "silence": lambda service, action, turn: faults.no_answer(service, action, first=turn, times=2),
}


State = tuple[Any, ...]
WRITES = ("Create", "Delete", "Put", "Set", "Subscribe", "Tag", "Schedule")


def planned(sessions: Sessions, scene: Scene) -> Plan:
    topic = arn(scene.topic)
    calls = Calls(sessions, Unit(topic.account, topic.region), Event())
    return plan(calls, RepairRequest(topic, (Instance(arn(scene.instance)),), judged, replace=True))


def afresh(plan: Plan, sessions: Sessions | None = None) -> JointPlan:
    """The plan to carry out, with calls that remember nothing."""
    calls = Calls(sessions, plan.calls.unit, Event()) if sessions else plan.calls.elsewhere(plan.calls.unit)
    return join([plan._replace(calls=calls)])


def in_place(account: Account) -> Scene:
    """A topic whose policy and whose key's policy both keep Connect out."""
    instance = seed.make_instance(account)
    sealed = seed.encrypted_topic(account, instance, "sealed", grant=False)
    nobody = {**seed.root_statement(account.id), "Action": "sns:Publish", "Resource": sealed.topic}
    policy = {"Version": "2012-10-17", "Statement": [nobody]}
    account.client("sns").set_topic_attributes(
        TopicArn=sealed.topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    return Scene(account, instance, sealed.topic, "")


def state_of(account: Account) -> State:
    """All that a repair may write: policies, aliases, keys, and what topics are encrypted with."""
    sns, kms = account.client("sns"), account.client("kms")
    keys = usable_keys(account)
    policies = [kms.get_key_policy(KeyId=one, PolicyName="default")["Policy"] for one in keys]
    attributes = [sns.get_topic_attributes(TopicArn=one)["Attributes"] for one in topics(account)]
    shown = [(one["TopicArn"], json.loads(one["Policy"]), one.get("KmsMasterKeyId")) for one in attributes]
    return shown, aliases(account), sorted(map(json.dumps, map(json.loads, policies)))


def calls_from_the_first_write(sandbox: Sandbox, plan: Plan) -> list[tuple[str, str, int]]:
    """Carry a plan out and back; every call from the first write on, and the how manieth of its action it is."""
    sandbox.clear_calls()
    done = execute(afresh(plan))
    assert done.fault is None
    made = [(one.service, one.action) for one in sandbox.calls()]
    assert not undo(afresh(plan), done.outcome).left
    first = next(index for index, (_, action) in enumerate(made) if action.startswith(WRITES))
    return [(*made[at], made[: at + 1].count(made[at])) for at in range(first, len(made))]


@pytest.mark.parametrize("kind", ["policies", "replacement", "encryption"])
def test_a_repair_that_gets_a_bad_answer_after_its_first_write_is_never_left_half_done(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    scene = {"policies": in_place, "encryption": managed}.get(kind, lambda of: far(sandbox, of))(account)
    sessions = sign_in(Access(endpoint=account.endpoint))
    plan = planned(sessions, scene)
    before = state_of(account)
    monkeypatch.setattr("checker.live.aws.session.READ_SECONDS", 0.5)
    hasty = sign_in(Access(endpoint=account.endpoint))
    assert execute(afresh(plan)).fault is None
    after = state_of(account)
    undo(afresh(plan), plan.outcome)
    for number, (service, action, turn) in enumerate(calls_from_the_first_write(sandbox, plan)):
        for name, bad in list(BAD.items())[number % SHARE[kind] :: SHARE[kind]]:
            sandbox.fault(bad(service, action, turn))
            done = execute(afresh(plan, hasty if name == "silence" else sessions))
            sandbox.clear_faults()
            where = f"{name} to call {turn} of {action}: {done.fault}"
            assert not done.left, where
            assert state_of(account) == (before if done.fault else after), where
            assert done.fault is None or "unexpected" not in done.fault.reason, where
            if done.fault is None:
                undo(afresh(plan), done.outcome)
    assert state_of(account) == before


@pytest.mark.parametrize(
    ("service", "action", "turn", "name"),
    [("kms", "GetKeyPolicy", 3, "no members"), ("sns", "SetTopicAttributes", 1, "HTML")],
)
def test_a_command_says_what_was_rolled_back_and_why(
    estate: Estate, tmp_path: Path, service: str, action: str, turn: int, name: str
) -> None:
    before = estate.policies()
    estate.sandbox.fault(BAD[name](service, action, turn)._replace(times=1))
    done = checker(*estate.fix(tmp_path))
    assert (done.code, estate.policies()) == (3, before), done
    assert f"the response to `{service}:{action}` is not valid" in done.err
    assert "rolled back: " in done.err


def test_a_repair_that_cannot_be_rolled_back_names_the_command_that_does_it_later(
    estate: Estate, tmp_path: Path
) -> None:
    before = estate.policies()
    estate.sandbox.fault(faults.bad_answer("{}", "kms", "GetKeyPolicy", first=3, times=1000))
    done = checker(*estate.fix(tmp_path))
    estate.sandbox.clear_faults()
    (receipt,) = tmp_path.iterdir()
    assert (done.code, estate.policies() == before) == (3, False)
    assert "not rolled back: " in done.err
    assert f"`checker rollback {receipt}` rolls back the rest" in done.err
    assert checker("rollback", receipt, "--yes").code == 0
    assert estate.policies() == before


def test_an_exception_of_any_kind_leads_to_a_rollback(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, sessions = in_place(account), sign_in(Access(endpoint=account.endpoint))
    plan, before = planned(sessions, scene), state_of(account)
    for place in ("change_handler.until", "change_handler.same_policy", "execution.read_topic"):
        for kind in (KeyError, AttributeError, RecursionError, OSError, MemoryError):
            _break_once(monkeypatch, f"checker.live.repair.{place}", kind("broken"))
            done = execute(afresh(plan))
            assert (done.left, state_of(account)) == (False, before), (place, kind)


def _break_once(monkeypatch: pytest.MonkeyPatch, place: str, error: Exception) -> None:
    """Let a function raise an error when it is called for the second time, which is after the first write."""
    module, _, name = place.rpartition(".")
    real, calls = getattr(import_module(module), name), []

    def broken(*given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) == 1:
            raise error
        return real(*given, **named)

    monkeypatch.setattr(place, broken)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_work_is_started_without_time(seconds: float) -> None:
    started = Event()
    with pytest.raises(TimeoutError):
        within(seconds, started.set)
    assert not started.wait(0.2)


def test_interrupted_work_sends_no_further_request() -> None:
    interrupted, refused = Event(), Event()

    def work() -> None:
        interrupted.wait(5)
        try:
            check_awaited()
        except TimeoutError:
            refused.set()

    Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        within(5, work)
    interrupted.set()
    assert refused.wait(5)
    within(5, check_awaited)


LISTS = (
    ("connect", "ListInstances"),
    ("sns", "ListSubscriptions"),
    ("kms", "ListGrants"),
    ("sts", "GetCallerIdentity"),
)


def test_an_audit_never_takes_a_bad_answer_for_an_empty_list(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.live.aws.session.READ_SECONDS", 0.5)
    for name, bad in BAD.items():
        for service, action in LISTS:
            estate.sandbox.fault(bad(service, action, 1)._replace(times=None))
        done = checker(*estate.audit)
        estate.sandbox.clear_faults()
        assert done.code == 3, (name, done)
        unread = " ".join(one["reason"] for one in json.loads(done.out)["skipped"])
        assert all(f"`{service}:{action}`" in unread for service, action in LISTS), (name, unread)
        assert "internal error" not in unread
