"""Explanation of whether an instance can publish to a topic, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.pairing import why as why_paired
from checker.analysis.wording import could
from checker.core.terminal_text import inert
from checker.core.unknown import Unknown
from checker.lint.rule import Link
from checker.lint.status import OK, UNKNOWN
from checker.report.activity import activity_json, activity_lines, cause_lines
from checker.report.decision import match_lines
from checker.report.formats.json import pairing_json
from checker.report.links import STYLES, link_text
from checker.report.subscribers import subscribers_json, subscribers_text
from checker.report.wrapped_text import wrapped_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.finding import Finding
    from checker.iam.prove.prove import Answer
    from checker.lint.causes import Activity
    from checker.lint.explanation import Explanation, LinkStatus
    from checker.report.context import Paint


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
        "named_accounts": {account: _word(answer, "yes", "no") for account, answer in explanation.partners},
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
    return reworded if activity is None else {**reworded, **activity_json(explanation, activity)}


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
    lines = map(explanation.deployments.default.reworded, _lines(explanation, paint, activity))
    yield from wrapped_text(lines, paint)


def _lines(explanation: Explanation, paint: Paint, activity: Activity | None) -> Iterator[str]:
    yield from _answer_lines(explanation, paint)
    if activity is not None:
        yield from cause_lines(explanation, activity, paint)
    yield ""
    yield f"{paint('dim', 'topic   ')} {inert(explanation.topic.name)}"
    for instance, deployments in explanation.instances or ((explanation.instance, ""),):
        yield f"{paint('dim', 'instance')} {instance}{deployments and f' if {deployments}'}"
    for pairing in explanation.pairings:
        yield f"{paint('dim', 'paired  ')} {pairing.instance.instance_id} {inert(why_paired(pairing))}"
    yield ""
    for status in explanation.links:
        yield link_text(status, paint)
    if activity is not None:
        yield ""
        yield f"In the last {activity.hours} hours:"
        yield from activity_lines(activity)
    yield ""
    # The likely causes have the help texts already.
    yield from subscribers_text(explanation.subscribers, paint, with_help=activity is None)
    yield ""
    yield "By the topic policy alone:"
    for question, answer in explanation.answers():
        yield from _answer(question, answer, paint)
    for account, answer in explanation.partners:
        yield from _partner(account, answer, paint)
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
    yield paint(STYLES.get(explanation.chain, "ok"), inert(answer_of(explanation)))
    first = explanation.decisive
    if first is not None and first.help:
        yield paint.detail("help", first.help)
    for finding in explanation.openings():
        yield from _access(finding, paint("error", "Others can publish too:"), paint)
    for finding in explanation.wider():
        yield from _access(finding, paint("warning", "Access is wider than needed:"), paint)


def _access(finding: Finding, about: str, paint: Paint) -> Iterator[str]:
    yield f"{about} {inert(finding.message)} {paint('dim', f'[{finding.rule}]')}"
    yield paint.detail("help", finding.help)


def _partner(account: str, answer: Answer, paint: Paint) -> Iterator[str]:
    can = "not known" if isinstance(answer.truth, Unknown) else "can publish through Connect"
    yield f"  {f'Named account {account}':<31} {paint('warning', can)}"
    if answer.witness is not None:
        yield f"    {could(answer.witness, 'publish')}"


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
        yield from (f"    {line}" for line in match_lines(answer.decision, answer.witness))
