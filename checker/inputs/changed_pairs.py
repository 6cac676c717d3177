"""Makes the pairs of policies that the change of a repository affects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import PolicyText, Topic
from checker.core.errors import InputError, Skipped
from checker.core.finding import declared_as
from checker.core.unknown import Unknown
from checker.inputs.diff_sides import no_such_resource
from checker.inputs.discover import HCL, HCL_TEXT, root_name
from checker.inputs.large_files import is_bulk
from checker.inputs.policy_pairs import Comparison, PairMaker, as_shown, declared_in, unread_parts
from checker.inputs.readers import kind_of, unwrap
from checker.inputs.redefined import Redefined
from checker.inputs.resource_changes import assumptions, doubts
from checker.inputs.resource_matches import matches
from checker.inputs.terraform_text import kept_in
from checker.inputs.text import MAX_BYTES, Implied, parse_documents, read_text
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.policy_pair import PolicyPair
    from checker.core.unknown import Truth
    from checker.inputs.diff_inputs import Input
    from checker.inputs.reach import Changed
    from checker.inputs.resource_matches import Declared, Match, Resource


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
    redefined = Redefined(changed)
    every = (part for one in matches(before, after) for part in changed.parts(one))
    found = [redefined.match(one) for one in every if changed.is_here(one)]
    chosen = [one for one in found if not resource or resource in one.names]
    if resource and not chosen and not changed.values:
        raise no_such_resource(new.name, resource, [one.names[0] for one in found])
    answers = [(one, (changed.affects(one), redefined.moved(one))) for one in chosen]
    compared = [(one, answer) for one, answer in answers if answer != (False, None)]
    unread = _unread(changed, redefined, [broken for one, _ in compared for broken in _broken(one, changed)])
    maker = _Maker(changed, unread, (before, after))
    return Comparison(
        tuple(maker.pair(one, answer) for one, answer in compared), unread.entries, unread.untouched
    )


class _Unread(NamedTuple):
    """What was not read, and what of it the change cannot affect.

    ``first`` is the first entry of each side, and ``code`` the first one in Terraform code.
    """

    entries: tuple[Skipped, ...]
    untouched: tuple[Skipped, ...]
    first: tuple[str, str]
    code: tuple[str, str]


class _Maker:
    """Makes the pairs of a comparison, with what is assumed and not known of them."""

    def __init__(self, changed: Changed, unread: _Unread, declared: tuple[Declared, Declared]) -> None:
        self.changed = changed
        self.unread = unread
        self.declared = declared
        self.kept = kept_in({name: text for name, text in changed.new.texts.items() if name.endswith(HCL)})

    def pair(self, match: Match, answers: Iterable[Truth | None]) -> PolicyPair:
        """Make the pair of a resource that the change affects, or may affect."""
        changed = self.changed
        gaps = self._gap(match, is_old=True), self._gap(match, is_old=False)
        pair = PairMaker(changed.old, changed.new, match, same_texts=False, gaps=gaps).pair()
        pair = pair._replace(name=self._named(pair.name, match))
        reasons = (one for one in answers if isinstance(one, Unknown))
        more = dict.fromkeys((*pair.doubts, *reasons, *doubts(match)))
        return pair._replace(doubts=tuple(more), assumed=assumptions(match, self.declared, changed))

    def _named(self, name: str, match: Match) -> str:
        """Return the name of a resource, with the values file and the root that it is compared with."""
        one, values = match.new or match.old, self.changed.values_of(match)
        if one is None or not values:
            return name
        root = root_name(Path(self.declared[one is match.new].root_of(one)))
        return f"{name if name.startswith(root) else declared_as(root, name)} ({values})"

    def _gap(self, match: Match, *, is_old: bool) -> Unknown | None:
        """Return the reason why a side may have what it seems to lack: a resource, or the policy of one."""
        one = match.old if is_old else match.new
        if one is None:
            kept = None if is_old else self._kept(match.old)
            first = self.unread.first[not is_old]
            return kept if kept is not None or not first else Unknown(_IN_UNREAD_FILE, first)
        if not one.place.document.name.endswith(HCL):
            return None
        code = self.unread.code[not is_old]
        if code:
            return Unknown(_IN_UNREAD_FILE, code)
        return None if is_old else self._kept_policy(match)

    def _kept(self, old: Resource | None) -> Unknown | None:
        """Return the reason if a `removed` block leaves a resource as it is."""
        if old is None or (self.declared[0].root_of(old), old.address) not in self.kept:
            return None
        return Unknown("a `removed` block takes it out of the code, and it stays as it is", old.address)

    def _kept_policy(self, match: Match) -> Unknown | None:
        """Return the reason if Terraform leaves a policy in force that the code no longer has.

        The argument `policy` of a topic or key is optional and computed, so that without it nothing changes:
        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sns_topic
        """
        old, new = match
        if old is None or new is None:
            return None
        root = self.declared[1].root_of(new)
        if any(one == root and "_policy." in address for one, address in self.kept):
            return Unknown("a `removed` block takes the policy out of the code, and it stays in force", root)
        return Unknown(_KEPT, new.address) if _is_inline(old) else None


_IN_UNREAD_FILE = "the other side may have it in a file that was not read"
_KEPT = "Terraform keeps the policy in force when the argument `policy` is removed"


def _is_inline(one: Resource) -> bool:
    """True for a topic or key whose own block has its policy."""
    if isinstance(one, Topic):
        return one.place in one.writers
    return not one.separate and not (
        isinstance(one.policy, PolicyText) and isinstance(one.policy.document, Implied)
    )


def _unread(changed: Changed, redefined: Redefined, broken: Iterable[tuple[Input, Skipped]]) -> _Unread:
    entries: list[Skipped] = [*changed.skipped, *redefined.calls()]
    untouched: dict[str, Skipped] = {}
    first, code = ["", ""], ["", ""]
    for side, skipped in (*_skipped(changed), *broken):
        is_old = side is changed.old
        name = side.own(skipped.what)
        if not changed.touches_file(skipped.what, is_old=is_old):
            untouched[name] = skipped._replace(what=name)
            continue
        shown = as_shown(skipped, side)
        entries.append(shown)
        first[not is_old] = first[not is_old] or shown.what
        if name.endswith(HCL):
            code[not is_old] = code[not is_old] or shown.what
    reported = {one.what for one in entries}
    others = tuple(one for name, one in untouched.items() if name not in reported)
    return _Unread(tuple(dict.fromkeys(entries)), others, (first[0], first[1]), (code[0], code[1]))


def _broken(match: Match, changed: Changed) -> Iterator[tuple[Input, Skipped]]:
    """Yield the files that may declare what one side seems to lack, but are not read there.

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
        if path.is_file():
            yield from ((side, fault) for fault in _faults(f"{side.prefix}{name}", path))


def _faults(name: str, path: Path) -> Iterator[Skipped]:
    if is_bulk(path):
        if path.stat().st_size > MAX_BYTES:
            yield Skipped(name, f"larger than the {MAX_BYTES // 1024 // 1024} MB limit for a policy")
        return
    try:
        text = read_text(path)
        if not name.endswith(HCL):
            if all(kind_of(unwrap(one).root) is None for one in parse_documents(name, text)):
                yield Skipped(
                    name, "not a policy, template or output any more, so that its content is not read"
                )
            return
        from checker.inputs.terraform.hcl.json_syntax import parse_json_syntax  # only Terraform needs them
        from checker.inputs.terraform.hcl.parse import parse

        (parse if name.endswith(HCL_TEXT) else parse_json_syntax)(Source(name, text))
    except InputError as error:
        yield error.reworded(error.reason, error.help, name).skipped()


def _skipped(changed: Changed) -> Iterator[tuple[Input, Skipped]]:
    for side in (changed.old, changed.new):
        yield from ((side, one) for one in unread_parts(side, same_texts=False))
        units = side.inventory.unread_units
        yield from ((side, one) for one in units if changed.reach.has_unit(side.own(one.what)))
