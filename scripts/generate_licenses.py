"""Writes `docs/licenses.md`: all packages that an installation brings, with license and size, from their metadata.

    python -m scripts.generate_licenses

Run it where all extras are installed, as `make licenses` does. Markers count as met if one of the supported versions of
Python meets them on this machine, so that the page is the same for all of them.
https://packaging.python.org/en/latest/specifications/core-metadata/
"""

from __future__ import annotations

import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licenses.md"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
BASE = "always"
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD-3-Clause": "BSD-3-Clause",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Names in metadata, and their SPDX identifiers; `BSD` is none: it does not say which license it is."""

INTRODUCTION = """\
# Licenses

All packages that an installation of `checker` brings, also those that its [dependencies](dependencies.md) need, on
Linux. Made from the metadata of the installed packages by `make licenses`. A test compares names and licenses.

Licenses are SPDX identifiers. `BSD` stands where the metadata does not say which of the BSD licenses it is. Sizes are
those of the installed files in MB, without compiled bytecode. They vary between machines and versions.
"""


class Package(NamedTuple):
    """A row of the page. An unknown license or size is None: the package is not installed here."""

    name: str
    license: str | None
    size: float | None
    needed_by: tuple[str, ...]


def main() -> None:
    """Write the page, or name the packages that are not installed."""
    tables = groups()
    missing = sorted(row.name for rows in tables.values() for row in rows if row.license is None)
    if missing:
        raise SystemExit(f"not installed here, run `make licenses`: {', '.join(missing)}")
    PAGE.write_text("\n".join([INTRODUCTION, *page(tables)]))


def groups() -> dict[str, list[Package]]:
    """Give the packages of the base installation, and for each extra those that it adds.

    `dev` repeats nothing of the extras that users install.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = closure(project["dependencies"])
    added = {name: closure(needs) for name, needs in project["optional-dependencies"].items()}
    users = {name for extra in ("sandbox", "cluster", "hub") for name in added[extra]}
    rows = {BASE: packages(base)}
    for extra, needed in sorted(added.items(), key=lambda one: (one[0] in {"dev", "peers"}, one[0])):
        known = base.keys() | (users if extra in {"dev", "peers"} else set())
        rows[extra] = packages({name: by for name, by in needed.items() if name not in known})
    return rows


def closure(requirements: Iterable[str]) -> dict[str, set[str]]:
    """Give all packages that requirements need, each with the packages that need it themselves.

    What a package needs is known only where it is installed.
    """
    needed: dict[str, set[str]] = {}
    waiting = [(Requirement(text), "checker") for text in requirements]
    seen = set()
    while waiting:
        requirement, parent = waiting.pop()
        name = canonicalize_name(requirement.name)
        needed.setdefault(name, set()).add(parent)
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += [(child, name) for child in children(name, extra)]
    return needed


def children(name: str, extra: str) -> Iterator[Requirement]:
    """Give what an installed package needs with an extra; the empty one is none."""
    found = installed(name)
    for requirement in map(Requirement, (found.requires if found else None) or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**one, "extra": extra}) for one in environments()):
            yield requirement


def environments() -> Iterator[dict[str, str]]:
    """Give what markers ask for, on this machine with each version of Python."""
    here = {name: str(value) for name, value in default_environment().items()}
    for version in PYTHONS:
        yield {**here, "python_version": version, "python_full_version": f"{version}.0"}


def installed(name: str) -> Distribution | None:
    """Give the metadata of a package."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def packages(needed: Mapping[str, set[str]]) -> list[Package]:
    """Give the rows of a table."""
    return [row(name, needed[name]) for name in sorted(needed)]


def row(name: str, needed_by: Iterable[str]) -> Package:
    """Give the row of a package."""
    found = installed(name)
    license_name, size = (license_of(found), size_of(found)) if found else (None, None)
    return Package(name, license_name, size, tuple(sorted(needed_by)))


def license_of(found: Distribution) -> str:
    """Give the license by the newest field that a package fills, or by the one that says more."""
    classifiers = found.metadata.get_all("Classifier") or []
    stated = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    expression, text = field(found, "License-Expression"), field(found, "License")
    if not stated or text in SPDX or text in SPDX.values():
        stated = [text]
    names = sorted(SPDX.get(one, one) for one in stated)
    return expression or " or ".join(names) or "not stated in the metadata"


def field(found: Distribution, name: str) -> str:
    """Give the first line of a field, or nothing: from Python 3.12 on, asking for a missing field warns."""
    values = found.metadata.get_all(name) or [""]
    return str(values[0]).partition("\n")[0].strip()


def size_of(found: Distribution) -> float:
    """Give the size of the installed files in MB, without bytecode."""
    paths = (Path(str(one.locate())) for one in found.files or () if one.suffix != ".pyc")
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def page(tables: Mapping[str, list[Package]]) -> Iterator[str]:
    """Give the lines of the tables, each after what installs it."""
    for name, rows in tables.items():
        sizes = sum(package.size or 0 for package in rows)
        title = "Always installed" if name == BASE else f"Added by the extra `{name}`"
        yield from (f"## {title}", "", f"{len(rows)} packages, {sizes:.1f} MB.", "")
        yield from ("| package | license | MB | needed by |", "| --- | --- | --- | --- |")
        for package in rows:
            by = ", ".join(package.needed_by)
            yield f"| {package.name} | {package.license} | {package.size or 0:.1f} | {by} |"
        yield ""


if __name__ == "__main__":
    main()
