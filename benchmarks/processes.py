"""Runs of commands as whole processes, beside floors that any program in Python has, and beside other linters."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.hcl import PARSER, write_modules
from benchmarks.measure import Row, interleaved
from benchmarks.peer_speed import POLICIES, TEMPLATES, peers, simulators
from benchmarks.plan import SIZE, write_plan
from benchmarks.samples import policies, template_of, write_policies, write_requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROGRAM = str(Path(sys.executable).parent / "checker")
ONE_FILE, MANY = 21, 5
LOADS = "import json, sys, pathlib\nfor path in pathlib.Path(sys.argv[1]).rglob('*.json'): json.loads(path.read_text())"


def python(code: str, *arguments: str) -> list[str]:
    """Return a command that runs code."""
    return [sys.executable, "-c", code, *arguments]


def compared(
    group: str,
    what: str,
    command: Sequence[str],
    beside: Mapping[str, Sequence[str]],
    rounds: int,
    goal: float | None = None,
    items: int = 1,
) -> Row:
    """Run a command and those beside it in turns."""
    own, *others = interleaved([command, *beside.values()], rounds)
    return Row(group, what, own, tuple(zip(beside, others, strict=True)), goal, items)


def start_up(folder: Path) -> Iterator[Row]:
    """`--version`, and one file."""
    (path,) = write_policies(folder / "one", 1)
    bare, typer = {"python -c pass": python("pass")}, {"import typer": python("import typer")}
    yield compared("start-up", "--version", [PROGRAM, "--version"], bare, ONE_FILE)
    check = [PROGRAM, "check", str(path)]
    yield compared(
        "start-up", "check, 1 file", check, {**typer, **bare, **peers(POLICIES, path.parent)}, ONE_FILE, 1.10
    )


def policy_files(folder: Path) -> Iterator[Row]:
    """Folders of policies of half a kilobyte, in five forms."""
    for count in (1_000, 10_000):
        root = folder / str(count)
        write_policies(root, count)
        check = [PROGRAM, "check", "--all-topics", str(root)]
        linters = peers(POLICIES, root) if count == 1_000 else {}
        beside = {**linters, "json.loads of them": python(LOADS, str(root))}
        first = "aws-guardrails" in linters
        yield compared(
            "policies", f"check, {count:,} policies", check, beside, MANY, 2.0 if first else None, count
        )
    changed = [PROGRAM, "check", "--changed"]
    alone = [str(path) for path in write_policies(folder / "ten", 10)]
    among = [str(path) for path in sorted((folder / "10000").iterdir())[:10]]
    beside = {"10 files alone": [*changed, *alone]}
    yield compared("policies", "check --changed, 10 files among 10,000", [*changed, *among], beside, MANY)


def terraform(folder: Path) -> Iterator[Row]:
    """Files of 4 KB with a topic and its key each."""
    for count, apart, rounds in ((100, False, MANY), (100, True, MANY), (4_000, True, 1)):
        root = folder / f"{count}-{apart}"
        write_modules(root, count, apart=apart)
        check = [PROGRAM, "check", "--isolated", str(root)]
        beside = {"python-hcl2 alone": python(PARSER, str(root))}
        what = f"check, {count:,} .tf files of 4 KB, {'a folder each' if apart else 'one folder'}"
        goal = 1.0 if count == 100 else None
        yield compared("terraform", what, check, beside, rounds, goal, count)


def editor(folder: Path) -> Iterator[Row]:
    """Edits in the language server."""
    from benchmarks.editor import rows  # pygls is slow to import

    yield from rows(folder)


def plan(folder: Path) -> Iterator[Row]:
    """A plan of 40 MB."""
    path = folder / "plan.json"
    topics = write_plan(path, SIZE)
    beside = {"json.load": python("import json, sys; json.load(open(sys.argv[1]))", str(path))}
    check = [PROGRAM, "check", "--isolated", str(path)]
    yield compared("plan", f"check, a plan of 40 MB, {topics} topics", check, beside, 3)


def template(folder: Path) -> Iterator[Row]:
    """A template with as many resources as CloudFormation accepts.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    path = folder / "template.json"
    path.write_text(json.dumps(template_of(policies(250)), indent=1))
    beside = {"json.loads of it": python(LOADS, str(folder)), **peers(TEMPLATES, path)}
    yield compared("template", "check, a template of 500 resources", [PROGRAM, "check", str(path)], beside, 3)


def simulate(folder: Path) -> Iterator[Row]:
    """Decisions of single requests."""
    path = folder / "requests.jsonl"
    write_requests(path, 4_000)
    floor = "import json, sys\nfor line in open(sys.argv[1]): json.loads(line)"
    beside = {"json.loads of them": python(floor, str(path)), **simulators(path)}
    command = [PROGRAM, "simulate", "--requests", str(path)]
    yield compared("simulate", "simulate, 4,000 requests", command, beside, MANY, items=4_000)


def audit(folder: Path) -> Iterator[Row]:  # noqa: ARG001 - it writes nothing
    """Audits of an account on a stub of AWS."""
    from benchmarks.audit import compared_audits  # boto3 is slow to import

    yield from compared_audits()
