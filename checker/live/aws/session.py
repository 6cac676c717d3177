"""AWS clients: one base session, and one client per account, Region and service."""

from __future__ import annotations

import math
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from checker import __version__
from checker.core.errors import InputError
from checker.live.aws.answers import (
    CONNECT_SECONDS,
    READ_SECONDS,
    BadAnswerError,
    TooLongError,
    bound,
    check_answer,
    check_body,
)
from checker.live.aws.wait import CALL_SECONDS, within

if TYPE_CHECKING:
    from checker.live.aws.access import Access


_MARGIN = timedelta(minutes=5)
_SESSION_NAME = "checker"
_WITHOUT_CREDENTIALS = ("connectparticipant",)
"""Services without signatures: the participant service authorizes calls by a token.

https://docs.aws.amazon.com/connect-participant/latest/APIReference/Welcome.html
"""
_UNSIGNED = Config(signature_version=UNSIGNED)


_NO_ACCESS = "see https://docs.aws.amazon.com/boto3/latest/guide/credentials.html, or choose a --profile"


class _Credentials(NamedTuple):
    """Credentials from AssumeRole, as options of boto3."""

    options: dict[str, str]
    until: datetime


class Sessions:
    """Creates clients, which threads share. boto3 cannot create clients concurrently, so a lock serializes that.

    https://docs.aws.amazon.com/boto3/latest/guide/clients.html
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self.base = boto3.Session(profile_name=access.profile or None)
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, ...], Any] = {}
        self._assumed: dict[str, _Credentials] = {}
        self._end = time.monotonic() + access.seconds if access.seconds else math.inf
        self._config = Config(
            retries={"mode": "adaptive", "total_max_attempts": access.attempts},
            max_pool_connections=access.threads,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            user_agent=f"checker/{__version__} boto3/{boto3.__version__}",  # the default is costly to build
        )

    def client(self, service: str, region: str, role: str = "") -> Any:
        """Return the client of a service, for the base session or for a role. Raises errors of boto3."""
        with self._lock:
            options = self._as_role(role, region) if role else {}
            key = (service, region, role, options.get("aws_access_key_id", ""))
            if key not in self._clients:
                self._clients[key] = self._make(service, region, options)
            return self._clients[key]

    @property
    def seconds_left(self) -> float:
        """Return the time limit of the next call: the rest of the total time, at most the limit of one call."""
        return min(CALL_SECONDS, self._end - time.monotonic())

    def ask(
        self, service: str, region: str, role: str, operation: str, sent: dict[str, object]
    ) -> dict[str, Any]:
        """Make a call and return its validated response.

        Raises errors of boto3, BadAnswerError, and TimeoutError if the call took too long.
        """
        return within(self.seconds_left, lambda: self._ask(service, region, role, operation, sent))

    def _ask(
        self, service: str, region: str, role: str, operation: str, sent: dict[str, object]
    ) -> dict[str, Any]:
        return _answer(self.client(service, region, role), service, operation, sent)

    def regions_of(self, service: str) -> frozenset[str]:
        """Return the Regions of all partitions in which boto3 knows a service."""
        partitions = self.base.get_available_partitions()
        return frozenset(one for name in partitions for one in self.base.get_available_regions(service, name))

    def _make(self, service: str, region: str, options: dict[str, str]) -> Any:
        endpoint = self.access.endpoint or None
        config = self._config.merge(_UNSIGNED) if service in _WITHOUT_CREDENTIALS else self._config
        try:
            client = self.base.client(
                service, region_name=region, endpoint_url=endpoint, config=config, **options
            )
        except ValueError as error:  # raised by boto3 for an invalid URL
            said = str(error).lower().rstrip(".")
            raise InputError(
                "--endpoint-url", said, help_text="use a URL like http://127.0.0.1:5000"
            ) from None
        client.meta.events.register("before-parse", check_body)
        return bound(client)

    def _as_role(self, role: str, region: str) -> dict[str, str]:
        """Assume a role, again if the credentials are about to expire: an audit may outlast them.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        known = self._assumed.get(role)
        if known is None or known.until - datetime.now(UTC) < _MARGIN:
            known = self._assumed[role] = self._assume(role, region)
            self._clients = {key: one for key, one in self._clients.items() if key[2] != role}
        return known.options

    def _assume(self, role: str, region: str) -> _Credentials:
        key = ("sts", region, "", "")
        if key not in self._clients:
            self._clients[key] = self._make("sts", region, {})
        sts = self._clients[key]
        external = {"ExternalId": self.access.external_id} if self.access.external_id else {}
        sent = {"RoleArn": role, "RoleSessionName": _SESSION_NAME, **external}
        try:
            given = _answer(sts, "sts", "assume_role", sent)["Credentials"]
        except BadAnswerError as error:
            raise BadAnswerError(f"`sts:AssumeRole`: {error}") from None
        options = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return _Credentials(options, given["Expiration"])


def _answer(client: Any, service: str, operation: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Make a call and return its validated response. Raises errors of boto3, BadAnswerError and TimeoutError."""
    call = getattr(client, operation)
    try:
        answer: dict[str, Any] = call(**sent)
    except TooLongError as error:
        raise BadAnswerError(str(error)) from None
    except (BotoCoreError, ClientError, BadAnswerError, TimeoutError):
        raise
    except Exception as error:  # noqa: BLE001 - botocore's parsers raise various errors for invalid responses
        raise BadAnswerError(f"it cannot be parsed ({type(error).__name__})") from None
    check_answer(service, operation, answer)
    return answer


def sign_in(access: Access) -> Sessions:
    """Open the base session. Raises InputError if there are no usable credentials."""
    try:
        sessions = Sessions(access)
        if sessions.base.get_credentials() is None:
            raise InputError("credentials", "not found", help_text=_NO_ACCESS)
    except BotoCoreError as error:
        raise InputError("credentials", str(error).rstrip("."), help_text=_NO_ACCESS) from None
    return sessions
