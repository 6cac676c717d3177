"""Requests in words, for witnesses and for `checker explain`, and advice that several give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.regions import CONNECT_REGIONS, REGIONS
from checker.core.unknown import Unknown
from checker.iam.decide.request import Anonymous, AwsPrincipal, Service
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.policy.model import Condition, Statement
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.core.arn import Arn
    from checker.iam.decide.decide import Match
    from checker.iam.decide.request import Request


def listed(names: Sequence[str], most: int = 3) -> str:
    """Put names in backticks, and say how many there are beside the first few."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"`{name}`" for name in names[:most]) + more


def caller_of(request: Request) -> str:
    """Name who asks, and on whose behalf."""
    if isinstance(request.caller, AwsPrincipal):
        return principal_of(request.caller.arn)
    if isinstance(request.caller, Anonymous):
        return "an anonymous caller"
    if request.caller.name != CONNECT:
        return request.caller.name
    source, account = request.context.get(SOURCE_ARN), request.context.get(SOURCE_ACCOUNT)
    if not isinstance(source, str):
        behalf = f"for account {account}" if isinstance(account, str) else "without saying for whom"
        return f"Connect {behalf}"
    of_account = f" of account {account}" if isinstance(account, str) else ""
    return f"Connect for instance {source.rpartition('/')[2]}{of_account}"


def principal_of(arn: Arn) -> str:
    """Name a principal by its ARN: `role Chat of account A`."""
    return f"{arn.resource.replace('/', ' ', 1)} of account {arn.account}"


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


def why(match: Match, request: Request) -> str:
    """Say why a statement applies to a request, or why not."""
    statement = match.statement
    if isinstance(statement, Unknown):
        return f"could not be read: {statement.reason}"
    if match.truth is True:
        return "applies"
    if isinstance(match.truth, Unknown):
        return f"unknown: {match.truth.reason}{f' (`{match.truth.where}`)' if match.truth.where else ''}"
    if isinstance(match.condition, Condition):
        return f"does not apply: {_failed(match.condition, request)}"
    return f"does not apply: {_out_of_scope(match.element, statement, request)}"


def _out_of_scope(element: str, statement: Statement, request: Request) -> str:
    written, asked = {
        "Principal": (statement.principals, request.caller),
        "Action": (statement.actions, request.action),
        "Resource": (statement.resources, request.resource),
    }[element]
    name = "Not" * bool(getattr(written, "negated", False)) + element
    return f"{name} does not cover `{asked}`"


def _failed(condition: Condition, request: Request) -> str:
    found = request.context.get(condition.folded_key)
    held = "the request has no such key" if found is None else f"the request has {_shown(found)}"
    wanted = ", ".join(f"`{value}`" for value in condition.values[:3] if isinstance(value, str))
    more = ", ..." if len(condition.values) > 3 else ""
    return f"{condition.operator} `{condition.key}` asks for {wanted}{more}, {held}"


def _shown(value: str | tuple[str, ...] | Unknown) -> str:
    if isinstance(value, Unknown):
        return "an unknown value"
    return f"`{value}`" if isinstance(value, str) else ", ".join(f"`{one}`" for one in value) or "no value"


def not_listed(region: str) -> str:
    """Say that no list has Amazon Connect in a Region; lists age, so that proves nothing."""
    return f"{region} is not on the list of Regions with Amazon Connect, which may be older than the Region"


def where_connect_is(region: str) -> str:
    """Advise on a Region that is not listed for Connect. https://docs.aws.amazon.com/general/latest/gr/connect_region.html"""
    every = tuple(one for regions in REGIONS.values() for one in regions)
    guess = None if region in every else did_you_mean(region, every)
    return f"did you mean `{guess}`?" if guess else f"the list has {', '.join(CONNECT_REGIONS)}"
