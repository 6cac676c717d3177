"""Checks the open documents of a folder as `checker check --changed` checks changed files, with their unsaved texts."""

from __future__ import annotations

import os
from contextlib import chdir, contextmanager
from contextvars import copy_context
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.inventory import Inventory, Key, PolicyText
from checker.analysis.topic import TopicAnalysis
from checker.app.run import Options, examine, known_rules, searched
from checker.core.errors import CheckerError, InputError
from checker.core.finding import Location
from checker.core.record import NamedTuple
from checker.core.terminal_text import start_hiding
from checker.fix.appraisal import with_previews
from checker.fix.editable import own_code_check
from checker.fix.proof_memory import ProofMemory
from checker.fix.reading import Reading
from checker.inputs.discover import CONFIGURATION, CONFIGURATIONS, VALUES, is_input
from checker.inputs.reading_memory import remembering
from checker.inputs.repository import find_configuration, git_top
from checker.lint.explain import explain
from checker.lint.report import Report
from checker.lint.summary import key_status, summary_of
from checker.report.context import Paint
from checker.report.explanation import explanation_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextvars import Context

    from checker.analysis.inventory import Topic
    from checker.inputs.reading_memory import ReadingMemory


INSTANCES = "name the Connect instance as `instances` in checker.yaml, or in the settings of the editor"
"""The help where the command line names `--instance-arn`."""
_SETTING = "the setting `instances` of the editor"


def is_checked(path: str) -> bool:
    """True for a file that may declare topics and keys, or that is read with one that does."""
    return is_input(os.path.basename(path)) or path.endswith((*VALUES, CONFIGURATION, *CONFIGURATIONS))  # noqa: PTH119 - a name


def folder_of(path: str, workspaces: Iterable[Path]) -> Path:
    """Return the folder in which to check a file: that of its configuration, else its repository, else its workspace."""
    file = Path(path)
    configuration = find_configuration(file.parent)
    if configuration is not None:
        return configuration.parent
    around = [one for one in workspaces if file.is_relative_to(one)]
    return git_top(file.parent) or max(around, key=lambda one: len(one.parts), default=file.parent)


class Lens(NamedTuple):
    """The answers about a topic or key, and the place of its policy; ``topic`` is empty for a key."""

    location: Location
    title: str
    topic: str = ""


class FolderCheck:
    """The result of checking the open documents of a folder.

    ``texts`` are the checked texts by absolute path. ``error`` is set if nothing could be checked. What only some
    requests need, such as fixes, is computed on first use. Use it in its ``context``, which has the sensitive values
    that no message may show, and by one thread at a time.
    """

    context: Context

    @classmethod
    def of(
        cls, folder: Path, texts: Mapping[str, str], instances: tuple[str, ...], memory: ReadingMemory
    ) -> FolderCheck:
        """Check the open documents of a folder. Errors of the input become ``error``."""
        context = copy_context()
        check = context.run(cls, folder, texts, instances, memory)
        check.context = context
        return check

    def __init__(
        self, folder: Path, texts: Mapping[str, str], instances: tuple[str, ...], memory: ReadingMemory
    ) -> None:
        start_hiding()
        self.folder = folder
        self.texts = texts
        self.error: CheckerError | None = None
        self.report, self.inventory = Report((), (), (), 0), Inventory()
        self._memory = memory
        self._memory.forget()
        paths = tuple(Path(os.path.relpath(path, folder)) for path in sorted(texts))
        self._options = Options(paths=paths, instances=instances, changed=True, only_named=True)
        with self._reading():
            self._check()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Read in the folder, as a command that runs there does."""
        with chdir(self.folder), remembering(self._memory, self.texts):
            yield

    def _check(self) -> None:
        try:
            run = examine(self._options)
        except CheckerError as error:
            of_option = error.what == "--instance-arn"
            self.error = error.reworded(error.reason, error.help, _SETTING) if of_option else error
        else:
            self.report, self.inventory = run.report, run.inventory

    def path_of(self, name: str) -> str:
        """Return the absolute path of a file that a report names."""
        return os.path.normpath(self.folder / name.partition("#")[0])

    def text_of(self, name: str) -> str | None:
        """Return the text of a file that a report names, as it was checked; ``None`` if it was not read."""
        path = self.path_of(name)
        original = self._memory.snapshot.get(path)
        return self.texts.get(path, original.text if original is not None else None)

    @cached_property
    def fixed(self) -> Report:
        """The report with the edits of all fixes, and how far each is proven."""
        with self._reading(), searched(self._options):
            reading = Reading(self.inventory, self.report)
            return with_previews(reading, own_code_check(self._options.paths), ProofMemory())

    @cached_property
    def lenses(self) -> tuple[Lens, ...]:
        """The answers about the topics and keys whose policies are in the open documents."""
        with self._reading():
            return (*self._of_topics(), *self._of_keys())

    def explanation(self, topic: str) -> str:
        """Explain whether Connect can publish to a topic of the lenses, and who else can."""
        case = next(
            (TopicAnalysis(one, self.inventory) for one in self.inventory.topics if one.name == topic), None
        )
        if case is None:
            return f"`{topic}` is not in the open documents any more"
        with self._reading():
            try:
                explained = explain(*case.about, None, known_rules(), around=self.inventory)
            except InputError as error:
                help_text = error.help if case.pairings else INSTANCES
                return "\n".join(filter(None, (str(error), help_text and f"help: {help_text}")))
        return "\n".join(explanation_text(explained, Paint()))

    def _of_topics(self) -> Iterator[Lens]:
        for topic in self.inventory.topics:
            if (at := self._policy_of("topic", topic)) is not None:
                summary = summary_of(topic, self.inventory, self.report, known_rules())
                yield Lens(at, str(summary), topic.name)

    def _of_keys(self) -> Iterator[Lens]:
        for key in self.inventory.keys:
            if (at := self._policy_of("key", key)) is not None:
                yield Lens(at, f"Connect can use this key: {key_status(key, self.report, known_rules())}")

    @cached_property
    def _examined(self) -> set[tuple[str, str, str]]:
        """The kind, name and home of each topic and key of the report."""
        return {(one.kind, one.resource, one.home) for one in self.report.examined}

    def _policy_of(self, kind: str, resource: Topic | Key) -> Location | None:
        """Return the place of an examined policy, else of its resource, in an open document."""
        if (kind, resource.name, resource.home) not in self._examined:
            return None
        policy, place = resource.policy, resource.place
        written = (Location(policy.document, ()),) if isinstance(policy, PolicyText) else ()
        places: tuple[Location, ...] = (*written, Location(place.document, place.route))
        return next((at for at in places if self.path_of(at.source) in self.texts), None)
