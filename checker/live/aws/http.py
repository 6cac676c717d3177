"""Bounds on what an endpoint may send and on how long it may stay silent, for every client of boto3.

A timeout of botocore is one of a single read, and an answer may be as long as its sender likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    HTTPClientError,
    ReadTimeoutError,
)
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import ReadTimeoutError as NothingReadError

from checker.live.aws.wait import check_awaited

if TYPE_CHECKING:
    from collections.abc import Iterator


CONNECT_SECONDS, READ_SECONDS = 5, 10
"""How long an endpoint may take to accept a connection, and to send the next bytes."""

_SILENT_ATTEMPTS = 2
"""An endpoint that stays silent is asked this often; throttling and broken connections are retried more often."""

MOST_BYTES = 16 * 1024 * 1024
"""A page of any list is far below this."""

_CHUNK = 64 * 1024
_SILENCE = (ConnectTimeoutError, ReadTimeoutError)


class TooLongError(BotoCoreError):  # type: ignore[misc] # botocore is untyped
    """An answer has more bytes than any answer of AWS. Not retried, unlike an HTTPClientError."""

    fmt = "it is longer than {most} bytes"


def bound(client: Any) -> Any:
    """Bound the answers of a client and how often it asks a silent endpoint; give the client."""
    endpoint = client._endpoint  # noqa: SLF001 - botocore has no other place for an HTTP session
    endpoint.http_session = _Session(endpoint.http_session)
    client.meta.events.register("needs-retry", _stop_asking)
    return client


def _stop_asking(attempts: int, caught_exception: Exception | None, **_: object) -> None:
    """Raise what botocore would retry, once an endpoint was silent often enough."""
    if isinstance(caught_exception, _SILENCE) and attempts >= _SILENT_ATTEMPTS:
        raise caught_exception


class _Session:
    """The HTTP session of a client: sends no request that nothing waits for, and limits the length of an answer."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> AWSResponse:
        """Send a request and read the answer. Raises what botocore's session raises, TooLongError and TimeoutError.

        This is checked here, after all waiting for retries and rate limits.
        """
        check_awaited()
        request.stream_output = True  # or the session would read the answer itself, however long it is
        answer = self._session.send(request)
        try:
            body = b"".join(_chunks(answer.raw))
        except NothingReadError as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from None
        except ProtocolError as error:
            raise ConnectionClosedError(error=error, request=request, endpoint_url=request.url) from None
        except TooLongError:
            raise
        except Exception as error:  # noqa: BLE001 - as botocore's session does
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


class _Body:
    """A body that has been read, as AWSResponse reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """Give the body."""
        yield self._body
