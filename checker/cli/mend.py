"""What `checker fix` does with files: tries changes out on drafts, and writes what has proven good."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.cli.run import Options, examine, examine_on, prepare
from checker.cli.terminal import tell
from checker.fix.outcome import Outcome, policy_changes
from checker.fix.reading import Reading
from checker.fix.rounds import repair
from checker.fix.writing import write_files
from checker.inputs.files import STDIN
from checker.inputs.text import InputError, drafts, read_text
from checker.report.paint import Paint
from checker.report.text import skipped_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from checker.finding import Severity


class Mending(NamedTuple):
    """What came of it, and the severity from which a finding that is left counts."""

    options: Options
    outcome: Outcome
    fail_on: Severity


def mend(options: Options, *, unsafe: bool, kms_condition: bool) -> Mending:
    """Work out what to change. Raises InputError for options that cannot be followed."""
    if STDIN in options.paths:
        raise InputError("-", "standard input cannot be mended in place", help_text="name a file")
    ground = prepare(options)

    def read(texts: Mapping[str, str]) -> Reading:
        with drafts(texts):
            run = examine_on(ground, options)
        return Reading(run.inventory, run.report)

    found = repair(read, unsafe=unsafe, kms_condition=kms_condition, may_edit=_named_by(options.paths))
    for skipped in found.before.report.skipped:
        tell(*skipped_text(skipped, Paint()))
    originals = {path: read_text(Path(path)) for path in found.texts}
    names = {path: os.path.relpath(path) for path in found.texts}
    outcome = Outcome(found, originals, names, policy_changes(found))
    return Mending(options, outcome, ground.fail_on(options))


def _named_by(paths: Sequence[Path]) -> Callable[[str], bool]:
    """Tell the files that were named, or lie in a folder that was."""
    named = [path.absolute() for path in paths or (Path(),)]
    places = [Path(os.path.normpath(path)) for path in named]
    return lambda name: any(Path(os.path.abspath(name)).is_relative_to(place) for place in places)  # noqa: PTH100


def carried_out(mending: Mending) -> Mending:
    """Write the files, and read them again to see that it worked. Raises InputError."""
    outcome = mending.outcome
    for _ in write_files(outcome.repair.texts, outcome.originals):
        pass
    if outcome.repair.texts:
        run = examine(mending.options)
        after = outcome.repair.after.report
        if len(run.report.findings) != len(after.findings):
            raise InputError(
                ", ".join(map(outcome.name, outcome.repair.texts)),
                "what the files say now is not what was expected of them",
                help_text="somebody else may be writing them: run `checker check`",
            )
    return mending._replace(outcome=outcome._replace(applied=True))
