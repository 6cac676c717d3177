"""The site in a browser: nothing is too wide or hard to read, nothing fails, and no other host is asked for anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = (
    "index",
    "tutorial",
    "how-to/silent-topic",
    "reference/commands",
    "rules/missing-source-account",
    "project/changelog",
)
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
SERIOUS = {"serious", "critical"}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of a server of the site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@contextmanager
def opened(browser: Browser, url: str, start: str, **context: Any) -> Iterator[Page]:
    """Open a page, and check at the end that nothing failed and that all it asked for begins with ``start``."""
    made = browser.new_context(reduced_motion="reduce", **context)
    page = made.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(url, wait_until="networkidle")
    yield page
    made.close()
    assert complaints == []
    assert [one for one in requests if not one.startswith((start, "data:"))] == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everyone(browser: Browser, address: str, name: str, view: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, f"{address}{name}.html", address, **VIEWS[view]) as page:
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= VIEWS[view]["viewport"]["width"]
        found = [one for one in axe.run(page).response["violations"] if one["impact"] in SERIOUS]
        assert [(one["id"], [node["target"] for node in one["nodes"][:3]]) for one in found] == []


def test_the_toggle_changes_the_palette(browser: Browser, address: str) -> None:
    with opened(browser, f"{address}index.html", address, **VIEWS["light"]) as page:
        seen = []
        for _ in range(3):
            seen.append(page.evaluate("document.body.dataset.mdColorScheme"))
            page.locator("form[data-md-component=palette] label:not([hidden])").click()
        assert set(seen) == {"default", "slate"}


@pytest.mark.parametrize("kind", ["a server", "files"])
def test_search_finds_a_command(browser: Browser, site: Path, address: str, kind: str) -> None:
    start = address if kind == "a server" else f"{site.as_uri()}/"
    with opened(browser, f"{start}index.html", start, **VIEWS["light"]) as page:
        page.keyboard.press("Control+k")
        page.keyboard.type("rollback")
        result = page.get_by_role("option", name="checker rollback").first
        result.wait_for()
        result.click()
        page.wait_for_url("**/*rollback*")
