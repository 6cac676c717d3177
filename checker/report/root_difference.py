"""Access changes of all topics and keys of two roots, templates or folders, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.policy_pair import ADDED, COMPARED
from checker.core.terminal_text import inert, line_of_parts
from checker.core.unknown import Unknown
from checker.report.brief import count_noun
from checker.report.difference import access_json, proof_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.policy_pair import ComparedRoots, DeployedAccess, DeployedDifference
    from checker.core.errors import Skipped
    from checker.report.context import Paint


def roots_json(found: ComparedRoots) -> dict[str, Any]:
    """Convert the differences to JSON values, as `schemas/diff.v1.json` describes them."""
    same = found.same
    doubts = [(doubt.reason, doubt.where) for one in found.resources for doubt in one.doubts]
    doubts += [(f"not read: {one.reason}", one.what) for one in found.unread]
    return {
        "version": 1,
        "same": None if isinstance(same, Unknown) else same,
        "gained": [_named(one, each) for one in found.resources for each in one.gained],
        "lost": [_named(one, each) for one in found.resources for each in one.lost],
        "doubts": [_doubt(*one) for one in dict.fromkeys(doubts)],
        "resources": [_resource(one) for one in found.resources],
        **_of_change(found),
    }


def _of_change(found: ComparedRoots) -> dict[str, Any]:
    """Return what only the comparison with a base has: what is compared, and what the change cannot affect."""
    if found.base is None:
        return {}
    untouched = [_doubt(f"not read: {one.reason}", one.what) for one in found.untouched]
    return {"base": found.base._asdict(), "untouched": untouched}


def _named(one: DeployedDifference, access: DeployedAccess) -> dict[str, Any]:
    return {"resource": one.pair.name, **_access(access)}


def _access(one: DeployedAccess) -> dict[str, Any]:
    access = one.access
    decisions = (access.refused, access.allowed) if one.is_gain else (access.allowed, access.refused)
    found: dict[str, Any] = one.deployment.reworded_json(access_json(access, *decisions))
    return found


def _doubt(reason: str, where: str) -> dict[str, Any]:
    return {"reason": reason, "where": where or None}


def _resource(one: DeployedDifference) -> dict[str, Any]:
    pair = one.pair
    return {
        "kind": pair.kind,
        "name": pair.name,
        "status": _status(one),
        "old": {"name": pair.old_name, "place": pair.old_place} if pair.old_place else None,
        "new": {"name": pair.name, "place": pair.new_place} if pair.new_place else None,
        "arns": {"old": one.arns[0], "new": one.arns[1]} if one.arns else None,
        "gained": [_access(each) for each in one.gained],
        "lost": [_access(each) for each in one.lost],
        "dependent": [_dependent(each) for each in one.dependent],
        "doubts": [_doubt(doubt.reason, doubt.where) for doubt in one.doubts],
        "assumptions": [*pair.assumed, *map(str, one.assumptions)],
    }


def _dependent(one: DeployedAccess) -> dict[str, Any]:
    change = "gained" if one.is_gain else "lost"
    return {"change": change, "when": one.when, "when_not": one.when_not, **_access(one)}


def _status(one: DeployedDifference) -> str:
    if one.pair.status != COMPARED:
        return one.pair.status
    same = one.same
    return "not known" if isinstance(same, Unknown) else "same" if same else "changed"


def roots_text(found: ComparedRoots, paint: Paint) -> Iterator[str]:
    """Yield a section for each topic and key, the unchanged ones in one line each, and a summary."""
    return map(line_of_parts, _sections(found, paint))


def _sections(found: ComparedRoots, paint: Paint) -> Iterator[str]:
    same = [one for one in found.resources if one.same is True]
    for one in found.resources:
        if one.same is not True:
            yield from _section(one, paint)
    yield from (line for one in same for line in _unchanged(one, paint))
    yield from [""] * bool(same)
    yield from _unread(found.unread, paint)
    yield _summary(found, paint)


def _unchanged(one: DeployedDifference, paint: Paint) -> Iterator[str]:
    yield f"{_title(one, paint)}: {paint('ok', 'allows the same requests')}"
    yield from _list("assumed", [str(each) for each in one.assumptions], paint)


def _title(one: DeployedDifference, paint: Paint) -> str:
    return f"{one.pair.kind} {paint('bold', inert(one.pair.name))}"


def _section(one: DeployedDifference, paint: Paint) -> Iterator[str]:
    yield f"{_title(one, paint)}{_changed(one)}"
    yield from (f"  {line}" for line in _places(one, paint))
    yield from _access_group("newly allowed", one.gained, paint)
    yield from _access_group("no longer allowed", one.lost, paint)
    yield from _access_group("depends on the deployment", one.dependent, paint)
    yield from _list("not known", [doubt.described for doubt in one.doubts], paint)
    yield from _list("assumed", [str(each) for each in one.assumptions], paint)
    yield ""


def _changed(one: DeployedDifference) -> str:
    if one.pair.status == COMPARED:
        return ""
    return f": {one.pair.status}" + _limited_to_owner(one)


def _limited_to_owner(one: DeployedDifference) -> str:
    """Say that only the owner of an added or removed resource had access, if that is proven."""
    if one.gained or one.lost or one.dependent or one.doubts:
        return ""
    may = "can" if one.pair.status == ADDED else "could"
    return f"; only its own account {may} access it"


def _places(one: DeployedDifference, paint: Paint) -> Iterator[str]:
    pair = one.pair
    moved = pair.status == COMPARED and pair.old_name != pair.name
    for side, place, name in (("old", pair.old_place, pair.old_name), ("new", pair.new_place, pair.name)):
        if place:
            yield f"{paint('dim', f'{side}:')} {inert(f'{name} in ' * moved + place)}"
    if one.arns:
        yield f"{paint('dim', 'old ARN:')} {inert(one.arns[0])}"
        yield f"{paint('dim', 'new ARN:')} {inert(one.arns[1])}"


def _access_group(title: str, accesses: Sequence[DeployedAccess], paint: Paint) -> Iterator[str]:
    if not accesses:
        return
    yield f"  {paint('bold', title)}"
    for one in accesses:
        mark = paint("ok", "+") if one.is_gain else paint("error", "-")
        yield f"    {mark} {inert(one.sentence)}"
        yield from (f"      {line}" for line in _when(one, paint))
        proof = proof_text(one.access, is_gain=one.is_gain, paint=paint, worded=one.worded)
        yield from (f"      {line}" for line in proof)


def _when(one: DeployedAccess, paint: Paint) -> Iterator[str]:
    lines = [(word, text) for word, text in (("if", one.when), ("not if", one.when_not)) if text]
    for word, text in sorted(lines, key=lambda line: line[1].endswith("any other value")):
        yield f"{paint('dim', word)} {inert(text)}"


def _list(title: str, texts: Sequence[str], paint: Paint) -> Iterator[str]:
    if texts:
        yield f"  {paint('bold', title)}"
        yield from (
            f"    {paint('warning', '?' if title == 'not known' else '=')} {inert(one)}" for one in texts
        )


def _unread(unread: Sequence[Skipped], paint: Paint) -> Iterator[str]:
    if not unread:
        return
    yield paint("bold", "not read")
    for one in unread:
        yield f"  {paint('warning', '?')} {inert(one.what)}: {inert(one.reason)}"
        if one.help:
            yield f"    {paint('dim', 'help:')} {inert(one.help)}"
    yield ""


def _summary(found: ComparedRoots, paint: Paint) -> str:
    results = [one.same for one in found.resources]
    counted = (
        (sum(one is False for one in results), "changed", "error"),
        (sum(isinstance(one, Unknown) for one in results), "not known", "warning"),
        (sum(one is True for one in results), "unchanged", "ok"),
    )
    parts = [paint(style, f"{number} {word}") for number, word, style in counted if number]
    kinds = [one.pair.kind for one in found.resources]
    nouns = [count_noun(kinds.count(kind), kind) for kind in ("topic", "key") if kind in kinds]
    unread = f"; {count_noun(len(found.unread), 'input')} not read" if found.unread else ""
    return f"compared {' and '.join(nouns)}: {', '.join(parts)}{unread}"
