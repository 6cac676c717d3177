"""The page in a real browser: filters, order, links, keyboard, accessibility, and hostile text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from checker.core.errors import Skipped
from checker.core.finding import Verdict
from checker.lint.history import Change
from checker.lint.report import Report
from tests.hostile import HOSTILE
from tests.page.samples import RULES, audit, finding, topic_of, written
from tests.report.fixed import REPORT
from tests.report.fixed import SETTING as FIXED_SETTING

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.page.conftest import Opener

SIZE = 120
AUDIT = audit(SIZE)
PAGE = written(AUDIT)
WIDTHS = {"desktop": {"width": 1200, "height": 900}, "phone": {"width": 360, "height": 740}}


def status(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def messages(page: Page) -> list[str]:
    return page.locator(".open-row").all_inner_texts()


def present(change: Change | None = None) -> int:
    assert AUDIT.history is not None
    return sum(entry.change is change for entry in AUDIT.history.entries) if change else SIZE


FILTERS = [
    ("Severity", "error", sum(one.severity.value == "error" for one in AUDIT.findings)),
    ("Severity", "open", sum(one.verdict is Verdict.UNDETERMINED for one in AUDIT.findings)),
    ("Rule", "public-topic", sum(one.rule == "public-topic" for one in AUDIT.findings)),
    ("Account", "111122223334", sum(":111122223334:" in one.resource for one in AUDIT.findings)),
    ("Region", "eu-west-2", sum(":eu-west-2:" in one.resource for one in AUDIT.findings)),
    ("Change", "new", present(Change.NEW)),
    ("Change", "fixed", present(Change.FIXED)),
    ("Change", "not_audited", present(Change.NOT_AUDITED)),
    ("Change", "suppressed", 1),
]


def test_each_filter_selects_what_the_report_has(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        assert status(page) == f"{SIZE} of {SIZE} findings, 1 to 50 on this page"
        for label, option, number in FILTERS:
            page.get_by_role("search").get_by_label(label).select_option(option)
            assert int(status(page).split()[0]) == number, option
            assert len(messages(page)) == min(50, number)
            page.reload()  # the fragment keeps the filter
            assert int(status(page).split()[0]) == number
            page.get_by_role("button", name="Clear filters").click()
            assert status(page).startswith(f"{SIZE} of {SIZE}")
            assert "#" not in page.url


def test_a_filter_that_the_page_does_not_know_is_named_and_selects_nothing_away(open_page: Opener) -> None:
    with open_page(PAGE, "#severity=bogus&rule=gone&account=111122223334") as opened:
        page = opened.page
        number = sum(":111122223334:" in one.resource for one in AUDIT.findings)
        assert status(page).startswith(f"{number} of {SIZE} findings")
        assert status(page).endswith("This page has no severity bogus, rule gone")
        assert page.get_by_role("search").get_by_label("Severity").input_value() == ""


def test_the_last_page_keeps_the_focus_of_the_keyboard(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        button = page.get_by_role("button", name="Next page")
        button.focus()
        for _ in range(5):
            page.keyboard.press("Enter")
        assert button.get_attribute("aria-disabled") == "true"
        assert page.evaluate("document.activeElement.textContent") == "Next page"
        assert status(page).endswith(f"101 to {SIZE} on this page")


def test_the_search_finds_words_in_any_order_in_names_and_messages(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        page.get_by_label("Search").fill("chat-dev-2 CONNECT-CHAT-8")
        expected = [n for n in range(SIZE) if n % 6 == 2 and f"connect-chat-{n}".startswith("connect-chat-8")]
        assert status(page).startswith(f"{len(expected)} of {SIZE}")
        page.get_by_label("Search").fill("no such text")
        assert status(page) == f"0 of {SIZE} findings"


def test_a_column_sorts_up_then_down_then_not(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        page.get_by_role("search").get_by_label("Severity").select_option("warning")
        first = messages(page)
        heading = page.get_by_role("columnheader", name="Finding")
        for order, expected in (("ascending", sorted(first)), ("descending", sorted(first, reverse=True))):
            heading.get_by_role("button").click()
            assert heading.get_attribute("aria-sort") == order
            assert messages(page) == expected
        assert "sort=-message" in page.url
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") is None
        assert messages(page) == first


def test_the_pages_of_the_table_have_every_finding_once_the_worst_first(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page, seen, severities = opened.page, list[str](), list[str]()
        while True:
            seen += messages(page)
            severities += page.locator("tbody .severity").all_inner_texts()
            if page.get_by_role("button", name="Next page").is_disabled():
                break
            page.get_by_role("button", name="Next page").click()
        assert sorted(seen) == sorted(one.message.replace("`", "") for one in AUDIT.findings)
        rank = {"error": 0, "warning": 1, "note": 2}
        known = [rank[word] for word in severities if word in rank]
        assert known == sorted(known)


def test_a_link_opens_its_finding_on_whatever_page_and_under_whatever_filter(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        page.get_by_role("button", name="Next page").click()
        row = page.locator(".open-row").nth(3)
        row.click()
        link = page.get_by_role("link", name="Link to this finding")
        fragment, message = str(link.get_attribute("href")), row.inner_text()
    for extra in ("", "&severity=note&change=fixed"):
        with open_page(PAGE, fragment + extra) as opened:
            page = opened.page
            opened_row = page.locator('.open-row[aria-expanded="true"]')
            assert opened_row.inner_text() == message
            assert opened_row.evaluate("element => element === document.activeElement")
            assert page.locator(".detail").count() == 1
    with open_page(PAGE, "#finding=0123456789ab") as opened:
        assert "no finding 0123456789ab" in status(opened.page)


def test_numbers_of_the_summary_are_links_to_the_findings_that_they_count(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        tiles = page.locator("#changes a.tile").all()
        assert len(tiles) == 6
        for tile in tiles:
            number = tile.inner_text().split()[0]
            tile.click()
            page.wait_for_function(
                "number => document.querySelector('[role=status]').textContent.startsWith(number + ' ')",
                arg=number,
            )
            assert page.evaluate("document.activeElement.id") == "findings-title"


def test_the_details_show_the_witness_the_fix_in_four_dialects_and_the_commands(open_page: Opener) -> None:
    safe = next(n for n in range(SIZE) if n % 3 == 0 and RULES[finding(n).rule].opens and n % 17 != 16)
    with open_page(PAGE) as opened:
        page = opened.page
        page.get_by_label("Search").fill(f"`connect-chat-{safe}`")
        page.locator(".open-row").click()
        detail = page.locator(".detail")
        assert "could publish to" in detail.inner_text()
        assert '"action": "sns:Publish"' in (detail.locator('[aria-label="Request"]').text_content() or "")
        assert detail.get_by_role("heading", name="Fix (safe)").is_visible()
        assert detail.locator("summary").all_inner_texts()[1:] == [
            "AWS CLI",
            "Terraform",
            "CloudFormation",
            "Console",
        ]
        for name, text in {
            "AWS CLI": f"--topic-arn {topic_of(safe)}",
            "Terraform": 'resource "aws_sns_topic_policy"',
            "CloudFormation": "Type: AWS::SNS::TopicPolicy",
            "Console": '"aws:SourceAccount"',
        }.items():
            code = detail.locator(f'[aria-label="{name}"]')
            assert not code.is_visible()
            detail.locator("summary", has_text=name).click()
            assert text in code.inner_text()
        plan = detail.get_by_role("group", name="Plan the fix").inner_text()
        assert plan.startswith(f"checker fix --topic-arn {topic_of(safe)} --instance-arn arn:aws:connect:")
        assert detail.locator("svg").get_attribute("aria-label")


@pytest.mark.parametrize(("kind", "words"), [(1, "Not proven yet"), (2, "No safe fix")])
def test_a_fix_that_is_not_proven_is_not_shown(open_page: Opener, kind: int, words: str) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        page.get_by_label("Search").fill(f"`connect-chat-{kind + 3}`")
        page.locator(".open-row").click()
        detail = page.locator(".detail")
        assert words in detail.inner_text()
        assert detail.get_by_role("group", name="AWS CLI").count() == 0


def test_the_keyboard_reaches_and_opens_a_finding(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
        page.keyboard.press("Enter")
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.classList.contains('open-row')"):
                break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
        assert page.locator(".detail").count() == 1
        page.keyboard.press("Enter")
        assert page.locator(".detail").count() == 0


def test_a_map_shows_each_link_and_leads_to_the_finding_that_breaks_it(open_page: Opener) -> None:
    with open_page(PAGE) as opened:
        page = opened.page
        card = page.locator(".map").first
        assert "broken" in card.inner_text() or "open" in card.inner_text()
        assert "SNS topic" in str(card.locator("svg").get_attribute("aria-label"))
        card.get_by_role("link").first.click()
        assert page.locator('.open-row[aria-expanded="true"]').count() == 1
        before = page.locator("#map-list > .map").count()
        page.get_by_role("button", name="Show more topics").click()
        assert page.locator("#map-list > .map").count() == 2 * before


@pytest.mark.parametrize(("width", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    open_page: Opener, width: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context: dict[str, Any] = {"viewport": WIDTHS[width], "color_scheme": scheme, "bypass_csp": True}
    with open_page(PAGE, **context) as opened:
        page = opened.page
        for row in page.locator(".open-row").all()[:2]:
            row.click()
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]["width"]
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()


def test_forced_colors_keep_the_severity_as_a_word(open_page: Opener) -> None:
    with open_page(PAGE, forced_colors="active") as opened:
        assert set(opened.page.locator("tbody .severity").all_inner_texts()) <= {
            "error",
            "warning",
            "not known",
        }


def test_without_javascript_the_summary_and_a_note_are_there(open_page: Opener) -> None:
    with open_page(PAGE, java_script_enabled=False) as opened:
        text = opened.page.locator("main").inner_text()
        assert "needs JavaScript" in text
        assert "errors" in text
        assert "missing-source-account" in text


def test_hostile_text_runs_nothing_and_is_shown_as_it_is(open_page: Opener) -> None:
    hostile = (
        *HOSTILE,
        "</script><script>document.title='x'</script>",
        "javascript:alert(1)",
        "<!--<script>",
        "`<b>`",
    )
    findings = tuple(
        finding(n)._replace(message=text, help=text, resource=text, fixes=finding(n % 3)[8])
        for n, text in enumerate(hostile)
        if text
    )
    report = Report(findings, (), tuple(Skipped(text, text) for text in hostile), 0)
    with open_page(written(report)) as opened:
        page = opened.page
        assert status(page).startswith(f"{len(findings)} of {len(findings)}")
        for row in page.locator(".open-row").all():
            row.click()
        assert page.title().startswith("checker report: ")
        assert page.locator("main b, main script, main iframe, main img").count() == 0
        assert all(
            href.startswith("#")
            for href in page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
        )
        shown = page.locator("body").inner_text()
        assert all(character.isprintable() or character in "\n\t" for character in shown)


def test_a_report_of_files_shows_places_and_diffs(open_page: Opener) -> None:
    with open_page(written(REPORT, FIXED_SETTING)) as opened:
        page = opened.page
        page.get_by_label("Search").fill("wide-action anybody")
        page.locator(".open-row").click()
        diff = page.get_by_role("group", name="Diff").inner_text()
        assert (
            '-    {"Sid": "Queue", "Effect": "Allow", "Principal": "*", "Action": "sns:*", "Resource": "*"}'
            in diff
        )
        assert (
            '+    {"Sid": "Queue", "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}'
            in diff
        )
