"""Reports name a subscription so that it can be told apart, without what its endpoint keeps secret."""

from __future__ import annotations

import pytest

from checker.analysis.endpoints import Subscription, endpoint_names, shown
from checker.core.unknown import Unknown

SECRETS = ("s3cr3t", "t0ken", "jane.doe", "5550")


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("https://user:s3cr3t@example.com/hook?token=t0ken", "https://example.com/..."),
        ("https://user:s3cr3t@example.com", "https://example.com/..."),
        ("https://user:s3cr3t/x@example.com/", "https://user/..."),
        ("https://hooks.example.com:8443/services/t0ken", "https://hooks.example.com:8443/..."),
        ("https://example.com?jane.doe@example.org", "https://example.com/..."),
        ("https://example.com/${x}?token=t0ken", "https://example.com/..."),
        ("https://${var.host}/t0ken", "https://${var.host}/..."),
        ("https://[2001:db8::1]:443/t0ken", "https://[2001:db8::1]:443/..."),
        ("https://[t0ken:s3cr3t@example.com/", "https://example.com/..."),
        ("https:/example.com/t0ken", "***"),
        ("ftp+x://user:s3cr3t@h/x", "***"),
        ("jane.doe@example.com", "j***@example.com"),
        (" jane.doe@example.com", "j***@example.com"),
        ("Jane <jane.doe@example.com>", "J***@example.com"),
        ("+1 415 555 0123", "***23"),
        ("+14155550123", "***23"),
        ("14155550123", "***23"),
        ("555-1234 ext s3cr3t", "***"),
        ("14155550123x9", "***"),
    ],
)
def test_secrets_of_an_endpoint_are_not_shown(endpoint: str, name: str) -> None:
    assert shown(endpoint) == name
    assert not any(secret in name for secret in SECRETS)


@pytest.mark.parametrize(
    "endpoint",
    [
        "arn:aws:sqs:us-east-1:111122223333:inbox",
        "https://sqs.us-east-1.amazonaws.com/111122223333/inbox",
        "https://example.com/",
        "aws_sqs_queue.inbox.arn",
        'module.chat["eu"].aws_sqs_queue.inbox[0].arn',
    ],
)
def test_other_endpoints_are_shown_whole(endpoint: str) -> None:
    assert shown(endpoint) == endpoint


def test_a_reference_is_shown_as_the_code_has_it() -> None:
    for reference in ("https://${var.host}/chat", "Fn::ImportValue other", "template.yaml#Inbox.Arn"):
        assert shown(Unknown("not known", reference)) == reference


def test_endpoints_that_look_alike_are_numbered() -> None:
    """One by one, in whatever order AWS lists them, so that each has a finding of its own."""
    same = Unknown("not known", "var.inbox")
    endpoints = (
        "https://example.com/b",
        "https://example.com/a",
        "arn:aws:sqs:us-east-1:111122223333:q",
        same,
    )
    listed = [Subscription("https", endpoint, confirmed=False) for endpoint in endpoints]
    names = endpoint_names(listed)
    assert names == endpoint_names([*reversed(listed), *listed])
    assert names == {
        "https://example.com/a": "https://example.com/...",
        "https://example.com/b": "https://example.com/... (2)",
        "arn:aws:sqs:us-east-1:111122223333:q": "arn:aws:sqs:us-east-1:111122223333:q",
        same: "var.inbox",
    }
