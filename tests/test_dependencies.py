"""What an installation brings is what the pages say: each package with its license, each dependency with its reason."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.generate_licenses import BASE, PAGE, ROOT, Package, closure, groups, packages, page

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HERE = groups()


def listed(group: str) -> dict[str, tuple[str, str]]:
    """The license and the parents of each package in a table of the page."""
    title = "Always installed" if group == BASE else f"Added by the extra `{group}`"
    table = PAGE.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| ([a-z0-9-]+) \| (.+) \| [\d.]+ \| (.+) \|$", table)
    return {name: (license_name, parents) for name, license_name, parents in rows}


def test_the_page_has_a_table_for_each_way_to_install() -> None:
    titles = re.findall(r"(?m)^## (?:Added by the extra `(\w+)`|Always installed)$", PAGE.read_text())
    assert sorted(titles) == sorted(["", *PROJECT["optional-dependencies"]])


@pytest.mark.parametrize("group", HERE)
def test_the_page_lists_what_is_installed_with_its_license(group: str) -> None:
    rows, wanted = listed(group), HERE[group]
    for package in wanted:
        license_name, parents = rows[package.name]
        assert package.license in (license_name, None), package.name
        assert set(package.needed_by) <= set(parents.split(", ")), package.name
    if all(
        package.license for package in wanted
    ):  # nothing is hidden behind a package that is not installed here
        assert rows.keys() == {package.name for package in wanted}


def test_the_base_installation_has_nothing_of_the_extras() -> None:
    base = closure(PROJECT["dependencies"])
    extras = {name: needs for name, needs in PROJECT["optional-dependencies"].items() if name != "dev"}
    assert {named(text) for needs in extras.values() for text in needs} & base.keys() == set()
    assert all(package.license for package in HERE[BASE]), (
        "the walk stopped at a package that is not installed"
    )


def named(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


@pytest.mark.parametrize(
    ("requirement", "needed", "is_needed"),
    [
        ("moto[server]", "flask", True),  # by the extra `server` alone
        ("moto", "flask", False),
        ("moto", "urllib3", True),  # by boto3, by botocore
        ("boto3", "moto", False),
        ("dask", "importlib-metadata", True),  # by a marker that the oldest Python meets
        ("boto3", "boto3", True),
        ("pytest", "colorama", False),  # by a marker that only Windows meets
    ],
)
def test_needs_are_followed_with_their_markers(requirement: str, needed: str, is_needed: bool) -> None:
    assert (needed in closure([requirement])) is is_needed


def test_every_dependency_has_its_reason() -> None:
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    texts = [
        *PROJECT["dependencies"],
        *(text for needs in PROJECT["optional-dependencies"].values() for text in needs),
    ]
    rows = "\n".join(line for line in reasons.splitlines() if line.startswith("|")).lower()
    missing = {named(text) for text in texts if not re.search(rf"[|,] {named(text)}[ ,]", rows)}
    assert missing == set()


def test_rows_are_written_as_they_are_read() -> None:
    rows = [Package("a", "MIT", 0.04, ("checker",)), Package("b", "BSD-3-Clause", 12.36, ("a", "checker"))]
    lines = list(page({"hub": rows}))
    assert lines[:3] == ["## Added by the extra `hub`", "", "2 packages, 12.4 MB."]
    assert lines[-3:] == ["| a | MIT | 0.0 | checker |", "| b | BSD-3-Clause | 12.4 | a, checker |", ""]


def test_a_package_that_is_not_installed_has_no_license() -> None:
    assert packages(closure(["nothing-of-this-name"])) == [
        Package("nothing-of-this-name", None, None, ("checker",))
    ]
