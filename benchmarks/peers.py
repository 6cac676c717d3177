"""`make peers`: prints what checker and other linters catch of the labelled policies, side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from benchmarks.peer_tools import Answer, ask, lay_out
from checker import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RULES = Path(__file__).parent.parent / "tests" / "rules"
WIDTH = 24

NOTES = """\
Each row is a pair of policies, a bad one and a good one. A tool catches the defect when it says something of
the bad one that it does not say of the good one; the ids are its own, in short, `+1` is one more id. It counts
even if what it says is not about the defect.
  -    it is silent
  =    it says as much of the good one, so it cannot tell them apart
  n/a  it cannot read such files: a manifest, or a topic's attributes and subscriptions; not counted against it
parliament and iam-policy-validator read the policy as it is. cfn-lint and checkov read templates: the same text
is spliced in, as the PolicyDocument of an AWS::SNS::TopicPolicy or the KeyPolicy of an AWS::KMS::Key.
checkov 3.3.30 looks at topic policies in Terraform alone; spliced into Terraform, it tells no pair apart either.
Every tool runs with the checks that are on by default, without network. iam-policy-validator would fetch the
actions and keys of AWS from AWS; here it reads those that parliament brings, in the form that it expects."""


class Case(NamedTuple):
    """One side of a labelled pair."""

    defect: str
    bad: bool
    rule: str
    files: tuple[Path, ...]
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the case, and of its policy where a peer reads it."""
        return side(self.defect, bad=self.bad)


def main(requirements: Sequence[str]) -> None:
    """Ask checker and the peers, and print what they say."""
    cases = sorted(read_cases())
    rules = {case.defect: case.rule for case in cases}
    answers = [ask_checker(cases), *ask_peers(requirements, cases)]
    print_table(list(table(rules, answers)))
    print()
    for answer in answers:
        print(f"{answer.tool + ' ' + answer.version:<30}{total(rules, answer)}")
    print(f"\n{NOTES}")


def read_cases() -> Iterator[Case]:
    """Give the cases that carry the name of a defect."""
    for path in RULES.glob("*/*/cases.yaml"):
        for entry in yaml.safe_load(path.read_text()):
            if "defect" in entry:
                files = tuple(path.parent / name for name in entry["files"])
                options = ("--instance-arn", entry["instance"]) if "instance" in entry else ()
                yield Case(entry["defect"], bool(entry["findings"]), path.parent.name, files, options)


def ask_checker(cases: Sequence[Case]) -> Answer:
    """Run checker over all files of a case, one case at a time: files that lie together belong together."""
    return Answer("checker", __version__, {case.name: _findings(case) for case in cases})


def ask_peers(requirements: Sequence[str], cases: Sequence[Case]) -> list[Answer]:
    """Run every peer once, over the policy documents of all cases."""
    policies = {case.name: text for case in cases for text in _policy(case)}
    with tempfile.TemporaryDirectory() as name:
        lay_out(Path(name), policies)
        return [ask(one, Path(name), policies) for one in requirements]


def side(defect: str, *, bad: bool) -> str:
    """Name one side of a pair."""
    return f"{defect}.{'bad' if bad else 'good'}"


def caught(defect: str, answer: Answer) -> set[str]:
    """Give the ids that a tool has for the bad side alone."""
    bad, good = side(defect, bad=True), side(defect, bad=False)
    return answer.said.get(bad, set()) - answer.said.get(good, set())


def table(rules: dict[str, str], answers: Sequence[Answer]) -> Iterator[list[str]]:
    """Give the rows: what each tool says of each defect, and of how many good policies it says anything."""
    yield ["defect", *(answer.tool for answer in answers)]
    for defect, rule in rules.items():
        yield [defect, *(_cell(defect, rule, answer) for answer in answers)]
    yield ["good ones it complains of", *(_alarms(rules, answer) for answer in answers)]


def total(rules: dict[str, str], answer: Answer) -> str:
    """Say how many defects a tool catches of those that it can read."""
    if answer.trouble:
        return answer.trouble
    readable = sum(side(defect, bad=True) in answer.said for defect in rules)
    count = sum(bool(caught(defect, answer)) for defect in rules)
    beyond = f", {len(rules) - readable} n/a" if readable < len(rules) else ""
    return f"catches {count} of {readable}{beyond}"


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, a line under the first and above the last."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    rule = "  ".join("-" * width for width in widths)
    print("\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]]))


def _cell(defect: str, rule: str, answer: Answer) -> str:
    if answer.trouble:
        return answer.trouble.partition(":")[0]
    said = answer.said.get(side(defect, bad=True))
    if said is None:
        return "n/a"
    ids = sorted(caught(defect, answer), key=lambda one: (one != rule, one))
    return _short(ids) if ids else "=" if said else "-"


def _short(ids: Sequence[str]) -> str:
    for shown in (2, 1):
        more = [f"+{len(ids) - shown}"] if len(ids) > shown else []
        text = " ".join([*ids[:shown], *more])
        if len(text) <= WIDTH:
            break
    return text


def _alarms(rules: dict[str, str], answer: Answer) -> str:
    good = [answer.said[name] for defect in rules if (name := side(defect, bad=False)) in answer.said]
    return f"{sum(map(bool, good))} of {len(good)}" if good else ""


def _findings(case: Case) -> set[str]:
    program = str(Path(sys.executable).parent / "checker")
    command = [program, "check", "--isolated", "--format", "json", *case.options, *map(str, case.files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {finding["rule"] for finding in json.loads(done.stdout)["findings"]}


def _policy(case: Case) -> list[str]:
    texts = [path.read_text() for path in case.files if path.suffix == ".json"]
    return [text for text in texts if "Statement" in json.loads(text)][:1]


if __name__ == "__main__":
    main(sys.argv[1:])
