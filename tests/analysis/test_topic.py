"""What a case asks of the prover: no more than it takes, and with the answers that asking for all would have."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.topic import TopicAnalysis
from checker.iam.prove import prove
from checker.iam.prove.prove import Answer, ConnectProver
from checker.inputs.load import load
from tests.samples import ACCOUNT, document, statement

ACCOUNTS = [str(100000000000 + number) for number in range(30)]
DENY = {"Effect": "Deny", "Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNTS[:5]}}}


def instance(account: str) -> str:
    return f"arn:aws:connect:us-east-1:{account}:instance/3f6c1b52-9a7e-4d21-8c5b-{account}"


def case_of(folder: Path, *statements: dict[str, Any]) -> TopicAnalysis:
    path = folder / "policy.json"
    path.write_text(json.dumps(document(*statements)))
    inventory = load([path])
    return TopicAnalysis(inventory.topics[0], inventory)


def pinned(account: str) -> dict[str, Any]:
    return statement(Condition={"ArnEquals": {"aws:SourceArn": instance(account)}})


def of_account(account: str) -> dict[str, Any]:
    return statement(Condition={"StringEquals": {"aws:SourceAccount": account}})


@pytest.mark.parametrize(
    "extra",
    [
        (),
        (statement(),),
        (statement(**DENY),),
        (of_account(ACCOUNT),),
        (of_account(ACCOUNTS[7]),),
        (of_account(ACCOUNTS[7]), statement(**DENY)),
        (statement(Condition={"StringLike": {"aws:SourceAccount": "1000000000?9"}}),),
        (statement(Condition={"StringEquals": {"aws:SourceOrgID": "o-1234567890"}}),),
        (statement(Condition={"StringLike": {"aws:SourceArn": "arn:aws:connect:*:*:instance/*3"}}),),
    ],
)
def test_siblings_are_found_as_if_every_account_were_asked_about(
    extra: tuple[dict[str, Any], ...], tmp_path: Path
) -> None:
    case = case_of(tmp_path, *map(pinned, ACCOUNTS), *extra)
    ids = [one.instance_id for one in case.named_instances]
    for grant in case.connect_grants:
        asked = case.connect(grant, *case.denies)
        each = prove.either(asked.siblings(account, ids) for account in (*ACCOUNTS, ACCOUNT))
        assert case.siblings_of(grant).truth == each.truth


@pytest.mark.parametrize("grant", [pinned, of_account])
def test_a_grant_is_not_asked_about_every_account(
    grant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of(tmp_path, *map(pinned, ACCOUNTS), *map(grant, ACCOUNTS))
    asked: list[str] = []
    answer = ConnectProver.siblings

    def counted(prover: ConnectProver, account: str, but_not: Collection[str]) -> Answer:
        asked.append(account)
        return answer(prover, account, but_not)

    monkeypatch.setattr(ConnectProver, "siblings", counted)
    for one in case.connect_grants:
        case.siblings_of(one)
    assert len(case.connect_grants) == len(case.statements)
    assert len(asked) <= 2 * len(case.connect_grants)
