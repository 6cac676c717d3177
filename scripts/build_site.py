"""Builds the documentation site into `build/site`: copies the pages, and runs zensical on them.

    python -m scripts.build_site

The pages are copied because the site has pages that stand outside of `docs`, such as CONTRIBUTING.md, and because a link
to a file that is not on the site must not lead nowhere: it becomes the path of the file. A warning fails the build.
https://zensical.org/docs/
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONFIGURATION = "zensical.toml"
MOVED = {
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "SKILL.md": "project/agents.md",
    "conformance/README.md": "project/conformance.md",
}
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]+)?\)")


def main() -> None:
    """Build the site."""
    sys.exit(build(ROOT / "build"))


def build(folder: Path) -> int:
    """Copy the pages to `pages` in a folder, build them to `site`, and return the exit code of zensical."""
    copy_pages(folder / "pages")
    configuration = folder / CONFIGURATION
    shutil.copyfile(ROOT / CONFIGURATION, configuration)
    return run_zensical(configuration)


def run_zensical(configuration: Path) -> int:
    """Build the site of a configuration, and return the exit code."""
    tool = Path(sys.executable).with_name("zensical")
    command = [str(tool), "build", "--config-file", str(configuration), "--clean", "--strict"]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603


def copy_pages(folder: Path) -> None:
    """Write the pages and everything that belongs to them to a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for source, place in places().items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".md":
            target.write_text(with_site_links(source), "utf-8")
        else:
            shutil.copyfile(source, target)


@cache
def places() -> dict[Path, str]:
    """Give the files of the site, each with its path below the folder of the pages."""
    docs, schemas = ROOT / "docs", ROOT / "schemas"
    return {
        **{path: path.relative_to(docs).as_posix() for path in sorted(docs.rglob("*")) if path.is_file()},
        **{path: f"schemas/{path.name}" for path in sorted(schemas.glob("*.json"))},
        **{ROOT / source: place for source, place in MOVED.items()},
    }


def with_site_links(page: Path) -> str:
    """Give the text of a page, with links that lead to pages of the site."""
    return LINK.sub(lambda link: site_link(page, link[1], link[2], link[3] or ""), page.read_text("utf-8"))


def site_link(page: Path, text: str, target: str, anchor: str = "") -> str:
    """Give a link of a page as it is on the site, or the path of a file that is not there."""
    known = {**places(), ROOT / "README.md": "index.md"}
    file = (page.parent / target).resolve()
    if file in known:
        start = Path(known[page]).parent
        return f"[{text}]({Path(os.path.relpath(known[file], start)).as_posix()}{anchor})"
    path = file.relative_to(ROOT).as_posix()
    return text if path in text else f"{text} (`{path}`)"


if __name__ == "__main__":
    main()
