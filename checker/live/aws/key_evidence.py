"""Look up in CloudTrail whether KMS served Connect, for keys whose policy AWS's documentation does not decide.

The events of a key are few calls only if the key is used little: LookupEvents allows two calls per second, one
attribute, and 50 events a page, the newest first. So the lookup is by the key, ends at the first change of the key's
policy, and is bounded.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from checker.analysis.observation import REFUSED, SERVED, Evidence
from checker.analysis.seen import seen_of
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.iam.prove.space import DATA_KEY, DECRYPT
from checker.inputs.cloudtrail.event import NoTimeError, folded, time_of
from checker.inputs.cloudtrail.key_event import TOPIC_CHANGES
from checker.inputs.cloudtrail.key_history import KeyHistory
from checker.lint.scope import cases_by_key
from checker.live.aws.calls import LOOKUP
from checker.live.aws.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.inventory import Inventory
    from checker.analysis.key import KeyAnalysis
    from checker.analysis.observation import Observation
    from checker.live.aws.calls import Calls


_MOST_PAGES = 10
"""At two calls per second, more pages would delay the command."""
_EVENTS_A_PAGE = 50
_HELP = "`checker check` reads CloudTrail events from files"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def with_key_evidence(calls: Calls, inventory: Inventory) -> Inventory:
    """Add what CloudTrail shows of the keys whose use by Connect is undetermined. No call is made for other keys.

    A lookup that fails or is not complete is recorded. Raises StoppedError.
    """
    for cases in cases_by_key(inventory.topics, inventory).values():
        undecided = [case for case in cases if _is_undecided(case) and _is_here(calls, case)]
        evidence = key_evidence(calls, undecided) if undecided else None
        if evidence is not None:
            inventory = inventory._replace(evidence=evidence.joined(inventory.evidence))
    return inventory


def _is_undecided(case: KeyAnalysis) -> bool:
    seen = seen_of(case) if case.is_open else None
    return case.is_open and (seen is None or seen.usable is None)


def _is_here(calls: Calls, case: KeyAnalysis) -> bool:
    """True if the events of the key and the topic are in the trail of the unit."""
    arns = (case.key.arn, case.topic.arn if case.topic is not None else None)
    here = (calls.unit.account, calls.unit.region)
    return all(isinstance(arn, Arn) and (arn.account, arn.region) == here for arn in arns)


def key_evidence(calls: Calls, cases: Sequence[KeyAnalysis]) -> Evidence | None:
    """Look up the uses of one key for topics, since its policy last changed; ``None`` if there is none.

    Raises StoppedError.
    """
    key, topics = str(cases[0].key.arn), [case.topic_arn for case in cases]
    lookup = _Lookup(calls, key)
    try:
        lookup.read_key([topic for topic in topics if isinstance(topic, str)])
        evidence = lookup.history.evidence()
        if evidence is None:
            return None
        if not lookup.read_topics(min(one.time for one in evidence.observations)):
            return None
    except CallError as error:
        calls.note(error)
        return None
    except NoTimeError:
        calls.skip(Skipped(key, "CloudTrail events of the key are incomplete, so that they show nothing"))
        return None
    found = lookup.history.evidence()
    return found and found._replace(known_since=((key, lookup.since),))


def uses_of_key(calls: Calls, key: str, topic: str) -> tuple[Observation, ...]:
    """Look up the uses of a new key for a topic. Raises CallError, StoppedError."""
    lookup = _Lookup(calls, key)
    with suppress(NoTimeError):
        lookup.read_key([topic])
    evidence = lookup.history.evidence()
    return evidence.observations if evidence is not None else ()


class _Lookup:
    """Reads the events about one key. All events since ``since`` are read, in milliseconds."""

    def __init__(self, calls: Calls, key: str) -> None:
        self.history = KeyHistory()
        self.since = 0
        self._calls = calls
        self._key = key

    def read_key(self, topics: Sequence[str]) -> None:
        """Read the events of the key until they decide, or its policy changed. Raises CallError, NoTimeError."""
        attributes = [{"AttributeKey": "ResourceName", "AttributeValue": self._key}]
        pages = self._calls.pages(LOOKUP, self._key, LookupAttributes=attributes, MaxResults=_EVENTS_A_PAGE)
        for number, page in enumerate(pages, 1):
            for event in page:
                record = record_of(event)
                self.since = time_of(folded(record))
                self.history.add(record, self._key)
            if self.history.has_change(self._key) or all(map(self._decides, topics)):
                return
            if number == _MOST_PAGES:
                self._calls.skip(self._not_further())
                return

    def _decides(self, topic: str) -> bool:
        """True if the newest events of a topic decide: one refusal, or both actions served."""
        seen = self.history.outcomes(topic)
        refused = any(outcome == REFUSED for _, outcome in seen)
        return refused or {(DATA_KEY, SERVED), (DECRYPT, SERVED)} <= seen

    def _not_further(self) -> Skipped:
        reason = (
            f"only the newest {_MOST_PAGES * _EVENTS_A_PAGE} CloudTrail events of the key were looked at; "
            "older ones may show that Connect used it"
        )
        return Skipped(self._key, reason, help=_HELP)

    def read_topics(self, since: int) -> bool:
        """Read the changes of topics since a time, because a topic's policy decides whose requests reach the key.

        False if there are too many. Raises CallError, NoTimeError.
        """
        start = _EPOCH + timedelta(milliseconds=since)
        for name in TOPIC_CHANGES:
            attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]
            listed = self._calls.pages(
                LOOKUP, name, LookupAttributes=attributes, StartTime=start, MaxResults=_EVENTS_A_PAGE
            )
            for number, page in enumerate(listed, 1):
                if number > _MOST_PAGES:
                    reason = f"more than {_MOST_PAGES * _EVENTS_A_PAGE} `{name}` events in CloudTrail: not all were read"
                    self._calls.skip(Skipped(self._key, reason, help=_HELP))
                    return False
                for event in page:
                    self.history.add(record_of(event))
        return True


def record_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return the record in an event of LookupEvents. Empty if it is not a JSON object."""
    try:
        record = json.loads(event.get("CloudTrailEvent") or "{}")
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
