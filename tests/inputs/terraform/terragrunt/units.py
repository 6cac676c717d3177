"""Repositories with Terragrunt units that are written down in tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.unknown import Symbol, Unknown
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.policy.model import Condition
from tests.inputs.terraform.module.reading import policy_of, write

if TYPE_CHECKING:
    from checker.analysis.inventory import Inventory, Topic
    from checker.policy.model import Value

MODULE = """
variable "name" {
  type    = string
  default = "default"
}
variable "arn" {
  type    = string
  default = "default"
}
variable "given" {
  type    = any
  default = null
}
resource "aws_sns_topic" "chat" {
  name = var.name
}
resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "A", Effect = "Allow", Action = "sns:Publish",
    Principal = { Service = "connect.amazonaws.com" }, Resource = aws_sns_topic.chat.arn,
    Condition = { ArnEquals = { "aws:SourceArn" = var.given == null ? var.arn : join(" ", flatten(values(var.given))) } }
  }] })
}
"""
UNIT = "live/prod/chat/terragrunt.hcl"
SOURCE = 'terraform {\n  source = "../../../modules//chat"\n}\n'
INCLUDE = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'


def inventory_of(folder: Path, files: dict[str, str], path: str = ".", **variables: str) -> Inventory:
    """Write a repository and read a path of it. The current folder has to be the repository."""
    (folder / ".git").mkdir(exist_ok=True)
    write(folder, {"modules/chat/main.tf": MODULE, **files})
    assert folder.samefile(Path.cwd())
    return load([Path(path)], given=Given(variables=tuple(variables.items())))


def topic_of(inventory: Inventory) -> Topic:
    """The only topic of a repository that was read without errors."""
    assert inventory.skipped == ()
    (topic,) = inventory.topics
    return topic


def arn_of(topic: Topic) -> Value:
    """The value that its policy pins, which the tests pass to the module."""
    (statement,) = policy_of(topic).policy.known_statements()
    (condition,) = statement.conditions
    assert isinstance(condition, Condition)
    (found,) = condition.values
    return found


def told(value: Value) -> str:
    """A value as a test expects it: the names of symbols are in braces, and a question mark is not known at all."""
    if not isinstance(value, Unknown):
        return value
    pieces = (f"{{{one.name}}}" if isinstance(one, Symbol) else one for one in value.pieces)
    return "".join(pieces) or "?"


def value_of(folder: Path, unit: str, files: dict[str, str] | None = None, **variables: str) -> str:
    """The value of the variable `arn` that a unit passes."""
    return told(arn_of(topic_of(inventory_of(folder, {UNIT: unit, **(files or {})}, **variables))))
