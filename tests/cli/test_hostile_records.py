"""Receipts, baselines, journals and every other file that an option names may come from an attacker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from checker.app.terminal import ended
from checker.cli.app import run as command
from checker.core.errors import InputError
from checker.live.audit.journal import read_journal
from checker.live.audit.past import read_past
from tests.cli.process import save
from tests.endings import ends_soon
from tests.hostile import active
from tests.samples import INSTANCE_ARN, TOPIC_ARN, document, statement

COMMANDS: dict[str, tuple[str, ...]] = {
    "receipt": ("rollback", "FILE", "--yes"),
    "baseline": ("check", "open.json", "--baseline", "FILE"),
    "evidence": ("check", "open.json", "--evidence", "FILE"),
    "expectations": ("check", "open.json", "--expect", "FILE"),
    "configuration": ("check", "open.json", "--config", "FILE"),
    "organization policy": ("check", "open.json", "--rcp", "FILE"),
    "named file": ("check", "FILE"),
    "topic of an explanation": ("explain", "FILE", "--instance-arn", INSTANCE_ARN),
    "key of an explanation": ("explain", "open.json", "--key", "FILE", "--instance-arn", INSTANCE_ARN),
    "policy to merge": (
        "policy",
        "--instance-arn",
        INSTANCE_ARN,
        "--topic-arn",
        TOPIC_ARN,
        "--merge",
        "FILE",
    ),
    "policy of a simulation": (
        "simulate",
        "--service",
        "connect.amazonaws.com",
        "--policy",
        "FILE",
        "--action",
        "sns:Publish",
        "--resource",
        TOPIC_ARN,
    ),
    "side of a comparison": ("diff", "FILE", "open.json"),
    "manifest of an audit": ("audit", "--manifest", "FILE"),
    "baseline of an audit": ("audit", "--baseline", "FILE", "--topic-arn", TOPIC_ARN),
    "journal": ("audit", "--resume", "FILE"),
}
VALUES: dict[str, bytes] = {
    "empty": b"",
    "byte order mark": b"\xef\xbb\xbf",
    "null": b"null",
    "number": b"12",
    "text": b'"arn"',
    "list": b"[]",
    "list of lists": b"[[[]]]",
    "deeply nested list": b"[" * 100_000,
    "deeply nested object": b'{"version":' * 100_000,
    "deeply nested value": b'{"version": 2, "changes": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "not a number": b'{"version": NaN, "changes": [NaN, -Infinity]}',
    "enormous number": b'{"version": 1e999999999, "changes": ' + b"9" * 200_000 + b"}",
    "duplicate keys": b'{"version": 2, "version": 1, "changes": [], "changes": {}}',
    "wrong types": b'{"version": {}, "id": [], "changes": {"0": null}, "findings": 7, "topics": 3, "kind": ["audit"]}',
    "not UTF-8": b'{"version": "\xff\xfe"}',
    "lone surrogate": b'{"version": "\\ud800", "kind": "\\udc00"}',
    "control characters": b'{"version": "\x1b]0;x\x07::error::x", "\\u202e": 1}',
    "binary": bytes(range(256)) * 40,
    "too large": b'{"version": "' + b"x" * 6_000_000 + b'"}',
}
NOTHING = ("empty", "byte order mark", "null")
"""A configuration of one of these sets nothing."""
OBJECTS = ("enormous number", "duplicate keys", "wrong types", "lone surrogate")
"""Objects without a policy: what they allow is not known, where an option says that they are policies."""


def is_allowed(kind: str, value: str) -> bool:
    return (kind == "configuration" and value in NOTHING) or (
        kind in ("topic of an explanation", "policy of a simulation") and value in OBJECTS
    )


@pytest.fixture
def ran(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    save(tmp_path / "open.json", document(statement()))

    def run(*arguments: str) -> tuple[int, str, str]:
        with ends_soon():
            code = ended(lambda: command(list(arguments)))
        done = capsys.readouterr()
        return code, done.out, done.err

    return run


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_hostile_record_is_an_error_that_names_it(kind: str, ran: Any) -> None:
    name = "record.yaml" if kind == "configuration" else "record.json"
    for value, content in VALUES.items():
        Path(name).write_bytes(content)
        code, out, err = ran(*(name if word == "FILE" else word for word in COMMANDS[kind]))
        assert "internal error" not in err, value
        assert active(out) == active(err) == [], value
        if not is_allowed(kind, value):
            assert code == 2, value
            assert "record." in err, value


REPORT = b'{"audit": {"time": "2026-01-01T00:00:00+00:00"}, "version": '
JOURNAL = b'{"kind":"audit","version":1,"began":"2026-01-01T00:00:00+00:00"'


@pytest.mark.parametrize("head", [REPORT, JOURNAL], ids=["report", "journal"])
def test_an_earlier_audit_is_valid_or_an_error_that_names_it(head: bytes, tmp_path: Path) -> None:
    path = tmp_path / "earlier.json"
    for value in VALUES.values():
        for content in (head + value + b"}\n", value, head + b', "options": ' + value + b"}\n"):
            path.write_bytes(content)
            for read in (lambda: read_past(path, lambda report: report), lambda: read_journal(path)):
                with ends_soon(), pytest.raises(InputError) as error:
                    read()
                assert str(path) in str(error.value)


def test_no_earlier_audit_is_read_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("journal", "past"):
        monkeypatch.setattr(f"checker.live.audit.{module}.MAX_BYTES_OF_LINE", 1000)
    for head in (REPORT, JOURNAL):
        path = tmp_path / "earlier.json"
        path.write_bytes(head)
        os.truncate(path, 10**12)  # without blocks on the disk
        with pytest.raises(InputError, match=r"larger than the 512 MB limit|did not finish"):
            read_past(path, lambda report: report)
