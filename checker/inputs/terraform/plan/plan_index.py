"""Indexes the relevant resources of a plan or state by offset, without keeping their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.inputs.terraform import declare
from checker.inputs.terraform.address import split
from checker.inputs.terraform.declare_endpoints import ENDPOINTS
from checker.inputs.terraform.stacks import STACKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inputs.terraform.plan.configuration import Module


TYPES = frozenset((*declare.TYPES, declare.DOCUMENT, *STACKS))
SUBSCRIPTIONS = ("aws_sns_topic_subscription", "awscc_sns_subscription", "awscc_sns_topic")
"""Resource types that may name an endpoint, so that endpoints are relevant."""

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
"""Resource types that show which resources stream chats to a topic."""

LONGEST_ADDRESS = 2000
"""Maximum length of an address; longer ones do not occur and would be slow to parse."""

LOOKED_UP = ("aws_iam_policy_document", "aws_connect_instance")
"""Resource types that are also relevant as data sources."""


class Found(NamedTuple):
    """An indexed resource: its address, its type, the offset of its object, and the JSON pointer of the
    object. ``deferred`` is true for a change that Terraform defers to a later plan.
    """

    address: str
    type: str
    pointer: str
    start: int
    deferred: bool = False

    @property
    def is_looked_up(self) -> bool:
        """True for a data source."""
        steps = split(self.address)
        return len(steps) > 2 and steps[-3].name == "data"


class Outline:
    """The index of a plan or state.

    ``changed`` are the addresses of all changes. ``unsettled`` are the addresses, without instance keys, of
    resources with unknown values. ``released`` are the owners whose policy resource is deleted. ``deferred`` are
    the relevant changes that are deferred. ``gap`` is the reason if resources may be missing from the plan, else
    empty.
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
        self.deferred: list[Found] = []
        self.gap = ""

    def resources(self) -> list[Found]:
        """Return the resources to check, as planned."""
        found = self._all()
        wanted = TYPES | ENDPOINTS.keys() if any(one.type in SUBSCRIPTIONS for one in found) else TYPES
        return [one for one in found if one.type in wanted]

    def parts(self) -> list[Found]:
        """Return the resources that show who streams chats."""
        return [one for one in self._all() if one.type in PARTS]

    def identities(self) -> list[Found]:
        """Return the roles, users and groups, and their policies and policy documents."""
        return [one for one in self.parts() if one.type.startswith("aws_iam_")]

    def _all(self) -> list[Found]:
        """Return the planned resources: the results of changes, and unchanged resources."""
        if self.changes is None:
            return self.planned or self.values
        kept = (one for one in self.values if one.address not in self.changed)
        return [*self.changes, *self.deferred, *kept]


def kind_of(one: Mapping[str, object]) -> str:
    """Return the type of a relevant resource, else empty; data sources belong to another configuration."""
    kind = one.get("type")
    if not isinstance(kind, str) or not (kind in TYPES or kind in PARTS or kind in ENDPOINTS):
        return ""
    return kind if one.get("mode") != "data" or kind in LOOKED_UP else ""


def is_marked(marks: object, *path: str | int) -> bool:
    """True for a value that is marked, or inside a marked value."""
    return marks_beneath(marks, path) is True


def has_marks(marks: object, *path: str | int) -> bool:
    """True for a value that is marked, inside a marked value, or contains a marked value."""
    waiting = [marks_beneath(marks, path)]
    while waiting:  # iterative, because the tree may exceed the recursion limit
        one = waiting.pop()
        if one is True:
            return True
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return False


def marks_beneath(marks: object, path: tuple[str | int, ...]) -> object:
    """Return the marks of a part of a value; true inside a marked value, ``None`` without marks."""
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
