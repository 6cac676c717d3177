"""Says before a long audit which of its calls AWS refuses: `audit --check-permissions`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.app.audit_options import DEFAULT_HOURS, plan_of
from checker.app.exit_codes import Ending
from checker.app.output import Destination, check_destinations
from checker.app.run import prepare
from checker.app.signals import interruptible
from checker.app.terminal import tell, write
from checker.core.errors import InputError
from checker.core.terminal_text import inert, json_lines
from checker.live.permissions import Extras, Limits, audit_policy
from checker.report.brief import count_noun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.app.audit_options import AuditOptions
    from checker.core.errors import Skipped
    from checker.live.audit.permission_check import Tried

_OF_CALLER = ("organizations:", "ec2:DescribeRegions", "sts:")
"""Beginnings of the actions that list the accounts and Regions."""


def try_permissions(request: AuditOptions, formats: Sequence[str], output: str) -> Ending:
    """Try the calls of an audit with a few topics of each account and Region, and report what AWS refuses.

    Raises CheckerError.
    """
    destinations = [Destination.of(text) for text in formats or ("text",)]
    check_destinations(destinations, output)
    for destination in destinations:
        if destination.format not in ("text", "json"):
            reason = f"--check-permissions has no format `{destination.format}`"
            raise InputError("--format", reason, help_text="use text or json")
    with interruptible():
        skipped, tried = _tried(request)
    for destination in destinations:
        lines = json_lines(_json(tried)) if destination.format == "json" else _text(tried)
        write(lines, destination.path or (Path(output) if output else None))
    for one in skipped:
        tell(f"error: {inert(one.what)}: {inert(one.reason)}")
    is_clean = all(one.is_clean for one in tried) and not skipped
    untried = len({action for one in tried for action in (*one.untried, *one.changing)})
    left = f"; {count_noun(untried, 'action')} not tried" if untried else ""
    tell("next: checker permissions audit" if not is_clean else f"no call was refused{left}")
    return Ending(incomplete=not is_clean)


def _tried(request: AuditOptions) -> tuple[tuple[Skipped, ...], list[Tried]]:
    from checker.live.audit.accounts import survey  # boto3 takes a fifth of a second to import
    from checker.live.audit.permission_check import Trial, check_permissions
    from checker.live.aws.access import Unit
    from checker.live.aws.session import sign_in

    plan, sessions, trial = plan_of(request, prepare(request.options)), sign_in(request.access), Trial()
    sessions.observe = trial.observe
    surveyed = survey(sessions, request.coverage)
    actions = _needed(request)
    of_units = [action for action in actions if not action.startswith(_OF_CALLER)]
    tried = list(check_permissions(trial, sessions, plan, surveyed.units, of_units))
    home = Unit("", (*request.coverage.regions, sessions.base.region_name or "")[0])
    elsewhere = trial.actions()  # the account of the caller is known before it lists Regions
    of_caller = trial.of(home, [one for one in actions if one not in of_units and one not in elsewhere])
    return surveyed.skipped, [of_caller, *tried]


def _needed(request: AuditOptions) -> list[str]:
    """Return the actions that `checker permissions audit` prints for the same options."""
    extras = Extras(
        organization=request.coverage.organization,
        all_regions=request.coverage.all_regions,
        tags=bool(request.options.topic_tags),
        trail=(DEFAULT_HOURS if request.hours is None else request.hours) > 0,
        security_hub=request.security_hub,
    )
    statements: list[dict[str, Any]] = audit_policy(Limits(), extras)["Statement"]
    listed = ([one["Action"]] if isinstance(one["Action"], str) else one["Action"] for one in statements)
    return sorted({action for actions in listed for action in actions})


def _name(one: Tried) -> str:
    return one.unit.name if one.unit.account else "the caller"


def _text(tried: Iterable[Tried]) -> Iterator[str]:
    for one in tried:
        yield f"{inert(_name(one))}: {count_noun(len(one.allowed), 'action')} allowed"
        for action, about in one.refused:
            yield f"  refused    {action}"
            yield f"             for {inert(about)}"
        for action, about in one.failed:
            yield f"  failed     {action}"
            yield f"             for {inert(about)}"
        if one.untried and one.allowed:
            yield "  not tried, because the sample has no resource for it:"
            yield from (f"             {action}" for action in one.untried)
        if one.changing:
            yield "  not tried, because it would change something:"
            yield from (f"             {action}" for action in one.changing)


def _json(tried: Iterable[Tried]) -> dict[str, Any]:
    return {
        "version": 1,
        "units": [
            {
                "account": one.unit.account or None,
                "region": one.unit.region,
                "allowed": list(one.allowed),
                "refused": [{"action": action, "resource": about} for action, about in one.refused],
                "failed": [{"action": action, "reason": about} for action, about in one.failed],
                "not_tried": list(one.untried),
                "would_change": list(one.changing),
            }
            for one in tried
        ],
    }
