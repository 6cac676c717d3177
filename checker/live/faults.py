"""What a call that failed means, told from the error that boto3 raises."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.parsers import ResponseParserError

from checker.live.actions import action_of
from checker.report.paint import safe

if TYPE_CHECKING:
    from checker.inventory import Skipped

AwsError: TypeAlias = "ClientError | BotoCoreError | ResponseParserError"
ERRORS = (ClientError, BotoCoreError, ResponseParserError)


class Fault(Enum):
    """Why something could not be read, and whether reading it later may go better."""

    DENIED = ("access denied, `{action}` is missing", False)
    THROTTLED = ("throttled, `{action}` was put off too often", True)
    EXPIRED = ("the credentials have expired before `{action}`", True)
    GONE = ("it is not there, or not any more: `{action}` did not find it", False)
    OFF = ("the Region is switched off for the account, or takes no such credentials: `{action}`", True)
    LOST = ("no answer to `{action}`", True)
    FAILED = ("`{action}` failed", True)

    def __init__(self, says: str, again: bool) -> None:  # noqa: FBT001 - the second half of the value
        self.says = says
        self.again = again


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
        "LimitExceededException",
    ),
    Fault.EXPIRED: ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
    Fault.GONE: ("NotFound", "NotFoundException", "ResourceNotFoundException"),
    Fault.OFF: ("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired"),
}
_FAULT_OF = {code: fault for fault, codes in _CODES.items() for code in codes}
ENDS_UNIT = (Fault.EXPIRED, Fault.OFF)
"""What no other call of the unit would fare better with."""


class UnreadError(Exception):
    """A call gave no answer; ``skipped`` is how a report says so."""

    def __init__(self, fault: Fault, skipped: Skipped) -> None:
        super().__init__(skipped.reason)
        self.fault = fault
        self.skipped = skipped


def fault_of(error: AwsError) -> Fault:
    """Tell what kind of fault an error is."""
    if isinstance(error, ClientError):
        return _FAULT_OF.get(error.response.get("Error", {}).get("Code", ""), Fault.FAILED)
    return Fault.LOST if isinstance(error, NoConnectionError | HTTPClientError) else Fault.FAILED


def reason_of(error: AwsError, service: str, operation: str) -> str:
    """Say it in one line, with the IAM action that the call needs and what AWS calls the fault."""
    fault = fault_of(error)
    said = fault.says.format(action=action_of(service, operation))
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return f"{said} ({safe(code or type(error).__name__)})"
