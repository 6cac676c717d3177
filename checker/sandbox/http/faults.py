"""Faults that tests ask for: calls that are refused, break off, or find the world changed.

Each function describes one fault; `Sandbox.fault` puts it in place. Which calls a fault meets is said by
service (boto3's name of the client), action, account, Region and a text that a parameter holds; an empty text
meets all. ``first`` is the number of the first call that it meets, ``times`` how many it meets.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape

from checker.sandbox.http.call import JSON, QUERY, Answer, RefusedError, json_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.call import Call, Next


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


_POLICY = re.compile(rb"(<key>Policy</key>\s*<value>).*?(</value>)", re.DOTALL)
# An invalid session has a name of its own with services that speak XML.
_OF_QUERY = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "ThrottlingException": "Throttling",
}
_OF_JSON = {"ExpiredToken": "ExpiredTokenException"}


_A_MOMENT = 0.02


class BrokenOffError(ConnectionResetError):
    """The connection is to break off."""


@dataclass
class _Placed:
    """A fault in its place, with the number of calls it was about and of those it met."""

    fault: Fault
    seen: int = 0
    met: int = 0

    def strikes(self) -> bool:
        """Count a call, and tell whether it is met; a share is spread evenly, without chance."""
        fault = self.fault
        self.seen += 1
        turn = self.seen - fault.first + 1
        if turn < 1 or (fault.times is not None and self.met >= fault.times):
            return False
        hit = int(turn * fault.share + 1e-9) > int((turn - 1) * fault.share + 1e-9)
        self.met += hit
        return hit


class Disturbance:
    """Keeps the faults and applies them."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._lock = Lock()
        self._placed: list[_Placed] = []

    def place(self, given: dict[str, Any]) -> None:
        """Put a fault in its place. Raises TypeError for one that is none."""
        with self._lock:
            self._placed.append(_Placed(Fault(**given)))

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._placed.clear()

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call, or disturb it. Raises RefusedError and BrokenOffError."""
        spoiling: list[Fault] = []
        for fault in list(self._struck(call)):
            if fault.does == REFUSE:
                raise RefusedError(_code(fault, call), fault.message, fault.status)
            if fault.does in (GARBLE, ANSWER, CUT):
                spoiling.append(fault)
            elif fault.does == INTERFERE:
                self._interfere(fault, call)
            else:
                self._hang(fault)
                raise BrokenOffError
        answer = proceed(call)
        return _spoiled(call, answer, spoiling[-1]) if spoiling and answer.status == 200 else answer

    def _hang(self, fault: Fault) -> None:
        """Wait while a fault that hangs is in its place."""
        while fault.does == HANG and any(one.fault is fault for one in self._placed):
            time.sleep(_A_MOMENT)

    def _struck(self, call: Call) -> Iterator[Fault]:
        with self._lock:
            yield from [one.fault for one in self._placed if one.fault.meets(call) and one.strikes()]

    def _interfere(self, fault: Fault, call: Call) -> None:
        """Make the other call, as the account and in the Region of this one."""
        other: Any = fault.other
        client = self._upstream.client(other["service"], call.account, call.region)
        getattr(client, other["operation"])(**other["parameters"])


def _code(fault: Fault, call: Call) -> str:
    names = _OF_QUERY if call.protocol == QUERY else _OF_JSON
    return names.get(fault.code, fault.code)


def _spoiled(call: Call, answer: Answer, fault: Fault) -> Answer:
    """Give another answer than the real one."""
    if fault.does == GARBLE:
        return _garbled(call, answer, fault.message)
    if fault.does == CUT:
        return answer.with_body(answer.body[: len(answer.body) // 2])
    return answer.with_body(fault.message.encode())._replace(status=fault.status)


def _garbled(call: Call, answer: Answer, text: str) -> Answer:
    """Give an answer with another policy in it."""
    if call.protocol == JSON:
        return answer.with_json({**json_object(answer.body), "Policy": text})
    put = escape(text).encode()
    return answer.with_body(_POLICY.sub(lambda one: one[1] + put + one[2], answer.body))
