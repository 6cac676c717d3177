"""A sandbox for tests: `running_sandbox()` starts one and returns its client side."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import Request, urlopen

from botocore import UNSIGNED

from checker.sandbox.aws.pending import PendingSubscription
from checker.sandbox.aws.upstream import DEFAULT_ACCOUNT, Clients
from checker.sandbox.http.journal import Delivery, LoggedCall, Notification
from checker.sandbox.server import PREFIX, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.sandbox.http.faults import Fault

DEFAULT_REGION = "us-east-1"


class Account(NamedTuple):
    """An account in a Region, for the functions that create resources in a sandbox."""

    endpoint: str
    clients: Clients
    id: str
    region: str

    def client(self, service: str, **options: Any) -> Any:
        """Create a boto3 client for this account. ``options`` are arguments of botocore's Config.

        Calls to the participant service are not signed, like those of a browser.
        """
        unsigned = {"signature_version": UNSIGNED} if service == "connectparticipant" else {}
        config = {"retries": {"total_max_attempts": 3}, **unsigned, **options}
        return self.clients.make(service, self.region, self.id, self.endpoint, **config)


class Sandbox(NamedTuple):
    """A running sandbox. ``token`` authorizes calls to its control endpoint."""

    endpoint: str
    clients: Clients
    token: str

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that direct boto3, the AWS CLI and Terraform to the sandbox."""
        return environment(self.endpoint)

    def account(self, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> Account:
        """Return an account. It need not exist before."""
        return Account(self.endpoint, self.clients, account, region)

    def client(self, service: str, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> Any:
        """Create a boto3 client for an account in a Region."""
        return self.account(account, region).client(service)

    def calls(self, service: str | None = None, action: str | None = None) -> list[LoggedCall]:
        """Return the calls so far, oldest first, optionally filtered by service and action."""
        calls = (LoggedCall(**call) for call in self.ask("calls"))
        return [call for call in calls if service in (None, call.service) and action in (None, call.action)]

    def deliveries(self) -> list[Delivery]:
        """Return the deliveries of all messages from Connect to topics, oldest first."""
        return [Delivery(**delivery) for delivery in self.ask("deliveries")]

    def chats(self, account: str = DEFAULT_ACCOUNT) -> list[str]:
        """Return the IDs of an account's chats that have not ended."""
        return list(self.ask("chats", account=account))

    def notifications(self) -> list[Notification]:
        """Return the deliveries of all notifications from SNS to endpoints, oldest first."""
        return [Notification(**notification) for notification in self.ask("notifications")]

    def pending(self) -> list[PendingSubscription]:
        """Return the unconfirmed subscriptions with their tokens, oldest first."""
        return [PendingSubscription(**pending) for pending in self.ask("pending")]

    def confirm(self, endpoint: str) -> str:
        """Confirm the subscription of an endpoint, as its owner does, and return the subscription's ARN."""
        token = next(pending.token for pending in self.pending() if pending.endpoint == endpoint)
        return str(self.ask("confirm", token=token))

    def advance(self, seconds: float) -> None:
        """Advance the sandbox's clock."""
        self.ask("advance", seconds=seconds)

    def assume(self, **chosen: bool) -> None:
        """Choose behavior that AWS does not document, as `Assumptions` names it; the rest gets its default."""
        self.ask("assume", **chosen)

    def clear_calls(self) -> None:
        """Clear the log of calls."""
        self.ask("clear-calls")

    def fault(self, fault: Fault) -> None:
        """Activate a fault until ``clear_faults``."""
        self.ask("fault", **fault._asdict())

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.ask("clear-faults")

    def ask(self, verb: str, **parameters: Any) -> Any:
        """Call the control endpoint. Raises urllib.error.HTTPError."""
        body, headers = json.dumps(parameters).encode(), {TOKEN: self.token}
        request = Request(f"{self.endpoint}{PREFIX}{verb}", body, headers)  # noqa: S310 - loopback
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)["result"]


def environment(endpoint: str) -> dict[str, str]:
    """Return the environment variables that direct AWS tools to an endpoint."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": DEFAULT_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": DEFAULT_REGION,
    }


@contextmanager
def running_sandbox(*, throttles: bool = True) -> Iterator[Sandbox]:
    """Run an empty sandbox in a thread, on a free port of the loopback interface.

    A process can run one sandbox at a time. Without ``throttles``, calls are not throttled.
    Raises ImportError without the extra ``sandbox``, BusyError if another sandbox is running.
    """
    from checker.sandbox.server import Server

    server = Server()
    server.start()
    try:
        sandbox = Sandbox(server.endpoint, Clients(), server.token)
        sandbox.ask("throttles", on=throttles)
        yield sandbox
    finally:
        server.stop()
