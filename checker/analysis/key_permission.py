"""Whether organization policies permit Connect the use of the key of a topic.

AWS does not document whether Connect passes its instance on to KMS, so that requests with both source keys, one of them
or none are decided.
https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.key_managers import owners_of
from checker.analysis.key_names import is_key_reference
from checker.analysis.organization import NO_ARN, OPEN, member_organizations, permission
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.prove.service_space import RequestSource, key_space, sourced_spaces
from checker.iam.prove.space import DATA_KEY, DECRYPT, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Key, Organization, Topic
    from checker.analysis.organization import Permission
    from checker.iam.prove.space import Space


class KeyUse(NamedTuple):
    """The use of a key by Connect when it publishes to an encrypted topic for an instance, each as far as it is known."""

    key: Arn | Unknown
    owner: str | Unknown
    topic: Arn | Unknown
    instance: Arn | None


def key_use(topic: Topic | None, key: Key | None, instance: Arn | None) -> KeyUse:
    """Return the use of the key that encrypts a topic, as far as the two are known."""
    reference = topic.key if topic else _NO_TOPIC
    named = Arn.parse(reference) if isinstance(reference, str) else None
    arn: Arn | Unknown = key.arn if key is not None else named or NO_ARN
    if isinstance(arn, Arn) and arn.resource.startswith("alias/"):
        arn = NO_ARN
    topic_arn = topic.arn if topic else _NO_TOPIC
    return KeyUse(arn, _owner(arn, named, reference, topic_arn, key), topic_arn, instance)


_NO_TOPIC = Unknown("no topic is known to use the key")
_NO_OWNER = Unknown("the account of the key is not known")


def _owner(
    key: Arn | Unknown,
    named: Arn | None,
    reference: str | Unknown | None,
    topic: Arn | Unknown,
    described: Key | None,
) -> str | Unknown:
    """Return the account of a key. A key ID or an alias that is not an ARN means a key of the topic's account.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    known = key if isinstance(key, Arn) else named
    if known is not None:
        return known.account
    if isinstance(topic, Arn) and isinstance(reference, str) and is_key_reference(reference):
        return topic.account
    owners = owners_of((described,)).accounts
    return owners[0] if len(owners) == 1 else _NO_OWNER


def may_use_for_all(
    organization: Organization, topic: Topic | None, key: Key | None, instances: Iterable[Arn]
) -> Permission:
    """Return whether organization policies permit Connect the use of a key for each of some instances."""
    asked = [may_use_key(organization, key_use(topic, key, one)) for one in (tuple(instances) or (None,))]
    denied = next((one for one in asked if one.truth is False), None)
    unknown = next((one for one in asked if isinstance(one.truth, Unknown)), None)
    assumptions = tuple(dict.fromkeys(text for one in asked for text in one.assumptions))
    return (denied or unknown or asked[0])._replace(assumptions=assumptions)


def may_use_key(organization: Organization, use: KeyUse) -> Permission:
    """Return whether organization policies permit Connect the use of a key. The policies of the key's owner apply."""

    def forms(own: str) -> Iterator[tuple[Space, ...]]:
        source = _source(organization, use, own)
        topic = use.topic if isinstance(use.topic, Unknown) else str(use.topic)
        spaces = (key_space(target, action, topic) for action in (DATA_KEY, DECRYPT))
        yield from zip(*(sourced_spaces(space, source, own) for space in spaces), strict=True)

    target = _target(use)
    return permission(organization, use.owner, target, forms, is_any=isinstance(use.key, Unknown))


def _target(use: KeyUse) -> Target:
    """Return the key; if its ARN is not known, an example that only patterns for every key of its account match.

    SNS uses a key of the topic's own Region.
    """
    if isinstance(use.key, Arn):
        return Target.of(use.key)
    partition, region = (use.topic.partition, use.topic.region) if isinstance(use.topic, Arn) else ("", "")
    parts = (partition, "kms", region, use.owner if isinstance(use.owner, str) else "")
    resource = ":".join(("arn", *(part or OPEN for part in parts), f"key/{OPEN}"))
    return Target(resource, region or NO_ARN, use.owner, partition or "aws")


def _source(organization: Organization, use: KeyUse, own: str) -> RequestSource:
    """Return the instance as KMS may see it: with both source keys, one or none."""
    if use.instance is None:
        unknown = Unknown("the Connect instance is not known")
        return RequestSource((unknown, None), (unknown, None), (unknown,))
    account = use.instance.account
    owners = member_organizations(organization, account, use.owner, own)
    return RequestSource((str(use.instance), None), (account, None), owners)
