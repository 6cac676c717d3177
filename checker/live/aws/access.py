"""How accounts are accessed, and the units of an audit. Does not import boto3, and is sent to workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.lint.audited import unit_name

if TYPE_CHECKING:
    from collections.abc import Mapping


UNKNOWN_ACCOUNT = "unknown"
"""Stands for the account of a caller whom AWS does not identify."""


class Access(NamedTuple):
    """Options for accessing accounts, from the command line. boto3 supplies values that are empty.

    ``role`` is the name of the role to assume in accounts other than the caller's, with its path if it has one.
    ``role_arn`` is a role to assume for all calls instead.
    ``threads`` limits concurrent calls, ``attempts`` the attempts per call. ``seconds`` limits the total time of all
    calls, 0 means no limit.
    https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
    """

    profile: str = ""
    endpoint: str = ""
    role: str = ""
    external_id: str = ""
    threads: int = 32
    attempts: int = 8
    seconds: float = 0
    role_arn: str = ""

    def role_in(self, partition: str, account: str) -> str:
        """Return the ARN of the role to assume in an account other than the caller's; empty if none is given."""
        if self.role_arn or not self.role:
            return self.role_arn
        return str(Arn(partition, "iam", "", account, f"role/{self.role}"))

    @property
    def words(self) -> tuple[str, ...]:
        """The options on the command line, for a next command."""
        options = (
            ("--profile", self.profile),
            ("--endpoint-url", self.endpoint),
            ("--role-arn", self.role_arn),
            ("--role-name", self.role),
            ("--external-id", self.external_id),
        )
        return tuple(word for option in options if option[1] for word in option)


class Unit(NamedTuple):
    """An independent piece of work: one account in one Region. ``role`` is the ARN to assume, if any."""

    account: str
    region: str
    role: str = ""

    @property
    def name(self) -> str:
        """Return the unit as reports name it."""
        return unit_name(self.account, self.region)

    @property
    def bare(self) -> Unit:
        """Return the unit without its role."""
        return self._replace(role="")


class MadeCall(NamedTuple):
    """A call to AWS: the account and Region, boto3's names of service and operation, and the parameters."""

    unit: Unit
    service: str
    operation: str
    parameters: Mapping[str, object]


class Coverage(NamedTuple):
    """The accounts and Regions of an audit. Empty values mean those of the caller."""

    accounts: tuple[str, ...] = ()
    organization: bool = False
    regions: tuple[str, ...] = ()
    all_regions: bool = False


WATCHING = "checker-flow-"
"""Name prefix of queues that receive a topic's messages for the duration of a flow."""

KEEPING = "checker-retain-"
"""Name prefix of queues and roles that retain a topic's messages permanently."""

ROLE_HELP = (
    "the role may not exist or not trust the caller with this external ID, or the caller lacks the permission, which "
    "`checker permissions COMMAND --role-name NAME` prints"
)
"""The possible causes of a refused AssumeRole, which have the same error code."""
