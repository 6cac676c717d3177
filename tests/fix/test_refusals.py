"""What would leave a policy that AWS refuses, or cannot be written where it belongs, is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

from checker.fix.rounds import Left
from tests.fix.workbench import mended, write
from tests.inputs.test_forms import OWNER, template
from tests.samples import ACCOUNT, TOPIC_ARN, document, statement

OTHERS = statement(Principal={"AWS": ACCOUNT})
ABSENT = {"Ref": "AWS::NoValue"}


def left(folder: Path, name: str, text: str, rule: str) -> Left:
    """What is left of a rule, after everything else is mended."""
    found = mended(write(folder, {name: text}), unsafe=True)
    return next(one for one in found.left if one.finding.rule == rule)


def test_a_policy_is_not_made_larger_than_sns_takes(tmp_path: Path) -> None:
    policy = document(OTHERS)
    for size, done in ((30_000, True), (30_600, False)):
        policy["Id"] = ""
        policy["Id"] = "x" * (size - len(json.dumps(policy)))
        attributes = {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}
        found = mended(write(tmp_path, {"topic.json": json.dumps(attributes)}))
        assert bool(found.texts) is done
        reasons = [one.reason for one in found.left if one.finding.rule == "connect-not-allowed"]
        assert done or "a topic policy may have 30,720" in reasons[0]
        assert done or found.left[0].statements


def test_a_condition_that_is_there_at_times_is_not_written_twice(tmp_path: Path) -> None:
    grant = statement(Resource={"Ref": "Chat"}, Condition={"Fn::If": ["Live", OWNER, ABSENT]})
    text = json.dumps(template({"Statement": [grant]}), indent=2)
    assert "`Condition` stands twice" in left(tmp_path, "t.json", text, "missing-source-account").reason


def test_a_list_of_statements_that_are_there_at_times_takes_no_other(tmp_path: Path) -> None:
    text = f"""\
Resources:
  Chat: {{Type: AWS::SNS::Topic}}
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Statement:
          - !If
            - Live
            - {json.dumps(statement(Resource={"Ref": "Chat"}))}
            - !Ref AWS::NoValue
"""
    found = mended(write(tmp_path, {"t.yaml": text}))
    assert "all that is written there hangs on a condition" in {one.reason for one in found.left}
