"""Whether SNS can send to an encrypted queue.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"To allow these event sources to work with encrypted queues, you must create a customer managed KMS key and add
permissions in the key policy for the service."
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.chain import BROKEN, OK
from checker.iam import prove
from checker.iam.decide import EXPLICITLY_DENIED
from checker.iam.delivery import queue_key_space
from checker.iam.grant import grant_covers
from checker.iam.space import DATA_KEY, DECRYPT, SNS, Target
from checker.iam.truth import Truth, all_of, any_of
from checker.inventory import USABLE_STATES, Key, PolicyText, is_managed_key
from checker.policy.unknown import Unknown
from checker.retention.model import Step, step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.retention.facts import Queue

_CONTEXT = Unknown("a grant with an encryption context, which AWS does not document for SQS")
_SYMMETRIC = "SYMMETRIC_DEFAULT"
_HELP = (
    "encrypt the queue with a customer managed key that lets sns.amazonaws.com do kms:GenerateDataKey* and "
    "kms:Decrypt, or with SSE-SQS"
)


def key_steps(queue: Queue, topic: Arn) -> tuple[Step, ...]:
    """Judge the encryption of a queue: none, by SQS itself, or by a key."""
    if not queue.key:
        said = "encrypted by SQS itself, which needs no permission" if queue.managed_sse else "not encrypted"
        return (Step("key", OK, said),)
    if is_managed_key(queue.key):
        return (Step("key", BROKEN, f"`{queue.key}` is AWS managed, and cannot let SNS use it", _HELP),)
    named = Arn.parse(queue.key)
    if named is not None and named.region != queue.arn.region:
        return (Step("key", BROKEN, f"the key is in {named.region}, the queue in {queue.arn.region}", _HELP),)
    if queue.found is None:
        return (step("key", _told(Unknown("the key could not be read", queue.key), queue), "", ""),)
    return _found_steps(queue.found, queue, topic)


def _told(truth: Truth, queue: Queue) -> Truth:
    """Say what kept the key from being read, where that is why nobody knows."""
    unsure = isinstance(truth, Unknown) and queue.unread
    return Unknown("; ".join(queue.unread)) if unsure else truth


def _found_steps(key: Key, queue: Queue, topic: Arn) -> tuple[Step, ...]:
    if key.manager == "AWS":
        return (Step("key", BROKEN, f"`{key.name}` is AWS managed, and cannot let SNS use it", _HELP),)
    state, spec = key.state, key.spec
    usable: Truth = state if isinstance(state, Unknown) else state in USABLE_STATES
    symmetric: Truth = spec if isinstance(spec, Unknown) else spec == _SYMMETRIC
    truth = _told(all_of((usable, symmetric)), queue)
    bad = f"the key is {state}" if usable is False else f"the key is {spec}, no symmetric one"
    status = step("key", truth, f"{state}, {spec}", bad, _HELP)
    allowed = all_of(_allows(key, action, topic) for action in (DATA_KEY, DECRYPT))
    allowed = _told(allowed, queue)
    good = "the key policy or a grant lets SNS use the key"
    return (
        status,
        step("key_policy", allowed, good, "neither key policy nor grants let SNS use the key", _HELP),
    )


def _allows(key: Key, action: str, topic: Arn) -> Truth:
    """Whether key policy or grants let SNS do an action; an explicit Deny beats a grant."""
    if not isinstance(key.policy, PolicyText) or not isinstance(key.arn, Arn):
        return key.policy if isinstance(key.policy, Unknown) else Unknown("the key's ARN is not known")
    answer = prove.one_request(key.policy.policy, queue_key_space(Target.of(key.arn), action))
    if answer.decision is not None and answer.decision.word == EXPLICITLY_DENIED:
        return False
    return any_of((answer.truth, *_granted(key, action, topic)))


def _granted(key: Key, action: str, topic: Arn) -> Iterator[Truth]:
    for grant in key.grants:
        covered = grant_covers(grant._replace(encryption_context=()), SNS, action, "", (str(topic),))
        yield all_of((covered, _CONTEXT)) if grant.encryption_context != () else covered
