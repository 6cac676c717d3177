"""Builds the functions, queues, delivery streams and roles that declared subscriptions name.

A permission belongs to the function, version or alias that it names, within one root or template. Functions and queues
that no subscription names are not built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.documents import PolicyText
from checker.analysis.endpoints import (
    FIREHOSE,
    LAMBDA,
    SQS,
    Endpoints,
    Function,
    Queue,
    Stream,
    split_qualifier,
)
from checker.core.arn import Arn, is_account
from checker.core.unknown import Unknown
from checker.inputs.declared import (
    DeclaredFunction,
    certain,
    doubt_about,
    whether_exists,
    which_counts,
)
from checker.inputs.declared_keys import is_same, key_reference
from checker.inputs.discover import home_of
from checker.inputs.resolve import by_owner, read_policy_in, symbol_of, writers_of
from checker.inputs.text import Implied
from checker.policy.node import made
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.vocabulary import FUNCTION, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from checker.core.unknown import Truth
    from checker.inputs.collect import Facts
    from checker.inputs.declared import (
        Declaration,
        Declarations,
        DeclaredPermission,
        DeclaredPolicy,
        DeclaredQueue,
        DeclaredSubscription,
    )
    from checker.policy.model import Value
    from checker.policy.node import Made


_ELSEWHERE = "{} is declared elsewhere, and may have other permissions there"
_SNS, _ANYONE = "sns.", "*"


def endpoints_of(declared: Declarations, facts: Facts, folder: Path) -> Endpoints:
    """Build the endpoints, dead-letter queues and roles of the subscriptions of a deployment.

    Errors in policy text are noted, and the policy becomes Unknown.
    """
    maker = _Maker(declared, facts, home_of(folder))
    return Endpoints(tuple(maker.functions()), tuple(maker.queues()), tuple(maker.streams()), ())


class _Link(NamedTuple):
    """A reference of a subscription to a resource."""

    reference: Value
    subscription: DeclaredSubscription


def may_need(one: DeclaredSubscription) -> bool:
    """True for a subscription whose delivery depends on a resource that code declares."""
    protocol = one.protocol
    return (
        protocol in (SQS, LAMBDA, FIREHOSE)
        or isinstance(protocol, Unknown)
        or one.delivery.dead_letter is not None
    )


class _Maker:
    def __init__(self, declared: Declarations, facts: Facts, home: str) -> None:
        self.declared = declared
        self.facts = facts
        self.home = home
        self.links = list(_links(declared.subscriptions))
        self.topics = _topics(declared)
        self.queue_policies = by_owner(declared.queue_policies)
        self.all_functions = [*declared.functions, *_foreign(declared)]

    def naming(
        self, names: Sequence[str], arn: Arn | Unknown, qualifier: Value = ""
    ) -> list[DeclaredSubscription]:
        """Return the subscriptions that name a resource."""
        own: Value = arn if isinstance(arn, Unknown) else f"{arn}:{qualifier}" if qualifier else str(arn)
        return [link.subscription for link in self.links if _names(link.reference, names, own)]

    def functions(self) -> Iterator[Function]:
        for one in self.all_functions:
            naming = self.naming(one.names, one.arn, one.qualifier)
            granted = [permission for permission in self.declared.permissions if self.is_for(permission, one)]
            if naming and (granted or not one.elsewhere):
                yield self.function(one, granted, naming)

    def function(
        self, one: DeclaredFunction, granted: list[DeclaredPermission], naming: list[DeclaredSubscription]
    ) -> Function:
        sure = certain(granted, one)
        qualifier = one.qualifier.where if isinstance(one.qualifier, Unknown) else one.qualifier
        return Function(
            self.arn_of(one),
            one.place,
            self.statements(sure) if sure else None,
            qualifier,
            _exists(one, naming),
            one.names,
            one.address,
            self.home,
            self.declared.root,
            self.more_permissions(one, granted),
        )

    def arn_of(self, one: DeclaredFunction) -> Arn | Unknown:
        """Return the ARN of a function, or of the function of a version or alias."""
        bases = (base.arn for base in self.all_functions if self.is_base(base, one))
        return one.arn if isinstance(one.arn, Arn) else next(bases, one.arn)

    def is_base(self, base: DeclaredFunction, one: DeclaredFunction) -> bool:
        """True for the function of a version or alias."""
        return base.function is None and one.function is not None and _is_called(one.function, base)

    def is_for(self, permission: DeclaredPermission, one: DeclaredFunction) -> bool:
        """True for a permission on this function, version or alias, and not on another one of the same function."""
        if permission.where.is_same(one.where) is False:
            return False
        name, qualifier = _split(permission)
        if one.function is None:
            return qualifier is None and _is_called(name, one)
        if qualifier is None:
            return is_same(name, (*one.names, *one.ids), Unknown(""))
        whole = [
            base for base in self.all_functions if base.function is None and _is_called(one.function, base)
        ]
        own = one._replace(names=())
        same = _text(qualifier) == _text(one.qualifier)
        return same and (name == one.function or any(_is_called(name, base) for base in (own, *whole)))

    def statements(self, permissions: Sequence[DeclaredPermission]) -> PolicyText:
        """Write the resource policy of a function."""
        place = permissions[0].place
        written: Made = {
            "Version": "2012-10-17",
            "Statement": [self.statement(one) for one in permissions],
        }
        root = made(written, Source(place.document.name, " "), 0, 1)
        policy, problems = read_policy(root, FUNCTION)
        return PolicyText(policy, problems, FUNCTION, Implied(place, root), "")

    def statement(self, permission: DeclaredPermission) -> Made:
        """Write a statement as Lambda does. That of an unknown principal is not known."""
        principal = _principal(permission.principal)
        if isinstance(principal, Unknown):
            return principal
        tests: dict[str, dict[str, Made]] = {}
        for operator, key, value in permission.tests:
            tests.setdefault(operator, {})[key] = self.named(value)
        statement: dict[str, Made] = {
            "Sid": permission.address,
            "Effect": "Allow",
            "Principal": principal,
            "Action": permission.action,
            "Resource": "*",
        }
        return (
            {**statement, "Condition": {key: dict(one) for key, one in tests.items()}} if tests else statement
        )

    def named(self, value: Value) -> Value:
        """Return a reference to a topic as the topic's own policy has it."""
        return self.topics.get(value.where, value) if isinstance(value, Unknown) else value

    def more_permissions(self, one: DeclaredFunction, granted: list[DeclaredPermission]) -> Unknown | None:
        """Explain why a function may have other permissions."""
        if one.elsewhere:
            return Unknown(_ELSEWHERE.format("the function"), one.address or _text(one.names[0]))
        sure = certain(granted, one)
        doubtful = (whether_exists(other, one) for other in granted if other not in sure)
        unknown = (
            Unknown(f"the function of `{other.address}` is not known", other.function.where)
            for other in self.declared.permissions
            if isinstance(other.function, Unknown) and _may_be_sns(other) and self.is_open(other)
        )
        return next(iter((*doubtful, *unknown, *self.declared.gaps)), None)

    def is_open(self, permission: DeclaredPermission) -> bool:
        """True for a permission of which the function is not declared here."""
        name, _ = _split(permission)
        return not any(_is_called(name, one) for one in self.all_functions if not one.elsewhere)

    def queues(self) -> Iterator[Queue]:
        for one in self.declared.queues:
            naming = self.naming(one.names, one.arn)
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
            texts = {**self.topics, **dict.fromkeys(one.names, own)}
            policy = doubt if doubt is not None else read_policy_in(found[0], QUEUE, texts, self.facts)
        return Queue(
            one.arn,
            policy=policy,
            key=key_reference(self.declared, one.key, one.where),
            managed_sse=one.managed_sse,
            period=one.period,
            redrive=one.redrive,
            place=one.place,
            fifo=one.fifo,
            exists=_exists(one, naming),
            names=one.names,
            address=one.address,
            home=self.home,
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
            naming = self.naming(one.names, one.arn)
            if naming:
                yield Stream(
                    one.arn,
                    destinations=one.destinations,
                    place=one.place,
                    exists=_exists(one, naming),
                    names=one.names,
                    address=one.address,
                    home=self.home,
                    root=self.declared.root,
                )


def _links(subscriptions: Sequence[DeclaredSubscription]) -> Iterator[_Link]:
    for one in subscriptions:
        for reference in (one.endpoint, one.delivery.dead_letter, one.delivery.role):
            if reference is not None:
                yield _Link(reference, one)


def _names(reference: Value, names: Sequence[str], own: Value) -> bool:
    if isinstance(reference, Unknown):
        return reference.where in names
    return reference == own


def _topics(declared: Declarations) -> dict[str, str]:
    """Map the names of topics to what their own policies call them; names of several variants have no single one."""
    texts: dict[str, str] = {}
    several: set[str] = set()
    for topic in declared.topics:
        own = symbol_of(topic.names, topic.arn) or str(topic.arn)
        several.update(name for name in topic.names if texts.setdefault(name, own) != own)
    return {name: own for name, own in texts.items() if name not in several}


def _foreign(declared: Declarations) -> Iterator[DeclaredFunction]:
    """Yield the functions that subscriptions name and that nothing here declares, each once."""
    seen: set[str] = set()
    for one in declared.subscriptions:
        text = _text(one.endpoint)
        is_known = any(is_same(one.endpoint, other.names, other.arn) for other in declared.functions)
        if one.protocol != LAMBDA or text in seen or is_known or one.place is None:
            continue
        seen.add(text)
        name, qualifier = split_qualifier(text)
        arn = Arn.parse(name) or Unknown("the function is declared elsewhere", text)
        base = name if qualifier else None
        yield DeclaredFunction("", (text,), one.place, arn, qualifier, base, elsewhere=True)


def _split(permission: DeclaredPermission) -> tuple[Value, Value | None]:
    """Return the function that a permission names, and its qualifier, which may be part of the name."""
    name = permission.function
    if isinstance(name, Unknown):
        return name, permission.qualifier
    if Arn.parse(name) is not None:
        name, qualifier = split_qualifier(name)
    else:
        name, _, qualifier = name.rpartition("function:")[2].partition(":")
    return name, qualifier or permission.qualifier


def _is_called(name: Value, one: DeclaredFunction) -> bool:
    """True if a value is a reference to a function, its ARN or its name."""
    if is_same(name, (*one.names, *one.ids), one.arn):
        return True
    return isinstance(name, str) and isinstance(one.arn, Arn) and one.arn.resource == f"function:{name}"


def _text(value: Value) -> str:
    return value.where if isinstance(value, Unknown) else value


def _principal(principal: Value) -> Made:
    """Write a principal as Lambda does."""
    if isinstance(principal, Unknown):
        return principal
    if principal == _ANYONE:
        return principal
    is_aws = is_account(principal) or principal.startswith("arn:")
    return {"AWS" if is_aws else "Service": principal}


def _may_be_sns(permission: DeclaredPermission) -> bool:
    principal = permission.principal
    return isinstance(principal, Unknown) or principal == _ANYONE or principal.startswith(_SNS)


def _exists(one: Declaration, naming: Sequence[DeclaredSubscription]) -> Truth:
    """Return whether a resource exists wherever a subscription names it."""
    for subscription in naming:
        holding = {*subscription.conditions, *subscription.holding}
        missing = [condition for condition in one.conditions if condition not in holding]
        if missing:
            return Unknown(f"whether `{one.address}` exists is not known", missing[0])
    return True
