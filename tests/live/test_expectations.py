"""Expectations in AWS: each unit of an audit proves them for its topics, and a live fix breaks none that is met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import validate

from tests.cli.process import run, save
from tests.expectations.samples import expecting, may
from tests.live.cloud import ACCOUNT, Cloud
from tests.live.scene import make_instance, make_topic
from tests.live.test_command import SCHEMA, audit
from tests.samples import statement

ARCHIVE = f"arn:aws:iam::{ACCOUNT}:role/Archive"


def verdicts(report: Any) -> dict[str, dict[str, str]]:
    return {
        target["resource"]: {one["name"]: one["verdict"] for one in target.get("expectations", ())}
        for target in report["examined"]
        if target["kind"] == "topic"
    }


def test_each_unit_proves_the_expectations_and_a_resumed_audit_keeps_them(
    cloud: Cloud, tmp_path: Path
) -> None:
    instance = make_instance(cloud)
    topic, quiet = make_topic(cloud, "chat", instance), make_topic(cloud, "quiet")
    text = expecting(
        only=may("Publish", {"account": "deployment"}, {"connect": instance}),
        allowed=may("Subscribe", {"arn": ARCHIVE}),
        denied=may("Publish", {"account": "444455556666"}),
        denied_2=may("Publish", {"account": "444455556666"}),
    )
    text = text.replace("- name: denied\n", "- name: denied\n  topics: [quiet]\n")
    text = text.replace("- name: denied_2\n", "- name: denied_2\n  topics: [missing]\n")
    file, journal = save(tmp_path / "e.yaml", text), tmp_path / "journal.jsonl"
    options = ("--select", "unmet-expectation", "--expect", file)
    first = audit(cloud, *options, "--journal", journal, "--format", "json")
    assert first.returncode == 1
    done = audit(cloud, "--resume", journal, "--format", "json", "-o", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    validate(report, SCHEMA)
    assert json.loads(first.stdout) == report  # from the journal alone
    assert verdicts(report) == {
        topic: {"only": "PASS", "allowed": "FAIL"},
        quiet: {"only": "FAIL", "allowed": "FAIL", "denied": "PASS"},  # the default policy lets services in
    }
    assert done.returncode == 1, done.stderr
    assert "expectation `denied_2` is not known: `missing` matches no checked topic" in done.stderr
    finding = next(one for one in report["findings"] if one["expectation"] == "allowed")
    line = text.splitlines().index("- name: allowed") + 1
    assert [(one["source"], one["line"]) for one in finding["locations"]][1:] == [(str(file), line)]
    contradicting = audit(cloud, "--resume", journal, "--expect", save(tmp_path / "other.yaml", text))
    assert contradicting.returncode == 2
    assert "--expect: contradicts the resumed audit" in contradicting.stderr
    save(file, text.replace("missing", "gone"))
    changed = audit(cloud, "--resume", journal)
    assert changed.returncode == 2
    assert "expectations: a file that it reads has changed" in changed.stderr


def test_a_live_fix_that_would_break_an_expectation_is_not_applied(cloud: Cloud, tmp_path: Path) -> None:
    instance = make_instance(cloud)
    topic = make_topic(cloud, "chat")
    sns = cloud.client("sns")
    policy = {"Version": "2012-10-17", "Statement": [statement(Sid="Chat", Resource=topic)]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    before = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    arguments = ("--topic-arn", topic, "--instance-arn", instance, "--endpoint-url", cloud.url, "--isolated")
    for subject, is_changed in (("any", False), (instance, True)):
        file = save(tmp_path / "e.yaml", expecting(allowed=may("Publish", {"connect": subject})))
        done = run("fix", "--apply", "--yes", *arguments, "--expect", file, cwd=tmp_path)
        after = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
        assert (json.loads(after) != json.loads(before)) is is_changed, done.stdout + done.stderr
        assert is_changed or "after the edit, expectation `allowed` is not met" in done.stdout
