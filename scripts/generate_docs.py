"""Writes what follows from the rules: the pages in `docs/rules`, and the rule ids in the schema.

    python scripts/generate_docs.py [--check]

`--check` writes nothing and fails if anything would change.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from checker.analysis.inventory import Instance
from checker.core.arn import Arn
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import built_in
from checker.report.context import Setting
from checker.report.text import findings_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.lint.rule import Rule

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "rules"
PAGES = ROOT / "docs" / "rules"
RULES = sorted(built_in(), key=lambda rule: rule.id)


def main() -> None:
    """Write the files, or compare them."""
    wanted = {**pages(), ROOT / "schemas/configuration.v1.json": schema()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    extra = [path for path in PAGES.glob("*.md") if path not in wanted]
    if "--check" in sys.argv[1:]:
        names = [path.relative_to(ROOT).as_posix() for path in (*stale, *extra)]
        sys.exit(f"out of date, run `make docs`: {', '.join(names)}" if names else 0)
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(wanted[path])
    for path in extra:
        path.unlink()


def pages() -> dict[Path, str]:
    """A page a rule, and the index."""
    found = {PAGES / f"{rule.id}.md": "\n".join(page(rule)) + "\n" for rule in RULES}
    index = ["# Rules", "", "Generated from the rules and their cases by `make docs`.", "", *table()]
    return {**found, PAGES / "README.md": "\n".join(index) + "\n"}


def page(rule: Rule) -> Iterator[str]:
    """What the rule says of itself, and a bad and a good case with what is printed."""
    fix = "yes" if rule.fixable else "no"
    yield from (f"# `{rule.id}`", "", f"{rule.summary[0].upper()}{rule.summary[1:]}.", "")
    yield from ("| family | severity, at worst | since | fixable |", "| --- | --- | --- | --- |")
    yield from (f"| {rule.family} | {rule.severity.value} | {rule.since} | {fix} |", "")
    yield from rule.documentation().splitlines()[2:]
    cases = yaml.safe_load((CASES / rule.family / rule.id / "cases.yaml").read_text())
    bad = next(one for one in cases if any(f" {rule.id} " in finding for finding in one["findings"]))
    good = next((one for one in cases if not one["findings"]), None)
    yield from ("", "## A case that it finds", "", *case(rule, bad))
    if good is not None:
        yield from ("", "## A case that it leaves alone", "", *case(rule, good))


def case(rule: Rule, entry: dict[str, Any]) -> Iterator[str]:
    """The files of a case, and the report on it."""
    folder = CASES / rule.family / rule.id
    for name in entry["files"]:
        text = (folder / name).read_text().rstrip()
        yield from (f"`{Path(name).name}`", "", f"```{Path(name).suffix[1:]}", *text.splitlines(), "```", "")
    arn = Arn.parse(entry.get("instance", ""))
    if arn is not None:
        yield from (f"with `--instance-arn {arn}`", "")
    inventory = load(folder / name for name in entry["files"])
    report = judge(
        inventory._replace(instances=(*inventory.instances, *([Instance(arn)] if arn else []))), RULES
    )
    lines = [line.replace(f"{folder}/", "") for line in findings_text(report, Setting())]
    yield from ("```text", *(lines or ["no findings"]), "```")


def table() -> Iterator[str]:
    """A line a rule, by family."""
    by_family = sorted(RULES, key=lambda rule: (rule.family, rule.id))
    yield from ("| rule | severity, at worst | what it finds |", "| --- | --- | --- |")
    for _, members in groupby(by_family, key=lambda rule: rule.family):
        for rule in members:
            yield f"| [`{rule.id}`]({rule.id}.md) | {rule.severity.value} | {rule.summary} |"


def schema() -> str:
    """The schema of the configuration with the rules and families that there are."""
    value = json.loads((ROOT / "schemas/configuration.v1.json").read_text())
    value["$defs"]["rule"]["anyOf"][0]["enum"] = [rule.id for rule in RULES]
    value["$defs"]["family"]["enum"] = sorted({rule.family for rule in RULES})
    return json.dumps(value, indent=2) + "\n"


if __name__ == "__main__":
    main()
