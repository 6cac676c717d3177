"""The pages of an audit and of a flow, as commands write them on the local AWS."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from checker.sandbox import seed
from tests.cli.process import as_caller, run
from tests.report.readers import whole

if TYPE_CHECKING:
    from pathlib import Path

    from checker.sandbox.running import Account, Sandbox
    from tests.page.conftest import Opener


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.account("888800001111", "us-east-1")


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found is not None
    value: dict[str, Any] = json.loads(found[1])
    return value


def test_the_page_of_an_audit_has_the_policy_that_fix_writes_and_a_flow_shows_that_it_works(
    sandbox: Sandbox, account: Account, tmp_path: Path, open_page: Opener
) -> None:
    instance = seed.make_instance(account)
    topic = seed.default_topic(account, "default")
    named = ("--topic-arn", topic, "--instance-arn", instance)
    env = as_caller(sandbox, account)
    page, journal = tmp_path / "audit.html", tmp_path / "audit.jsonl"
    formats = ("--format", f"html={page}", "--format", "text", "--journal", str(journal))
    done = run("audit", *named, *formats, "--ignore", "no-durable-subscriber", env=env)
    assert done.returncode == 1, done.stderr
    assert "fix (safe)" in done.stdout
    found = data_of(page)
    details = [whole(found, row, number) for row, number in zip(found["rows"], found["details"], strict=True)]
    (value,) = (detail["fixes"][0] for detail in details if "fixes" in detail)
    assert value["trust"] == "proven"
    assert value["diff"].startswith(f"--- a/{topic}")
    (command,) = (one["code"] for one in value["dialects"] if one["name"] == "AWS CLI")
    written = json.loads(shlex.split(command)[-1])
    commands = whole(found, found["rows"][0], found["commands"][0])
    (words,) = (one[1:] for one in commands if one[0] == "Plan the fix")
    assert words == ["checker", "fix", *named]

    again = tmp_path / "again.html"
    assert run("audit", "--resume", str(journal), "--format", f"html={again}", env=env).returncode == 1
    assert data_of(again)["values"] == found["values"]

    assert run("fix", *named, "--apply", "--yes", env=env, cwd=tmp_path).returncode == 0
    policy = account.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    assert json.loads(policy) == written

    flow = tmp_path / "flow.html"
    options = ("--contact-flow-id", "flow", "--wait", "2", "--format", "html", "-o", str(flow))
    assert run("flow", *named, *options, env=env).returncode == 0
    with open_page(flow.read_text()) as opened:
        text = opened.page.locator("main").inner_text()
        assert "The message arrived." in text
        assert "StartContactStreaming" in text
        assert "instance, topic type, Region, topic policy" in text
        assert opened.page.locator("#map-list svg").count() == 1


def test_the_page_of_a_flow_that_is_not_started_leads_to_the_broken_link(
    sandbox: Sandbox, account: Account, tmp_path: Path, open_page: Opener
) -> None:
    instance = seed.make_instance(account)
    topic = seed.encrypted_topic(account, instance, grant=False).topic
    file = tmp_path / "flow.html"
    named = ("--topic-arn", topic, "--instance-arn", instance)
    options = ("--contact-flow-id", "flow", "--format", "html", "-o", str(file))
    assert run("flow", *named, *options, env=as_caller(sandbox, account)).returncode == 1
    with open_page(file.read_text()) as opened:
        page = opened.page
        assert "The flow was not started because a link is broken." in page.locator("main").inner_text()
        page.locator("#map-list").get_by_role("link").first.click()
        assert "does not let Connect" in page.locator('.open-row[aria-expanded="true"]').inner_text()
