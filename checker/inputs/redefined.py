"""Finds references whose target a change replaces: they have one name, but not one meaning, on both sides."""

from __future__ import annotations

from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, TypeVar, cast

from checker.analysis.inventory import Topic
from checker.core.errors import Skipped
from checker.core.unknown import Symbol, Unknown, within
from checker.inputs.discover import HCL
from checker.inputs.terraform_text import unread_modules
from checker.inputs.text import TextDocument
from checker.policy.node import Object, meaning, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.diff_inputs import Input
    from checker.inputs.reach import Changed
    from checker.inputs.resource_matches import Match, Resource
    from checker.inputs.terraform.definitions import Definitions

T = TypeVar("T")
_DESCRIPTIONS = ("Description", "ConstraintDescription")
_STORED = "AWS::SSM::Parameter::Value"
"""Types of parameters whose value is the name of a parameter of Systems Manager.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""


class Redefined:
    """Compares the definitions of data sources, parameters and calls of unread modules on both sides of a change."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._known: tuple[Definitions, Definitions] | None = None

    def match(self, match: Match) -> Match:
        """Return a resource whose old side has symbols of its own for references that mean something else."""
        old, new = match
        if old is None or new is None or not self._changed.touches(new, is_old=False):
            return match
        names = {one for one in _symbols_of(old) if self._differs(one.name, old, new)}
        if not names:
            return match
        return match._replace(old=_renamed(old, {one.name for one in names}))

    def calls(self) -> Iterator[Skipped]:
        """Yield the calls of modules that were not read and are defined differently on both sides."""
        sides = self._changed.old, self._changed.new
        before, after = ({self._place(one, side) for one in self._calls(side)} for side in sides)
        for folder, name, file in sorted(before | after):
            if self._is_alone(folder):
                continue
            texts = [
                known.of_call(Path(side.folder, folder), name)
                for known, side in zip(self._definitions(), sides, strict=True)
            ]
            if texts[0] != texts[1]:
                reason = f"module `{name}` is called differently, and is neither local nor downloaded"
                place = normpath(join(self._changed.new.names.base, file))
                yield Skipped(place, reason, help="run `terraform init`, and compare the plans")

    def _is_alone(self, folder: str) -> bool:
        """True for a root without changed files and without outputs of modules, so that its calls do not change."""
        changed = self._changed.reach.changed
        if folder not in self._changed.reach.roots or any((dirname(one) or ".") == folder for one in changed):
            return False
        texts = self._changed.new.texts
        return not any("module." in text for one, text in texts.items() if (dirname(one) or ".") == folder)

    def _calls(self, side: Input) -> Iterator[tuple[str, str]]:
        """Yield the file and the name of each call of an unread module in files that the change affects.

        Modules that may matter are not read in any case.
        """
        texts = {name: text for name, text in side.texts.items() if side.own(name) in self._changed.files}
        for one in unread_modules(texts, side.folder):
            if not one.may_matter:
                yield one.file, one.name

    def _place(self, call: tuple[str, str], side: Input) -> tuple[str, str, str]:
        """Return the folder, the name and the file of a call by the names of the new side."""
        file = side.names.relative(call[0])
        return dirname(file) or ".", call[1], file

    def _differs(self, name: str, old: Resource, new: Resource) -> bool:
        if not new.place.document.name.endswith(HCL):
            return _parameter(old, name) != _parameter(new, name)
        before, after = self._definitions()
        return before.of_symbol(Path(old.home), name) != after.of_symbol(Path(new.home), name)

    def _definitions(self) -> tuple[Definitions, Definitions]:
        if self._known is None:
            from checker.inputs.terraform.definitions import Definitions  # the parser is slow to import

            values = self._changed.values.items()
            before, after = (
                Definitions(
                    {
                        join(side.folder, name): text
                        for name, text in side.texts.items()
                        if name.endswith(HCL)
                    },
                    {join(side.folder, root): Path(side.folder, file) for root, file in values},
                )
                for side in (self._changed.old, self._changed.new)
            )
            self._known = before, after
        return self._known


def _parameter(resource: Resource, name: str) -> tuple[str, ...]:
    """Return what a template says of the values of a parameter; nothing for other symbols.

    Its default counts only if it is the name of a stored value.
    """
    document = resource.place.document
    root = document.root if isinstance(document, TextDocument) else None
    declared = root.get("Parameters") if isinstance(root, Object) else None
    one = declared.get(name) if isinstance(declared, Object) else None
    if not isinstance(one, Object):
        return ()
    is_stored = (text_of(one.get("Type")) or "").startswith(_STORED)
    left_out = (*_DESCRIPTIONS, *(() if is_stored else ("Default",)))
    return tuple(
        sorted(f"{each.key}: {meaning(each.value)}" for each in one.members if each.key not in left_out)
    )


def _symbols_of(resource: Resource) -> set[Symbol]:
    policy = resource.policy if isinstance(resource.policy, Unknown) else resource.policy.policy
    return set(within((resource.arn, policy), Symbol))


def _renamed(resource: Resource, names: set[str]) -> Resource:
    arn, policy = _with_names(resource.arn, names), resource.policy
    if isinstance(policy, Unknown):
        policy = _with_names(policy, names)
    else:
        policy = policy._replace(policy=_with_names(policy.policy, names))
    if isinstance(resource, Topic):
        return resource._replace(arn=arn, policy=policy)
    return resource._replace(arn=arn, policy=policy)


def _with_names(value: T, names: set[str]) -> T:
    """Give symbols with these names the names that they have before the change."""
    changed: object = value
    if isinstance(value, Symbol):
        changed = value._replace(name=f"{value.name}, before the change") if value.name in names else value
    elif isinstance(value, tuple):
        items = [_with_names(one, names) for one in value]
        make = getattr(value, "_make", None)
        changed = tuple(items) if make is None else make(items)
    return cast("T", changed)
