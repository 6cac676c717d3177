"""Create a topic with one call, and delete it if it was not changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.core.errors import AwsError, RefusedError
from checker.fix.live.copied_parts import Subscribed
from checker.fix.live.receipt import RECEIPT, REPLACES
from checker.live.aws.calls import BY_TOPIC
from checker.live.aws.errors import CallError
from checker.live.aws.facts import tags_of
from checker.live.aws.wait import until
from checker.live.repair.change_handler import ChangeHandler, ChangeState, same_policy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from checker.fix.live.receipt import Change
    from checker.live.aws.calls import Calls
    from checker.live.aws.wait import Clock


_KEY = "KmsMasterKeyId"


def receipt_of(calls: Calls, topic: str) -> str:
    """Return the receipt ID of a topic that a repair created. Empty for any other topic. Raises CallError."""
    return _tags(calls, topic).get(RECEIPT, "")


def _tags(calls: Calls, topic: str) -> dict[str, str]:
    return tags_of(calls.make("sns", "list_tags_for_resource", topic, ResourceArn=topic))


def place_for(calls: Calls, names: Iterable[Arn], mark: str) -> tuple[Arn, bool]:
    """Return the first name that is free or belongs to the replacement, and whether the topic exists.

    The name is looked up first, because CreateTopic returns an existing topic like a new one. Raises CallError, and
    RefusedError if others use all the names.
    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    taken: list[str] = []
    for arn in names:
        if calls.find("sns", "get_topic_attributes", str(arn), TopicArn=str(arn)) is None:
            return arn, False
        if _tags(calls, str(arn)).get(REPLACES) == mark:
            return arn, True
        taken.append(arn.resource)
    raise RefusedError(taken[0], f"the topics {', '.join(taken)} exist already", help_text="delete one")


def state_of(calls: Calls, change: Change, own: Collection[tuple[str, str]] = ()) -> ChangeState:
    """Return the state of the topic. It is unchanged if receipt, policy and key match and it has no subscribers.

    ``own`` are subscribers, by protocol and endpoint, that the rollback removes first. Raises CallError.
    """
    name, specification = change.resource, change.specification
    answer = calls.find("sns", "get_topic_attributes", name, TopicArn=name)
    if answer is None:
        return ChangeState.BEFORE
    if receipt_of(calls, name) != change.receipt:
        return ChangeState.FOREIGN
    attributes: Mapping[str, str] = answer.get("Attributes") or {}
    same = attributes.get(_KEY) == specification["Attributes"].get(_KEY) and same_policy(
        name, attributes.get("Policy", ""), specification["Attributes"]["Policy"]
    )
    return ChangeState.AFTER if same and _subscribers(calls, name) <= set(own) else ChangeState.OTHER


def _subscribers(calls: Calls, topic: str) -> set[tuple[str, str]]:
    """Return the confirmed subscribers of a topic, by protocol and endpoint."""
    listed = calls.every(BY_TOPIC, topic, TopicArn=topic)
    confirmed = (entry for entry in listed if entry["SubscriptionArn"].startswith("arn:"))
    return {(entry["Protocol"], entry.get("Endpoint", "")) for entry in confirmed}


def _create(calls: Calls, change: Change, clock: Clock) -> None:
    specification = change.specification
    arn = Arn.parse(change.resource)
    tags = [{"Key": name, "Value": value} for name, value in specification["Tags"].items()]
    answer = calls.make(
        "sns",
        "create_topic",
        change.resource,
        Name=arn.resource if arn else change.resource,
        Attributes=specification["Attributes"],
        Tags=tags,
    )
    if answer.get("TopicArn") != change.resource:
        raise AwsError(change.resource, f"SNS created `{answer.get('TopicArn')}` instead: delete that topic")
    if not until(clock, lambda: state_of(calls, change) is ChangeState.AFTER):
        raise AwsError(change.resource, "AWS does not return the topic as it was created")


def _delete(calls: Calls, change: Change, clock: Clock) -> None:
    """Delete the topic. Its remaining, unconfirmed subscriptions are deleted with it.

    https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html
    """
    calls.make("sns", "delete_topic", change.resource, TopicArn=change.resource)
    if not until(clock, lambda: state_of(calls, change) is ChangeState.BEFORE):
        raise AwsError(change.resource, "AWS still returns the topic after its deletion")


NEW_TOPIC_HANDLER = ChangeHandler(state_of, _create, _delete, "the topic exists now, or it was changed since")


_ARN = "arn:"


def subscriptions_of(calls: Calls, topic: str) -> Iterator[Subscribed]:
    """Yield the subscriptions of a topic. AWS returns attributes only of confirmed ones. Raises CallError."""
    for entry in calls.every(BY_TOPIC, topic, TopicArn=topic):
        protocol, endpoint, arn = (str(entry[name]) for name in ("Protocol", "Endpoint", "SubscriptionArn"))
        if not arn.startswith(_ARN):
            yield Subscribed(protocol, endpoint, {}, confirmed=False)
            continue
        try:
            answer = calls.make("sns", "get_subscription_attributes", arn, SubscriptionArn=arn)
        except CallError as fault:
            if entry.get("Owner") == calls.unit.account:
                raise
            yield Subscribed(protocol, endpoint, {}, unread=fault.reason)
        else:
            yield Subscribed(protocol, endpoint, answer.get("Attributes") or {})


def _arn(calls: Calls, change: Change) -> str:
    """Return the ARN of the subscription, or the placeholder of AWS while it is pending. Empty if there is none."""
    specification = change.specification
    for entry in calls.every(BY_TOPIC, change.resource, TopicArn=change.resource):
        if (entry["Protocol"], entry["Endpoint"]) == (specification["Protocol"], specification["Endpoint"]):
            return str(entry["SubscriptionArn"])
    return ""


def _state_of(calls: Calls, change: Change) -> ChangeState:
    if calls.find("sns", "get_topic_attributes", change.resource, TopicArn=change.resource) is None:
        return ChangeState.BEFORE
    return ChangeState.AFTER if _arn(calls, change) else ChangeState.BEFORE


def _subscribe(calls: Calls, change: Change, clock: Clock) -> None:  # noqa: ARG001 - part of the interface
    specification: dict[str, Any] = change.specification
    calls.make(
        "sns",
        "subscribe",
        change.resource,
        TopicArn=change.resource,
        ReturnSubscriptionArn=True,
        **specification,
    )


def _unsubscribe(calls: Calls, change: Change, clock: Clock) -> None:
    """Remove the subscription. An unconfirmed one cannot be removed, and expires after two days.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """
    arn = _arn(calls, change)
    if arn.startswith(_ARN):
        calls.make("sns", "unsubscribe", change.resource, SubscriptionArn=arn)
        if not until(clock, lambda: not _arn(calls, change)):
            raise AwsError(change.resource, "AWS still returns the subscription after its removal")


SUBSCRIPTION_HANDLER = ChangeHandler(_state_of, _subscribe, _unsubscribe, "", optional=True)
