"""Terraform's files for the benchmarks, and the command with which python-hcl2 parses them, and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PARSER = (
    "import sys, hcl2, pathlib\n"
    "for path in sorted(pathlib.Path(sys.argv[1]).rglob('*.tf')): hcl2.parses_to_tree(path.read_text())"
)
_TOPIC = """
resource "aws_sns_topic" "chat_{n}" {{
  name              = "chat-{n}-${{var.env}}"
  kms_master_key_id = aws_kms_key.chat_{n}.arn
  tags              = merge(local.tags, {{ Name = "chat-{n}" }})
}}

data "aws_iam_policy_document" "chat_{n}" {{
  statement {{
    sid       = "Connect{n}"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat_{n}.arn]
    principals {{
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }}
    condition {{
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }}
  }}
}}

resource "aws_sns_topic_policy" "chat_{n}" {{
  arn    = aws_sns_topic.chat_{n}.arn
  policy = data.aws_iam_policy_document.chat_{n}.json
}}

resource "aws_kms_key" "chat_{n}" {{
  description = "encrypts chat {n}"
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Sid       = "Connect"
      Effect    = "Allow"
      Principal = {{ Service = "connect.amazonaws.com" }}
      Action    = ["kms:GenerateDataKey*", "kms:Decrypt"]
      Resource  = "*"
    }}]
  }})
}}
"""
_OTHER = """
resource "aws_security_group" "group_{n}" {{
  name   = "group-{n}"
  vpc_id = var.vpc
  ingress {{
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"] # the office
  }}
}}
"""
_SHARED = """
variable "env" {
  default = "prod"
}
variable "vpc" {}
data "aws_caller_identity" "current" {}
locals {
  tags = { Team = "chat" }
}
"""


SIZE = 4096
"""The number of characters of a file, of which a topic with its policy and key takes a quarter."""


def write_modules(root: Path, count: int, *, apart: bool, size: int = SIZE) -> None:
    """Write files with a topic and its key each, all in one module or each in its own."""
    for number in range(count):
        folder = root / f"m{number}" if apart else root
        folder.mkdir(parents=True, exist_ok=True)
        text = _TOPIC.format(n=number)
        while len(text) < size:
            text += _OTHER.format(n=f"{number}_{len(text)}")
        (folder / f"f{number}.tf").write_text(text)
        (folder / "shared.tf").write_text(_SHARED)
