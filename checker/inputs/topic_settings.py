"""Reads the settings of a topic from any source, by one table of their names.

https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-topic.html
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sns_topic
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from checker.analysis.inventory import Setting, TopicSettings
from checker.core.arn import topic_arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.analysis.inventory import Place
    from checker.policy.model import Value


Names = tuple[str, str, str]
"""The names of a setting: of the attribute in the API, and of the property or argument in code."""

API, CLOUDFORMATION, TERRAFORM = range(3)
"""The positions in ``Names``."""


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
    found = {field: read(topic, names, column) for field, (names, read) in _SETTINGS.items()}
    return TopicSettings(**found)


def names_in(column: int) -> tuple[str, ...]:
    """Return the names of all settings in a column, and that of the topic's name."""
    return (_NAME[column], *(names[column] for names, _ in _SETTINGS.values()))


def _text(topic: Attributes, names: Names, column: int) -> Setting[Value | None]:
    return Setting(topic.text(names[column]), topic.place(names[column]))


def _fifo(topic: Attributes, names: Names, column: int) -> Setting[bool | Unknown]:
    """Return whether a topic is FIFO: the name of a FIFO topic ends in `.fifo`, and that of no other topic."""
    name, flag = topic.text(_NAME[column]), topic.flag(names[column])
    place = topic.place(names[column], _NAME[column])
    if isinstance(name, str) and name.endswith(".fifo"):
        return Setting(value=True, place=place)
    return Setting(False if flag is None else flag, place)


_NAME = ("TopicArn", "TopicName", "name")

_SETTINGS: dict[str, tuple[Names, Callable[[Attributes, Names, int], Setting[Any]]]] = {
    "fifo": (("FifoTopic", "FifoTopic", "fifo_topic"), _fifo),
    "key": (("KmsMasterKeyId", "KmsMasterKeyId", "kms_master_key_id"), _text),
}
"""The fields of ``TopicSettings``, each with its names and how it is read."""


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
        if self.get(name) is None and topic_arn(self.get(_NAME[API]) or "") is None:
            return Unknown("the output has no topic ARN in `TopicArn`")
        return self.get(name) == "true"

    def place(self, *names: str) -> Place:
        """Return the place of the first attribute that is set, or of the last one."""
        return self.at(next((name for name in names if self.get(name) is not None), names[-1]))
