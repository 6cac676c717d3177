"""Makes the pairs of policies that the change of a repository affects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.core.unknown import Symbol, Unknown
from checker.inputs.diff_sides import no_such_resource
from checker.inputs.discover import HCL, HCL_TEXT
from checker.inputs.large_files import is_bulk
from checker.inputs.policy_pairs import Comparison, PairMaker, as_shown, declared_in, unread_parts
from checker.inputs.resource_matches import matches
from checker.inputs.text import parse_documents, read_text
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.policy_pair import PolicyPair
    from checker.core.errors import Skipped
    from checker.inputs.base_inputs import Changed
    from checker.inputs.diff_inputs import Input
    from checker.inputs.resource_matches import Declared, Match, Resource


_ONE_DEPLOYMENT = "the old and the new root are deployed in the same account and Region"
"""The assumption behind a topic that is found by its fixed name in another root."""


def changed_pairs(changed: Changed, resource: str = "") -> Comparison:
    """Match the topics and keys that a change affects; ``resource`` selects one of them.

    Raises InputError for a name that no topic or key has.
    """
    old, new = (
        one._replace(inventory=one.names.inventory(one.inventory)) for one in (changed.old, changed.new)
    )
    changed = changed._replace(old=old, new=new)
    before = declared_in(old)._replace(is_one_repository=True, renamed=changed.folders)
    after = declared_in(new)._replace(is_one_repository=True)
    found = matches(before, after)
    chosen = [one for one in found if not resource or resource in one.names]
    if resource and not chosen:
        raise no_such_resource(new.name, resource, [one.names[0] for one in found])
    compared = [one for one in chosen if _is_compared(one, changed)]
    unread = _unread(changed, [broken for one in compared for broken in _broken(one, changed)])
    pairs = tuple(_pair(one, changed, unread, (before, after)) for one in compared)
    return Comparison(pairs, unread.unread, unread.untouched)


def _is_compared(match: Match, changed: Changed) -> bool:
    """True if the change affects a resource, and this comparison is the one for the values of its root."""
    if changed.is_repeated and not _values_of(match, changed):
        return False
    old, new = match
    if old is None or new is None:  # without a change of its files, both sides have it, but more than once
        one = match.new or match.old
        is_template = one is not None and "#" in one.address and changed.reach.others
        return is_template or (one is not None and changed.touches(one, is_old=new is None))
    if _outline(old) != _outline(new):
        return True  # by its own file, or by another one that is linked to it
    return changed.touches(old, is_old=True) or changed.touches(new, is_old=False)


def _outline(one: Resource) -> object:
    """Return what decides about access, without what a fix would write for a reference."""
    policy = one.policy if isinstance(one.policy, Unknown) else one.policy.policy
    return _plain((one.address, one.arn, policy, one.doubt))


def _plain(value: object) -> object:
    if isinstance(value, Symbol):
        value = value._replace(reference="")
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


def _pair(match: Match, changed: Changed, unread: _Unread, declared: tuple[Declared, Declared]) -> PolicyPair:
    maker = PairMaker(changed.old, changed.new, match, same_texts=False, unread=unread.first)
    pair = maker.pair()
    values = _values_of(match, changed)
    if values:
        pair = pair._replace(name=f"{pair.name} ({values})")
    old, new = match
    if old is not None and new is not None and declared[0].root_of(old) != declared[1].root_of(new):
        return pair._replace(assumed=(_ONE_DEPLOYMENT,))
    return pair


def _values_of(match: Match, changed: Changed) -> str:
    """Return the values file of a resource's root, if the root is compared with several."""
    one = match.new or match.old
    return changed.values.get(changed.root_of(one, is_old=match.new is None), "") if one else ""


class _Unread(NamedTuple):
    """What was not read, and what of it the change cannot affect. ``first`` is the first entry of each side."""

    unread: tuple[Skipped, ...]
    untouched: tuple[Skipped, ...]
    first: tuple[str, str]


def _unread(changed: Changed, broken: Iterable[tuple[Input, Skipped]]) -> _Unread:
    unread: list[Skipped] = list(changed.skipped)
    untouched: dict[str, Skipped] = {}
    first = ["", ""]
    for side, skipped in (*_skipped(changed), *broken):
        is_old = side is changed.old
        name = side.own(skipped.what)
        if changed.touches_file(skipped.what, is_old=is_old):
            unread.append(as_shown(skipped, side))
            first[not is_old] = first[not is_old] or as_shown(skipped, side).what
        else:
            untouched[name] = skipped._replace(what=name)
    return _Unread(tuple(dict.fromkeys(unread)), tuple(untouched.values()), (first[0], first[1]))


def _broken(match: Match, changed: Changed) -> Iterator[tuple[Input, Skipped]]:
    """Yield the files that may declare what one side seems to lack, but are invalid there.

    A folder may have any files, so that reading it does not report an invalid one that names nothing of AWS.
    """
    one = match.old or match.new
    if one is None or (match.old and match.new):
        return
    side, known = (changed.new, changed.old) if match.new is None else (changed.old, changed.new)
    file = known.names.relative(one.place.document.name)
    reached = changed.reach.files
    files = sorted(name for name in reached if name.endswith(HCL)) if file.endswith(HCL) else [file]
    for name in files:
        path = Path(side.folder, name)
        if path.is_file() and not is_bulk(path):
            yield from ((side, fault) for fault in _faults(f"{side.prefix}{name}", path))


def _faults(name: str, path: Path) -> Iterator[Skipped]:
    try:
        text = read_text(path)
        if name.endswith(HCL):
            from checker.inputs.terraform.hcl.json_syntax import (
                parse_json_syntax,  # only Terraform needs them
            )
            from checker.inputs.terraform.hcl.parse import parse

            (parse if name.endswith(HCL_TEXT) else parse_json_syntax)(Source(name, text))
        else:
            parse_documents(name, text)
    except InputError as error:
        yield error.reworded(error.reason, error.help, name).skipped()


def _skipped(changed: Changed) -> Iterator[tuple[Input, Skipped]]:
    for side in (changed.old, changed.new):
        yield from ((side, one) for one in unread_parts(side, same_texts=False))
