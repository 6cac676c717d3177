"""Read one topic and its key for a repair."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from checker.analysis.inventory import Inventory, PolicyText
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.live.aws.access import Unit
from checker.live.aws.calls import Calls
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.facts import policy_of, tags_of, topic_of
from checker.live.aws.keys import Keys
from checker.live.aws.session import sign_in
from checker.policy.vocabulary import KEY, TOPIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.analysis.inventory import Instance, Key, Topic
    from checker.live.aws.access import Access


_MANAGERS = (
    ("aws:cloudformation:stack-name", "the CloudFormation stack"),
    ("aws:cloudformation:stack-id", "the CloudFormation stack"),
)
MANAGED_HELP = "fix its source, or the next deployment reverts this; `--force-managed` writes anyway"
_TOOLS = ("terraform", "opentofu", "pulumi", "cloudformation", "cdk")


class TopicState(NamedTuple):
    """A topic and its key, and one sentence for each of their managing tools.

    ``attributes`` and ``tags`` are those of the topic. ``tags`` is None if they could not be read.
    """

    topic: Topic
    key: Key | None
    managed: tuple[str, ...] = ()
    attributes: Mapping[str, str] = {}
    tags: Mapping[str, str] | None = None

    def inventory(self, instances: tuple[Instance, ...], texts: Mapping[str, str]) -> Inventory:
        """Return the facts with policies replaced by these ``texts``, by ARN."""
        topic, key = self.topic, self.key
        if str(topic.arn) in texts:
            topic = topic._replace(policy=policy_of(str(topic.arn), texts[str(topic.arn)], TOPIC))
        if key is not None and str(key.arn) in texts:
            key = key._replace(policy=policy_of(str(key.arn), texts[str(key.arn)], KEY))
        return Inventory((topic._replace(named=True),), (key,) if key else (), instances)

    def texts(self) -> dict[str, str]:
        """Return the current policies, by ARN."""
        resources: list[Topic | Key] = [self.topic]
        if self.key is not None:
            resources.append(self.key)
        return {
            str(resource.arn): resource.policy.text
            for resource in resources
            if isinstance(resource.policy, PolicyText)
        }


def reach(access: Access, arn: Arn) -> Calls:
    """Prepare calls about one resource. Raises InputError without credentials, CallError if the caller is not known."""
    return Calls(sign_in(access), Unit(arn.account, arn.region), threading.Event()).at(arn)


def read_topic(calls: Calls, arn: Arn) -> TopicState:
    """Read a topic, its key and the tags of both. Raises CallError if a required read fails."""
    attributes = _attributes(calls, arn)
    topic, key = _chain_of(calls, arn, attributes)
    tags = _tags(calls, "sns", "list_tags_for_resource", str(arn), ResourceArn=str(arn))
    managed = _managed(calls, str(arn), tags)
    if key is not None and isinstance(key.arn, Arn) and isinstance(key.policy, PolicyText):
        name = str(key.arn)
        managed += _managed(calls, name, _tags(calls, "kms", "list_resource_tags", name, KeyId=name))
    return TopicState(topic, key, tuple(managed), attributes, tags)


def read_chain(calls: Calls, arn: Arn, *, with_key: bool = True) -> tuple[Topic, Key | None]:
    """Read a topic and its key. Record failed reads of the key. Raises CallError, StoppedError."""
    return _chain_of(calls, arn, _attributes(calls, arn), with_key=with_key)


def _attributes(calls: Calls, arn: Arn) -> dict[str, str]:
    try:
        answer = calls.make("sns", "get_topic_attributes", str(arn), TopicArn=str(arn))
    except CallError as error:
        if error.fault is not Fault.NOT_FOUND:
            raise
        help_text = f"list the topics of account {arn.account}: `aws sns list-topics --region {arn.region}`"
        raise CallError(error.fault, error.entry._replace(help=help_text), error.refusal) from None
    return answer.get("Attributes") or {}


def _chain_of(
    calls: Calls, arn: Arn, attributes: Mapping[str, str], *, with_key: bool = True
) -> tuple[Topic, Key | None]:
    topic = topic_of(str(arn), attributes)
    if isinstance(topic.policy, Unknown):
        calls.skip(Skipped(str(arn), topic.policy.reason, error=True))
    key = Keys(calls).key_of(arn, topic.key) if with_key and isinstance(topic.key, str) else None
    return topic, key


def _tags(
    calls: Calls, service: str, operation: str, name: str, **parameters: object
) -> dict[str, str] | None:
    answer = calls.read(service, operation, name, **parameters)
    return None if answer is None else tags_of(answer, "Tag" if service == "kms" else "")


def _managed(calls: Calls, name: str, tags: Mapping[str, str] | None) -> list[str]:
    """Return who manages a resource according to its tags. Tags that could not be read count as managed."""
    if tags is None:
        return [f"not known who manages `{name}`: {calls.skipped[-1].reason}"]
    return [f"`{name}` is managed by {manager}" for manager in managers(tags).values()][:1]


def managers(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the managing tool by tag: tags that CloudFormation writes, and tags that are customary for others."""
    managed_by = {key: f"{manager} `{tags[key]}`" for key, manager in _MANAGERS if key in tags}
    for key, value in tags.items():
        tool = next((name for name in _TOOLS if name in (key.lower(), value.lower())), None)
        if tool and ("manage" in key.lower() or key.lower() == tool or "provision" in key.lower()):
            managed_by[key] = f"{tool}, according to its tag `{key}`"
    return managed_by
