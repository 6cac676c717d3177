"""Every fix of the test suite that is applied without leave to do more, as policies before and after it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from checker.analysis.documented import KeyCondition
from checker.analysis.key import KeyAnalysis
from checker.core.finding import Applicability
from checker.core.unknown import Unknown
from checker.fix.known_policy import KnownPolicy
from checker.fix.rounds import Repair, repair
from checker.policy.node import Array, Node, Object
from tests.fix.workbench import reader, write
from tests.inputs.test_forms import FORMS, POLICIES
from tests.rules.cases import CASES
from tests.samples import INSTANCE_ARN
from tests.soundness.law import Request
from tests.soundness.universe import ACTIONS, PUBLISH, Universe
from tests.soundness.words import CONNECT, KEY_ARN

KEY_GRANTS = ("connect-cannot-use-key", "wrong-key-service")
KEY_USES = ("kms:GenerateDataKey", "kms:Decrypt")
KEY_ACTIONS = (*KEY_USES, "kms:Encrypt", "kms:DescribeKey", "kms:PutKeyPolicy", "kms:CreateGrant")


class Pair(NamedTuple):
    """A policy before and after its fixes.

    ``documented`` if one of them grants a key as AWS documents it; ``topics`` are those that the key encrypts.
    """

    before: str
    after: str
    resource: str
    is_key: bool
    instance: str
    documented: bool = False
    topics: tuple[str, ...] = ()

    def gains(self) -> Iterator[Request]:
        """The requests that only the fixed policy allows, and that nobody meant."""
        policies = json.loads(self.before), json.loads(self.after)
        universe = Universe.of(*policies, seed=1)._replace(resource=self.resource)
        for request, truths in universe.everything(KEY_ACTIONS if self.is_key else ACTIONS):
            if truths == (False, True) and not self._is_meant(request):
                yield request

    def _is_meant(self, request: Request) -> bool:
        """True for Connect on behalf of the instance that is named, and for the documented use of a key."""
        context, account = request.context, self.instance.split(":")[4]
        named = (context.get("aws:sourcearn"), context.get("aws:sourceaccount")) == (self.instance, account)
        if request.caller.service != CONNECT:
            return False
        if self.is_key:
            limited = context.get("kms:encryptioncontext:aws:sns:topicarn") in self.topics
            return request.action in KEY_USES and (named or limited or self.documented)
        return request.action == PUBLISH and named


class Input(NamedTuple):
    """Files to fix, for an instance, perhaps with a condition on the grants of keys."""

    name: str
    files: Sequence[Path]
    instance: str = INSTANCE_ARN
    condition: KeyCondition | None = None


def inputs(folder: Path) -> Iterator[Input]:
    """All inputs of the rule cases and of the fix cases."""
    for case in CASES:
        one = Input(f"{case.rule}/{case.name}", case.files, case.instance or INSTANCE_ARN)
        yield one
        for condition in KeyCondition if case.rule in KEY_GRANTS else ():
            yield one._replace(name=f"{one.name} by {condition}", condition=condition)
    for form, name in ((form, name) for form in FORMS for name in POLICIES):
        yield Input(f"{form}/{name}", write(folder / form / name, FORMS[form](POLICIES[name])))


def pairs_of(one: Input) -> Iterator[Pair]:
    """The policies that the fixes of an input change."""
    done = repair(reader(one.files, one.instance), kms_condition=one.condition)
    then = {one.name: one for one in done.after.policies()}
    for known in done.before.policies():
        now = then.get(known.name)
        if now is not None and now.content != known.content:
            yield _pair(known, now, one.instance, done)


def _pair(known: KnownPolicy, now: KnownPolicy, instance: str, done: Repair) -> Pair:
    is_key = isinstance(known.case, KeyAnalysis)
    documented = any(each.fix.applicability is Applicability.DOCUMENTED for each in done.fixed)
    symbol = known.case.topic.symbol if not isinstance(known.case, KeyAnalysis) else ""
    resource = symbol or known.case.target.resource
    resource = KEY_ARN if is_key and resource == "*" else resource
    before, after = (json.dumps(_plain(each.root)) for each in (known, now))
    topics = tuple(str(one.arn) for one in known.case.topics) if isinstance(known.case, KeyAnalysis) else ()
    return Pair(before, after, resource, is_key, instance, is_key and documented, topics)


def _plain(node: Node) -> Any:
    """Plain JSON; what is not known goes by its name."""
    if isinstance(node, Object):
        return {member.key: _plain(member.value) for member in node.members}
    if isinstance(node, Array):
        return [_plain(one) for one in node.items]
    value = node.value
    return (value.where or value.reason) if isinstance(value, Unknown) else value
