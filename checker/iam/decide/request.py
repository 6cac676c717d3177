"""A request: its caller, action, resource and context."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.arn import Arn, is_account
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.policy.names import GLOBAL_KEYS, KEY_KEYS, TOPIC_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping


ContextValue = str | tuple[str, ...] | Unknown
"""The value of a context key. A tuple is a multivalued key."""


class OpenList(tuple[str, ...]):
    """The values of a multivalued key: the first is known to be in the list, the others may be."""

    __slots__ = ()

    @property
    def known(self) -> tuple[str, ...]:
        """The values that are known to be in the list."""
        return tuple(self[:1])


def foreign(key: str) -> Unknown:
    """Return the value of a key that names the caller, for a request of a service.

    The key is absent, or its value names none of your accounts.
    """
    return Unknown(_FOREIGN, key)


FOREIGN_ADDRESS = Unknown(
    "AWS does not document the source addresses of a service, only that they are not yours",
    "aws:SourceIp",
)
"""The value of aws:SourceIp in a request that a service makes."""


def is_foreign(value: Unknown) -> bool:
    """True for a value that AWS does not document, but that no account or address of yours can match."""
    return value.reason == _FOREIGN or value == FOREIGN_ADDRESS


_FOREIGN = "AWS does not document this key for a service, only that it does not name your principals"


class Service(NamedTuple):
    """An AWS service that calls with its service principal."""

    name: str

    def __str__(self) -> str:
        return self.name


_RESOURCES = {
    "iam": pattern(r"root|(?:user|role)/(?:[!-~]+/)?[\w+=,.@-]+", re.ASCII),
    "sts": pattern(r"assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+", re.ASCII),
}
"""The format of the resource part of a principal ARN, by service."""


class AwsPrincipal(NamedTuple):
    """An IAM principal: role, assumed-role session, user, federated user or account root."""

    arn: Arn

    def __str__(self) -> str:
        return str(self.arn)

    @classmethod
    def parse(cls, text: str) -> AwsPrincipal | None:
        """Parse an ARN, or an account ID, which stands for the root of the account."""
        if is_account(text):
            return cls(Arn("aws", "iam", "", text, "root"))
        arn = Arn.parse(text)
        return cls(arn) if arn else None

    @property
    def can_exist(self) -> bool:
        """True if the ARN has the format that AWS documents for a principal; other ARNs make no requests.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
        """
        form = _RESOURCES.get(self.arn.service)
        return not self.arn.region and form is not None and form.fullmatch(self.arn.resource) is not None

    @property
    def role(self) -> str:
        """The name of the role of a session, without the path; empty for other principals."""
        kind, _, rest = self.arn.resource.partition("/")
        return rest.partition("/")[0] if self.arn.service == "sts" and kind == "assumed-role" else ""


class Anonymous(NamedTuple):
    """A caller without credentials, which Amazon SNS and Amazon SQS accept if a policy allows it."""

    def __str__(self) -> str:
        return ANONYMOUS


ANONYMOUS = "anonymous"
Caller = Service | AwsPrincipal | Anonymous


class Request(NamedTuple):
    """A request for the decision engine; ``context`` keys are in lower case.

    ``variables`` has the values of policy variables, if they differ from the context: a proof over many requests
    leaves a variable unknown if it has many values.
    """

    caller: Caller
    action: str
    resource: str
    context: Mapping[str, ContextValue]
    variables: Mapping[str, ContextValue] | None = None

    def variable(self, key: str) -> ContextValue | None:
        """Return the value of a policy variable; ``None`` if it has no value."""
        return (self.context if self.variables is None else self.variables).get(key.lower())

    def to_json(self) -> dict[str, object]:
        """Write the request in the format that ``checker simulate`` reads; unknown keys are left out."""
        kind = "service" if isinstance(self.caller, Service) else "aws"
        known = {key: value for key, value in self.context.items() if not isinstance(value, Unknown)}
        known |= {key: value.known for key, value in known.items() if isinstance(value, OpenList)}
        context = {
            spell(key): list(value) if isinstance(value, tuple) else value for key, value in known.items()
        }
        return {
            "principal": {kind: str(self.caller)},
            "action": self.action,
            "resource": self.resource,
            "context": context,
        }


def fold(context: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
    """Convert context keys to lower case; a key that is repeated in another letter case is Unknown."""
    folded: dict[str, ContextValue] = {}
    for key, value in context.items():
        low = key.lower()
        twice = low in folded
        folded[low] = (
            Unknown("the request repeats this key in different letter case", key) if twice else value
        )
    return folded


def spell(key: str) -> str:
    """Write a lower-case key in the spelling of AWS; the name of a tag stays as it is."""
    if key in _SPELLINGS:
        return _SPELLINGS[key]
    prefix = next((prefix for prefix in _PREFIXES if key.startswith(prefix)), None)
    return key if prefix is None else _SPELLINGS[prefix] + key.removeprefix(prefix)


_SPELLINGS = {
    name.lower(): name
    for name in (*GLOBAL_KEYS, *TOPIC_KEYS, *KEY_KEYS, "kms:EncryptionContext:aws:sns:topicArn")
}
_PREFIXES = tuple(name for name in _SPELLINGS if name[-1] in "/:")
