"""The site has all pages, all of its links lead somewhere, and it asks no other host for anything."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from scripts.build_site import CONFIGURATION, ROOT, copy_pages, places, run_zensical, site_link

SETTINGS: dict[str, Any] = tomllib.loads((ROOT / CONFIGURATION).read_text())["project"]
PLACES = {place for source, place in places().items() if source.suffix == ".md"}
LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href"}
COUNTED = ("h1", "h2", "h3", "h4", "ul", "ol", "li", "table", "tr", "td", "pre", "blockquote", "img")


class Found(NamedTuple):
    """What a page has: the targets of its links, the files that it loads, its anchors and its elements."""

    links: list[str]
    loads: list[str]
    anchors: set[str]
    elements: Counter[str]


class Reader(HTMLParser):
    """Collects what a page has; elements are counted only inside of the article."""

    def __init__(self) -> None:
        super().__init__()
        self.found = Found([], [], set(), Counter())
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.depth += tag == "article"
        self.found.elements[tag] += self.depth > 0
        self.found.anchors.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.found.links.append(values["href"])
        if LOADED.get(tag, "") in values:
            self.found.loads.append(values[LOADED[tag]])

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "article"


def read(text: str) -> Found:
    reader = Reader()
    reader.feed(text)
    return reader.found


def page_of(place: str) -> str:
    """The file of the site for a page."""
    return re.sub(r"(?:README|index)\.md$", "index.md", place).removesuffix(".md") + ".html"


def targets(navigation: Any) -> Iterator[str]:
    """The pages of a part of the navigation, in order."""
    for entry in navigation:
        for content in entry.values():
            yield from [content] if isinstance(content, str) else targets(content)


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(targets(SETTINGS["nav"])) == sorted(PLACES)


def test_the_navigation_begins_with_the_kinds_of_pages() -> None:
    names = [name for entry in SETTINGS["nav"] for name in entry]
    assert names == ["Home", "Tutorial", "How-to guides", "Reference", "Explanation", "Rules", "Project"]


def test_every_page_is_built(site: Path) -> None:
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert built == {page_of(place) for place in PLACES} | {"404.html"}


def test_every_link_of_the_site_leads_to_a_page_and_an_anchor(site: Path) -> None:
    pages = {path: read(path.read_text("utf-8")) for path in site.rglob("*.html") if path.name != "404.html"}
    broken = []
    for path, found in pages.items():
        for link in found.links:
            if re.match(r"(?:https?|mailto):", link):
                continue
            file, _, anchor = unquote(link).partition("#")
            target = (path.parent / file).resolve() if file else path
            if not target.is_file() or (anchor and anchor not in pages[target].anchors):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []
    assert sum(len(found.links) for found in pages.values()) > 5000


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    loads = {load for path in site.rglob("*.html") for load in read(path.read_text("utf-8")).loads}
    assert loads
    assert {load for load in loads if re.match(r"(?:https?:)?//", load)} == set()
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)]*", styles) == []


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_page_has_the_lists_tables_and_blocks_that_github_shows(place: str, site: Path) -> None:
    """Readers of Markdown differ about indented lists and blocks; a page must be one that all read in one way."""
    source = next(path for path, known in places().items() if known == place).read_text("utf-8")
    text = re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.DOTALL)
    there = read(f"<article>{MarkdownIt('commonmark').enable('table').render(text)}</article>").elements
    here = read((site / page_of(place)).read_text("utf-8")).elements
    assert {name: here[name] for name in COUNTED} == {name: there[name] for name in COUNTED}


@pytest.mark.parametrize(
    ("page", "text", "target", "link"),
    [
        ("docs/check.md", "fix", "fix.md", "[fix](fix.md)"),
        ("docs/rules/README.md", "check", "../check.md", "[check](../check.md)"),
        ("docs/check.md", "security", "../SECURITY.md", "[security](project/security.md)"),
        ("CONTRIBUTING.md", "the walk", "docs/walk.md", "[the walk](../walk.md)"),
        ("docs/check.md", "start", "../README.md", "[start](index.md)"),
        ("docs/reference/schemas.md", "fix", "../../schemas/fix.v1.json", "[fix](../schemas/fix.v1.json)"),
        ("docs/walk.md", "`main`", "../checker/__main__.py", "`main` (`checker/__main__.py`)"),
        ("docs/check.md", "`examples/`", "../examples", "`examples/`"),
    ],
)
def test_a_link_of_a_page_leads_to_the_site_or_is_a_path(
    page: str, text: str, target: str, link: str
) -> None:
    assert site_link(ROOT / page, text, target) == link


def test_a_broken_link_fails_the_build(site: Path, tmp_path: Path) -> None:
    copy_pages(tmp_path / "pages")
    shutil.copyfile(site.parent / CONFIGURATION, tmp_path / CONFIGURATION)
    with (tmp_path / "pages/check.md").open("a") as page:
        page.write("\n[nothing](nowhere.md)\n")
    assert run_zensical(tmp_path / CONFIGURATION) != 0
