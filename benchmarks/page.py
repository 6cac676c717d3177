"""Measures the HTML page of 10,000 findings: `python -m benchmarks.page`.

The times in the browser need Playwright and the chromium of the machine, and are left out without them.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.measure import line
from tests.page.samples import audit, written

FINDINGS = 10_000
FILTER = """([name, value]) => {
  const control = document.getElementById(`filter-${name}`);
  const start = performance.now();
  control.value = value;
  control.dispatchEvent(new Event(name === "q" ? "input" : "change"));
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""


def main() -> None:
    """Measure and print."""
    report = audit(FINDINGS)
    before = time.perf_counter()
    text = written(report)
    taken = time.perf_counter() - before
    line(f"--format html, {FINDINGS} findings", "")
    line("  written", f"{taken:.1f} s")
    line("  size (at most 8 MB)", f"{len(text) / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        path.write_text(text, "utf-8")
        in_browser(path)


def in_browser(path: Path) -> None:
    """Measure how long a browser takes to open the page, and to filter it."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        line("  in a browser", "not measured: needs Playwright and chromium")
        return
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        before = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("#finding-table tbody tr")
        line("  opened (at most 2 s)", f"{time.perf_counter() - before:.2f} s")
        page.wait_for_timeout(1_000)  # the index is made in the background
        for name, value in (("q", "chat-77"), ("q", ""), ("severity", "warning"), ("rule", "public-topic")):
            line(f"  filter by {name} (at most 100 ms)", f"{page.evaluate(FILTER, [name, value]):.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
