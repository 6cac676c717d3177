"""Descriptions of requests and decisions, and help texts that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.regions import CONNECT_REGIONS, REGIONS
from checker.core.unknown import Unknown
from checker.iam.decide.request import Anonymous, AwsPrincipal, Service
from checker.iam.decide.time_of_request import is_open_time
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.policy.model import Condition, Statement
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import closest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.core.arn import Arn
    from checker.iam.decide.decide import Match
    from checker.iam.decide.request import Request


def listed(names: Sequence[str], most: int = 3) -> str:
    """List the first names in backticks, and count the rest."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"`{name}`" for name in names[:most]) + more


def caller_of(request: Request) -> str:
    """Name the caller and, for Connect, the instance or account that it acts for."""
    if isinstance(request.caller, AwsPrincipal):
        return principal_of(request.caller.arn)
    if isinstance(request.caller, Anonymous):
        return "an anonymous caller"
    if request.caller.name != CONNECT:
        return request.caller.name
    source, account = request.context.get(SOURCE_ARN), request.context.get(SOURCE_ACCOUNT)
    if not isinstance(source, str):
        source_keys = "without aws:SourceArn and aws:SourceAccount"
        return f"Connect {f'for account {account}' if isinstance(account, str) else source_keys}"
    of_account = f" of account {account}" if isinstance(account, str) else " without aws:SourceAccount"
    return f"Connect for instance {source.rpartition('/')[2]}{of_account}"


def principal_of(arn: Arn) -> str:
    """Name a principal by its ARN, such as `role Chat of account A`."""
    return f"{arn.resource.replace('/', ' ', 1)} of account {arn.account}"


def could(request: Request, action: str) -> str:
    """Describe an allowed request, such as `Connect for instance I of account A could publish`."""
    return f"{caller_of(request)} could {action}{_circumstances(request)}"


def _circumstances(request: Request) -> str:
    circumstances = []
    if request.context.get("aws:securetransport") == "false":
        circumstances.append("without TLS")
    if not isinstance(request.caller, Service) and isinstance(
        address := request.context.get("aws:sourceip"), str
    ):
        circumstances.append(f"from {address}")
    return f" {' '.join(circumstances)}" if circumstances else ""


def why(match: Match, request: Request) -> str:
    """Explain why a statement applies to a request or does not."""
    statement = match.statement
    if isinstance(statement, Unknown):
        return f"could not be read: {statement.reason}"
    if match.truth is True:
        return "applies"
    if isinstance(match.truth, Unknown):
        return f"not known: {match.truth.reason}{f' (`{match.truth.where}`)' if match.truth.where else ''}"
    if isinstance(match.condition, Condition):
        return f"does not apply: {_failed(match.condition, request)}"
    return f"does not apply: {_out_of_scope(match.element, statement, request)}"


def _out_of_scope(element: str, statement: Statement, request: Request) -> str:
    element_value, request_value = {
        "Principal": (statement.principals, request.caller),
        "Action": (statement.actions, request.action),
        "Resource": (statement.resources, request.resource),
    }[element]
    name = "Not" * bool(getattr(element_value, "negated", False)) + element
    return f"{name} does not cover `{request_value}`"


def _failed(condition: Condition, request: Request) -> str:
    actual = request.context.get(condition.folded_key)
    but = "the request does not have the key" if actual is None else f"the request has {_shown(actual)}"
    required = ", ".join(f"`{value}`" for value in condition.values[:3] if isinstance(value, str))
    more = ", ..." if len(condition.values) > 3 else ""
    return f"{condition.operator} `{condition.key}` requires {required}{more}, but {but}"


def _shown(value: str | tuple[str, ...] | Unknown) -> str:
    if isinstance(value, Unknown):
        return "a time in 2026 or later" if is_open_time(value) else "an unknown value"
    return f"`{value}`" if isinstance(value, str) else ", ".join(f"`{one}`" for one in value) or "no value"


def not_listed(region: str) -> str:
    """Report that AWS does not list a Region for Amazon Connect; the list may be out of date, so this proves nothing."""
    return f"{region} is not in the list of Regions with Amazon Connect, which may be out of date"


def where_connect_is(region: str) -> str:
    """Suggest a Region instead of one that AWS does not list for Amazon Connect.

    https://docs.aws.amazon.com/general/latest/gr/connect_region.html
    """
    close = similar_region(region)
    return f"did you mean {close}?" if close else f"Regions with Amazon Connect: {', '.join(CONNECT_REGIONS)}"


def known_regions() -> list[str]:
    """Return the Regions of all partitions."""
    return [one for regions in REGIONS.values() for one in regions]


def similar_region(region: str) -> str:
    """Name the known Regions that may be meant by an unknown one; empty for a known Region, or if none is close."""
    known = known_regions()
    if region in known:
        return ""
    word = region.lower()
    meant = [one for one in known if one == word] or _swapped(word, known)
    return " or ".join(f"`{one}`" for one in meant or closest(word, known))


def _swapped(word: str, known: Sequence[str]) -> list[str]:
    """Return the first known Region with the letters of a word."""
    return [one for one in known if sorted(one) == sorted(word)][:1]


_AREA = r"([a-z]{2}(-gov|-iso[a-z]?)?|eusc-[a-z]{2})"
_DIRECTION = "(central|(north|south)?(east|west)|north|south)"
_NEW_REGION = pattern(f"{_AREA}-{_DIRECTION}-[1-9]")


def misspelled_region(region: str) -> str:
    """Name the known Regions that an unknown one resembles; empty if it may be newer than the list.

    AWS names Regions after a country or area, a direction and a number.
    """
    may_be_new = _NEW_REGION.fullmatch(region) and not _swapped(region, known_regions())
    return "" if may_be_new else similar_region(region)
