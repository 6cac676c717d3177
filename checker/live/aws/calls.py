"""The only module that calls AWS. Calls are rate limited and counted, and failures become report entries."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from checker.core.errors import Skipped
from checker.core.record import NamedTuple
from checker.core.regions import CONNECT_REGIONS
from checker.live.aws.access import ROLE_HELP, MadeCall, Unit
from checker.live.aws.answers import BadAnswerError
from checker.live.aws.call_help import help_after
from checker.live.aws.errors import (
    ENDS_UNIT,
    ERRORS,
    CallError,
    Fault,
    StoppedError,
    action_of,
    fault_of,
    reason_of,
    refusal_of,
    role_reason,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.core.arn import Arn
    from checker.live.aws.errors import BotoError
    from checker.live.aws.session import Sessions


class Rate(NamedTuple):
    """A number of calls per second, and the size of a burst."""

    second: float
    burst: int


RATES = {
    "list_instances": Rate(2, 5),
    "lookup_events": Rate(2, 2),
    "list_topics": Rate(30, 30),
    "list_subscriptions": Rate(30, 30),
    "list_subscriptions_by_topic": Rate(30, 30),
    "list_grants": Rate(100, 100),
    "list_aliases": Rate(500, 500),
    "get_key_policy": Rate(1000, 1000),
    "describe_key": Rate(2000, 2000),
    "batch_import_findings": Rate(10, 30),
    "get_findings": Rate(3, 6),
}
"""Rates per account and Region. SNS documents no rate for reading attributes."""


class RateLimiter:
    """Rate limiter of one account and Region."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}

    def delay(self, operation: str) -> float:
        """Reserve the next slot of an operation, and return the seconds until then."""
        rate = RATES.get(operation)
        if rate is None:
            return 0.0
        with self._lock:
            now = self._clock()
            earliest = now - (rate.burst - 1) / rate.second
            booked = max(self._due.get(operation, earliest), earliest)
            self._due[operation] = booked + 1 / rate.second
        return max(0.0, booked - now)


_ASSUME = ("sts", "assume_role")


_MOST_PAGES = 10_000
"""Corresponds to a million entries. AWS quotas are lower for everything that is listed."""


class Listing(NamedTuple):
    """A paginated call: the member with the items, the parameter for the token, and the member with the next token."""

    service: str
    operation: str
    items: str
    next_parameter: str = "NextToken"
    next_member: str = "NextToken"


class Calls:
    """The calls of one unit. ``skipped`` lists failed reads. ``again`` is True if a later run may succeed.

    ``made`` counts the calls that were answered.
    """

    def __init__(
        self,
        sessions: Sessions,
        unit: Unit,
        stop: threading.Event,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self.unit = unit
        self.skipped: list[Skipped] = []
        self.again = False
        self.made = 0
        self._sessions = sessions
        self._stop = stop
        self._on_answer = on_answer
        self._pace = RateLimiter()
        self._ended: CallError | None = None
        self._answered: dict[str, float] = {}
        self._silent: set[str] = set()
        self._lock = threading.Lock()

    def elsewhere(self, unit: Unit) -> Calls:
        """Return the calls of another unit in the same run."""
        return Calls(self._sessions, unit, self._stop, self._on_answer)

    def at(self, arn: Arn) -> Calls:
        """Return the calls for the account and Region of a resource, with the role to assume there.

        A role that is given by its name is assumed only in accounts other than the caller's, so the caller is looked
        up first. Raises CallError.
        """
        access = self._sessions.access
        role = access.role_in(arn.partition, arn.account)
        is_home = bool(role) and not access.role_arn and self._home_account() == arn.account
        return self.elsewhere(Unit(arn.account, arn.region, "" if is_home else role))

    def _home_account(self) -> str:
        """Return the account of the caller's own credentials. Raises CallError."""
        if not self._sessions.account:
            bare = self.elsewhere(self.unit.bare)
            self._sessions.account = bare.make("sts", "get_caller_identity", "the caller")["Account"]
        return self._sessions.account

    @property
    def threads(self) -> int:
        """Return the maximum number of concurrent calls."""
        return self._sessions.access.threads

    def offers(self, service: str) -> bool:
        """Return True if a service is listed for the Region. The lists may be outdated, so False is not certain."""
        listed = service == "connect" and self.unit.region in CONNECT_REGIONS
        return listed or self.unit.region in self._sessions.regions_of(service)

    def make(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any]:
        """Make a call and return its response. Raises CallError, without a call if the unit has already failed."""
        if self._ended is not None:
            raise self._ended
        self._check_silence(service, operation, what)
        self.wait(self._pace.delay(operation))
        began, failed, call = time.monotonic(), (service, operation), (service, operation)
        try:
            answer = self._sessions.ask(service, self.unit.region, self.unit.role, operation, parameters)
        except ERRORS as error:
            failed = _failed_operation(error, service, operation)
            fault = self._unread(what, error, failed, service, began)
        except BadAnswerError as error:
            fault = self.bad_answer(service, operation, what, str(error))
        except TimeoutError:
            fault = self._late(service, operation, what, began)
        else:
            with self._lock:
                self.made += 1
                self._answered[service] = time.monotonic()
            self._sessions.observe(MadeCall(self.unit, *call, parameters), answer)
            self._on_answer()
            return answer
        self._sessions.observe(MadeCall(self.unit, *failed, parameters), fault)
        raise fault

    def bad_answer(self, service: str, operation: str, what: str, reason: str) -> CallError:
        """Return the error for an invalid response."""
        self.again = True
        fault = Fault.INVALID.reason.format(action=action_of(service, operation))
        return CallError(Fault.INVALID, Skipped(what, f"{fault}: {reason}", error=True))

    def forget_silence(self) -> None:
        """Forget which services did not answer, because a rollback must be attempted in any case."""
        self._silent.clear()

    def _late(self, service: str, operation: str, what: str, began: float) -> CallError:
        """Return the error for a call that timed out."""
        self._note_silence(service, began)
        self.again = True
        fault = Fault.NO_ANSWER.reason.format(action=action_of(service, operation))
        seconds = max(1, round(time.monotonic() - began))
        unit = "second" if seconds == 1 else "seconds"
        help_text = help_after(Fault.NO_ANSWER, self.unit.region, service, self._sessions.access)
        entry = Skipped(what, f"{fault} within {seconds} {unit}", error=True, help=help_text)
        return CallError(Fault.NO_ANSWER, entry)

    def _note_silence(self, service: str, began: float) -> None:
        """Remember a service that answered nothing while a call waited, so that other calls do not wait too."""
        with self._lock:
            if self._answered.get(service, 0) < began:
                self._silent.add(service)

    def _check_silence(self, service: str, operation: str, what: str) -> None:
        """Fail at once if the service did not answer before. Raises CallError."""
        if service in self._silent:
            self.again = True
            fault = Fault.NO_ANSWER.reason.format(action=action_of(service, operation))
            reason = f"{fault}: `{service}` did not answer an earlier call either, and was not called again"
            raise CallError(Fault.NO_ANSWER, Skipped(what, reason, error=True))

    def wait(self, seconds: float) -> None:
        """Wait for some seconds, or not at all. Raises StoppedError if the run is interrupted."""
        if self._stop.wait(seconds) if seconds else self._stop.is_set():
            raise StoppedError

    def _unread(
        self, what: str, error: BotoError, failed: tuple[str, str], service: str, began: float
    ) -> CallError:
        waited = self._sessions.waited(error, failed[1])
        fault, reason = fault_of(error), f"{reason_of(error, *failed)}{waited}"
        help_text = help_after(fault, self.unit.region, service, self._sessions.access, error)
        if fault is Fault.DENIED and failed == _ASSUME:
            reason, help_text = role_reason(self.unit.role, error), ROLE_HELP
        self.again |= fault.temporary and (fault is not Fault.NO_ANSWER or self.offers(service))
        if fault is Fault.NO_ANSWER:
            self._note_silence(service, began)
        if fault not in ENDS_UNIT:
            skipped = Skipped(what, reason, error=True, help=help_text)
            return CallError(fault, skipped, refusal_of(error))
        with self._lock:
            if self._ended is None:
                entry = Skipped(self.unit.name, reason, error=True, help=help_text)
                self._ended = CallError(fault, entry, refusal_of(error))
            return self._ended

    def note(self, error: CallError) -> None:
        """Record a failed read once."""
        self.skip(error.entry)

    def skip(self, skipped: Skipped) -> None:
        """Record a skipped item once."""
        with self._lock:
            if skipped not in self.skipped:
                self.skipped.append(skipped)

    def read(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any] | None:
        """Make a call and return its response. If it fails, record that and return None."""
        try:
            return self.make(service, operation, what, **parameters)
        except CallError as error:
            self.note(error)
            return None

    def find(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any] | None:
        """Make a call and return its response, or None if the resource does not exist. Raises CallError."""
        try:
            return self.make(service, operation, what, **parameters)
        except CallError as error:
            if error.fault is Fault.NOT_FOUND:
                return None
            raise

    def pages(self, listing: Listing, what: str, **parameters: object) -> Iterator[list[Any]]:
        """Yield the items of each page. Raises CallError if a page cannot be read or its token is repeated."""
        tokens = {parameters.get(listing.next_parameter)}
        while True:
            answer = self.make(listing.service, listing.operation, what, **parameters)
            yield answer.get(listing.items) or []
            token = answer.get(listing.next_member)
            if reason := _broken_paging(answer, token, tokens):
                raise self.bad_answer(listing.service, listing.operation, what, reason)
            if not token:
                return
            tokens.add(token)
            parameters[listing.next_parameter] = token

    def listed(self, listing: Listing, what: str, **parameters: object) -> Iterator[Any]:
        """Yield the listed items, up to a page that cannot be read. Record that failure."""
        try:
            for page in self.pages(listing, what, **parameters):
                yield from page
        except CallError as error:
            self.note(error)

    def every(self, listing: Listing, what: str, **parameters: object) -> list[Any]:
        """Return all listed items. Raises CallError."""
        return [item for page in self.pages(listing, what, **parameters) for item in page]

    def all(self, listing: Listing, what: str, **parameters: object) -> list[Any] | None:
        """Return all listed items. If any page fails, record that and return None."""
        try:
            return self.every(listing, what, **parameters)
        except CallError as error:
            self.note(error)
            return None


def _broken_paging(answer: dict[str, Any], token: str | None, tokens: set[Any]) -> str:
    """Return why the next page cannot be requested. Empty if it can, or if this page is the last one."""
    if token and token in tokens:
        return "a page token is repeated"
    if len(tokens) > _MOST_PAGES:
        return f"there are more than {_MOST_PAGES} pages"
    is_truncated = answer.get("Truncated") or answer.get("IsTruncated")
    return (
        "there are more pages, but the token for the next page is missing"
        if is_truncated and not token
        else ""
    )


def _failed_operation(error: Exception, service: str, operation: str) -> tuple[str, str]:
    """Return the service and operation that failed: the call itself, or AssumeRole for the role of the call."""
    name = getattr(error, "operation_name", "")
    return _ASSUME if name == "AssumeRole" else (service, operation)


ALIASES = Listing("kms", "list_aliases", "Aliases", "Marker", "NextMarker")
LOOKUP = Listing("cloudtrail", "lookup_events", "Events")
BY_TOPIC = Listing("sns", "list_subscriptions_by_topic", "Subscriptions")
