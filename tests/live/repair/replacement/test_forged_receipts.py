"""Receipts may be forged: a rollback changes nothing but what the repair of the receipt has written or created."""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.app import terminal
from checker.core.errors import InputError
from checker.fix.live.receipt import name_of, read_receipt
from checker.live.aws import wait
from checker.live.repair import rollback
from checker.live.repair.rollback import FailedChange, RollbackResult
from checker.sandbox import seed
from checker.sandbox.http.faults import denied
from tests.live.estate import checker
from tests.live.repair.replacement.stage import (
    Scene,
    aliases,
    another_queue,
    far,
    fifo,
    options,
    policy_of,
    topics,
    usable_keys,
    written,
)

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

Forge = Callable[[Any], None]
NEVER = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait.until, "__defaults__", (1.0,))


class Terminal(io.StringIO):
    """A terminal where somebody answers."""

    def isatty(self) -> bool:
        return True


def created(scene: Scene, folder: Path) -> Path:
    """Create a replacement, and give its receipt."""
    assert checker("fix", *options(scene, folder), "--apply", "--yes").code == 0
    (receipt,) = folder.iterdir()
    return receipt


def made(change: Any, **members: Any) -> None:
    """Change what a change says it created."""
    change["new"] = json.dumps({**json.loads(change["new"]), **members})


def tagged(**tags: Any) -> Forge:
    def forge(receipt: Any) -> None:
        for change in receipt["changes"]:
            if "Tags" in json.loads(change["new"]):
                made(change, Tags={**json.loads(change["new"])["Tags"], **tags})

    return forge


def every(**members: str) -> Forge:
    def forge(receipt: Any) -> None:
        for change in receipt["changes"]:
            change.update(members)

    return forge


def head(**members: Any) -> Forge:
    return lambda receipt: receipt.update(members)


NOT_VALID: dict[str, Forge] = {
    "no id": lambda receipt: receipt.pop("id"),
    "null as id": head(id=None),
    "an empty id": head(id=""),
    "another version": head(version=3),
    "a member too many": head(comment="x"),
    "no changes": head(changes=[]),
    "a change that is a text": head(changes=["x"]),
    "a time without offset": head(time="2026-01-01T00:00:00"),
    "no time": head(time="yesterday"),
    "a time to come": head(time=(datetime.now(UTC) + timedelta(days=1)).isoformat()),
    "another account": head(account="999999999999"),
    "another kind": every(kind="queue"),
    "a kind that the resource does not fit": every(kind="key"),
    "no ARN": every(resource="chat"),
    "the alias of an AWS managed key": lambda receipt: receipt["changes"][0].update(
        resource=receipt["changes"][0]["resource"].replace("alias/sns/chat", "alias/aws/sns")
    ),
    "a topic of another Region": lambda receipt: receipt["changes"][1].update(
        resource=receipt["changes"][1]["resource"].replace("us-west-2", "eu-west-1")
    ),
    "null as tag": tagged(**{"checker:receipt": None}),
    "an empty tag": tagged(**{"checker:receipt": ""}),
    "the tag of another receipt": tagged(**{"checker:receipt": "00000000-0000-4000-8000-000000000000"}),
    "null as what it replaces": tagged(**{"checker:replaces": None}),
    "no policy": lambda receipt: made(receipt["changes"][0], Policy="[]"),
    "no tags": lambda receipt: made(receipt["changes"][0], Tags={}),
    "something before": every(old="x"),
    "nothing created": every(new="{}"),
    "no JSON": every(new="{"),
    "no encryption": lambda receipt: receipt["changes"][1].update(kind="encryption", old="", new="alias/x"),
}


def test_a_receipt_that_is_not_valid_is_an_input_error_and_nothing_is_called(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    real = json.loads(created(far(sandbox, account), tmp_path / "real").read_text())
    sandbox.clear_calls()
    texts = {"a list": "[]", "null": "null", "nothing": "{}"}
    for name, forge in NOT_VALID.items():
        forged = deepcopy(real)
        forge(forged)
        texts[name] = json.dumps(forged)
    for name, text in {
        **texts,
        "an empty file": "",
        "no JSON at all": "x",
        "half": texts["no id"][:99],
    }.items():
        path = tmp_path / "forged.json"
        path.write_text(text)
        done = checker("rollback", path, "--yes", "--force")
        assert (done.code, str(path) in done.err) == (2, True), (name, done)
    assert sandbox.calls() == []


def other_topic(receipt: Any, name: str) -> Any:
    """Make a receipt speak of another topic of the account."""
    text = json.dumps(receipt)
    return json.loads(text.replace(":chat", f":{name}"))


def test_a_forged_receipt_deletes_nothing_that_its_repair_did_not_create(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    real = json.loads(created(far(sandbox, account), tmp_path / "real").read_text())
    victim = seed.good_topic(account, seed.make_instance(account, "other"), "victim")
    subscribed = another_queue(account, victim, "theirs")
    theirs = account.client("kms").create_key()["KeyMetadata"]["KeyId"]
    account.client("kms").create_alias(AliasName="alias/sns/victim", TargetKeyId=theirs)
    before = topics(account), aliases(account), usable_keys(account)
    forged = other_topic(real, "victim")
    forged["changes"][0]["resource"] = forged["changes"][0]["resource"].replace("sns/chat", "sns/victim")
    made(forged["changes"][2], Endpoint=subscribed)
    identity = "11111111-0000-4000-8000-000000000000"
    again = json.loads(json.dumps(forged).replace(real["id"], identity))
    for receipt in (forged, again):
        for force in ((), ("--force",)):
            path = tmp_path / "forged.json"
            path.write_text(json.dumps(receipt))
            sandbox.clear_calls()
            done = checker("rollback", path, "--yes", *force)
            assert written(sandbox, account) == [], done
    assert (topics(account), aliases(account), usable_keys(account)) == before


def test_a_key_from_before_the_repair_is_left_alone(
    sandbox: Sandbox, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = json.loads(created(far(sandbox, account), tmp_path / "real").read_text())
    del receipt["changes"][1:]
    path = tmp_path / "forged.json"
    path.write_text(json.dumps({**receipt, "time": (datetime.now(UTC) + timedelta(minutes=4)).isoformat()}))
    with monkeypatch.context() as strict:
        strict.setattr(rollback, "CLOCK_SKEW", timedelta())
        done = checker("rollback", path, "--yes", "--force")
    assert (done.code, "before the repair began" in done.out, len(usable_keys(account))) == (1, True, 1)
    assert checker("rollback", path, "--yes").code == 0  # clocks may be some minutes apart
    assert usable_keys(account) == []


def test_an_alias_that_names_another_key_by_now_never_costs_that_key(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    receipt = created(far(sandbox, account), tmp_path)
    (ours,) = usable_keys(account)
    kms = account.client("kms")
    theirs = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.delete_alias(AliasName="alias/sns/chat")
    kms.create_alias(AliasName="alias/sns/chat", TargetKeyId=theirs)
    assert checker("rollback", receipt, "--yes", "--force").code == 0
    assert [one for one in usable_keys(account) if one.endswith(theirs)]
    assert ours not in usable_keys(account)


def test_a_rollback_shows_what_it_will_do_and_asks_first(
    sandbox: Sandbox, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = created(far(sandbox, account), tmp_path)
    sandbox.clear_calls()
    done = checker("rollback", receipt)
    assert (done.code, "not confirmed, nothing was changed" in done.err) == (2, True)
    for shown in (f"account  {account.id}", "less than a minute ago", "caller   arn:aws:", "1. unsubscribe"):
        assert shown in done.out
    assert f"2. delete the topic `arn:aws:sns:us-west-2:{account.id}:chat`" in done.out
    assert "kms:ScheduleKeyDeletion" in done.out
    assert written(sandbox, account) == []
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert not terminal.is_confirmed("sure")
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert checker("rollback", receipt).code == 0
    assert topics(account) == []


def test_an_old_policy_is_shown_before_it_is_written(account: Account, tmp_path: Path) -> None:
    instance = seed.make_instance(account)
    topic = seed.default_topic(account, "plain")
    scene = Scene(account, instance, topic, "")
    receipt = created(scene, tmp_path)
    forged = json.loads(receipt.read_text())
    forged["changes"][0]["old"] = NEVER
    receipt.write_text(json.dumps(forged))
    before = policy_of(account, topic)
    done = checker("rollback", receipt)
    assert done.code == 2
    assert '-      "Sid": "AllowConnectChatStreaming",' in done.out
    assert '+  "Statement": []' in done.out
    assert policy_of(account, topic) == before


def test_a_receipt_of_version_1_is_refused_with_the_commands_that_restore_by_hand(tmp_path: Path) -> None:
    topic, key = "arn:aws:sns:us-west-2:111122223333:chat", "arn:aws:kms:us-west-2:111122223333:key/k"
    changes = [
        {"resource": resource, "kind": kind, "old": old, "new": ""}
        for resource, kind, old in ((key, "key", NEVER), (topic, "topic", NEVER), ("x", "topic", NEVER))
    ]
    path = tmp_path / "a receipt.json"
    path.write_text(json.dumps({"version": 1, "time": "", "caller": "", "changes": changes}))
    done = checker("rollback", path, "--yes", "--force")
    commands = (
        f"aws sns set-topic-attributes --topic-arn {topic} --attribute-name Policy"
        f""" --attribute-value "$(jq -r '.changes[1].old' '{path}')"; """
        f"aws kms put-key-policy --policy-name default --key-id {key}"
        f""" --policy "$(jq -r '.changes[0].old' '{path}')"\n"""
    )
    assert (done.code, "they do not record the account" in done.err) == (2, True)
    assert done.err.endswith(commands)


def test_a_receipt_of_a_later_version_is_refused_for_its_version(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text('{"version": 3}')
    done = checker("rollback", path)
    assert (done.code, "receipt version 3 is not supported" in done.err) == (2, True)


def test_a_rollback_names_what_others_created_and_what_they_changed(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = created(fifo(account), tmp_path)
    first, second, *_ = read_receipt(receipt).changes
    monkeypatch.setattr(
        rollback, "roll_back", lambda *_, **__: RollbackResult(drifted=(first,), foreign=(second,))
    )
    done = checker("rollback", receipt, "--yes")
    assert done.code == 1
    assert f"{name_of(first)}: left alone: changed just now" in done.err
    assert f"{name_of(second)}: left alone: not created by this repair" in done.err


@pytest.mark.parametrize(("signals", "code"), [(0, 3), (1, 130)])
def test_a_rollback_that_is_stuck_says_why_also_after_a_signal(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals: int, code: int
) -> None:
    receipt = created(fifo(account), tmp_path)
    (change, *_) = read_receipt(receipt).changes

    def stick(*_: object, **__: object) -> RollbackResult:
        for _one in range(signals):
            signal.raise_signal(signal.SIGINT)
        return RollbackResult(stuck=(FailedChange(change, InputError("the topic", "no answer")),))

    monkeypatch.setattr(rollback, "roll_back", stick)
    done = checker("rollback", receipt, "--yes")
    assert (done.code, "not rolled back: no answer" in done.err) == (code, True)
    assert "run the same command again to continue" in done.err


def test_a_caller_of_another_account_deletes_nothing(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = created(fifo(account), tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "999988887777")
    done = checker("rollback", receipt, "--yes")
    assert (done.code, "account 999988887777" in done.err) == (2, True)


def test_without_a_caller_there_is_no_receipt_and_no_repair(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    scene = Scene(account, seed.make_instance(account), seed.default_topic(account, "plain"), "")
    sandbox.fault(denied("sts", "GetCallerIdentity"))
    done = checker("fix", *options(scene, tmp_path), "--apply", "--yes")
    assert (done.code, list(tmp_path.iterdir())) == (3, []), done


@pytest.mark.parametrize(
    "value",
    [
        {"version": 1, "findings": []},
        {"version": 1, "end": "arrived", "topics": []},
        {"version": 1, "applied": False, "changes": []},
    ],
)
def test_a_file_with_a_version_that_is_no_receipt_is_not_taken_for_an_old_one(
    value: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(value))
    with pytest.raises(InputError) as raised:
        read_receipt(path)
    assert raised.value.reason == "not a receipt of `checker fix`"
