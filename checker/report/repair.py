"""Output of `checker fix`: the diff, the access changes and the remaining findings."""

from __future__ import annotations

import difflib
from collections import Counter
from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.core.finding import Applicability, Verdict
from checker.core.shell import shell_command, with_options
from checker.core.terminal_text import inert, inert_patch_line
from checker.lint.report import without_conditions
from checker.report.brief import applicability_label, count_noun, place_text
from checker.report.changes import replacement_json, replacement_line, replacement_text
from checker.report.flow import flow_json
from checker.report.formats.json import finding_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.fix.attempts import UnfixedFinding
    from checker.fix.result import Outcome, PolicyChange
    from checker.fix.rounds import FixedFinding
    from checker.report.context import Paint


def repair_text(outcome: Outcome, paint: Paint) -> Iterator[str]:
    """Yield the whole result as text."""
    yield from diff_text(outcome, paint)
    done = "fixed" if outcome.applied else "can be fixed"
    for fixed in outcome.repair.fixed:
        yield from _fixed(fixed, done, paint)
    for change in _distinct(outcome.changes):
        yield from _access(change, paint)
    if outcome.replacement is not None:
        yield from [""] * bool(outcome.repair.texts)
        yield from replacement_text(outcome.replacement, paint)
    above = bool(outcome.repair.texts or outcome.repair.fixed or outcome.replacement)
    for number, unfixed in enumerate(outcome.unfixed):
        yield from [""] * (above or number > 0)
        yield from _unfixed(unfixed, outcome, paint)


def repairs_text(outcomes: Mapping[str, Outcome], paint: Paint) -> Iterator[str]:
    """Yield the result of each topic in AWS, with its ARN and its counts as the heading."""
    for number, (topic, outcome) in enumerate(outcomes.items(), 1):
        yield from [""] * (number > 1)
        heading = f"topic {number} of {len(outcomes)}, {inert(topic)}"
        yield f"{paint('bold', heading)}: {summary_line(outcome, live=True)}"
        yield from repair_text(outcome, paint)


def diff_text(outcome: Outcome, paint: Paint) -> Iterator[str]:
    """Yield the changes as a unified diff for `patch` and `git apply`."""
    for path, text in outcome.repair.texts.items():
        for line in _diff(outcome.originals[path], text, outcome.name(path)):
            style = {"+": "ok", "-": "error", "@": "note"}.get(line[:1], "")
            shown = inert_patch_line(line)
            yield paint(style, shown) if style else shown


def escaped_diffs(outcome: Outcome) -> Iterator[str]:
    """Yield the files whose diff does not apply, because it is shown with escapes or redacted values."""
    for path, text in outcome.repair.texts.items():
        name = outcome.name(path)
        if any(inert_patch_line(line) != line for line in _diff(outcome.originals[path], text, name)):
            yield name


def _diff(old: str, new: str, name: str) -> Iterator[str]:
    before, after = _lines(old), _lines(new)
    for line in difflib.unified_diff(before, after, git_name(f"a/{name}"), git_name(f"b/{name}")):
        yield from line.removesuffix("\n").split("\n")


def git_name(name: str) -> str:
    """Format a file name as git does: in quotes with octal escapes if it contains special characters.

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
    """Split a text at line feeds only, and mark a last line without one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def _fixed(fixed: FixedFinding, done: str, paint: Paint) -> Iterator[str]:
    label = applicability_label(fixed.fix.applicability)
    yield f"{paint('ok', done)} ({label}): {inert(fixed.fix.title)} [{fixed.finding.rule}]"
    if fixed.fix.applicability is Applicability.DOCUMENTED:
        yield paint.detail("help", "`--kms-condition topic` limits it to messages to the topic")


def _distinct(changes: Iterable[PolicyChange]) -> list[PolicyChange]:
    """Return the changes, with equal changes to the variants of one template resource listed once."""
    distinct: dict[object, PolicyChange] = {}
    for index, change in enumerate(changes):
        name, difference = without_conditions(change.resource), change.difference
        gained, lost = (tuple(a.sentence for a in side) for side in (difference.gained, difference.lost))
        resource = name if "#" in name else index
        distinct.setdefault((resource, gained, lost, difference.doubts), change._replace(resource=name))
    return list(distinct.values())


def _access(change: PolicyChange, paint: Paint) -> Iterator[str]:
    """Yield the access changes of one policy."""
    difference = change.difference
    yield ""
    yield paint("bold", f"access changes, {inert(change.resource)}")
    labeled = (("ok", "newly allowed", difference.gained), ("error", "no longer allowed", difference.lost))
    for style, label, accesses in labeled:
        for access in accesses:
            yield f"  {paint(style, label)}: {inert(access.sentence)}"
    yield from (f"  not known: {inert(doubt.described)}" for doubt in difference.doubts)
    if difference.same is True:
        yield "  none"


def _unfixed(unfixed: UnfixedFinding, outcome: Outcome, paint: Paint) -> Iterator[str]:
    finding = unfixed.finding
    severity = finding.severity.value
    yield f"{paint(severity, f'{severity}[{finding.rule}]')}: {paint('bold', inert(finding.message))}"
    yield f"  {paint('dim', '-->')} {place_text(finding.locations[0])}"
    if finding.root:
        yield paint.detail("resource", finding.declared_as)
    for line in _explanation(unfixed, outcome):
        yield f"  {paint('dim', '=')} {inert(line)}"
    for lines in outcome.written_out(unfixed):
        yield from (f"      {inert(line)}" for line in lines)


def _explanation(unfixed: UnfixedFinding, outcome: Outcome) -> Iterator[str]:
    fix = unfixed.fix
    if fix is None:
        yield f"not fixed: {unfixed.reason}"
        yield from [f"help: {unfixed.finding.help}"] * bool(unfixed.finding.help)
    elif fix.needs:
        yield f"fixable once you name the instance with `{fix.needs[0]}`: {fix.title}"
        yield f"help: {shell_command(with_options(outcome.command, *fix.needs))}"
    elif fix.applicability is Applicability.DISPLAY and fix.plan:
        yield f"plan: {fix.title}"
        yield from (f"{number}. {step}" for number, step in enumerate(fix.plan, 1))
    elif unfixed.by_hand:
        yield f"fix (by hand): {fix.title}"
        yield f"reason: {unfixed.reason}"
    else:
        yield f"fix (unsafe): {fix.title}"
        yield f"reason: {unfixed.reason}"
        yield "help: `--unsafe-fixes` applies it anyway"


def repair_json(outcome: Outcome) -> dict[str, Any]:
    """Convert the result to JSON values, as `schemas/fix.v1.json` describes them."""
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
                "finding": finding_json(fixed.finding),
                "title": fixed.fix.title,
                "applicability": fixed.fix.applicability.value,
            }
            for fixed in outcome.repair.fixed
        ],
        "changes": [_change_json(change) for change in outcome.changes],
        "left": [_unfixed_json(unfixed, outcome) for unfixed in outcome.unfixed],
        "replacement": replacement_json(outcome.replacement) if outcome.replacement else None,
        "flow": flow_json(outcome.flow) if outcome.flow else None,
    }


def _change_json(change: PolicyChange) -> dict[str, Any]:
    difference = change.difference
    return {
        "resource": change.resource,
        "gained": [{"who": access.who, "actions": list(access.actions)} for access in difference.gained],
        "lost": [{"who": access.who, "actions": list(access.actions)} for access in difference.lost],
        "doubts": [doubt.described for doubt in difference.doubts],
    }


def _unfixed_json(unfixed: UnfixedFinding, outcome: Outcome) -> dict[str, Any]:
    fix = unfixed.fix
    return {
        "finding": finding_json(unfixed.finding),
        "reason": unfixed.reason,
        "title": fix.title if fix else None,
        "needs": list(fix.needs) if fix else [],
        "plan": list(fix.plan) if fix else [],
        "statements": ["\n".join(lines) for lines in outcome.written_out(unfixed)],
    }


def undetermined(outcome: Outcome) -> int:
    """Return the number of undetermined results, which a fix does not show."""
    return sum(one.verdict is Verdict.UNDETERMINED for one in outcome.repair.after.report.findings)


def summary_line(outcome: Outcome, *, live: bool = False) -> str:
    """Return the summary line. `checker check` shows undetermined results of files, but does not read AWS."""
    if outcome.replacement is not None:
        return replacement_line(outcome.replacement)
    fixed = outcome.repair.fixed
    done = "fixed" if outcome.applied else "to fix"
    counts = f"{count_noun(len(fixed), 'finding')} {done} in {_places(outcome.repair.texts)}"
    unsafe = sum(fixed_finding.fix.applicability is Applicability.UNSAFE for fixed_finding in fixed)
    unknown = undetermined(outcome)
    waiting = [unfixed.fix.needs[0] for unfixed in outcome.unfixed if unfixed.fix and unfixed.fix.needs]
    nothing = "nothing can be fixed" if outcome.unfixed else "nothing to fix"
    parts = [counts if fixed else nothing, f"{unsafe} of them unsafe" if unsafe else ""]
    parts.append(f"{len(outcome.unfixed)} remaining" if outcome.unfixed else "")
    parts.append(f"{len(waiting)} of them fixable with {waiting[0]}" if waiting else "")
    shown_by = "" if live else " (`checker check` shows them)"
    parts.append(f"{unknown} undetermined{shown_by}" if unknown else "")
    return ", ".join(filter(None, parts))


def _places(names: Iterable[str]) -> str:
    """Count files, or live topics and keys by their ARNs."""
    arns = [Arn.parse(name) for name in names]
    kinds = Counter("file" if arn is None else "topic" if arn.is_topic else "key" for arn in arns)
    return " and ".join(count_noun(count, kind) for kind, count in sorted(kinds.items(), reverse=True))
