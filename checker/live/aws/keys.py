"""Read the keys of one unit, each only once, even if topics refer to it by different names.

A KmsMasterKeyId is a key ID, a key ARN, an alias or the ARN of an alias. Predefined aliases are never described,
because DescribeKey for `alias/aws/sns` can create the key.
https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from checker.analysis.inventory import is_managed_key
from checker.core.arn import Arn
from checker.live.aws.calls import ALIASES
from checker.live.aws.facts import read_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from checker.analysis.inventory import Key
    from checker.live.aws.calls import Calls


_T = TypeVar("_T")
_ALIAS = "alias/"


class Keys:
    """Reads keys. Thread-safe: a thread that asks for a key that is being read waits for it."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._read: dict[Arn | str, Future[Key | None]] = {}
        self._aliases: Future[dict[str, str] | None] | None = None

    def key_of(self, topic: Arn, reference: str) -> Key | None:
        """Read the key that a topic names. Return None if it is an AWS managed key or cannot be identified."""
        if is_managed_key(reference):
            return None
        arn = self._arn_of(topic, reference)
        name: Arn | str = arn or reference
        with self._lock:
            first = name not in self._read
            future = self._read.setdefault(name, Future())
        if first:
            _complete(future, lambda: read_key(self._calls, arn, reference, topic))
        found = future.result()
        return found and _with_alias(found, reference)

    def _arn_of(self, topic: Arn, reference: str) -> Arn | None:
        """Return the ARN of the key if it is known without DescribeKey."""
        arn = Arn.parse(reference)
        if arn is None and not reference.startswith(_ALIAS):
            return topic._replace(service="kms", resource=f"key/{reference}")
        if arn is not None and not arn.resource.startswith(_ALIAS):
            return arn
        if arn is not None and (arn.account, arn.region) != (topic.account, topic.region):
            return None
        target = (self._targets() or {}).get(arn.resource if arn else reference)
        return topic._replace(service="kms", resource=f"key/{target}") if target else None

    def _targets(self) -> dict[str, str] | None:
        """Return the targets of the account's aliases. They are listed once, on first use."""
        with self._lock:
            first = self._aliases is None
            future = self._aliases = self._aliases or Future()
        if first:
            _complete(future, self._list_aliases)
        return future.result()

    def _list_aliases(self) -> dict[str, str] | None:
        listed = self._calls.all(ALIASES, f"the aliases of {self._calls.unit.name}", Limit=100)
        return None if listed is None else targets_of(listed)


def targets_of(aliases: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the key ID of each alias, by name. Some aliases of AWS have no target yet.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
    """
    return {one["AliasName"]: one["TargetKeyId"] for one in aliases if one.get("TargetKeyId")}


def _complete(future: Future[_T], work: Callable[[], _T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
        raise


def _with_alias(key: Key, reference: str) -> Key:
    """Add the topic's reference to the key's names."""
    if key.answers_to(reference):
        return key
    alias = reference.rpartition(":")[2]
    return key._replace(aliases=(alias,)) if alias.startswith(_ALIAS) else key
