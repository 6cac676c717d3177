"""Reports options that name nothing: most often they are misspelled, and without a word they would do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from checker.inputs.facts import Facts

_CLOSE = 0.6
"""How close a suggestion must be; names of variables and topics are longer and more alike than rules."""


VARIABLE, PARAMETER = "--var", "--parameter"


def unmatched_values(facts: Facts) -> Iterator[Skipped]:
    """Report values for Terraform variables and CloudFormation parameters that nothing examined declares."""
    given = facts.given
    yield from _unmatched(VARIABLE, given.variables, facts.variables, "Terraform root declares a variable")
    yield from _unmatched(PARAMETER, given.parameters, facts.parameters, "template declares a parameter")


def _unmatched(
    option: str, given: Iterable[tuple[str, str]], known: Collection[str], declares: str
) -> Iterator[Skipped]:
    for name in dict.fromkeys(name for name, _ in given):
        if name not in known:
            yield misspelled(option, f"no examined {declares} `{name}`", name, known)


def misspelled(option: str, reason: str, name: str, known: Collection[str]) -> Skipped:
    """Report one option, with the known name that was probably meant, or those that there are."""
    guess = did_you_mean(name, known, _CLOSE)
    listed = ", ".join(f"`{one}`" for one in sorted(known)[:5])
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    help_text = f"did you mean `{guess}`?" if guess else f"known: {listed}{more}" if known else ""
    return Skipped(option, reason, error=True, help=help_text)
