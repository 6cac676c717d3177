"""The clients of AWS: one base session, one client for each account, Region and service."""

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
"""A token says who calls: the participant service takes no signature.

https://docs.aws.amazon.com/connect-participant/latest/APIReference/Welcome.html
"""
_UNSIGNED = Config(signature_version=UNSIGNED)


_NO_ACCESS = "see https://docs.aws.amazon.com/boto3/latest/guide/credentials.html, or choose with --profile"


class _Credentials(NamedTuple):
    """What AssumeRole gave, as boto3 takes it."""

    options: dict[str, str]
    until: datetime


class Sessions:
    """Gives out clients, which threads share; making one is not safe in threads, so that is done in turn.

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
            user_agent=f"checker/{__version__} boto3/{boto3.__version__}",  # boto3 makes its own anew each time
        )

    def client(self, service: str, region: str, role: str = "") -> Any:
        """Give the client of a service, as the base session or as a role. Raises what boto3 raises."""
        with self._lock:
            options = self._as_role(role, region) if role else {}
            key = (service, region, role, options.get("aws_access_key_id", ""))
            if key not in self._clients:
                self._clients[key] = self._make(service, region, options)
            return self._clients[key]

    @property
    def seconds_left(self) -> float:
        """How long the next call may take: what is left for all of them, and never longer than one call may."""
        return min(CALL_SECONDS, self._end - time.monotonic())

    def ask(
        self, service: str, region: str, role: str, operation: str, sent: dict[str, object]
    ) -> dict[str, Any]:
        """Make a call and give an answer that can be relied on.

        Raises what boto3 raises, BadAnswerError, and TimeoutError once a call has taken too long.
        """
        return within(self.seconds_left, lambda: self._ask(service, region, role, operation, sent))

    def _ask(
        self, service: str, region: str, role: str, operation: str, sent: dict[str, object]
    ) -> dict[str, Any]:
        return _answer(self.client(service, region, role), service, operation, sent)

    def regions_of(self, service: str) -> frozenset[str]:
        """The Regions that boto3 knows a service in, of all partitions."""
        partitions = self.base.get_available_partitions()
        return frozenset(one for name in partitions for one in self.base.get_available_regions(service, name))

    def _make(self, service: str, region: str, options: dict[str, str]) -> Any:
        endpoint = self.access.endpoint or None
        config = self._config.merge(_UNSIGNED) if service in _WITHOUT_CREDENTIALS else self._config
        try:
            client = self.base.client(
                service, region_name=region, endpoint_url=endpoint, config=config, **options
            )
        except ValueError as error:  # boto3 says so of a URL that is none
            said = str(error).lower().rstrip(".")
            raise InputError(
                "--endpoint-url", said, help_text="it looks like http://127.0.0.1:5000"
            ) from None
        client.meta.events.register("before-parse", check_body)
        return bound(client)

    def _as_role(self, role: str, region: str) -> dict[str, str]:
        """Assume a role, and once more when that is about to end: an audit may take longer than a session.

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
    """Make a call and give an answer that can be relied on. Raises what boto3 raises, BadAnswerError and TimeoutError."""
    call = getattr(client, operation)
    try:
        answer: dict[str, Any] = call(**sent)
    except TooLongError as error:
        raise BadAnswerError(str(error)) from None
    except (BotoCoreError, ClientError, BadAnswerError, TimeoutError):
        raise
    except Exception as error:  # noqa: BLE001 - botocore's parsers raise whatever an answer makes them stumble over
        raise BadAnswerError(f"it cannot be parsed ({type(error).__name__})") from None
    check_answer(service, operation, answer)
    return answer


def sign_in(access: Access) -> Sessions:
    """Open the base session. Raises InputError where there are no credentials that could be used."""
    try:
        sessions = Sessions(access)
        if sessions.base.get_credentials() is None:
            raise InputError("credentials", "none were found", help_text=_NO_ACCESS)
    except BotoCoreError as error:
        raise InputError("credentials", str(error).rstrip("."), help_text=_NO_ACCESS) from None
    return sessions
