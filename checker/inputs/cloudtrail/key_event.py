"""Reads the events of KMS that show Amazon Connect using the key of a topic, and those that change who can.

Keys are compared without case, and every member may be missing. AWS publishes no sample of an event that Connect
causes, only of other services: the identity has the type `AWSService` and `invokedBy` names the service.
https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.observation import REFUSED, SERVED, Observation, PolicyChange, policy_digest
from checker.core.arn import Arn
from checker.inputs.cloudtrail.event import folded, text, time_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.cloudtrail.event import Folded


_KMS, _SNS = "kms.amazonaws.com", "sns.amazonaws.com"
_USES = {"generatedatakey": "kms:GenerateDataKey", "decrypt": "kms:Decrypt"}
_CONTEXT = "aws:sns:topicarn"
KEY_CHANGES = ("PutKeyPolicy", "CreateGrant", "RetireGrant", "RevokeGrant")
TOPIC_CHANGES = ("SetTopicAttributes", "AddPermission", "RemovePermission", "CreateTopic")
_CHANGES = {
    **{name.lower(): (_KMS, name) for name in KEY_CHANGES},
    **{name.lower(): (_SNS, name) for name in TOPIC_CHANGES},
}
_DENIED = ("accessdenied", "accessdeniedexception")
"""The refusals of a policy. Other errors, such as those of a disabled key, say nothing about the policy."""


def read_use(record: object, key: str = "") -> Observation | None:
    """Read a record; ``None`` unless a service used a key for a topic, or a policy denied that.

    ``key`` is the key of an event that does not show it; empty if it is not known. Raises NoTimeError.
    """
    event = folded(record)
    action = _USES.get(text(event.get("eventname")).lower(), "")
    code = text(event.get("errorcode"))
    if not action or not _is_of(event, _KMS) or (code and code.lower() not in _DENIED):
        return None
    asked = folded(event.get("requestparameters"))
    topic = text(folded(asked.get("encryptioncontext")).get(_CONTEXT))
    principal = _service(folded(event.get("useridentity")))
    if not topic or not principal:
        return None
    return Observation(
        _key(event, asked) or key,
        topic,
        principal,
        action,
        REFUSED if code else SERVED,
        time_of(event),
        f"CloudTrail event {text(event.get('eventid')) or 'without an ID'}",
        code,
        text(event.get("errormessage")),
    )


def read_change(record: object, key: str = "") -> PolicyChange | None:
    """Read a record; ``None`` unless it changed who can use a key or publish to a topic.

    ``key`` is the key of an event that does not show it, as in `read_use`. Raises NoTimeError.
    """
    event = folded(record)
    source, name = _CHANGES.get(text(event.get("eventname")).lower(), ("", ""))
    if not name or not _is_of(event, source) or text(event.get("errorcode")):
        return None
    asked = folded(event.get("requestparameters"))
    resource = _key(event, asked) or key if source == _KMS else _topic(event, asked)
    policy = asked.get("policy") if name == "PutKeyPolicy" else None
    digest = policy_digest(policy) if isinstance(policy, str) else ""
    return PolicyChange(resource, name, time_of(event), digest) if resource else None


def _is_of(event: Folded, source: str) -> bool:
    return text(event.get("eventsource")).lower() == source


def _service(identity: Folded) -> str:
    """Return the service that called; empty if a principal called, even through a service.

    A service that calls with the credentials of a principal is named too, but the principal needs the access.
    """
    kind, known = text(identity.get("type")).lower(), {name for name, value in identity.items() if value}
    if kind == "awsservice" or (not kind and known <= {"invokedby"}):
        return text(identity.get("invokedby")).lower()
    return ""


def _key(event: Folded, asked: Folded) -> str:
    """Return the ARN of the key: a resource of the event, or the parameter if it is a key ARN."""
    named = [*_resources(event), text(asked.get("keyid"))]
    arns = (arn for arn in map(Arn.parse, named) if arn is not None and arn.service == "kms")
    return next((str(arn) for arn in arns if arn.resource.startswith("key/")), "")


def _resources(event: Folded) -> Iterator[str]:
    listed = event.get("resources")
    for one in listed if isinstance(listed, list) else ():
        yield text(folded(one).get("arn"))


def _topic(event: Folded, asked: Folded) -> str:
    if topic := text(asked.get("topicarn")):
        return topic
    answer = folded(event.get("responseelements"))
    return text(answer.get("topicarn"))
