"""What a run did not judge changes nowhere: Security Hub, the baseline, the journal.

Everything is audited while it is broken, and then fixed. Each narrower audit must archive and forget just the
findings that it judged, and leave all others as they were.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from checker.lint.registry import all_rules
from checker.sandbox import seed
from checker.sandbox.running import Account, Sandbox
from tests.live.audit.test_security_hub import Hub
from tests.live.cloud import ACCOUNT, Answer, Call, Cloud, Fault, refuse
from tests.live.conftest import _shut_out
from tests.live.estate import Ended, checker
from tests.live.scene import make_instance, make_key, make_topic, subscribe

FAMILIES = {rule.id: rule.family for rule in all_rules()}
OTHER_REGION = "eu-west-2"


class World(NamedTuple):
    """Topics that were broken when all was audited, and are fixed now, and what that audit left behind."""

    cloud: Cloud
    hub: Hub
    opened: str
    sealed: str
    named: str
    far: str
    key: str
    folder: Path
    findings: dict[str, dict[str, Any]]
    baseline: str
    journal: str

    def audit(self, *options: str) -> Ended:
        return checker("audit", "--endpoint-url", self.cloud.url, "--trail-hours", "0", *options)


def everything(named: str) -> tuple[str, ...]:
    return ("--isolated", "--region", f"us-east-1,{OTHER_REGION}", "--topic-arn", named)


@pytest.fixture(scope="module")
def world(_server: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        _shut_out(patch)
        folder = tmp_path_factory.mktemp("untouched")
        patch.chdir(folder)
        _server.reset()
        yield built(_server, folder)
        _server.reset()


def built(cloud: Cloud, folder: Path) -> World:
    """Break, audit all, fix all."""
    hub = Hub()
    instance, there = make_instance(cloud), make_instance(cloud, region=OTHER_REGION)
    key = make_key(cloud, connect=False)
    opened, sealed, far = (
        make_topic(cloud, "opened", instance),
        make_topic(cloud, "sealed", instance, key),
        make_topic(cloud, "far", there, region=OTHER_REGION),
    )
    named = make_topic(cloud, "named")
    for topic, region in ((opened, "us-east-1"), (far, OTHER_REGION)):
        _unpin(cloud, topic, region)
    world = World(cloud, hub, opened, sealed, named, far, key, folder, {}, "", "")
    cloud.fault = hub
    written = ("--write-baseline", "baseline.json", "--journal", "journal.jsonl")
    assert (
        world.audit(*everything(named), "--security-hub", *written).code == 0
    )  # all is known to the baseline
    broken = world.audit(*everything(named), "--security-hub")
    assert broken.code == 1, broken.err
    _fix(cloud, world, instance, there)
    return world._replace(
        findings=copy.deepcopy(hub.findings),
        baseline=Path("baseline.json").read_text(),
        journal=Path("journal.jsonl").read_text(),
    )


def _unpin(cloud: Cloud, topic: str, region: str) -> None:
    sns = cloud.client("sns", region)
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    del policy["Statement"][0]["Condition"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))


def _fix(cloud: Cloud, world: World, instance: str, there: str) -> None:
    make_topic(cloud, "opened", instance)
    make_topic(cloud, "far", there, region=OTHER_REGION)
    good = cloud.client("kms").get_key_policy(KeyId=make_key(cloud), PolicyName="default")["Policy"]
    cloud.client("kms").put_key_policy(KeyId=world.key, PolicyName="default", Policy=good)
    for topic in (world.opened, world.sealed, world.named):
        subscribe(cloud, topic)


class Narrower(NamedTuple):
    """A narrower audit: its options, what AWS refuses meanwhile, and the findings that it still judges."""

    options: Callable[[World], tuple[str, ...]]
    judges: Callable[[World, str, list[str]], bool]
    fault: Fault = lambda _: None


def selected(*options: str) -> Callable[[World], tuple[str, ...]]:
    return lambda world: (*everything(world.named), *options)


def without_names(world: World) -> tuple[str, ...]:
    return tuple(word for word in everything(world.named) if word not in ("--topic-arn", world.named))


def one_region(world: World) -> tuple[str, ...]:
    return ("--isolated", "--region", OTHER_REGION, "--topic-arn", world.named)


def suppressed(world: World) -> tuple[str, ...]:
    config = world.folder / "held.yaml"
    config.write_text("version: 1\nignore: [no-durable-subscriber]\n")
    return (*everything(world.named)[1:], "--config", str(config))


NARROWER = {
    "everything": Narrower(selected(), lambda *_: True),
    "one family": Narrower(selected("--select", "kms"), lambda _w, rule, _: FAMILIES[rule] == "kms"),
    "no family": Narrower(selected("--ignore", "kms"), lambda _w, rule, _: FAMILIES[rule] != "kms"),
    "one rule": Narrower(
        selected("--select", "missing-source-account"), lambda _w, rule, _: rule == "missing-source-account"
    ),
    # Security Hub tells that it was reported, so that it is judged again.
    "not the named topic": Narrower(without_names, lambda *_: True),
    "one Region": Narrower(one_region, lambda world, _r, found: found == [world.far]),
    "a configuration that ignores a rule": Narrower(
        suppressed, lambda _w, rule, _: rule != "no-durable-subscriber"
    ),
    "no topic can be read": Narrower(selected(), lambda *_: False, refuse("GetTopicAttributes")),
    "no subscription can be read": Narrower(
        selected(), lambda _w, rule, _: rule != "no-durable-subscriber", refuse("ListSubscriptions")
    ),
    "no key policy can be read": Narrower(
        selected(),
        lambda world, rule, found: FAMILIES[rule] != "kms" and world.key not in found,
        refuse("GetKeyPolicy"),
    ),
}


@pytest.mark.parametrize("narrower", NARROWER.values(), ids=NARROWER)
def test_a_run_archives_and_forgets_only_what_it_judged(world: World, narrower: Narrower) -> None:
    world.hub.findings = copy.deepcopy(world.findings)
    Path("baseline.json").write_text(world.baseline)
    world.cloud.fault = both(world.hub, narrower.fault)
    done = world.audit(*narrower.options(world), "--security-hub", "--write-baseline", "baseline.json")
    # --topic-arn names a topic in the other Region, and so matches nothing in one Region.
    assert done.code in ((2,) if narrower is NARROWER["one Region"] else (0, 3)), done.err
    for name, finding in world.findings.items():
        rule = finding["GeneratorId"].removeprefix("checker/")
        resources = [one["Id"] for one in finding["Resources"]]
        now = world.hub.findings[name]
        if narrower.judges(world, rule, resources) and _is_fixed(world, rule, resources):
            assert (now["RecordState"], now["Compliance"]["Status"]) == ("ARCHIVED", "PASSED"), name
        else:
            assert (now["RecordState"], now["Compliance"]) == ("ACTIVE", finding["Compliance"]), name
    kept = {(one["rule"], one["source"]) for one in json.loads(Path("baseline.json").read_text())["findings"]}
    for one in json.loads(world.baseline)["findings"]:
        source = world.named if one["source"] == world.named else one["source"]
        affected = [source, *([world.sealed] if source == world.key else [])]
        stays = not (
            narrower.judges(world, one["rule"], affected) and _is_fixed(world, one["rule"], affected)
        )
        assert ((one["rule"], one["source"]) in kept) is stays, one


def _is_fixed(world: World, rule: str, resources: list[str]) -> bool:
    """Whether the finding is gone: the far topic still has no subscriber, the named one the default policy."""
    still = {(world.far, "no-durable-subscriber"), (world.named, "source-owner")}
    return not {(one, rule) for one in resources} & still


def both(first: Fault, second: Fault) -> Fault:
    def answer(call: Call) -> Answer:
        return first(call) or second(call)

    return answer


CONTRADICTIONS = (
    ("--region", "us-east-1"),
    ("--all-regions",),
    ("--accounts", ACCOUNT),
    ("--organization",),
    ("--topic-arn", "arn:aws:sns:us-east-1:123456789012:another"),
    ("--topic-tag", "stream"),
    ("--all-topics",),
    ("--select", "kms"),
    ("--ignore", "kms"),
    ("--severity", "no-durable-subscriber=error"),
    ("--fail-on", "error"),
    ("--strict",),
    ("--role-name", "reader"),
)


@pytest.mark.parametrize("options", CONTRADICTIONS, ids=" ".join)
def test_an_option_that_contradicts_a_journal_is_refused_and_changes_nothing(
    world: World, options: tuple[str, ...]
) -> None:
    journal = world.folder / "contradicted.jsonl"
    journal.write_text(world.journal)
    world.hub.findings = copy.deepcopy(world.findings)
    done = world.audit("--resume", str(journal), *options)
    assert (done.code, journal.read_text()) == (2, world.journal)
    assert f"{options[0]}: contradicts the resumed audit" in done.err
    assert world.hub.findings == world.findings


def test_a_journal_is_resumed_without_any_option(world: World) -> None:
    world.cloud.fault = world.hub
    journal = world.folder / "resumed.jsonl"
    journal.write_text(world.journal)
    done = checker("audit", "--endpoint-url", world.cloud.url, "--resume", str(journal), "--format", "json")
    examined = {one["resource"] for one in json.loads(done.out)["examined"]}
    assert examined == {world.opened, world.sealed, world.named, world.far, world.key}


def test_an_audit_without_an_answer_of_sts_is_not_resumed_and_blames_no_credentials(world: World) -> None:
    journal = world.folder / "unanswered.jsonl"
    journal.write_text(world.journal)
    done = checker("audit", "--endpoint-url", "http://127.0.0.1:1", "--resume", str(journal))
    assert (done.code, journal.read_text()) == (3, world.journal)
    assert "not known whether the credentials are of its account" in done.err
    assert "no answer to `sts:GetCallerIdentity`" in done.err
    assert "another account" not in done.err


def test_a_journal_of_an_audit_without_an_answer_of_sts_says_so(world: World) -> None:
    journal = world.folder / "unknown.jsonl"
    unanswered = ("--endpoint-url", "http://127.0.0.1:1", "--region", "us-east-1", "--journal", str(journal))
    assert checker("audit", *unanswered).code == 3
    done = checker("audit", "--endpoint-url", world.cloud.url, "--resume", str(journal))
    assert done.code == 2
    assert "from an audit whose account is not known, because AWS did not answer" in done.err


def test_the_journal_of_an_unfinished_audit_is_not_overwritten(world: World) -> None:
    journal = world.folder / "unfinished.jsonl"
    unfinished = world.journal.removesuffix('{"kind":"end"}\n')
    journal.write_text(unfinished)
    done = world.audit("--isolated", "--journal", str(journal))
    assert (done.code, journal.read_text()) == (2, unfinished)
    assert f"checker audit --resume {journal}" in done.err
    journal.write_text(world.journal)
    assert world.audit("--isolated", "--journal", str(journal)).code != 2


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--baseline", "missing.json"), "no such file"),
        (("--baseline", "text.json"), "not JSON, it begins with"),
        (("--baseline", "folder"), "is a directory"),
        (("--write-baseline", "text.json"), "not JSON, it begins with"),
        (("--write-baseline", "folder"), "cannot be written"),
        (("--write-baseline", "missing/b.json"), "no such folder"),
        (("--write-baseline", "b.json", "--journal", "b.json"), "both the baseline and another output"),
        (("--write-baseline", "b.json", "--output", "b.json"), "both the baseline and another output"),
    ],
)
def test_a_baseline_that_cannot_be_used_ends_an_audit_before_it_begins(
    account: Account,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.json").write_text("text")
    (tmp_path / "folder").mkdir()
    seed.confused_deputy_topic(account)
    sandbox.clear_calls()
    done = checker("audit", "--isolated", *options)
    assert (done.code, reason in done.err, sandbox.calls()) == (2, True, [])
