"""Collects the facts from the files of one run, before they are linked."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.core.record import NamedTuple
from checker.inputs.discover import name_of
from checker.inputs.terraform.module.folder import CalledFolders, absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from checker.analysis.endpoints import Endpoints, Function, Queue
    from checker.analysis.inventory import (
        CallerPolicy,
        Contact,
        Grant,
        IgnoreComment,
        Instance,
        Key,
        OpenInstance,
        Subscription,
        Topic,
    )
    from checker.core.errors import InputError
    from checker.inputs.cloudformation.cdk import Assembly
    from checker.inputs.cloudtrail.streams import Streams
    from checker.inputs.declared import Declarations
    from checker.inputs.streaming_code import StreamCall
    from checker.inputs.terraform.module.session import Absent


LOOKED_FOR = (
    "topic and key policies, output of the AWS CLI, streaming manifests, Terraform files, plans and states, "
    "Terragrunt units, CloudFormation templates, services of the Serverless Framework, Kubernetes resources, "
    "CloudTrail events and results of queries over them"
)


class Defaults(Enum):
    """The defaults of variables and parameters that are taken for values; others are read as if they were not there."""

    ALL = "all"
    UNLISTED = "those of which the files list no other values"
    NO_TEXTS = "all but texts"

    def dropped(self, listed: frozenset[str], texts: frozenset[str]) -> frozenset[str]:
        """Return the variables that are read without their default, of those with other values and with texts."""
        return {Defaults.ALL: frozenset[str](), Defaults.UNLISTED: listed, Defaults.NO_TEXTS: listed | texts}[
            self
        ]


class Given(NamedTuple):
    """The options for reading files.

    ``variables`` and ``parameters`` are values for Terraform and CloudFormation. ``values`` are pairs of a
    root's folder and a values file for it, as for `-var-file`. The source folder holds the Terraform files of
    a plan. ``progress`` is called with the name of the file or folder that is read, and the fraction read, from 0 to 1.
    ``allow_outside`` reads also files outside of the repository.
    ``code`` is code outside of the run that shows which topics Connect streams to. ``defaults`` are those of variables
    and parameters that are taken for values.
    """

    variables: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    source: Path | None = None
    values: tuple[tuple[Path, Path], ...] = ()
    progress: Callable[[str, float], None] = lambda _name, _part: None
    defaults: Defaults = Defaults.ALL
    code: tuple[Path, ...] = ()
    allow_outside: bool = False


class Facts:
    """Topics, keys and other facts, each with the folder that it was found in; lists are keyed by their
    subject.

    ``described`` are subscriptions with their attributes, by topic. ``endpoints`` are those of code, and ``functions``
    and ``queues`` those in output of the AWS CLI.

    ``empty_lists`` are the folders with an empty list of subscriptions, which names no topic. ``called`` are
    the folders of called Terraform modules, ``deployed`` those of Terragrunt's units, ``opened`` the files that Terraform functions read,
    ``read_by_roots`` those that each root reads, and
    ``templates`` the files that they render, ``others`` files with a policy of another service or in events, all by full path. ``absent`` are the blocks of Terraform that create nothing.
    ``unread_units`` are those of Terragrunt whose module is not here, and of which nothing names Connect.
    ``assemblies`` are the manifests of CDK by folder. ``read_templates`` counts the CloudFormation templates of each
    file. ``values`` are the values files of each root, by its full path. ``variables`` and ``parameters`` are the names that root modules and templates declare, and
    ``has_other_values`` is true if one of them has a default and the files list other values, ``has_defaults`` if one has
    a default that is a text. ``calls`` are those in
    application code that start streams, and ``code`` the files of code. ``of_change`` is true if the files come from a
    change, so that irrelevant files are not reported.
    """

    def __init__(self, given: Given, *, of_change: bool = False) -> None:
        self.given = given
        self.of_change = of_change
        self.topics: list[tuple[Path, Topic]] = []
        self.keys: list[tuple[Path, Key]] = []
        self.instances: list[Instance] = []
        self.open_instances: list[OpenInstance] = []
        self.contacts: list[Contact] = []
        self.callers: list[CallerPolicy] = []
        self.subscriptions: dict[str, list[Subscription]] = {}
        self.described: dict[str, list[Subscription]] = {}
        self.endpoints: list[Endpoints] = []
        self.functions: list[Function] = []
        self.queues: list[Queue] = []
        self.empty_lists: list[Path] = []
        self.tags: dict[str, tuple[tuple[str, str], ...]] = {}
        self.grants: dict[str, list[Grant]] = {}
        self.aliases: dict[str, list[str]] = {}
        self.skipped: list[Skipped] = []
        self.comments: list[IgnoreComment] = []
        self.declared: dict[Path, Declarations] = {}
        self.called = CalledFolders()
        self.deployed: set[str] = set()
        self.opened: set[str] = set()
        self.read_by_roots: dict[str, set[str]] = {}
        self.templates: set[str] = set()
        self.others: set[str] = set()
        self.absent: list[Absent] = []
        self.read_templates: Counter[str] = Counter()
        self.values: dict[str, list[Path]] = {}
        for root, file in given.values:
            self.values.setdefault(absolute(root), []).append(file)
        self.unread_units: list[Skipped] = []
        self.assemblies: dict[Path, Assembly] = {}
        self.streams: Streams | None = None
        self.calls: tuple[StreamCall, ...] = ()
        self.code: tuple[Path, ...] = ()
        self.variables: set[str] = set()
        self.parameters: set[str] = set()
        self.has_other_values = False
        self.has_defaults = False

    @property
    def variables_of_code(self) -> frozenset[str]:
        """The environment variables in which application code expects topics."""
        return frozenset(call.variable for call in self.calls if call.variable)

    def add_opened(self, root: str, files: Iterable[str]) -> None:
        """Add the files that a root reads besides those of its modules."""
        found = set(files)
        self.opened |= found
        self.read_by_roots.setdefault(root, set()).update(found)

    def skip(self, error: InputError) -> None:
        """Report a file that could not be read."""
        self.skipped.append(error.skipped())

    def skip_irrelevant(self, path: Path, reason: str, *, named: bool) -> None:
        """Report a file without relevant content, if the user named it."""
        if named and not self.of_change:
            self.skipped.append(Skipped(name_of(path), reason))

    def refuse(self, path: Path, reason: str, help_text: str = "", *, named: bool) -> None:
        """Report a file that cannot be checked, as an error if the user named it."""
        if named and not self.of_change:
            help_text = help_text or f"files are recognized by their content: {LOOKED_FOR}"
            self.skipped.append(Skipped(name_of(path), reason, error=True, help=help_text))

    def template_scope(self, name: str) -> str:
        """Return the scope of the next template of a file: its name, with a number after the first."""
        self.read_templates[name] += 1
        number = self.read_templates[name]
        return name if number == 1 else f"{name}[{number}]"

    def declarations(self, folder: Path) -> Declarations:
        """Return the declarations of a folder, to which its files add."""
        from checker.inputs.declared import Declarations  # imported on demand: policies declare nothing

        return self.declared.setdefault(folder, Declarations())

    def inner_declarations(self, outer: Declarations, name: str) -> Declarations:
        """Return declarations inside those of a folder that are deployed elsewhere, so that they are not linked."""
        folder = next(folder for folder, one in self.declared.items() if one is outer)
        inner = self.declarations(folder / name)
        inner.root = outer.root
        return inner
