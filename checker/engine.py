"""Rules and an inventory make a Report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.case import TopicCase
from checker.finding import Finding, Location, Role, Severity, Verdict
from checker.inventory import Key, PolicyText, Skipped
from checker.key_case import KeyCase
from checker.locatable import Unplaced, locatable
from checker.outcome import Doubt, Examined, Report
from checker.pairing import pair, pairings_of_key
from checker.policy.unknown import Unknown
from checker.policy.wildcard import glob
from checker.relevance import is_relevant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.inventory import Inventory, Pairing, Place, Topic, Written
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

    def takes(self, topic: Topic, streamed: frozenset[str], key: Key | Unknown | None = None) -> bool:
        """True for a topic that is to be judged.

        ``streamed`` are the ARNs that contacts stream to, ``key`` is the key that the topic is encrypted with.
        """
        chosen = self.all_topics or topic.named or self._asks_for(topic)
        return chosen or str(topic.arn) in streamed or is_relevant(topic, key)

    def _asks_for(self, topic: Topic) -> bool:
        tags = {word for key, value in topic.tags for word in (key, f"{key}={value}")}
        named = any(glob(pattern).matches(str(topic.arn)) for pattern in self.topics)
        return named or not tags.isdisjoint(self.tags)

    def takes_key(self, key: Key) -> bool:
        """True for a key that is to be judged although no topic in scope uses it."""
        return key.named or (isinstance(key.policy, PolicyText) and key.policy.names_connect)

    def is_about(self, *places: Place | PolicyText | Unknown | None) -> bool:
        """True if the run is about one of the files."""
        names = {one.document.name for one in places if one is not None and not isinstance(one, Unknown)}
        return self.files is None or not names.isdisjoint(self.files)


def judge(inventory: Inventory, rules: Sequence[Rule], scope: Scope = Scope()) -> Report:  # noqa: B008 - frozen
    """Run the rules over every target in scope: topics, the keys that they use, contacts."""
    run, inventory = _Run(rules), pair(inventory)
    streamed = frozenset(text for contact in inventory.contacts for text, _ in contact.topics)
    about = [topic for topic in inventory.topics if _touches(topic, inventory, scope)]
    judged = [topic for topic in about if scope.takes(topic, streamed, inventory.key_of(topic))]
    used: set[int] = set()
    for topic in judged:
        case = TopicCase(topic, inventory)
        target = _Target(
            "topic",
            case.name,
            topic.address,
            topic.place,
            case.text,
            topic.written,
            case.pairings,
            topic.root,
        )
        run.target(target, "check_topic", case)
        if isinstance(case.key, Key) and id(case.key) not in used:
            used.add(id(case.key))
            run.key(KeyCase(case.key, topic, case.pairings))
    for key in inventory.keys:
        if id(key) not in used and scope.takes_key(key) and scope.is_about(key.place, key.policy):
            run.key(KeyCase(key, None, pairings_of_key(key, inventory)))
    for contact in inventory.contacts:
        if scope.is_about(contact.place):
            run.target(_Target("contact", contact.id, "", contact.place, None), "check_contact", contact)
    unplaced: list[Unplaced] = []
    found = locatable(run.findings, unplaced)
    findings = [one for one in found if scope.files is None or one.locations[0].source in scope.files]
    return Report(
        tuple(_ordered(_folded(findings))),
        tuple(run.examined),
        (*inventory.skipped, *dict.fromkeys(map(_not_shown, unplaced))),
        len(about) - len(judged),
        (*run.crashed, *(one.rule for one in unplaced)),
    )


def _not_shown(one: Unplaced) -> Skipped:
    """Say that a finding is reported without its lines."""
    reason = f"cannot show the lines of `{one.rule}`: {type(one.error).__name__}: {one.error}"
    help_text = "the finding is reported without them; this is a bug in checker, please report it"
    return Skipped(one.source, reason, help=help_text)


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """Say once what is said of several resources in the same words at the same places.

    A template that is judged under several conditions, or declares a resource for each of a set, has many. Each
    Terraform root is told apart: what is fixed for one is still wrong in another.
    """
    said: dict[object, Finding] = {}
    for one in sorted(findings, key=lambda one: (one.resource, one.address)):
        places = tuple((place.source, place.position() or place.route) for place in one.locations)
        said.setdefault((one.rule, one.severity, one.verdict, one.message, one.root, places), one)
    return list(said.values())


def _touches(topic: Topic, inventory: Inventory, scope: Scope) -> bool:
    """True if the run is about a file that says something of the topic or its key."""
    key = inventory.key_of(topic)
    of_key = (key.place, key.policy) if isinstance(key, Key) else ()
    return scope.is_about(topic.place, topic.policy, *of_key)


CHECKS = ("check_topic", "check_key", "check_contact")


class _Target(NamedTuple):
    """What the rules look at in turn."""

    kind: str
    name: str
    address: str
    place: Place
    policy: PolicyText | Unknown | None
    written: Written | None = None
    pairings: tuple[Pairing, ...] = ()
    root: str = ""


class _Run:
    """The rules at work, one target after the other."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.judging = {check: [r for r in rules if r.judges(check)] for check in CHECKS}
        self.findings: list[Finding] = []
        self.examined: list[Examined] = []
        self.crashed: list[str] = []

    def key(self, case: KeyCase) -> None:
        key = case.key
        target = _Target(
            "key", case.name, key.address, key.place, key.policy, key.written, case.pairings, key.root
        )
        self.target(target, "check_key", case)

    def target(self, target: _Target, check: str, case: object) -> None:
        verdicts: dict[str, Verdict] = {}
        doubts: dict[str, Doubt] = {}
        for rule in self.judging[check]:
            if rule.needs_policy and isinstance(target.policy, Unknown):
                said: list[Finding | Unknown] = [target.policy]
            else:
                said = self.check(rule, getattr(rule, check), case, target)
            if said:
                found = (one for one in said if isinstance(one, Finding))
                self.findings += (_declared(one, target) for one in found)
            verdicts[rule.id] = _verdict(said)
            if verdicts[rule.id] is Verdict.UNDETERMINED:
                doubts[rule.id] = Doubt(_reason(said), counts=not rule.needs_live)
        source = target.place.document.name
        self.examined.append(
            Examined(target.kind, target.name, source, verdicts, doubts, target.address, target.pairings)
        )

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
        return finding._replace(address=target.address, root=target.root)
    first, written = finding.locations[0], target.written
    of_policy = isinstance(target.policy, PolicyText) and first.document is target.policy.document
    document, route = (written.policy, first.route) if of_policy and written.policy else written.place
    place = Location(document, route, first.part, Role.RELATED, "written here")
    found = finding._replace(address=target.address, root=target.root)
    return found._replace(locations=(*finding.locations, place))


def _verdict(said: Sequence[Finding | Unknown]) -> Verdict:
    if not said:
        return Verdict.PASS
    if any(isinstance(one, Finding) and one.verdict is Verdict.FAIL for one in said):
        return Verdict.FAIL
    return Verdict.UNDETERMINED


def _reason(said: Sequence[Finding | Unknown]) -> str:
    reasons = (one.told if isinstance(one, Unknown) else one.message for one in said)
    return "; ".join(dict.fromkeys(reasons))


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
