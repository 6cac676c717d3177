"""Requests in words, for witnesses and for `checker explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.iam.domain import SOURCE_ACCOUNT, SOURCE_ARN
from checker.iam.request import Service
from checker.iam.space import CONNECT

if TYPE_CHECKING:
    from checker.iam.request import Request


def caller_of(request: Request) -> str:
    """Name who asks, and on whose behalf."""
    if not isinstance(request.caller, Service):
        arn = request.caller.arn
        return f"{arn.resource.replace('/', ' ', 1)} of account {arn.account}"
    if request.caller.name != CONNECT:
        return request.caller.name
    source, account = request.context.get(SOURCE_ARN), request.context.get(SOURCE_ACCOUNT)
    if not isinstance(source, str):
        behalf = f"for account {account}" if isinstance(account, str) else "without saying for whom"
        return f"Connect {behalf}"
    of_account = f" of account {account}" if isinstance(account, str) else ""
    return f"Connect for instance {source.rpartition('/')[2]}{of_account}"


def could(request: Request, deed: str) -> str:
    """Say that a request is possible: `Connect for instance I of account A could publish`."""
    return f"{caller_of(request)} could {deed}{_circumstances(request)}"


def _circumstances(request: Request) -> str:
    said = []
    if request.context.get("aws:securetransport") == "false":
        said.append("without TLS")
    if not isinstance(request.caller, Service) and isinstance(
        address := request.context.get("aws:sourceip"), str
    ):
        said.append(f"from {address}")
    return f" {' '.join(said)}" if said else ""
