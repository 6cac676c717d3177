"""The extension in Visual Studio Code, with the server: what a user sees, and what a repository cannot do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.editors.conftest import CHECKER, INSTANCE, TOPIC, Code

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=60_000)
SETTINGS = {"checker.path": CHECKER, "checker.instances": [INSTANCE]}
OPEN = "Connect: not known - other AWS customers: yes - public: no - key: not known"
PINNED = "Connect: not known - other AWS customers: no - public: no - key: not known"


def test_findings_and_answers_are_shown_and_an_answer_opens_the_explanation(code: Code, folder: Path) -> None:
    with code.open(folder / "policy.json", SETTINGS) as page:
        expect(page.locator(".squiggly-error").first).to_be_visible()
        lens = page.locator(".codelens-decoration a")
        expect(lens).to_have_text(OPEN)
        lens.click()
        expect(page.get_by_role("tab", name=TOPIC)).to_be_visible()
        explanation = page.locator(".editor-group-container").nth(1)
        expect(explanation).to_contain_text("Others can publish too")
        explanation.locator(".view-line").first.click()
        page.keyboard.type("x")
        expect(page.get_by_text("Cannot edit in read-only editor").first).to_be_visible()
        assert page.locator(".notification-list-item").count() == 0


def test_a_fix_is_applied_with_the_instance_of_the_settings(code: Code, folder: Path) -> None:
    settings = {**SETTINGS, "files.autoSave": "off"}
    with code.open(folder / "policy.json", settings) as page:
        expect(page.locator(".squiggly-error").first).to_be_visible()
        page.get_by_text("AllowConnect").first.click()
        page.keyboard.press("Control+.")
        expect(page.get_by_text("safe: proven to change no other access")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator(".codelens-decoration a")).to_have_text(PINNED)
        expect(page.locator(".tab.dirty")).to_have_count(1)
        page.keyboard.press("Control+S")
        expect(page.locator(".tab.dirty")).to_have_count(0)
    (statement,) = json.loads((folder / "policy.json").read_text())["Statement"]
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": INSTANCE}


def test_instances_apply_when_the_settings_change(code: Code, folder: Path) -> None:
    with code.open(folder / "policy.json", {"checker.path": CHECKER}) as page:
        lens = page.locator(".codelens-decoration a")
        expect(lens).to_have_text(re.compile("^Connect: no instance known"))
        code.set(SETTINGS)
        expect(lens).to_have_text(OPEN)


def test_a_file_that_another_program_changes_is_checked_again(code: Code, folder: Path) -> None:
    with code.open(folder / "policy.json", {"checker.path": CHECKER}) as page:
        lens = page.locator(".codelens-decoration a")
        expect(lens).to_have_text(re.compile("^Connect: no instance known"))
        (folder / "checker.yaml").write_text(f"version: 1\ninstances: [{INSTANCE}]\n")
        expect(lens).to_have_text(OPEN)


@pytest.mark.parametrize("command", ["no-such-command", "/bin/false"])
def test_a_server_that_does_not_start_is_reported_once_and_starts_with_the_setting(
    code: Code, folder: Path, command: str
) -> None:
    with code.open(folder / "policy.json", {"checker.path": command}) as page:
        message = page.locator(".notification-list-item")
        expect(message).to_contain_text("pip install 'connect-stream-checker[lsp]'")
        page.wait_for_timeout(2000)  # for a second message
        assert message.count() == 1
        page.get_by_role("button", name="Open Setting").click()
        expect(page.locator(".settings-editor")).to_contain_text("Command that starts checker")
        page.keyboard.press("Control+F4")
        code.set(SETTINGS)
        page.get_by_role("tab", name="policy.json").click()
        expect(page.locator(".codelens-decoration a")).to_have_text(OPEN)


def test_a_workspace_that_is_not_trusted_cannot_choose_the_command(code: Code, folder: Path) -> None:
    write_command(folder)
    with code.open(folder / "policy.json", SETTINGS, is_trusted=False) as page:
        expect(page.locator(".codelens-decoration a")).to_have_text(OPEN)
    assert not (folder / "ran").exists()


def test_a_trusted_workspace_can_choose_the_command(code: Code, folder: Path) -> None:
    write_command(folder)
    with code.open(folder / "policy.json", SETTINGS) as page:
        expect(page.locator(".notification-list-item")).to_contain_text("Cannot start")
    assert (folder / "ran").exists()


def write_command(folder: Path) -> None:
    """Write a command, and settings of the workspace that name it."""
    script = folder / "command"
    script.write_text(f"#!/bin/sh\ntouch '{folder}/ran'\n")
    script.chmod(0o755)
    (folder / ".vscode").mkdir()
    (folder / ".vscode" / "settings.json").write_text(json.dumps({"checker.path": str(script)}))


def test_the_server_can_be_restarted(code: Code, folder: Path) -> None:
    with code.open(folder / "policy.json", SETTINGS) as page:
        lens = page.locator(".codelens-decoration a")
        expect(lens).to_have_text(OPEN)
        page.keyboard.press("F1")
        page.keyboard.type("checker: Restart Language Server")
        page.keyboard.press("Enter")
        expect(lens).to_have_count(0)
        expect(lens).to_have_text(OPEN)


def test_terraform_is_checked_without_an_extension_for_it(code: Code, folder: Path) -> None:
    policy = (folder / "policy.json").read_text()
    (folder / "main.tf").write_text(
        f'resource "aws_sns_topic_policy" "chat" {{\n  arn    = "{TOPIC}"\n  policy = <<EOT\n{policy}EOT\n}}\n'
    )
    with code.open(folder / "main.tf", SETTINGS) as page:
        expect(page.locator(".codelens-decoration a")).to_have_text(re.compile("other AWS customers: yes"))
        expect(page.locator(".squiggly-error").first).to_be_visible()
