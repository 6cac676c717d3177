"""What is put up with, by a comment or by an entry; what is stale is said, and hostile text suppresses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.configuration.model import Configuration, Suppression
from checker.configuration.suppression import suppress
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from checker.lint.report import Report, SuppressedBy

POLICY = """\
Version: "2012-10-17"
Statement:
  - Sid: First
    Effect: Allow
    Principal: {Service: connect.amazonaws.com}
    Action: [sns:Publish, sns:Subscribe]
    Resource: arn:aws:sns:us-east-1:111122223333:chat
  - Sid: Second
    Effect: Allow
    Principal: {Service: connect.amazonaws.com}
    Action: sns:Publish
    Resource: arn:aws:sns:us-east-1:111122223333:chat
"""
TOPIC = "arn:aws:sns:us-east-1:111122223333:chat"
TODAY = "2026-11-22"
OPEN = "missing-source-account"
WHY = 'reason="the account is closed"'


def judged(folder: Path, text: str, *entries: Suppression) -> Report:
    path = folder / "policy.yaml"
    path.write_text(text)
    inventory = load([path])
    configuration = Configuration(folder=folder.as_posix(), suppressions=entries)
    return suppress(judge(inventory, all_rules()), configuration, inventory.comments, TODAY, str)


def left(report: Report, rule: str = OPEN) -> list[int]:
    positions = [one.locations[0].position() for one in report.findings if one.rule == rule]
    return [position.line for position in positions if position]


def with_line(number: int, text: str) -> str:
    lines = POLICY.splitlines()
    return "\n".join([*lines[: number - 1], text, *lines[number - 1 :]]) + "\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (POLICY, [3, 8]),
        (with_line(3, f"  # checker:ignore={OPEN} {WHY}"), [9]),
        (with_line(3, f"  # checker:ignore={OPEN} {WHY} until=2026-11-22"), [9]),
        (with_line(3, f"  # checker:ignore={OPEN} {WHY} until=2026-11-21"), [4, 9]),
        (with_line(3, f"  # checker:ignore=fifo-topic,{OPEN} {WHY}\n  # more words\n"), [11]),
        (with_line(8, f"  # checker:ignore={OPEN} {WHY}"), [3]),
        (with_line(2, f"# checker:ignore={OPEN} {WHY}"), []),
        (with_line(1, f"# checker:ignore={OPEN} {WHY}"), [4, 9]),
        (POLICY.replace("Sid: First", f"Sid: First  # checker:ignore={OPEN} {WHY}"), [8]),
        (POLICY.replace("Effect: Allow", f"Effect: Allow # checker:ignore={OPEN} {WHY}", 1), [3, 8]),
        (with_line(3, f"  # checker:ignore={OPEN}"), [4, 9]),
        (with_line(3, f'  # checker:ignore={OPEN} reason=" "'), [4, 9]),
        (with_line(3, f"  # checker:ignore=public-topic {WHY}"), [4, 9]),
        (POLICY.replace("First", f'"x # checker:ignore={OPEN} x"'), [3, 8]),
        (POLICY.replace("First", f"|\n      # checker:ignore={OPEN} {WHY}\n    "), [3, 10]),
        (POLICY.replace("First", f"First#checker:ignore={OPEN}"), [3, 8]),
    ],
    ids=str,
)
def test_a_comment_speaks_of_what_begins_on_its_line_or_the_next(
    text: str, lines: list[int], tmp_path: Path
) -> None:
    assert left(judged(tmp_path, text)) == lines


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        (
            f"  # checker:ignore={OPEN} {WHY} until=2026-11-21",
            f"the suppression of `{OPEN}` expired after 2026-11-21",
        ),
        (
            f"  # checker:ignore=public-topic {WHY}",
            "the suppression of `public-topic` matches no finding",
        ),
        (f"  # checker:ignore={OPEN}", "not a valid comment: write `# checker:ignore=RULE reason"),
        (f"  # checker:ignore {OPEN} {WHY}", "not a valid comment"),
        (f"  # checker:ignore={OPEN} {WHY} until=tomorrow", "not a valid comment"),
    ],
)
def test_a_comment_that_does_nothing_is_stale(comment: str, said: str, tmp_path: Path) -> None:
    report = judged(tmp_path, with_line(3, comment))
    (stale,) = report.stale
    assert said in stale.reason
    assert stale.position is not None
    assert stale.position.line == 3
    assert report.incomplete


def entry(rule: str = OPEN, resource: str = "", path: str = "", until: str = "") -> Suppression:
    return Suppression(rule, "a reason", resource, path, until, "checker.yaml")


@pytest.mark.parametrize(
    ("one", "suppressed", "stale"),
    [
        (entry(resource=TOPIC), 2, 0),
        (entry(resource="arn:aws:sns:*:111122223333:ch?t"), 2, 0),
        (entry(resource="arn:aws:sns:*:444455556666:*"), 0, 0),
        (entry(path="policy.yaml"), 2, 0),
        (entry(path="*.yaml"), 2, 0),
        (entry(path="other/"), 0, 0),
        (entry(resource=TOPIC, path="*.json"), 0, 0),
        (entry("fifo-topic", resource=TOPIC), 0, 1),
        (entry("fifo-topic", path="policy.yaml"), 0, 1),
        (entry("fifo-topic", path="not-looked-at.yaml"), 0, 0),
        (entry("key-lockout", path="policy.yaml"), 0, 0),
        (entry(resource=TOPIC, until=TODAY), 2, 0),
        (entry(resource=TOPIC, until="2026-11-21"), 0, 1),
    ],
    ids=str,
)
def test_an_entry_is_for_a_resource_or_a_path_and_stale_only_if_that_was_examined(
    one: Suppression, suppressed: int, stale: int, tmp_path: Path
) -> None:
    report = judged(tmp_path, POLICY, one)
    assert [held.by for held in report.suppressed] == [SuppressedBy.CONFIGURATION] * suppressed
    assert len(report.stale) == stale
    assert len(left(report)) == 2 - suppressed
