"""Decides which topics Amazon Connect streams to or may stream to, according to the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Key, PolicyText
from checker.analysis.key import KeyAnalysis
from checker.analysis.topic import TopicAnalysis
from checker.core.errors import Skipped
from checker.core.finding import SILENCED, Severity, Verdict, listed
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.iam.decide.condition import condition_holds
from checker.iam.decide.request import Request, Service
from checker.iam.prove.space import TOPIC_CONTEXT
from checker.lint.rule import Link
from checker.policy.model import ALLOW, DENY, Condition, Principals, Statement
from checker.policy.vocabulary import CONNECT, is_misspelled_connect
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.analysis.inventory import Inventory, Topic
    from checker.core.finding import Finding
    from checker.lint.rule import Rule


KEY_ALLOWS = "its key allows Amazon Connect"
"""Why a topic is in scope that nothing else connects to Amazon Connect."""

FOLLOWED = "an earlier audit reported it"
"""Why a topic is checked that nothing connects to Amazon Connect now."""

_REFERENCE = pattern(r"\$\{[^}]*\}")


def is_relevant(topic: Topic) -> bool:
    """True if the topic's policy or its code connects the topic to Amazon Connect, or may do so."""
    if topic.sender:
        return True
    if isinstance(topic.policy, Unknown):
        return not topic.without_connect
    return may_name_connect(topic.policy)


def is_certain(topic: Topic) -> bool:
    """True if the topic's policy names Connect or its code makes Connect stream to the topic."""
    return bool(topic.sender) or (isinstance(topic.policy, PolicyText) and topic.policy.names_connect)


def is_granted(key: Key, topic: Topic) -> bool:
    """True if the key's policy allows Connect actions, and not only for messages to other topics."""
    if not isinstance(key.policy, PolicyText):
        return False
    policy = key.policy.policy
    context = Unknown("the topic is not known") if isinstance(topic.arn, Unknown) else str(topic.arn)
    request = Request(Service(CONNECT), "", "", {TOPIC_CONTEXT: context})
    return any(
        statement.effect == ALLOW
        and statement.names_service(CONNECT)
        and not _is_of_others(statement, request, policy.has_variables)
        for statement in policy.known_statements()
    )


def shares_key(topic: Topic) -> Skipped:
    """Report a topic that is skipped because its key may grant Connect access only for another topic."""
    reason = (
        "not checked: its key also encrypts a topic that Connect streams to, and nothing else shows whether Connect "
        "streams to this topic"
    )
    option = "--all-topics" if isinstance(topic.arn, Unknown) else f"--topic-arn {topic.arn}"
    return Skipped(topic.name, reason, help=f"use `{option}` to check it", complete=True)


def _is_of_others(statement: Statement, request: Request, has_variables: bool | Unknown) -> bool:  # noqa: FBT001
    """True if a statement requires the encryption context of other topics."""
    contexts = (one for one in statement.conditions if isinstance(one, Condition))
    contexts = (one for one in contexts if one.folded_key == TOPIC_CONTEXT)
    return any(condition_holds(one, request, has_variables) is False for one in contexts)


def may_name_connect(policy: PolicyText) -> bool:
    """True for a policy that names Connect, or has a statement or a service that is not known.

    A malformed part is Unknown as well. It does not count, because its whole text is known.
    """
    malformed = frozenset(problem.message for problem in policy.problems)
    return policy.names_connect or any(_may_name(one, malformed) for one in policy.policy.statements)


def _may_name(statement: Statement | Unknown, malformed: frozenset[str]) -> bool:
    if isinstance(statement, Unknown):
        return statement.reason not in malformed
    if statement.effect == DENY:
        return False
    principals = statement.principals
    if isinstance(principals, Unknown):
        return principals.reason not in malformed
    return _may_list(principals, malformed)


def _may_list(principals: Principals, malformed: frozenset[str]) -> bool:
    """True if an unknown service may be Connect, or a principal is Connect misspelled.

    An unknown account or role cannot be Connect.
    """
    if principals.unknown is not None and principals.unknown.reason not in malformed:
        return True
    if any(isinstance(one.value, str) and is_misspelled_connect(one.value) for one in principals.entries):
        return True
    services = (one.value for one in principals.entries if one.type == "Service")
    return any(isinstance(one, Unknown) and _may_be_connect(one) for one in services)


def _may_be_connect(service: Unknown) -> bool:
    """True unless the known part of the name excludes Connect, as in ``events.${data.aws_partition.dns_suffix}``."""
    return "${" not in service.where or glob(_REFERENCE.sub("*", service.where)).matches(CONNECT)


_LINKS = (Link.KEY, Link.KEY_POLICY, Link.ORGANIZATION_POLICY)
_CONTEXT = "kms:encryptioncontext"
Verdicts = dict[str, Verdict]


def cases_by_key(topics: Iterable[Topic], inventory: Inventory) -> dict[int, list[KeyAnalysis]]:
    """Return the keys that encrypt topics, by identity, each with an analysis for each topic.

    Each analysis knows all topics that the key encrypts, also those that are not among ``topics``.
    """
    keys = [(topic, inventory.key_of(topic)) for topic in inventory.topics]
    users: dict[int, list[Topic]] = {}
    for topic, key in keys:
        users.setdefault(id(key), []).append(topic)
    cases: dict[int, list[KeyAnalysis]] = {}
    wanted = {id(topic) for topic in topics}
    for topic, key in keys:
        if id(topic) in wanted and isinstance(key, Key):
            pairings, of_key = TopicAnalysis(topic, inventory).pairings, tuple(users[id(key)])
            cases.setdefault(id(key), []).append(KeyAnalysis(key, topic, pairings, of_key, inventory))
    return cases


def alike(cases: Sequence[KeyAnalysis]) -> list[list[KeyAnalysis]]:
    """Group the cases that a key treats in the same way, because a key may encrypt very many topics."""
    groups: dict[object, list[KeyAnalysis]] = {}
    for case in cases:
        depends = _depends_on_topic(case) or case.evidence is not None
        name = case.topic.name if case.topic and depends else ""
        groups.setdefault((name, case.pairings), []).append(case)
    return list(groups.values())


def _depends_on_topic(case: KeyAnalysis) -> bool:
    """True if a policy or a grant of a key requires an encryption context, which contains the topic's ARN."""
    organization = case.inventory.organization
    policies = [case.key.policy, *(one.text for one in (organization.policies if organization else ()))]
    texts = (one.text for one in policies if isinstance(one, PolicyText))
    granted = any(one.encryption_context != () for one in case.key.grants)
    return granted or any(_CONTEXT in text.lower() for text in texts)


def is_about_topics(rule: Rule) -> bool:
    """True if a rule checks the link from a topic to its key, so that its verdict also applies to the topic."""
    return rule.link in _LINKS and not rule.opens


def merged(findings: Iterable[tuple[Finding, Sequence[str]]]) -> list[Finding]:
    """Merge equal findings about a key, and add the affected topics; an error names them in its message."""
    affected: dict[object, tuple[Finding, dict[str, None]]] = {}
    for finding, topics in findings:
        places = tuple((one.source, one.route) for one in finding.locations)
        same = (finding.rule, finding.severity, finding.verdict, finding.message, places)
        affected.setdefault(same, (finding, {}))[1].update(dict.fromkeys(topics))
    return [_with_topics(finding, tuple(topics)) for finding, topics in affected.values()]


def _with_topics(finding: Finding, topics: tuple[str, ...]) -> Finding:
    breaks = finding.severity is Severity.ERROR and finding.verdict is Verdict.FAIL
    if not topics or not breaks:
        return finding._replace(affects=topics)
    return finding._replace(message=f"{finding.message}{SILENCED}{listed(topics)}", affects=topics)


def worst(verdicts: Iterable[Mapping[str, Verdict]]) -> Verdicts:
    """Return the worst verdict of each rule."""
    result: Verdicts = {}
    for by_rule in verdicts:
        for rule, verdict in by_rule.items():
            result[rule] = max(result.get(rule, verdict), verdict, key=_ORDER.index)
    return result


_ORDER = (Verdict.PASS, Verdict.UNDETERMINED, Verdict.FAIL)
