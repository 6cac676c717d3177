"""The result of explaining a chain: each link with its status, and the answers about the topic policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.deployments import NO_SYMBOLS
from checker.analysis.inventory import NOT_DESCRIBED, Pairing, Topic
from checker.core.finding import Severity
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.status import BROKEN, UNKNOWN

if TYPE_CHECKING:
    from checker.analysis.deployments import Deployments
    from checker.core.arn import Arn
    from checker.core.finding import Finding
    from checker.iam.prove.prove import Answer
    from checker.lint.delivery.subscribers import Subscriber
    from checker.lint.report import Report
    from checker.lint.rule import Link


WHOLE = "whole"


class InstanceStatus(NamedTuple):
    """The result of an instance lookup: a status of the chain, the reason, and help.

    ``gone`` is true if AWS reports that the account has no such instance in the Region. ``replicas`` are the other
    Regions in which the instance exists.
    """

    status: str
    reason: str
    help: str = ""
    gone: bool = False
    replicas: tuple[str, ...] | Unknown = NOT_DESCRIBED


class LinkStatus(NamedTuple):
    """The status of one link, the reason, and the rule with its help if a rule determined it.

    ``evidence`` is what was seen, if the status follows from that and not from a proof.
    """

    link: Link
    status: str
    reason: str
    rule: str = ""
    help: str = ""
    evidence: str = ""


class Explanation(NamedTuple):
    """The complete explanation; the four answers cover only the topic policy.

    ``instances`` are the instances of deployments that differ in them, each with these deployments in words.
    ``dependence`` is how the status of the chain depends on the deployment. ``assumed`` is what the link of the
    organization policies assumes. ``subscribers`` are behind the topic: the status of the chain does not depend on them.
    ``partners`` are other accounts that the policy names, and whether their instances can publish, if they may.
    """

    topic: Topic
    instance: Arn
    can_publish: Answer
    deputy: Answer
    siblings: Answer
    public: Answer
    kms: str
    links: tuple[LinkStatus, ...]
    report: Report
    opening_rules: frozenset[str]
    pairings: tuple[Pairing, ...] = ()
    deployments: Deployments = NO_SYMBOLS
    instances: tuple[tuple[Arn, str], ...] = ()
    dependence: Unknown | None = None
    assumed: tuple[str, ...] = ()
    partners: tuple[tuple[str, Answer], ...] = ()
    subscribers: tuple[Subscriber, ...] | Unknown = Unknown("the list of subscriptions was not supplied")

    @property
    def chain(self) -> str:
        """Whether the instance can publish to the topic: ``whole``, ``broken`` or ``unknown``."""
        return self.decisive.status if self.decisive else WHOLE

    @property
    def decisive(self) -> LinkStatus | None:
        """The first broken link, else the first unknown one; ``None`` if the chain is whole."""
        return self.first(BROKEN) or self.first(UNKNOWN)

    def status(self, link: Link) -> str:
        """Return the status of one link."""
        return next(one.status for one in self.links if one.link is link)

    def first_broken(self) -> LinkStatus | None:
        """Return the first broken link."""
        return self.first(BROKEN)

    def first(self, status: str) -> LinkStatus | None:
        """Return the first link with a status."""
        return next((one for one in self.links if one.status == status), None)

    def openings(self) -> tuple[Finding, ...]:
        """Return the errors about access of other callers."""
        return self._about_access(Severity.ERROR)

    def wider(self) -> tuple[Finding, ...]:
        """Return the warnings about access that is wider than needed, such as that of other instances of the account."""
        return self._about_access(Severity.WARNING)

    def _about_access(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(
            f for f in self.report.findings if f.severity is severity and f.rule in self.opening_rules
        )

    @property
    def is_clean(self) -> bool:
        """True if no problem is known: no link is broken, and no other AWS customer and not the public has access."""
        wrong = (self.can_publish.truth is False, self.deputy.truth is True, self.public.truth is True)
        return not any(wrong) and self.first_broken() is None and not self.openings()

    @property
    def unreached(self) -> tuple[Subscriber, ...]:
        """The confirmed subscribers that get no message."""
        known = () if isinstance(self.subscribers, Unknown) else self.subscribers
        return tuple(one for one in known if one.status == BROKEN and not one.is_pending)

    def answers(self) -> tuple[tuple[str, Answer], ...]:
        """Return the four answers with their names in the JSON output."""
        return (
            ("connect_can_publish", self.can_publish),
            ("confused_deputy", self.deputy),
            ("sibling_instances", self.siblings),
            ("public", self.public),
        )
