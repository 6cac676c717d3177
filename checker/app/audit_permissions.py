"""Says before a long audit which of its calls AWS refuses: `audit --check-permissions`."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from checker.app.audit_options import DEFAULT_HOURS, plan_of
from checker.app.exit_codes import Ending
from checker.app.next_step import after_permission_check
from checker.app.output import Destination, check_destinations
from checker.app.run import prepare
from checker.app.signals import interruptible
from checker.app.terminal import paint_for, tell, write
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert, json_lines
from checker.live.aws.access import ROLE_HELP
from checker.live.permissions import Extras, Limits, audit_policy
from checker.report.brief import count_noun, skipped_text

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
        tell(*skipped_text(one, paint_for(sys.stderr)))
    is_clean = all(one.is_clean for one in tried) and not skipped
    untried = len({action for one in tried for action in (*one.untried, *one.changing)})
    left = f"; {count_noun(untried, 'action')} not tried" if untried else ""
    extras, refused = _extras(request), {action for one in tried for action, _ in one.refused}
    if "sts:AssumeRole" in refused:
        tell(f"help: {ROLE_HELP}")
    if refused & {*_needed(extras)}:
        tell(after_permission_check(extras))
    elif is_clean:
        tell(f"no call was refused{left}")
    return Ending(incomplete=not is_clean)


def _tried(request: AuditOptions) -> tuple[tuple[Skipped, ...], list[Tried]]:
    from checker.live.audit.accounts import survey  # boto3 takes a fifth of a second to import
    from checker.live.audit.permission_check import Trial, check_permissions
    from checker.live.aws.access import Unit
    from checker.live.aws.session import sign_in

    plan, sessions, trial = plan_of(request, prepare(request.options)), sign_in(request.access), Trial()
    sessions.observe = trial.observe
    surveyed = survey(sessions, request.coverage)
    actions = _needed(_extras(request))
    of_units = [action for action in actions if not action.startswith(_OF_CALLER)]
    tried = list(check_permissions(trial, sessions, plan, surveyed.units, of_units))
    home = Unit("", (*request.coverage.regions, sessions.base.region_name or "")[0])
    elsewhere = trial.actions()  # the account of the caller is known before it lists Regions
    of_caller = trial.of(home, [one for one in actions if one not in of_units and one not in elsewhere])
    return surveyed.skipped, [of_caller, *tried]


def _extras(request: AuditOptions) -> Extras:
    """Return the features of the audit that need permissions of their own."""
    return Extras(
        role=request.access.role,
        organization=request.coverage.organization,
        all_regions=request.coverage.all_regions,
        tags=bool(request.options.topic_tags),
        trail=(DEFAULT_HOURS if request.hours is None else request.hours) > 0,
        security_hub=request.security_hub,
    )


def _needed(extras: Extras) -> list[str]:
    """Return the actions that `checker permissions audit` prints for the same options, but for assuming the role."""
    statements: list[dict[str, Any]] = audit_policy(Limits(), extras._replace(role=""))["Statement"]
    listed = ([one["Action"]] if isinstance(one["Action"], str) else one["Action"] for one in statements)
    return sorted({action for actions in listed for action in actions})


class _Group(NamedTuple):
    """Accounts and Regions in which AWS gave the same answers. All accounts have all of the Regions."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    tried: tuple[Tried, ...]

    @property
    def name(self) -> str:
        """The title of the group; its Regions are listed below if there are several."""
        if not self.accounts[0]:
            return "the caller"
        many = count_noun(len(self.accounts), "account")
        of = f"account {self.accounts[0]}" if len(self.accounts) == 1 else many
        return f"{of}, {self.regions[0] if len(self.regions) == 1 else f'{len(self.regions)} Regions'}"


def _answers(one: Tried) -> tuple[object, ...]:
    """Return the actions by their outcome, without the resources, which are of one account and Region."""
    refused, failed = (tuple(action for action, _ in pairs) for pairs in (one.refused, one.failed))
    return (not one.unit.account, one.allowed, refused, failed, one.untried, one.changing)


def _grouped(tried: Iterable[Tried]) -> list[_Group]:
    """Group equal answers: first the Regions of each account, then the accounts with the same Regions."""
    by_account: dict[tuple[str, object], list[Tried]] = {}
    for one in tried:
        by_account.setdefault((one.unit.account, _answers(one)), []).append(one)
    groups: dict[tuple[object, tuple[str, ...]], list[tuple[str, list[Tried]]]] = {}
    for (account, answers), same in by_account.items():
        regions = tuple(one.unit.region for one in same)
        groups.setdefault((answers, regions), []).append((account, same))
    return [
        _Group(tuple(account for account, _ in each), regions, tuple(one for _, same in each for one in same))
        for (_, regions), each in groups.items()
    ]


_COLUMNS = 80
_INDENT = " " * 13


def _text(tried: Iterable[Tried]) -> Iterator[str]:
    for group in _grouped(tried):
        first = group.tried[0]
        yield f"{inert(group.name)}: {count_noun(len(first.allowed), 'action')} allowed"
        if len(group.accounts) > 1:
            yield from _listed("accounts", group.accounts)
        if len(group.regions) > 1:
            yield from _listed("Regions", group.regions)
        yield from _failures("refused", [one.refused for one in group.tried])
        yield from _failures("failed", [one.failed for one in group.tried])
        if first.untried and first.allowed:
            yield "  not tried, because the sample has no resource for it:"
            yield from _wrapped(", ".join(first.untried))
        if first.changing:
            yield "  not tried, because it would change something:"
            yield from _wrapped(", ".join(first.changing))


def _wrapped(text: str) -> list[str]:
    room = _COLUMNS - len(_INDENT)
    lines = wrap(inert(text), room, break_on_hyphens=False, break_long_words=False)
    return [f"{_INDENT}{line}" for line in lines]


def _listed(title: str, names: Sequence[str]) -> Iterator[str]:
    first, *others = _wrapped(", ".join(names))
    yield f"  {title:<11}{first.lstrip()}"
    yield from others


def _failures(title: str, units: Sequence[tuple[tuple[str, str], ...]]) -> Iterator[str]:
    """List the actions that failed in the units of a group, each with the resource or reason of the first unit."""
    for action, about in units[0]:
        yield f"  {title:<11}{action}"
        yield from _wrapped(f"for {about}")
        if len(units) > 1:
            yield f"{_INDENT}and in {len(units) - 1} more, which `--format json` lists"


def _json(tried: Sequence[Tried]) -> dict[str, Any]:
    """Return the answers of each account and Region, and the groups of those that are equal."""
    return {
        "version": 1,
        "units": [
            {
                "account": one.unit.account or None,
                "region": one.unit.region,
                **_outcomes(one),
                "refused": [{"action": action, "resource": about} for action, about in one.refused],
                "failed": [{"action": action, "reason": about} for action, about in one.failed],
            }
            for one in tried
        ],
        "groups": [
            {
                "accounts": [account or None for account in group.accounts],
                "regions": list(group.regions),
                **_outcomes(group.tried[0]),
                "refused": [action for action, _ in group.tried[0].refused],
                "failed": [action for action, _ in group.tried[0].failed],
            }
            for group in _grouped(tried)
        ],
    }


def _outcomes(one: Tried) -> dict[str, list[str]]:
    return {
        "allowed": list(one.allowed),
        "not_tried": list(one.untried),
        "would_change": list(one.changing),
    }
