"""Lists the calls and requests that start chat streaming to a topic that no file describes.

Decisions that keep the list short:

- A literal topic ARN is listed if no topic of the run can have it. Each ARN is listed once in a run, at its first place.
- A call whose topic is not known is the ordinary application of a checked topic, so it is listed only if nothing in
  the run connects a topic to Amazon Connect, and then only the first call.
- Permissions to start streams are not listed: they are read with their role, and many policies only mention them.
- Comments, documentation, tests, CloudTrail events and files longer than 1 MB are not searched for calls.
- The files of a change are not complete, so nothing is listed for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText
from checker.core.arn import topic_arn
from checker.core.errors import Skipped
from checker.core.shell import shell_word
from checker.inputs.code_evidence import may_be
from checker.inputs.discover import name_of
from checker.lint.scope import is_relevant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.inventory import Inventory
    from checker.inputs.streaming_code import StreamCall


_EXPLAIN = "checker explain {} --instance-arn INSTANCE_ARN"


def unread_calls(inventory: Inventory, calls: Sequence[StreamCall]) -> Iterator[Skipped]:
    """Yield the calls without a checked topic."""
    elsewhere = {call.topic: call for call in reversed(calls) if not _is_described(call.topic, inventory)}
    known = [call for call in calls if call.topic and elsewhere.get(call.topic) is call]
    yield from map(_to_topic_elsewhere, known)
    open_call = next((call for call in calls if not call.topic), None)
    if open_call is not None and not known and not _has_stream(inventory):
        yield _to_unknown_topic(open_call)


def _is_described(arn: str, inventory: Inventory) -> bool:
    """True for the ARN of a topic that a file describes, or that a contact streams to, which is reported with it."""
    of_contacts = (text for contact in inventory.contacts for text, _ in contact.topics)
    return arn in of_contacts or any(may_be(topic.arn, arn) for topic in inventory.topics)


def _has_stream(inventory: Inventory) -> bool:
    """True if something connects a topic of the run to Amazon Connect."""
    policies = (key.policy for key in inventory.keys)
    granted = any(isinstance(one, PolicyText) and one.names_connect for one in policies)
    judged = any(topic.named or is_relevant(topic) for topic in inventory.topics)
    return judged or granted or bool(inventory.contacts)


def _to_topic_elsewhere(call: StreamCall) -> Skipped:
    arn = topic_arn(call.topic)
    region = f" --region {arn.region}" if arn is not None else ""
    topic = shell_word(call.topic)
    return _skipped(
        call,
        f"streams chats to `{call.topic}`, whose policy is not among the files",
        f"save the output of `aws sns get-topic-attributes --topic-arn {topic}{region}` next to the other files, or "
        f"run `{_EXPLAIN.format(topic)}`",
    )


def _to_unknown_topic(call: StreamCall) -> Skipped:
    cause = f"nothing here sets `{call.variable}` to a topic" if call.variable else "its topic is not known"
    return _skipped(
        call,
        f"starts chat streaming, but no topic was checked: {cause}",
        f"name the files that declare the topic, or run `{_EXPLAIN.format('TOPIC_ARN')}`",
    )


def _skipped(call: StreamCall, reason: str, help_text: str) -> Skipped:
    return Skipped(name_of(call.path), reason, position=call.at.position, help=help_text)
