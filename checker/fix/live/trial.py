"""A trial of key conditions: the variants of a key statement, the resources of each, and the result.

Each variant has a new key and a new topic. A changed key policy can take minutes to apply everywhere, and SNS reuses a
data key for up to five minutes, so a key or topic that served another variant before would show nothing.
https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.analysis.documented import (
    TOPIC_CONTEXT_KEY,
    key_statement,
    policy_of,
    root_statement,
    topic_statements,
)
from checker.analysis.evidence import operator_form
from checker.analysis.observation import ACCOUNT, INSTANCE, SERVED, SNS_SERVICE, TOPIC, FormCondition, Trial
from checker.core.arn import Arn
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.analysis.observation import Observation
    from checker.fix.live.flow_result import Step


_PIN = FormCondition("StringEquals", TOPIC_CONTEXT_KEY, TOPIC)
_SOURCE_ACCOUNT = FormCondition("StringEquals", "aws:SourceAccount", ACCOUNT)
_SOURCE_ARN = FormCondition("ArnLike", "aws:SourceArn", INSTANCE)
_VIA_SERVICE = FormCondition("StringEquals", "kms:ViaService", SNS_SERVICE)


class Variant(NamedTuple):
    """A variant: its name, and the conditions of the statement that lets Connect use the key."""

    name: str
    conditions: tuple[FormCondition, ...]


CONTROL = "no-condition"
"""The variant that AWS documents. If no message arrives for it, the others show nothing."""
VARIANTS = (
    Variant(CONTROL, ()),
    Variant("topic", (_PIN,)),
    Variant("source-account", (_SOURCE_ACCOUNT,)),
    Variant("source-arn", (_SOURCE_ARN,)),
    Variant("source-keys", (_SOURCE_ACCOUNT, _SOURCE_ARN)),
    Variant("all", (_PIN, _SOURCE_ACCOUNT, _SOURCE_ARN)),
    Variant("via-service", (_VIA_SERVICE,)),
)
NAME_PREFIX = "checker-trial-"
"""Name prefix of the topics of a trial."""
TAG = "checker:trial"
"""Tag of every key and topic of a trial. Its value is the ID of the trial."""


class Setup(NamedTuple):
    """The resources of one variant: the topic's ARN, and the parameters of the calls that create key and topic.

    ``key_policy`` is the text of the key policy. The topic's `KmsMasterKeyId` is added once the key exists.
    """

    variant: Variant
    topic: Arn
    key_policy: str
    key: Mapping[str, Any]
    topic_parameters: Mapping[str, Any]
    trial: Trial


def set_up(variant: Variant, instance: Arn, account: str, trial: str) -> Setup:
    """Return the resources of a variant in an account and the Region of the instance; ``trial`` is its ID."""
    name = f"{NAME_PREFIX}{trial[:8]}-{variant.name}"
    topic = Arn(instance.partition, "sns", instance.region, account, name)
    statements = [
        root_statement(instance.partition, account),
        key_statement(condition=_condition(variant, instance, topic)),
    ]
    key_policy = json.dumps(policy_of(statements))
    description = f"temporary key of checker flow --try-conditions: {variant.name}"
    form = (
        one._replace(operator=operator_form(one.operator), key=one.key.lower()) for one in variant.conditions
    )
    return Setup(
        variant,
        topic,
        key_policy,
        {
            "Policy": key_policy,
            "Description": description,
            "Tags": [{"TagKey": TAG, "TagValue": trial}],
        },
        {
            "Name": name,
            "Attributes": {"Policy": json.dumps(policy_of(topic_statements(str(topic), [instance])))},
            "Tags": [{"Key": TAG, "Value": trial}],
        },
        Trial(str(instance), tuple(sorted(form))),
    )


def _condition(variant: Variant, instance: Arn, topic: Arn) -> Any:
    """Return the Condition of a variant's statement; ``None`` without conditions."""
    values = {
        INSTANCE: str(instance),
        ACCOUNT: instance.account,
        TOPIC: str(topic),
        SNS_SERVICE: f"sns.{topic.region}.amazonaws.com",
    }
    condition: dict[str, dict[str, str]] = {}
    for one in variant.conditions:
        condition.setdefault(one.operator, {})[one.key] = values[one.value]
    return condition or None


class TrialResult(NamedTuple):
    """The result of a trial: what was observed of each variant by name, and what could not be done or removed.

    A variant that shows nothing has no observation. ``fault`` is the reason why the trial ended early.
    """

    observations: tuple[tuple[str, Observation], ...]
    steps: tuple[Step, ...]
    fault: str = ""
    help: str = ""
    interrupted: bool = False
    left_behind: tuple[str, ...] = ()

    @property
    def control_arrived(self) -> bool:
        """True if a message arrived for the variant without conditions."""
        return any(name == CONTROL and one.outcome == SERVED for name, one in self.observations)
