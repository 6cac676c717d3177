"""Other ways to write the same Terraform root, none of which changes its meaning."""

from __future__ import annotations

import re
from collections.abc import Callable

Files = dict[str, str]

NAMES = {
    "connect_instance_arn": "source_arn",
    "instance_id": "contact_center",
    "other_role": "far_role",
    "current": "here",
    "chat": "messages",
    "this": "main",
    "statement": "grant",
}
"""New names for variables, local values, resources and data sources."""
_BLOCK = re.compile(
    r"^(?:resource|data|variable|provider|locals)\b(?:.*\}$|.*\{\n(?:.*\n)*?\}$)", re.MULTILINE
)
_MODULE = ("resource aws_sns_topic", "resource aws_kms_key", "data aws_iam_policy_document", "locals")
_SHARED = ("data aws_caller_identity.current", "data aws_partition.current", "data aws_region.current")
_PASSED = {
    "aws_connect_instance.this.arn": "instance_arn",
    "data.aws_caller_identity.other.account_id": "other_account",
    "var.connect_instance_arn": "given_arn",
    "var.instance_id": "given_id",
}
"""What the root passes to the module."""


def blocks(files: Files) -> list[str]:
    """The top-level blocks of a root that is one file."""
    return _BLOCK.findall(files["main.tf"])


def _title(block: str) -> str:
    """The kind and name of a block: `resource aws_sns_topic.chat`."""
    kind, *labels = re.findall(r"[\w-]+", block.partition("{")[0])
    return " ".join(filter(None, (kind, ".".join(labels))))


def renamed(files: Files) -> Files:
    """Rename everything that a root names."""
    text = files["main.tf"]
    for old, new in NAMES.items():
        text = re.sub(rf'(?<=[."]){old}(?=["\W])|\b{old}(?= = \{{ Sid)', new, text)
    return {"main.tf": text}


def in_files_of_their_own(files: Files) -> Files:
    return {f"{number:02}.tf": block + "\n" for number, block in enumerate(blocks(files))}


def in_reverse_order(files: Files) -> Files:
    return {"main.tf": "\n".join(reversed(blocks(files)))}


def in_files_in_reverse_order(files: Files) -> Files:
    return in_files_of_their_own(in_reverse_order(files))


def with_local_values(files: Files) -> Files:
    """Give each reference a local value of its own."""
    names = ("data.aws_caller_identity.current.account_id", "aws_sns_topic.chat.arn", *_PASSED)
    text = files["main.tf"]
    used = {name: f"value_{number}" for number, name in enumerate(names) if name in text}
    for name, value in used.items():
        text = re.sub(rf"(?<![\w.]){re.escape(name)}", f"local.{value}", text)
    lines = "".join(f"  {value} = {name}\n" for name, value in used.items())
    return {"main.tf": text + f"\nlocals {{\n{lines}}}\n"}


def with_the_local_value_inline(files: Files) -> Files:
    """Write a statement that is a local value where it is used."""
    text = files["main.tf"]
    found = re.search(r"locals \{\n  statement = (.*)\n\}\n", text)
    if found is None:
        return files
    return {"main.tf": text.replace(found[0], "").replace("local.statement", found[1])}


def in_a_module(files: Files) -> Files:
    """Move the topic, its policy and its key into a module that gets the values of the root."""
    inner = [one for one in blocks(files) if _title(one).startswith((*_MODULE, *_SHARED))]
    outer = [one for one in blocks(files) if not _title(one).startswith(_MODULE)]
    text = "\n".join(inner)
    passed = {name: variable for name, variable in _PASSED.items() if name in text}
    for name, variable in passed.items():
        text = text.replace(name, f"var.{variable}")
    variables = "".join(f'variable "{one}" {{}}\n' for one in passed.values())
    arguments = "".join(f"  {variable} = {name}\n" for name, variable in passed.items())
    call = f'module "chat" {{\n  source = "./chat"\n{arguments}}}\n'
    return {"main.tf": "\n".join((*outer, call)), "chat/main.tf": variables + text + "\n"}


REWRITES: dict[str, Callable[[Files], Files]] = {
    "other names": renamed,
    "a file for each block": in_files_of_their_own,
    "blocks in reverse order": in_reverse_order,
    "files in reverse order": in_files_in_reverse_order,
    "references as local values": with_local_values,
    "the local value inline": with_the_local_value_inline,
    "a module": in_a_module,
}
