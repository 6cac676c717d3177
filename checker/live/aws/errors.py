"""Classify failed AWS calls by the errors that boto3 raises."""

from __future__ import annotations

import re
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import botocore.exceptions
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from checker.core.errors import AwsError, CheckerError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.errors import Skipped


_PREFIXES = {"resourcegroupstaggingapi": "tag"}


def api_name(operation: str) -> str:
    """Return the API name of a call, such as `GetTopicAttributes` for boto3's `get_topic_attributes`."""
    return operation.title().replace("_", "")


def action_of(service: str, operation: str) -> str:
    """Return the IAM action that a call needs, such as `sns:GetTopicAttributes`."""
    return f"{_PREFIXES.get(service, service)}:{api_name(operation)}"


BotoError: TypeAlias = "ClientError | BotoCoreError"
ERRORS = (ClientError, BotoCoreError)


class Fault(Enum):
    """The reason why a call failed, and whether a later call may succeed."""

    DENIED = ("access denied, `{action}` is missing", False)
    THROTTLED = ("throttled, retries exhausted: `{action}`", True)
    EXPIRED = ("the credentials expired before `{action}`", True)
    SIGNED_OUT = ("the login is missing or has expired: `{action}`", True)
    NOT_FOUND = ("not found: `{action}`", False)
    DISABLED_REGION = (
        "the Region is disabled for the account or does not accept these credentials: `{action}`",
        True,
    )
    CLOCK = ("AWS refused `{action}`: the clock of this machine is wrong", True)
    NO_ANSWER = ("no answer to `{action}`", True)
    QUOTA = ("a quota or limit was reached: `{action}`", False)
    CHAT_ENDED = ("`{action}` was denied: the chat has ended or its token has expired", False)
    INVALID = ("the response to `{action}` is not valid", True)
    FAILED = ("`{action}` failed", True)

    def __init__(self, reason: str, temporary: bool) -> None:  # noqa: FBT001 - unpacked from the value
        self.reason = reason
        self.temporary = temporary


_CODES = {
    Fault.DENIED: (
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "NotAuthorized",
        "UnauthorizedOperation",
        "KMSAccessDeniedException",
    ),
    Fault.THROTTLED: (
        "Throttling",
        "ThrottlingException",
        "Throttled",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
    ),
    Fault.QUOTA: ("LimitExceededException", "TopicLimitExceeded", "SubscriptionLimitExceeded"),
    Fault.EXPIRED: ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
    Fault.NOT_FOUND: (
        "NotFound",
        "NotFoundException",
        "ResourceNotFoundException",
        "NoSuchEntity",
        "NoSuchKey",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    ),
    Fault.DISABLED_REGION: (
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "AuthFailure",
        "OptInRequired",
    ),
}
_FAULT_OF = {code: fault for fault, codes in _CODES.items() for code in codes}
_CLOCK_CODES = ("RequestTimeTooSkewed", "RequestInTheFuture")
_CLOCK_TEXTS = ("signature expired", "signature not yet current")
"""Beginnings of messages about the time of a signature. A wrong secret has the same code.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""
_BY_TOKEN = ("CreateParticipantConnection", "DisconnectParticipant", "SendMessage")
"""Calls that are authorized by a token, not by an IAM permission.

https://docs.aws.amazon.com/connect-participant/latest/APIReference/Welcome.html
"""
_LOGIN: tuple[type[Exception], ...] = tuple(filter(None, (getattr(botocore.exceptions, "LoginError", None),)))
"""Errors about the session of `aws login`, which older versions of botocore do not know."""
_SIGNED_OUT = (SSOError, TokenRetrievalError, *_LOGIN)
ENDS_UNIT = (Fault.EXPIRED, Fault.SIGNED_OUT, Fault.DISABLED_REGION, Fault.CLOCK)
"""Faults that affect every call of the unit."""


class Refusal(NamedTuple):
    """The error that AWS returned. Empty if there was no response."""

    code: str = ""
    message: str = ""
    request_id: str = ""


_DETAILED = (Fault.FAILED, Fault.QUOTA, Fault.THROTTLED, Fault.CLOCK)
"""Faults for which the message of AWS has more detail."""


class CallError(AwsError):
    """Raised if a call failed. The reason includes the message of AWS if that has more detail.

    ``entry`` is the report entry, without that message. ``refusal`` is the error that AWS returned.
    """

    def __init__(self, fault: Fault, entry: Skipped, refusal: Refusal = Refusal()) -> None:  # noqa: B008 - frozen
        detail = f": {refusal.message}" if refusal.message and fault in _DETAILED else ""
        not_found = fault is Fault.NOT_FOUND
        super().__init__(entry.what, entry.reason + detail, help_text=entry.help, not_found=not_found)
        self.fault = fault
        self.entry = entry
        self.refusal = refusal


class StoppedError(Exception):
    """Raised if the run was interrupted and no more calls are made."""


@contextmanager
def faults_about(resource: str) -> Iterator[None]:
    """Convert unexpected exceptions to CheckerError, so that a bug in checker does not stop the work halfway."""
    try:
        yield
    except (CheckerError, StoppedError):
        raise
    except Exception as error:  # any bug, since changes that were made must still be rolled back
        reason = f"unexpected {type(error).__name__}: {error}"
        raise CheckerError(
            resource, reason, help_text="this is a bug in checker, please report it"
        ) from error


def fault_of(error: BotoError) -> Fault:
    """Return the fault of an error."""
    if isinstance(error, ClientError):
        if _is_about_time(refusal_of(error)):
            return Fault.CLOCK
        fault = _FAULT_OF.get(error.response.get("Error", {}).get("Code", ""), Fault.FAILED)
        by_token = fault is Fault.DENIED and error.operation_name in _BY_TOKEN
        return Fault.CHAT_ENDED if by_token else fault
    if isinstance(error, _SIGNED_OUT):
        return Fault.SIGNED_OUT
    return Fault.NO_ANSWER if isinstance(error, NoConnectionError | HTTPClientError) else Fault.FAILED


def is_of_login(error: Exception | None) -> bool:
    """Return True for an error about the session of `aws login`, in contrast to `aws sso login`."""
    return isinstance(error, _LOGIN)


def _is_about_time(refusal: Refusal) -> bool:
    return refusal.code in _CLOCK_CODES or refusal.message.lower().startswith(_CLOCK_TEXTS)


def refusal_of(error: BotoError) -> Refusal:
    """Return the error that AWS returned, as far as the response contains it."""
    if not isinstance(error, ClientError):
        return Refusal()
    error_body, metadata = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    texts = (error_body.get("Code"), error_body.get("Message"), metadata.get("RequestId"))
    return Refusal(*(inert(str(text or "")) for text in texts))


_ROLE = "access denied to the role `{role}`: `sts:AssumeRole`"
_REFUSED_ROLE = pattern(re.escape(_ROLE).replace(r"\{role\}", "([^`]+)"))


def role_reason(role: str, error: BotoError) -> str:
    """Return the reason of a call that could not be made because AWS refused to assume its role."""
    return f"{_ROLE.format(role=role)} ({refusal_of(error).code or type(error).__name__})"


def refused_role(reason: str) -> str:
    """Return the ARN of the role that a reason says could not be assumed; empty for other reasons."""
    found = _REFUSED_ROLE.match(reason)
    return found[1] if found else ""


def is_not_found(reason: str) -> bool:
    """Return True for the reason of a call about a resource that does not exist."""
    return reason.startswith(Fault.NOT_FOUND.reason.partition("{")[0])


def reason_of(error: BotoError, service: str, operation: str) -> str:
    """Return a one-line reason with the IAM action of the call and the error code of AWS."""
    fault = fault_of(error)
    reason = fault.reason.format(action=action_of(service, operation))
    return f"{reason} ({refusal_of(error).code or type(error).__name__})"
