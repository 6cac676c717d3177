"""The one place that calls AWS: paced, counted, and with every failure turned into something a report can say."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.core.errors import Skipped
from checker.core.regions import CONNECT_REGIONS
from checker.live.aws.answers import BadAnswerError
from checker.live.aws.errors import (
    ENDS_UNIT,
    ERRORS,
    Fault,
    StoppedError,
    UnreadError,
    action_of,
    fault_of,
    reason_of,
    refusal_of,
)
from checker.live.aws.wait import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.live.aws.access import Unit
    from checker.live.aws.errors import AwsError
    from checker.live.aws.session import Sessions


_HELPS = {
    Fault.ENDED: "take a contact flow that keeps the chat open",
    Fault.DENIED: "allow it to the caller; `checker permissions audit|fix|flow` prints the least policy",
}


_MOST_PAGES = 10_000
"""A million entries; AWS allows fewer of everything that is listed."""


class Listing(NamedTuple):
    """A call that answers in pages: what is listed, and what asks for the next page and says that there is one."""

    service: str
    operation: str
    items: str
    asks: str = "NextToken"
    says: str = "NextToken"


class Calls:
    """The calls of one unit. ``skipped`` has what could not be read, ``again`` tells if later it might be.

    ``made`` counts those that were answered.
    """

    def __init__(
        self, sessions: Sessions, unit: Unit, stop: threading.Event, seen: Callable[[], None] = lambda: None
    ) -> None:
        self.unit = unit
        self.skipped: list[Skipped] = []
        self.again = False
        self.made = 0
        self._sessions = sessions
        self._stop = stop
        self._seen = seen
        self._pace = Pace()
        self._ended: UnreadError | None = None
        self._answered: dict[str, float] = {}
        self._silent: set[str] = set()
        self._lock = threading.Lock()

    def elsewhere(self, unit: Unit) -> Calls:
        """Give the calls of another unit of the same run."""
        return Calls(self._sessions, unit, self._stop, self._seen)

    @property
    def threads(self) -> int:
        """How many calls may be under way at once."""
        return self._sessions.access.threads

    def offers(self, service: str) -> bool:
        """True if a list has a service in the Region. Lists age, so it may be there all the same."""
        listed = service == "connect" and self.unit.region in CONNECT_REGIONS
        return listed or self.unit.region in self._sessions.regions_of(service)

    def make(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any]:
        """Make a call and give its answer. Raises UnreadError; once the unit has ended, without any call."""
        if self._ended is not None:
            raise self._ended
        self._check_silence(service, operation, what)
        self.wait(self._pace.delay(operation))
        began = time.monotonic()
        try:
            answer = self._sessions.ask(service, self.unit.region, self.unit.role, operation, parameters)
        except ERRORS as error:
            failed = _failed_operation(error, service, operation)
            raise self._unread(what, error, reason_of(error, *failed), service, began) from None
        except BadAnswerError as error:
            raise self.odd(service, operation, what, str(error)) from None
        except TimeoutError:
            raise self._late(service, operation, what, began) from None
        with self._lock:
            self.made += 1
            self._answered[service] = time.monotonic()
        self._seen()
        return answer

    def odd(self, service: str, operation: str, what: str, reason: str) -> UnreadError:
        """Make the error for an answer that nothing can be done with."""
        self.again = True
        said = Fault.ODD.says.format(action=action_of(service, operation))
        return UnreadError(Fault.ODD, Skipped(what, f"{said}: {reason}", error=True))

    def ask_again(self) -> None:
        """Forget which services were silent: changes have to be rolled back, whatever happened before."""
        self._silent.clear()

    def _late(self, service: str, operation: str, what: str, began: float) -> UnreadError:
        """Make the error for a call that took too long."""
        self._note_silence(service, began)
        self.again = True
        said = Fault.LOST.says.format(action=action_of(service, operation))
        seconds = max(1, round(time.monotonic() - began))
        unit = "second" if seconds == 1 else "seconds"
        return UnreadError(Fault.LOST, Skipped(what, f"{said} within {seconds} {unit}", error=True))

    def _note_silence(self, service: str, began: float) -> None:
        """Remember a service that answered no call while one waited in vain, so that others do not wait as well."""
        with self._lock:
            if self._answered.get(service, 0) < began:
                self._silent.add(service)

    def _check_silence(self, service: str, operation: str, what: str) -> None:
        """Do not wait again for a service that was silent. Raises UnreadError."""
        if service in self._silent:
            self.again = True
            said = Fault.LOST.says.format(action=action_of(service, operation))
            reason = f"{said}: `{service}` did not answer an earlier call either, and was not asked again"
            raise UnreadError(Fault.LOST, Skipped(what, reason, error=True))

    def wait(self, seconds: float) -> None:
        """Wait, for nothing or longer. Raises StoppedError once the run is interrupted."""
        if self._stop.wait(seconds) if seconds else self._stop.is_set():
            raise StoppedError

    def _unread(self, what: str, error: AwsError, reason: str, service: str, began: float) -> UnreadError:
        fault = fault_of(error)
        self.again |= fault.again and (fault is not Fault.LOST or self.offers(service))
        if fault is Fault.LOST:
            self._note_silence(service, began)
        if fault not in ENDS_UNIT:
            skipped = Skipped(what, reason, error=True, help=_HELPS.get(fault, ""))
            return UnreadError(fault, skipped, refusal_of(error))
        with self._lock:
            if self._ended is None:
                self._ended = UnreadError(fault, Skipped(self.unit.name, reason, error=True))
            return self._ended

    def note(self, error: UnreadError) -> None:
        """Note once what could not be read."""
        with self._lock:
            if error.skipped not in self.skipped:
                self.skipped.append(error.skipped)

    def skip(self, skipped: Skipped) -> None:
        """Note once what was read and is of no use."""
        with self._lock:
            if skipped not in self.skipped:
                self.skipped.append(skipped)

    def read(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any] | None:
        """The same, or ``None`` for what could not be read, which is noted."""
        try:
            return self.make(service, operation, what, **parameters)
        except UnreadError as error:
            self.note(error)
            return None

    def need(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any]:
        """The same for what nothing goes on without. Raises InputError."""
        try:
            return self.make(service, operation, what, **parameters)
        except UnreadError as error:
            raise error.of_input() from None

    def found(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any] | None:
        """The same, or ``None`` for what is not there. Raises InputError."""
        try:
            return self.make(service, operation, what, **parameters)
        except UnreadError as error:
            if error.fault is Fault.GONE:
                return None
            raise error.of_input() from None

    def pages(self, listing: Listing, what: str, **parameters: object) -> Iterator[list[Any]]:
        """Give page after page. Raises UnreadError where one could not be read, or leads back to an earlier one."""
        seen = {parameters.get(listing.asks)}
        while True:
            answer = self.make(listing.service, listing.operation, what, **parameters)
            yield answer.get(listing.items) or []
            following = answer.get(listing.says)
            if reason := _broken_paging(answer, following, seen):
                raise self.odd(listing.service, listing.operation, what, reason)
            if not following:
                return
            seen.add(following)
            parameters[listing.asks] = following

    def listed(self, listing: Listing, what: str, **parameters: object) -> Iterator[Any]:
        """Give what is listed, up to a page that could not be read, which is noted."""
        try:
            for page in self.pages(listing, what, **parameters):
                yield from page
        except UnreadError as error:
            self.note(error)

    def every(self, listing: Listing, what: str, **parameters: object) -> list[Any]:
        """Give all that is listed, where nothing goes on without. Raises InputError."""
        try:
            return [one for page in self.pages(listing, what, **parameters) for one in page]
        except UnreadError as error:
            raise error.of_input() from None

    def all(self, listing: Listing, what: str, **parameters: object) -> list[Any] | None:
        """Give all that is listed, or ``None`` if any of it could not be read, which is noted."""
        try:
            return [one for page in self.pages(listing, what, **parameters) for one in page]
        except UnreadError as error:
            self.note(error)
            return None


def _broken_paging(answer: dict[str, Any], following: str | None, seen: set[Any]) -> str:
    """Say why there is no way on to the next page; nothing if there is one, or if this one is the last."""
    if following and following in seen:
        return "a page token is repeated"
    if len(seen) > _MOST_PAGES:
        return f"there are more than {_MOST_PAGES} pages"
    more = answer.get("Truncated") or answer.get("IsTruncated")
    return "there are more pages, and no token for the next one" if more and not following else ""


def _failed_operation(error: Exception, service: str, operation: str) -> tuple[str, str]:
    """What failed: the call itself, or taking on the role that it is made in."""
    name = getattr(error, "operation_name", "")
    return ("sts", "assume_role") if name == "AssumeRole" else (service, operation)


ALIASES = Listing("kms", "list_aliases", "Aliases", "Marker", "NextMarker")
BY_TOPIC = Listing("sns", "list_subscriptions_by_topic", "Subscriptions")


WATCHING = "checker-flow-"
"""Queues that watch a topic for as long as a flow lasts."""

KEEPING = "checker-retain-"
"""Queues and roles that keep a topic's messages for good."""
