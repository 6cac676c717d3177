"""Rules and an inventory make a Report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.case import TopicCase
from checker.finding import Finding, Location, Role, Severity, Verdict
from checker.inventory import Key, PolicyText
from checker.key_case import KeyCase
from checker.key_users import alike, cases_by_key, is_about_topics, merged, worst
from checker.outcome import Examined, Report
from checker.policy.unknown import Unknown
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from checker.inventory import Inventory, Place, Topic, Written
    from checker.key_users import Verdicts
    from checker.rule import Rule


class Scope(NamedTuple):
    """Which topics are judged beside those that somebody named and those that speak of Connect.

    ``topics`` are ARNs with wildcards, ``tags`` read ``KEY`` or ``KEY=VALUE``. ``files``, if given, are those
    that the run is about: what touches none of them is context, and is neither judged nor counted.
    """

    all_topics: bool = False
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    files: frozenset[str] | None = None

    def takes(self, topic: Topic, streamed: frozenset[str]) -> bool:
        """True for a topic that is to be judged; ``streamed`` are the ARNs that contacts stream to."""
        policy = topic.policy
        speaks = isinstance(policy, PolicyText) and policy.names_connect
        known = self.all_topics or topic.named or speaks or str(topic.arn) in streamed
        return known or self._asks_for(topic)

    def _asks_for(self, topic: Topic) -> bool:
        tags = {word for key, value in topic.tags for word in (key, f"{key}={value}")}
        named = any(glob(pattern).matches(str(topic.arn)) for pattern in self.topics)
        return named or not tags.isdisjoint(self.tags)

    def takes_key(self, key: Key) -> bool:
        """The same for a key that no topic in scope uses."""
        speaks = isinstance(key.policy, PolicyText) and key.policy.names_connect
        return self.all_topics or key.named or speaks

    def is_about(self, *places: Place | PolicyText | Unknown | None) -> bool:
        """True if the run is about one of the files."""
        names = {one.document.name for one in places if one is not None and not isinstance(one, Unknown)}
        return self.files is None or not names.isdisjoint(self.files)


def judge(inventory: Inventory, rules: Sequence[Rule], scope: Scope = Scope()) -> Report:  # noqa: B008 - frozen
    """Run the rules over every target in scope: topics, the keys that they use, contacts."""
    run = _Run(rules)
    streamed = frozenset(text for contact in inventory.contacts for text, _ in contact.topics)
    about = [topic for topic in inventory.topics if _touches(topic, inventory, scope)]
    judged = [topic for topic in about if scope.takes(topic, streamed)]
    used = cases_by_key(judged, inventory)
    of_keys: dict[int, Verdicts] = {}
    for cases in used.values():
        of_keys |= run.key(cases)
    for topic in judged:
        case = TopicCase(topic, inventory)
        target = _Target("topic", case.name, topic.address, topic.place, case.text, topic.written)
        run.target(target, "check_topic", case, of_keys.get(id(topic)))
    for key in inventory.keys:
        if id(key) not in used and scope.takes_key(key) and scope.is_about(key.place, key.policy):
            run.key([KeyCase(key, None, tuple(one.arn for one in inventory.instances))])
    for contact in inventory.contacts:
        if scope.is_about(contact.place):
            run.target(_Target("contact", contact.id, "", contact.place, None), "check_contact", contact)
    findings = [one for one in run.findings if scope.files is None or one.locations[0].source in scope.files]
    return Report(
        tuple(_ordered(_folded(findings))),
        tuple(sorted(run.examined, key=lambda one: KINDS.index(one.kind))),
        inventory.skipped,
        len(about) - len(judged),
        tuple(run.crashed),
    )


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """Say once what is said of several resources in the same words at the same places.

    A template that is judged under several conditions, or declares a resource for each of a set, has many.
    """
    said: dict[object, Finding] = {}
    for one in sorted(findings, key=lambda one: (one.resource, one.address)):
        places = tuple((place.source, place.position() or place.route) for place in one.locations)
        said.setdefault((one.rule, one.severity, one.verdict, one.message, places), one)
    return list(said.values())


def _touches(topic: Topic, inventory: Inventory, scope: Scope) -> bool:
    """True if the run is about a file that says something of the topic or its key."""
    key = inventory.key_of(topic)
    of_key = (key.place, key.policy) if isinstance(key, Key) else ()
    return scope.is_about(topic.place, topic.policy, *of_key)


KINDS = ("topic", "key", "contact")
CHECKS = ("check_topic", "check_key", "check_contact")


class _Target(NamedTuple):
    """What the rules look at in turn."""

    kind: str
    name: str
    address: str
    place: Place
    policy: PolicyText | Unknown | None
    written: Written | None = None


class _Run:
    """The rules at work, one target after the other."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.judging = {check: [r for r in rules if r.judges(check)] for check in CHECKS}
        self.about_topics = {rule.id for rule in rules if is_about_topics(rule)}
        self.findings: list[Finding] = []
        self.examined: list[Examined] = []
        self.crashed: list[str] = []

    def key(self, cases: Sequence[KeyCase]) -> dict[int, Verdicts]:
        """Judge a key for the topics that use it, and give its verdicts on them, by the topic's identity."""
        key = cases[0].key
        found: list[tuple[Finding, list[str]]] = []
        verdicts: dict[int, Verdicts] = {}
        target = _Target("key", cases[0].name, key.address, key.place, key.policy, key.written)
        of_groups = []
        for group in alike(cases):
            findings, judged = self.judged(target, "check_key", group[0])
            topics = [one.topic for one in group if one.topic is not None]
            found += ((one, self.affected(one, topics)) for one in findings)
            of_groups.append(judged)
            about = {rule: one for rule, one in judged.items() if rule in self.about_topics}
            verdicts |= {id(topic): about for topic in topics}
        self.findings += merged(found)
        self.examined.append(Examined("key", target.name, key.place.document.name, worst(of_groups)))
        return verdicts

    def affected(self, finding: Finding, topics: Sequence[Topic]) -> list[str]:
        """The topics that a finding about their key affects."""
        return [topic.name for topic in topics] if finding.rule in self.about_topics else []

    def target(
        self, target: _Target, check: str, case: object, more: Mapping[str, Verdict] | None = None
    ) -> None:
        """Judge a target; ``more`` are verdicts on it that were found elsewhere."""
        findings, verdicts = self.judged(target, check, case)
        self.findings += findings
        source = target.place.document.name
        self.examined.append(Examined(target.kind, target.name, source, worst((verdicts, more or {}))))

    def judged(self, target: _Target, check: str, case: object) -> tuple[list[Finding], Verdicts]:
        """The findings about a target, and the verdict of each rule."""
        findings: list[Finding] = []
        verdicts: Verdicts = {}
        for rule in self.judging[check]:
            if rule.needs_policy and isinstance(target.policy, Unknown):
                verdicts[rule.id] = Verdict.UNDETERMINED
                continue
            said = self.check(rule, getattr(rule, check), case, target)
            if said:
                found = (one for one in said if isinstance(one, Finding))
                findings += (_declared(one, target) for one in found)
            verdicts[rule.id] = _verdict(said)
        return findings, verdicts

    def check(
        self,
        rule: Rule,
        check: Callable[[object], Iterator[Finding | Unknown]],
        case: object,
        target: _Target,
    ) -> list[Finding | Unknown]:
        try:
            return list(check(case))
        except Exception as error:  # noqa: BLE001 - one broken rule must not silence the others
            self.crashed.append(rule.id)
            message = f"the rule failed itself: {type(error).__name__}: {error}"
            help_text = "this is a fault of checker, please report it with the file"
            where = (Location(target.place.document, target.place.route),)
            verdict = Verdict.UNDETERMINED
            return [Finding(rule.id, Severity.ERROR, message, target.name, where, verdict, help_text)]


def _declared(finding: Finding, target: _Target) -> Finding:
    """Say what the resource is declared as, and where that is written."""
    if target.written is None:
        return finding._replace(address=target.address)
    first, written = finding.locations[0], target.written
    of_policy = isinstance(target.policy, PolicyText) and first.document is target.policy.document
    document, route = (written.policy, first.route) if of_policy and written.policy else written.place
    place = Location(document, route, first.part, Role.RELATED, "written here")
    return finding._replace(address=target.address, locations=(*finding.locations, place))


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
            first.source,
            (position.line, position.column) if position else (0, 0),
            -finding.severity.rank,
            finding.rule,
        )

    return iter(sorted(findings, key=key))
