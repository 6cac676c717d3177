"""Reads the settings of a topic from any source, by one table of their names.

https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-topic.html
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sns_topic
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from checker.analysis.inventory import Setting, TopicSettings
from checker.core.arn import topic_arn
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.analysis.inventory import Place
    from checker.policy.model import Value


class Names(NamedTuple):
    """The names of a setting: of the attribute in the API, and of the property or argument in code."""

    api: str
    cloudformation: str
    terraform: str


_NAME = Names("TopicArn", "TopicName", "name")
_FIFO = Names("FifoTopic", "FifoTopic", "fifo_topic")
_KEY = Names("KmsMasterKeyId", "KmsMasterKeyId", "kms_master_key_id")

API, CLOUDFORMATION, TERRAFORM = range(3)
"""The columns of ``Names``."""


class Attributes(Protocol):
    """The attributes of one topic, by the names of its source."""

    def text(self, name: str) -> Value | None:
        """Return an attribute as text; ``None`` if it is not set or empty."""

    def flag(self, name: str) -> bool | Unknown | None:
        """Return a boolean attribute; ``None`` if it is not set."""

    def place(self, *names: str) -> Place | None:
        """Return the place of the first of these attributes that is set, or of the topic."""


def settings_of(topic: Attributes, column: int) -> TopicSettings:
    """Read the settings of a topic by the names of a column."""
    return TopicSettings(
        fifo=Setting(_is_fifo(topic, column), topic.place(_FIFO[column], _NAME[column])),
        key=Setting(topic.text(_KEY[column]), topic.place(_KEY[column])),
    )


def _is_fifo(topic: Attributes, column: int) -> bool | Unknown:
    """Return whether a topic is FIFO: the name of a FIFO topic ends in `.fifo`, and that of no other topic."""
    name, flag = topic.text(_NAME[column]), topic.flag(_FIFO[column])
    if isinstance(name, str) and name.endswith(".fifo"):
        return True
    return False if flag is None else flag


class Texts(NamedTuple):
    """The attributes of a topic in the output of the API, all of them texts.

    ``get`` returns one of them, ``at`` the place of one, or of the topic for an empty name.
    """

    get: Callable[[str], str | None]
    at: Callable[[str], Place]

    def text(self, name: str) -> str | None:
        """Return an attribute; ``None`` if it is missing or empty."""
        return self.get(name) or None

    def flag(self, name: str) -> bool | Unknown:
        """Return a boolean attribute. AWS omits `FifoTopic` for a standard topic, which its ARN proves."""
        if self.get(name) is None and topic_arn(self.get(_NAME.api) or "") is None:
            return Unknown("the output has no topic ARN in `TopicArn`")
        return self.get(name) == "true"

    def place(self, *names: str) -> Place:
        """Return the place of the first attribute that is set, or of the last one."""
        return self.at(next((name for name in names if self.get(name) is not None), names[-1]))
