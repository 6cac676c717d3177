"""Reports name a subscription so that it can be told apart, without what its endpoint keeps secret."""

from __future__ import annotations

import pytest

from checker.analysis.endpoints import shown
from checker.core.unknown import Unknown

SECRETS = ("s3cr3t", "t0ken", "jane.doe", "5550")


@pytest.mark.parametrize(
    ("endpoint", "start"),
    [
        ("https://user:s3cr3t@example.com/hook?token=t0ken", "https://example.com/... ("),
        ("https://user:s3cr3t@example.com", "https://example.com/... ("),
        ("https://user:s3cr3t/x@example.com/", "https://user/... ("),
        ("https://hooks.example.com:8443/services/t0ken", "https://hooks.example.com:8443/... ("),
        ("https://example.com?jane.doe@example.org", "https://example.com/... ("),
        ("jane.doe@example.com", "j***@example.com ("),
        ("+1 415 555 0123", "***23 ("),
        ("+14155550123", "***23 ("),
    ],
)
def test_secrets_of_an_endpoint_are_not_shown(endpoint: str, start: str) -> None:
    name = shown(endpoint)
    assert name.startswith(start)
    assert not any(secret in name for secret in SECRETS)
    assert shown(f"{endpoint}0") != name


@pytest.mark.parametrize(
    "endpoint",
    [
        "arn:aws:sqs:us-east-1:111122223333:inbox",
        "https://sqs.us-east-1.amazonaws.com/111122223333/inbox",
        "https://example.com/",
        "aws_sqs_queue.inbox.arn",
        "https://${var.host}/chat",
    ],
)
def test_other_endpoints_are_shown_whole(endpoint: str) -> None:
    assert shown(endpoint) == endpoint
    assert shown(Unknown("not known", endpoint)) == endpoint
