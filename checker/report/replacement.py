"""What takes the place of a topic or key, step by step, and what people have to do themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.core.terminal_text import inert
from checker.fix.live.receipt import CREATED, ENCRYPTION, KEY, NEW_KEY, NEW_TOPIC, SUBSCRIPTION, TOPIC
from checker.fix.live.replacement import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.live.receipt import Change
    from checker.fix.live.replacement import Replacement, Step
    from checker.report.style import Paint

_CALLS = {
    TOPIC: ["sns:SetTopicAttributes"],
    KEY: ["kms:PutKeyPolicy"],
    NEW_KEY: ["kms:CreateKey", "kms:CreateAlias"],
    NEW_TOPIC: ["sns:CreateTopic"],
    SUBSCRIPTION: ["sns:Subscribe"],
    ENCRYPTION: ["sns:SetTopicAttributes"],
}
_TITLES = {
    TOPIC: "write the policy of `{resource}`, as the diff shows",
    KEY: "write the policy of `{resource}`, as the diff shows",
    NEW_KEY: "create a symmetric customer managed key, which `{resource}` stands for",
    NEW_TOPIC: "create the standard topic `{resource}`",
    ENCRYPTION: "encrypt `{resource}` with `{new}` in the place of `{old}`",
}
_IN_TITLE = ("Attributes", "Protocol", "Endpoint")
_STYLES = {State.DONE: "ok", State.FAILED: "error", State.LEFT: "error"}


def replacement_text(made: Replacement, paint: Paint) -> Iterator[str]:
    """Write every step with all that is asked of AWS, what is not copied, and what is left to do."""
    yield paint("bold", inert(f"replacement for {made.replaces}"))
    yield from (f"  {paint('dim', '=')} {inert(reason)}" for reason in made.reasons)
    if not made.steps:
        yield f"  {paint('ok', 'done')}: `{inert(made.topic)}` is there, with everything that was to come"
    yield from steps_text(made, paint)
    yield from _listed("left out", (f"{one.what}: {one.reason}" for one in made.left_out), paint)
    yield from _listed("yours to switch", made.switch, paint)


def _step(number: int, step: Step, paint: Paint) -> Iterator[str]:
    state = "" if step.state is State.PLANNED else f"{paint(_STYLES.get(step.state, 'note'), step.state)}: "
    calls = ", ".join(_CALLS[step.change.kind])
    yield f"{number}. {state}{inert(_title(step.change))} ({calls})"
    if step.reason:
        yield f"     {paint('dim', '=')} {inert(step.reason)}"
    if step.state is State.PLANNED:
        yield from (f"     {inert(line)}" for line in _details(_asked(step.change)))


def _title(change: Change) -> str:
    if change.kind == SUBSCRIPTION:
        made = change.made_of
        return f"subscribe {made['Protocol']} `{made['Endpoint']}`"
    return _TITLES[change.kind].format(resource=change.resource, old=change.old, new=change.new)


def _asked(change: Change) -> dict[str, Any]:
    """What AWS is asked to create, apart from its name; policies and keys that change are shown elsewhere."""
    if change.kind not in CREATED:
        return {}
    made = change.made_of
    asked = {**made, **made.get("Attributes", {})}
    return {name: value for name, value in asked.items() if name not in _IN_TITLE}


def _details(asked: dict[str, Any]) -> Iterator[str]:
    """A line each; what is JSON in a string is laid out."""
    for name, value in asked.items():
        if name == "Tags":
            yield from (f"tag {key}: {said}" for key, said in value.items())
        else:
            yield from f"{name}: {_laid_out(value)}".split("\n")


def _laid_out(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2) if text.startswith("{") else text
    except ValueError:
        return text  # a name may begin like this, too


def _listed(title: str, lines: Iterator[str] | tuple[str, ...], paint: Paint) -> Iterator[str]:
    for index, line in enumerate(lines):
        if not index:
            yield paint("bold", f"{title}:")
        yield f"  - {inert(line)}"


def made_line(made: Replacement) -> str:
    """Say in one line how far it is."""
    states = [one.state for one in made.steps]
    counts = ((states.count(state), state.value) for state in State if state in states)
    counted = [f"{count} step{'s' * (count != 1)} {state}" for count, state in counts]
    return f"replacement: {', '.join(counted)}" if counted else "the replacement is there"


def replacement_json(made: Replacement) -> dict[str, Any]:
    """The same for programs; see `schemas/fix.v1.json`."""
    return {
        "replaces": made.replaces,
        "topic": made.topic,
        "reasons": list(made.reasons),
        "steps": [_step_json(one) for one in made.steps],
        "left_out": [one._asdict() for one in made.left_out],
        "switch": list(made.switch),
    }


def _step_json(step: Step) -> dict[str, Any]:
    change = step.change
    return {
        "kind": change.kind,
        "resource": change.resource,
        "calls": _CALLS[change.kind],
        "old": change.old,
        "new": change.new,
        "state": step.state.value,
        "reason": step.reason,
    }


def steps_text(made: Replacement, paint: Paint) -> Iterator[str]:
    """Write the steps: what each asks of AWS, or what became of it."""
    for number, step in enumerate(made.steps, 1):
        yield from _step(number, step, paint)
