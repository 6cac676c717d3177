"""Finds each topic and key of a change on both sides: by its address, a `moved` block, its ARN or its file."""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.finding import declared_as
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from checker.analysis.inventory import Inventory, Key, Topic
    from checker.core.unknown import Symbol

    Resource = Topic | Key
    Property = Callable[[Resource], Hashable]


class Declared(NamedTuple):
    """The topics and keys of one side; ``folder`` is the full path of the compared folder.

    ``file`` is the name of a compared file, which is the root of a plan. ``moves`` has the new address for an old one, each with its Terraform root.
    ``relative`` gives the name of a file that both sides have in common, and ``renamed`` the new name of a folder. If
    ``is_one_repository``, a fixed name identifies a topic in whatever root of the repository.
    """

    inventory: Inventory
    folder: str
    moves: Mapping[tuple[str, str], str] = {}
    file: str = ""
    relative: Callable[[str], str] = str
    renamed: Mapping[str, str] = {}
    is_one_repository: bool = False

    def root_of(self, resource: Resource) -> str:
        """Return the root or folder of a resource, relative to the compared folder or file."""
        root = os.path.relpath(resource.home, self.folder)
        template, mark, _ = resource.address.partition("#")
        if self.is_one_repository and mark and '"' not in template:
            return posixpath.dirname(template) or "."
        return "." if root == self.file else self.renamed.get(root, root)

    @property
    def has_one_root(self) -> bool:
        """True if all topics and keys have one root, so that the root needs no name."""
        homes = {one.home for one in self.inventory.topics} | {one.home for one in self.inventory.keys}
        return len(homes) == 1


class Match(NamedTuple):
    """A topic or key on both sides; ``None`` on the side that does not have it."""

    old: Resource | None
    new: Resource | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the resource on both sides, the shortest first."""
        sides = [one for one in (self.new, self.old) if one is not None]
        return tuple(dict.fromkeys(name for one in sides for name in names_of(one)))


def names_of(resource: Resource) -> tuple[str, ...]:
    """Return the names of a resource, the shortest first: its logical name, its address, its ARN, its file."""
    address, arn = resource.address, resource.arn
    declared = (address.rpartition("#")[2], address, declared_as(resource.root, address)) if address else ()
    named = (arn.resource, arn.resource.rpartition("/")[2], str(arn)) if isinstance(arn, Arn) else ()
    file = () if address else (resource.place.document.name,)
    return tuple(dict.fromkeys((*declared, *named, *file)))


def matches(old: Declared, new: Declared) -> tuple[Match, ...]:
    """Match the topics and the keys of both sides, in the order of the new side."""
    one_root = old.has_one_root and new.has_one_root
    properties = tuple(_properties(old, new, one_root=one_root))
    families = _family(old), _family(new)
    topics = _matched(old.inventory.topics, new.inventory.topics, properties, families)
    keys = _matched(old.inventory.keys, new.inventory.keys, properties, families)
    return (*topics, *keys)


def _properties(old: Declared, new: Declared, *, one_root: bool) -> Iterator[tuple[Property, Property]]:
    """Yield what identifies a resource on both sides, the surest first; ``None`` if it has no such property."""
    yield _address(old), _address(new)
    yield _moved(old, new), _address(new)
    yield _arn(old, one_root=one_root), _arn(new, one_root=one_root)
    yield _policy(old), _policy(new)
    yield _file(old), _file(new)
    if old.is_one_repository:
        yield _fixed_name, _fixed_name


def _address(side: Declared) -> Property:
    return lambda one: (side.root_of(one), one.address) if one.address else None


def _moved(old: Declared, new: Declared) -> Property:
    def property_of(one: Resource) -> Hashable:
        root = old.root_of(one)
        address = moved_address(one.address, root, new.moves)
        return (root, address) if address != one.address else None

    return property_of


def moved_address(address: str, root: str, moves: Mapping[tuple[str, str], str]) -> str:
    """Follow the `moved` blocks of a root, of resources and of modules.

    https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
    """
    for _ in moves:
        old = next((one for where, one in moves if where == root and _is_part(one, address)), None)
        if old is None:
            break
        address = moves[root, old] + address[len(old) :]
    return address


def _is_part(part: str, address: str) -> bool:
    return address == part or address.startswith((f"{part}.", f"{part}["))


def _arn(side: Declared, *, one_root: bool) -> Property:
    """Identify by the ARN. One that depends on the deployment means a topic of its own root."""

    def property_of(one: Resource) -> Hashable:
        if isinstance(one.arn, Arn):
            return one.arn
        return ("" if one_root else side.root_of(one), one.arn.pieces) if one.arn.pieces else None

    return property_of


def _policy(side: Declared) -> Property:
    """Identify one of several policies of a file by its content, and equal ones by their order."""
    numbers: dict[int, Hashable] = {}
    seen: Counter[Hashable] = Counter()
    resources: list[Resource] = [*side.inventory.topics, *side.inventory.keys]
    for one in (each for each in resources if not each.address):
        policy = one.policy if isinstance(one.policy, Unknown) else one.policy.policy
        content = (side.relative(one.place.document.name), policy)
        numbers[id(one)] = (content, seen[content])
        seen[content] += 1
    return lambda one: numbers.get(id(one))


def _file(side: Declared) -> Property:
    return lambda one: None if one.address else side.relative(one.place.document.name)


def _fixed_name(one: Resource) -> Hashable:
    """Identify by an ARN of which only the account, the Region and the partition depend on the deployment."""
    pieces = () if isinstance(one.arn, Arn) else one.arn.pieces
    settled = all(isinstance(piece, str) or is_of_deployment(piece) for piece in pieces)
    return tuple(one if isinstance(one, str) else one.kind for one in pieces) if settled and pieces else None


def is_of_deployment(symbol: Symbol) -> bool:
    """True for the account, Region or partition of the deployment, which all its resources share."""
    return not symbol.scope and " of " not in symbol.name


def _family(side: Declared) -> Property:
    """Identify by the address without the conditions of a variant."""
    return lambda one: (side.root_of(one), one.address.partition(" (")[0]) if one.address else None


def _matched(
    before: Sequence[Resource],
    after: Sequence[Resource],
    properties: Sequence[tuple[Property, Property]],
    families: tuple[Property, Property],
) -> list[Match]:
    """Match by one property after the other, and the remaining variants with all variants of the other side."""
    found: list[Match] = []
    left, right = list(before), list(after)
    for of_old, of_new in properties:
        found += _unique(left, right, of_old, of_new)
        matched = {id(one) for match in found for one in match}
        left = [one for one in left if id(one) not in matched]
        right = [one for one in right if id(one) not in matched]
    of_old, of_new = families
    found += [Match(one, two) for two in right for one in before if of_old(one) == of_new(two) is not None]
    found += [Match(one, two) for one in left for two in after if of_old(one) == of_new(two) is not None]
    found = list({(id(match.old), id(match.new)): match for match in found}.values())
    place = {id(one): index for index, one in enumerate(after)}
    found.sort(key=lambda match: place[id(match.new)])
    met = {id(one) for match in found for one in match}
    added = [Match(None, one) for one in right if id(one) not in met]
    return [*found, *added, *(Match(one, None) for one in left if id(one) not in met)]


def _unique(
    left: Sequence[Resource], right: Sequence[Resource], of_old: Property, of_new: Property
) -> Iterator[Match]:
    """Match the resources whose property occurs once on each side."""
    olds, news = _by_value(left, of_old), _by_value(right, of_new)
    for value, found in olds.items():
        others = news.get(value, [])
        if value is not None and len(found) == len(others) == 1:
            yield Match(found[0], others[0])


def _by_value(resources: Sequence[Resource], property_of: Property) -> dict[Hashable, list[Resource]]:
    found: dict[Hashable, list[Resource]] = {}
    for one in resources:
        found.setdefault(property_of(one), []).append(one)
    return found
