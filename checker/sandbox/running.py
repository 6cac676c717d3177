"""A sandbox for a test: `running_sandbox()` starts one and hands over what speaks to it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import Request, urlopen

from botocore import UNSIGNED

from checker.sandbox.aws.upstream import DEFAULT_ACCOUNT, Clients
from checker.sandbox.http.journal import Delivery, LoggedCall, Notification
from checker.sandbox.server import PREFIX, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.sandbox.http.faults import Fault

DEFAULT_REGION = "us-east-1"


class Account(NamedTuple):
    """An account in a Region, as the functions that put something into a sandbox want it."""

    endpoint: str
    clients: Clients
    id: str
    region: str

    def client(self, service: str, **options: Any) -> Any:
        """Make a boto3 client of this account; ``options`` are those of botocore's Config.

        The participant service's calls are not signed, as those of a browser are not.
        """
        unsigned = {"signature_version": UNSIGNED} if service == "connectparticipant" else {}
        chosen = {"retries": {"total_max_attempts": 3}, **unsigned, **options}
        return self.clients.make(service, self.region, self.id, self.endpoint, **chosen)


class Sandbox(NamedTuple):
    """A sandbox that runs at an endpoint. ``token`` is that of its control endpoint."""

    endpoint: str
    clients: Clients
    token: str

    @property
    def environment(self) -> dict[str, str]:
        """What to put into the environment so that boto3, the AWS CLI and Terraform speak to the sandbox."""
        return environment(self.endpoint)

    def account(self, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> Account:
        """Give an account, which need not have been there before."""
        return Account(self.endpoint, self.clients, account, region)

    def client(self, service: str, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> Any:
        """Make a boto3 client of an account in a Region."""
        return self.account(account, region).client(service)

    def calls(self, service: str | None = None, action: str | None = None) -> list[LoggedCall]:
        """The calls so far, oldest first: all, or those of a service and an action."""
        found = (LoggedCall(**one) for one in self.ask("calls"))
        return [one for one in found if service in (None, one.service) and action in (None, one.action)]

    def deliveries(self) -> list[Delivery]:
        """What became of every message that Connect had for a topic, oldest first."""
        return [Delivery(**one) for one in self.ask("deliveries")]

    def chats(self, account: str = DEFAULT_ACCOUNT) -> list[str]:
        """The ids of an account's chats that have not ended."""
        return list(self.ask("chats", account=account))

    def notifications(self) -> list[Notification]:
        """What became of every notification that SNS had for an endpoint, oldest first."""
        return [Notification(**one) for one in self.ask("notifications")]

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock on."""
        self.ask("advance", seconds=seconds)

    def forget_calls(self) -> None:
        """Empty the log of calls."""
        self.ask("clear-calls")

    def fault(self, fault: Fault) -> None:
        """Put a fault in its place, until ``clear_faults``."""
        self.ask("fault", **fault._asdict())

    def clear_faults(self) -> None:
        """Take all faults away."""
        self.ask("clear-faults")

    def ask(self, verb: str, **given: Any) -> Any:
        """Ask something of the control endpoint. Raises urllib.error.HTTPError."""
        body, headers = json.dumps(given).encode(), {TOKEN: self.token}
        request = Request(f"{self.endpoint}{PREFIX}{verb}", body, headers)  # noqa: S310 - loopback
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)["result"]


def environment(endpoint: str) -> dict[str, str]:
    """The variables that lead AWS's tools to an endpoint."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": DEFAULT_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": DEFAULT_REGION,
    }


@contextmanager
def running_sandbox(*, throttles: bool = True) -> Iterator[Sandbox]:
    """Run an empty sandbox on a free port of the loopback interface, in a thread; one in a process at a time.

    Without ``throttles`` calls may come as fast as they like.
    Raises ImportError without the extra ``sandbox``, BusyError inside another one.
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
