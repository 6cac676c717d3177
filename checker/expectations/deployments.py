"""The deployments in which an expectation is proven, and the values of references in its subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.deployment_search import deployments
from checker.analysis.deployments import NO_SYMBOLS
from checker.analysis.inventory import Pairing, PolicyText, Source
from checker.analysis.key import KeyAnalysis
from checker.core.arn import Arn
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.expectations.model import ACCOUNT as OF_ACCOUNT
from checker.expectations.model import ARN, CONNECT_MAY, DEPLOYMENT, Subject
from checker.expectations.statements import read_text, tolerated
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from checker.analysis.deployments import Deployment, Deployments, Facts
    from checker.analysis.policy_pair import Case
    from checker.expectations.model import Expectation
    from checker.policy.model import Policy
    from checker.policy.vocabulary import Dialect


_REFERENCE = pattern(r"\$\{([^}]+)\}")
_COMPARED = Unknown("the subjects of an expectation")
"""Makes the search try all combinations of accounts and instances, which the expectation compares."""


def deployments_for(case: Case, expectation: Expectation, dialect: Dialect) -> Deployments:
    """Return the deployments that represent all deployments, also for what the expectation names."""
    if not case.has_symbols:
        return NO_SYMBOLS
    facts, policy = case.facts, named_by(expectation, dialect)
    if case.facts.key is not None and expectation.about == "keys":
        key = facts.key
        facts = facts._replace(key=key and key._replace(policy=_united(key.policy, policy)))
    else:
        facts = facts._replace(topic=facts.topic._replace(policy=_united(facts.topic.policy, policy)))
    if expectation.kind == CONNECT_MAY:
        facts = _with_pairings(facts, expectation)
    return deployments(facts)


def named_by(expectation: Expectation, dialect: Dialect) -> Policy:
    """Return a policy with everything that an expectation names literally."""
    if expectation.policy:
        return read_text(expectation.policy, dialect)
    literal = [one for one in expectation.subjects if "$" not in one.value and one.value != DEPLOYMENT]
    statements = tolerated(literal, expectation.actions or ("*",))
    return read_text({"Version": "2012-10-17", "Statement": statements}, dialect)


def _united(text: PolicyText | Unknown, other: Policy) -> PolicyText | Unknown:
    if isinstance(text, Unknown):
        return text
    statements = (*text.policy.statements, *other.statements, _COMPARED)
    return text._replace(policy=text.policy._replace(statements=statements))


def _with_pairings(facts: Facts, expectation: Expectation) -> Facts:
    """Add the instances that are expected to stream to the topic: the user names them, as with an option."""
    arns = (Arn.parse(one.value) for one in expectation.subjects)
    stated = (Pairing(arn, Source.CONFIGURATION, explicit=True) for arn in arns if arn is not None)
    return facts._replace(pairings=(*facts.pairings, *stated))


def resolved(subject: Subject, case: Case, declared: Case, deployment: Deployment) -> Subject | Unknown:
    """Replace the references in a subject by their values in a deployment of what is ``declared``.

    The root user of an account stands for the account, as in policies.
    """
    text = f"${{{DEPLOYMENT}}}" if subject.value == DEPLOYMENT else subject.value
    for name in _REFERENCE.findall(text):
        value = _owner(case) if name == DEPLOYMENT else _value(name.strip(), declared, deployment)
        if isinstance(value, Unknown):
            return value
        text = text.replace(f"${{{name}}}", value)
    arn = Arn.parse(text)
    if subject.kind == ARN and arn is not None and arn.resource == "root":
        return Subject(OF_ACCOUNT, arn.account)
    return subject._replace(value=text)


def _owner(case: Case) -> str | Unknown:
    owner = case.target.account
    kind = "key" if isinstance(case, KeyAnalysis) else "topic"
    return (
        owner
        if isinstance(owner, str) and owner
        else Unknown(f"the account that owns the {kind} is not known")
    )


def _value(name: str, declared: Case, deployment: Deployment) -> str | Unknown:
    """Return the value of a reference: a symbol of the deployment, or the ARN of an instance that the code declares."""
    values = {symbol: value for (symbol, scope), value in deployment.values.items() if scope}
    for one in declared.facts.open_instances:
        arn = deployment.fill(one.arn)
        if isinstance(arn, str):
            values[one.reference] = arn
    if name in values:
        return values[name]
    guess = did_you_mean(name, values)
    known = ", ".join(f"`{one}`" for one in sorted(values))
    hint = f"known: {known}" if known else f"write the value, with `${{{DEPLOYMENT}}}` for the account"
    if guess:
        hint = f"did you mean `{guess}`?"
    return Unknown(f"the deployment sets no value for `{name}`; {hint}")
