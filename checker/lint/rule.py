"""What a rule is: its metadata, its documentation and its check.

A rule reads typed facts and asks the decision engine; it never parses, fetches or prints, and uses no
regular expression on policy text. Its docstring is its documentation page.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from checker.core.finding import Finding, Location, Severity, Verdict, Witness
from checker.iam.prove.domain import EXHAUSTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Contact
    from checker.analysis.key import KeyAnalysis
    from checker.analysis.topic import PolicyAnalysis, TopicAnalysis
    from checker.core.finding import Fix
    from checker.core.unknown import Unknown
    from checker.iam.prove.prove import Answer


class Link(Enum):
    """The link of the chain from instance to topic that a rule judges, as `checker explain` names it."""

    INSTANCE = "instance"
    TOPIC_TYPE = "topic_type"
    REGION = "region"
    TOPIC_POLICY = "topic_policy"
    KEY = "key"
    KEY_POLICY = "key_policy"


class Rule:
    """One bad pattern. Subclasses override the checks of the targets that they judge.

    ``severity`` is the worst that it reports. ``link`` is the link of the chain that it judges, None for a
    rule that explains none. ``opens`` tells a rule about who else gets in from one about what breaks the
    stream. ``needs_policy`` is false for a rule that can tell without the target's policy, ``fixable`` true
    for one that can offer a fix. ``needs_live`` is true for a rule about what files cannot know unless AWS was asked:
    if it could not tell, that is listed under --strict and does not change the exit code.
    """

    id: ClassVar[str]
    family: ClassVar[str]
    summary: ClassVar[str]
    severity: ClassVar[Severity]
    link: ClassVar[Link | None] = None
    since: ClassVar[str] = "0.1"
    opens: ClassVar[bool] = False
    needs_policy: ClassVar[bool] = True
    needs_live: ClassVar[bool] = False
    fixable: ClassVar[bool] = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Judge a topic. An Unknown says that the rule could not tell, which is no news worth a finding."""
        raise NotImplementedError

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Judge a key."""
        raise NotImplementedError

    def check_contact(self, contact: Contact) -> Iterator[Finding | Unknown]:
        """Judge a contact."""
        raise NotImplementedError

    @classmethod
    def documentation(cls) -> str:
        """The docstring, as a page of Markdown."""
        from inspect import cleandoc  # only for those who read it

        return cleandoc(cls.__doc__ or "")

    @classmethod
    def judges(cls, check: str) -> bool:
        """True if the rule overrides a check, named ``check_topic`` and so on."""
        return getattr(cls, check) is not getattr(Rule, check)

    def finding(
        self,
        resource: str,
        message: str,
        at: Location | Iterable[Location],
        *,
        severity: Severity | None = None,
        help: str = "",  # noqa: A002 - the name that reports give it
        witness: Witness | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> Finding:
        """Report the pattern; the first location is where it is."""
        locations = (at,) if isinstance(at, Location) else tuple(at)
        return Finding(
            rule=self.id,
            severity=severity or self.severity,
            message=message,
            resource=resource,
            locations=locations,
            help=help,
            witness=witness,
            fixes=fixes,
        )

    def undetermined(
        self,
        resource: str,
        message: str,
        at: Location | Iterable[Location],
        *,
        severity: Severity = Severity.NOTE,
        help: str = "",  # noqa: A002 - the name that reports give it
    ) -> Finding:
        """Report that the pattern could be neither found nor ruled out."""
        found = self.finding(resource, message, at, severity=severity, help=help)
        return found._replace(verdict=Verdict.UNDETERMINED)

    def doubt(
        self, case: PolicyAnalysis, about: str, doubt: Unknown, at: Location | Iterable[Location]
    ) -> Finding | Unknown:
        """Report that nothing is known ``about`` something, unless another rule reports the reason.

        A policy that is too complex to decide may hide an open door, so that is a warning.
        """
        places = (at,) if isinstance(at, Location) else tuple(at)
        if case.reports(doubt, places) or (self.opens and case.leaves_open(doubt)):
            return doubt
        severity = Severity.WARNING if doubt == EXHAUSTED else Severity.NOTE
        return self.undetermined(case.name, f"{about} is not known: {doubt.told}", places, severity=severity)


class PolicyRule(Rule):
    """A rule about the text of a policy, whosesoever it is."""

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Judge the topic's policy."""
        return self.check_policy(case)

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Judge the key's policy."""
        return self.check_policy(case)

    def check_policy(self, case: PolicyAnalysis) -> Iterator[Finding | Unknown]:
        """Judge a policy."""
        raise NotImplementedError


def witness(answer: Answer, sentence: str) -> Witness | None:
    """Show the request that an answer rests on."""
    if answer.witness is None or answer.decision is None:
        return None
    request = answer.witness.to_json()
    return Witness(sentence, request, answer.decision.word, answer.decision.statements())
