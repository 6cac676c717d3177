"""`checker check --expect` for every kind of expectation: met, not met and not known, in every report format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from tests.cli.process import run, save
from tests.expectations.samples import (
    ARCHIVE,
    CONNECT,
    PARTNER,
    POLICY,
    PUBLISH,
    SUBSCRIBE,
    by,
    expecting,
    may,
    topic,
)
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, TOPIC_ARN, document, statement

OWN, OF_INSTANCE, OF_PARTNER = {"account": "deployment"}, {"connect": INSTANCE_ARN}, {"account": PARTNER}
TLS = statement(
    Sid="Tls",
    Effect="Deny",
    Principal="*",
    Action="sns:*",
    Condition={"Bool": {"aws:SecureTransport": "false"}},
)
SQS_ONLY = statement(
    Sid="Sqs",
    Principal={"AWS": ARCHIVE},
    Action="sns:Subscribe",
    Condition={"StringEquals": {"sns:Protocol": "sqs"}},
)
ORGANIZATION = statement(
    Sid="Org", Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
)
REFUSED = statement(Sid="No", Effect="Deny", Principal={"AWS": PARTNER}, Action="sns:*")
ALL_BUT = statement(
    Sid="Elsewhere", Principal={"AWS": f"arn:aws:iam::{PARTNER}:role/App"}, Action="sns:Receive"
)
MET, NOT_MET, NOT_KNOWN = "PASS", "FAIL", "UNDETERMINED"
CASES: dict[str, tuple[str, Any, str, Any]] = {
    "role": (MET, POLICY, "allowed", may("Subscribe", {"arn": ARCHIVE})),
    "role-over-tls": (
        MET,
        document(*POLICY["Statement"], TLS),
        "allowed",
        may("Subscribe", {"arn": ARCHIVE}),
    ),
    "other-role": (NOT_MET, POLICY, "allowed", may("Subscribe", {"arn": f"{ARCHIVE}2"})),
    "other-action": (NOT_MET, POLICY, "allowed", may("Publish", {"arn": ARCHIVE})),
    "in-part": (NOT_MET, document(SQS_ONLY), "allowed", may("Subscribe", {"arn": ARCHIVE})),
    "in-some-cases": (
        MET,
        document(SQS_ONLY),
        "allowed",
        may("Subscribe", {"arn": ARCHIVE}, **{"in-some-cases": True}),
    ),
    "with-context": (
        MET,
        document(SQS_ONLY),
        "allowed",
        may("Subscribe", {"arn": ARCHIVE}, **{"with": {"sns:Protocol": "sqs"}}),
    ),
    "with-other-context": (
        NOT_MET,
        document(SQS_ONLY),
        "allowed",
        may("Subscribe", {"arn": ARCHIVE}, **{"with": {"sns:Protocol": ["sqs", "https"]}}),
    ),
    "without-such-requests": (
        NOT_KNOWN,
        POLICY,
        "allowed",
        may("Publish", {"account": PARTNER}, **{"with": {"sns:Protocol": "sqs"}}),
    ),
    "account": (MET, POLICY, "allowed", may("Publish", OF_PARTNER)),
    "root-is-the-account": (MET, POLICY, "allowed", may("Publish", {"arn": f"arn:aws:iam::{PARTNER}:root"})),
    "connect-by-topic-policy": (MET, POLICY, "allowed", may("Publish", OF_INSTANCE)),
    "connect-of-account": (NOT_MET, POLICY, "allowed", may("Publish", {"connect": ACCOUNT})),
    "organization": (
        MET,
        document(ORGANIZATION),
        "allowed",
        may("Publish", {"organization": "o-a1b2c3d4e5"}),
    ),
    "denied": (MET, POLICY, "denied", may("Subscribe", OF_PARTNER)),
    "not-denied": (NOT_MET, POLICY, "denied", may("Publish", OF_PARTNER)),
    "not-denied-explicitly": (NOT_MET, POLICY, "denied", may("Subscribe", OF_PARTNER, explicitly=True)),
    "denied-explicitly": (
        MET,
        document(*POLICY["Statement"], REFUSED),
        "denied",
        may("Subscribe", OF_PARTNER, explicitly=True),
    ),
    "only": (MET, POLICY, "only", may("Publish", OF_PARTNER, OF_INSTANCE)),
    "not-only": (NOT_MET, POLICY, "only", may("Publish", OWN, OF_INSTANCE)),
    "only-any-connect": (MET, POLICY, "only", may("Publish", OF_PARTNER, {"connect": "any"})),
    "only-organization": (
        MET,
        document(ORGANIZATION),
        "only",
        may("Publish", {"organization": "o-a1b2c3d4e5"}),
    ),
    "not-only-other-organization": (
        NOT_MET,
        document(ORGANIZATION),
        "only",
        may("Publish", {"organization": "o-b1b2c3d4e5"}),
    ),
    "public": (NOT_MET, document(statement(Sid="All", Principal="*")), "only", may("Publish", OWN)),
    "chain": (MET, POLICY, "connect", {"instances": [INSTANCE_ARN]}),
    "no-chain": (NOT_MET, POLICY, "connect", {"instances": [f"{INSTANCE_ARN[:-1]}e"]}),
    "no-more": (MET, document(CONNECT, SUBSCRIBE), "no-more-than", {"policy": "old.json"}),
    "more": (NOT_MET, document(*POLICY["Statement"], ALL_BUT), "no-more-than", {"policy": "old.json"}),
    "unchanged": (MET, document(*reversed(POLICY["Statement"])), "unchanged", {"policy": "old.json"}),
    "changed": (NOT_MET, document(CONNECT), "unchanged", {"policy": "old.json"}),
    "unchanged-for-role": (
        MET,
        document(CONNECT, SUBSCRIBE),
        "unchanged",
        {"policy": "old.json", "principals": by(arn=ARCHIVE)},
    ),
    "changed-for-account": (
        NOT_MET,
        document(CONNECT, SUBSCRIBE),
        "unchanged",
        {"policy": "old.json", "principals": by(account=PARTNER)},
    ),
    "unreadable-statement": (
        NOT_KNOWN,
        document(CONNECT, statement(Sid="Odd", Effect="Perhaps")),
        "only",
        may("Publish", OF_INSTANCE),
    ),
}


def write(folder: Path, policy: Any, expectations: str) -> None:
    save(folder / "topic.json", topic(policy))
    save(folder / "old.json", POLICY)
    save(folder / "expectations.yaml", expectations)


@pytest.mark.parametrize("name", CASES)
def test_each_kind_is_met_not_met_or_not_known(name: str, tmp_path: Path) -> None:
    verdict, policy, kind, body = CASES[name]
    write(tmp_path, policy, expecting(**{kind.replace("-", "_"): body}))
    arguments = ("--expect", "expectations.yaml", "--select", "unmet-expectation")
    done = run("check", "topic.json", "--format", "json", *arguments, cwd=tmp_path)
    found = json.loads(done.stdout)
    (target,) = [one for one in found["examined"] if one["kind"] == "topic"]
    assert target["expectations"] == [{"name": kind.replace("-", "_"), "verdict": verdict}]
    assert [one["verdict"] for one in found["findings"]] == [verdict] * (verdict != MET)
    assert all(one["witness"] for one in found["findings"] if verdict == NOT_MET and kind != "connect")
    assert done.returncode == {MET: 0, NOT_MET: 1, NOT_KNOWN: 3}[verdict]


BODIES = expecting(
    allowed=may("Subscribe", {"arn": ARCHIVE}),
    only=may("Publish", OWN),
    connect={"instances": [INSTANCE_ARN]},
)
EXPECT = ("--expect", "expectations.yaml", "--select", "unmet-expectation")


def validated(text: str) -> None:
    schema = json.loads((TESTS.parent / "schemas" / "report.v1.json").read_text())
    Draft202012Validator(schema).validate(json.loads(text))


def as_junit(text: str) -> None:
    cases = {one.get("name"): one for one in ET.fromstring(text).iter("testcase")}  # noqa: S314 - the tool wrote it
    assert {name for name in cases if name} == {
        "unmet-expectation: allowed",
        "unmet-expectation: only",
        "unmet-expectation: connect",
    }
    assert [name for name, one in cases.items() if one.find("failure") is not None] == [
        "unmet-expectation: only"
    ]


def as_sarif(text: str) -> None:
    (result,) = json.loads(text)["runs"][0]["results"]
    assert result["ruleId"] == "unmet-expectation"
    places = [
        (one["artifactLocation"]["uri"], one["region"]["startLine"])
        for one in (
            result["locations"][0]["physicalLocation"],
            result["relatedLocations"][0]["physicalLocation"],
        )
    ]
    line = BODIES.splitlines().index("- name: only") + 1
    assert places == [("topic.json", 5), ("expectations.yaml", line)]


def has(*texts: str) -> Callable[[str], None]:
    def check(report: str) -> None:
        assert all(text in report for text in texts), report

    return check


FORMATS: dict[str, Callable[[str], None]] = {
    "json": validated,
    "junit": as_junit,
    "sarif": as_sarif,
    "text": has("expectation `only` is not met: the policy allows sns:Publish by", "..> expectations.yaml:"),
    "github": has("::error file=topic.json", "expected here: expectations.yaml:"),
    "markdown": has("- met: `allowed` of", "- not met: `only` of"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_shows_what_is_met_and_what_is_not(name: str, tmp_path: Path) -> None:
    write(tmp_path, POLICY, BODIES)
    FORMATS[name](run("check", "topic.json", *EXPECT, "--format", name, cwd=tmp_path).stdout)


def test_a_run_says_how_many_are_met_and_lists_them_when_verbose(tmp_path: Path) -> None:
    write(tmp_path, POLICY, BODIES)
    done = run("check", "topic.json", *EXPECT, "--verbose", cwd=tmp_path)
    assert "2 of 3 expectations met" in done.stderr
    assert "met: allowed\n" in done.stderr


def test_an_expectation_about_no_topic_is_not_met_silently(tmp_path: Path) -> None:
    body = BODIES.replace("- name: only\n", "- name: only\n  topics: [chta]\n")
    write(tmp_path, POLICY, body)
    done = run("check", "topic.json", *EXPECT, cwd=tmp_path)
    assert done.returncode == 3
    assert "expectation `only` is not known: `chta` matches no checked topic" in done.stderr
    assert run("check", "--changed", "topic.json", *EXPECT, cwd=tmp_path).returncode == 0


def test_the_configuration_names_the_file_and_a_suppression_and_a_baseline_hold(tmp_path: Path) -> None:
    write(tmp_path, POLICY, BODIES)
    settings = "select: [expectations]\nexpect: expectations.yaml\n"
    save(tmp_path / "checker.yaml", settings)
    assert run("check", "topic.json", cwd=tmp_path).returncode == 1
    assert run("check", "topic.json", "--isolated", "--select", "fifo-topic", cwd=tmp_path).returncode == 0
    written = run("baseline", "write", "topic.json", "-o", "known.json", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert run("check", "topic.json", "--baseline", "known.json", cwd=tmp_path).returncode == 0
    reason = "suppressions:\n  - {rule: unmet-expectation, resource: '*chat', reason: known}\n"
    save(tmp_path / "checker.yaml", settings + reason)
    assert run("check", "topic.json", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("pattern", ["chat", "arn:aws:sns:*:chat", "*", "c?at"])
def test_a_topic_that_an_expectation_names_is_judged(pattern: str, tmp_path: Path) -> None:
    save(tmp_path / "folder" / "topic.json", topic(document(PUBLISH)))
    text = BODIES.replace("- name: only\n", f"- name: only\n  topics: ['{pattern}']\n")
    save(tmp_path / "expectations.yaml", text)
    done = run("check", "folder", *EXPECT, "--format", "json", cwd=tmp_path)
    assert len(json.loads(done.stdout)["examined"]) == (pattern != "*")


def test_a_fix_that_would_break_an_expectation_is_not_applied(tmp_path: Path) -> None:
    open_policy = document(statement(Sid="Chat"))
    save(tmp_path / "topic.json", topic(open_policy))
    for subject, code, is_changed in ((OF_INSTANCE, 0, True), ({"connect": "any"}, 1, False)):
        save(tmp_path / "topic.json", topic(open_policy))
        save(tmp_path / "e.yaml", expecting(allowed=may("Publish", subject)))
        arguments = ("--isolated", "--instance-arn", INSTANCE_ARN, "--expect", "e.yaml")
        done = run("fix", "--apply", "topic.json", *arguments, cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        changed = json.loads((tmp_path / "topic.json").read_text()) != topic(open_policy)
        assert changed is is_changed
        assert is_changed or "expectation `allowed` is not met" in done.stdout


REQUEST = {
    "principal": {"aws": ARCHIVE},
    "action": "sns:Subscribe",
    "resource": SUBSCRIBE["Resource"],
    "context": {},
}
WORDS = {
    "Allowed": (0, 1),
    "Denied": (1, 0),
    "ImplicitlyDenied": (1, 0),
    "ExplicitlyDenied": (1, 1),
    "Unknown": (1, 1),
}


@pytest.mark.parametrize("word", WORDS)
def test_simulate_compares_each_decision_with_the_expected_one(word: str, tmp_path: Path) -> None:
    denied = {**REQUEST, "action": "sns:Publish"}
    for request, code in zip((REQUEST, denied), WORDS[word], strict=True):
        line = {"policy": POLICY, "request": request}
        path = save(tmp_path / "r.jsonl", json.dumps(line))
        done = run("simulate", "--requests", path, "--expect", word)
        assert done.returncode == code
        assert (f"r.jsonl:1: expected {word}, found" in done.stderr) is bool(code)
        path = save(tmp_path / "r.jsonl", json.dumps({**line, "expect": word}))
        assert run("simulate", "--requests", path).returncode == code
        assert run("simulate", "--requests", path, "--expect", "Unknown").returncode == code


def test_simulate_names_the_first_lines_that_differ_and_counts_the_others(tmp_path: Path) -> None:
    line = json.dumps({"policy": POLICY, "request": REQUEST})
    path = save(tmp_path / "r.jsonl", "\n".join([line] * 12))
    done = run("simulate", "--requests", path, "--expect", "Denied")
    assert done.stdout == "Allowed\n" * 12
    assert done.stderr.count("expected Denied, found Allowed") == 10
    assert "not as expected: 2 more lines" in done.stderr
    wrong = save(tmp_path / "w.jsonl", json.dumps({**json.loads(line), "expect": "allowed"}))
    assert run("simulate", "--requests", wrong).returncode == 2


def test_simulate_compares_a_single_request(tmp_path: Path) -> None:
    policy = save(tmp_path / "p.json", POLICY)
    options = ("--policy", policy, "--aws", ARCHIVE, "--action", "sns:Subscribe", "--resource", TOPIC_ARN)
    assert run("simulate", *options, "--expect", "Allowed").returncode == 0
    assert run("simulate", *options, "--expect", "Denied").returncode == 1


@pytest.mark.parametrize(
    ("action", "result"), [("kms:*", "0 of 1 expectations met"), ("kms:CreateKey", "1 of 1 expectations met")]
)
def test_the_chain_of_connect_has_the_organization_policies_of_the_run(
    action: str, result: str, tmp_path: Path
) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}
    policy = save(tmp_path / "rcp.json", {"Version": "2012-10-17", "Statement": [deny]})
    streams = {"name": "a", "connect": {"instances": [INSTANCE_ARN]}}
    expected = save(tmp_path / "expectations.json", {"version": 1, "expectations": [streams]})
    done = run("check", TESTS.parent / "examples" / "fixed", "--expect", expected, "--rcp", policy)
    assert result in done.stderr
