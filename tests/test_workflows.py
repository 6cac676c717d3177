"""The workflows, the action and the workflow that the pages show can be trusted with a repository."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
OWN = "OWNER/connect-stream-checker@COMMIT # v"  # the pages name the commit of a release by a word
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+(?:\s|$)")
TRUSTED = re.compile(
    r"\$\{\{ (?:matrix\.\w+|github\.(?:token|workflow|ref|repository)|inputs\.[\w-]+|steps\.[\w.-]+) \}\}"
)


def examples() -> Iterator[tuple[str, str]]:
    """The workflows in the pages: indented blocks with jobs."""
    for page in PAGES:
        for block in re.findall(r"(?:^(?: {4}.*)?\n)+", page.read_text(), re.MULTILINE):
            if "runs-on:" in block:
                yield page.name, textwrap.dedent(block).strip() + "\n"


TEXTS = dict([*((path.name, path.read_text()) for path in WORKFLOWS), *examples()])


def jobs(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text)["jobs"])


def permissions(name: str) -> dict[str, set[str]]:
    """What each job of a workflow may do, beyond reading the repository."""
    return {
        job: {f"{scope}: {level}" for scope, level in held["permissions"].items()} - {"contents: read"}
        for job, held in jobs(TEXTS[name]).items()
    }


def test_the_workflows_and_the_example_are_looked_at() -> None:
    assert TEXTS.keys() == {"advisories.yml", "ci.yml", "github.md", "names.yml", "release.yml", "reviews.md"}


@pytest.mark.parametrize("name", TEXTS)
def test_actions_are_pinned_to_a_commit_whose_version_is_named(name: str) -> None:
    uses = [line.strip().removeprefix("- ") for line in TEXTS[name].splitlines() if "uses:" in line]
    assert uses
    assert [line for line in uses if not PINNED.match(line) and OWN not in line] == []


def test_one_action_has_one_version() -> None:
    pins = {pin for text in TEXTS.values() for pin in re.findall(r"uses: (\S+@\S+ # \S+)", text)}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins), sorted(pins)


@pytest.mark.parametrize("name", TEXTS)
def test_a_workflow_gets_no_permission_by_default(name: str) -> None:
    workflow = yaml.safe_load(TEXTS[name])
    assert "permissions" in workflow
    assert "pull_request_target" not in TEXTS[name]
    assert "workflow_run" not in TEXTS[name]
    for job, held in workflow["jobs"].items() if name.endswith(".yml") else ():
        assert workflow["permissions"] == {}
        assert held["timeout-minutes"] <= 60, job


def test_only_the_jobs_that_publish_may_write() -> None:
    assert permissions("ci.yml") == {"test": set(), "site": set(), "editors": set()}
    assert permissions("advisories.yml") == {"advisories": set()}
    assert permissions("names.yml") == {
        "fetch": set(),
        "propose": {"contents: write", "pull-requests: write"},
    }
    assert permissions("release.yml") == {
        "build": set(),
        "compare": set(),
        "install": set(),
        "publish": {"id-token: write", "attestations: write"},
        "announce": {"contents: write"},
    }


def test_a_job_that_may_write_runs_nothing_of_the_repository() -> None:
    """Not even an interpreter: shell, and actions that are pinned."""
    release, names = jobs(TEXTS["release.yml"]), jobs(TEXTS["names.yml"])
    for job in (release["publish"], release["announce"], names["propose"]):
        scripts = " ".join(step.get("run", "") for step in job["steps"])
        assert not re.search(r"\b(?:python|pip|make|bash|sh|npm|curl|wget)\b|\./", scripts)
    for job in (release["publish"], release["announce"]):
        assert not [step for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert "--include=checker/core/regions.py --include=checker/policy/names.py names.patch" in str(
        names["propose"]
    )
    assert release["publish"]["environment"] == "release"
    assert set(release["publish"]["needs"]) == {"build", "compare", "install"}


@pytest.mark.parametrize("name", [path.name for path in WORKFLOWS])
def test_a_checkout_leaves_no_token_behind(name: str) -> None:
    steps = [step for job in jobs(TEXTS[name]).values() for step in job["steps"]]
    checkouts = [step for step in steps if "actions/checkout" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_no_value_becomes_part_of_a_script(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    parts = document["jobs"].values() if "jobs" in document else [document["runs"]]
    scripts = [step["run"] for part in parts for step in part["steps"] if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []
    assert re.sub(TRUSTED, "", path.read_text()).count("${{") == 0


def test_no_registry_is_named() -> None:
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org")
    assert [name for name, text in TEXTS.items() if any(host in text for host in hosts)] == []


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    """The files are linted by `make lint`, the examples here, as a user would save them."""
    zizmor = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    if zizmor is None:
        pytest.skip("zizmor is not installed")
    for number, (_, text) in enumerate(examples()):
        (tmp_path / f"{number}.yml").write_text(text.replace("@COMMIT ", f"@{'0' * 40} "))
    (tmp_path / "bad.yml").write_text(
        "on: push\njobs: {a: {runs-on: x, steps: [{uses: actions/checkout@v4}]}}\n"
    )
    code, report = lint(zizmor, *sorted(tmp_path.glob("[0-9].yml")))
    assert code == 0, report
    assert "error[unpinned-uses]" in lint(zizmor, tmp_path / "bad.yml")[1]


def lint(zizmor: str, *paths: Path) -> tuple[int, str]:
    command = [zizmor, "--offline", "--persona", "regular", "--quiet", "--no-config", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda path: path.stem
)
def test_a_form_for_issues_asks_each_thing_once_and_says_what_for(path: Path) -> None:
    """https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms"""
    form = yaml.safe_load(path.read_text())
    assert {"name", "description", "labels", "body"} == form.keys()
    asked = [one for one in form["body"] if one["type"] != "markdown"]
    assert len({one["id"] for one in asked}) == len(asked) > 2
    assert all(one["attributes"]["label"] and one["validations"]["required"] for one in asked)


def test_a_release_is_reproduced_with_the_command_that_builds_it() -> None:
    page = (ROOT / "SECURITY.md").read_text()
    shown = re.findall(r"^    (make .*)$", page, re.MULTILINE)
    command = "make dist sbom vscode && cp build/checker.vsix dist/"
    assert [one.replace(" PYTHON=python3.11", "") for one in shown] == [command]
    for job in ("build", "compare"):
        runs = [step["run"] for step in jobs(TEXTS["release.yml"])[job]["steps"] if "run" in step]
        assert [one for one in runs if one.endswith(command)]
