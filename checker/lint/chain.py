"""Checks each link of the chain from an instance to a topic, whose policy and ARN have no symbols."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from checker.analysis.inventory import Key, PolicyText
from checker.analysis.key import KeyAnalysis
from checker.analysis.key_names import is_managed_key
from checker.analysis.key_permission import may_use_for_all
from checker.analysis.organization import NONE_DENIES, NOT_SUPPLIED, Permission
from checker.analysis.seen import seen_of
from checker.core.finding import Severity, Verdict
from checker.core.unknown import Truth, Unknown, all_of
from checker.iam.prove import prove
from checker.lint.rule import Link, PolicyRule
from checker.lint.status import BROKEN, NOT_APPLICABLE, OK, UNKNOWN
from checker.policy.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.inventory import Topic
    from checker.analysis.topic import TopicAnalysis
    from checker.core.arn import Arn
    from checker.core.finding import Finding
    from checker.iam.prove.prove import Answer
    from checker.lint.report import Report
    from checker.lint.rule import Rule


from checker.lint.explanation import InstanceStatus, LinkStatus


def in_force(topic: Topic, answer: Answer) -> Answer:
    """Return an answer about the policy of a topic; Unknown if the policy is not known or may not be in force."""
    text, doubt = topic.policy, topic.doubt
    if isinstance(text, Unknown):
        return prove.Answer(text)
    # A denial holds in any case: the default policy of SNS allows neither Connect nor other AWS customers.
    return prove.Answer(doubt) if doubt is not None and answer.truth is True else answer


class Chain:
    """Checks the links of the chain."""

    def __init__(
        self,
        case: TopicAnalysis,
        instance: Arn,
        report: Report,
        rules: Sequence[Rule],
        looked_up: InstanceStatus | None,
    ) -> None:
        self.case = case
        self.topic = case.topic
        self.instance = instance
        self.report = report
        self.looked_up = looked_up
        self.seen = ""
        self.rules = {rule.id: rule for rule in rules}
        text = case.topic.policy
        self.policy = text.policy if isinstance(text, PolicyText) else EMPTY
        self.can_publish = in_force(self.topic, prove.can_publish(self.policy, case.target, instance))

    def link(self, link: Link) -> LinkStatus:
        if link is Link.INSTANCE and self.looked_up is not None:
            return LinkStatus(link, self.looked_up.status, self.looked_up.reason, help=self.looked_up.help)
        status, reason = {
            Link.INSTANCE: self.of_instance,
            Link.TOPIC_TYPE: self.topic_type,
            Link.REGION: self.region,
            Link.TOPIC_POLICY: self.topic_policy,
            Link.KEY: self.key,
            Link.KEY_POLICY: self.key_policy,
            Link.ORGANIZATION_POLICY: self.organization_policy,
        }[link]()
        if status in (OK, UNKNOWN) and self.cause(link, BROKEN) is not None:
            status = BROKEN
        cause = self.cause(link, status)
        if cause is None:
            seen = self.seen if link is Link.KEY_POLICY and status == OK else ""
            return LinkStatus(link, status, reason, evidence=seen)
        return LinkStatus(link, status, cause.message, cause.rule, cause.help)

    def cause(self, link: Link, status: str) -> Finding | None:
        """Return the finding that explains a broken or unknown link."""
        about = [f for f in self.report.findings if self._is_about(f, link)]
        about.sort(key=lambda f: isinstance(self.rules[f.rule], PolicyRule))  # specific rules explain more
        if status == BROKEN:
            return next(
                (f for f in about if f.severity is Severity.ERROR and f.verdict is Verdict.FAIL), None
            )
        if status == UNKNOWN:
            return next((f for f in about if f.verdict is Verdict.UNDETERMINED), None)
        return None

    def _is_about(self, finding: Finding, link: Link) -> bool:
        """True for a finding about the link; a rule about policies in general also covers the key policy."""
        rule = self.rules[finding.rule]
        of_topic = finding.resource == self.topic.name
        own = Link.KEY_POLICY if isinstance(rule, PolicyRule) and not of_topic else rule.link
        of_key = link in (Link.KEY, Link.KEY_POLICY, Link.ORGANIZATION_POLICY)
        return own is link and not rule.opens and (of_topic or of_key)

    def of_instance(self) -> tuple[str, str]:
        return OK, f"instance {self.instance.instance_id} of account {self.instance.account}"

    def topic_type(self) -> tuple[str, str]:
        fifo = self.topic.settings.fifo.value
        if isinstance(fifo, Unknown):
            return UNKNOWN, fifo.reason
        return (BROKEN, "FIFO topic") if fifo else (OK, "standard topic")

    def region(self) -> tuple[str, str]:
        arn = self.topic.arn
        if isinstance(arn, Unknown):
            return UNKNOWN, arn.reason
        if arn.region != self.instance.region:
            return BROKEN, f"the topic is in {arn.region}, but the instance is in {self.instance.region}"
        return OK, f"topic and instance are in {arn.region}"

    def topic_policy(self) -> tuple[str, str]:
        answer = self.can_publish
        if isinstance(answer.truth, Unknown):
            return UNKNOWN, answer.truth.reason
        if answer.truth is not True or answer.decision is None:
            return BROKEN, "the topic policy does not let Connect publish"
        deciding = answer.decision.statements()
        titles = [s.title for s in self.policy.known_statements() if s.ordinal in deciding]
        return OK, f"{' and '.join(titles)} let{'s' * (len(titles) == 1)} Connect publish"

    def key(self) -> tuple[str, str]:
        reference, key = self.topic.key, self.case.key
        if reference is None:
            return NOT_APPLICABLE, "the topic is not encrypted"
        if is_managed_key(reference):
            return BROKEN, "AWS managed key"
        if key is None or isinstance(key, Unknown):
            return UNKNOWN, key.reason if key is not None else "the key is not known"
        if isinstance(key.state, Unknown):
            return UNKNOWN, f"not known whether the key is enabled: {key.state.reason}"
        managed = key.manager if isinstance(key.manager, Unknown) else f"managed by {key.manager}"
        return OK, ", ".join(one for one in (key.state, key.spec, managed) if isinstance(one, str))

    def key_policy(self) -> tuple[str, str]:
        reference, key = self.topic.key, self.case.key
        if reference is None:
            return NOT_APPLICABLE, "the topic is not encrypted"
        if is_managed_key(reference):
            return NOT_APPLICABLE, "the policy of an AWS managed key cannot be changed"
        if key is None or isinstance(key, Unknown):
            return UNKNOWN, key.reason if key is not None else "the key is not known"
        case = KeyAnalysis(key, self.topic, self.case.pairings, inventory=self.case.inventory)
        usable: Truth = all_of(truth for _, truth in case.usable)
        seen = seen_of(case) if isinstance(usable, Unknown) else None
        if seen is not None and seen.usable is True:
            self.seen, usable = seen.sentence, True
        if usable is True and key.doubt is not None:
            usable = key.doubt
        if isinstance(usable, Unknown):
            return UNKNOWN, usable.reason
        if usable is True and self.seen:
            return OK, self.seen
        return (OK, "Connect can use the key") if usable else (BROKEN, "Connect cannot use the key")

    def organization_policy(self) -> tuple[str, str]:
        reference, key = self.topic.key, self.case.key
        if reference is None:
            return NOT_APPLICABLE, "the topic is not encrypted"
        if is_managed_key(reference) or (isinstance(key, Key) and key.manager == "AWS"):
            return NOT_APPLICABLE, "organization policies do not cover AWS managed keys"
        permission = self.permission
        if permission is None:
            return NOT_APPLICABLE, NOT_SUPPLIED.reason
        if isinstance(permission.truth, Unknown):
            return UNKNOWN, permission.truth.described
        if permission.truth:
            return OK, "no supplied organization policy denies Connect the use of the key"
        return BROKEN, "an organization policy denies Connect the use of the key"

    @cached_property
    def permission(self) -> Permission | None:
        """Whether organization policies permit Connect the use of the key; ``None`` if none were supplied."""
        organization, key = self.case.inventory.organization, self.case.key
        if organization is None:
            return None
        known = key if isinstance(key, Key) else None
        return may_use_for_all(organization, self.topic, known, (self.instance,))

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the link of the organization policies assumes; nothing for a topic that they cannot affect."""
        status, _ = self.organization_policy()
        if self.permission is not None:
            return self.permission.assumptions if status in (OK, BROKEN) else ()
        is_customers = self.topic.key is not None and not is_managed_key(self.topic.key)
        return (NONE_DENIES,) if is_customers else ()
