"""The deployments in which an expectation is proven, and the values of references in its subjects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.analysis.deployment_search import deployments
from checker.analysis.deployments import NO_SYMBOLS, name_of
from checker.analysis.inventory import Pairing, PolicyText, Source
from checker.analysis.symbols import CALLER, placed, values_of
from checker.core.arn import Arn
from checker.core.unknown import ACCOUNT, PARTITION, REGION, Symbol, Unknown
from checker.expectations.model import ACCOUNT as OF_ACCOUNT
from checker.expectations.model import ARN, CONNECT_MAY, DEPLOYMENT, Subject
from checker.expectations.statements import read_text, tolerated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.deployments import Deployment, Deployments, Facts
    from checker.analysis.policy_pair import Case
    from checker.core.unknown import Piece
    from checker.expectations.model import Expectation
    from checker.policy.model import Policy
    from checker.policy.vocabulary import Dialect


_REFERENCE = re.compile(r"\$\{([^}]+)\}")
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


def resolved(subject: Subject, case: Case, deployment: Deployment) -> Subject | Unknown:
    """Replace the references in a subject by their values in a deployment.

    The root user of an account stands for the account, as in policies.
    """
    text = f"${{{DEPLOYMENT}}}" if subject.value == DEPLOYMENT else subject.value
    for name in _REFERENCE.findall(text):
        value = _value(name.strip(), case, deployment)
        if isinstance(value, Unknown):
            return value
        text = text.replace(f"${{{name}}}", value)
    arn = Arn.parse(text)
    if subject.kind == ARN and arn is not None and arn.resource == "root":
        return Subject(OF_ACCOUNT, arn.account)
    return subject._replace(value=text)


def _value(name: str, case: Case, deployment: Deployment) -> str | Unknown:
    if name == DEPLOYMENT:
        owner = case.target.account
        reason = (
            f"the account that owns the {'topic' if case.about[0].name == case.name else 'key'} is not known"
        )
        return owner if isinstance(owner, str) and owner else Unknown(reason)
    values = {value for (symbol, _), value in deployment.values.items() if symbol == name}
    if len(values) == 1:
        return values.pop()
    several = "has several values" if values else "is not a reference in the code of this topic"
    return Unknown(f"`{name}` {several}")


def coincidence(case: Case, named: Iterable[str], deployment: Deployment) -> Unknown | None:
    """Return a doubt if a principal that the policy names by a reference may be one that the expectation names.

    The deployments have one new value for the name or the ARN of a principal, which none of the others is.
    """
    texts = [] if isinstance(case.text, Unknown) else list(values_of(case.text.policy))
    symbolic = dict.fromkeys(value for role, value in texts if role == CALLER and isinstance(value, Unknown))
    for value in symbolic:
        pattern = re.compile("".join(_patterns(value.pieces, deployment)))
        for arn in named:
            if value.pieces and pattern.fullmatch(arn) and deployment.fill(value) != arn:
                return Unknown(f"depends on whether `{_written(value.pieces)}` is `{arn}`")
    return None


def _patterns(pieces: tuple[Piece, ...], deployment: Deployment) -> Iterator[str]:
    """Yield a regular expression for each piece: values that the deployments vary are those of this one."""
    kinds = dict(placed(CALLER, pieces))
    for piece in pieces:
        if isinstance(piece, str):
            yield re.escape(piece)
        elif kinds.get(piece) in (ACCOUNT, REGION, PARTITION):
            filled = deployment.fill(Unknown("", pieces=(piece,)))
            yield re.escape(filled) if isinstance(filled, str) else "[^:]*"
        else:
            yield ".*"


def _written(pieces: tuple[Piece, ...]) -> str:
    if len(pieces) == 1 and isinstance(pieces[0], Symbol):
        return name_of(pieces[0])[0]
    return "".join(one if isinstance(one, str) else f"${{{one.name}}}" for one in pieces)
