"""Preview topics and keys that do not exist yet as facts, so that rules can check them before creation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.documented import (
    key_condition,
    key_statement,
    policy_of,
    root_statement,
    topic_statements,
)
from checker.analysis.inventory import Key, Place
from checker.core.errors import InputError
from checker.fix.live.copied_parts import copied_attributes, replace_arn
from checker.live.aws.facts import document_of, topic_of
from checker.live.aws.facts import policy_of as read_policy
from checker.policy import vocabulary
from checker.policy.plain import json_text

if TYPE_CHECKING:
    from checker.analysis.documented import KeyCondition
    from checker.analysis.inventory import Topic
    from checker.core.arn import Arn
    from checker.live.aws.topic import Found


class Wanted(NamedTuple):
    """The topic, the instances that stream to it, and the condition for the key grant."""

    topic: Arn
    instances: tuple[Arn, ...]
    kms_condition: KeyCondition | None = None

    @property
    def region(self) -> str:
        """Return the Region that the topic must be in. Raises InputError."""
        regions = {one.region for one in self.instances}
        if len(regions) != 1:
            what = "the instances are in several Regions" if regions else "no instance is named"
            help_text = "name the instances of one Region: the topic must be in the same Region"
            raise InputError(
                "--instance-arn", f"{what}, so the topic's Region is not known", help_text=help_text
            )
        for one in self.instances:
            if one.partition != self.topic.partition:
                reason = f"`{one}` is in partition {one.partition}, the topic in {self.topic.partition}"
                raise InputError("--instance-arn", reason)
        return regions.pop()


def preview_topic(old: Found, arn: Arn, wanted: Wanted) -> Topic:
    """Return the future topic with the policy of the old one, or with the documented policy if that is unknown."""
    text = old.texts().get(str(wanted.topic))
    policy = (
        json_text(policy_of(topic_statements(str(arn), wanted.instances)))
        if text is None
        else replace_arn(text, wanted.topic, arn)
    )
    key = {"KmsMasterKeyId": old.topic.key} if isinstance(old.topic.key, str) else {}
    return topic_of(
        str(arn), {**copied_attributes(old.attributes), **key, "TopicArn": str(arn), "Policy": policy}
    )


def preview_key(alias: Arn, wanted: Wanted, topic: Arn) -> Key:
    """Return the future key, enabled and with the documented policy. KMS will assign its ID."""
    arn = alias._replace(resource="key/to-be-created")
    condition = key_condition(wanted.kms_condition, [str(topic)], wanted.instances)
    statements = [root_statement(arn.partition, arn.account), key_statement(condition=condition)]
    policy = read_policy(str(arn), json_text(policy_of(statements)), vocabulary.KEY)
    place = Place(document_of(str(arn), {"Arn": str(arn)}), ("KeyMetadata",))
    return Key(
        arn,
        place,
        policy,
        state="Enabled",
        manager="CUSTOMER",
        spec="SYMMETRIC_DEFAULT",
        usage="ENCRYPT_DECRYPT",
        grants=(),
        aliases=(alias.resource,),
    )
