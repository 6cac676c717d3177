"""Compares the topics and keys of two roots, templates or folders, or of both sides of a change."""

from __future__ import annotations

from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from checker.analysis.inventory import Key, Topic
from checker.core.errors import InputError, Skipped
from checker.core.finding import declared_as
from checker.core.record import NamedTuple
from checker.core.shell import path_word
from checker.core.unknown import Unknown
from checker.inputs.diff_sides import no_such_resource
from checker.inputs.discover import CONFIGURATION, HCL, VALUES, root_name
from checker.inputs.folder_changes import differing_files, unread_in_folders
from checker.inputs.missing_parts import FirstUnread, MissingParts, broken
from checker.inputs.pair_maker import PairMaker, located
from checker.inputs.reach import Changed, Reach, loose_files
from checker.inputs.redefined import Redefined
from checker.inputs.resource_changes import assumptions, doubts
from checker.inputs.resource_matches import Declared, Match, matches
from checker.inputs.terraform_text import moves_in, unread_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.policy_pair import PolicyPair
    from checker.core.arn import Arn
    from checker.inputs.diff_inputs import Input


class Comparison(NamedTuple):
    """The topics and keys of two inputs, and the parts of the inputs that were not read.

    ``untouched`` are the unread parts that a change does not affect.
    """

    pairs: tuple[PolicyPair, ...]
    unread: tuple[Skipped, ...]
    untouched: tuple[Skipped, ...] = ()


def policy_pairs(old: Input, new: Input, resource: str = "", arn: Arn | None = None) -> Comparison:
    """Match the topics and keys of two inputs; ``resource`` selects one of them.

    ``arn`` is that of the only topic or key of its kind. Raises InputError.
    """
    if old.names.file and new.names.file:
        old = old._replace(names=old.names._replace(file=new.names.file))
    files = differing_files(old, new)
    roots = frozenset(dirname(one) or "." for one in files if one.endswith((*HCL, CONFIGURATION, *VALUES)))
    reach = Reach(roots=roots, loose=loose_files(files, {}), changed=files)
    skipped = tuple(unread_in_folders(old, new, files))
    return _Comparer(Changed(old, new, reach, skipped=skipped, is_whole=True)).compared(resource, arn)


def changed_pairs(changed: Changed, resource: str = "") -> Comparison:
    """Match the topics and keys that a change affects; ``resource`` selects one of them.

    Raises InputError for a name that no topic or key has.
    """
    return _Comparer(changed).compared(resource)


class _Comparer:
    """Compares both sides."""

    def __init__(self, changed: Changed) -> None:
        sides = (
            one._replace(inventory=one.names.inventory(one.inventory)) for one in (changed.old, changed.new)
        )
        old, new = sides
        self.changed = changed._replace(old=old, new=new)
        before, after = declared_in(old), declared_in(new)
        if not changed.is_whole:
            before = before._replace(is_one_repository=True, renamed=changed.folders)
            after = after._replace(is_one_repository=True)
        self.declared = before, after
        self.matches = matches(*self.declared)
        self.redefined = Redefined(self.changed)

    def compared(self, resource: str, arn: Arn | None = None) -> Comparison:
        """Return the pairs of the topics and keys that the change affects, and what was not read. Raises InputError."""
        chosen = self._chosen(resource)
        if arn is not None:
            chosen = _with_arn(chosen, arn)
        effects = [(one, self._effect(one)) for one in chosen]
        found = [(one, effect) for one, effect in effects if effect != _NO_EFFECT]
        unread = self._unread([each for one, _ in found for each in broken(one, self.changed)])
        missing = MissingParts(self.changed, self.declared, unread.old, unread.new)
        pairs = tuple(self._pair(one, effect, missing) for one, effect in found)
        return Comparison(pairs, unread.entries, unread.untouched)

    def _effect(self, match: Match) -> _Effect:
        """Tell whether the change affects a resource, or may affect it for a reason."""
        redefined = self.redefined
        reasons = redefined.moved(match), redefined.supplied(match), redefined.kept(match)
        return _Effect(self.changed.affects(match), *reasons)

    def _chosen(self, resource: str) -> list[Match]:
        changed = self.changed
        every = (part for one in self.matches for part in changed.parts(one))
        found = [self.redefined.match(one) for one in every if changed.is_here(one)]
        chosen = [one for one in found if not resource or resource in one.names]
        if resource and not chosen and not changed.values:
            raise no_such_resource(changed.new.name, resource, [one.names[0] for one in found])
        if not found and changed.is_whole:
            raise changed.new.nothing()
        return chosen

    def _pair(self, match: Match, effect: _Effect, missing: MissingParts) -> PolicyPair:
        """Make the pair of a resource that the change affects, or may affect, with what is assumed and not known."""
        if effect.kept is not None:
            match = Match(*(one and one._replace(policy=effect.kept) for one in match))
        changed, is_one_key = self.changed, self._is_one_key(match)
        maker = PairMaker(
            changed.old,
            changed.new,
            match,
            same_texts=changed.has_same_texts,
            gaps=missing.of(match),
        )
        pair = maker.pair()
        reasons = (one for one in effect if isinstance(one, Unknown))
        more = (*reasons, *doubts(match, is_one_key=is_one_key))
        return pair._replace(
            name=self._named(pair.name, match),
            values=changed.values_of(match),
            doubts=tuple(dict.fromkeys((*pair.doubts, *more))),
            assumed=() if changed.is_whole else assumptions(match, self.declared, changed),
        )

    def _is_one_key(self, match: Match) -> bool:
        """True for a topic whose keys on both sides are one key, perhaps with another address."""
        old, new = match
        if not isinstance(old, Topic) or not isinstance(new, Topic):
            return False
        keys = self.changed.old.inventory.key_of(old), self.changed.new.inventory.key_of(new)
        return any(
            one.old is keys[0] and one.new is keys[1] for one in self.matches if isinstance(one.old, Key)
        )

    def _named(self, name: str, match: Match) -> str:
        """Return the name of a resource, with the values file and the root that it is compared with."""
        one, values = match.new or match.old, self.changed.values_of(match)
        if one is None or not values:
            return name
        root = root_name(Path(self.declared[one is match.new].root_of(one)))
        return f"{name if name.startswith(root) else declared_as(root, name)} ({values})"

    def _unread(self, found: Iterable[tuple[Input, Skipped]]) -> _Unread:
        """Collect what was not read, ``found`` included, and the first such file of each side."""
        changed = self.changed
        entries = {
            _key(one): one for one in (*changed.skipped, *self.redefined.calls(), *self.redefined.grants())
        }
        untouched: dict[tuple[str, str, str], Skipped] = {}
        unread = {True: FirstUnread(), False: FirstUnread()}
        for side, skipped in (*_skipped(changed), *found):
            is_old = side is changed.old
            own = skipped._replace(what=side.own(skipped.what))
            call = self._call(own)
            if not changed.touches_file(skipped.what, is_old=is_old):
                untouched[_key(own)] = own
            elif skipped.unused:
                untouched[_key(own)] = own._replace(reason=f"{own.reason}, and nothing uses it", help="")
            elif call is True:
                untouched[_key(own)] = own._replace(reason=f"{own.reason}, and its call does not change")
                unread[is_old] = unread[is_old].with_module(f"{own.block} in {own.what}")
            else:
                shown = call or as_shown(skipped, side)
                entries[_key(own if own.calls_module and not changed.is_whole else shown)] = shown
                unread[is_old] = unread[is_old].with_file(shown.what)
        others = tuple(untouched.values())
        return _Unread(tuple(dict.fromkeys(entries.values())), others, unread[True], unread[False])

    def _call(self, skipped: Skipped) -> Skipped | bool:
        """Return what `Redefined.different_call` does for a module that Terraform downloads, else false."""
        if self.changed.is_whole or not skipped.calls_module:
            return False
        name = skipped.block.removeprefix("module.")
        return self.redefined.different_call(dirname(skipped.what) or ".", name, skipped.what)


def _key(one: Skipped) -> tuple[str, str, str]:
    """Return what makes entries the same: the call of a module has several reasons not to be read."""
    return one.what, one.block, "" if one.block else one.reason


class _Effect(NamedTuple):
    """Whether a change affects a resource by its files, and the reasons why it may affect it otherwise."""

    affects: bool
    moved: Unknown | None = None
    supplied: Unknown | None = None
    kept: Unknown | None = None


_NO_EFFECT = _Effect(affects=False)


class _Unread(NamedTuple):
    """What was not read, what of it the change cannot affect, and the first unread file of each side."""

    entries: tuple[Skipped, ...]
    untouched: tuple[Skipped, ...]
    old: FirstUnread
    new: FirstUnread


def _with_arn(found: Sequence[Match], arn: Arn) -> list[Match]:
    """Set the ARN of the only topic or key of its kind. Raises InputError."""
    kind, name = (Topic, "topic") if arn.is_topic else (Key, "key")
    fitting = [one for one in found if isinstance(one.new or one.old, kind)]
    if len(fitting) != 1:
        reason = f"names one {name}, but {len(fitting)} are compared"
        raise InputError(f"--{name}-arn", reason, help_text="choose one with `--resource NAME`")
    return [Match(*(one and located(one, arn) for one in fitting[0]))]


def declared_in(one: Input) -> Declared:
    """Return the topics and keys of an input, with what is needed to find them on the other side."""
    texts = {name: text for name, text in one.texts.items() if name.endswith(HCL)}
    file = one.names.base.rpartition("/")[2] if one.names.file else ""
    return Declared(one.inventory, one.folder, moves_in(texts), file, one.names.relative)


def unread_parts(one: Input, *, same_texts: bool) -> Iterator[Skipped]:
    """Yield what was not read. If both sides have the same files, they call the same modules."""
    yield from one.unread
    for module in unread_modules(one.texts, one.folder):
        if module.may_matter and not same_texts:
            file = normpath(join(one.names.base, module.file))
            if module.is_local:
                yield Skipped(
                    file, f"module `{module.name}` is the folder `{module.source}`, which does not exist"
                )
                continue
            reason = f"module `{module.name}` ({module.source}) is neither local nor downloaded"
            help_text = (
                one.checkout(dirname(one.own(file)))
                if one.prefix
                else _INIT.format(path_word(dirname(file) or "."))
            )
            yield Skipped(file, reason, help=help_text, block=f"module.{module.name}")


_INIT = "run `terraform -chdir={} init`"


def as_shown(skipped: Skipped, side: Input) -> Skipped:
    """Name the files of an entry as the user knows them."""
    return skipped._replace(
        what=side.shown(skipped.what), reason=side.shown(skipped.reason), help=side.shown(skipped.help)
    )


def _skipped(changed: Changed) -> Iterator[tuple[Input, Skipped]]:
    for side in (changed.old, changed.new):
        yield from ((side, one) for one in unread_parts(side, same_texts=changed.has_same_texts))
        units = side.inventory.unread_units
        yield from ((side, one) for one in units if changed.has_unit(side.own(one.what)))
