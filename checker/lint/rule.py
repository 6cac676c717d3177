"""The base class of rules: metadata, documentation and checks.

A rule reads typed facts and uses the decision engine. It never parses, fetches or prints, and does not apply
regular expressions to policy text. Its docstring is its documentation page.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from checker.core.finding import Finding, Location, Severity, Verdict, Witness
from checker.iam.prove.domain import EXHAUSTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.caller_policy import CallerAnalysis
    from checker.analysis.inventory import Contact
    from checker.analysis.key import KeyAnalysis
    from checker.analysis.policy import PolicyAnalysis
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Fix
    from checker.core.unknown import Unknown
    from checker.iam.prove.prove import Answer


class Link(Enum):
    """A link of the chain from instance to topic, as `checker explain` names it."""

    INSTANCE = "instance"
    TOPIC_TYPE = "topic_type"
    REGION = "region"
    TOPIC_POLICY = "topic_policy"
    KEY = "key"
    KEY_POLICY = "key_policy"
    ORGANIZATION_POLICY = "organization_policy"


class Rule:
    """A rule reports one bad pattern. Subclasses override the checks for the targets that they examine.

    - ``severity``: the highest severity that the rule reports.
    - ``link``: the link of the chain that the rule checks, ``None`` if it checks none.
    - ``opens``: true for a rule about access of other callers, false for a rule about what breaks the stream.
    - ``about_everyone``: true for a rule about access of all AWS accounts, which a statement can also give Connect.
    - ``needs_policy``: false if the rule does not need the target's policy.
    - ``fixable``: true if the rule can offer a fix.
    - ``varies``: true for a rule that looks at all deployments of a resource itself.
    - ``reads_endpoints``: true for a rule about what is behind a topic's subscriptions. It judges the deployments of
      the endpoints, too.
    - ``needs_live``: true for a rule about facts that only AWS knows. An undetermined result is then listed under
      --strict and does not change the exit code.
    """

    id: ClassVar[str]
    family: ClassVar[str]
    summary: ClassVar[str]
    severity: ClassVar[Severity]
    link: ClassVar[Link | None] = None
    since: ClassVar[str] = "0.1"
    opens: ClassVar[bool] = False
    about_everyone: ClassVar[bool] = False
    needs_policy: ClassVar[bool] = True
    varies: ClassVar[bool] = False
    needs_live: ClassVar[bool] = False
    reads_endpoints: ClassVar[bool] = False
    fixable: ClassVar[bool] = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check a topic. An Unknown makes the result undetermined without a finding."""
        raise NotImplementedError

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Check a key."""
        raise NotImplementedError

    def check_contact(self, contact: Contact) -> Iterator[Finding | Unknown]:
        """Check a contact."""
        raise NotImplementedError

    def check_caller(self, case: CallerAnalysis) -> Iterator[Finding | Unknown]:
        """Check an identity policy with permissions to start or stop chat streams."""
        raise NotImplementedError

    @classmethod
    def documentation(cls) -> str:
        """Return the docstring as a Markdown page."""
        from inspect import cleandoc  # slow to import, and only the documentation needs it

        return cleandoc(cls.__doc__ or "")

    def judges(self, check: str) -> bool:
        """True if the rule overrides a check, named ``check_topic`` and so on."""
        return getattr(type(self), check) is not getattr(Rule, check)

    def expected_of(self, case: TopicAnalysis | KeyAnalysis) -> tuple[str, ...]:  # noqa: ARG002 - most rules expect none
        """Return the names of the expectations that the rule proves for a topic or key."""
        return ()

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
        """Return a finding; the first location is the place of the pattern."""
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
        """Return an undetermined finding: the pattern could be neither found nor ruled out."""
        finding = self.finding(resource, message, at, severity=severity, help=help)
        return finding._replace(verdict=Verdict.UNDETERMINED)

    def doubt(
        self, case: PolicyAnalysis, about: str, doubt: Unknown, at: Location | Iterable[Location]
    ) -> Finding | Unknown:
        """Return an undetermined finding, or only the doubt if another rule reports the reason.

        ``about`` is a clause that begins with "whether". A policy that is too complex to decide may allow public
        access, so it leads to a warning.
        """
        places = (at,) if isinstance(at, Location) else tuple(at)
        if case.reports(doubt, places) or (self.opens and case.leaves_open(doubt)):
            return doubt
        severity = Severity.WARNING if doubt == EXHAUSTED else Severity.NOTE
        return self.undetermined(
            case.name, f"not known {about}: {doubt.described}", places, severity=severity
        )


class PolicyRule(Rule):
    """A rule about the text of the policy of any resource."""

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check the topic's policy."""
        return self._check(case)

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Check the key's policy."""
        return self._check(case)

    def _check(self, case: PolicyAnalysis) -> Iterator[Finding | Unknown]:
        """Check a policy, of which each part that could not be read may have the pattern."""
        results = list(self.check_policy(case))
        yield from results or case.unresolved

    def check_policy(self, case: PolicyAnalysis) -> Iterator[Finding | Unknown]:
        """Check a policy."""
        raise NotImplementedError


def witness(answer: Answer, sentence: str) -> Witness | None:
    """Return the request that proves an answer."""
    if answer.witness is None or answer.decision is None:
        return None
    request = answer.witness.to_json()
    return Witness(sentence, request, answer.decision.word, answer.decision.statements())
