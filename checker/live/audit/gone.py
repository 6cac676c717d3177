"""Asks AWS whether a topic, key or instance that findings are about was deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.lint.explain import UNKNOWN
from checker.live.aws.errors import Fault, UnreadError
from checker.live.aws.lookup import look_up

if TYPE_CHECKING:
    from checker.live.aws.calls import Calls


class Gone:
    """Asks once for each resource. Only an answer that AWS does not find it counts as deleted."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        """True for a resource of the unit that AWS does not find; a call that fails is noted."""
        if name not in self._known:
            self._known[name] = self._is_gone(name)
        return self._known[name]

    def _is_gone(self, name: str) -> bool:
        arn, unit = Arn.parse(name), self._calls.unit
        if arn is None or (arn.account, arn.region) != (unit.account, unit.region):
            return False
        if arn.is_instance:
            return self._is_instance_gone(arn)
        try:
            self._look_for(arn)
        except UnreadError as error:
            if error.fault is Fault.GONE:
                return True
            self._calls.note(error)
        return False

    def _is_instance_gone(self, arn: Arn) -> bool:
        found = look_up(self._calls, arn)
        if found.status == UNKNOWN:
            self._calls.skip(Skipped(str(arn), found.reason, error=True, help=found.help))
        return found.gone

    def _look_for(self, arn: Arn) -> None:
        """Read a topic or key. Raises UnreadError."""
        if arn.is_topic:
            self._calls.make("sns", "get_topic_attributes", str(arn), TopicArn=str(arn))
        elif arn.service == "kms":
            self._calls.make("kms", "describe_key", str(arn), KeyId=str(arn))
