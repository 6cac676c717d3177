"""Amazon Resource Names (ARNs). Imports nothing else of ``checker`` but the list of Regions."""

from __future__ import annotations

from checker.core.record import NamedTuple
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
        """Split an ARN into its parts; ``None`` if ``text`` is not a six-part ARN."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            return None
        return cls(*parts[1:])

    def __str__(self) -> str:
        return ":".join(("arn", *self))

    @property
    def is_topic(self) -> bool:
        """True for a topic; False for a subscription, whose ARN has a seventh part."""
        return self.service == "sns" and is_account(self.account) and ":" not in self.resource != ""

    @property
    def is_instance(self) -> bool:
        """True for the ARN of a Connect instance without wildcards; False for the instance's contacts, flows and queues."""
        placed = is_plain(self.partition) and is_plain(self.region) and is_account(self.account)
        return self.service == "connect" and placed and bool(self.instance_id)

    @property
    def instance_id(self) -> str:
        """The ID of a Connect instance; empty for anything else.

        AWS::Connect::Instance documents IDs as letters, digits and hyphens.
        """
        kind, _, name = self.resource.partition("/")
        return name if f"{kind}/" == _CONNECT_INSTANCE and is_plain(name) else ""


def is_instance_arn(text: str) -> bool:
    """True if the text is the ARN of a Connect instance without wildcards."""
    arn = Arn.parse(text)
    return arn is not None and arn.is_instance


def is_plain(text: str) -> bool:
    """True if the text has only letters, digits and hyphens, as the name of a Region does."""
    return text.replace("-", "").isalnum() and text.isascii()


def is_uuid(text: str) -> bool:
    """True for a UUID (8-4-4-4-12 hexadecimal digits), the form of a Connect instance's ID."""
    parts = text.split("-")
    digits = set("".join(parts).lower()) <= set("0123456789abcdef")
    return digits and [len(part) for part in parts] == [8, 4, 4, 4, 12]


def is_account(text: str) -> bool:
    """True for an AWS account ID, which has twelve digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def topic_arn(text: str) -> Arn | None:
    """Parse a topic ARN; ``None`` for anything else."""
    arn = Arn.parse(text)
    return arn if arn is not None and arn.is_topic else None


def topic_arn_problem(text: str) -> str:
    """Explain why a text is not the ARN of a topic that a contact can stream to; empty if it is one.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_ChatStreamingConfiguration.html
    """
    arn = Arn.parse(text)
    if arn is None:
        return "it is a URL" if "://" in text else "it is not a valid ARN"
    if arn.service != "sns":
        return f"its service is `{arn.service}`, not `sns`" if arn.service else "it has no service"
    if not is_account(arn.account):
        return f"`{arn.account}` is not a valid account ID"
    if ":" in arn.resource:
        return "it is the ARN of a subscription"
    if not arn.is_topic or not _is_topic_name(arn.resource):
        return f"`{arn.resource}` is not a valid topic name"
    longest = _LONGEST_ENDPOINT
    return f"it is longer than {longest} characters" if len(text) > longest else ""


def instance_arn_problem(text: str) -> str:
    """Explain why a text is not the ARN of a Connect instance; empty if it is one."""
    arn = Arn.parse(text)
    if arn is None:
        return "it is the ID without the rest of the ARN" if is_uuid(text) else "it is not a valid ARN"
    if arn.service != "connect":
        return f"its service is `{arn.service}`, not `connect`" if arn.service else "it has no service"
    if not is_account(arn.account):
        return f"`{arn.account}` is not a valid account ID"
    return "" if arn.is_instance else f"`{arn.resource}` is not an instance"


def unquoted(text: str) -> str:
    """Remove the blanks, line ends and quotes around a text, which copy and paste adds."""
    return text.strip(" \t\r\n\"'`")


def _is_topic_name(name: str) -> bool:
    """True for a name that CreateTopic accepts: letters, digits, hyphens and underscores, optionally with `.fifo` at the end."""
    bare = name.removesuffix(".fifo").replace("-", "").replace("_", "")
    return name.isascii() and (bare.isalnum() or not bare) and 0 < len(name) <= 256


NEWEST = "aws"
"""The partition assumed for a Region that is not listed: AWS opens most new Regions there."""


def partition_of(region: str) -> str | None:
    """Look up the partition of a Region; ``None`` if the Region is not listed, as it may be new."""
    return next((partition for partition, regions in REGIONS.items() if region in regions), None)
