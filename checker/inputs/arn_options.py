"""Reads options that name a resource by its ARN; an error explains a wrong ARN and names the right option."""

from __future__ import annotations

from checker.core.arn import Arn, instance_arn_problem, partition_of, topic_arn, topic_arn_problem, unquoted
from checker.core.errors import InputError

_SURROUNDED = "it has blanks or quotes around it"
_INSTANCE_FORM = "an instance ARN has the form arn:aws:connect:REGION:ACCOUNT:instance/ID"
TOPIC_FORM = "a topic's ARN looks like arn:aws:sns:REGION:ACCOUNT:NAME"


def check_bare(option: str, text: str | None) -> None:
    """Refuse blanks and quotes around an ARN, which copy and paste adds. Raises InputError."""
    bare = unquoted(text or "")
    if text != bare and bare.startswith("arn:"):
        reason = f"`{text}` is not a valid ARN: {_SURROUNDED}"
        raise InputError(option, reason, help_text=f"use `{bare}`")


def check_partition(option: str, arn: Arn) -> None:
    """Refuse an ARN whose partition is not that of its Region. A Region that is not listed fits any. Raises InputError."""
    belongs = partition_of(arn.region)
    if belongs not in (None, arn.partition):
        reason = f"`{arn}`: {arn.region} belongs to {belongs}"
        help_text = f"an ARN in that Region begins with `arn:{belongs}:`"
        raise InputError(option, reason, help_text=help_text)


def topic_option(option: str, text: str) -> Arn:
    """Parse an option with a topic ARN. Raises InputError, which explains a wrong ARN."""
    check_bare(option, text)
    arn = topic_arn(text)
    if arn is None:
        reason = f"`{text}` is not a topic ARN: {topic_arn_problem(text)}"
        raise InputError(option, reason, help_text=help_for_topic(text))
    check_partition(option, arn)
    return arn


def help_for_topic(
    text: str, key_help: str = "name the topic that uses this key; it is read with the topic"
) -> str:
    """Return what to name in place of a wrong topic ARN; ``key_help`` is the answer to the ARN of a key."""
    arn = Arn.parse(text)
    if arn is None:
        return TOPIC_FORM
    if arn.service == "sns" and ":" in arn.resource:
        return f"use `{arn._replace(resource=arn.resource.partition(':')[0])}`"
    known = {"connect": "name the topic here, and the instance with `--instance-arn`", "kms": key_help}
    return known.get(arn.service, TOPIC_FORM)


def instance_option(text: str) -> Arn:
    """Parse the option `--instance-arn`. Raises InputError, which explains a wrong ARN."""
    check_bare("--instance-arn", text)
    arn = Arn.parse(text)
    if arn is not None and arn.is_instance:
        check_partition("--instance-arn", arn)
        return arn
    shown = f"`{text}` is not a Connect instance ARN: {instance_arn_problem(text)}"
    raise InputError("--instance-arn", shown, help_text=_INSTANCE_FORM)
