"""For any policy: after a repair Connect can publish, the confused deputy is closed, and others keep their access."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings

from checker.analysis.topic import TopicAnalysis
from checker.core.unknown import Unknown
from checker.iam.prove import prove
from tests.fix.workbench import repaired
from tests.iam.strategies import policies
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, arn_of, document, statement

_OWNER_BESIDE_ANOTHER_ACCOUNT = {
    "StringEquals": {"AWS:SourceOwner": ACCOUNT},
    "StringNotEquals": {"aws:SourceAccount": ACCOUNT},
}
"""One condition goes and another would take over the operator that it still has."""


@given(policy=policies())
@example(policy=document(statement(Condition=_OWNER_BESIDE_ANOTHER_ACCOUNT)))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_all_fixes_connect_can_publish_and_no_deputy_can(
    policy: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "topic.json"
    path.write_text(json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}))
    found = repaired([path], unsafe=True)
    inventory = found.after.inventory
    case = TopicAnalysis(inventory.topics[0], inventory)
    allowed = prove.can_publish(case.policy, case.target, arn_of(INSTANCE_ARN)).truth
    deputy = case.whole.deputy(case.trusted).truth
    assume(not isinstance(allowed, Unknown) and not isinstance(deputy, Unknown))
    assert (allowed, deputy) == (True, False)
