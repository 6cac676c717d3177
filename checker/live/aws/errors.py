"""What a call that failed means, told from the error that boto3 raises."""

from __future__ import annotations

from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from checker.core.errors import InputError
from checker.core.terminal_text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.errors import Skipped


_PREFIXES = {"resourcegroupstaggingapi": "tag"}


def api_name(operation: str) -> str:
    """Name a call as the API does, `GetTopicAttributes`; boto3 calls it `get_topic_attributes`."""
    return operation.title().replace("_", "")


def action_of(service: str, operation: str) -> str:
    """Name the action that a call needs, `sns:GetTopicAttributes`."""
    return f"{_PREFIXES.get(service, service)}:{api_name(operation)}"


AwsError: TypeAlias = "ClientError | BotoCoreError"
ERRORS = (ClientError, BotoCoreError)


class Fault(Enum):
    """Why something could not be read, and whether reading it later may go better."""

    DENIED = ("access denied, `{action}` is missing", False)
    THROTTLED = ("throttled, `{action}` was put off too often", True)
    EXPIRED = ("the credentials have expired before `{action}`", True)
    GONE = ("it is not there, or not any more: `{action}` did not find it", False)
    OFF = ("the Region is switched off for the account, or takes no such credentials: `{action}`", True)
    LOST = ("no answer to `{action}`", True)
    QUOTA = ("a quota or limit is reached: `{action}`", False)
    ENDED = ("`{action}` was refused: the chat has ended, or its token has", False)
    ODD = ("the answer to `{action}` cannot be used", True)
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
    ),
    Fault.QUOTA: ("LimitExceededException", "TopicLimitExceeded", "SubscriptionLimitExceeded"),
    Fault.EXPIRED: ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
    Fault.GONE: (
        "NotFound",
        "NotFoundException",
        "ResourceNotFoundException",
        "NoSuchEntity",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    ),
    Fault.OFF: ("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired"),
}
_FAULT_OF = {code: fault for fault, codes in _CODES.items() for code in codes}
_BY_TOKEN = ("CreateParticipantConnection", "DisconnectParticipant", "SendMessage")
"""Calls that a token allows and no permission.

https://docs.aws.amazon.com/connect-participant/latest/APIReference/Welcome.html
"""
ENDS_UNIT = (Fault.EXPIRED, Fault.OFF)
"""What no other call of the unit would fare better with."""


class Refusal(NamedTuple):
    """What AWS said when it refused a call; empty where no answer came."""

    code: str = ""
    message: str = ""
    request_id: str = ""


_SAYS_MORE = (Fault.FAILED, Fault.QUOTA, Fault.THROTTLED)
"""Faults that AWS's own words tell more about than their name."""


class UnreadError(Exception):
    """A call gave no answer; ``skipped`` is how a report says so, ``refusal`` what AWS said."""

    def __init__(self, fault: Fault, skipped: Skipped, refusal: Refusal = Refusal()) -> None:  # noqa: B008 - frozen
        super().__init__(skipped.reason)
        self.fault = fault
        self.skipped = skipped
        self.refusal = refusal

    def of_input(self) -> CallError:
        """The same, where nothing can be done without what was asked for."""
        return CallError(self)

    @property
    def told(self) -> str:
        """The reason, with AWS's own words where they tell more."""
        said = self.refusal.message
        return f"{self.skipped.reason}: {said}" if said and self.fault in _SAYS_MORE else self.skipped.reason


class StoppedError(Exception):
    """The run was interrupted, and no more calls are made."""


class CallError(InputError):
    """A call failed, and nothing can be done without its answer."""

    def __init__(self, error: UnreadError) -> None:
        skipped, incomplete = error.skipped, error.fault is not Fault.GONE
        super().__init__(skipped.what, error.told, help_text=skipped.help, incomplete=incomplete)
        self.fault = error.fault


@contextmanager
def faults_about(resource: str) -> Iterator[None]:
    """Raise whatever goes wrong as an InputError: an exception that is not one is a bug, and no reason to stop halfway."""
    try:
        yield
    except (InputError, StoppedError):
        raise
    except Exception as error:
        reason = f"unexpected {type(error).__name__}: {error}"
        raise InputError(resource, reason, help_text="this is a bug in checker, please report it") from error


def fault_of(error: AwsError) -> Fault:
    """Tell what kind of fault an error is."""
    if isinstance(error, ClientError):
        fault = _FAULT_OF.get(error.response.get("Error", {}).get("Code", ""), Fault.FAILED)
        by_token = fault is Fault.DENIED and error.operation_name in _BY_TOKEN
        return Fault.ENDED if by_token else fault
    return Fault.LOST if isinstance(error, NoConnectionError | HTTPClientError) else Fault.FAILED


def refusal_of(error: AwsError) -> Refusal:
    """What AWS said, as far as it said anything."""
    if not isinstance(error, ClientError):
        return Refusal()
    said, about = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    texts = (said.get("Code"), said.get("Message"), about.get("RequestId"))
    return Refusal(*(inert(str(text or "")) for text in texts))


def reason_of(error: AwsError, service: str, operation: str) -> str:
    """Say it in one line, with the IAM action that the call needs and what AWS calls the fault."""
    fault = fault_of(error)
    said = fault.says.format(action=action_of(service, operation))
    return f"{said} ({refusal_of(error).code or type(error).__name__})"
