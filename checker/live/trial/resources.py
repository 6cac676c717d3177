"""Create the temporary key and topic of a variant, and remove them.

KMS assigns the ID of a key. If the response to CreateKey is lost, the key is found by its tag. KMS deletes a key after
seven days at the earliest; until then, it is disabled and costs nothing.
https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
https://aws.amazon.com/kms/pricing/
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from checker.fix.live.trial import TAG
from checker.live.aws.errors import CallError, Fault
from checker.live.repair.new_key import tagged_keys

if TYPE_CHECKING:
    from checker.fix.live.trial import Setup
    from checker.live.flow.steps import Cleanup, FlowCalls


_DAYS = 7
TAGS_APPLY = 300.0
"""Time in seconds until conditions on a new tag apply, as in the policy of `checker permissions flow --try-conditions`.

https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
"""
_PAUSE = 15.0


class TrialResources:
    """The key and the topic of one variant."""

    def __init__(self, calls: FlowCalls, setup: Setup, trial: str) -> None:
        self.setup = setup
        self.key = ""
        self._calls = calls
        self._trial = trial
        self._created = time.monotonic()
        self._repeated = False

    def create(self, cleanup: Cleanup) -> None:
        """Create the key, then the topic that it encrypts. Raises CallError, StoppedError."""
        topic = str(self.setup.topic)
        cleanup.add(f"the key of `{topic}`", self._remove_key)
        created = self._calls.create(cleanup, "kms", "create_key", topic, "", **self.setup.key)
        self.key = str(created["KeyMetadata"]["Arn"])
        self._repeated = bool(created.get("ResponseMetadata", {}).get("RetryAttempts"))  # each creates a key
        cleanup.add(f"the topic `{topic}`", self._remove_topic)
        parameters = dict(self.setup.topic_parameters)
        parameters["Attributes"] = {**parameters["Attributes"], "KmsMasterKeyId": self.key}
        self._calls.create(cleanup, "sns", "create_topic", topic, "", **parameters)

    def _remove_topic(self) -> None:
        topic = str(self.setup.topic)
        try:
            self._calls.clean_up("sns", "delete_topic", topic, TopicArn=topic)
        except CallError as error:
            if error.fault is not Fault.NOT_FOUND:
                raise

    def _remove_key(self) -> None:
        known = [self.key] if self.key else []
        for key in [*known, *(() if known and not self._repeated else self._lost_keys())]:
            while not self._is_scheduled(key):
                self._calls.after.wait(_PAUSE)

    def _lost_keys(self) -> list[str]:
        """Return the keys of the trial without a known ID, those of other variants included: all are temporary."""
        return list(tagged_keys(self._calls.after, TAG, self._trial))

    def _is_scheduled(self, key: str) -> bool:
        """Schedule the deletion of a key. False if it was denied, and may be allowed once its tag applies."""
        try:
            self._calls.clean_up("kms", "schedule_key_deletion", key, KeyId=key, PendingWindowInDays=_DAYS)
        except CallError as error:
            if error.fault is Fault.DENIED and time.monotonic() < self._created + TAGS_APPLY:
                return False
            if error.refusal.code != "KMSInvalidStateException":  # already scheduled
                raise
        return True
