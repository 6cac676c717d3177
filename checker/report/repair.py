"""What `checker fix` has to say: the changes as a diff, who gains and loses by them, and what is left."""

from __future__ import annotations

import difflib
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.core.finding import Applicability, Verdict
from checker.core.terminal_text import inert, inert_patch_line
from checker.lint.report import without_conditions
from checker.report.brief import worth_label
from checker.report.flow import passage_json
from checker.report.json_v1 import finding_json
from checker.report.replacement import made_line, replacement_json, replacement_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.fix.attempts import UnfixedFinding
    from checker.fix.result import Outcome, PolicyChange
    from checker.fix.rounds import FixedFinding
    from checker.report.style import Paint


def repair_text(outcome: Outcome, paint: Paint) -> Iterator[str]:
    """Write everything, for people."""
    yield from diff_text(outcome, paint)
    done = "fixed" if outcome.applied else "can be fixed"
    for mended in outcome.repair.mended:
        yield from _mended(mended, done, paint)
    for change in _alike(outcome.changes):
        yield from _access(change, paint)
    if outcome.replacement is not None:
        yield from [""] * bool(outcome.repair.texts)
        yield from replacement_text(outcome.replacement, paint)
    above = bool(outcome.repair.texts or outcome.repair.mended or outcome.replacement)
    for number, left in enumerate(outcome.left):
        yield from [""] * (above or number > 0)
        yield from _left(left, outcome, paint)


def diff_text(outcome: Outcome, paint: Paint) -> Iterator[str]:
    """The changes as a unified diff, which `patch` and `git apply` understand."""
    for path, text in outcome.repair.texts.items():
        for line in _diff(outcome.originals[path], text, outcome.name(path)):
            style = {"+": "ok", "-": "error", "@": "note"}.get(line[:1], "")
            shown = inert_patch_line(line)
            yield paint(style, shown) if style else shown


def escaped_diffs(outcome: Outcome) -> Iterator[str]:
    """Name the files whose diff is shown with escapes or without sensitive values, and so does not apply."""
    for path, text in outcome.repair.texts.items():
        name = outcome.name(path)
        if any(inert_patch_line(line) != line for line in _diff(outcome.originals[path], text, name)):
            yield name


def _diff(old: str, new: str, name: str) -> Iterator[str]:
    before, after = _lines(old), _lines(new)
    for line in difflib.unified_diff(before, after, git_name(f"a/{name}"), git_name(f"b/{name}")):
        yield from line.removesuffix("\n").split("\n")


def git_name(name: str) -> str:
    """Write the name of a file as git does: in quotes, with octal escapes, where it is not plain text.

    https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
    """
    if inert(name) == name and not {'"', "\\"} & set(name):
        return name
    return f'"{"".join(map(_git_char, name))}"'


def _git_char(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if inert(char) == char:
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))


def _lines(text: str) -> list[str]:
    """Split at line feeds alone, and say so where the last line has none."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def _mended(mended: FixedFinding, done: str, paint: Paint) -> Iterator[str]:
    worth = worth_label(mended.fix.applicability)
    yield f"{paint('ok', done)} ({worth}): {inert(mended.fix.title)} [{mended.finding.rule}]"
    if mended.fix.applicability is Applicability.DOCUMENTED:
        yield f"  {paint('dim', '=')} help: `--kms-condition topic` limits it to messages to the topic"


def _alike(changes: Iterable[PolicyChange]) -> list[PolicyChange]:
    """Say once what is the same in all ways that the conditions of a template let a resource come out."""
    found: dict[object, PolicyChange] = {}
    for index, one in enumerate(changes):
        name, difference = without_conditions(one.resource), one.difference
        gained, lost = (tuple(a.sentence for a in side) for side in (difference.gained, difference.lost))
        which = name if "#" in name else index
        found.setdefault((which, gained, lost, difference.doubts), one._replace(resource=name))
    return list(found.values())


def _access(change: PolicyChange, paint: Paint) -> Iterator[str]:
    """Who gains and who loses by the change of one policy."""
    found = change.difference
    yield ""
    yield paint("bold", f"who gains and who loses, {inert(change.resource)}")
    for style, sign, accesses in (("ok", "gains", found.gained), ("error", "loses", found.lost)):
        for one in accesses:
            yield f"  {paint(style, sign)}: {inert(one.sentence)}"
    yield from (f"  not known: {inert(doubt.told)}" for doubt in found.doubts)
    if found.same is True:
        yield "  nobody gains or loses anything"


def _left(left: UnfixedFinding, outcome: Outcome, paint: Paint) -> Iterator[str]:
    finding = left.finding
    severity = finding.severity.value
    yield f"{paint(severity, f'{severity}[{finding.rule}]')}: {paint('bold', inert(finding.message))}"
    position = finding.locations[0].position()
    place = f":{position.line}:{position.column}" if position else ""
    yield f"  {paint('dim', '-->')} {inert(finding.locations[0].source)}{place}"
    if finding.root:
        yield f"  {paint('dim', '=')} resource: {inert(finding.declared_as)}"
    for line in _why(left, outcome):
        yield f"  {paint('dim', '=')} {inert(line)}"
    for lines in outcome.written_out(left):
        yield from (f"      {inert(line)}" for line in lines)


def _why(left: UnfixedFinding, outcome: Outcome) -> Iterator[str]:
    fix = left.fix
    if fix is None:
        yield f"not fixed: {left.reason}"
    elif fix.needs:
        yield f"fixable once you name the instance with `{fix.needs[0]}`: {fix.title}"
        yield f"help: {shlex.join([*outcome.command, *fix.needs])}"
    elif fix.applicability is Applicability.DISPLAY and fix.plan:
        yield f"plan: {fix.title}"
        yield from (f"{number}. {step}" for number, step in enumerate(fix.plan, 1))
    elif left.by_hand:
        yield f"fix (by hand): {fix.title}"
        yield f"reason: {left.reason}"
    else:
        yield f"fix (unsafe): {fix.title}"
        yield f"reason: {left.reason}"
        yield "help: `--unsafe-fixes` applies it all the same"


def repair_json(outcome: Outcome) -> dict[str, Any]:
    """The same for programs; see `schemas/fix.v1.json`."""
    diffs: Mapping[str, str] = {
        outcome.name(path): "".join(
            f"{line}\n" for line in _diff(outcome.originals[path], text, outcome.name(path))
        )
        for path, text in outcome.repair.texts.items()
    }
    return {
        "version": 1,
        "applied": outcome.applied,
        "files": [{"path": name, "diff": diff} for name, diff in diffs.items()],
        "mended": [
            {
                "finding": finding_json(one.finding),
                "title": one.fix.title,
                "applicability": one.fix.applicability.value,
            }
            for one in outcome.repair.mended
        ],
        "changes": [_change_json(one) for one in outcome.changes],
        "left": [_left_json(one, outcome) for one in outcome.left],
        "replacement": replacement_json(outcome.replacement) if outcome.replacement else None,
        "flow": passage_json(outcome.flow) if outcome.flow else None,
    }


def _change_json(change: PolicyChange) -> dict[str, Any]:
    found = change.difference
    return {
        "resource": change.resource,
        "gained": [{"who": one.who, "actions": list(one.actions)} for one in found.gained],
        "lost": [{"who": one.who, "actions": list(one.actions)} for one in found.lost],
        "doubts": [one.told for one in found.doubts],
    }


def _left_json(left: UnfixedFinding, outcome: Outcome) -> dict[str, Any]:
    return {
        "finding": finding_json(left.finding),
        "reason": left.reason,
        "title": left.fix.title if left.fix else None,
        "needs": list(left.fix.needs) if left.fix else [],
        "plan": list(left.fix.plan) if left.fix else [],
        "statements": ["\n".join(lines) for lines in outcome.written_out(left)],
    }


def summary_line(outcome: Outcome) -> str:
    """One line that says how it ended."""
    if outcome.replacement is not None:
        return made_line(outcome.replacement)
    mended = outcome.repair.mended
    done = "fixed" if outcome.applied else "to fix"
    said = f"{_counted(len(mended), 'finding')} {done} in {_places(outcome.repair.texts)}"
    unsafe = sum(one.fix.applicability is Applicability.UNSAFE for one in mended)
    remaining = outcome.repair.after.report.findings
    unknown = sum(one.verdict is Verdict.UNDETERMINED for one in remaining)
    waiting = [one.fix.needs[0] for one in outcome.left if one.fix and one.fix.needs]
    nothing = "nothing can be fixed" if outcome.left else "nothing to fix"
    parts = [said if mended else nothing, f"{unsafe} of them unsafe" if unsafe else ""]
    parts.append(f"{len(outcome.left)} left" if outcome.left else "")
    parts.append(f"{len(waiting)} of them fixable with {waiting[0]}" if waiting else "")
    parts.append(f"{unknown} undetermined (`checker check` shows them)" if unknown else "")
    return ", ".join(filter(None, parts))


def _places(names: Iterable[str]) -> str:
    """Count files, or live topics and keys by their ARNs."""
    arns = [Arn.parse(name) for name in names]
    kinds = Counter("file" if arn is None else "topic" if arn.is_topic else "key" for arn in arns)
    return " and ".join(_counted(count, kind) for kind, count in sorted(kinds.items(), reverse=True))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
