"""Reads and fixes the files of a test as `checker fix` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from checker.analysis.inventory import Instance
from checker.core.arn import Arn
from checker.core.finding import Verdict
from checker.fix.reading import Reading
from checker.fix.rounds import Repair, repair
from checker.inputs.load import load
from checker.inputs.snapshot import drafts
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from tests.samples import INSTANCE_ARN, arn_of

RULES = all_rules()
Read = Callable[[Mapping[str, str]], Reading]


def reader(paths: Sequence[Path], instance: str = INSTANCE_ARN) -> Read:
    """Judge these files as if they had other texts; Terraform's folders have only what they declare."""
    arn: Arn = arn_of(instance)

    def read(texts: Mapping[str, str]) -> Reading:
        with drafts(texts):
            inventory = load(paths)
        inventory = inventory._replace(instances=(Instance(arn),))
        return Reading(inventory, judge(inventory, RULES, Scope(all_topics=True)))

    return read


def repaired(paths: Sequence[Path], instance: str = INSTANCE_ARN, *, unsafe: bool = False) -> Repair:
    """Mend the files on paper."""
    return repair(reader(paths, instance), unsafe=unsafe)


def on_top(read: Read, texts: Mapping[str, str]) -> Read:
    """Read the files as a repair would leave them."""
    return lambda more: read({**texts, **more})


def counted(reading: Reading) -> Counter[tuple[str, str]]:
    """How many findings there are of each rule and severity."""
    failed = (one for one in reading.report.findings if one.verdict is Verdict.FAIL)
    return Counter((one.rule, one.severity.value) for one in failed)


def write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the files of a form, and give what to read."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, newline="")
    return [folder] if "main.tf" in files else [folder / next(iter(files))]
