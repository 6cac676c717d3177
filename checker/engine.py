"""Rules and an inventory make a Report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.case import TopicCase
from checker.finding import Finding, Location, Severity, Verdict
from checker.inventory import Key, PolicyText
from checker.key_case import KeyCase
from checker.outcome import Examined, Report
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.inventory import Inventory, Place, Topic
    from checker.rule import Rule


def judge(inventory: Inventory, rules: Sequence[Rule], *, all_topics: bool = False) -> Report:
    """Run the rules over every target in scope: topics, the keys that they use, contacts."""
    run = _Run(rules)
    judged = [topic for topic in inventory.topics if all_topics or in_scope(topic)]
    used: list[Key] = []
    for topic in judged:
        case = TopicCase(topic, inventory)
        run.target("topic", case.name, topic.place, case.text, "check_topic", case)
        if isinstance(case.key, Key) and case.key not in used:
            used.append(case.key)
            key_case = KeyCase(case.key, topic, case.instances)
            run.target("key", key_case.name, case.key.place, case.key.policy, "check_key", key_case)
    for key in inventory.keys:
        if key not in used and (all_topics or key_in_scope(key)):
            arns = tuple(one.arn for one in inventory.instances)
            run.target("key", key.name, key.place, key.policy, "check_key", KeyCase(key, None, arns))
    for contact in inventory.contacts:
        run.target("contact", contact.id, contact.place, None, "check_contact", contact)
    not_judged = len(inventory.topics) - len(judged)
    return Report(
        tuple(_ordered(run.findings)), tuple(run.examined), inventory.skipped, not_judged, tuple(run.crashed)
    )


def in_scope(topic: Topic) -> bool:
    """True for a topic that somebody named, or whose policy names connect.amazonaws.com."""
    return topic.named or (isinstance(topic.policy, PolicyText) and topic.policy.names_connect)


def key_in_scope(key: Key) -> bool:
    """The same for a key that no topic in scope uses."""
    return key.named or (isinstance(key.policy, PolicyText) and key.policy.names_connect)


CHECKS = ("check_topic", "check_key", "check_contact")


class _Run:
    """The rules at work, one target after the other."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.judging = {check: [r for r in rules if r.judges(check)] for check in CHECKS}
        self.findings: list[Finding] = []
        self.examined: list[Examined] = []
        self.crashed: list[str] = []

    def target(self, kind: str, name: str, place: Place, policy: object, check: str, case: object) -> None:
        verdicts: dict[str, Verdict] = {}
        for rule in self.judging[check]:
            if rule.needs_policy and isinstance(policy, Unknown):
                verdicts[rule.id] = Verdict.UNDETERMINED
                continue
            said = self.check(rule, getattr(rule, check), case, name, place)
            if said:
                self.findings += [one for one in said if isinstance(one, Finding)]
            verdicts[rule.id] = _verdict(said)
        self.examined.append(Examined(kind, name, place.document.name, verdicts))

    def check(
        self,
        rule: Rule,
        check: Callable[[object], Iterator[Finding | Unknown]],
        case: object,
        name: str,
        place: Place,
    ) -> list[Finding | Unknown]:
        try:
            return list(check(case))
        except Exception as error:  # noqa: BLE001 - one broken rule must not silence the others
            self.crashed.append(rule.id)
            message = f"the rule failed itself: {type(error).__name__}: {error}"
            help_text = "this is a fault of checker, please report it with the file"
            where = Location(place.document, place.route)
            return [
                Finding(rule.id, Severity.ERROR, message, name, (where,), Verdict.UNDETERMINED, help_text)
            ]


def _verdict(said: Sequence[Finding | Unknown]) -> Verdict:
    if not said:
        return Verdict.PASS
    if any(isinstance(one, Finding) and one.verdict is Verdict.FAIL for one in said):
        return Verdict.FAIL
    return Verdict.UNDETERMINED


def _ordered(findings: list[Finding]) -> Iterator[Finding]:
    """By file and place, the worst first where several share one."""

    def key(finding: Finding) -> tuple[str, tuple[int, int], int, str]:
        first = finding.locations[0]
        position = first.position()
        return (
            first.document.name,
            (position.line, position.column) if position else (0, 0),
            -finding.severity.rank,
            finding.rule,
        )

    return iter(sorted(findings, key=key))
