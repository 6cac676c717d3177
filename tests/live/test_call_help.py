"""A call that failed names what to check: the Region, the setting of the endpoint, the credentials or the profile."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    LoginRefreshRequired,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
    SSOTokenLoadError,
)

from checker.analysis.wording import similar_region
from checker.live.aws.access import Access
from checker.live.aws.call_help import help_after
from checker.live.aws.errors import Fault, fault_of
from checker.live.aws.session import Sessions
from tests.cli.process import run

CLOSED = "http://127.0.0.1:1"
TOPIC = "arn:aws:sns:{}:111122223333:chat"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
SSO = """
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Developer
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
"""
PROFILES = "[profile production]\nregion = us-east-1\n[profile staging]\nregion = us-east-1\n"


@pytest.mark.parametrize(
    ("region", "close"),
    [
        ("us-east-1", ""),
        ("us-est-1", "`us-east-1` or `us-west-1`"),
        ("eu-centrl-1", "`eu-central-1`"),
        ("us-1-east", "`us-east-1`"),
        ("US-EAST-1", "`us-east-1`"),
        ("nowhere", ""),
    ],
)
def test_an_unknown_region_gets_those_that_are_closest(region: str, close: str) -> None:
    assert similar_region(region) == close


@pytest.mark.parametrize(
    ("region", "env", "options", "help_text"),
    [
        ("us-east-1", {"AWS_ENDPOINT_URL": CLOSED}, (), f"check `AWS_ENDPOINT_URL`: `{CLOSED}`"),
        ("us-east-1", {"AWS_ENDPOINT_URL_SNS": CLOSED}, (), f"check `AWS_ENDPOINT_URL_SNS`: `{CLOSED}`"),
        ("us-east-1", {}, ("--endpoint-url", CLOSED), f"check `--endpoint-url`: `{CLOSED}`"),
        (
            "us-est-1",
            {"AWS_ENDPOINT_URL": CLOSED},
            (),
            f"did you mean `us-east-1` or `us-west-1`? check `AWS_ENDPOINT_URL`: `{CLOSED}`",
        ),
    ],
)
def test_an_endpoint_that_does_not_answer_is_named_with_its_setting(
    region: str, env: dict[str, str], options: tuple[str, ...], help_text: str
) -> None:
    done = run("explain", TOPIC.format(region), *options, env={**KEYS, **env})
    assert done.returncode == 3
    assert "no answer to `sns:GetTopicAttributes`" in done.stderr
    assert f"\n  = help: {help_text} cannot be reached\n" in done.stderr


def test_an_invalid_endpoint_is_named_with_its_variable() -> None:
    done = run("explain", TOPIC.format("us-east-1"), env={**KEYS, "AWS_ENDPOINT_URL": "nope"})
    assert done.stderr.startswith("error: AWS_ENDPOINT_URL: invalid endpoint: nope\n")


@pytest.mark.parametrize(
    ("error", "operation", "waited"),
    [
        (
            ConnectTimeoutError(endpoint_url="https://x"),
            "list_topics",
            ": waited 5 seconds for a connection, twice",
        ),
        (ReadTimeoutError(endpoint_url="https://x"), "list_topics", ": waited 10 seconds, twice"),
        (ReadTimeoutError(endpoint_url="https://x"), "put_key_policy", ": waited 10 seconds"),
        (EndpointConnectionError(endpoint_url="https://x"), "list_topics", ""),
    ],
)
def test_the_time_that_was_waited_is_stated(error: Exception, operation: str, waited: str) -> None:
    assert Sessions(Access()).waited(error, operation) == waited


@pytest.mark.parametrize(
    ("region", "error", "help_text"),
    [
        (
            "us-est-1",
            EndpointConnectionError(endpoint_url="https://x/"),
            "did you mean `us-east-1` or `us-west-1`?",
        ),
        (
            "us-east-1",
            EndpointConnectionError(endpoint_url="https://user:secret@host:1/instance?maxResults=10"),
            "check the network: `https://host:1` cannot be reached",
        ),
        (
            "us-east-1",
            ReadTimeoutError(endpoint_url="https://host:1/"),
            "check the network: `https://host:1` does not answer",
        ),
        ("us-east-1", ProxyConnectionError(proxy_url="http://proxy"), "check the proxy in HTTPS_PROXY"),
        ("us-east-1", SSLError(endpoint_url="https://x", error="x"), "its certificate is not trusted"),
        ("us-east-1", None, ""),
    ],
)
def test_the_cause_of_a_failed_connection_is_named(
    region: str, error: Exception | None, help_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SNS"):
        monkeypatch.delenv(name, raising=False)
    found = help_after(Fault.NO_ANSWER, region, "sns", Access(), error)
    assert found.startswith(help_text)
    assert bool(found) == bool(help_text)


@pytest.mark.parametrize(
    ("options", "env", "message"),
    [
        (
            ("--profile", "prodution"),
            {},
            "--profile: no profile `prodution`\n  = help: did you mean `production`?",
        ),
        (
            (),
            {"AWS_PROFILE": "other"},
            "AWS_PROFILE: no profile `other`\n  = help: known: `production`, `staging`;",
        ),
        (
            ("--profile", "x"),
            {"AWS_CONFIG_FILE": "/nowhere"},
            "--profile: no profile `x`\n  = help: no profile is configured; `aws configure` makes one",
        ),
    ],
)
def test_an_unknown_profile_gets_the_configured_ones(
    options: tuple[str, ...], env: dict[str, str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(PROFILES)
    files = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    done = run("explain", TOPIC.format("us-east-1"), *options, env={**files, **env})
    assert done.returncode == 2
    assert f"error: {message}" in done.stderr


@pytest.mark.parametrize(
    ("lines", "code", "messages"),
    [
        (
            SSO,
            3,
            (
                "the login is missing or has expired: `sns:GetTopicAttributes` (SSOTokenLoadError)",
                "sign in: `aws sso login --profile sso`",
            ),
        ),
        (
            "[profile sso]\ncredential_process = /bin/echo text\n",
            2,
            ("credentials: `credential_process` failed: expecting value", "run the command by hand"),
        ),
        (
            "[profile sso]\ncredential_process = /nowhere/program\n",
            2,
            ("credentials: `credential_process` failed: ", "run the command by hand"),
        ),
    ],
    ids=["no login", "not JSON", "no program"],
)
def test_a_profile_without_credentials_gets_the_next_step(
    lines: str, code: int, messages: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(lines)
    env = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    done = run("explain", TOPIC.format("us-east-1"), "--profile", "sso", env=env | {"HOME": str(tmp_path)})
    assert done.returncode == code
    assert all(message in done.stderr for message in messages), done.stderr


@pytest.mark.parametrize(
    ("fault", "access", "command"),
    [
        (Fault.EXPIRED, Access(), "`aws sts get-caller-identity`"),
        (Fault.EXPIRED, Access("my team"), "`aws sts get-caller-identity --profile 'my team'`"),
        (Fault.DISABLED_REGION, Access(), "`aws account get-region-opt-status --region-name eu-south-1`"),
    ],
)
def test_refused_credentials_get_the_command_that_checks_them(
    fault: Fault, access: Access, command: str
) -> None:
    assert help_after(fault, "eu-south-1", "sns", access).endswith(command)


def test_the_session_of_each_login_is_renewed_by_its_own_command() -> None:
    errors = (SSOTokenLoadError(error_msg="x"), LoginRefreshRequired())
    assert [fault_of(error) for error in errors] == [Fault.SIGNED_OUT, Fault.SIGNED_OUT]
    helps = [help_after(Fault.SIGNED_OUT, "us-east-1", "sns", Access(), error) for error in errors]
    assert helps == ["sign in: `aws sso login`", "sign in: `aws login`"]
