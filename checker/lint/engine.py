"""Runs the rules over an inventory and builds the Report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documents import unread_parts
from checker.analysis.inventory import Key, PolicyText, files_of
from checker.analysis.key import KeyAnalysis
from checker.analysis.pairing import pair, pairings_of_key
from checker.analysis.policy import PolicyAnalysis
from checker.analysis.resource_names import is_selected
from checker.analysis.seen import seen_of
from checker.analysis.topic import TopicAnalysis
from checker.core.errors import Skipped
from checker.core.finding import Finding, Location, Role, Severity, Verdict, declared_as, format_route
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.report import UNMET, Doubt, Examined, Report, Subscribed
from checker.lint.scope import (
    KEY_ALLOWS,
    alike,
    cases_by_key,
    is_about_topics,
    is_certain,
    is_granted,
    is_relevant,
    merged,
    shares_key,
    worst,
)
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from checker.analysis.form_memory import FormMemory
    from checker.analysis.inventory import CallerPolicy, Inventory, Pairing, Place, Topic, Written
    from checker.core.finding import Part, Route
    from checker.lint.deployments import Results
    from checker.lint.rule import Rule
    from checker.lint.scope import Verdicts


class Unlocated(NamedTuple):
    """A stand-in for a document in which a place cannot be found."""

    name: str

    def locate(self, route: Route, part: Part) -> None:
        """Return no position, as the place is not known."""

    def text_of(self, route: Route, part: Part) -> None:
        """Return no text, as the place is not known."""

    def pointer_to(self, route: Route, part: Part) -> None:
        """Return no pointer, as the place is not known."""

    def anchor(self, route: Route) -> str:
        """Return the route as a text."""
        return format_route(route)


class Unplaced(NamedTuple):
    """A place that cannot be shown: the rule and file of the finding, and the error."""

    rule: str
    source: str
    error: Exception


def locatable(findings: Iterable[Finding], faults: list[Unplaced]) -> list[Finding]:
    """Replace the places that cannot be shown, and add their errors to ``faults``."""
    return [_with_places(finding, faults) for finding in findings]


def _with_places(finding: Finding, faults: list[Unplaced]) -> Finding:
    locations = tuple(_checked(one, finding.rule, faults) for one in finding.locations)
    changed = any(new is not old for new, old in zip(locations, finding.locations, strict=True))
    return finding._replace(locations=locations) if changed else finding


def _checked(location: Location, rule: str, faults: list[Unplaced]) -> Location:
    """Return the location if a report can show it, else one without lines."""
    try:
        position, text = location.position(), location.text
        if position is not None and text is not None:
            text.line(position.line)
            text.line(position.end_line)
        _ = location.source, location.pointer, location.document.anchor(location.route)
    except Exception as error:  # noqa: BLE001 - the finding is valid, whatever the error
        name = location.document.name
        faults.append(Unplaced(rule, name, error))
        return location._replace(document=Unlocated(name))
    return location


class Scope(NamedTuple):
    """The topics to check, in addition to those that the user named and those about Connect.

    ``topics`` are ARNs with wildcards, ``tags`` have the form ``KEY`` or ``KEY=VALUE``. ``files``, if given, limit
    the run: a resource that none of them describes is context, and is neither checked nor counted. ``expected`` are
    the patterns of the topics that expectations name.
    """

    all_topics: bool = False
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    files: frozenset[str] | None = None
    expected: tuple[str, ...] = ()

    def reason(self, topic: Topic, streamed: frozenset[str]) -> str:
        """Return why a topic is checked, regardless of its key; empty if it is not. Contacts stream to ``streamed``."""
        if str(topic.arn) in streamed:
            return "contacts stream to it"
        if topic.sender:
            return f"`{topic.sender}` makes Amazon Connect stream to it"
        if is_relevant(topic):
            return _RELEVANT[is_certain(topic)]
        if topic.named:
            return "it was named"
        return self._selection(topic) or ("--all-topics" if self.all_topics else "")

    def _selection(self, topic: Topic) -> str:
        """Return the option or expectation that selects a topic."""
        for pattern in self.topics:
            if glob(pattern).matches(str(topic.arn)):
                return f"--topic-arn {pattern}"
        for key, value in topic.tags:
            for word in (key, f"{key}={value}"):
                if word in self.tags:
                    return f"--topic-tag {word}"
        return "an expectation is about it" if is_selected(topic, self.expected) else ""

    def includes_key(self, key: Key) -> bool:
        """True for a key to check even if no topic in scope uses it."""
        return key.named or (isinstance(key.policy, PolicyText) and key.policy.names_connect)

    def is_about(self, *places: Place | PolicyText | Unknown | None) -> bool:
        """True if one of the places is in the files of the run."""
        names = {one.document.name for one in places if one is not None and not isinstance(one, Unknown)}
        return self.files is None or not names.isdisjoint(self.files)


_RELEVANT = {True: "its policy names Amazon Connect", False: "its policy may name Amazon Connect"}


def judge(
    inventory: Inventory,
    rules: Sequence[Rule],
    scope: Scope = Scope(),  # noqa: B008 - frozen
    memory: FormMemory | None = None,
) -> Report:
    """Run the rules over all targets in scope: topics, the keys that they use, and contacts.

    ``memory`` has results of the same rules, which topics of this run may share; without it, each is judged.
    """
    run, inventory = _Run(rules, memory), pair(inventory)
    streamed = frozenset(text for contact in inventory.contacts for text, _ in contact.topics)
    about = [topic for topic in inventory.topics if _is_in_files(topic, inventory, scope)]
    by_key, sharing = _by_key(inventory, streamed)
    reasons = {id(topic): scope.reason(topic, streamed) for topic in about}
    reasons |= {topic: reasons[topic] or KEY_ALLOWS for topic in by_key & reasons.keys()}
    judged = [topic for topic in about if reasons[id(topic)]]
    skipped = {id(topic) for topic in about} - {id(topic) for topic in judged}
    used = cases_by_key(judged, inventory)
    of_keys: dict[int, _Judged] = {}
    for cases in used.values():
        of_keys |= run.key(cases)
    for topic in judged:
        run.topic(topic, TopicAnalysis(topic, inventory), of_keys.get(id(topic)), reasons[id(topic)])
    for key in inventory.keys:
        if id(key) not in used and scope.includes_key(key) and scope.is_about(key.place, key.policy):
            around = inventory._replace(open_instances=())
            run.key([KeyAnalysis(key, None, pairings_of_key(key, inventory), inventory=around)])
    for contact in inventory.contacts:
        if scope.is_about(contact.place):
            target = _Target("contact", contact.id, "", contact.place, None, files=files_of(contact))
            run.target(target, "check_contact", contact)
    for caller in inventory.callers:
        if scope.is_about(caller.place, caller.policy):
            run.caller(caller, inventory)
    unplaced: list[Unplaced] = []
    located = locatable(run.findings, unplaced)
    findings = [one for one in located if scope.files is None or one.locations[0].source in scope.files]
    return Report(
        tuple(_ordered(_deduplicated(findings))),
        tuple(sorted(run.examined, key=lambda one: KINDS.index(one.kind))),
        (
            *inventory.skipped,
            *(shares_key(topic) for topic in sharing if id(topic) in skipped),
            *dict.fromkeys(map(_not_shown, unplaced)),
        ),
        len(about) - len(judged),
        (*run.crashed, *(one.rule for one in unplaced)),
        passed_over=frozenset(name for topic in about if id(topic) in skipped for name in files_of(topic)),
    )


def _by_key(inventory: Inventory, streamed: frozenset[str]) -> tuple[set[int], list[Topic]]:
    """Return the topics whose key shows that Connect publishes to them, by identity, and those whose key may show it.

    A key that also encrypts a topic of Connect may have its grant only for that topic.
    """
    keys = [(topic, inventory.key_of(topic)) for topic in inventory.topics]
    users = [(topic, key) for topic, key in keys if isinstance(key, Key)]
    granted = [(topic, key) for topic, key in users if is_granted(key, topic)]
    explained = {id(key) for topic, key in granted if is_certain(topic) or str(topic.arn) in streamed}
    shown = {id(topic) for topic, key in granted if id(key) not in explained}
    return shown, [topic for topic, key in granted if id(key) in explained]


def _not_shown(unplaced: Unplaced) -> Skipped:
    """Report that a finding is shown without its lines."""
    error = unplaced.error
    reason = f"cannot show the lines of `{unplaced.rule}`: {type(error).__name__}: {error}"
    help_text = "the finding is reported without them; this is a bug in checker, please report it"
    return Skipped(unplaced.source, reason, help=help_text)


def _deduplicated(findings: Iterable[Finding]) -> list[Finding]:
    """Keep one of the findings with the same message at the same places.

    Such findings occur if a template is checked under several conditions, or declares a resource for each element
    of a set. Findings of different Terraform roots stay, because a fix in one root does not fix another.
    """
    unique: dict[object, Finding] = {}
    for one in sorted(findings, key=lambda one: (one.resource, one.address)):
        places = tuple((place.source, place.position() or place.route) for place in one.locations)
        unique.setdefault((one.rule, one.severity, one.verdict, one.message, one.root, places), one)
    return list(unique.values())


def _is_in_files(topic: Topic, inventory: Inventory, scope: Scope) -> bool:
    """True if a file of the run describes the topic or its key."""
    key = inventory.key_of(topic)
    of_key = (key.place, key.policy) if isinstance(key, Key) else ()
    return scope.is_about(topic.place, topic.policy, *of_key)


KINDS = ("topic", "key", "contact", "caller")
CHECKS = ("check_topic", "check_key", "check_contact", "check_caller")


class _Target(NamedTuple):
    """A resource to check: a topic, a key, a contact, or the policy of a caller."""

    kind: str
    name: str
    address: str
    place: Place
    policy: PolicyText | Unknown | None
    written: Written | None = None
    pairings: tuple[Pairing, ...] = ()
    root: str = ""
    home: str = ""
    files: tuple[str, ...] = ()
    construct: str = ""
    in_scope: str = ""
    key: str | None = None
    subscribers: tuple[Subscribed, ...] | None = None

    @property
    def declared_as(self) -> str:
        """The address, prefixed with its root if there are several."""
        return declared_as(self.root, self.address)


class _Judged(NamedTuple):
    """The results of the rules for a target."""

    findings: list[Finding]
    verdicts: Verdicts
    doubts: dict[str, Doubt]
    assumptions: tuple[str, ...] = ()
    expectations: Verdicts = {}  # noqa: RUF012 - nothing changes it
    crashed: tuple[str, ...] = ()

    def about(self, rules: Collection[str]) -> _Judged:
        """Return the verdicts and doubts of some rules, without the findings."""
        return _Judged(
            [],
            {rule: verdict for rule, verdict in self.verdicts.items() if rule in rules},
            {rule: doubt for rule, doubt in self.doubts.items() if rule in rules},
            self.assumptions,
        )


def _may_read_names(rule: Rule) -> bool:
    """True for a rule about expectations, which name topics, and for those of packs, which may read anything."""
    return rule.id == UNMET or not type(rule).__module__.startswith("checker.rules.")


class _Run:
    """One run of the rules over the targets."""

    def __init__(self, rules: Sequence[Rule], memory: FormMemory | None) -> None:
        self.judging = {check: [r for r in rules if r.judges(check)] for check in CHECKS}
        self.about_topics = {rule.id for rule in rules if is_about_topics(rule)}
        self.findings: list[Finding] = []
        self.examined: list[Examined] = []
        self.crashed: list[str] = []
        self.memory = None if any(map(_may_read_names, self.judging["check_topic"])) else memory

    def topic(self, topic: Topic, case: TopicAnalysis, of_key: _Judged | None, in_scope: str) -> None:
        """Check a topic; ``of_key`` contains the verdicts on its key that apply to the topic."""
        named = (case.name, topic.address, topic.place, case.text, topic.written)
        placed = (topic.root, topic.home, files_of(topic), topic.construct)
        around = (in_scope, _key_name(case), _subscribed(topic))
        self.target(_Target("topic", *named, case.pairings, *placed, *around), "check_topic", case, of_key)

    def caller(self, caller: CallerPolicy, inventory: Inventory) -> None:
        """Check the identity policy of a caller."""
        from checker.analysis.caller_policy import CallerAnalysis  # few runs have such policies

        named = (caller.name, caller.address, caller.place, caller.policy)
        files = files_of((caller.place, caller.policy))
        target = _Target("caller", *named, root=caller.root, home=caller.home, files=files)
        self.target(target, "check_caller", CallerAnalysis(caller, inventory))

    def key(self, cases: Sequence[KeyAnalysis]) -> dict[int, _Judged]:
        """Check a key for the topics that use it; return the results for each topic by its identity."""
        first, key = cases[0], cases[0].key
        named = (first.name, key.address, key.place, key.policy, key.written)
        files = files_of((key, *(one.topic for one in cases)))
        target = _Target("key", *named, first.pairings, key.root, key.home, files, key.construct)
        found: list[tuple[Finding, list[str]]] = []
        of_topics: dict[int, _Judged] = {}
        of_groups: list[_Judged] = []
        for group in alike(cases):
            judged = self.judged(target, "check_key", group[0])
            topics = [one.topic for one in group if one.topic is not None]
            found += ((one, self.affected(one, topics)) for one in judged.findings)
            of_groups.append(judged)
            of_topics |= {id(topic): judged.about(self.about_topics) for topic in topics}
        self.findings += merged(found)
        self.examine(target, of_groups)
        return of_topics

    def affected(self, finding: Finding, topics: Sequence[Topic]) -> list[str]:
        """Return the names of the topics that a finding about their key affects."""
        return [topic.name for topic in topics] if finding.rule in self.about_topics else []

    def target(self, target: _Target, check: str, case: object, more: _Judged | None = None) -> None:
        """Check a target; ``more`` are results from elsewhere that apply to it."""
        judged = self.judged(target, check, case)
        self.findings += judged.findings
        self.examine(target, [judged] if more is None else [judged, more])

    def examine(self, target: _Target, judged: Sequence[_Judged]) -> None:
        """Record the worst verdict of each rule, and the reasons of undetermined ones."""
        verdicts = worst(one.verdicts for one in judged)
        doubts = _all_doubts(judged)
        named = (target.kind, target.name, target.place.document.name)
        declared = (target.declared_as, target.pairings, target.home)
        assumptions = tuple(dict.fromkeys(one for of in judged for one in of.assumptions))
        expectations = worst(one.expectations for one in judged)
        around = (target.in_scope, target.key, target.subscribers)
        self.examined.append(
            Examined(*named, verdicts, doubts, *declared, target.files, assumptions, expectations, *around)
        )

    def judged(self, target: _Target, check: str, case: object) -> _Judged:
        """Return the findings of the rules on a target, the verdicts and the reasons of undetermined ones."""
        found = self.found(target, check, case)
        self.crashed += found.crashed
        return found._replace(findings=[_declared(finding, target) for finding in found.findings])

    def found(self, target: _Target, check: str, case: object) -> _Judged:
        """Run the rules on a target, or recall what they found of a topic that differs in nothing but names."""
        if isinstance(case, TopicAnalysis) and self.memory is not None:
            from checker.analysis.form import form_of  # only where there are several topics

            return self.memory.recall(case.once(form_of), "rules", lambda: self.run(target, check, case))
        return self.run(target, check, case)

    def run(self, target: _Target, check: str, case: object) -> _Judged:
        findings: list[Finding] = []
        verdicts: Verdicts = {}
        doubts: dict[str, Doubt] = {}
        expectations: Verdicts = {}
        crashed = []
        for rule in self.judging[check]:
            results = self.in_deployments(rule, check, case, target)
            reported = [result for result in results if isinstance(result, Finding)]
            findings += reported
            crashed += [rule.id for finding in reported if finding.help == _CRASHED]
            verdicts[rule.id] = _verdict(results)
            if isinstance(case, TopicAnalysis | KeyAnalysis):
                expectations |= {name: _of(name, results) for name in rule.expected_of(case)}
            if open_results := [result for result in results if is_open(result)]:
                # A rule that lacks live data yields only Unknown.
                doubts[rule.id] = Doubt(_reason(open_results), counts=bool(reported) or not rule.needs_live)
        return _Judged(findings, verdicts, doubts, _assumptions(case), expectations, tuple(crashed))

    def in_deployments(self, rule: Rule, check: str, case: object, target: _Target) -> Results:
        """Return the results of a rule, which hold in every deployment or say how they depend on it."""
        if rule.reads_endpoints and isinstance(case, TopicAnalysis):
            case = case.with_endpoints
        if rule.varies or not isinstance(case, PolicyAnalysis) or not case.has_symbols:
            return self.results(rule, check, case, target)
        from checker.lint.deployments import merged  # only code has symbols

        results = [self.results(rule, check, one, target) for one in case.in_deployments]
        return merged(case.deployments, results)

    def results(self, rule: Rule, check: str, case: object, target: _Target) -> Results:
        """Return the findings of a rule, and what is not known."""
        if rule.needs_policy and isinstance(target.policy, Unknown):
            return [target.policy]
        results = self.check(rule, getattr(rule, check), case, target)
        return results or (list(unread_parts(target.policy)) if rule.needs_policy else [])

    def check(
        self,
        rule: Rule,
        check: Callable[[object], Iterator[Finding | Unknown]],
        case: object,
        target: _Target,
    ) -> list[Finding | Unknown]:
        try:
            return list(check(case))
        except Exception as error:  # noqa: BLE001 - the other rules must still run
            message = f"the rule crashed: {type(error).__name__}: {error}"
            where = (Location(target.place.document, target.place.route),)
            verdict = Verdict.UNDETERMINED
            return [Finding(rule.id, Severity.ERROR, message, target.name, where, verdict, _CRASHED)]


_CRASHED = "this is a bug in checker or in the rule pack; please report it with the file"
"""The help text of a finding about a rule that crashed, and of no other finding."""


def _key_name(case: TopicAnalysis) -> str | None:
    """Return the key of a topic, as it is known best: by its name, or by the topic's reference to it."""
    reference = case.topic.key
    if reference is None:
        return ""
    key = case.key
    return key.name if isinstance(key, Key) else reference if isinstance(reference, str) else None


def _subscribed(topic: Topic) -> tuple[Subscribed, ...] | None:
    """Return the subscriptions of a topic, without the addresses of people."""
    if isinstance(topic.subscriptions, Unknown) or topic.unlisted is not None:
        return None
    endpoints = ((one.protocol, one.endpoint) for one in topic.subscriptions)
    return tuple(
        Subscribed(protocol, endpoint if isinstance(endpoint, str) and endpoint.startswith("arn:") else "")
        for protocol, endpoint in endpoints
    )


def _assumptions(case: object) -> tuple[str, ...]:
    """Return what the results assume of every deployment and what was seen instead of proven, in words."""
    if not isinstance(case, PolicyAnalysis):
        return ()
    of_deployments = case.deployments.assumptions if case.has_symbols else ()
    of_key = (*case.assumed, *_seen(case)) if isinstance(case, KeyAnalysis) else ()
    return (*map(str, of_deployments), *of_key)


def _seen(case: KeyAnalysis) -> Iterator[str]:
    """Yield what was seen of a key whose use by Connect is not proven."""
    seen = seen_of(case)
    if seen is not None and seen.usable is True and case.topic is not None:
        yield f"Connect can use `{case.name}` for `{case.topic.name}`: {seen.sentence}"


def _all_doubts(judged: Iterable[_Judged]) -> dict[str, Doubt]:
    """Merge the doubts of each rule, with all their reasons."""
    by_rule: dict[str, list[Doubt]] = {}
    for results in judged:
        for rule, doubt in results.doubts.items():
            by_rule.setdefault(rule, []).append(doubt)
    return {
        rule: Doubt("; ".join(dict.fromkeys(one.reason for one in doubts)), any(one.counts for one in doubts))
        for rule, doubts in by_rule.items()
    }


def _declared(finding: Finding, target: _Target) -> Finding:
    """Add the address of the resource, and the place of its declaration."""
    declared = finding._replace(
        address=target.address, root=target.root, home=target.home, construct=target.construct
    )
    if target.written is None:
        return declared
    first, written = finding.locations[0], target.written
    of_policy = isinstance(target.policy, PolicyText) and first.document is target.policy.document
    document, route = (written.policy, first.route) if of_policy and written.policy else written.place
    place = Location(document, route, first.part, Role.RELATED, "declared here")
    return declared._replace(locations=(*finding.locations, place))


def _verdict(results: Sequence[Finding | Unknown]) -> Verdict:
    if not results:
        return Verdict.PASS
    if any(isinstance(one, Finding) and one.verdict is Verdict.FAIL for one in results):
        return Verdict.FAIL
    return Verdict.UNDETERMINED


def _of(expectation: str, results: Sequence[Finding | Unknown]) -> Verdict:
    """Return the verdict of one expectation; a result without a name, such as a crash, is about all of them."""
    return _verdict(
        [one for one in results if isinstance(one, Unknown) or one.expectation in ("", expectation)]
    )


def is_open(result: Finding | Unknown) -> bool:
    """True for a result that leaves a question open."""
    return isinstance(result, Unknown) or result.verdict is Verdict.UNDETERMINED


def _reason(results: Sequence[Finding | Unknown]) -> str:
    reasons = (one.described if isinstance(one, Unknown) else one.message for one in results)
    return "; ".join(dict.fromkeys(reasons))


def _ordered(findings: list[Finding]) -> Iterator[Finding]:
    """Sort findings by file, place and severity, the most severe first."""

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
