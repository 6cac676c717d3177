"""One request: who asks, for what, on what, in which context."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from checker.core.arn import Arn, is_account
from checker.core.unknown import Unknown
from checker.policy.names import GLOBAL_KEYS, KEY_KEYS, TOPIC_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping


ContextValue = str | tuple[str, ...] | Unknown
"""A context key is multi-valued exactly when it is given as a list; a key that is not there is absent."""


class OpenList(tuple[str, ...]):
    """The values of a key of which the first is known to be in its list, and the others may be."""

    __slots__ = ()

    @property
    def known(self) -> tuple[str, ...]:
        """What is known to be in the list."""
        return tuple(self[:1])


def foreign(key: str) -> Unknown:
    """The value of a key that names the caller, in a request of a service: absent, or of no account of yours."""
    return Unknown(_FOREIGN, key)


FOREIGN_ADDRESS = Unknown(
    "AWS does not document from which addresses a service calls, beyond that they are none of yours",
    "aws:SourceIp",
)
"""The value of aws:SourceIp in a request that a service makes."""


def is_foreign(value: Unknown) -> bool:
    """True for such a value. AWS does not document it, but no text that names what is yours can match it."""
    return value.reason == _FOREIGN or value == FOREIGN_ADDRESS


_FOREIGN = "AWS does not document this key for a service, beyond that it names none of your principals"


class Service(NamedTuple):
    """An AWS service that asks as itself."""

    name: str

    def __str__(self) -> str:
        return self.name


_RESOURCES = {
    "iam": re.compile(r"root|(?:user|role)/(?:[!-~]+/)?[\w+=,.@-]+", re.ASCII),
    "sts": re.compile(r"assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+", re.ASCII),
}
"""The resource part of the ARN of a principal, by service."""


class AwsPrincipal(NamedTuple):
    """An IAM principal: role, assumed-role session, user, federated user or account root."""

    arn: Arn

    def __str__(self) -> str:
        return str(self.arn)

    @classmethod
    def parse(cls, text: str) -> AwsPrincipal | None:
        """Read an ARN, or twelve digits for the account's root."""
        if is_account(text):
            return cls(Arn("aws", "iam", "", text, "root"))
        arn = Arn.parse(text)
        return cls(arn) if arn else None

    @property
    def can_exist(self) -> bool:
        """True if the ARN has the form that AWS documents for a principal; no request comes from any other.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
        """
        form = _RESOURCES.get(self.arn.service)
        return not self.arn.region and form is not None and form.fullmatch(self.arn.resource) is not None

    @property
    def role(self) -> str:
        """The name of the role that a session was assumed from, without its path; else empty."""
        kind, _, rest = self.arn.resource.partition("/")
        return rest.partition("/")[0] if self.arn.service == "sts" and kind == "assumed-role" else ""


class Anonymous(NamedTuple):
    """A caller without credentials, which Amazon SNS and SQS accept where a policy allows it."""

    def __str__(self) -> str:
        return ANONYMOUS


ANONYMOUS = "anonymous"
Caller = Service | AwsPrincipal | Anonymous


class Request(NamedTuple):
    """A request as the decision engine sees it; ``context`` keys are in lower case.

    ``variables`` is what policy variables are filled from when that differs from the context: a proof
    over many requests leaves a variable unknown where its value is one of many.
    """

    caller: Caller
    action: str
    resource: str
    context: Mapping[str, ContextValue]
    variables: Mapping[str, ContextValue] | None = None

    def variable(self, key: str) -> ContextValue | None:
        """Give the value of a policy variable, ``None`` if it has none."""
        return (self.context if self.variables is None else self.variables).get(key.lower())

    def to_json(self) -> dict[str, object]:
        """Write the request as ``checker simulate`` reads it; unknown keys are left out."""
        kind = "service" if isinstance(self.caller, Service) else "aws"
        known = {k: v for k, v in self.context.items() if not isinstance(v, Unknown)}
        known |= {k: v.known for k, v in known.items() if isinstance(v, OpenList)}
        context = {spell(k): list(v) if isinstance(v, tuple) else v for k, v in known.items()}
        return {
            "principal": {kind: str(self.caller)},
            "action": self.action,
            "resource": self.resource,
            "context": context,
        }


def fold(context: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
    """Lower the case of context keys; a key that stands twice in different case is Unknown."""
    folded: dict[str, ContextValue] = {}
    for key, value in context.items():
        low = key.lower()
        twice = low in folded
        folded[low] = (
            Unknown("the request has this key twice, in different letter case", key) if twice else value
        )
    return folded


def spell(key: str) -> str:
    """Write a folded key as AWS documents it; the name of a tag stays as it is."""
    known = next((one for one in _PREFIXES if key.startswith(one)), "")
    return _SPELLINGS.get(key) or _SPELLINGS.get(known, "") + key.removeprefix(known)


_SPELLINGS = {
    name.lower(): name
    for name in (*GLOBAL_KEYS, *TOPIC_KEYS, *KEY_KEYS, "kms:EncryptionContext:aws:sns:topicArn")
}
_PREFIXES = tuple(name for name in _SPELLINGS if name[-1] in "/:")
