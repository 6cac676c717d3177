"""Amazon Resource Names. A leaf of the house."""

from __future__ import annotations

from typing import NamedTuple

from checker.core.regions import REGIONS

_CONNECT_INSTANCE = "instance/"
_LONGEST_ENDPOINT = 350


class Arn(NamedTuple):
    """The six parts of ``arn:partition:service:region:account:resource``; the last keeps its colons.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """Split an ARN, or say ``None`` when ``text`` is no six-part ARN."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            return None
        return cls(*parts[1:])

    def __str__(self) -> str:
        return ":".join(("arn", *self))

    @property
    def is_topic(self) -> bool:
        """True for a topic, and not for one of its subscriptions, which have a seventh part."""
        return self.service == "sns" and is_account(self.account) and ":" not in self.resource != ""

    @property
    def is_instance(self) -> bool:
        """True for a Connect instance itself: no contact, flow or queue of it, and no wildcard in its ARN."""
        placed = is_plain(self.partition) and is_plain(self.region) and is_account(self.account)
        return self.service == "connect" and placed and bool(self.instance_id)

    @property
    def instance_id(self) -> str:
        """The id of a Connect instance, empty for anything else.

        AWS::Connect::Instance documents ids as letters, digits and hyphens.
        """
        kind, _, name = self.resource.partition("/")
        return name if f"{kind}/" == _CONNECT_INSTANCE and is_plain(name) else ""


def is_plain(text: str) -> bool:
    """True for letters, digits and hyphens alone, as in the name of a Region."""
    return text.replace("-", "").isalnum() and text.isascii()


def is_uuid(text: str) -> bool:
    """True for the 8-4-4-4-12 hexadecimal digits of a Connect instance's id."""
    parts = text.split("-")
    digits = set("".join(parts).lower()) <= set("0123456789abcdef")
    return digits and [len(part) for part in parts] == [8, 4, 4, 4, 12]


def is_account(text: str) -> bool:
    """True for the twelve digits of an AWS account id."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def why_no_topic(text: str) -> str:
    """Say what a text is instead of the ARN of a topic that a contact can stream to; nothing if it is one.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_ChatStreamingConfiguration.html
    """
    arn = Arn.parse(text)
    if arn is None:
        return "it is a URL" if "://" in text else "it is no ARN"
    if arn.service != "sns":
        return f"it belongs to {arn.service or 'no service'}"
    if not is_account(arn.account):
        return f"`{arn.account}` is no account id"
    if ":" in arn.resource:
        return "it is the ARN of a subscription"
    if not arn.is_topic or not _is_topic_name(arn.resource):
        return f"no topic can be called `{arn.resource}`"
    longest = _LONGEST_ENDPOINT
    return f"it is longer than {longest} characters" if len(text) > longest else ""


def _is_topic_name(name: str) -> bool:
    """True for what CreateTopic takes: letters, digits, hyphens and underscores, and `.fifo` at the end."""
    bare = name.removesuffix(".fifo").replace("-", "").replace("_", "")
    return name.isascii() and (bare.isalnum() or not bare) and 0 < len(name) <= 256


NEWEST = "aws"
"""Where a Region that is on no list is taken to be: new ones are opened there."""


def partition_of(region: str) -> str | None:
    """Look a Region up; ``None`` for one that is not listed, which may be new."""
    return next((partition for partition, regions in REGIONS.items() if region in regions), None)
