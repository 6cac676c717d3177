"""The names by which a user may select a topic or key: its ARN, its name, its address in code, its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Topic
from checker.core.arn import Arn
from checker.core.finding import declared_as
from checker.core.unknown import Unknown
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Key
    from checker.core.unknown import Truth


def names_of(resource: Topic | Key) -> tuple[str, ...]:
    """Return all names of a topic or key; that of a topic is also the last part of an ARN with references."""
    return tuple(dict.fromkeys(filter(None, _names(resource))))


def _names(resource: Topic | Key) -> Iterator[str]:
    arn = resource.arn
    yield resource.name
    yield str(arn) if isinstance(arn, Arn) else ""
    yield resource.address
    yield resource.address.rpartition("#")[2]
    yield declared_as(resource.root, resource.address)
    yield from _in_folders(resource)
    if isinstance(resource, Topic):
        yield _last_part(resource)


def _last_part(resource: Topic | Key) -> str:
    """Return the last part of an ARN, with or without references; empty if it is not known."""
    arn = resource.arn
    last = arn.resource if isinstance(arn, Arn) else (arn.pieces or ("",))[-1]
    return last.rpartition(":")[2] if isinstance(last, str) else ""


def _in_folders(resource: Topic | Key) -> Iterator[str]:
    """Yield the address in its root, whether the run was about several roots or one: `prod/: aws_sns_topic.chat`."""
    folders = resource.home.strip("/").split("/")
    for start in range(len(folders)):
        yield declared_as(f"{'/'.join(folders[start:])}/", resource.address)


def selection(resource: Topic | Key, patterns: Iterable[str]) -> Truth:
    """Return whether a pattern matches one of the names; not known if the ARN is not, and it may match that."""
    patterns = tuple(patterns)
    if is_selected(resource, patterns):
        return True
    if isinstance(resource.arn, Unknown) and any(_may_match(resource, pattern) for pattern in patterns):
        return resource.arn
    return False


def _may_match(resource: Topic | Key, pattern: str) -> bool:
    """True if a pattern may match an ARN that is not known, of which code may show the last part."""
    last = _last_part(resource)
    if not last:
        return ":" in pattern or not resource.address
    return ":" in pattern and glob(pattern.rpartition(":")[2]).matches(last)


def is_selected(resource: Topic | Key, patterns: Iterable[str]) -> bool:
    """True if a pattern with the wildcards `*` and `?` matches one of the names."""
    names = names_of(resource)
    return any(pattern == "*" or any(map(glob(pattern).matches, names)) for pattern in patterns)
