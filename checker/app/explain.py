"""Explains the chain from an instance to a topic, in files or in AWS."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Inventory, Key
from checker.app.exit_codes import Ending
from checker.app.next_step import after_explain
from checker.app.output import Format
from checker.app.run import known_rules
from checker.app.terminal import paint_for, tell, write
from checker.core.arn import Arn
from checker.core.errors import InputError, Skipped
from checker.core.finding import declared_as
from checker.core.terminal_text import json_lines
from checker.core.unknown import Unknown
from checker.inputs.load import load
from checker.inputs.typed_files import instance_option, load_key, load_key_policy, load_topic, topic_option
from checker.lint.explain import UNKNOWN, explain
from checker.live.aws.wait import EXPLAIN_SECONDS
from checker.report.brief import skipped_text
from checker.report.context import Paint
from checker.report.explanation import explanation_json, explanation_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.inventory import Topic
    from checker.lint.explain import Explanation, InstanceStatus
    from checker.live.aws.access import Access


def explain_topic(
    topic: str,
    instance: str,
    *,
    address: str,
    key_policy: Path | None,
    key: Path | None,
    access: Access,
    output_format: Format,
    output: Path | None,
    strict: bool,
) -> Ending:
    """Explain a topic, which is an ARN in AWS, a file, or declared in code. Raises CheckerError."""
    arn, given = instance_option(instance) if instance else None, _key(key, key_policy)
    is_live = Arn.parse(topic) is not None
    chain = _live(topic, given, arn, access) if is_live else _in_files(topic, address, given, arn)
    explanation = explain(chain.topic, chain.key, arn, known_rules(), chain.instance, chain.around)
    paint = Paint() if output else paint_for(sys.stdout)
    write(_lines(explanation, output_format, paint), output)
    for skipped in chain.skipped:
        tell(*skipped_text(skipped, paint_for(sys.stderr)))
    paths = [Path(topic), *(path for path in (key_policy, key) if path is not None)]
    missing = [option for option, file in (("--key-policy", key_policy), ("--key", key)) if file is None]
    tell(*after_explain(explanation, [] if is_live else paths, missing))
    return _ending(explanation, strict=strict, unread=bool(chain.skipped))


def _lines(explanation: Explanation, output_format: Format, paint: Paint) -> Iterable[str]:
    if output_format is Format.TEXT:
        return explanation_text(explanation, paint)
    return json_lines(explanation_json(explanation))


class Chain(NamedTuple):
    """The topic, its key, unreadable parts, and the status of the instance in AWS."""

    topic: Topic
    key: Key | None
    skipped: tuple[Skipped, ...] = ()
    instance: InstanceStatus | None = None
    around: Inventory = Inventory()


_NO_INSTANCE = InputError(
    "--instance-arn",
    "required, because neither a policy nor the output of the AWS CLI declares an instance",
    help_text="name the Connect instance that streams to the topic",
)


def _in_files(text: str, address: str, given: Key | None, instance: Arn | None) -> Chain:
    """Read a topic from code, or from the output of the AWS CLI or a policy. Raises InputError."""
    name, _, logical = text.partition("#")
    inventory = load([Path(name)]) if text != "-" else Inventory()
    declared = [declared_topic for declared_topic in inventory.topics if declared_topic.address]
    if not declared and not address:
        if instance is None:
            raise _NO_INSTANCE
        return Chain(load_topic(Path(text)), given)
    topic = _chosen(declared, address or logical, name)
    key = inventory.key_of(topic)
    return Chain(topic, given or (key if isinstance(key, Key) else None), inventory.skipped, None, inventory)


def _chosen(topics: Sequence[Topic], address: str, name: str) -> Topic:
    """Return the topic with an address, or the only one. Raises InputError, which lists the addresses."""
    matches = [topic for topic in topics if address in ("", *_addresses(topic))]
    if len(matches) == 1:
        return matches[0]
    listed = ", ".join(f"`{declared_as(topic.root, topic.address)}`" for topic in topics) or "none"
    reason = f"no topic `{address}`" if address and not matches else "declares several topics"
    raise InputError(name, f"{reason}; it declares {listed}", help_text="name one with `--topic ADDRESS`")


def _addresses(topic: Topic) -> tuple[str, ...]:
    """Return what may name a topic of code: its address, that with its root, or its logical name."""
    return topic.address, declared_as(topic.root, topic.address), topic.address.rpartition("#")[2]


def _live(text: str, given: Key | None, instance: Arn | None, access: Access) -> Chain:
    """Read a topic in AWS, its key unless one is given, and the instance. Raises CheckerError."""
    from checker.live.aws.lookup import look_up
    from checker.live.aws.topic import reach, read_chain  # boto3 takes a fifth of a second to import

    if instance is None:
        raise _NO_INSTANCE
    topic = topic_option("TOPIC", text)
    calls = reach(access._replace(seconds=EXPLAIN_SECONDS), topic)
    found, key = read_chain(calls, topic, with_key=given is None)
    looked_up = look_up(calls, instance, topic.region)
    skipped = list(calls.skipped)
    if looked_up.status == UNKNOWN:
        skipped.append(Skipped(str(instance), looked_up.reason, error=True, help=looked_up.help))
    return Chain(found, given or key, tuple(skipped), looked_up)


def _key(described: Path | None, policy: Path | None) -> Key | None:
    """Combine the description and the policy of a key; either can be missing."""
    if described is None:
        return load_key_policy(policy) if policy else None
    key = load_key(described)
    return key._replace(policy=load_key_policy(policy).policy) if policy else key


def _ending(explanation: Explanation, *, strict: bool, unread: bool) -> Ending:
    """Return how the command ended; ``unread`` if AWS did not show something."""
    truths = (explanation.can_publish.truth, explanation.deputy.truth, explanation.public.truth)
    unknown = explanation.first(UNKNOWN) is not None or any(isinstance(truth, Unknown) for truth in truths)
    return Ending(incomplete=unread, findings=not explanation.is_clean, undetermined=strict and unknown)
