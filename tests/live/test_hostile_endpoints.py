"""Endpoints that are not AWS: no command waits for ever, follows them elsewhere, or takes what they say for an answer."""

from __future__ import annotations

import gc
import gzip
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from botocore.loaders import create_loader

from checker.fix.live.receipt import TOPIC, Change, Receipt, new_id, write_receipt
from checker.live.aws.access import Access, Unit
from checker.live.aws.calls import Calls, Listing
from checker.live.aws.errors import CallError
from checker.live.aws.session import sign_in
from checker.sandbox.http import faults
from tests.live.estate import Estate, checker

if TYPE_CHECKING:
    from checker.sandbox.running import Account

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
LOADER = create_loader()


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """urllib3 leaves the socket of an answer that is not HTTP to the garbage collector.

    It is not to look at the objects of all tests before, which would take longer than most tests.
    """
    gc.freeze()
    yield
    gc.collect()


Serve = Callable[[socket.socket], None]


@contextmanager
def endpoint(serve: Serve) -> Iterator[str]:
    """An endpoint that speaks as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

        def answer(accepted: socket.socket) -> None:
            with accepted, suppress(OSError):
                accepted.recv(65536)
                serve(accepted)

        Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n"


def endless(to: socket.socket) -> None:
    to.sendall(HEAD)
    while True:
        to.sendall(b"x" * 65536)


def trickle(to: socket.socket) -> None:
    for _ in range(1000):
        to.sendall(b"H")
        time.sleep(0.05)


def silent(_: socket.socket) -> None:
    time.sleep(30)


@pytest.mark.parametrize(
    ("serve", "said"),
    [
        (endless, "the response to `sns:ListTopics` is not valid: it is longer than 1048576 bytes"),
        (trickle, "no answer to `sns:ListTopics` within 2 seconds"),
        (silent, "no answer to `sns:ListTopics` (ReadTimeoutError): waited 0.5 seconds, twice"),
    ],
)
def test_an_endpoint_that_never_ends_is_a_failed_call_soon(
    monkeypatch: pytest.MonkeyPatch, account: Account, serve: Serve, said: str
) -> None:
    monkeypatch.setattr("checker.live.aws.session.CALL_SECONDS", 1.5)
    monkeypatch.setattr("checker.live.aws.session.MOST_BYTES", 1024 * 1024)
    monkeypatch.setattr("checker.live.aws.session.READ_SECONDS", 0.5)
    with endpoint(serve) as url:
        calls = Calls(sign_in(Access(endpoint=url)), Unit(account.id, account.region), Event())
        began = time.monotonic()
        for reason in (said, said if serve is endless else "was not called again"):
            with pytest.raises(CallError) as caught:
                calls.make("sns", "list_topics", "the topics")
            assert reason in caught.value.entry.reason
        assert time.monotonic() - began < 4


def test_a_change_that_timed_out_is_not_sent_again(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    monkeypatch.setattr("checker.live.aws.session.CALL_SECONDS", 0.4)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.3)
    requests: list[float] = []

    def refuse(to: socket.socket) -> None:
        requests.append(time.monotonic())
        to.sendall(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with endpoint(refuse) as url:
        calls = Calls(sign_in(Access(endpoint=url)), Unit(account.id, account.region), Event())
        with pytest.raises(CallError, match=r"within 1 second$"):
            calls.make("sns", "create_topic", "it", Name="t")
        end = time.monotonic()
        time.sleep(0.7)
    assert requests
    assert max(requests) < end


def test_a_policy_is_sent_once(account: Account) -> None:
    """A retry could replace what others have written since; a repair looks first."""
    requests: list[str] = []

    def refuse(to: socket.socket) -> None:
        requests.append("503")
        answer("503 Slow Down")(to)

    with endpoint(refuse) as url:
        calls = Calls(sign_in(Access(endpoint=url)), Unit(account.id, account.region), Event())
        with pytest.raises(CallError, match="503"):
            calls.make(
                "sns", "set_topic_attributes", "it", TopicArn="t", AttributeName="n", AttributeValue="v"
            )
    assert requests == ["503"]


def test_a_total_deadline_ends_whatever_is_read(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    monkeypatch.setattr("checker.app.chain.EXPLAIN_SECONDS", 0.5)
    topic = f"arn:aws:sns:us-west-2:{account.id}:chat"
    instance = f"arn:aws:connect:us-west-2:{account.id}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    with endpoint(trickle) as url:
        began = time.monotonic()
        done = checker("explain", topic, "--instance-arn", instance, "--endpoint-url", url)
        assert (done.code, time.monotonic() - began < 3) == (3, True)
        assert "no answer to `sns:GetTopicAttributes` within" in done.err


def answer(status: str, body: bytes = b"", *headers: str) -> Serve:
    """Give every request one answer."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", "")
    return lambda to: to.sendall("\r\n".join(lines).encode() + body)


DEEP = 100_000
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "ha">{ENTITIES}]><r><a>&e9;</a></r>'
HOSTILE: dict[str, Serve] = {
    "bytes that are not HTTP": lambda to: to.sendall(b"\x00\xff\x16\x03 SSH-2.0-x\r\n" * 40),
    "the page of a network that asks to sign in": answer("200 OK", b"<!DOCTYPE html><html><p>Sign in<br>"),
    "another type of content": answer("200 OK", b'{"Account": "1"}', "Content-Type: image/png"),
    "less than was announced": lambda to: to.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<Answer>"
    ),
    "XML of a great depth": answer("200 OK", b"<a>" * DEEP + b"</a>" * DEEP),
    "JSON of a great depth": answer("200 OK", b"[" * DEEP + b"]" * DEEP),
    "entities that multiply": answer("200 OK", LAUGHS.encode()),
    "entities in UTF-16": answer("200 OK", LAUGHS.encode("utf-16")),
    "entities in an error": answer("403 Forbidden", LAUGHS.encode()),
    "a body that unpacks to much more": answer(
        "200 OK", gzip.compress(bytes(8 * 1024 * 1024)), "Content-Encoding: gzip"
    ),
    "500 for ever": answer("500 Internal Server Error", b"no"),
    "nothing for ever": silent,
    "a byte at a time": trickle,
    "a body without an end": endless,
}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.live.aws.session.CALL_SECONDS", 0.8)
    monkeypatch.setattr("checker.live.aws.session.MOST_BYTES", 1024 * 1024)
    monkeypatch.setattr("checker.live.aws.session.READ_SECONDS", 0.3)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("botocore.session.create_loader", lambda *_: LOADER)


def commands(account: Account, folder: Path) -> dict[str, tuple[str | Path, ...]]:
    """The commands that call AWS."""
    topic = f"arn:aws:sns:us-west-2:{account.id}:chat"
    instance = f"arn:aws:connect:us-west-2:{account.id}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    named = ("--topic-arn", topic, "--instance-arn", instance)
    changes = (Change(topic, TOPIC, "{}", "{}"),)
    receipt = write_receipt(Receipt(new_id(), datetime.now(UTC), account.id, "me", changes), folder)
    return {
        "audit": ("audit", "--region", "us-west-2", "--isolated"),
        "explain": ("explain", topic, "--instance-arn", instance),
        "fix": ("fix", *named, "--apply", "--yes", "--receipts", folder / "new", "--isolated"),
        "flow": ("flow", *named, "--contact-flow-id", "flow"),
        "rollback": ("rollback", receipt, "--yes"),
    }


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("number", range(len(HOSTILE)), ids=list(HOSTILE))
def test_every_command_ends_soon_and_says_what_it_could_not_read(
    account: Account, tmp_path: Path, number: int
) -> None:
    """Two commands for each endpoint, so that each command meets several."""
    given = list(commands(account, tmp_path).items())
    with endpoint(list(HOSTILE.values())[number]) as url:
        for name, words in (given[number % 5], given[(number + 2) % 5]):
            began = time.monotonic()
            done = checker(*words, "--endpoint-url", url)
            assert (done.code, time.monotonic() - began < 8) == (3, True), (name, done)
            assert re.search("(sts|sns|connect):[A-Z]", done.err), (name, done)
    assert not (tmp_path / "new").exists()


REDIRECTS = (
    "301 Moved Permanently",
    "302 Found",
    "303 See Other",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("status", REDIRECTS)
def test_no_redirect_is_followed(account: Account, tmp_path: Path, status: str) -> None:
    """A redirected request would carry the signature, and the session token of temporary credentials."""
    elsewhere: list[str] = []
    requests: list[str] = []
    number = REDIRECTS.index(status)
    words = list(commands(account, tmp_path).values())[number]

    def redirect(to: socket.socket) -> None:
        requests.append(status)
        target = other if len(requests) % 2 else f"http://127.0.0.1:{to.getsockname()[1]}/"
        answer(status, b"", f"Location: {target}/sts")(to)

    with endpoint(lambda _: elsewhere.append(status)) as other, endpoint(redirect) as url:
        done = checker(*words, "--endpoint-url", url)
    assert (done.code, elsewhere) == (3, []), done
    assert 0 < len(requests) < 20
    assert "failed" in done.err or "not valid" in done.err, done


def test_pages_without_an_end_are_an_error(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    monkeypatch.setattr("checker.live.aws.calls._MOST_PAGES", 5)
    monkeypatch.setattr("checker.live.aws.calls.RATES", {})
    numbers = count()

    def page(to: socket.socket) -> None:
        token = f"<NextToken>{next(numbers)}</NextToken>"
        result = f"<ListTopicsResult><Topics/>{token}</ListTopicsResult>"
        answer("200 OK", f"<ListTopicsResponse>{result}</ListTopicsResponse>".encode())(to)

    with endpoint(page) as url:
        calls = Calls(sign_in(Access(endpoint=url)), Unit(account.id, account.region), Event())
        with pytest.raises(CallError, match="there are more than 5 pages"):
            calls.every(Listing("sns", "list_topics", "Topics"), "the topics")
    assert next(numbers) < 10


ANOTHER = "arn:aws:sns:us-west-2:999988887777:chat"
MIXED_UP = {
    ("sns", "GetTopicAttributes"): (
        "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>TopicArn</key>"
        f"<value>{ANOTHER}</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>"
    ),
    ("kms", "DescribeKey"): json.dumps({"KeyMetadata": {"Arn": ANOTHER.replace("sns", "kms"), "KeyId": "k"}}),
}


@pytest.mark.parametrize("call", MIXED_UP, ids=lambda call: call[1])
def test_an_answer_about_something_else_is_not_an_answer(estate: Estate, call: tuple[str, str]) -> None:
    service, action = call
    arn = estate.sealed if service == "sns" else estate.key
    estate.sandbox.fault(faults.bad_answer(MIXED_UP[call], service, action, times=1000))
    calls = Calls(sign_in(Access()), Unit(estate.account.id, estate.account.region), Event())
    operation, parameter = {"sns": ("get_topic_attributes", "TopicArn"), "kms": ("describe_key", "KeyId")}[
        service
    ]
    with pytest.raises(CallError, match=r"not valid: it is about `arn:aws:.*:999988887777:"):
        calls.make(service, operation, arn, **{parameter: arn})
