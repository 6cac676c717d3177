"""How accounts are reached, and the units that an audit is cut into. Knows no boto3, and travels to workers."""

from __future__ import annotations

from typing import NamedTuple


class Access(NamedTuple):
    """How to get into accounts: what the command line says of it; what is empty is boto3's to find.

    ``role`` is the name of the role to assume in every account but the caller's own, with its path if it has
    one. ``threads`` is how many calls may be under way at once, ``attempts`` how often each is tried, ``seconds``
    how long all of them together may take, 0 for any time.
    https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
    """

    profile: str = ""
    endpoint: str = ""
    role: str = ""
    external_id: str = ""
    threads: int = 32
    attempts: int = 8
    seconds: float = 0


class Unit(NamedTuple):
    """A piece of work that stands by itself: one account in one Region. ``role`` is the ARN to assume, if any."""

    account: str
    region: str
    role: str = ""

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"account {self.account or 'of the caller'}, {self.region}"

    @property
    def bare(self) -> Unit:
        """The unit itself, however its account is entered."""
        return self._replace(role="")


class Coverage(NamedTuple):
    """The accounts and Regions that an audit is to cover; the caller's own where nothing is said."""

    accounts: tuple[str, ...] = ()
    organization: bool = False
    regions: tuple[str, ...] = ()
    all_regions: bool = False
