"""The chain for people, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.chain import BROKEN, OK, UNKNOWN
from checker.pairing import why
from checker.policy.model import Statement
from checker.policy.unknown import Unknown
from checker.report.json_v1 import pairing_json
from checker.sentence import could
from checker.sentence import why as why_matched
from checker.terminal_text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.chain import Explanation, LinkStatus
    from checker.iam.prove import Answer
    from checker.report.paint import Paint

_STYLES = {OK: "ok", BROKEN: "error", UNKNOWN: "warning"}
_QUESTIONS = {
    "connect_can_publish": ("Can Connect publish for this instance?", ("yes", "no")),
    "confused_deputy": ("Can Connect publish for strangers?", ("OPEN", "closed")),
    "sibling_instances": ("... for other instances of the account?", ("OPEN", "closed")),
    "public": ("Can anybody publish?", ("YES", "no")),
}


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Turn an explanation into JSON values."""
    return {
        "topic": explanation.topic.name,
        "instance": str(explanation.instance),
        "pairings": [pairing_json(one) for one in explanation.pairings],
        "connect_can_publish": _word(explanation.can_publish, "yes", "no"),
        "confused_deputy": _word(explanation.deputy, "open", "closed"),
        "sibling_instances": _word(explanation.siblings, "open", "closed"),
        "public": _word(explanation.public, "yes", "no"),
        "kms": explanation.kms,
        "links": [
            {"link": one.link.value, "status": one.status, "reason": one.reason, "rule": one.rule or None}
            for one in explanation.links
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


def _word(answer: Answer, yes: str, no: str) -> str:
    if isinstance(answer.truth, Unknown):
        return "unknown"
    return yes if answer.truth else no


def explanation_text(explanation: Explanation, paint: Paint) -> Iterator[str]:
    """Write the chain, the four answers with their witnesses, and the first broken link."""
    yield f"{paint('dim', 'topic   ')} {inert(explanation.topic.name)}"
    yield f"{paint('dim', 'instance')} {explanation.instance}"
    for pairing in explanation.pairings:
        yield f"{paint('dim', 'paired  ')} {pairing.instance.instance_id} {inert(why(pairing))}"
    yield ""
    for one in explanation.links:
        yield _link(one, paint)
    yield ""
    for question, answer in explanation.answers():
        yield from _answer(question, answer, paint)
    yield ""
    yield from _conclusion(explanation, paint)


def _link(one: LinkStatus, paint: Paint) -> str:
    rule = paint("dim", f" [{one.rule}]") if one.rule else ""
    return f"{link_line(one.link.value, one.status, one.reason, paint)}{rule}"


def link_line(name: str, status: str, reason: str, paint: Paint) -> str:
    """Write one link of a chain: its status, its name, and why."""
    word = {BROKEN: "BROKEN", UNKNOWN: "unknown"}.get(status, status if status == OK else "-")
    styled = paint(_STYLES.get(status, "dim"), f"{word:<8}")
    return f"  {styled} {name.replace('_', ' '):<13} {inert(reason)}"


def _answer(question: str, answer: Answer, paint: Paint) -> Iterator[str]:
    title, (yes, no) = _QUESTIONS[question]
    word = _word(answer, yes, no)
    good = (question == "connect_can_publish") == (answer.truth is True)
    style = "warning" if word == "unknown" else "ok" if good else "error"
    yield f"{title:<40} {paint(style, word)}"
    if isinstance(answer.truth, Unknown):
        yield f"    {inert(answer.truth.reason)}"
    if answer.witness is None or answer.decision is None:
        return
    if question != "connect_can_publish":
        yield f"    {could(answer.witness, 'publish')}"
    elif answer.truth is not True:
        for match in answer.decision.matches:
            title = match.statement.title if isinstance(match.statement, Statement) else "a statement"
            effect = match.effect if isinstance(match.effect, str) else "unknown effect:"
            yield f"    {inert(effect)} {inert(title)} {inert(why_matched(match, answer.witness))}"


def _conclusion(explanation: Explanation, paint: Paint) -> Iterator[str]:
    broken = explanation.first_broken()
    unsure = [one.link.value.replace("_", " ") for one in explanation.links if one.status == UNKNOWN]
    if broken is not None:
        yield paint("error", f"The first broken link is the {broken.link.value.replace('_', ' ')}.")
        yield from ([f"  {paint('dim', '=')} help: {inert(broken.help)}"] if broken.help else [])
    elif unsure:
        yield paint("warning", f"No link is known to be broken; not known: {', '.join(unsure)}.")
    else:
        yield paint(
            "ok", "The chain is whole: AWS documents nothing that would keep the messages from arriving."
        )
        yield paint("dim", "Resource control policies of an organisation cannot be seen from here.")
    for finding in explanation.openings():
        yield f"{paint('error', 'But somebody else gets in:')} {inert(finding.message)} {paint('dim', f'[{finding.rule}]')}"
        yield f"  {paint('dim', '=')} help: {inert(finding.help)}"
