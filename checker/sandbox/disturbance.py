"""The stage that carries out the faults that tests have asked for."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from checker.sandbox.answer import JSON, QUERY, Answer, RefusedError
from checker.sandbox.call import json_object
from checker.sandbox.faults import ANSWER, CUT, GARBLE, HANG, INTERFERE, REFUSE, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.sandbox.call import Call
    from checker.sandbox.front import Next
    from checker.sandbox.upstream import Upstream

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
