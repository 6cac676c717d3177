"""What a comparison says of all deployments holds in each of them: every draw is compared again with literal values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checker.analysis.deployed_diff import compare
from checker.analysis.policy_pair import DeployedDifference
from checker.core.finding import Verdict
from checker.core.unknown import Unknown
from checker.inputs.collect import Given
from checker.inputs.diff_inputs import read_inputs
from checker.inputs.policy_pairs import policy_pairs
from tests.lint.test_deployments import (
    FRESH,
    ID,
    INSTANCE,
    LITERAL,
    OTHER,
    OWN,
    REGION,
    SUB,
    pinned,
    report,
    statements,
    template,
)

if TYPE_CHECKING:
    from pathlib import Path

Listed = list[dict[str, Any]]


def compared(old: Path, new: Path, **values: str) -> DeployedDifference:
    parameters = tuple((name.replace("__", "::"), value) for name, value in values.items())
    with read_inputs(str(old), str(new), Given(parameters=parameters)) as inputs:
        (pair,) = policy_pairs(*inputs).pairs
    return compare(pair)


def saved(folder: Path, name: str, listed: Listed) -> Path:
    path = folder / name
    path.write_text(json.dumps(template(listed)))
    return path


lists = st.lists(statements(), min_size=1, max_size=3, unique_by=lambda one: one["Sid"])


@st.composite
def changes(draw: st.DrawFn) -> tuple[Listed, Listed]:
    """Draw a policy and one with some other statements, in another order."""
    old = draw(lists)
    kept = draw(st.permutations(old))[: draw(st.integers(0, len(old)))]
    return old, [*kept, *draw(st.lists(statements(), max_size=1))] or old


ONE = {"Sid": "S0", "Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}}
ONE |= {"Action": "sns:Publish", "Resource": {"Ref": "Topic"}}


def pin(account: object, arn: object) -> dict[str, Any]:
    return {"StringEquals": {"aws:SourceAccount": account}, "ArnEquals": {"aws:SourceArn": arn}}


@example(
    change=([{**ONE, "Condition": pin(OWN, SUB)}], [{**ONE, "Condition": pin(OWN, INSTANCE)}]),
    own=OTHER,
    region=REGION,
    given_account=LITERAL,
    instance_id=ID,
    side=0,
)
@example(
    change=([{**ONE, "Condition": pin(OWN, SUB)}], [{**ONE, "Condition": pin(OWN, INSTANCE)}]),
    own=LITERAL,
    region="us-east-1",
    given_account=LITERAL,
    instance_id=ID,
    side=0,
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    change=changes(),
    own=st.sampled_from([LITERAL, OTHER, FRESH]),
    region=st.sampled_from([REGION, REGION, "us-east-1"]),
    given_account=st.sampled_from([LITERAL, OTHER, FRESH, "888899990000"]),
    instance_id=st.sampled_from([ID, "99999999-1111-4222-8333-444455556666"]),
    side=st.sampled_from([0, 1]),
)
def test_what_is_certain_holds_for_every_value_of_the_symbols(
    change: tuple[Listed, Listed],
    own: str,
    region: str,
    given_account: str,
    instance_id: str,
    side: int,
    tmp_path: Path,
) -> None:
    old, new = saved(tmp_path, "old.json", change[0]), saved(tmp_path, "new.json", change[1])
    symbolic = compared(old, new)
    pins = [pinned(one, own, given_account) for one in change]
    homes = [pins[0] or pins[1] or {own}, pins[1] or pins[0] or {own}]
    if max(map(len, homes)) > 1:
        return
    arn = f"arn:aws:connect:{region}:{next(iter(homes[side]))}:instance/{instance_id}"
    values = {"AWS__AccountId": own, "AWS__Region": region, "AWS__Partition": "aws"}
    found = compared(old, new, **values, Account=given_account, Instance=arn)
    assumed = {one.symbol.name: one.values for one in symbolic.assumptions if one.values}
    chosen = {"AWS::AccountId": own, "AWS::Region": region, "Account": given_account}
    if any(chosen[name] not in values for name, values in assumed.items() if name in chosen):
        texts = [json.dumps(one) for one in change]
        told = [one for name in chosen for one in assumed.get(name, ())]
        both_tell = all(value in text for value in told for text in texts)
        assert found.same is not False or symbolic.same is not True or both_tell, (
            "a change assumes itself away"
        )
    elif isinstance(symbolic.same, bool) and not isinstance(found.same, Unknown):
        assert found.same is symbolic.same, (change, values, given_account, arn, symbolic, found)


def test_two_references_may_be_one_instance(tmp_path: Path) -> None:
    old = {"Sid": "A", "Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}}
    old |= {"Action": "sns:Publish", "Resource": "*"}
    pins = [{"StringEquals": {"aws:SourceAccount": OWN, "aws:SourceArn": {"Ref": name}}} for name in "XY"]
    declared = {name: template([{**old, "Condition": pin}]) for name, pin in zip("XY", pins, strict=True)}
    for name, one in declared.items():
        one["Parameters"] = {"X": {"Type": "String"}, "Y": {"Type": "String"}}
        (tmp_path / f"{name}.json").write_text(json.dumps(one))
    found = compared(tmp_path / "X.json", tmp_path / "Y.json")
    assert isinstance(found.same, Unknown)
    assert [(one.is_gain, one.sentence.partition(" of ")[0]) for one in found.dependent] == [
        (True, "sns:Publish by Connect for instance ${Y}"),
        (False, "sns:Publish by Connect for instance ${X}"),
    ]
    for change in found.dependent:
        assert {change.when, change.when_not} in (
            {"`Y` is another instance", "`Y` is `${X}`"},
            {"`X` is another instance", "`X` is `${Y}`"},
        )


GOV = f"arn:aws-us-gov:connect:${{AWS::Region}}:${{AWS::AccountId}}:instance/{ID}"


def test_a_partition_of_one_version_tells_nothing(tmp_path: Path) -> None:
    anywhere = GOV.replace("aws-us-gov", "${AWS::Partition}")
    old, new = ([{**ONE, "Condition": pin(OWN, {"Fn::Sub": text})}] for text in (anywhere, GOV))
    paths = saved(tmp_path, "old.json", old), saved(tmp_path, "new.json", new)
    assert isinstance(compared(*paths).same, Unknown)
    assert compared(*paths, AWS__Region="us-gov-west-1").same is True
    assert compared(*paths, AWS__Region="us-east-1").same is False


def test_a_partition_tells_the_region_of_the_deployment(tmp_path: Path) -> None:
    path = saved(tmp_path, "gov.json", [{**ONE, "Condition": pin(OWN, {"Fn::Sub": GOV})}])
    assert not [one for one in report(path).findings if one.verdict is Verdict.FAIL]
