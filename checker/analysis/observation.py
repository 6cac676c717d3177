"""What was seen of requests to a key: observations, changes of policies, and the time that is fully known.

All times are in milliseconds since 1970.
"""

from __future__ import annotations

from checker.core.record import NamedTuple

SERVED, REFUSED, SILENT = "served", "refused", "silent"
"""Outcomes. A trial is silent if no message arrived; that is not the answer of KMS, so it decides nothing."""

INSTANCE, ACCOUNT, TOPIC, SNS_SERVICE = "instance", "account", "topic", "sns"
"""What the value of a condition corresponds to: the instance's ARN or account, the topic's ARN, SNS in its Region."""


class FormCondition(NamedTuple):
    """One condition of a form: its operator, its key in lower case, and what its only value corresponds to."""

    operator: str
    key: str
    value: str


class Trial(NamedTuple):
    """A trial with a key of its own: the instance that sent the message, and the form of the key's statement, sorted."""

    instance: str
    form: tuple[FormCondition, ...]


class Observation(NamedTuple):
    """A request that a service made for a topic, and the answer.

    ``action`` is an action of KMS, or `sns:Publish` for a message that arrived, which needs all uses of the key.
    ``source`` names the evidence in words. ``digest`` is that of the key policy in force, if it was recorded. The
    observations of a ``trial`` are about the form of a statement, not about one key.
    """

    key: str
    topic: str
    principal: str
    action: str
    outcome: str
    time: int
    source: str
    code: str = ""
    message: str = ""
    digest: str = ""
    trial: Trial | None = None


class PolicyChange(NamedTuple):
    """A request that may have changed who can use a key or publish to a topic.

    ``digest`` is that of the key policy that the request wrote; empty for other requests.
    """

    resource: str
    name: str
    time: int
    digest: str = ""


class Evidence(NamedTuple):
    """The observations and changes of one run.

    ``known_since`` are resources, each with the time from which all changes are known, up to the time at which the
    policy was read.
    """

    observations: tuple[Observation, ...] = ()
    changes: tuple[PolicyChange, ...] = ()
    known_since: tuple[tuple[str, int], ...] = ()

    def joined(self, other: Evidence | None) -> Evidence:
        """Return the evidence with more of it, each part once."""
        if other is None:
            return self
        return Evidence(
            tuple(dict.fromkeys((*self.observations, *other.observations))),
            tuple(dict.fromkeys((*self.changes, *other.changes))),
            tuple(dict.fromkeys((*self.known_since, *other.known_since))),
        )

    def knows_changes(self, resource: str, since: int) -> bool:
        """True if all changes of a resource since a time are known."""
        return any(name == resource and start <= since for name, start in self.known_since)


def day_of(time: int) -> str:
    """Return the date of a time in UTC."""
    from datetime import UTC, datetime, timedelta  # only where there is evidence

    return str((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time)).date())


def policy_digest(text: str) -> str:
    """Return a digest of a policy; empty for a text that is not a JSON object or repeats a key.

    White space, the order of statements, keys and values, the letter case of actions and condition keys, a list of
    one value, `Sid` and `Id` do not change a policy, nor its digest. Equal digests mean equal policies; the reverse
    is not certain.
    """
    import hashlib  # only where there is evidence
    import json

    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    try:
        canonical = json.dumps(_normal(value), sort_keys=True)
    except ValueError:
        return ""
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is repeated")
    return found


def _normal(value: object, within: str = "") -> object:
    """Write equal parts of a policy in one way; ``within`` is the element. Raises ValueError for a repeated key."""
    import json

    if isinstance(value, dict):
        return _unique([_member(key, one, within) for key, one in value.items() if key not in ("Sid", "Id")])
    if isinstance(value, str):
        return value.lower() if within in ("Action", "NotAction") else value
    if not isinstance(value, list):
        return value
    items = {json.dumps(item, sort_keys=True): item for item in (_normal(one, within) for one in value)}
    return next(iter(items.values())) if len(items) == 1 else [items[name] for name in sorted(items)]


def _member(key: str, value: object, within: str) -> tuple[str, object]:
    """Write a member: the elements of a statement, an operator of its Condition, or a condition key in lower case."""
    if within == "Condition":
        return key, _normal(value, _OPERATOR)
    return (key.lower() if within == _OPERATOR else key), _normal(
        value, _VALUES if within == _OPERATOR else key
    )


_OPERATOR, _VALUES = "an operator", "values"
