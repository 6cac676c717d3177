"""Drafts topic and key policies: new ones, or existing ones extended with missing statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documented import (
    KeyCondition,
    can_use,
    key_condition,
    key_statement,
    not_yet_allowed,
    not_yet_using,
    policy_of,
    root_statement,
    topic_statements,
    with_statements,
)
from checker.analysis.inventory import PolicyText
from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn, is_account, is_uuid, topic_arn_problem
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.prove.prove import can_publish
from checker.iam.prove.space import Target
from checker.inputs.arn_options import (
    TOPIC_FORM,
    check_bare,
    check_partition,
    help_for_topic,
    instance_option,
)
from checker.inputs.text import TextDocument
from checker.inputs.typed_files import load_key_policy, load_topic
from checker.policy.limits import refusals
from checker.policy.placeholder import is_placeholder
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import json_text, parse_json, plain
from checker.policy.vocabulary import KEY, TOPIC, Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from checker.analysis.inventory import Topic
    from checker.core.finding import Json
    from checker.core.unknown import Truth
    from checker.policy.model import Policy
    from checker.policy.text_json import Plain


class Draft(NamedTuple):
    """A drafted policy, with the number of statements added for Connect and the file of the others.

    ``remarks`` are notes about that file. ``warnings`` describe what its remaining statements still allow.
    ``text`` is the policy as it is read back.
    """

    policy: Mapping[str, Plain]
    added: int
    text: PolicyText
    merged: str = ""
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def draft_topic_policy(wanted: Wanted, merge: Path | None = None) -> Draft:
    """Draft a topic policy, or add missing statements to an existing one. Raises InputError."""
    topic, instances = wanted.topic, wanted.instances
    if merge is None:
        return _drafted(topic_statements(str(topic), instances), TOPIC)
    read = _topic_of(merge, topic)
    text = _readable(read.policy, merge)
    missing = not_yet_allowed(read._replace(arn=topic, policy=text), instances)
    draft = _merged(text, topic_statements(str(topic), missing, _sids(text.policy)))
    answers = [(one, can_publish(draft.text.policy, Target.of(topic), one).truth) for one in instances]
    doubts = [_doubt(draft.merged, f"publish for `{one.instance_id}`", answer) for one, answer in answers]
    encrypted = _encrypted(read) if wanted.key is None else ""
    return draft._replace(remarks=tuple(filter(None, (*doubts, encrypted))))


def _topic_of(path: Path, topic: Arn) -> Topic:
    read = load_topic(path)
    if not isinstance(read.arn, Unknown) and read.arn != topic:
        raise InputError(str(path), f"this is the policy of topic `{read.arn}`, not of `{topic}`")
    return read


def draft_key_policy(
    wanted: Wanted, key: Arn, merge: Path | None = None, *, condition: KeyCondition | None = None
) -> Draft:
    """Draft a key policy that keeps the account in control, or add missing statements to an existing one.

    ``condition`` restricts the grant to the topic or to the instances. Raises InputError.
    """
    topic, instances = wanted.topic, wanted.instances
    if merge is None:
        statement = key_statement(condition=key_condition(condition, [str(topic)], instances))
        return _drafted([root_statement(key.partition, key.account), statement], KEY)._replace(added=1)
    text = _readable(load_key_policy(merge).policy, merge)
    by_instance = condition is KeyCondition.INSTANCE
    missing = not_yet_using(text.policy, key, topic, instances, pinned=by_instance)
    limit = key_condition(condition, [str(topic)], missing)
    draft = _merged(text, [key_statement(_sids(text.policy), limit)] if missing else [])
    answers = [can_use(draft.text.policy, key, topic, one if by_instance else None) for one in instances]
    doubts = dict.fromkeys(_doubt(draft.merged, "use the key", answer) for answer in answers)
    return draft._replace(remarks=tuple(filter(None, doubts)))


def _drafted(statements: Sequence[Plain], dialect: Dialect) -> Draft:
    policy = policy_of(statements)
    return Draft(policy, len(statements), _accepted("--instance-arn", policy, dialect, ()))


def _readable(text: PolicyText | Unknown, path: Path) -> PolicyText:
    """Refuse an existing policy that AWS would reject, because it cannot be extended."""
    if isinstance(text, Unknown):
        raise InputError(str(path), text.reason)
    for problem in text.problems:
        if problem.grave:
            where = text.document.locate(problem.route, problem.part)
            raise InputError(text.document.name, problem.message, where, problem.help)
    return text


def _sids(policy: Policy) -> list[str]:
    return [statement.sid for statement in policy.known_statements()]


def _merged(text: PolicyText, added: Sequence[Mapping[str, Json]]) -> Draft:
    """Append statements to an existing policy."""
    root = plain(text.document.root) if isinstance(text.document, TextDocument) else None
    if not isinstance(root, dict):
        raise TypeError("a policy that was read without problems is an object")
    policy, name = with_statements(root, added), text.document.name
    before = [problem.message for problem in refusals(text.policy, text.dialect, text.size)]
    return Draft(policy, len(added), _accepted(name, policy, text.dialect, before), name)


def _accepted(name: str, policy: Mapping[str, Plain], dialect: Dialect, before: Sequence[str]) -> PolicyText:
    """Read a policy back. Raises InputError if AWS would reject it, for example because of its size."""
    text = json_text(policy)
    source = Source(name, text)
    root = parse_json(source)
    read, problems = read_policy(root, dialect)
    for problem in (*problems, *refusals(read, dialect, len(text))):
        if problem.grave and problem.message not in before:
            help_text = problem.help or "pass fewer instances, or remove unused statements"
            raise InputError(name, problem.message, help_text=help_text)
    return PolicyText(read, problems, dialect, TextDocument(source, root), text)


def _doubt(name: str, action: str, answer: Truth) -> str:
    """Refuse a policy that still denies Connect, and return the reason if the answer is not known."""
    if isinstance(answer, Unknown):
        return f"not known whether Connect can {action}: {answer.reason}"
    if answer:
        return ""
    reason = f"no added statement lets Connect {action}: another statement denies it"
    raise InputError(name, reason, help_text=f"fix that statement first; `checker check {name}` reports it")


def _encrypted(topic: Topic) -> str:
    """Describe the key of an encrypted topic, which needs its own policy."""
    if is_managed_key(topic.key):
        return f"the topic is encrypted with `{topic.key}`, whose policy cannot allow Connect: use a customer managed key"
    if isinstance(topic.key, str):
        return f"the topic is encrypted with `{topic.key}`: pass `--key-arn` to draft the policy of that key"
    return ""


_TOPIC, _INSTANCE, _KEY = "--topic-arn", "--instance-arn", "--key-arn"
_KEY_HELP = "a key's ARN looks like arn:aws:kms:REGION:ACCOUNT:key/ID"


class Wanted(NamedTuple):
    """The requested topic, the instances that stream to it, and its key, if any."""

    topic: Arn
    instances: tuple[Arn, ...]
    key: Arn | None = None


def read_wanted(topic: str, instances: Sequence[str], key: str | None = None) -> Wanted:
    """Read the options.

    Raises InputError for invalid ARNs, FIFO topics, AWS managed keys, and for instances or keys in another
    Region or partition than the topic.
    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    topic_arn = _topic(topic)
    instance_arns = tuple(_instance(text, topic_arn) for text in dict.fromkeys(instances))
    return Wanted(topic_arn, instance_arns, _key(key, topic_arn) if key is not None else None)


def _topic(text: str) -> Arn:
    _no_placeholder(_TOPIC, text, TOPIC_FORM)
    check_bare(_TOPIC, text)
    arn = Arn.parse(text)
    reason = topic_arn_problem(text)
    if arn is None or reason:
        help_text = help_for_topic(text, "name the topic here, and the key with `--key-arn`")
        raise InputError(_TOPIC, f"`{text}` is not a topic ARN: {reason}", help_text=help_text)
    if arn.resource.endswith(".fifo"):
        help_text = (
            "AWS documents that only standard topics are supported, and a topic cannot change its type"
        )
        raise InputError(_TOPIC, f"`{text}` is a FIFO topic", help_text=help_text)
    check_partition(_TOPIC, arn)
    return arn


def _instance(text: str, topic: Arn) -> Arn:
    _no_placeholder(_INSTANCE, text, "`aws connect list-instances` shows the ARNs")
    arn = instance_option(text)
    if not is_uuid(arn.instance_id):
        help_text = "an alias is not an ID; `aws connect list-instances` shows both"
        raise InputError(_INSTANCE, f"`{arn.instance_id}` is not an instance ID", help_text=help_text)
    _same_place(_INSTANCE, f"Connect instance `{arn.instance_id}`", arn, topic)
    return arn


def _same_place(option: str, what: str, arn: Arn, topic: Arn) -> None:
    """Refuse an instance or key in another partition or Region than the topic."""
    if arn.partition != topic.partition:
        reason = f"{what} is in partition {arn.partition}, the topic in {topic.partition}"
        raise InputError(option, reason, help_text="requests cannot cross partitions")
    if arn.region != topic.region:
        help_text = f"AWS documents that both must be in the same Region; use a topic in {arn.region}"
        if option == _KEY:
            help_text = f"SNS uses keys in the topic's Region; use a key in {topic.region}"
        raise InputError(
            option, f"{what} is in {arn.region}, the topic in {topic.region}", help_text=help_text
        )


def _key(text: str, topic: Arn) -> Arn:
    check_bare(_KEY, text)
    if is_managed_key(text):
        reason = f"`{text}` is an AWS managed key, and its policy cannot be changed to allow Connect"
        raise InputError(_KEY, reason, help_text="encrypt the topic with a customer managed key")
    _no_placeholder(_KEY, text, _KEY_HELP)
    arn = Arn.parse(text)
    if (arn.resource if arn else text).startswith("alias/"):
        help_text = f"`aws kms describe-key --key-id {text}` shows the ARN of the key"
        raise InputError(_KEY, f"`{text}` is an alias, but policies belong to keys", help_text=help_text)
    if arn is None or not _is_key(arn):
        raise InputError(_KEY, f"`{text}` is not the ARN of a key", help_text=_KEY_HELP)
    _same_place(_KEY, "the key", arn, topic)
    return arn


def _is_key(arn: Arn) -> bool:
    """True for a key ARN, including multi-Region keys, whose IDs begin with `mrk-`."""
    kind, _, name = arn.resource.partition("/")
    plain = name.isascii() and name.replace("-", "").isalnum()
    return arn.service == "kms" and is_account(arn.account) and kind == "key" and plain


def _no_placeholder(option: str, text: str, help_text: str) -> None:
    if is_placeholder(text):
        raise InputError(option, f"`{text}` is a placeholder that was not filled in", help_text=help_text)
