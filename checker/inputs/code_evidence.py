"""Ties the calls in application code to the topics that they stream to.

A tie only puts a topic in scope. It says nothing about policies, accounts or Regions. A literal ARN means the topic
with this ARN, or one that a deployment may give this ARN. An environment variable means the topic to which a function
or container of the nearest root or template sets it. If several topics could be meant, none is.
"""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.arn import topic_arn
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, Unknown
from checker.inputs.declared import DeclaredSender
from checker.inputs.discover import home_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.inventory import Topic
    from checker.core.arn import Arn
    from checker.core.unknown import Piece
    from checker.inputs.collect import Facts
    from checker.inputs.declared import Declarations, DeclaredEnvironment, DeclaredTopic
    from checker.inputs.streaming_code import StreamCall


_DEPLOYING = frozenset(
    (
        *(
            "aws",
            "cdk",
            "cfn",
            "cloudformation",
            "deploy",
            "deployment",
            "deployments",
            "env",
            "envs",
            "iac",
            "infra",
        ),
        *(
            "infrastructure",
            "live",
            "ops",
            "sam",
            "stack",
            "stacks",
            "template",
            "templates",
            "terraform",
            "tf",
        ),
    )
)
"""Words in the names of folders that deploy the code of other folders."""


class _Setter(NamedTuple):
    """A function or container that sets a variable: its root or template, and the references in the value."""

    folder: Path
    declared: Declarations
    environment: DeclaredEnvironment
    references: frozenset[str]

    def holds(self, code: Path) -> bool:
        """True for a file of the function's code, and if the folder of its code is not known."""
        folder = Path(home_of(self.folder / self.environment.code))
        is_known = bool(self.environment.code) and folder.is_dir()
        return not is_known or Path(home_of(code)).is_relative_to(folder)

    def handles(self, code: Path) -> bool:
        """True if the function calls a file of this name."""
        return code.stem in re.split(r"[./:]", self.environment.handler)

    def distance(self, code: Path) -> int:
        """Return the number of folders between a file of code and the folder that it shares with the root."""
        return len(_parts(code)) - self.shared(code)

    def shared(self, code: Path) -> int:
        """Return the number of folders that the paths of the root and of a file have in common."""
        pairs = zip(_parts(self.folder), _parts(code), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    def is_of_others(self, code: Path, files: Iterable[Path]) -> bool:
        """True if the root seems to be part of another service, which has code of its own beside that of the call."""
        end = self.shared(code) + 1
        beside = _parts(self.folder)[:end]
        if len(beside) < end or self.handles(code) or not _DEPLOYING.isdisjoint(_words(beside[-1])):
            return False
        return any(_parts(file)[:end] == beside for file in files)

    def topics(self) -> Iterator[DeclaredTopic]:
        """Yield the topics that the value refers to."""
        for topic in self.declared.topics:
            if any(one in topic.names or may_be(topic.arn, one) for one in self.references):
                yield topic

    def arns(self) -> Iterator[str]:
        """Yield the literal topic ARNs in the value."""
        yield from (one for one in self.references if topic_arn(one) is not None)


def add_senders(facts: Facts) -> None:
    """Add the calls with an environment variable to the senders of the roots and templates that set it.

    If the variable has the literal ARN of a topic that is declared elsewhere, the call gets the ARN.
    """
    calls: list[StreamCall] = []
    for call in facts.calls:
        setters = list(_setters(facts, call.variable)) if call.variable else []
        near = _nearest(call.path, setters, facts.code)
        for declared in {id(one.declared): one.declared for one in near}.values():
            _add_sender(call, declared, [one for one in near if one.declared is declared])
        calls.append(_with_arn(call, near))
    facts.calls = tuple(calls)


def _with_arn(call: StreamCall, setters: Sequence[_Setter]) -> StreamCall:
    """Give a call the literal ARN of its variable, unless the functions set it to topics that they declare."""
    arns = {arn for one in setters for arn in one.arns()}
    is_declared = any(True for one in setters for _ in one.topics())
    return call._replace(topic=arns.pop()) if len(arns) == 1 and not is_declared else call


def _nearest(code: Path, setters: Sequence[_Setter], files: Sequence[Path]) -> list[_Setter]:
    """Return the functions that may run a file of code, of the roots that are nearest to it.

    ``files`` are all files of code.
    """
    possible = [one for one in setters if one.holds(code) and not one.is_of_others(code, files)]
    nearest = min((one.distance(code) for one in possible), default=0)
    return [one for one in possible if one.distance(code) == nearest]


def _add_sender(call: StreamCall, declared: Declarations, setters: Sequence[_Setter]) -> None:
    """Add a call to the senders of a root, unless its functions set the variable to several topics."""
    for some in (setters, [one for one in setters if one.handles(call.path)]):
        topics = [topic for one in some for topic in one.topics()]
        if len({topic.family for topic in topics}) == 1:
            names = frozenset(name for topic in topics for name in topic.names)
            declared.senders.append(DeclaredSender(call.place, names))
            return


def _parts(path: Path) -> tuple[str, ...]:
    return Path(home_of(path)).parts


def _words(name: str) -> list[str]:
    return re.split(r"[-_. ]", name.lower())


def _setters(facts: Facts, variable: str) -> Iterator[_Setter]:
    for folder, declared in facts.declared.items():
        for environment in declared.environments:
            for name, references in environment.variables:
                if name == variable:
                    yield _Setter(folder, declared, environment, references)


def with_sender(topic: Topic, calls: Sequence[StreamCall]) -> Topic:
    """Add the first call with its ARN to a topic, unless something else makes Connect stream to it."""
    call = next((one for one in calls if one.topic and may_be(topic.arn, one.topic)), None)
    return topic if call is None or topic.sender else topic._replace(sender=call.place)


def may_be(arn: Arn | Unknown, text: str) -> bool:
    """True for the ARN of a topic, and for one that a deployment may give it; a part of its name must be known."""
    if not isinstance(arn, Unknown):
        return str(arn) == text
    known = "".join(one for one in arn.pieces if isinstance(one, str)).rpartition(":")[2]
    return bool(known) and re.fullmatch("".join(map(_pattern, arn.pieces)), text) is not None


def _pattern(piece: Piece) -> str:
    if isinstance(piece, str):
        return re.escape(piece)
    return r"\d{12}" if piece.kind == ACCOUNT else r"[^:]+"
