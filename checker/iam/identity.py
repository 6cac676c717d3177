"""Who a request is from or for: Connect instances and strangers, a representative for every class of them."""

from __future__ import annotations

import re
import string
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn, is_account
from checker.iam.arn_glob import PARTS, arn_glob_of
from checker.iam.domain import Assignment, Choices, OneOf, comparable
from checker.iam.operators import ARN, FOLDED
from checker.iam.shape import Reader, Segment, Shape, classes
from checker.policy.wildcard import RUN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.iam.domain import Domain
    from checker.iam.mention import Mention, Mentions

SOURCE_ARN, SOURCE_ACCOUNT, SOURCE_OWNER = "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner"
SOURCE_KEYS = (SOURCE_ARN, SOURCE_ACCOUNT)
"""The keys of the confused deputy. Connect sends these two and not the owner."""

_DIGITS = "9876543210"
HEX = "0123456789abcdef"
_FRESH_IDS = tuple(f"{c * 8}-{c * 4}-4{c * 3}-8{c * 3}-{c * 12}" for c in HEX)
_UUID = tuple(
    segment
    for length in (8, 4, 4, 4, 12)
    for segment in (Segment("id", chars=HEX, length=length), Segment("hyphen", text="-"))
)[:-1]


class Instances(NamedTuple):
    """Connect instances: the pair of aws:SourceArn and aws:SourceAccount, which always agree.

    ``account`` empty: any twelve digits; the instance id is any UUID. ``but_not`` are accounts, and
    ``not_ids`` instance ids, that are out of the question. ``or_absent`` adds requests that lack one or
    both of the keys.
    """

    partition: str
    regions: tuple[str, ...]
    account: str = ""
    but_not: tuple[str, ...] = ()
    not_ids: tuple[str, ...] = ()
    or_absent: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The two source keys."""
        return SOURCE_KEYS

    def choices(self, mentions: Mentions) -> Choices:
        """Pick an instance of every class."""
        arns, accounts = mentions.get(SOURCE_ARN, []), mentions.get(SOURCE_ACCOUNT, [])
        alone = self.or_absent and SOURCE_ARN in mentions and SOURCE_ACCOUNT in mentions
        assignments: list[Assignment] = []
        for account, arn in self.instances(arns, accounts):
            assignments.append({SOURCE_ARN: arn, SOURCE_ACCOUNT: account})
            if alone:
                assignments.append({SOURCE_ARN: arn, SOURCE_ACCOUNT: None})
                assignments.append({SOURCE_ARN: None, SOURCE_ACCOUNT: account})
        if self.or_absent:
            assignments.append({SOURCE_ARN: None, SOURCE_ACCOUNT: None})
        return Choices(assignments, comparable([*arns, *accounts]))

    def instances(self, arns: Sequence[Mention], accounts: Sequence[Mention]) -> list[tuple[str, str]]:
        """Pick instances, as account and ARN; patterns without wildcards of their own need no walk."""
        plain = _Plain()
        for one in accounts:
            plain.add_account(one)
        for one in arns:
            plain.add_arn(one)
        if plain.complete:
            return self.named(plain)
        found = [arn for region in self.regions for arn in self.walked(region, arns, accounts)]
        reachable = (a for a in found if a.account not in self.but_not and a.instance_id not in self.not_ids)
        return [(arn.account, str(arn)) for arn in reachable]

    def named(self, plain: _Plain) -> list[tuple[str, str]]:
        """Combine the accounts and ids that are named with one of each that is not."""
        known_ids = {*plain.ids, *self.not_ids, *(one for _, one in plain.pairs)}
        ids = [next(one for one in _FRESH_IDS if one not in known_ids), *plain.ids]
        if self.account:
            accounts = [self.account]
        else:
            accounts = [fresh_account({*plain.accounts, *self.but_not}), *plain.accounts]
        named = dict.fromkeys(pair for pair in plain.pairs if not self.account or pair[0] == self.account)
        mixed = dict.fromkeys((account, one) for account in accounts for one in ids)
        pairs = {**mixed, **named} if self.or_absent else {**named, **mixed}  # the likelier "yes" first
        return [
            (account, f"arn:{self.partition}:connect:{region}:{account}:instance/{one}")
            for region in self.regions
            for account, one in pairs
            if account not in self.but_not and one not in self.not_ids
        ]

    def walked(self, region: str, arns: Sequence[Mention], accounts: Sequence[Mention]) -> list[Arn]:
        """Walk the shape of an instance ARN with every pattern."""
        head = f"arn:{self.partition}:connect:{region}:"
        tail = (Segment("kind", text="instance/"), *_UUID)
        return arn_classes(head, self.account, tail, arns, accounts, (*self.but_not, *self.not_ids))


def arn_classes(
    head: str,
    account: str,
    tail: Shape,
    arns: Sequence[Mention],
    accounts: Sequence[Mention],
    told_apart: Sequence[str],
) -> list[Arn]:
    """Give an ARN for every class that patterns on the whole ARN, and on its account alone, tell apart.

    ``head`` is the text before the account, ``tail`` the shape of the sixth part; ``account`` empty means
    any twelve digits. ``told_apart`` are accounts and last parts to keep in classes of their own.
    """
    number = Segment("account", account, "" if account else _DIGITS, 0 if account else 12)
    shape = (Segment("head", text=head), number, Segment("colon", text=":"), *tail)
    last = len(shape) - 1
    readers = [Reader(one.tokens, 1, 1, one.family == FOLDED) for one in accounts if one.tokens]
    readers += [
        Reader(tuple(one), 1, 1) if is_account(one) else Reader(tuple(one), 4, last) for one in told_apart
    ]
    for one in arns:
        parts = arn_glob_of(one.tokens).parts
        if one.family == ARN and len(parts) == PARTS:
            readers += [Reader(parts[4].tokens, 1, 1), Reader(parts[5].tokens, 3, last)]
        else:
            readers.append(Reader(one.tokens, 0, last, one.family == FOLDED))
    found = [Arn.parse(text) for text in classes(shape, readers)]
    return [arn for arn in found if arn is not None]


PRINCIPAL_ARN, PRINCIPAL_ACCOUNT = "aws:principalarn", "aws:principalaccount"
NAME_CHARS = "x" + "".join(c for c in string.ascii_letters + string.digits + "+=,.@-_" if c != "x")
"""What the names of roles and sessions are made of, `x` first: a witness takes the first that fits."""

_NAME = (
    Segment("name", chars=NAME_CHARS, length=1),
    Segment("rest of the name", chars=NAME_CHARS + "/"),
)
ROLE: Shape = (Segment("kind", text="role/"), *_NAME)
USER: Shape = (Segment("kind", text="user/"), *_NAME)
ROOT: Shape = (Segment("kind", text="root"),)


class Strangers(NamedTuple):
    """Roles, of any name, of an account that is none of ``but_not``; of one ``account`` if that is given.

    ``resources`` are what they are not themselves, such as ``role/Admin``; ``tails`` are the shapes of what
    they may be.
    """

    partition: str
    but_not: tuple[str, ...]
    account: str = ""
    resources: tuple[str, ...] = ()
    tails: tuple[Shape, ...] = (ROLE,)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that say who the caller is."""
        return (PRINCIPAL_ARN, PRINCIPAL_ACCOUNT)

    def choices(self, mentions: Mentions) -> Choices:
        """Pick one of every class."""
        arns, accounts = mentions.get(PRINCIPAL_ARN, []), mentions.get(PRINCIPAL_ACCOUNT, [])
        if not arns and not accounts:
            account = self.account or fresh_account(self.but_not)
            found = [Arn(self.partition, "iam", "", account, fresh_role(self.resources))]
        else:
            found = [arn for tail in self.tails for arn in self.walked(tail, arns, accounts)]
        assignments: list[Assignment] = [
            {PRINCIPAL_ARN: str(arn), PRINCIPAL_ACCOUNT: arn.account}
            for arn in found
            if arn.account not in self.but_not and arn.resource not in self.resources
        ]
        return Choices(assignments, comparable([*arns, *accounts]))

    def walked(self, tail: Shape, arns: Sequence[Mention], accounts: Sequence[Mention]) -> list[Arn]:
        """Walk one of the shapes with every pattern."""
        names = (one.partition("/")[2] for one in self.resources)
        head = f"arn:{self.partition}:iam::"
        return arn_classes(head, self.account, tail, arns, accounts, (*self.but_not, *filter(None, names)))


def fresh_role(taken: Iterable[str]) -> str:
    """Pick a role that is not taken."""
    known = set(taken)
    return next(role for number in count(1) if (role := f"role/{'x' * number}") not in known)


class _Plain:
    """Accounts and ids that patterns name outright; not ``complete`` if some pattern needs the walk."""

    __slots__ = ("accounts", "complete", "ids", "pairs")

    def __init__(self) -> None:
        self.accounts: dict[str, None] = {}
        self.ids: list[str] = []
        self.pairs: list[tuple[str, str]] = []
        self.complete = True

    def account(self, text: str) -> None:
        if is_account(text):
            self.accounts[text] = None

    def add_account(self, one: Mention) -> None:
        if one.is_wild:
            self.complete = self.complete and one.covers_all
        else:
            self.account(one.text)

    def add_arn(self, one: Mention) -> None:
        if not one.is_wild:
            self.add_pair(one.text.lower() if one.family == FOLDED else one.text)
        elif not one.covers_all:
            self.add_pattern(one)

    def add_pattern(self, one: Mention) -> None:
        """Take an ARN pattern of which the account and the last part are each named, or any."""
        pattern = arn_glob_of(one.tokens)
        if one.family != ARN or not pattern.is_arn:
            self.complete = False
            return
        account, rest = pattern.parts[4], pattern.parts[5]
        any_account = account.tokens == (RUN,)
        any_id = rest.tokens in ((RUN,), _ANY_ID)
        if not (any_account or account.literal is not None) or not (any_id or rest.literal is not None):
            self.complete = False
        if account.literal is not None:
            self.account(account.literal)
        if rest.literal is not None and _is_uuid(one_id := rest.literal.removeprefix("instance/")):
            self.ids.append(one_id)

    def add_pair(self, text: str) -> None:
        arn = Arn.parse(text)
        if arn is not None and arn.service == "connect":
            self.account(arn.account)
            one = arn.resource.removeprefix("instance/")
            if is_account(arn.account) and _is_uuid(one):
                self.pairs.append((arn.account, one))


_ANY_ID = (*"instance/", RUN)
_is_uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z").match


def fresh_account(taken: Iterable[str]) -> str:
    """Pick twelve digits that are not taken."""
    known = set(taken)
    repeated = (digit * 12 for digit in _DIGITS)
    counted = (f"{number:012}" for number in range(10**12))
    return next(one for candidates in (repeated, counted) for one in candidates if one not in known)


def open_keys(domain: Domain) -> tuple[str, ...]:
    """The keys of which a choice stands for many values, so that a policy variable of theirs stays unknown."""
    if isinstance(domain, OneOf):
        return ()
    of_one = isinstance(domain, Instances | Strangers) and domain.account
    settled = (SOURCE_ACCOUNT, PRINCIPAL_ACCOUNT) if of_one else ()
    return tuple(key for key in domain.keys if key not in settled)
