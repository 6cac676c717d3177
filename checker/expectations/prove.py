"""Proves one expectation for one topic or key, whose policy and ARN have no symbols.

Each question is a comparison of two policies over all requests, in the manner of
https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoNewAccess.html
It is about the policy alone: identity-based policies, and policies of an organization, are not read. Only the chain of
`connect` has the organization policies of the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.access_diff import difference
from checker.analysis.deployed_diff import KEY_ARN, about_target
from checker.analysis.inventory import Inventory
from checker.analysis.key import KeyAnalysis
from checker.analysis.topic import TopicAnalysis
from checker.analysis.wording import caller_of, could
from checker.core.arn import Arn
from checker.core.finding import Witness
from checker.core.record import NamedTuple
from checker.core.unknown import Truth, Unknown
from checker.expectations.deployments import resolved
from checker.expectations.model import (
    ACCOUNT,
    ALLOWED,
    ARN,
    CONNECT,
    CONNECT_MAY,
    DENIED,
    NO_MORE_THAN,
    ONLY,
    ORGANIZATION,
    SERVICE,
    Expectation,
    Subject,
)
from checker.expectations.statements import (
    all_but,
    granted,
    policy_of,
    read_text,
    refused_to_others,
    tolerated,
    unless_denied,
    with_more,
)
from checker.policy.model import EMPTY
from checker.policy.vocabulary import KEY, TOPIC
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.access_diff import Access
    from checker.analysis.deployments import Deployment
    from checker.analysis.policy_pair import Case
    from checker.policy.model import Policy


_MOST = 3


class Result(NamedTuple):
    """Whether an expectation is met; the access that contradicts it, or the reason why it is not known, in words.

    ``statements`` are the indices of the statements that decide the witness.
    """

    truth: Truth
    text: str = ""
    witness: Witness | None = None
    statements: tuple[int, ...] = ()
    help: str = ""


MET = Result(truth=True)
_SHOWN = {
    ARN: "`{}`",
    ACCOUNT: "the principals of account `{}`",
    ORGANIZATION: "the principals of organization `{}`",
    SERVICE: "`{}`",
    CONNECT: "Connect for `{}`",
}


def prove(expectation: Expectation, case: Case, declared: Case, deployment: Deployment) -> Result:
    """Prove an expectation for a topic or key in one deployment; ``declared`` is the resource without it."""
    if isinstance(case.text, Unknown):
        return _open(case.text)
    subjects = [resolved(one, case, declared, deployment) for one in expectation.subjects]
    for one in subjects:
        if isinstance(one, Unknown):
            return _open(one)
    proof = _Proof(case, expectation, [one for one in subjects if isinstance(one, Subject)])
    doubt = _doubt(case)
    return _open(doubt) if doubt is not None else proof.result()


def _doubt(case: Case) -> Unknown | None:
    """Return the reason why the policy may not be in force."""
    return case.key.doubt if isinstance(case, KeyAnalysis) else case.topic.doubt


def _open(doubt: Unknown) -> Result:
    return Result(doubt, doubt.described)


class _Proof:
    """The proof of one expectation, with subjects that have no references."""

    def __init__(self, case: Case, expectation: Expectation, subjects: Sequence[Subject]) -> None:
        self.case = case
        self.expectation = expectation
        self.subjects = subjects
        self.dialect = KEY if isinstance(case, KeyAnalysis) else TOPIC
        target = case.target
        if target.resource == "*" and isinstance(case, KeyAnalysis):
            target = target._replace(resource=KEY_ARN)
        self.target = target
        self.policy = about_target(case, target)

    def result(self) -> Result:
        """Prove the expectation by its kind."""
        kinds = {
            ALLOWED: self.allowed,
            DENIED: self.denied,
            ONLY: self.only,
            CONNECT_MAY: self.connect,
            NO_MORE_THAN: self.no_more_than,
        }
        return kinds.get(self.expectation.kind, self.unchanged)()

    def allowed(self) -> Result:
        """The policy allows the requests that the subjects make, or some of them."""
        for subject in self.subjects:
            for action in self.expectation.actions:
                result = self.allows(subject, action)
                if result.truth is not True:
                    return result
        return MET

    def allows(self, subject: Subject, action: str) -> Result:
        """The policy allows all requests, or some, that a subject makes for an action."""
        floor = self.of(granted([subject], [action], self.expectation.context))
        if self.gained(EMPTY, floor, "").truth is not False:
            return _open(self.no_request(subject, action))
        refused = self.gained(self.policy, floor, "", granted=False)
        if refused.truth is True:
            return MET
        others = self.of(all_but([subject], [action], self.expectation.context))
        found = self.gained(others, self.policy, "")
        if self.expectation.partly and found.truth is False:
            return MET
        decisive = found if self.expectation.partly else refused
        if isinstance(decisive.truth, Unknown):
            return decisive
        return self.refusal(refused, subject, action, in_part=found.truth is False)

    def no_request(self, subject: Subject, action: str) -> Unknown:
        """Return the doubt about a request that cannot be made, such as one with a key that the action does not have."""
        keys = ", ".join(f"`{key}`" for key, _ in self.expectation.context)
        with_keys = f" with the condition keys {keys}" if keys else ""
        return Unknown(f"no request for {action} by `{subject.value}`{with_keys} is known")

    def refusal(self, refused: Result, subject: Subject, action: str, *, in_part: bool) -> Result:
        """Return the result for requests that are refused, with the next step."""
        who = _SHOWN[subject.kind].format(subject.value)
        if in_part:
            help_text = "state the condition keys of the requests in `with`, or set `in-some-cases: true`"
            text = f"the policy allows {action} by {who} only in some cases"
            return refused._replace(text=text, help=help_text)
        entries = [one for each in self.policy.known_statements() for one in each.principal_entries]
        names = {one.value for one in entries if isinstance(one.value, str)}
        guess = None if subject.value in names else did_you_mean(subject.value, names)
        help_text = f"the policy names `{guess}`" if guess else ""
        return refused._replace(text=f"the policy does not allow {action} by {who}", help=help_text)

    def denied(self) -> Result:
        """The policy allows no request of the subjects."""
        return self.nothing_beyond(self.of(all_but(self.subjects, self.expectation.actions)))

    def only(self) -> Result:
        """The policy allows no request for the actions of others than the subjects."""
        return self.nothing_beyond(self.of(tolerated(self.subjects, self.expectation.actions)))

    def nothing_beyond(self, most: Policy) -> Result:
        """Prove that the policy, or what no Deny refuses, allows nothing beyond another policy."""
        if self.expectation.explicitly:
            return self.gained(most, unless_denied(self.policy, self.dialect), "no Deny refuses")
        return self.gained(most, self.policy, "the policy allows")

    def no_more_than(self) -> Result:
        """The policy allows nothing that the policy in a file does not allow."""
        other = read_text(self.expectation.policy, self.dialect)
        if self.is_about_another(other):
            return _open(_NO_ARN)
        return self.gained(other, self.policy, "the policy allows")

    def is_about_another(self, other: Policy) -> bool:
        """True if it is not known whether a policy that names resources is about this topic or key."""
        return isinstance(self.target.account, Unknown) and bool(other.resources() - {"*"})

    def unchanged(self) -> Result:
        """The policy allows the subjects what the policy in a file allows them, no more and no less."""
        other = read_text(self.expectation.policy, self.dialect)
        if self.is_about_another(other):
            return _open(_NO_ARN)
        for only in [refused_to_others(one) for one in self.subjects] or [[]]:
            everything = self.of(all_but([], ["*"]))
            if self.gained(EMPTY, with_more(everything, only, self.dialect), "").truth is not False:
                return _open(Unknown("no request of these principals is known"))
            old, new = (with_more(one, only, self.dialect) for one in (other, self.policy))
            more = self.gained(old, new, "the policy newly allows")
            less = self.gained(new, old, "the policy no longer allows", granted=False)
            for result in (*(one for one in (more, less) if one.truth is False), more, less):
                if result.truth is not True:
                    return result
        return MET

    def of(self, statements: Iterable[dict[str, object]]) -> Policy:
        return policy_of(statements, self.dialect)

    def gained(self, old: Policy, new: Policy, says: str, *, granted: bool = True) -> Result:
        """Prove that a policy allows no request that another does not allow.

        The witness is decided by the policy in question, which is the new one if ``granted``.
        """
        instances = [arn for one in self.subjects if one.kind == CONNECT and (arn := Arn.parse(one.value))]
        found = difference(old, new, self.target, instances, only_gained=True)
        if found.gained:
            return _refuted(found.gained, says, granted=granted)
        return _open(found.doubts[0]) if found.doubts else MET

    def connect(self) -> Result:
        """Connect can stream for the instances: the whole chain from the instance to the topic."""
        from checker.lint.explain import explain
        from checker.lint.registry import all_rules
        from checker.lint.status import BROKEN

        if not isinstance(self.case, TopicAnalysis):
            return _open(Unknown("only a topic has a chain"))
        topic, key = self.case.about
        around = Inventory(organization=self.case.inventory.organization)
        for arn in [Arn.parse(one.value) for one in self.subjects]:
            if arn is None or not arn.is_instance:
                return _open(Unknown("a reference is not the ARN of a Connect instance"))
            chain = explain(topic._replace(pairings=None), key, arn, all_rules(), around=around)
            link = chain.decisive
            if link is None:
                continue
            truth: Truth = False if link.status == BROKEN else Unknown(link.reason)
            answer = chain.can_publish
            witness = statements = None
            if answer.witness is not None and answer.decision is not None and answer.truth is False:
                statements = answer.decision.statements()
                sentence = f"{caller_of(answer.witness)} cannot {answer.witness.action}"
                witness = Witness(
                    sentence, answer.witness.to_json(), answer.decision.word, answer.decision.statements()
                )
            text = f"Connect cannot stream for instance {arn.instance_id}: {link.reason}"
            return Result(
                truth, text if truth is False else link.reason, witness, statements or (), link.help
            )
        return MET


_NO_ARN = Unknown("the ARN is not known, so that the Resource of the other policy may be another one")


def _refuted(accesses: Sequence[Access], says: str, *, granted: bool) -> Result:
    """Return the result for access that contradicts an expectation."""
    first = accesses[0]
    listed = "; ".join(one.sentence for one in accesses[:_MOST])
    more = f"; and {len(accesses) - _MOST} more" if len(accesses) > _MOST else ""
    decision = first.allowed if granted else first.refused
    sentence = could(first.witness, first.witness.action)
    if not granted:
        sentence = f"{caller_of(first.witness)} cannot {first.witness.action}"
    witness = Witness(sentence, first.witness.to_json(), decision.word, decision.statements())
    return Result(False, f"{says} {listed}{more}".strip(), witness, decision.statements())  # noqa: FBT003
