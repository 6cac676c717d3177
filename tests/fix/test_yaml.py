"""Edits of YAML keep the lines and the indentation of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.workbench import repaired
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN

HEAD = "Version: '2012-10-17'\n"
PINS = f"""\
    StringEquals:
      aws:SourceAccount: "{ACCOUNT}"
    ArnEquals:
      aws:SourceArn: {INSTANCE_ARN}
"""
IN_A_LINE = f'{{ StringEquals: {{ aws:SourceAccount: "{ACCOUNT}" }}, ArnEquals: {{ aws:SourceArn: {INSTANCE_ARN} }} }}'
OWN = f"""\
- Sid: AllowConnectChatStreaming
  Effect: Allow
  Principal:
    Service: connect.amazonaws.com
  Action: sns:Publish
  Resource: {TOPIC_ARN}
  Condition:
{PINS}"""
GRANT = f"""\
  Effect: Allow
  Action: sns:Publish
  Resource: {TOPIC_ARN}
"""
BOTH = """\
  Principal:
    Service: # both
    - s3.amazonaws.com # theirs
    - connect.amazonaws.com # ours
"""
THEIRS = BOTH.replace("    - connect.amazonaws.com # ours\n", "")
CONNECT = "  Principal: {Service: connect.amazonaws.com}\n"

EDITS = {
    "an empty condition": (
        f"{HEAD}Statement:\n- Sid: Chat\n  Condition: {{}} # none\n{GRANT}{CONNECT}",
        f"{HEAD}Statement:\n- Sid: Chat\n  Condition: {IN_A_LINE} # none\n{GRANT}{CONNECT}",
    ),
    "the last item of a list, and a statement after it": (
        f"{HEAD}Statement:\n- Sid: Chat\n{GRANT}{BOTH}\n# the end\n",
        f"{HEAD}Statement:\n- Sid: Chat\n{GRANT}{THEIRS}{OWN}\n# the end\n",
    ),
    "a statement that is no list": (
        f"{HEAD}Statement:\n  Sid: Chat # ours\n{GRANT}{BOTH}Id: x\n",
        f"{HEAD}Statement:\n- Sid: Chat # ours\n{GRANT}{THEIRS}{OWN}Id: x\n",
    ),
    "items with comments": (
        f"{HEAD}Statement:\n- Sid: Chat\n{GRANT}{CONNECT}  Condition:\n    StringEquals: {{'aws:SourceAccount': '{ACCOUNT}'}}\n"
        f"    ArnLike:\n      aws:SourceArn:\n      # one\n      - {INSTANCE_ARN}/* # below\n      # two\n      - {INSTANCE_ARN}/chat\n",
        f"{HEAD}Statement:\n- Sid: Chat\n{GRANT}{CONNECT}  Condition:\n    StringEquals: {{'aws:SourceAccount': '{ACCOUNT}'}}\n"
        f"    ArnLike:\n      aws:SourceArn:\n      # one\n      - {INSTANCE_ARN} # below\n      # two\n",
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", EDITS)
def test_lines_of_yaml_stay_lines(name: str, newline: str, tmp_path: Path) -> None:
    before, after = (one.replace("\n", newline) for one in EDITS[name])
    path = tmp_path / "policy.yaml"
    path.write_text(before, newline="")
    found = repaired([path], unsafe=True)
    assert found.fixed, [(one.finding.rule, one.reason) for one in found.unfixed]
    assert found.texts[str(path)] == after
