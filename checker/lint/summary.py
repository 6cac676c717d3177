"""The answers about a topic in a few words: whether Connect can stream to it, who else can publish, and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.topic import TopicAnalysis
from checker.core.errors import InputError
from checker.core.finding import Severity, Verdict
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.prove.space import PUBLISH
from checker.lint.chain import in_force
from checker.lint.explain import NOT_ENCRYPTED, explain
from checker.lint.explanation import WHOLE
from checker.lint.rule import Link
from checker.lint.status import BROKEN, OK, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.inventory import Inventory, Key, Topic
    from checker.core.arn import Arn
    from checker.core.unknown import Truth
    from checker.lint.explanation import Explanation
    from checker.lint.report import Report
    from checker.lint.rule import Rule

YES, NO, NOT_KNOWN, DIFFERS = "yes", "no", "not known", "depends on the deployment"
_NO_INSTANCE = "no instance known"
_BY_INSTANCE = "not for every instance"
_CHAIN = {WHOLE: YES, BROKEN: NO, UNKNOWN: NOT_KNOWN}
_KEY = {OK: "ok", BROKEN: "broken", UNKNOWN: NOT_KNOWN, NOT_ENCRYPTED: "none"}
_LINKS_OF_KEY = (Link.KEY, Link.KEY_POLICY, Link.ORGANIZATION_POLICY)


class Summary(NamedTuple):
    """The answers about a topic, each in words.

    ``connect`` is about all instances that are known to stream to the topic, and about the whole chain.
    """

    connect: str
    other_customers: str
    public: str
    key: str

    def __str__(self) -> str:
        return (
            f"Connect: {self.connect} - other AWS customers: {self.other_customers} - "
            f"public: {self.public} - key: {self.key}"
        )


def summary_of(topic: Topic, inventory: Inventory, report: Report, rules: Sequence[Rule]) -> Summary:
    """Answer for a topic of a report."""
    case = TopicAnalysis(topic, inventory)
    try:
        explained = [*_explained(case, rules)]
    except InputError:  # no instance is known
        return _without_instance(case, report, rules)
    return Summary(
        _agreed(map(_connect, explained), _BY_INSTANCE),
        _agreed((_word(one.deputy.truth) for one in explained), DIFFERS),
        _agreed((_word(one.public.truth) for one in explained), DIFFERS),
        _agreed((_KEY[one.kms] for one in explained), _BY_INSTANCE),
    )


def _explained(case: TopicAnalysis, rules: Sequence[Rule]) -> Iterator[Explanation]:
    """Explain the chain for each instance that streams to the topic, in every deployment."""
    for instance in _instances(case):
        yield explain(*case.about, instance, rules, around=case.inventory)


def _instances(case: TopicAnalysis) -> Iterable[Arn | None]:
    """Return the instances to explain; ``None`` for the only one, which may depend on the deployment."""
    listed = dict.fromkeys(one.instance for one in case.pairings)
    return listed if len(listed) > 1 else (None,)


def _connect(explanation: Explanation) -> str:
    return DIFFERS if explanation.dependence is not None else _CHAIN[explanation.chain]


def _without_instance(case: TopicAnalysis, report: Report, rules: Sequence[Rule]) -> Summary:
    """Answer who else can publish; whether Connect can is a question about an instance."""
    cases = case.in_deployments
    deputy = [in_force(one.topic, one.whole.deputy(one.trusted)).truth for one in cases]
    public = [in_force(one.topic, one.other_customers.can(PUBLISH)).truth for one in cases]
    return Summary(
        _NO_INSTANCE,
        _agreed(map(_word, deputy), DIFFERS),
        _agreed(map(_word, public), DIFFERS),
        _by_rules("topic", case.topic.name, report, rules)
        if case.topic.key is not None
        else _KEY[NOT_ENCRYPTED],
    )


def key_status(key: Key, report: Report, rules: Sequence[Rule]) -> str:
    """Return in a word whether Connect can use a key of a report."""
    return _by_rules("key", key.name, report, rules)


def _by_rules(kind: str, name: str, report: Report, rules: Sequence[Rule]) -> str:
    """Return the status of a key by the verdicts of the rules about what breaks the stream there."""
    about = {one.id for one in rules if one.link in _LINKS_OF_KEY and not one.opens}
    findings = (one for one in report.findings if one.rule in about and name in (one.resource, *one.affects))
    if any(one.severity is Severity.ERROR and one.verdict is Verdict.FAIL for one in findings):
        return _KEY[BROKEN]
    target = next((one for one in report.examined if (one.kind, one.resource) == (kind, name)), None)
    verdicts = (
        [target.verdicts[rule] for rule in about & target.verdicts.keys()] if target is not None else []
    )
    return _KEY[OK if verdicts and Verdict.UNDETERMINED not in verdicts else UNKNOWN]


def _word(truth: Truth) -> str:
    if isinstance(truth, Unknown):
        return DIFFERS if truth.reason.startswith(DIFFERS) else NOT_KNOWN
    return YES if truth else NO


def _agreed(words: Iterable[str], otherwise: str) -> str:
    """Return the word that all agree on."""
    different = [*dict.fromkeys(words)]
    return different[0] if len(different) == 1 else otherwise
