"""Explains the chain from an instance to a topic, in files or in AWS."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.app.exit_codes import Ending
from checker.app.next_step import after_explain
from checker.app.output import Format
from checker.app.run import known_rules
from checker.app.terminal import paint_for, tell, write
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.terminal_text import json_lines
from checker.core.unknown import Unknown
from checker.inputs.typed_files import instance_option, load_key, load_key_policy, load_topic, topic_option
from checker.lint.explain import UNKNOWN, explain
from checker.live.aws.wait import EXPLAIN_SECONDS
from checker.report.explanation import explanation_json, explanation_text
from checker.report.style import Paint
from checker.report.text import skipped_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.analysis.inventory import Key, Topic
    from checker.lint.explain import Explanation, InstanceStatus
    from checker.live.aws.access import Access


def explain_topic(
    topic: str,
    instance: str,
    *,
    key_policy: Path | None,
    key: Path | None,
    access: Access,
    output_format: Format,
    output: Path | None,
    strict: bool,
) -> Ending:
    """Explain a topic, which is an ARN in AWS or a file. Raises CheckerError."""
    arn, given = instance_option(instance), _key(key, key_policy)
    is_live = Arn.parse(topic) is not None
    found = _live(topic, given, arn, access) if is_live else Found(load_topic(Path(topic)), given)
    explanation = explain(found.topic, found.key, arn, known_rules(), found.instance)
    paint = Paint() if output else paint_for(sys.stdout)
    write(_lines(explanation, output_format, paint), output)
    for skipped in found.skipped:
        tell(*skipped_text(skipped, paint_for(sys.stderr)))
    paths = [Path(topic), *(path for path in (key_policy, key) if path is not None)]
    tell(*after_explain(explanation, [] if is_live else paths))
    return _ending(explanation, strict=strict, unread=bool(found.skipped))


def _lines(explanation: Explanation, output_format: Format, paint: Paint) -> Iterable[str]:
    if output_format is Format.TEXT:
        return explanation_text(explanation, paint)
    return json_lines(explanation_json(explanation))


class Found(NamedTuple):
    """The topic, its key, unreadable parts, and the status of the instance in AWS."""

    topic: Topic
    key: Key | None
    skipped: tuple[Skipped, ...] = ()
    instance: InstanceStatus | None = None


def _live(text: str, given: Key | None, instance: Arn, access: Access) -> Found:
    """Read a topic in AWS, its key unless one is given, and the instance. Raises CheckerError."""
    from checker.live.aws.lookup import look_up
    from checker.live.aws.topic import reach, read_chain  # boto3 takes a fifth of a second to import

    topic = topic_option("TOPIC", text)
    calls = reach(access._replace(seconds=EXPLAIN_SECONDS), topic)
    found, key = read_chain(calls, topic, with_key=given is None)
    looked_up = look_up(calls, instance, topic.region)
    skipped = list(calls.skipped)
    if looked_up.status == UNKNOWN:
        skipped.append(Skipped(str(instance), looked_up.reason, error=True, help=looked_up.help))
    return Found(found, given or key, tuple(skipped), looked_up)


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
