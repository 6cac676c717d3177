"""Explanation of whether an instance can publish to a topic, and of a single decision, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.pairing import why as why_paired
from checker.analysis.wording import could, why
from checker.core.terminal_text import inert
from checker.core.unknown import Unknown
from checker.lint.causes import causes_of_silence
from checker.lint.delivery.dead_letter import PREFIX
from checker.lint.explain import BROKEN, OK, UNKNOWN
from checker.lint.rule import Link
from checker.policy.model import Condition, Statement
from checker.report.formats.json import pairing_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.core.unknown import Truth
    from checker.iam.decide.decide import Decision, Match
    from checker.iam.decide.request import Request
    from checker.iam.prove.prove import Answer
    from checker.lint.causes import Activity, Counters
    from checker.lint.delivery.subscribers import Subscriber
    from checker.lint.explain import Explanation, LinkStatus
    from checker.lint.explain_replicas import ReplicaChain
    from checker.report.context import Paint


_STYLES = {OK: "ok", BROKEN: "error", UNKNOWN: "warning"}
_QUESTIONS = {
    "connect_can_publish": ("This instance", ("can publish", "cannot publish")),
    "confused_deputy": (
        "Other AWS customers",
        ("can publish through Connect", "cannot publish through Connect"),
    ),
    "sibling_instances": ("Other instances of the account", ("can publish", "cannot publish")),
    "public": ("The public", ("can publish", "cannot publish")),
}
_ALLOWED = "connect_can_publish"
_PROBLEMS = {
    Link.TOPIC_TYPE: "the topic is a FIFO topic",
    Link.REGION: "the instance and the topic are in different Regions",
    Link.TOPIC_POLICY: "the topic policy does not allow Connect",
    Link.KEY: "Connect cannot use the key of the topic",
    Link.KEY_POLICY: "the key policy does not allow Connect",
    Link.ORGANIZATION_POLICY: "an organization policy denies Connect the use of the key",
}
_MISSING = {
    Link.TOPIC_TYPE: "the type of the topic",
    Link.KEY: "the key of the topic",
}
"""Descriptions of links whose names do not say what is unknown."""


def replicas_json(chains: Sequence[ReplicaChain] | None) -> list[dict[str, Any]] | None:
    """Convert the chains of replicas to JSON values; ``None`` if it is not known whether there are replicas."""
    if chains is None:
        return None
    return [
        {
            "instance": str(one.instance),
            "region": one.instance.region,
            "chain": one.chain,
            "topic": one.explanation.topic.name if one.explanation else None,
            "links": explanation_json(one.explanation)["links"] if one.explanation else [],
        }
        for one in chains
    ]


def replicas_text(chains: Iterable[ReplicaChain], paint: Paint) -> Iterator[str]:
    """Yield the chain of each replica, or that no topic is known in its Region."""
    for one in chains:
        region = one.instance.region
        style = {BROKEN: "error", UNKNOWN: "warning"}.get(one.chain, "ok")
        yield ""
        if one.explanation is None:
            yield paint(style, f"Replica in {region}: not known: no topic in {region} is known for it.")
            yield f"{paint('dim', 'instance')} {one.instance}"
            continue
        yield paint(style, f"Replica in {region}: {inert(answer_of(one.explanation))}")
        yield f"{paint('dim', 'topic   ')} {inert(one.explanation.topic.name)}"
        yield f"{paint('dim', 'instance')} {one.instance}"
        yield from (_link(status, paint) for status in one.explanation.links)


def explanation_json(explanation: Explanation, activity: Activity | None = None) -> dict[str, Any]:
    """Convert an explanation to JSON values, with the use of a topic in AWS and the likely causes of its silence."""
    values = {
        "topic": explanation.topic.name,
        "instance": str(explanation.instance),
        "pairings": [pairing_json(pairing) for pairing in explanation.pairings],
        "connect_can_publish": _word(explanation.can_publish, "yes", "no"),
        "confused_deputy": _word(explanation.deputy, "open", "closed"),
        "sibling_instances": _word(explanation.siblings, "open", "closed"),
        "public": _word(explanation.public, "yes", "no"),
        "kms": explanation.kms,
        "chain": explanation.chain,
        "links": [
            {
                "link": link.link.value,
                "status": link.status,
                "reason": link.reason,
                "rule": link.rule or None,
                "evidence": link.evidence or None,
            }
            for link in explanation.links
        ],
        "subscriptions": subscribers_json(explanation.subscribers),
        "assumptions": [
            *(str(assumption) for assumption in explanation.deployments.assumptions),
            *explanation.assumed,
        ],
        "witnesses": [
            {
                "question": question,
                "request": answer.witness.to_json(),
                "decision": answer.decision.word,
                "statements": list(answer.decision.statements()),
            }
            for question, answer in explanation.answers()
            if answer.witness is not None and answer.decision is not None
        ],
    }
    reworded: dict[str, Any] = explanation.deployments.default.reworded_json(values)
    return reworded if activity is None else {**reworded, **_activity_json(explanation, activity)}


def _activity_json(explanation: Explanation, activity: Activity) -> dict[str, Any]:
    counters, streams = activity.counters, activity.streams
    return {
        "activity": {
            "hours": activity.hours,
            "streams": None if isinstance(streams, Unknown) else streams,
            "refused": [{"api": one.name, "error": one.code} for one in activity.refused],
            "counters": None if isinstance(counters, Unknown) else counters._asdict(),
            "unread": [one.reason for one in (counters, streams) if isinstance(one, Unknown)],
        },
        "causes": [
            {**cause._asdict(), "link": cause.link or None, "rule": cause.rule or None}
            for cause in causes_of_silence(explanation, activity)
        ],
    }


def subscribers_json(subscribers: tuple[Subscriber, ...] | Unknown) -> list[dict[str, Any]] | None:
    """Convert the subscribers of a topic to JSON values; ``None`` if they are not known."""
    if isinstance(subscribers, Unknown):
        return None
    return [
        {
            "protocol": one.protocol,
            "endpoint": one.endpoint,
            "status": one.status,
            "reason": one.reason,
            "rule": one.rule or None,
            "steps": [
                {"step": step.name, "status": step.status, "reason": step.reason, "help": step.help or None}
                for step in one.steps
            ],
            "warnings": list(one.warnings),
            "notes": list(one.notes),
        }
        for one in subscribers
    ]


def subscribers_text(
    subscribers: tuple[Subscriber, ...] | Unknown, paint: Paint, *, with_help: bool = True
) -> Iterator[str]:
    """Yield one line for each subscriber of a topic, with the reason and what to know of it."""
    if isinstance(subscribers, Unknown):
        yield paint("dim", f"Subscribers: not known: {inert(subscribers.described)}.")
        return
    yield "Subscribers:" if subscribers else "Subscribers: none known."
    for one in subscribers:
        rule = paint("dim", f" [{one.rule}]") if one.rule else ""
        yield f"{link_line(one.protocol, one.status, one.endpoint, paint)}{rule}"
        yield f"           {inert(one.reason)}"
        if one.help and with_help:
            yield f"         {paint.detail('help', one.help)}"
        for step in one.steps:
            if step.name.startswith(PREFIX) and step.status != OK:
                yield f"           {paint(_STYLES[step.status], step.status)}: dead-letter queue: {inert(step.reason)}"
        yield from (f"           {paint('warning', 'warning:')} {inert(text)}" for text in one.warnings)
        yield from (f"           {paint('dim', 'note:')} {inert(text)}" for text in one.notes)


def _word(answer: Answer, yes: str, no: str) -> str:
    if isinstance(answer.truth, Unknown):
        return "unknown"
    return yes if answer.truth else no


def explanation_text(
    explanation: Explanation, paint: Paint, activity: Activity | None = None
) -> Iterator[str]:
    """Yield the answer, the chain of links behind it, and who can publish by the topic policy alone.

    ``activity`` is the use of a topic in AWS, from which the likely cause of its silence follows.
    """
    yield from map(explanation.deployments.default.reworded, _lines(explanation, paint, activity))


def _lines(explanation: Explanation, paint: Paint, activity: Activity | None) -> Iterator[str]:
    yield from _answer_lines(explanation, paint)
    if activity is not None:
        yield from _cause_lines(explanation, activity, paint)
    yield ""
    yield f"{paint('dim', 'topic   ')} {inert(explanation.topic.name)}"
    for instance, deployments in explanation.instances or ((explanation.instance, ""),):
        yield f"{paint('dim', 'instance')} {instance}{deployments and f' if {deployments}'}"
    for pairing in explanation.pairings:
        yield f"{paint('dim', 'paired  ')} {pairing.instance.instance_id} {inert(why_paired(pairing))}"
    yield ""
    for status in explanation.links:
        yield _link(status, paint)
    if activity is not None:
        yield ""
        yield f"In the last {activity.hours} hours:"
        yield from _activity_lines(activity)
    yield ""
    # The likely causes have the help texts already.
    yield from subscribers_text(explanation.subscribers, paint, with_help=activity is None)
    yield ""
    yield "By the topic policy alone:"
    for question, answer in explanation.answers():
        yield from _answer(question, answer, paint)
    if explanation.deployments.assumptions:
        yield ""
        yield "Assumed of every deployment:"
        yield from (f"  {inert(str(assumption))}" for assumption in explanation.deployments.assumptions)
    yield from _organization(explanation, paint)


def _organization(explanation: Explanation, paint: Paint) -> Iterator[str]:
    """Yield what is assumed of organization policies, and which links they cannot break."""
    if explanation.assumed:
        yield ""
        yield "Organization policies:"
        yield from (f"  assumed: {inert(text)}" for text in explanation.assumed)
        yield from (paint("dim", f"  {line}") for line in _OUT_OF_REACH)


_OUT_OF_REACH = (
    "Resource control policies do not cover SNS topics: the topic policy is not affected.",
    "Service control policies do not bind Amazon Connect: they cannot break any link.",
)


def _aside(explanation: Explanation, broken: Link) -> str:
    """Return which policies allow Connect, for a chain that is broken at the key although the topic policy allows it."""
    if broken is Link.KEY_POLICY:
        return " (the topic policy does)"
    if broken is not Link.ORGANIZATION_POLICY:
        return ""
    both = explanation.status(Link.KEY_POLICY) == OK
    return f" (the topic policy {'and the key policy allow' if both else 'allows'} it)"


def answer_of(explanation: Explanation) -> str:
    """Return a sentence that says whether the instance can publish to the topic."""
    allowed = explanation.status(Link.TOPIC_POLICY) == OK
    broken = explanation.first_broken()
    if broken is not None:
        return f"No: {_problem(broken)}{_aside(explanation, broken.link) if allowed else ''}."
    if explanation.dependence is not None:
        return f"It {explanation.dependence.reason}."
    unknown = [_missing(link) for link in explanation.links if link.status == UNKNOWN]
    if unknown:
        return f"Not known: {', '.join(unknown)}."
    where = "in every deployment with the values of this run, " if explanation.deployments.vary else ""
    seen = any(link.evidence for link in explanation.links)
    basis = ". That it can use the key was seen, and is not proven" if seen else ""
    return f"Yes: {where}this instance can publish to the topic{basis}."


def _problem(broken: LinkStatus) -> str:
    return _PROBLEMS.get(broken.link) or f"the instance was {broken.reason}"


def _missing(status: LinkStatus) -> str:
    return _MISSING.get(status.link) or f"the {status.link.value.replace('_', ' ')}"


def _answer_lines(explanation: Explanation, paint: Paint) -> Iterator[str]:
    style = {BROKEN: "error", UNKNOWN: "warning"}.get(explanation.chain, "ok")
    yield paint(style, inert(answer_of(explanation)))
    first = explanation.first_broken() or explanation.first(UNKNOWN)
    if first is not None and first.help:
        yield paint.detail("help", first.help)
    for finding in explanation.openings():
        rule = paint("dim", f"[{finding.rule}]")
        yield f"{paint('error', 'Others can publish too:')} {inert(finding.message)} {rule}"
        yield paint.detail("help", finding.help)


def _cause_lines(explanation: Explanation, activity: Activity, paint: Paint) -> Iterator[str]:
    """Yield the likely causes that the answer does not state already."""
    first = explanation.first_broken() or explanation.first(UNKNOWN)
    for cause in causes_of_silence(explanation, activity):
        if first is not None and cause.link == first.link.value:
            continue
        rule = paint("dim", f" [{cause.rule}]") if cause.rule else ""
        yield f"{paint('bold', 'Likely cause of silence:')} {inert(cause.reason)}{rule}"
        yield from (f"  {inert(evidence)}" for evidence in cause.evidence)
        if cause.help:
            yield paint.detail("help", cause.help)


def _activity_lines(activity: Activity) -> Iterator[str]:
    counters, streams = activity.counters, activity.streams
    if isinstance(streams, Unknown):
        yield f"  {'streams':<9} not known: {inert(streams.reason)}"
    else:
        count = "no contacts" if not streams else f"{streams} contact{'s' * (streams != 1)}"
        yield f"  {'streams':<9} {count} streamed to the topic, by CloudTrail"
    if activity.refused:
        count = f"{len(activity.refused)} request{'s' * (len(activity.refused) != 1)}"
        yield f"  {'refused':<9} {count} to stream, by CloudTrail"
    yield f"  {'messages':<9} {counters_text(counters)}"


def counters_text(counters: Counters | Unknown) -> str:
    """Describe the counters of a topic. SNS never counts messages that the policy or the key denies."""
    if isinstance(counters, Unknown):
        return f"not known: {inert(counters.reason)}"
    if counters.published is None:
        return "CloudWatch has no counts for the topic"
    named = {name.replace("_", " "): count or 0 for name, count in counters._asdict().items()}
    return f"CloudWatch counts: {', '.join(f'{count} {name}' for name, count in named.items())}"


def _link(status: LinkStatus, paint: Paint) -> str:
    rule = paint("dim", f" [{status.rule}]") if status.rule else ""
    return f"{link_line(status.link.value, status.status, status.reason, paint, _WIDTH)}{rule}"


_WIDTH = max(len(link.value) for link in Link)


def link_line(name: str, status: str, reason: str, paint: Paint, width: int = 13) -> str:
    """Format one link of a chain: status, name and reason; ``width`` is that of the name."""
    word = {BROKEN: "BROKEN", UNKNOWN: "unknown"}.get(status, status if status == OK else "-")
    styled = paint(_STYLES.get(status, "dim"), f"{word:<8}")
    return f"  {styled} {name.replace('_', ' '):<{width}} {inert(reason)}"


def _answer(question: str, answer: Answer, paint: Paint) -> Iterator[str]:
    caller, (yes, no) = _QUESTIONS[question]
    word = "not known" if isinstance(answer.truth, Unknown) else yes if answer.truth else no
    good = (question == _ALLOWED) == (answer.truth is True)
    style = "warning" if isinstance(answer.truth, Unknown) else "ok" if good else "error"
    yield f"  {caller:<31} {paint(style, word)}"
    if isinstance(answer.truth, Unknown):
        yield f"    {inert(answer.truth.reason)}"
    if answer.witness is None or answer.decision is None:
        return
    if question != _ALLOWED:
        yield f"    {could(answer.witness, 'publish')}"
    elif answer.truth is not True:
        yield from (f"    {line}" for line in _match_lines(answer.decision, answer.witness))


_WORDS = {"Allowed": "ok", "Unknown": "warning"}


def decision_json(decision: Decision, request: Request) -> dict[str, Any]:
    """Convert a decision to JSON values."""
    return {
        "decision": decision.word,
        "allowed": _truth(decision.allowed),
        "statements": list(decision.statements()),
        "trace": [_match(match, number, request) for number, match in enumerate(decision.matches)],
    }


def _truth(truth: Truth) -> bool | None:
    return None if isinstance(truth, Unknown) else truth


def _match(match: Match, number: int, request: Request) -> dict[str, Any]:
    condition = match.condition if isinstance(match.condition, Condition) else None
    statement = match.statement if isinstance(match.statement, Statement) else None
    return {
        "statement": number,
        "sid": statement.sid if statement else None,
        "effect": match.effect if isinstance(match.effect, str) else None,
        "applies": _truth(match.truth),
        "element": match.element or None,
        "operator": condition.operator if condition else None,
        "key": condition.key if condition else None,
        "reason": why(match, request),
    }


def decision_text(decision: Decision, request: Request, paint: Paint) -> Iterator[str]:
    """Yield the decision, then one line per statement with the reason why it applies or not."""
    yield paint(_WORDS.get(decision.word, "error"), decision.word)
    yield from (f"  {line}" for line in _match_lines(decision, request))


def _match_lines(decision: Decision, request: Request) -> Iterator[str]:
    """Yield one line per statement: its effect, its name, and why it applies or not."""
    for number, match in enumerate(decision.matches, 1):
        title = match.statement.title if isinstance(match.statement, Statement) else f"statement {number}"
        effect = match.effect if isinstance(match.effect, str) else "?"
        yield f"{inert(effect):<5} {inert(title)} {inert(why(match, request))}"
