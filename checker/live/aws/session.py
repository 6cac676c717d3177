"""AWS clients: one base session, and one client per account, Region and service, with limits on time and size."""

from __future__ import annotations

import math
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    HTTPClientError,
    ProfileNotFound,
    ReadTimeoutError,
)
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import ReadTimeoutError as NothingReadError

from checker import __version__
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert
from checker.live.aws.answers import BadAnswerError, check_answer, check_body
from checker.live.aws.call_help import endpoint_setting
from checker.live.aws.wait import CALL_SECONDS, check_awaited, within
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.live.aws.access import Access, MadeCall
    from checker.live.aws.errors import CallError

    Observe = Callable[[MadeCall, dict[str, Any] | CallError], None]
    "Takes a call, and its answer or the error if it failed."


CONNECT_SECONDS, READ_SECONDS = 5, 10
"""Time in seconds for an endpoint to accept a connection, and to send the next bytes."""

_SILENT_ATTEMPTS = 2
"""Number of attempts for an endpoint that does not answer. Throttling and broken connections get more attempts."""

MOST_BYTES = 16 * 1024 * 1024
"""Maximum size of a response in bytes. Pages of all lists are far smaller."""

_SENT_ONCE = frozenset(("put_key_policy", "set_topic_attributes", "set_queue_attributes"))
"""Calls that replace a policy as a whole. A retry could replace what others wrote since, so that the caller decides."""

_CHUNK = 64 * 1024
_SILENCE = (ConnectTimeoutError, ReadTimeoutError)


class TooLongError(BotoCoreError):  # type: ignore[misc] # botocore is untyped
    """Raised for a response that is larger than any valid one. Not retried, unlike an HTTPClientError."""

    fmt = "it is longer than {most} bytes"


def limited(client: Any) -> Any:
    """Limit the size of a client's responses and its attempts at a silent endpoint. Return the client."""
    endpoint = client._endpoint  # noqa: SLF001 - botocore has no public access to the HTTP session
    endpoint.http_session = _Session(endpoint.http_session)
    client.meta.events.register("needs-retry", _stop_asking)
    return client


def _stop_asking(attempts: int, caught_exception: Exception | None, **_: object) -> None:
    """Raise the error that botocore would retry, once an endpoint has not answered often enough."""
    if isinstance(caught_exception, _SILENCE) and attempts >= _SILENT_ATTEMPTS:
        raise caught_exception


class _Session:
    """An HTTP session that sends only requests that are still awaited, and limits the size of responses."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> AWSResponse:
        """Send a request and read the response. Raises the errors of botocore's session, TooLongError and TimeoutError.

        The check is here because all waiting for retries and rate limits is over.
        """
        check_awaited()
        request.stream_output = True  # otherwise the session reads the whole response, whatever its size
        answer = self._session.send(request)
        try:
            body = b"".join(_chunks(answer.raw))
        except NothingReadError as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from None
        except ProtocolError as error:
            raise ConnectionClosedError(error=error, request=request, endpoint_url=request.url) from None
        except TooLongError:
            raise
        except Exception as error:  # noqa: BLE001 - botocore's session raises HTTPClientError for all others
            raise HTTPClientError(error=error) from None
        return AWSResponse(request.url, answer.status_code, answer.headers, _Body(body))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _chunks(raw: Any) -> Iterator[bytes]:
    length = 0
    for chunk in raw.stream(_CHUNK):
        length += len(chunk)
        if length > MOST_BYTES:
            raw.close()
            raise TooLongError(most=MOST_BYTES)
        yield chunk


class _Body(BytesIO):
    """A response body that was read already, with the interface that AWSResponse needs."""

    def stream(self) -> Iterator[bytes]:
        """Yield the body."""
        yield self.read()


_MARGIN = timedelta(minutes=5)
_SESSION_NAME = "checker"
_WITHOUT_CREDENTIALS = ("connectparticipant",)
"""Services without signatures: the participant service authorizes calls by a token.

https://docs.aws.amazon.com/connect-participant/latest/APIReference/Welcome.html
"""
_UNSIGNED = Config(signature_version=UNSIGNED)
_WITHOUT_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 1})


_PROFILE = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""The variables that name a profile, in the order in which boto3 reads them."""
_MOST_NAMED = 5
_NO_ACCESS = "see https://docs.aws.amazon.com/boto3/latest/guide/credentials.html, or choose a --profile"


class _Credentials(NamedTuple):
    """Credentials from AssumeRole, as options of boto3."""

    options: dict[str, str]
    until: datetime


def _observe_nothing(*_call: object) -> None:
    """Ignore a call."""


def _region() -> str | None:
    """Return AWS_REGION, which other tools of AWS read and boto3 does not. AWS_DEFAULT_REGION goes first."""
    return None if os.environ.get("AWS_DEFAULT_REGION") else os.environ.get("AWS_REGION") or None


class Sessions:
    """Creates clients, which threads share. boto3 cannot create clients concurrently, so a lock serializes that.

    https://docs.aws.amazon.com/boto3/latest/guide/clients.html
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self.base = boto3.Session(profile_name=access.profile or None, region_name=_region())
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, ...], Any] = {}
        self._assumed: dict[str, _Credentials] = {}
        self.account = ""  # of the caller, once it is known
        self.observe: Observe = _observe_nothing
        self._end = time.monotonic() + access.seconds if access.seconds else math.inf
        self._config = Config(
            retries={"mode": "adaptive", "total_max_attempts": access.attempts},
            max_pool_connections=access.threads,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            user_agent=f"checker/{__version__} boto3/{boto3.__version__}",  # the default is costly to build
        )

    def client(self, service: str, region: str, role: str = "", *, once: bool = False) -> Any:
        """Return the client of a service, for the base session or for a role. Raises errors of boto3.

        A client for calls that are sent ``once`` has no retries.
        """
        with self._lock:
            options = self._as_role(role, region) if role else {}
            key = (service, region, role, options.get("aws_access_key_id", ""), "once" if once else "")
            if key not in self._clients:
                self._clients[key] = self._make(service, region, options, once=once)
            return self._clients[key]

    @property
    def seconds_left(self) -> float:
        """Return the time limit of the next call: the rest of the total time, at most the limit of one call."""
        return min(CALL_SECONDS, self._end - time.monotonic())

    def ask(
        self, service: str, region: str, role: str, operation: str, parameters: dict[str, object]
    ) -> dict[str, Any]:
        """Make a call and return its validated response.

        Raises errors of boto3, BadAnswerError, and TimeoutError if the call took too long.
        """
        return within(self.seconds_left, lambda: self._ask(service, region, role, operation, parameters))

    def waited(self, error: Exception, operation: str) -> str:
        """Return how long an endpoint was waited for that does not answer; empty for other errors."""
        seconds = f"{CONNECT_SECONDS} seconds for a connection"
        if not isinstance(error, ConnectTimeoutError):
            seconds = f"{READ_SECONDS} seconds"
        times = "" if operation in _SENT_ONCE else ", twice"
        return f": waited {seconds}{times}" if isinstance(error, _SILENCE) else ""

    def _ask(
        self, service: str, region: str, role: str, operation: str, parameters: dict[str, object]
    ) -> dict[str, Any]:
        client = self.client(service, region, role, once=operation in _SENT_ONCE)
        return _answer(client, service, operation, parameters)

    def regions_of(self, service: str) -> frozenset[str]:
        """Return the Regions of all partitions in which boto3 knows a service."""
        partitions = self.base.get_available_partitions()
        return frozenset(
            region
            for partition in partitions
            for region in self.base.get_available_regions(service, partition)
        )

    def _make(self, service: str, region: str, options: dict[str, str], *, once: bool = False) -> Any:
        endpoint = self.access.endpoint or None
        config = self._config.merge(_UNSIGNED) if service in _WITHOUT_CREDENTIALS else self._config
        config = config.merge(_WITHOUT_RETRIES) if once else config
        try:
            client = self.base.client(
                service, region_name=region, endpoint_url=endpoint, config=config, **options
            )
        except ValueError as error:  # raised by boto3 for an invalid URL
            reason = str(error).lower().rstrip(".")
            setting = endpoint_setting(service, self.access) or "endpoint_url"
            raise InputError(setting, reason, help_text="use a URL like http://127.0.0.1:5000") from None
        client.meta.events.register("before-parse", check_body)
        return limited(client)

    def _as_role(self, role: str, region: str) -> dict[str, str]:
        """Assume a role, again if the credentials are about to expire: an audit may outlast them.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        credentials = self._assumed.get(role)
        if credentials is None or credentials.until - datetime.now(UTC) < _MARGIN:
            credentials = self._assumed[role] = self._assume(role, region)
            self._clients = {key: client for key, client in self._clients.items() if key[2] != role}
        return credentials.options

    def _assume(self, role: str, region: str) -> _Credentials:
        key = ("sts", region, "", "", "")
        if key not in self._clients:
            self._clients[key] = self._make("sts", region, {})
        sts = self._clients[key]
        external = {"ExternalId": self.access.external_id} if self.access.external_id else {}
        parameters = {"RoleArn": role, "RoleSessionName": _SESSION_NAME, **external}
        try:
            credentials = _answer(sts, "sts", "assume_role", parameters)["Credentials"]
        except BadAnswerError as error:
            raise BadAnswerError(f"`sts:AssumeRole`: {error}") from None
        options = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }
        return _Credentials(options, credentials["Expiration"])


def _answer(client: Any, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Make a call and return its validated response. Raises errors of boto3, BadAnswerError and TimeoutError."""
    call = getattr(client, operation)
    try:
        answer: dict[str, Any] = call(**parameters)
    except TooLongError as error:
        raise BadAnswerError(str(error)) from None
    except (BotoCoreError, ClientError, BadAnswerError, TimeoutError):
        raise
    except Exception as error:  # noqa: BLE001 - botocore's parsers raise various errors for invalid responses
        raise BadAnswerError(f"it cannot be parsed ({type(error).__name__})") from None
    check_answer(service, operation, answer, parameters)
    return answer


def sign_in(access: Access) -> Sessions:
    """Open the base session. Raises InputError if there are no usable credentials."""
    try:
        sessions = Sessions(access)
        if _has_credentials(sessions):
            return sessions
    except ProfileNotFound:
        raise _unknown_profile(access.profile) from None
    except BotoCoreError as error:
        raise InputError("credentials", str(error).rstrip(" .:"), help_text=_NO_ACCESS) from None
    raise InputError("credentials", "not found", help_text=_NO_ACCESS)


def _has_credentials(sessions: Sessions) -> bool:
    """Look for credentials. Raises InputError if the command of a profile cannot be run or prints no JSON."""
    try:
        return sessions.base.get_credentials() is not None
    except (OSError, ValueError) as error:
        reason = f"`credential_process` failed: {str(error).lower()}"
        raise InputError(
            "credentials", reason, help_text="run the command by hand to see what it prints"
        ) from None


def _unknown_profile(option: str) -> InputError:
    """Make the error for a profile that is not configured; boto3 reads its name from a variable without the option."""
    variable = next((name for name in _PROFILE if os.environ.get(name)), _PROFILE[0])
    name = option or os.environ.get(variable, "")
    known = botocore.session.Session(profile="default").available_profiles
    close = did_you_mean(name, known)
    listed = ", ".join(f"`{inert(one)}`" for one in known[:_MOST_NAMED])
    help_text = (
        f"known: {listed}; `aws configure list-profiles` lists all"
        if known
        else "no profile is configured; `aws configure` makes one"
    )
    help_text = f"did you mean `{inert(close)}`?" if close else help_text
    return InputError("--profile" if option else variable, f"no profile `{name}`", help_text=help_text)
