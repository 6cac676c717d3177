"""Builds what declared subscriptions deliver to: functions, queues and delivery streams.

Those that no subscription names are not built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import FIREHOSE, LAMBDA, SQS, Endpoints, Queue, Stream
from checker.core.unknown import Unknown
from checker.inputs.declared import doubt_about, which_counts
from checker.inputs.declared_functions import functions_of
from checker.inputs.declared_keys import DeclaredKeys, is_same
from checker.inputs.declared_references import References, exists
from checker.inputs.discover import home_of
from checker.inputs.resolve import by_owner, read_policy_in, symbol_of, writers_of
from checker.policy.vocabulary import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.analysis.documents import PolicyText
    from checker.inputs.collect import Facts
    from checker.inputs.declared import Declarations, DeclaredPolicy, DeclaredQueue, DeclaredSubscription


def endpoints_of(declared: Declarations, facts: Facts, folder: Path) -> Endpoints:
    """Build the endpoints and dead-letter queues of the subscriptions of a deployment.

    Errors in policy text are noted, and the policy becomes Unknown.
    """
    references = References(declared, home_of(folder))
    maker = _Maker(declared, facts, references)
    return Endpoints(tuple(functions_of(declared, references)), tuple(maker.queues()), tuple(maker.streams()))


def may_need(one: DeclaredSubscription) -> bool:
    """True for a subscription whose delivery depends on a resource that code declares."""
    protocol = one.protocol
    return (
        protocol in (SQS, LAMBDA, FIREHOSE)
        or isinstance(protocol, Unknown)
        or one.delivery.dead_letter is not None
    )


class _Maker:
    def __init__(self, declared: Declarations, facts: Facts, references: References) -> None:
        self.declared = declared
        self.facts = facts
        self.references = references
        self.keys = DeclaredKeys(declared)
        self.queue_policies = by_owner(declared.queue_policies)

    def queues(self) -> Iterator[Queue]:
        for one in self.declared.queues:
            naming = self.references.naming(one.names, one.arn)
            writers = writers_of(self.queue_policies, (*one.names, *one.ids), one.arn)
            if naming and (writers or not one.elsewhere):
                yield self.queue(one, writers, naming)

    def queue(
        self, one: DeclaredQueue, writers: list[DeclaredPolicy], naming: list[DeclaredSubscription]
    ) -> Queue:
        found = [*([one.policy] if one.policy is not None else []), *(writer.policy for writer in writers)]
        own = symbol_of(one.names, one.arn) or str(one.arn)
        doubt = doubt_about(writers, one)
        policy: PolicyText | Unknown | None = None
        if len(found) > 1:
            policy = which_counts(writers, one)
        elif found:
            texts = {**self.references.topics, **dict.fromkeys(one.names, own)}
            policy = doubt if doubt is not None else read_policy_in(found[0], QUEUE, texts, self.facts)
        return Queue(
            one.arn,
            policy=policy,
            key=self.keys.reference(one.key, one.where),
            managed_sse=one.managed_sse,
            period=one.period,
            redrive=one.redrive,
            place=one.place,
            fifo=one.fifo,
            exists=exists(one, naming),
            names=one.names,
            address=one.address,
            home=self.references.home,
            root=self.declared.root,
            more=self.more_policies() if not found else None,
        )

    def more_policies(self) -> Unknown | None:
        """Explain why a queue may have a policy although none is declared for it."""
        known = [one for one in self.declared.queues if not one.elsewhere]
        unknown = (
            Unknown(f"the queue of `{policy.address}` is not known", owner.where)
            for policy in self.declared.queue_policies
            for owner in policy.owners
            if isinstance(owner, Unknown)
            and not any(is_same(owner, (*one.names, *one.ids), one.arn) for one in known)
        )
        return next(iter((*unknown, *self.declared.gaps)), None)

    def streams(self) -> Iterator[Stream]:
        for one in self.declared.streams:
            naming = self.references.naming(one.names, one.arn)
            if naming:
                yield Stream(
                    one.arn,
                    destinations=one.destinations,
                    place=one.place,
                    exists=exists(one, naming),
                    names=one.names,
                    address=one.address,
                    home=self.references.home,
                    root=self.declared.root,
                )
