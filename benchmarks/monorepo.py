"""`python -m benchmarks.monorepo`: checks 4,000 Terraform files in 400 roots, and prints CPU and memory."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.measure import interleaved, line
from benchmarks.plan import peak

ROOTS = 400
FILES = 8
"""The files of a root without topics and keys; there are two more."""
STREAMING = 40
"""One root in so many streams chats, in the second repository."""
ROUNDS = 3

_VARIABLES = """
variable "vpc_id" {}
variable "ports" { type = list(number) }
variable "stage" {}
locals { tags = { Team = "shop" } }
"""
_SERVICE = """
resource "aws_security_group" "service_N" {
  name   = "service-N"
  vpc_id = var.vpc_id
  dynamic "ingress" {
    for_each = var.ports
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
  tags = merge(local.tags, { Name = format("%s-N", var.stage) })
}
resource "aws_lb_target_group" "service_N" {
  name     = "service-N"
  port     = 8080
  protocol = "HTTP"
  vpc_id   = var.vpc_id
  health_check {
    path = "/health"
  }
}
"""
_ALARMS = """
resource "aws_sns_topic" "alarms" {
  name              = "alarms-N"
  kms_master_key_id = aws_kms_key.alarms.id
}
resource "aws_kms_key" "alarms" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Principal = { Service = "cloudwatch.amazonaws.com" }, Resource = "*"
      Action = ["kms:Decrypt", "kms:GenerateDataKey*"]
    }]
  })
}
resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Principal = { Service = "cloudwatch.amazonaws.com" }
      Action = "sns:Publish", Resource = aws_sns_topic.alarms.arn
    }]
  })
}
"""
_CHAT = """
data "aws_caller_identity" "current" {}
resource "aws_connect_instance" "this" {
  identity_management_type = "SAML"
}
resource "aws_sns_topic" "chat" { name = "chat-N" }
resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }
      Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnEquals    = { "aws:SourceArn" = aws_connect_instance.this.arn }
      }
    }]
  })
}
"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        plain, streaming = Path(folder, "plain"), Path(folder, "streaming")
        write_repository(plain, streaming=False)
        write_repository(streaming, streaming=True)
        commands = [
            [sys.executable, "-m", "checker", "check", "--isolated", str(one)] for one in (plain, streaming)
        ]
        files = ROOTS * (FILES + 2)
        names = (
            f"{files} files without Connect (under 4 s)",
            f"with {ROOTS // STREAMING} streaming topics (under 5 s)",
        )
        for name, seconds, command in zip(names, interleaved(commands, ROUNDS), commands, strict=True):
            line(name, f"{seconds:.2f} s user, {peak(command):.0f} MB at most (under 150)")


def write_repository(root: Path, *, streaming: bool) -> None:
    """Write the roots, each with an alarm topic and its key; some of them stream chats."""
    for number in range(ROOTS):
        folder = root / f"team-{number // 20}" / f"service-{number}"
        folder.mkdir(parents=True)
        (folder / "variables.tf").write_text(_VARIABLES)
        (folder / "alarms.tf").write_text(_ALARMS.replace("-N", f"-{number}"))
        for part in range(FILES):
            (folder / f"part{part}.tf").write_text(
                _SERVICE.replace("_N", f"_{part}").replace("-N", f"-{number}")
            )
        if streaming and number % STREAMING == 0:
            (folder / "chat.tf").write_text(_CHAT.replace("-N", f"-{number}"))


if __name__ == "__main__":
    main()
