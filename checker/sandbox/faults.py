"""Faults that tests ask for: calls that are refused, break off, or find the world changed.

Each function describes one fault; `Sandbox.fault` puts it in place. Which calls a fault meets is said by
service (boto3's name of the client), action, account, Region and a text that a parameter holds; an empty text
meets all. ``first`` is the number of the first call that it meets, ``times`` how many it meets.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.sandbox.call import Call

REFUSE, RESET, INTERFERE, GARBLE = "refuse", "reset", "interfere", "garble"
ANSWER, CUT, HANG = "answer", "cut", "hang"


class Fault(NamedTuple):
    """A fault: which calls it meets, and what it does to them.

    ``share`` is the part of these calls that it meets, spread evenly. ``refuse`` answers with ``code``,
    ``message`` and ``status``, ``reset`` breaks the connection off, ``interfere`` makes another call first
    (``service`` of a client, ``operation`` and ``parameters``, in ``other``), and ``garble`` puts ``message``
    in the place of the policy in the answer. ``answer`` carries the call out and answers with ``message`` and
    ``status``, ``cut`` with the first half of the real answer, and ``hang`` with nothing until the faults are cleared.
    """

    does: str
    service: str = ""
    action: str = ""
    account: str = ""
    region: str = ""
    holds: str = ""
    first: int = 1
    times: int | None = None
    share: float = 1.0
    code: str = ""
    message: str = ""
    status: int = 400
    other: Mapping[str, object] | None = None

    def meets(self, call: Call) -> bool:
        """True for a call that the fault is about."""
        asked = ((self.service, call.service), (self.action, call.action))
        where = ((self.account, call.account), (self.region, call.region))
        if any(wanted not in ("", found) for wanted, found in (*asked, *where)):
            return False
        return not self.holds or self.holds in json.dumps(dict(call.parameters), default=str)


def denied(service: str, action: str = "", *, account: str = "", region: str = "", holds: str = "") -> Fault:
    """A caller who may not do something: ``AccessDenied``, as the service spells it."""
    code = "AuthorizationError" if service == "sns" else "AccessDeniedException"
    code = "AccessDenied" if service in ("sts", "sqs", "cloudwatch") else code
    message = f"User is not authorized to perform: {service}:{action or '*'}"
    return Fault(REFUSE, service, action, account, region, holds, code=code, message=message, status=403)


def throttled(share: float, service: str = "", action: str = "") -> Fault:
    """A part of the calls is throttled: 0.3 is 30 %."""
    return Fault(
        REFUSE, service, action, share=share, code="ThrottlingException", message="Rate exceeded", status=400
    )


def connection_reset(service: str = "", action: str = "", times: int | None = None) -> Fault:
    """The connection breaks off before an answer."""
    return Fault(RESET, service, action, times=times)


def server_error(service: str = "", action: str = "", times: int | None = None) -> Fault:
    """The service answers 500."""
    text = "We encountered an internal error. Please try again."
    return Fault(REFUSE, service, action, times=times, code="InternalFailure", message=text, status=500)


def expired_credentials(first: int = 1) -> Fault:
    """The caller's session ends: every call from the n-th on is refused."""
    text = "The security token included in the request is expired"
    return Fault(REFUSE, first=first, code="ExpiredToken", message=text, status=403)


def region_off(region: str, account: str = "") -> Fault:
    """A Region that the account has not switched on.

    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """
    text = "The security token included in the request is invalid."
    return Fault(
        REFUSE, region=region, account=account, code="UnrecognizedClientException", message=text, status=403
    )


def vanishing_topic(topic: str) -> Fault:
    """A topic that is deleted between the list and the first read of its attributes."""
    other = {"service": "sns", "operation": "delete_topic", "parameters": {"TopicArn": topic}}
    return _interference("GetTopicAttributes", topic, other)


def vanishing_key(key: str) -> Fault:
    """A key that is scheduled for deletion between the list and the first DescribeKey."""
    identity = key.rpartition("/")[2]
    other = {"service": "kms", "operation": "schedule_key_deletion", "parameters": {"KeyId": identity}}
    return _interference("DescribeKey", identity, other)


def other_writer(resource: str, policy: str, at_read: int = 1) -> Fault:
    """Somebody else changes the policy of a topic or key just before the n-th read of it."""
    if ":sns:" in resource:
        attribute = {"TopicArn": resource, "AttributeName": "Policy", "AttributeValue": policy}
        other = {"service": "sns", "operation": "set_topic_attributes", "parameters": attribute}
        return _interference("GetTopicAttributes", resource, other)._replace(first=at_read)
    identity = resource.rpartition("/")[2]
    put = {"KeyId": identity, "PolicyName": "default", "Policy": policy}
    other = {"service": "kms", "operation": "put_key_policy", "parameters": put}
    return _interference("GetKeyPolicy", identity, other)._replace(first=at_read)


def broken_policy(resource: str, text: str = "{not JSON") -> Fault:
    """A topic or key whose policy is read as this text, which need not be JSON."""
    if ":sns:" in resource:
        return Fault(GARBLE, "sns", "GetTopicAttributes", holds=resource, message=text)
    return Fault(GARBLE, "kms", "GetKeyPolicy", holds=resource.rpartition("/")[2], message=text)


def bad_answer(body: str, service: str = "", action: str = "", *, first: int = 1, times: int = 1) -> Fault:
    """A call that is carried out, and answered with a body that is not the answer."""
    return Fault(ANSWER, service, action, first=first, times=times, message=body, status=200)


def cut_answer(service: str = "", action: str = "", *, first: int = 1, times: int = 1) -> Fault:
    """A call that is carried out, and whose answer is cut off in the middle."""
    return Fault(CUT, service, action, first=first, times=times)


def silence(service: str = "", action: str = "", *, first: int = 1, times: int | None = None) -> Fault:
    """A call that is not carried out, and never answered while the fault is in its place."""
    return Fault(HANG, service, action, first=first, times=times)


def _interference(action: str, holds: str, other: Mapping[str, object]) -> Fault:
    return Fault(INTERFERE, str(other["service"]), action, holds=holds, times=1, other=other)
