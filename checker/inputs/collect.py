"""What the files of one run say, before it is tied together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import Skipped
from checker.inputs.declared import Declarations
from checker.inputs.discover import name_of
from checker.inputs.terraform.module.folder import CalledFolders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.analysis.inventory import Contact, Grant, IgnoreComment, Instance, Key, Subscription, Topic
    from checker.core.errors import InputError
    from checker.inputs.cloudtrail.streams import Streams


LOOKED_FOR = (
    "topic and key policies, output of the AWS CLI, streaming manifests, Terraform files, plans and states, "
    "CloudFormation templates, CloudTrail events"
)


class Given(NamedTuple):
    """What the caller says beside the files: values for Terraform's variables and CloudFormation's parameters,
    and the folder of the Terraform files that a plan was made from. ``values`` are pairs of a root's folder and
    a file with values for it, as of `-var-file`. ``progress`` is told the name of a large file and how much of
    it is read, from 0 to 1.
    """

    variables: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    source: Path | None = None
    values: tuple[tuple[Path, Path], ...] = ()
    progress: Callable[[str, float], None] = lambda _name, _part: None


class Facts:
    """Topics, keys and the rest, each with the folder it was found in; lists by what they are about.

    ``nobody`` are the folders with a list of no subscriptions, which does not say whose it is. ``called`` are
    those of Terraform modules that others call, by their full names. ``opened`` are the files that Terraform's
    functions read, and ``templates`` those that it renders, by their full names. ``variables`` and ``parameters``
    are the names that root modules and templates declare. ``of_change`` says that nobody chose the files, so that
    one about something else is no news.
    """

    def __init__(self, given: Given, *, of_change: bool = False) -> None:
        self.given = given
        self.of_change = of_change
        self.topics: list[tuple[Path, Topic]] = []
        self.keys: list[tuple[Path, Key]] = []
        self.instances: list[Instance] = []
        self.contacts: list[Contact] = []
        self.subscriptions: dict[str, list[Subscription]] = {}
        self.nobody: list[Path] = []
        self.tags: dict[str, tuple[tuple[str, str], ...]] = {}
        self.grants: dict[str, list[Grant]] = {}
        self.skipped: list[Skipped] = []
        self.comments: list[IgnoreComment] = []
        self.declared: dict[Path, Declarations] = {}
        self.called = CalledFolders()
        self.opened: set[str] = set()
        self.templates: set[str] = set()
        self.streams: Streams | None = None
        self.variables: set[str] = set()
        self.parameters: set[str] = set()

    def skip(self, error: InputError) -> None:
        """Note a file that could not be read."""
        self.skipped.append(error.skipped())

    def pass_over(self, path: Path, reason: str, *, named: bool) -> None:
        """Note a file that was read as a whole and declares nothing to judge, if somebody chose it."""
        if named and not self.of_change:
            self.skipped.append(Skipped(name_of(path), reason))

    def refuse(self, path: Path, reason: str, *, named: bool) -> None:
        """Note a file that cannot be judged; it is an error if somebody chose it."""
        if named and not self.of_change:
            help_text = f"files are recognized by their content: {LOOKED_FOR}"
            self.skipped.append(Skipped(name_of(path), reason, error=True, help=help_text))

    def declarations(self, folder: Path) -> Declarations:
        """Give the declarations of a folder, to which its files add."""
        return self.declared.setdefault(folder, Declarations())
