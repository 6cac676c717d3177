"""The modules of one side of a change: their folders, the calls that lead to them, and the roots of resources."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.inputs.discover import CONFIGURATION
from checker.inputs.terraform.address import split
from checker.inputs.terraform.definition_text import canonical, source_of
from checker.inputs.terraform.module.collect_blocks import gather_folder, take_values
from checker.inputs.terraform.module.folder import Text, absolute, called_by, listed, local_folder
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module.folder import Folder

    Names = tuple[str, ...]


class Place(NamedTuple):
    """A module folder and the call of it, which is ``None`` for a root. ``unit`` is the Terragrunt unit of a root."""

    folder: Path
    caller: Place | None = None
    call: Block | None = None
    unit: Path | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The folder of the root and the names of the calls that lead to the module."""
        if self.caller is None or self.call is None:
            return (absolute(self.folder),)
        return (*self.caller.path, self.call.labels[0])

    def is_below(self, folder: Path) -> bool:
        """True for the module of a folder, and for those that it calls."""
        is_own = absolute(self.folder) == absolute(folder)
        return is_own or (self.caller is not None and self.caller.is_below(folder))


class ModuleTree:
    """The modules of one side.

    ``texts`` are the files below ``top`` that were read, by full path, among which callers of a module are found.
    ``values`` has the values file of a root, by the full path of its folder, if it is read with one.
    """

    def __init__(self, top: Path, texts: Mapping[str, str], values: Mapping[str, Path]) -> None:
        self._top = top
        self._texts = texts
        self._values = values
        self._folders: dict[str, Folder] = {}
        self._callers: dict[str, tuple[str, ...]] = {}

    def content(self, place: Place) -> Folder:
        """Return the blocks of a module."""
        name = absolute(place.folder)
        if name not in self._folders:
            found = gather_folder(place.folder, [])
            if name in self._values:
                take_values([self._values[name]], found, [])
            self._folders[name] = found
        return self._folders[name]

    def root_of(self, home: Path, file: Path, address: str) -> Place:
        """Return the root of a resource by its home, which may be a Terragrunt unit, and its file and address."""
        if self.content(Place(home)).sources:
            return Place(home)
        folders = (Path(one).parent for one in self._texts)
        for root in map(Place, dict.fromkeys((file.parent, *folders))):
            place, _ = self.followed(root, names_of(address))
            if absolute(place.folder) == absolute(file.parent):
                return root._replace(unit=home)
        return Place(home)

    def followed(self, place: Place, names: Names) -> tuple[Place, Names]:
        """Follow the calls at the beginning of an address, up to one of a module that is not local."""
        while (
            len(names) > 3 and names[0] == "module" and (called := self.called(place, names[1])) is not None
        ):
            place, names = called, names[2:]
        return place, names

    def called(self, place: Place, name: str) -> Place | None:
        """Return the local module that a call leads to; ``None`` for others, and for one that calls itself."""
        block = self.content(place).modules.get(name)
        source = None if block is None else source_of(block)
        folder = None if source is None else local_folder(place.folder, source)
        return None if folder is None or place.is_below(folder) else Place(folder, place, block)

    def below(self, place: Place) -> Iterator[Place]:
        """Yield a module and the local modules that it calls, directly or not."""
        yield place
        for name in self.content(place).modules:
            called = self.called(place, name)
            if called is not None:
                yield from self.below(called)

    def places_of(self, folder: Path) -> Iterator[Place]:
        """Yield a folder as a root, and as the module of each call that leads to it."""
        own = absolute(folder)
        yield Place(folder)
        roots = dict.fromkeys(Path(one).parent for one in self._texts) if self.callers(folder) else ()
        for root in (one for one in roots if absolute(one) != own):
            yield from (place for place in self.below(Place(root)) if absolute(place.folder) == own)

    def block(self, place: Place, names: Names) -> Block | None:
        """Return the block of a resource or data source by its address in a module."""
        mode, kind, name = (*(names if names[:1] == ("data",) else ("resource", *names)), "", "")[:3]
        return self.content(place).resources.get((mode, kind, name))

    def configurations(self, unit: Path) -> Iterator[str]:
        """Yield the configurations of a Terragrunt unit, and those above it, which it may include."""
        folders = (one for one in (unit, *unit.parents) if one.is_relative_to(self._top))
        for path in (path for one in folders for path in listed(one, [], (CONFIGURATION,))):
            with suppress(InputError):  # reported when the file is read
                yield read_text(path)

    def deployed_by(self, unit: Path) -> Iterator[Place]:
        """Yield the local module that the configuration of a Terragrunt unit names."""
        for path in listed(unit, [], (CONFIGURATION,)):
            with suppress(InputError):  # reported when the file is read
                yield from (Place(one, unit=unit) for one in called_by(Text(path, read_text(path))))

    def callers(self, folder: Path) -> tuple[str, ...]:
        """Return the files that call a module of which only the folder is known."""
        own = absolute(folder)
        if own not in self._callers:
            files = (Text(Path(file), text) for file, text in self._texts.items())
            calling = (one for one in files if any(absolute(called) == own for called in called_by(one)))
            self._callers[own] = tuple(canonical(one.text) for one in calling)
        return self._callers[own]


def names_of(address: str) -> Names:
    """Return the names of an address, without keys and without the conditions of a variant; empty for other texts."""
    return tuple(one.name for one in split(address.partition(" (")[0]))
