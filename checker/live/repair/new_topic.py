"""Creates a topic, whole in one call, and deletes it again if nobody has changed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.fix.replacement import REPLACES
from checker.inputs.text import InputError
from checker.live.facts import tags_of
from checker.live.listings import BY_TOPIC
from checker.live.patience import until
from checker.live.repair.deed import Deed, Stand
from checker.live.repair.policy_writing import same_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checker.fix.receipt import Change
    from checker.live.calls import Calls
    from checker.live.patience import Clock

_KEY = "KmsMasterKeyId"


def _mark_of(calls: Calls, topic: str) -> str | None:
    """What a topic says it replaces, if anything. Raises InputError."""
    return tags_of(calls.need("sns", "list_tags_for_resource", topic, ResourceArn=topic)).get(REPLACES)


def place_for(calls: Calls, names: Iterable[Arn], mark: str) -> tuple[Arn, bool]:
    """Give the first name that is free, or has the replacement already, and whether it is there.

    CreateTopic gives a topic that is there as if it were new, so it is looked for first. Raises InputError.
    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    taken: list[str] = []
    for arn in names:
        if calls.found("sns", "get_topic_attributes", str(arn), TopicArn=str(arn)) is None:
            return arn, False
        if _mark_of(calls, str(arn)) == mark:
            return arn, True
        taken.append(arn.resource)
    raise InputError(taken[0], f"there are topics called {', '.join(taken)} already", help_text="delete one")


def _stand(calls: Calls, change: Change) -> Stand:
    """A topic is as it was made while it has its mark, policy and key, and subscribers of nobody else's."""
    name, made = change.resource, change.made_of
    answer = calls.found("sns", "get_topic_attributes", name, TopicArn=name)
    if answer is None:
        return Stand.BEFORE
    attributes: Mapping[str, str] = answer.get("Attributes") or {}
    same = attributes.get(_KEY) == made["Attributes"].get(_KEY) and same_policy(
        name, attributes.get("Policy", ""), made["Attributes"]["Policy"]
    )
    own = same and _mark_of(calls, name) == made["Tags"][REPLACES]
    return Stand.AFTER if own and not _subscribers(calls, name) else Stand.OTHER


def _subscribers(calls: Calls, topic: str) -> bool:
    """True if anybody's subscription is confirmed; those of the repair itself are taken back before."""
    listed = calls.every(BY_TOPIC, topic, TopicArn=topic)
    return any(str(one.get("SubscriptionArn", "")).startswith("arn:") for one in listed)


def _create(calls: Calls, change: Change, clock: Clock) -> None:
    made = change.made_of
    arn = Arn.parse(change.resource)
    tags = [{"Key": name, "Value": value} for name, value in made["Tags"].items()]
    answer = calls.need(
        "sns",
        "create_topic",
        change.resource,
        Name=arn.resource if arn else change.resource,
        Attributes=made["Attributes"],
        Tags=tags,
    )
    if answer.get("TopicArn") != change.resource:
        raise InputError(change.resource, f"SNS has made `{answer.get('TopicArn')}` instead: delete that")
    if not until(clock, lambda: _stand(calls, change) is Stand.AFTER):
        raise InputError(change.resource, "AWS does not show the topic as it was created")


def _delete(calls: Calls, change: Change, clock: Clock) -> None:
    """What is left of its subscriptions, unconfirmed ones, goes with a topic.

    https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html
    """
    calls.need("sns", "delete_topic", change.resource, TopicArn=change.resource)
    if not until(clock, lambda: _stand(calls, change) is Stand.BEFORE):
        raise InputError(change.resource, "AWS shows the topic still, which was deleted")


NEW_TOPIC_DEED = Deed(_stand, _create, _delete, "there is such a topic now, or it has changed since")
