"""Fault injection for tests: refused calls, broken connections, wrong answers and concurrent changes.

Each function creates one fault; `Sandbox.fault` activates it. A fault selects calls by service (boto3's client
name), action, account, Region and a text that the parameters contain; an empty text selects all calls.
``first`` is the number of the first affected call, ``times`` the number of affected calls.
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
    """A fault: the calls that it affects, and its effect.

    ``share`` is the fraction of selected calls that it affects, evenly spread. ``effect`` is one of: ``refuse``
    answers with ``code``, ``message`` and ``status``; ``reset`` closes the connection; ``interfere`` makes another
    call first (``service``, ``operation`` and ``parameters`` in ``other``); ``garble`` replaces the policy in the
    answer with ``message``; ``answer`` executes the call and answers with ``message`` and ``status``; ``cut``
    answers with the first half of the real answer; ``hang`` does not answer until the faults are cleared.
    """

    effect: str
    service: str = ""
    action: str = ""
    account: str = ""
    region: str = ""
    contains: str = ""
    first: int = 1
    times: int | None = None
    share: float = 1.0
    code: str = ""
    message: str = ""
    status: int = 400
    other: Mapping[str, object] | None = None

    def selects(self, call: Call) -> bool:
        """Return whether the fault selects a call."""
        operation = ((self.service, call.service), (self.action, call.action))
        place = ((self.account, call.account), (self.region, call.region))
        if any(selected not in ("", actual) for selected, actual in (*operation, *place)):
            return False
        return not self.contains or self.contains in json.dumps(dict(call.parameters), default=str)


def denied(
    service: str, action: str = "", *, account: str = "", region: str = "", contains: str = ""
) -> Fault:
    """Deny a caller an action: ``AccessDenied``, as the service spells it."""
    code = "AuthorizationError" if service == "sns" else "AccessDeniedException"
    code = "AccessDenied" if service in ("sts", "sqs", "cloudwatch") else code
    message = f"User is not authorized to perform: {service}:{action or '*'}"
    return Fault(REFUSE, service, action, account, region, contains, code=code, message=message, status=403)


def throttled(share: float, service: str = "", action: str = "") -> Fault:
    """Throttle a fraction of the calls: 0.3 is 30 %."""
    return Fault(
        REFUSE, service, action, share=share, code="ThrottlingException", message="Rate exceeded", status=400
    )


def connection_reset(service: str = "", action: str = "", times: int | None = None) -> Fault:
    """Close the connection before an answer."""
    return Fault(RESET, service, action, times=times)


def server_error(service: str = "", action: str = "", times: int | None = None) -> Fault:
    """Answer with status 500."""
    text = "We encountered an internal error. Please try again."
    return Fault(REFUSE, service, action, times=times, code="InternalFailure", message=text, status=500)


def expired_credentials(first: int = 1) -> Fault:
    """Expire the caller's session: refuse every call starting with number ``first``."""
    text = "The security token included in the request is expired"
    return Fault(REFUSE, first=first, code="ExpiredToken", message=text, status=403)


def wrong_clock() -> Fault:
    """Refuse every call, as for a caller whose clock is hours behind.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    text = (
        "Signature expired: 20260901T080000Z is now earlier than 20260901T115500Z (20260901T120000Z - 5 min.)"
    )
    return Fault(REFUSE, code="InvalidSignatureException", message=text, status=403)


def disabled_region(region: str, account: str = "") -> Fault:
    """Disable a Region for an account.

    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """
    text = "The security token included in the request is invalid."
    return Fault(
        REFUSE, region=region, account=account, code="UnrecognizedClientException", message=text, status=403
    )


def deleted_topic(topic: str) -> Fault:
    """Delete a topic between its listing and the first read of its attributes."""
    other = {"service": "sns", "operation": "delete_topic", "parameters": {"TopicArn": topic}}
    return _interference("GetTopicAttributes", topic, other)


def deleted_key(key: str) -> Fault:
    """Schedule a key for deletion between its listing and the first DescribeKey."""
    identity = key.rpartition("/")[2]
    other = {"service": "kms", "operation": "schedule_key_deletion", "parameters": {"KeyId": identity}}
    return _interference("DescribeKey", identity, other)


def concurrent_write(resource: str, policy: str, at_read: int = 1) -> Fault:
    """Change the policy of a topic or key just before read number ``at_read``, as a concurrent writer does."""
    if ":sns:" in resource:
        attribute = {"TopicArn": resource, "AttributeName": "Policy", "AttributeValue": policy}
        other = {"service": "sns", "operation": "set_topic_attributes", "parameters": attribute}
        return _interference("GetTopicAttributes", resource, other)._replace(first=at_read)
    identity = resource.rpartition("/")[2]
    put = {"KeyId": identity, "PolicyName": "default", "Policy": policy}
    other = {"service": "kms", "operation": "put_key_policy", "parameters": put}
    return _interference("GetKeyPolicy", identity, other)._replace(first=at_read)


def unreadable_policy(resource: str, text: str = "{not JSON") -> Fault:
    """Return a text, which need not be JSON, as the policy of a topic or key."""
    if ":sns:" in resource:
        return Fault(GARBLE, "sns", "GetTopicAttributes", contains=resource, message=text)
    return Fault(GARBLE, "kms", "GetKeyPolicy", contains=resource.rpartition("/")[2], message=text)


def bad_answer(body: str, service: str = "", action: str = "", *, first: int = 1, times: int = 1) -> Fault:
    """Execute a call, and answer it with a wrong body."""
    return Fault(ANSWER, service, action, first=first, times=times, message=body, status=200)


def truncated_answer(service: str = "", action: str = "", *, first: int = 1, times: int = 1) -> Fault:
    """Execute a call, and cut off its answer in the middle."""
    return Fault(CUT, service, action, first=first, times=times)


def no_answer(service: str = "", action: str = "", *, first: int = 1, times: int | None = None) -> Fault:
    """Do not execute or answer a call while the fault is active."""
    return Fault(HANG, service, action, first=first, times=times)


def _interference(action: str, contains: str, other: Mapping[str, object]) -> Fault:
    return Fault(INTERFERE, str(other["service"]), action, contains=contains, times=1, other=other)


_POLICY = re.compile(rb"(<key>Policy</key>\s*<value>).*?(</value>)", re.DOTALL)
# XML services have different error codes for invalid credentials and throttling.
_OF_QUERY = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "ThrottlingException": "Throttling",
}
_OF_JSON = {"ExpiredToken": "ExpiredTokenException"}


_POLL_SECONDS = 0.02


class NoAnswerError(ConnectionResetError):
    """The connection must be closed without an answer."""


@dataclass
class _ActiveFault:
    """An active fault, with the numbers of selected and affected calls."""

    fault: Fault
    seen: int = 0
    affected: int = 0

    def applies(self) -> bool:
        """Count a selected call, and return whether the fault affects it. A share is spread evenly, not randomly."""
        fault = self.fault
        self.seen += 1
        turn = self.seen - fault.first + 1
        if turn < 1 or (fault.times is not None and self.affected >= fault.times):
            return False
        hit = int(turn * fault.share + 1e-9) > int((turn - 1) * fault.share + 1e-9)
        self.affected += hit
        return hit


class FaultStage:
    """Stage that applies the active faults to calls."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._lock = Lock()
        self._active: list[_ActiveFault] = []

    def place(self, fields: dict[str, Any]) -> None:
        """Activate a fault. Raises TypeError for unknown fields."""
        with self._lock:
            self._active.append(_ActiveFault(Fault(**fields)))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._active.clear()

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call, with the effects of the active faults. Raises RefusedError and NoAnswerError."""
        changes: list[Fault] = []
        for fault in list(self._affecting(call)):
            if fault.effect == REFUSE:
                raise RefusedError(_code(fault, call), fault.message, fault.status)
            if fault.effect in (GARBLE, ANSWER, CUT):
                changes.append(fault)
            elif fault.effect == INTERFERE:
                self._interfere(fault, call)
            else:
                self._hang(fault)
                raise NoAnswerError
        answer = proceed(call)
        return _changed(call, answer, changes[-1]) if changes and answer.status == 200 else answer

    def _hang(self, fault: Fault) -> None:
        """Wait while a hanging fault is active."""
        while fault.effect == HANG and any(active.fault is fault for active in self._active):
            time.sleep(_POLL_SECONDS)

    def _affecting(self, call: Call) -> Iterator[Fault]:
        with self._lock:
            yield from [
                active.fault for active in self._active if active.fault.selects(call) and active.applies()
            ]

    def _interfere(self, fault: Fault, call: Call) -> None:
        """Make the other call, in the account and Region of this call."""
        other: Any = fault.other
        client = self._upstream.client(other["service"], call.account, call.region)
        getattr(client, other["operation"])(**other["parameters"])


def _code(fault: Fault, call: Call) -> str:
    names = _OF_QUERY if call.protocol == QUERY else _OF_JSON
    return names.get(fault.code, fault.code)


def _changed(call: Call, answer: Answer, fault: Fault) -> Answer:
    """Return a changed answer."""
    if fault.effect == GARBLE:
        return _garbled(call, answer, fault.message)
    if fault.effect == CUT:
        return answer.with_body(answer.body[: len(answer.body) // 2])
    return answer.with_body(fault.message.encode())._replace(status=fault.status)


def _garbled(call: Call, answer: Answer, text: str) -> Answer:
    """Return the answer with its policy replaced."""
    if call.protocol == JSON:
        return answer.with_json({**json_object(answer.body), "Policy": text})
    policy = escape(text).encode()
    return answer.with_body(_POLICY.sub(lambda match: match[1] + policy + match[2], answer.body))
