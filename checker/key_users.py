"""Which topics a key is judged for, and what its verdicts mean for them.

A key that Connect cannot use silences topics, so that its finding names them and their own verdict is the key's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.case import TopicCase
from checker.finding import SILENCED, Severity, Verdict, listed
from checker.inventory import Key, PolicyText
from checker.key_case import KeyCase
from checker.rule import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.finding import Finding
    from checker.inventory import Inventory, Topic
    from checker.rule import Rule

_LINKS = (Link.KEY, Link.KEY_POLICY)
_CONTEXT = "kms:encryptioncontext"
Verdicts = dict[str, Verdict]


def cases_by_key(topics: Iterable[Topic], inventory: Inventory) -> dict[int, list[KeyCase]]:
    """The keys that topics are encrypted with, by identity, each with a case for every such topic."""
    cases: dict[int, list[KeyCase]] = {}
    for topic in topics:
        key = inventory.key_of(topic)
        if isinstance(key, Key):
            pairings = TopicCase(topic, inventory).pairings
            cases.setdefault(id(key), []).append(KeyCase(key, topic, pairings))
    return cases


def alike(cases: Sequence[KeyCase]) -> list[list[KeyCase]]:
    """Put the cases of a key together that the key treats in the same way, as a key may serve very many topics."""
    groups: dict[object, list[KeyCase]] = {}
    for case in cases:
        name = case.topic.name if case.topic and _tells_topics_apart(case.key) else ""
        groups.setdefault((name, case.pairings), []).append(case)
    return list(groups.values())


def _tells_topics_apart(key: Key) -> bool:
    """Whether the policy or a grant of a key asks for the encryption context, which holds the topic's ARN."""
    policy = isinstance(key.policy, PolicyText) and _CONTEXT in key.policy.text.lower()
    return policy or any(one.encryption_context != () for one in key.grants)


def is_about_topics(rule: Rule) -> bool:
    """Whether a rule judges the link from a topic to its key, so that its verdict on the key is the topic's, too."""
    return rule.link in _LINKS and not rule.opens


def merged(findings: Iterable[tuple[Finding, Sequence[str]]]) -> list[Finding]:
    """One finding for all topics that it affects, which are named if they are silent."""
    affected: dict[object, tuple[Finding, dict[str, None]]] = {}
    for finding, topics in findings:
        places = tuple((one.source, one.route) for one in finding.locations)
        same = (finding.rule, finding.severity, finding.verdict, finding.message, places)
        affected.setdefault(same, (finding, {}))[1].update(dict.fromkeys(topics))
    return [_naming(finding, tuple(topics)) for finding, topics in affected.values()]


def _naming(finding: Finding, topics: tuple[str, ...]) -> Finding:
    breaks = finding.severity is Severity.ERROR and finding.verdict is Verdict.FAIL
    if not topics or not breaks:
        return finding._replace(affects=topics)
    return finding._replace(message=f"{finding.message}{SILENCED}{listed(topics)}", affects=topics)


def worst(verdicts: Iterable[Mapping[str, Verdict]]) -> Verdicts:
    """The worst verdict of each rule."""
    found: Verdicts = {}
    for one in verdicts:
        for rule, verdict in one.items():
            found[rule] = max(found.get(rule, verdict), verdict, key=_ORDER.index)
    return found


_ORDER = (Verdict.PASS, Verdict.UNDETERMINED, Verdict.FAIL)
