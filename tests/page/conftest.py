"""Pages in the browser of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page


class Opened(NamedTuple):
    """A page in a browser, with everything that the browser complains about or asks for."""

    page: Page
    complaints: list[str]
    requests: list[str]


class Opener(NamedTuple):
    browser: Browser
    folder: Path

    @contextmanager
    def __call__(self, text: str, fragment: str = "", **context: Any) -> Iterator[Opened]:
        """Open a page, and check at the end that it asked for nothing else and had no error."""
        file = self.folder / "page.html"
        file.write_text(text, "utf-8")
        made = self.browser.new_context(reduced_motion="reduce", **context)
        page = made.new_page()
        opened = Opened(page, [], [])
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("request", lambda request: opened.requests.append(request.url))
        page.goto(file.as_uri() + fragment)
        yield opened
        made.close()
        assert opened.complaints == []
        assert {url.partition("#")[0] for url in opened.requests} == {file.as_uri()}


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Opener:
    return Opener(browser, tmp_path)
