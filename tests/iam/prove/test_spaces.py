"""The requests that each question ranges over: what is the same in all of them, what is absent, and every choice.

Choices are shown for a policy that tests every key, with the work that they take. A domain that was shown before is
named by its number. `CHECKER_GOLDEN=write pytest tests/iam/prove/test_spaces.py` writes the file anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checker.iam.prove.domain import LIMIT, Budget, Choice, Choices, Domain
from checker.iam.prove.partial_policy import prepare
from checker.iam.prove.space import Space
from checker.policy.names import GLOBAL_KEYS, KEY_KEYS, TOPIC_KEYS
from tests.golden import is_as_written
from tests.iam.decide.test_traces import shown
from tests.iam.prove.test_domains import spaces
from tests.samples import document, policy_of, statement

KEYS = [key + "x" * (key[-1] in "/:") for key in (*GLOBAL_KEYS, *TOPIC_KEYS, *KEY_KEYS)]
TYPED = {
    "IpAddress": dict.fromkeys(("aws:SourceIp", "aws:VpcSourceIp"), "203.0.113.0/24"),
    "DateLessThan": dict.fromkeys(("aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"), "2027-01-01"),
    "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
}
TEXTS = {key: ["?", "*b*"] for key in KEYS if not any(key in keys for keys in TYPED.values())}
ARNS = {
    "ArnLike": {"aws:SourceArn": "arn:*:*:*:1*:*", "aws:PrincipalArn": "arn:aws:iam::*:user/a*"},
    "StringEqualsIgnoreCase": {"aws:PrincipalTag/x": "B", "aws:userid": "AIDA2"},
    "StringNotEquals": {"aws:UserAgent": "é\u20ac", "aws:SourceAccount": "444455556666"},
    "Null": {"aws:Referer": "true"},
}
POLICY = policy_of(document(statement(Principal="*", Condition={"StringLike": TEXTS, **TYPED, **ARNS})))


class Shown:
    """Writes spaces; ``seen`` are the lines of the domains that were written."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    def space(self, name: str, space: Space) -> Iterator[str]:
        yield f"# {name}: {space.caller}, {space.action}, {space.resource}"
        yield from assigned(space.fixed)
        yield f"absent {' '.join(sorted(space.absent))}"
        mentions = prepare(space, POLICY).mentions()
        for domain in space.free:
            yield from self.domain(domain, mentions)
        listed = len(space.free)
        yield f"others {' '.join(key for domain in space.domains(sorted(mentions))[listed:] for key in domain.keys)}"

    def domain(self, domain: Domain, mentions: Any) -> Iterator[str]:
        budget = Budget()
        found = domain.choices(mentions, budget)
        lines = [line for choice in found.choices for line in self.choice(choice, mentions)]
        heads = [f"{', '.join(sorted(domain.keys))}{about(found)}; work {LIMIT - budget.left}", *lines]
        if heads not in self.seen:
            self.seen.append(heads)
            yield f"domain {len(self.seen)}: {heads[0]}"
            yield from (f"    {line}" for line in lines)
        else:
            yield f"domain {self.seen.index(heads) + 1}"

    def choice(self, choice: Choice, mentions: Any) -> Iterator[str]:
        values = "; ".join(
            assigned({key: value for key, value in choice.values.items() if value is not None})
        )
        yield f"- {values}{f' PROVES NOTHING: {shown(choice.doubt)}' if choice.doubt is not None else ''}"
        for domain in choice.then:
            yield from (f"  {line}" for line in self.domain(domain, mentions))


def assigned(values: Any) -> Iterator[str]:
    yield from (f"{key} = {shown(value)}" for key, value in sorted(values.items()))


def about(found: Choices) -> str:
    """Write what is not sure about a domain: classes that may be missing, and values that stand for others."""
    gap = f" (gap: {shown(found.gap)})" if found.gap is not None else ""
    return f"{gap} (opened: {', '.join(sorted(found.opened))})" if found.opened else gap


def test_the_spaces_are_as_written() -> None:
    shows = Shown()
    lines = [line for name, space in spaces() for line in shows.space(name, space)]
    assert is_as_written(Path(__file__).parent / "spaces.txt", "".join(f"{line}\n" for line in lines))
