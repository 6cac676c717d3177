"""How the cost of a proof grows with the size of its question: statements, wildcard patterns, symbols.

The questions about patterns and statements are those that iamprover can ask too: whether a policy allows an action on a
resource to one IAM principal, under any conditions. It answers them with an SMT solver, Z3.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Row, cpu_seconds
from benchmarks.peer_speed import environment
from checker.core.arn import Arn
from checker.iam.prove.prove import principal_can
from checker.iam.prove.space import PUBLISH, Target
from checker.inputs.text import parse_text
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.policy.read import read_policy
from checker.policy.vocabulary import TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.policy.model import Policy

TOPIC_ARN = "arn:aws:sns:us-east-1:271828182845:chat"
ROLE = "arn:aws:iam::271828182845:role/sender"
STATEMENTS = (1, 2, 5, 10, 20, 50, 100)
PATTERNS = (1, 2, 5, 10, 20, 50, 100, 200)
SYMBOLS = (1, 2, 5, 10, 20, 30)
GOAL = 0.01
ROUNDS = 5


def rows(folder: Path) -> Iterator[Row]:
    """Ask questions of growing size."""
    for name, sizes, document in (("statements", STATEMENTS, statements), ("patterns", PATTERNS, patterns)):
        beside: tuple[tuple[str, float], ...] = ()
        for size in sizes:
            others = iter(
                [document(size, one) for one in range(ROUNDS)]
            )  # nothing of a question is remembered
            own = cpu_seconds(lambda others=others: asked(next(others)), ROUNDS)  # type: ignore[misc]
            in_time = not beside or beside[0][1] < _LIMIT
            beside = _iamprover(folder, document(size, 0)) if in_time else beside
            shown = beside if in_time else ()
            yield Row("prover", f"prove, {size} {name}", own, shown, GOAL if shown else None, size)
    for size in SYMBOLS:
        path = folder / f"{size}-symbols.json"
        path.write_text(json.dumps(symbols(size)))
        yield Row("prover", f"all rules, {size} symbols", cpu_seconds(_judging(path)), items=size)


def asked(document: dict[str, Any]) -> bool:
    """Ask whether a role can publish under a policy."""
    policy: Policy = read_policy(parse_text("policy.json", json.dumps(document)).root, TOPIC)[0]
    topic, role = Arn.parse(TOPIC_ARN), Arn.parse(ROLE)
    assert topic is not None  # noqa: S101 - both are ARNs
    assert role is not None  # noqa: S101 - both are ARNs
    answer = principal_can(policy, Target.of(topic), role, PUBLISH)
    return answer.truth is True


def statements(count: int, salt: int) -> dict[str, Any]:
    """A policy whose statements allow and deny in turns, under conditions of their own; the last one allows."""
    found = []
    for number in range(count):
        condition = {"StringLike": {"aws:SourceVpce": f"vpce-{salt}-{number}*"}}
        effect = "Allow" if (count - number) % 2 else "Deny"
        found.append(_statement(Effect=effect, Condition=condition))
    return _policy(found)


def patterns(count: int, salt: int) -> dict[str, Any]:
    """A policy that allows with one pattern and denies with others, none of which matches all that it does."""
    denied = [f"vpce-{salt}-{number}*x*{number}" for number in range(count)]
    allow = _statement(Effect="Allow", Condition={"StringLike": {"aws:SourceVpce": "vpce-*"}})
    return _policy([allow, _statement(Effect="Deny", Condition={"StringLike": {"aws:SourceVpce": denied}})])


def symbols(count: int) -> dict[str, Any]:
    """A template whose topic policy has so many parameters."""
    names = [f"Account{number}" for number in range(count)]
    condition = {"StringEquals": {"aws:SourceAccount": [{"Ref": name} for name in names]}}
    statement = {
        **_statement(Effect="Allow", Condition=condition),
        "Principal": {"Service": "connect.amazonaws.com"},
        "Resource": {"Ref": "Topic"},
    }
    policy = {"Topics": [{"Ref": "Topic"}], "PolicyDocument": _policy([statement])}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {name: {"Type": "String"} for name in names},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": policy},
        },
    }


def _judging(path: Path) -> Callable[[], object]:
    from checker.inputs.load import load

    rules = all_rules()
    return lambda: judge(load([path]), rules, Scope(all_topics=True))


def _policy(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": found}


def _statement(**more: Any) -> dict[str, Any]:
    return {"Principal": {"AWS": ROLE}, "Action": "sns:Publish", "Resource": TOPIC_ARN, **more}


_ASK = """
import json, sys, time
from iamprover.engine.solver import check_invariant
from iamprover.invariants import Invariant
from iamprover.model import Account, Policy, Principal
from iamprover.parsers.iam import parse_statement
statements = [parse_statement(one) for one in json.load(open(sys.argv[1]))["Statement"]]
account = Account([Principal(sys.argv[2], [])], [Policy("policy", statements)])
asked = Invariant("publish", "", ["sns:publish"], [sys.argv[3]])
before = time.process_time()
check_invariant(account, asked)
print(time.process_time() - before)
"""
_LIMIT = 20
"""Seconds for one question; Z3 may take any time for strings. Larger questions are not asked then."""
_OVER = f"iamprover, over {_LIMIT} s"


def _iamprover(folder: Path, document: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """Ask the same of iamprover, where it is installed."""
    found = environment("iamprover")
    if found is None:
        return ()
    path = folder / "policy.json"
    path.write_text(json.dumps(document))
    command = [str(found / "bin" / "python"), "-c", _ASK, str(path), ROLE, TOPIC_ARN]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LIMIT)
    except subprocess.TimeoutExpired:
        return ((_OVER, float(_LIMIT)),)
    return (("iamprover", float(done.stdout)),)
