"""Which rules count for which file, and how severe they are: the option before the override before the file."""

from __future__ import annotations

import pytest

from checker.configuration.model import Choice, Configuration, Override
from checker.configuration.selection import choose, selects
from checker.core.finding import Finding, Location, Severity, Verdict
from checker.lint.report import Examined, Report
from tests.configuration.samples import document

FAMILIES = {"fifo-topic": "sns", "source-owner": "sns", "key-lockout": "kms"}


@pytest.mark.parametrize(
    ("select", "ignore", "counting"),
    [
        (None, (), {"fifo-topic", "source-owner", "key-lockout"}),
        (("all",), (), {"fifo-topic", "source-owner", "key-lockout"}),
        ((), (), set()),
        (("sns",), (), {"fifo-topic", "source-owner"}),
        (("fifo-topic",), (), {"fifo-topic"}),
        (("sns",), ("fifo-topic",), {"source-owner"}),
        (("fifo-topic",), ("sns",), {"fifo-topic"}),
        (("fifo-topic",), ("all",), {"fifo-topic"}),
        (("fifo-topic",), ("fifo-topic",), set()),
        (("sns",), ("sns",), set()),
        (None, ("sns",), {"key-lockout"}),
        (None, ("all",), set()),
        (("sns", "key-lockout"), ("kms",), {"fifo-topic", "source-owner", "key-lockout"}),
    ],
)
def test_what_names_a_rule_more_closely_wins(
    select: tuple[str, ...] | None, ignore: tuple[str, ...], counting: set[str]
) -> None:
    choice = Choice(select, ignore)
    assert {rule for rule, family in FAMILIES.items() if selects(choice, rule, family)} == counting


def finding(rule: str, source: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule, severity, "bad", source, (Location(document(source), ()),))


def report(*findings: Finding) -> Report:
    sources = dict.fromkeys(one.resource for one in findings)
    examined = (Examined("topic", one, one, dict.fromkeys(FAMILIES, Verdict.FAIL)) for one in sources)
    return Report(findings, tuple(examined), (), 0)


def test_overrides_are_for_the_files_that_match_and_later_ones_go_first() -> None:
    configuration = Configuration(
        folder="/repo",
        choice=Choice(None, ("key-lockout",)),
        overrides=(
            Override(("legacy/",), Choice(None, ("fifo-topic",), {"source-owner": Severity.NOTE})),
            Override(("legacy/new/*.json",), Choice(("fifo-topic",), (), {"fifo-topic": Severity.WARNING})),
        ),
    )
    names = (
        "a.json",
        "legacy/b.json",
        "legacy/new/c.json",
        "legacy/new/deep/d.json",
        "/elsewhere/legacy/e.json",
    )
    found = choose(
        report(*(finding(rule, name) for name in names for rule in FAMILIES)),
        configuration,
        Choice(),
        FAMILIES,
        lambda name: name if name.startswith("/") else f"/repo/{name}",
    )
    said = {(one.resource, one.rule): one.severity.value for one in found.findings}
    assert said == {
        ("a.json", "fifo-topic"): "error",
        ("a.json", "source-owner"): "error",
        ("legacy/b.json", "source-owner"): "note",
        ("legacy/new/c.json", "fifo-topic"): "warning",
        ("legacy/new/deep/d.json", "source-owner"): "note",
        ("/elsewhere/legacy/e.json", "fifo-topic"): "error",
        ("/elsewhere/legacy/e.json", "source-owner"): "error",
    }
    assert {one.source: set(one.verdicts) for one in found.examined} == {
        name: {rule for source, rule in said if source == name} for name in names
    }


def test_an_option_goes_before_the_configuration() -> None:
    configuration = Configuration(choice=Choice(("sns",), ("fifo-topic",), {"source-owner": Severity.NOTE}))
    every = report(*(finding(rule, "a.json") for rule in FAMILIES))

    def said(option: Choice) -> dict[str, str]:
        found = choose(every, configuration, option, FAMILIES, lambda name: f"/{name}")
        return {one.rule: one.severity.value for one in found.findings}

    assert said(Choice()) == {"source-owner": "note"}
    assert said(Choice(("all",))) == {"fifo-topic": "error", "source-owner": "note", "key-lockout": "error"}
    assert said(Choice(None, ("source-owner",))) == {}
    assert said(Choice(None, (), {"source-owner": Severity.WARNING})) == {"source-owner": "warning"}


def test_what_could_not_be_told_keeps_its_severity_and_a_crash_counts_only_if_its_rule_does() -> None:
    untold = finding("fifo-topic", "a.json", Severity.NOTE)._replace(verdict=Verdict.UNDETERMINED)
    both = report(untold, finding("key-lockout", "a.json"))._replace(crashed=("fifo-topic",))
    option = Choice(None, (), {"fifo-topic": Severity.ERROR})
    assert choose(both, Configuration(), option, FAMILIES, str).findings[0].severity is Severity.NOTE
    assert choose(both, Configuration(), Choice(("kms",)), FAMILIES, str).crashed == ()
    assert choose(both, Configuration(), Choice(("sns",)), FAMILIES, str).crashed == ("fifo-topic",)


@pytest.mark.parametrize(
    ("path", "relative"),
    [("/a/b/c.json", "c.json"), ("/a/b/..c.json", "..c.json"), ("/a/c.json", None), ("/a", None)],
)
def test_what_lies_outside_the_folder_has_no_path_in_it(path: str, relative: str | None) -> None:
    assert Configuration("/a/b").relative(path) == relative
