"""Where in a plan or state the resources stand that matter; nothing of them is kept but offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inputs.terraform.plan.configuration import Module


POLICY_OWNERS = {
    "aws_sns_topic_policy": "arn",
    "awscc_sns_topic_inline_policy": "topic_arn",
    "aws_kms_key_policy": "key_id",
}
"""Resources that write the policy of another, and the attribute that says whose."""

TYPES = frozenset(
    (
        *POLICY_OWNERS,
        "aws_connect_instance",
        "aws_iam_policy_document",
        "aws_kms_alias",
        "aws_kms_grant",
        "aws_kms_key",
        "aws_kms_replica_key",
        "aws_sns_topic",
        "aws_sns_topic_subscription",
    )
)

PARTS = frozenset(
    (
        "aws_connect_contact_flow",
        "aws_connect_contact_flow_module",
        "aws_ecs_task_definition",
        "aws_iam_group",
        "aws_iam_group_policy",
        "aws_iam_group_policy_attachment",
        "aws_iam_policy",
        "aws_iam_policy_attachment",
        "aws_iam_policy_document",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_iam_user",
        "aws_iam_user_policy",
        "aws_iam_user_policy_attachment",
        "aws_lambda_function",
        "aws_sfn_state_machine",
        "null_resource",
        "terraform_data",
    )
)
"""Types that tell what streams chats to a topic."""

LOOKED_UP = ("aws_iam_policy_document", "aws_connect_instance")
"""Types of which a data source says something, too."""


class Found(NamedTuple):
    """A resource: its address and type, where its object stands in the text, and the JSON pointer of that."""

    address: str
    type: str
    pointer: str
    start: int


class Outline:
    """A plan or state in outline.

    ``changed`` are the addresses of all changes, ``unsettled`` those, without instances, of resources that
    have a value which is not known yet. ``released`` are the owners whose policy resource is deleted.
    ``gap`` says why resources may be missing from a plan, empty if none are.
    """

    def __init__(self) -> None:
        self.changes: list[Found] | None = None
        self.planned: list[Found] = []
        self.values: list[Found] = []
        self.root: Module | None = None
        self.variables: Mapping[str, object] = {}
        self.changed: set[str] = set()
        self.unsettled: set[str] = set()
        self.released: set[str] = set()
        self.gap = ""

    def resources(self) -> list[Found]:
        """The resources that are judged, as they will be."""
        return [one for one in self._all() if one.type in TYPES]

    def parts(self) -> list[Found]:
        """The resources that tell what streams chats."""
        return [one for one in self._all() if one.type in PARTS]

    def _all(self) -> list[Found]:
        """What will be: what the changes leave, and what they do not speak of and is there already."""
        if self.changes is None:
            return self.planned or self.values
        return [*self.changes, *(one for one in self.values if one.address not in self.changed)]


def is_marked(marks: object, *path: str | int) -> bool:
    """True for a value that has a mark itself, or stands in one that has."""
    return _beneath(marks, path) is True


def has_marks(marks: object, *path: str | int) -> bool:
    """True for a value that has a mark, stands in one that has, or holds one."""
    waiting = [_beneath(marks, path)]
    while waiting:  # no recursion: the tree may be as deep as the decoder allows
        one = waiting.pop()
        if one is True:
            return True
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return False


def _beneath(marks: object, path: tuple[str | int, ...]) -> object:
    for step in path:
        if marks is True:
            return True
        if isinstance(marks, dict) and isinstance(step, str):
            marks = marks.get(step)
        elif isinstance(marks, list) and isinstance(step, int) and step < len(marks):
            marks = marks[step]
        else:
            return None
    return marks
