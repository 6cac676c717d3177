"""Explanation of whether an instance can publish to a topic, and of a single decision, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.pairing import why as why_paired
from checker.analysis.wording import could, why
from checker.core.terminal_text import inert
from checker.core.unknown import Unknown
from checker.lint.delivery.dead_letter import PREFIX
from checker.lint.explain import BROKEN, OK, UNKNOWN
from checker.lint.rule import Link
from checker.policy.model import Condition, Statement
from checker.report.formats.json import pairing_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.unknown import Truth
    from checker.iam.decide.decide import Decision, Match
    from checker.iam.decide.request import Request
    from checker.iam.prove.prove import Answer
    from checker.lint.delivery.subscribers import Subscriber
    from checker.lint.explain import Explanation, LinkStatus
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
}
_MISSING = {
    Link.TOPIC_TYPE: "the type of the topic",
    Link.KEY: "the key of the topic",
}
"""Descriptions of links whose names do not say what is unknown."""


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Convert an explanation to JSON values."""
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
            }
            for link in explanation.links
        ],
        "subscriptions": subscribers_json(explanation.subscribers),
        "assumptions": [str(assumption) for assumption in explanation.deployments.assumptions],
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
    return reworded


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


def subscribers_text(subscribers: tuple[Subscriber, ...] | Unknown, paint: Paint) -> Iterator[str]:
    """Yield one line for each subscriber of a topic, with the reason and what to know of it."""
    if isinstance(subscribers, Unknown):
        yield paint("dim", f"Subscribers: not known: {inert(subscribers.described)}.")
        return
    yield "Subscribers:" if subscribers else "Subscribers: none known."
    for one in subscribers:
        rule = paint("dim", f" [{one.rule}]") if one.rule else ""
        yield f"{link_line(one.protocol, one.status, one.endpoint, paint)}{rule}"
        yield f"           {inert(one.reason)}"
        if one.help:
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


def explanation_text(explanation: Explanation, paint: Paint) -> Iterator[str]:
    """Yield the answer, the chain of links behind it, and who can publish by the topic policy alone."""
    yield from map(explanation.deployments.default.reworded, _lines(explanation, paint))


def _lines(explanation: Explanation, paint: Paint) -> Iterator[str]:
    yield from _answer_lines(explanation, paint)
    yield ""
    yield f"{paint('dim', 'topic   ')} {inert(explanation.topic.name)}"
    for instance, deployments in explanation.instances or ((explanation.instance, ""),):
        yield f"{paint('dim', 'instance')} {instance}{deployments and f' if {deployments}'}"
    for pairing in explanation.pairings:
        yield f"{paint('dim', 'paired  ')} {pairing.instance.instance_id} {inert(why_paired(pairing))}"
    yield ""
    for status in explanation.links:
        yield _link(status, paint)
    yield ""
    yield from subscribers_text(explanation.subscribers, paint)
    yield ""
    yield "By the topic policy alone:"
    for question, answer in explanation.answers():
        yield from _answer(question, answer, paint)
    if explanation.deployments.assumptions:
        yield ""
        yield "Assumed of every deployment:"
        yield from (f"  {inert(str(assumption))}" for assumption in explanation.deployments.assumptions)


def answer_of(explanation: Explanation) -> str:
    """Return a sentence that says whether the instance can publish to the topic."""
    allowed = explanation.status(Link.TOPIC_POLICY) == OK
    aside = " (the topic policy does)" if allowed else ""
    broken = explanation.first_broken()
    if broken is not None:
        return f"No: {_problem(broken)}{aside if broken.link is Link.KEY_POLICY else ''}."
    if explanation.dependence is not None:
        return f"It {explanation.dependence.reason}."
    unknown = [_missing(link) for link in explanation.links if link.status == UNKNOWN]
    if unknown:
        return f"Not known: {', '.join(unknown)}."
    where = "in every deployment with the values of this run, " if explanation.deployments.vary else ""
    return f"Yes: {where}this instance can publish to the topic."


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
    if first is None:
        yield paint("dim", "Not checked: resource control policies of the organization.")
    for finding in explanation.openings():
        rule = paint("dim", f"[{finding.rule}]")
        yield f"{paint('error', 'Others can publish too:')} {inert(finding.message)} {rule}"
        yield paint.detail("help", finding.help)


def _link(status: LinkStatus, paint: Paint) -> str:
    rule = paint("dim", f" [{status.rule}]") if status.rule else ""
    return f"{link_line(status.link.value, status.status, status.reason, paint)}{rule}"


def link_line(name: str, status: str, reason: str, paint: Paint) -> str:
    """Format one link of a chain: status, name and reason."""
    word = {BROKEN: "BROKEN", UNKNOWN: "unknown"}.get(status, status if status == OK else "-")
    styled = paint(_STYLES.get(status, "dim"), f"{word:<8}")
    return f"  {styled} {name.replace('_', ' '):<13} {inert(reason)}"


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
