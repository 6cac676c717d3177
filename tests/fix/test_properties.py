"""Whatever the policy says: after a repair Connect can publish, the deputy is closed, and others have what they had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings

from checker.case import TopicCase
from checker.iam import prove
from checker.policy.unknown import Unknown
from tests.fix.workbench import mended
from tests.iam.strategies import policies
from tests.samples import INSTANCE_ARN, TOPIC_ARN, arn_of


@given(policy=policies())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_all_fixes_connect_can_publish_and_no_deputy_can(
    policy: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "topic.json"
    path.write_text(json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}))
    found = mended([path], unsafe=True)
    inventory = found.after.inventory
    case = TopicCase(inventory.topics[0], inventory)
    allowed = prove.can_publish(case.policy, case.target, arn_of(INSTANCE_ARN)).truth
    deputy = case.whole.deputy(case.trusted).truth
    assume(not isinstance(allowed, Unknown) and not isinstance(deputy, Unknown))
    assert (allowed, deputy) == (True, False)
