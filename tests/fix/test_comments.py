"""A comment stays with the element that it describes, and is removed with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.workbench import repaired
from tests.samples import ACCOUNT, INSTANCE_ARN

PINNED = f"""
        Condition = {{
          StringEquals = {{
            "aws:SourceAccount" = "{ACCOUNT}"
          }}
          ArnEquals = {{
            "aws:SourceArn" = "{INSTANCE_ARN}"
          }}
        }}"""
INLINE = (
    f'Condition = {{ StringEquals = {{ "aws:SourceAccount" = "{ACCOUNT}" }}, '
    f'ArnEquals = {{ "aws:SourceArn" = "{INSTANCE_ARN}" }} }}'
)
GRANT = 'Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }'


def terraform(inside: str) -> str:
    return f"""\
resource "aws_sns_topic" "chat" {{
  name   = "chat"
  policy = jsonencode({{
    Statement = [
      {{
        Effect    = "Allow"
        Principal = {{ Service = "connect.amazonaws.com" }} # Connect
{inside}
        # nothing, or else
      }} # the first
    ]
  }})
}}
"""


TERRAFORM = {
    "behind the last member": (
        '        Action   = "sns:Publish"\n        Resource = "*" # the topic',
        f'        Action   = "sns:Publish"\n        Resource = "*" # the topic{PINNED}',
    ),
    "behind a comma": (
        '        Action   = "sns:Publish",\n        Resource = "*",  // the topic',
        f'        Action   = "sns:Publish",\n        Resource = "*",  // the topic{PINNED},',
    ),
    "where a comma is missing": (
        '        Action   = "sns:Publish",\n        Resource = "*"  // the topic',
        f'        Action   = "sns:Publish",\n        Resource = "*",  // the topic{PINNED}',
    ),
    "in a list, of what goes": (
        '        Action = [\n          # mine\n          "sns:Publish", # keep\n          # yours\n          '
        f'"sns:Subscribe" # drop\n        ]\n        Resource = "*"\n        {INLINE}',
        '        Action = [\n          # mine\n          "sns:Publish", # keep\n          # yours\n        ]\n'
        f'        Resource = "*"\n        {INLINE}',
    ),
    "in a list, of what comes after": (
        '        Action = [\n          "sns:Subscribe", # drop\n          # mine\n          "sns:Publish" # keep\n'
        f'        ]\n        Resource = "*"\n        {INLINE}',
        '        Action = [\n          # mine\n          "sns:Publish" # keep\n        ]\n'
        f'        Resource = "*"\n        {INLINE}',
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", TERRAFORM)
def test_terraform_comments_stay_in_place(name: str, newline: str, tmp_path: Path) -> None:
    before, after = (terraform(one).replace("\n", newline) for one in TERRAFORM[name])
    path = tmp_path / "main.tf"
    path.write_text(before, newline="")
    found = repaired([tmp_path], unsafe=True)
    assert found.fixed, [(one.finding.rule, one.reason) for one in found.unfixed]
    assert found.texts[str(path)] == after
