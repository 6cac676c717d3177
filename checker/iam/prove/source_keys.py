"""Domains of the source keys, which name the Connect instance that a request is made for."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from checker.core.arn import NEWEST, Arn, is_account, is_uuid, partition_of
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.iam.decide.operators import ARN, FOLDED
from checker.iam.decide.patterns import arn_glob_of
from checker.iam.prove.domain import Assignment, Choice, Choices, gap
from checker.iam.prove.shape import Segment
from checker.iam.prove.texts import (
    DIGITS,
    HEX,
    Excluded,
    Form,
    Texts,
    account_segment,
    arn_head,
    exclude_exact,
)
from checker.policy.wildcard import RUN, glob, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.core.unknown import Unknown
    from checker.iam.prove.domain import Budget, Mention, Mentions


SOURCE_ARN, SOURCE_ACCOUNT, SOURCE_OWNER = "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner"
SOURCE_KEYS = (SOURCE_ARN, SOURCE_ACCOUNT)
"""The keys against the confused deputy problem. Connect sends these two, and not aws:SourceOwner."""

_FRESH_IDS = tuple(f"{c * 8}-{c * 4}-4{c * 3}-8{c * 3}-{c * 12}" for c in HEX)
UUID = tuple(
    segment for length in (8, 4, 4, 4, 12) for segment in (Segment(chars=HEX, length=length), Segment("-"))
)[:-1]


class Instances(NamedTuple):
    """Connect instances: the keys aws:SourceArn and aws:SourceAccount, which always agree.

    If ``account`` is empty, it is any twelve digits; the instance ID is any UUID. ``but_not`` are excluded
    accounts, ``not_ids`` excluded instance IDs. ``or_absent`` adds requests without one or both of the keys.
    """

    partition: str
    regions: tuple[str, ...]
    account: str = ""
    but_not: tuple[str, ...] = ()
    not_ids: tuple[str, ...] = ()
    or_absent: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The two source keys."""
        return frozenset(SOURCE_KEYS)

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return an instance of each class."""
        instances, missing = self.instances(mentions, budget)
        found = [*instances, *self._unsourced(instances, mentions)]
        opened = (SOURCE_ARN,) if self.account else SOURCE_KEYS
        return Choices(tuple(map(Choice, found)), missing, frozenset(opened))

    def _unsourced(self, instances: Sequence[Assignment], mentions: Mentions) -> Iterator[Assignment]:
        """Yield the requests without one of the keys, if it matters which, or without both."""
        if self.or_absent and SOURCE_ARN in mentions and SOURCE_ACCOUNT in mentions:
            for assignment in instances:
                yield {**assignment, SOURCE_ACCOUNT: None}
                yield {**assignment, SOURCE_ARN: None}
        if self.or_absent:
            yield dict.fromkeys(SOURCE_KEYS)

    def instances(self, mentions: Mentions, budget: Budget) -> tuple[list[Assignment], Unknown | None]:
        """Return an instance of each class; simple patterns are handled without a walk."""
        arns, accounts = mentions.get(SOURCE_ARN, []), mentions.get(SOURCE_ACCOUNT, [])
        budget.spend(len(arns) + len(accounts))
        mentioned = _NamedInstances()
        for mention in accounts:
            mentioned.add_account(mention)
        for mention in arns:
            mentioned.add_arn(mention)
        if mentioned.complete:
            return list(self.named(mentioned, budget)), gap([*arns, *accounts])
        texts = Texts(tuple(map(self._form, self.regions)), excluded=self._excluded())
        found = texts.choices(mentions, budget)
        return [choice.values for choice in found.choices], found.gap

    def named(self, mentioned: _NamedInstances, budget: Budget) -> Iterator[Assignment]:
        """Combine the named accounts and IDs with one of each that is not named."""
        known_ids = {*mentioned.ids, *self.not_ids, *(instance_id for _, instance_id in mentioned.pairs)}
        ids = [
            next(instance_id for instance_id in _fresh_ids() if instance_id not in known_ids),
            *mentioned.ids,
        ]
        if self.account:
            accounts = [self.account]
        else:
            accounts = [fresh_account({*mentioned.accounts, *self.but_not}), *mentioned.accounts]
        named = dict.fromkeys(pair for pair in mentioned.pairs if not self.account or pair[0] == self.account)
        mixed = dict.fromkeys((account, instance_id) for account in accounts for instance_id in ids)
        pairs = {**mixed, **named} if self.or_absent else {**named, **mixed}  # the more likely "yes" first
        budget.spend(len(pairs) * len(self.regions))
        for region in self.regions:
            for account, instance_id in pairs:
                if account not in self.but_not and instance_id not in self.not_ids:
                    arn = f"arn:{self.partition}:connect:{region}:{account}:instance/{instance_id}"
                    yield {SOURCE_ARN: arn, SOURCE_ACCOUNT: account}

    def _form(self, region: str) -> Form:
        """Return the form of the instances of a Region."""
        parts = map(Segment, ("arn", self.partition, "connect", region))
        head = arn_head(*parts, account_segment(self.account))
        shape = (*head, Segment("instance/"), *UUID)
        return Form(shape, ((SOURCE_ARN, tuple(range(len(shape)))), (SOURCE_ACCOUNT, (len(head) - 2,))))

    def _excluded(self) -> tuple[Excluded, ...]:
        ids = (Excluded(SOURCE_ARN, tokens_of(f"*:instance/{instance_id}")) for instance_id in self.not_ids)
        return (*exclude_exact(SOURCE_ACCOUNT, self.but_not), *ids)


def _fresh_ids() -> Iterator[str]:
    """Yield UUIDs, as candidates for one that no policy names."""
    yield from _FRESH_IDS
    for number in range(1 << 48):
        yield f"{number >> 16:08x}-{number & 0xFFFF:04x}-4000-8000-000000000000"


class _NamedInstances:
    """The accounts and IDs that patterns name. ``complete`` is false if some pattern needs a walk."""

    __slots__ = ("accounts", "complete", "ids", "pairs")

    def __init__(self) -> None:
        self.accounts: dict[str, None] = {}
        self.ids: list[str] = []
        self.pairs: list[tuple[str, str]] = []
        self.complete = True

    def account(self, text: str) -> None:
        if is_account(text):
            self.accounts[text] = None

    def add_account(self, mention: Mention) -> None:
        if mention.is_wild:
            self.complete = self.complete and mention.covers_all
        else:
            self.account(mention.text)

    def add_arn(self, mention: Mention) -> None:
        if not mention.is_wild:
            self.add_pair(mention.text.lower() if mention.family == FOLDED else mention.text)
        elif not mention.covers_all:
            self.add_pattern(mention)

    def add_pattern(self, mention: Mention) -> None:
        """Add an ARN pattern; only one whose account and last part are each fixed or ``*`` needs no walk."""
        pattern = arn_glob_of(mention.tokens)
        if mention.family != ARN or not pattern.is_arn:
            self.complete = False
            return
        account, rest = pattern.parts[4], pattern.parts[5]
        any_account = account.tokens == (RUN,)
        any_id = rest.tokens in ((RUN,), _ANY_ID)
        if not (any_account or account.literal is not None) or not (any_id or rest.literal is not None):
            self.complete = False
        if account.literal is not None:
            self.account(account.literal)
        if rest.literal is not None and _INSTANCE_ID.fullmatch(
            instance_id := rest.literal.removeprefix("instance/")
        ):
            self.ids.append(instance_id)

    def add_pair(self, text: str) -> None:
        arn = Arn.parse(text)
        if arn is not None and arn.service == "connect":
            self.account(arn.account)
            instance_id = arn.resource.removeprefix("instance/")
            if is_account(arn.account) and _INSTANCE_ID.fullmatch(instance_id):
                self.pairs.append((arn.account, instance_id))


_ANY_ID = (*"instance/", RUN)
_INSTANCE_ID = pattern(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def instance_named(value: str, region: object) -> Arn | None:
    """Return the Connect instance that a value of aws:SourceArn names in a Region; ``None`` if it names none.

    A wildcard for the Region is accepted, because a replica of an instance has the same ID in another Region; the
    Region determines the partition. So is one behind a whole ID. Letter case is ignored if needed, for operators that
    ignore it.
    https://docs.aws.amazon.com/connect/latest/adminguide/setup-connect-global-resiliency.html
    """
    for text in (value, value.lower()):
        bare = text.rstrip("*")
        arn = Arn.parse(bare if is_uuid(bare.rpartition("/")[2]) else text)
        if arn is not None and isinstance(region, str) and glob(arn.region).matches(region):
            arn = _in_partition(arn._replace(region=region))
        if arn is not None and arn.is_instance:
            return arn
    return None


def account_named(value: str) -> str | None:
    """Return the account in an ARN of Connect or a pattern for such ARNs; ``None`` if it has a wildcard."""
    arn = Arn.parse(value.lower())
    return arn.account if arn is not None and arn.service == "connect" and is_account(arn.account) else None


def _in_partition(arn: Arn) -> Arn:
    """Replace a wildcard for the partition by the partition of the Region."""
    partition = partition_of(arn.region) or NEWEST
    return arn._replace(partition=partition) if glob(arn.partition).matches(partition) else arn


def fresh_account(taken: Iterable[str]) -> str:
    """Return an account ID that is not taken."""
    used = set(taken)
    repeated = (digit * 12 for digit in DIGITS)
    counted = (f"{number:012}" for number in count())
    return next(
        candidate for candidates in (repeated, counted) for candidate in candidates if candidate not in used
    )


class Unsourced(NamedTuple):
    """Requests of Connect with none or one of the two source keys."""

    instances: Instances
    number: int

    @property
    def keys(self) -> frozenset[str]:
        """The two source keys."""
        return frozenset(SOURCE_KEYS)

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return an instance of each class without one or both of the keys."""
        choices = self.instances._replace(or_absent=True).choices(mentions, budget)
        missing = len(SOURCE_KEYS) - self.number
        fitting = tuple(
            choice for choice in choices.choices if list(choice.values.values()).count(None) == missing
        )
        # If the policies do not distinguish such requests, one of them represents all.
        account = self.instances.choices({}, budget).choices[0].values[SOURCE_ACCOUNT]
        assignment: Assignment = {SOURCE_ARN: None, SOURCE_ACCOUNT: account}
        return choices._replace(choices=fitting or (Choice(assignment),))
