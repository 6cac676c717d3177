"""Reads the chain that `checker explain` is about: from code, from files of a topic and its key, or from AWS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.inventory import Inventory, Key, Pairing, Source
from checker.app.next_step import this_command, with_instance_arn
from checker.core.arn import is_instance_arn, unquoted
from checker.core.errors import InputError, Skipped
from checker.core.finding import declared_as
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.arn_options import instance_option, topic_option
from checker.inputs.discover import is_unit
from checker.inputs.large_files import is_module_file
from checker.inputs.load import load
from checker.inputs.similar_path import similar_path
from checker.inputs.typed_files import load_key, load_key_policy, load_topic
from checker.lint.status import UNKNOWN
from checker.live.aws.wait import EXPLAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.inventory import Topic
    from checker.analysis.observation import Evidence
    from checker.core.arn import Arn
    from checker.inputs.collect import Given
    from checker.lint.causes import Activity
    from checker.lint.explanation import InstanceStatus
    from checker.live.aws.access import Access
    from checker.live.aws.calls import Calls


class Chain(NamedTuple):
    """The topic, its key, unreadable parts, and the status of the instance in AWS.

    ``instance`` is the ARN that the user named; without one, the instance is paired with the topic in ``around``.
    ``activity`` is the recent use of a topic in AWS.
    """

    topic: Topic
    key: Key | None
    skipped: tuple[Skipped, ...] = ()
    instance: Arn | None = None
    status: InstanceStatus | None = None
    around: Inventory = Inventory()
    activity: Activity | None = None


class NoTopicError(InputError):
    """No topic was found. ``others`` are inputs that were not read, which may be the reason."""

    others: tuple[Skipped, ...] = ()


def is_live(text: str) -> bool:
    """True for an argument that names a topic in AWS. Raises InputError for an ARN that is not one of a topic."""
    if not unquoted(text).startswith("arn:") or os.path.exists(text):  # noqa: PTH110 - never raises
        return False
    topic_option("TOPIC", text)
    return True


def named_in(text: str) -> tuple[str, str]:
    """Split `template.yaml#Topic` into the file and the logical name, which may be empty."""
    if os.path.exists(text):  # noqa: PTH110 - never raises
        return text, ""
    name, _, logical = text.partition("#")
    return name, logical


def read_files(text: str, address: str, instance: str, key: Key | None, given: Given) -> Chain:
    """Read a topic from code, or from the output of the AWS CLI or a policy. Raises InputError."""
    name, logical = named_in(text)
    if name != "-" and not os.path.exists(name):  # noqa: PTH110 - never raises
        help_text = similar_path(name) or "name a file, a folder of code, or the ARN of a topic in AWS"
        raise InputError(name, "no such file, and not a topic ARN", help_text=help_text)
    inventory = load([Path(name)], given=given) if name != "-" else Inventory()
    stated, inventory = _stated(instance, inventory)
    address = address or logical
    if address or os.path.isdir(name) or any(topic.address for topic in inventory.topics):  # noqa: PTH112 - never raises
        return _of_inventory(name, address, inventory, key)._replace(instance=stated)
    skipped = tuple(one for one in inventory.skipped if one.what.startswith("--"))
    return Chain(_of_file(name, inventory), key, skipped, stated, None, inventory._replace(topics=()))


def _of_inventory(name: str, address: str, inventory: Inventory, key: Key | None) -> Chain:
    """Choose a topic by its address, else the only one, preferably of code. Raises InputError."""
    if not inventory.topics:
        raise _not_found(name, inventory)
    declared = tuple(topic for topic in inventory.topics if topic.address)
    topic = _chosen((not address and declared) or inventory.topics, address, name)
    found = inventory.key_of(topic)
    its_key = key or (found if isinstance(found, Key) else None)
    return Chain(topic, its_key, inventory.skipped, around=inventory)


def _stated(text: str, inventory: Inventory) -> tuple[Arn | None, Inventory]:
    """Return the ARN that an option names; a reference marks the declared instance instead. Raises InputError."""
    known = [one.reference for one in inventory.open_instances]
    if text in known:
        marked = (
            one._replace(source=Source.OPTION) if one.reference == text else one
            for one in inventory.open_instances
        )
        return None, inventory._replace(open_instances=tuple(marked))
    if not text or text.startswith("arn:") or not known:
        return instance_option(text) if text else None, inventory
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(known))
    raise InputError("--instance-arn", f"no file declares `{text}`", help_text=f"known: {names}")


def _of_file(name: str, inventory: Inventory) -> Topic:
    """Read a file in the role of a topic. Raises InputError."""
    path = Path(name)
    if is_module_file(path) or is_unit(path):
        raise _not_found(name, inventory)
    return load_topic(path)


def _not_found(name: str, inventory: Inventory) -> InputError:
    """Return the reason why there is no topic: the first input that could not be read, or that none declares one."""
    first = next((one for one in inventory.skipped if one.error), None)
    error = NoTopicError(name, "no topic was found", help_text=_TOPICS)
    if first is not None:
        error = NoTopicError(first.what, first.reason, first.position, first.help)
    error.others = tuple(one for one in inventory.skipped if one is not first)
    return error


_TOPICS = (
    "name Terraform code, a plan, a template, output of the AWS CLI, a topic policy, or the ARN of a topic"
)


def _chosen(topics: Sequence[Topic], address: str, name: str) -> Topic:
    """Return the topic with an address, or the only one. Raises InputError, which lists the addresses."""
    matches = [topic for topic in topics if address in ("", *_addresses(topic))]
    if len(matches) == 1:
        return matches[0]
    variants = matches or [topic for topic in topics if _is_variant(topic, address)]
    reason = "declares several topics; it declares"
    if address:
        reason = f"`{address}` names several topics:" if variants else f"no topic `{address}`; it declares"
    listed = ", ".join(f"`{name}`" for name in _names(variants or topics))
    raise InputError(name, f"{reason} {listed}", help_text="name one of them with `--topic NAME`")


def _names(topics: Sequence[Topic]) -> list[str]:
    """Return an address of each topic; that of its file, if several files have policies of the same topic."""
    names = [declared_as(one.root, one.address) or one.name for one in topics]
    if len(set(names)) == len(names):
        return names
    return [one.place.document.name for one in topics]


def _addresses(topic: Topic) -> tuple[str, ...]:
    """Return what may name a topic: its address, that with its root, its logical name, its name in reports, its file."""
    logical = topic.address.rpartition("#")[2]
    declared = declared_as(topic.root, topic.address)
    return topic.address, declared, logical, topic.name, topic.place.document.name


def _is_variant(topic: Topic, address: str) -> bool:
    """True for a topic whose properties depend on a condition, which its address has in brackets."""
    return any(one.startswith(f"{address} (") for one in _addresses(topic))


class InstanceName(NamedTuple):
    """The options that name an instance: `--instance-arn`, or `--instance` with an ID or alias in AWS."""

    arn: str = ""
    name: str = ""

    def check(self) -> None:
        """Check that at most one option is given, and that no ARN is given as a name. Raises InputError."""
        if self.arn and self.name:
            raise InputError("--instance", "contradicts --instance-arn", help_text="remove one of them")
        bare = unquoted(self.name)
        if is_instance_arn(bare):
            help_text = f"name it with `--instance-arn`: `{with_instance_arn(bare)}`"
            raise InputError("--instance", f"`{bare}` is an ARN, not an alias or ID", help_text=help_text)

    def find(self, topic: Arn, access: Access) -> Arn:
        """Return the named instance. An ID or alias is looked up where the topic is. Raises CheckerError."""
        if not self.name:
            return instance_option(self.arn)
        from checker.live.aws.lookup import find_instance  # boto3 takes a fifth of a second to import
        from checker.live.aws.topic import reach

        return find_instance(reach(access, topic), self.name)


def read_live(
    text: str, named: InstanceName, given: Key | None, access: Access, evidence: Evidence | None = None
) -> Chain:
    """Read a topic in AWS, its key unless one is given, and the instance. Raises CheckerError.

    Without a named instance, it is the one that CloudTrail or the policy shows, or the only one of the account.
    If the instance has a replica in the topic's Region, the chain is that of the replica.
    """
    from checker.live.activity import read_activity
    from checker.live.aws.topic import reach, read_chain  # boto3 takes a fifth of a second to import

    topic = topic_option("TOPIC", text)
    arn = instance_option(named.arn) if named.arn else None
    calls = reach(access._replace(seconds=EXPLAIN_SECONDS), topic)
    found, key = read_chain(calls, topic, with_key=given is None)
    activity = read_activity(calls, topic, _HOURS)
    if arn is None:
        found, arn = _find_instance(calls, found, named.name, activity)
    return _read_around(calls, found, key, arn, evidence, given)._replace(activity=activity)


def read_replica(text: str, replica: Arn, access: Access, evidence: Evidence | None = None) -> Chain:
    """Read the topic in AWS that a replica streams to, its key and the replica. Raises CheckerError."""
    from checker.live.aws.topic import reach, read_chain  # boto3 takes a fifth of a second to import

    topic = topic_option("TOPIC", text)
    calls = reach(access._replace(seconds=EXPLAIN_SECONDS), topic)
    return _read_around(calls, *read_chain(calls, topic), replica, evidence)


def _read_around(
    calls: Calls,
    topic: Topic,
    key: Key | None,
    arn: Arn,
    evidence: Evidence | None,
    given: Key | None = None,
) -> Chain:
    """Read what is behind a topic, and its instance.

    If AWS does not document whether the key policy lets Connect use the key, and the given evidence does not decide
    it, CloudTrail is read.
    """
    from checker.live.aws.key_evidence import with_key_evidence
    from checker.live.aws.lookup import look_up
    from checker.live.aws.subscribers import read_subscribers

    region = calls.unit.region
    topic, around = read_subscribers(calls, topic)
    looked_up = look_up(calls, arn, region)
    if not isinstance(looked_up.replicas, Unknown) and region in looked_up.replicas:
        others = (arn.region, *(other for other in looked_up.replicas if other != region))
        arn, looked_up = arn._replace(region=region), looked_up._replace(replicas=others)
    around = around._replace(evidence=evidence)
    if key is not None:
        paired = topic._replace(pairings=(Pairing(arn, Source.OPTION, explicit=True),))
        known = around._replace(topics=(paired,), keys=(key,))
        around = around._replace(evidence=with_key_evidence(calls, known).evidence)
    skipped = list(calls.skipped)
    if looked_up.status == UNKNOWN:
        skipped.append(Skipped(str(arn), looked_up.reason, error=True, help=looked_up.help))
    return Chain(topic, given or key, tuple(skipped), arn, looked_up, around)


def _find_instance(calls: Calls, topic: Topic, name: str, activity: Activity) -> tuple[Topic, Arn]:
    """Find the instance with a name, else one that streams to the topic, which is then paired. Raises CheckerError."""
    from checker.analysis.pairing import named_by
    from checker.live.audit.instances import list_instances, pair_topic
    from checker.live.aws.lookup import find_instance

    if name:
        return topic, find_instance(calls, name)
    listed = list_instances(calls)
    contacts = () if isinstance(activity.contacts, Unknown) else activity.contacts
    paired = pair_topic(topic, named_by(topic), listed or (), contacts, complete=listed is not None)
    if not paired.pairings:
        help_text = _help_to_name([one.arn for one in listed or ()])
        raise InputError(str(topic.arn), "no Connect instance is known for this topic", help_text=help_text)
    return paired, paired.pairings[0].instance


def _help_to_name(known: Sequence[Arn]) -> str:
    """Return the command that names the instance, which may be one of the caller's account or of another account."""
    if not known:
        return f"name it: `{this_command('--instance-arn', 'INSTANCE_ARN')}`"
    names = ", ".join(f"`{one.instance_id}`" for one in known)
    place = f"account {known[0].account} has {names} in {known[0].region}"
    return f"{place}; name one: `{this_command('--instance', known[0].instance_id)}`"


_HOURS = 24
"""Hours of CloudTrail events in which streams to the topic are looked for."""


def read_key(described: Path | None, policy: Path | None) -> Key | None:
    """Combine the description and the policy of a key; either can be missing."""
    if described is None:
        return load_key_policy(policy) if policy else None
    key = load_key(described)
    return key._replace(policy=load_key_policy(policy).policy) if policy else key
