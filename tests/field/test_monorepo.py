"""A repository as teams have it gives only true findings, and no fix lets one environment into another.

`tests/fixtures/monorepo` has dev/ and prod/ (accounts 111122223333 and 444455556666), which call modules/stream;
output of CDK and CDKTF; AWS CLI output of both accounts; CloudTrail events; a replica key; topics of the same name;
and folders that have nothing to do with Connect. Four defects are real: see `FINDINGS`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.field.files import content
from tests.field.running import Launcher, Output, environment
from tests.samples import TESTS

MONOREPO = TESTS / "fixtures/monorepo"
DEV, PROD, SHARED = "111122223333", "444455556666", "777788889999"
OTHER_INSTANCES = {DEV: (PROD, SHARED), PROD: (DEV, SHARED), SHARED: (DEV, PROD)}
PROD_INSTANCE = f"arn:aws:connect:us-east-1:{PROD}:instance/22222222-aaaa-4bbb-8ccc-000000000002"
KEY = f"arn:aws:kms:us-east-1:{PROD}:key/bbbb2222-0000-4000-8000-00000000000b"
OWNERS = {
    f"accounts/{DEV}/": DEV,
    f"accounts/{PROD}/": PROD,
    "cdk/": SHARED,
    "cdktf/": SHARED,
    "dev/": DEV,
    "prod/": PROD,
    "replica/": PROD,
    "widget/dev/": DEV,
    "widget/prod/": PROD,
}
FINDINGS = {
    ("error", "wrong-resource", f"arn:aws:sns:us-east-1:{DEV}:chat-escalation"): "dev/escalation.tf",
    ("error", "missing-source-account", f"arn:aws:sns:us-east-1:{PROD}:chat-survey"): "prod/survey.tf",
    ("warning", "missing-source-arn", f"arn:aws:sns:us-east-1:{PROD}:chat-survey"): "prod/survey.tf",
    ("error", "connect-cannot-use-key", KEY): f"accounts/{PROD}/key-policy.json",
}
"""What is wrong, and the file that has to change."""
CALLER = ("note", "unmatched-streaming-resource", "organization/streaming-role.json")
"""The role that starts streams is allowed to on the contacts of the instance alone."""
GENERATED_OR_SHARED = ("cdk/", "cdktf/", "modules/")

Checker = Callable[..., Output]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    copied = Path(shutil.copytree(MONOREPO, tmp_path / "repository"))
    (copied / ".git").mkdir()
    return copied


@pytest.fixture
def checker(repository: Path, launcher: Launcher, tmp_path: Path) -> Checker:
    """Runs a command in the repository."""
    streams, home = tmp_path / "streams", tmp_path / "home"
    for folder in (streams, home):
        folder.mkdir()

    def run(*arguments: str) -> Output:
        return launcher.run({"args": [*arguments]}, repository, environment(home), streams)

    return run


def found(output: Output) -> dict[tuple[str, str, str], str]:
    """The findings, and the file that each points at first."""
    return {
        (finding["severity"], finding["rule"], finding["resource"]): finding["locations"][0]["source"]
        for finding in output.report["findings"]
    }


def gained(repository: Path, before: dict[str, bytes]) -> dict[str, str]:
    """The lines that each changed file has now and had not before."""
    after = content(repository)
    return {
        name: "\n".join(set(text.decode().splitlines()) - set(before.get(name, b"").decode().splitlines()))
        for name, text in after.items()
        if text != before.get(name)
    }


def test_check_reports_the_four_defects_and_nothing_else(checker: Checker) -> None:
    output = checker("check", ".", "--format", "json")
    assert set(found(output)) == {*FINDINGS, CALLER}
    assert output.code == 1


def test_a_finding_points_at_the_file_that_has_to_change(checker: Checker) -> None:
    places = found(checker("check", "dev", "--format", "json")) | found(
        checker("check", "prod", f"accounts/{PROD}", "--format", "json")
    )
    assert places == FINDINGS


def test_what_has_nothing_to_do_with_connect_is_neither_judged_nor_refused(checker: Checker) -> None:
    report: dict[str, Any] = checker("check", ".", "--format", "json").report
    assert report["skipped"] == []
    counts = {key: report["summary"][key] for key in ("topics", "keys", "contacts", "topics_not_judged")}
    assert counts == {"topics": 11, "keys": 5, "contacts": 2, "topics_not_judged": 3}
    judged = {target["resource"] for target in report["examined"]}
    assert not [name for name in judged if "alarms" in name or "uploads" in name or "orders" in name]


def test_the_policy_of_a_role_that_streams_is_judged_and_never_edited(
    checker: Checker, repository: Path
) -> None:
    before = content(repository)
    output = checker("check", "organization/streaming-role.json", "--format", "json")
    assert (set(found(output)), output.code) == ({CALLER}, 0)
    checker("fix", "organization/streaming-role.json", "--apply", "--unsafe-fixes")
    assert content(repository) == before


@pytest.mark.parametrize("name", ["rcp-perimeter", "rcp-confused-deputy", "scp-regions"])
def test_a_policy_of_another_kind_is_refused_when_named_and_never_edited(
    checker: Checker, repository: Path, name: str
) -> None:
    before = content(repository)
    output = checker("check", f"organization/{name}.json")
    assert output.code == 2
    assert f"organization/{name}.json" in output.err
    checker("fix", f"organization/{name}.json", "--apply", "--unsafe-fixes")
    assert content(repository) == before


@pytest.mark.parametrize("instances", [(), ("--instance-arn", PROD_INSTANCE)], ids=["inferred", "named"])
def test_a_fix_lets_no_environment_into_another(
    checker: Checker, repository: Path, instances: tuple[str, ...]
) -> None:
    before = content(repository)
    shown = checker("fix", ".", "--diff", *instances)
    assert content(repository) == before
    checker("fix", ".", "--apply", *instances)
    edits = gained(repository, before)
    assert all(f"+++ b/{name}" in shown.out for name in edits)
    for name, lines in edits.items():
        assert not name.startswith(GENERATED_OR_SHARED), name
        (owner,) = (account for folder, account in OWNERS.items() if name.startswith(folder))
        assert not [other for other in OTHER_INSTANCES[owner] if other in lines], name


def test_without_an_instance_no_fix_lets_connect_in(checker: Checker, repository: Path) -> None:
    before = content(repository)
    checker("fix", ".", "--apply")
    for name, lines in gained(repository, before).items():
        assert "connect.amazonaws.com" not in lines, name
        assert "arn:aws:connect:" not in lines, name


def test_the_open_topic_is_pinned_to_the_instance_that_is_named(checker: Checker, repository: Path) -> None:
    before = content(repository)
    assert checker("fix", "prod", "--apply", "--instance-arn", PROD_INSTANCE).code == 0
    edits = gained(repository, before)
    assert list(edits) == ["prod/survey.tf"]
    assert PROD_INSTANCE in edits["prod/survey.tf"]
    again = checker("check", "prod", "--format", "json", "--instance-arn", PROD_INSTANCE)
    assert found(again) == {}
    assert again.code == 0


def test_a_fix_leaves_no_defect_that_was_not_there(checker: Checker) -> None:
    checker("fix", ".", "--apply")
    after = found(checker("check", ".", "--format", "json"))
    assert {finding for finding in after if finding[0] != "note"} <= set(FINDINGS)


def test_the_hook_judges_a_changed_value_through_its_root(checker: Checker, repository: Path) -> None:
    values = repository / "dev/terraform.tfvars"
    values.write_text(values.read_text().replace(f"us-east-1:{DEV}", f"us-east-1:{SHARED}"))
    output = checker("check", "--changed", "dev/terraform.tfvars", "--format", "json")
    assert output.code == 1
    errors = [finding for finding in output.report["findings"] if finding["severity"] == "error"]
    places = [{place["source"] for place in finding["locations"]} for finding in errors]
    assert any("dev/terraform.tfvars" in sources for sources in places)


@pytest.mark.parametrize(
    ("name", "roots"),
    [
        ("dev/terraform.tfvars", ("dev/",)),
        ("dev/main.tf", ("dev/",)),
        ("prod/main.tf", ("prod/",)),
        ("modules/stream/main.tf", ("dev/", "prod/")),
    ],
)
def test_the_hook_judges_the_roots_of_a_changed_file_and_nothing_else(
    checker: Checker, name: str, roots: tuple[str, ...]
) -> None:
    output = checker("check", "--changed", name, "--format", "json")
    assert found(output) == {one: place for one, place in FINDINGS.items() if place.startswith(roots)}
    assert output.code == 1


def test_the_hook_stops_a_module_that_is_wrong_for_its_callers(checker: Checker, repository: Path) -> None:
    module = repository / "modules/stream/main.tf"
    module.write_text(module.read_text().replace("sns:Publish", "sns:Subscribe"))
    output = checker("check", "--changed", "modules/stream/main.tf", "--format", "json")
    errors = {place for (severity, *_), place in found(output).items() if severity == "error"}
    assert "modules/stream/main.tf" in errors  # the roots that call it have defects of their own
    assert output.code == 1


def explained(checker: Checker, account: str, instance: str) -> Output:
    folder = f"accounts/{account}"
    key = ("--key", f"{folder}/key.json", "--key-policy", f"{folder}/key-policy.json")
    return checker("explain", f"{folder}/topic.json", "--instance-arn", instance, *key, "--format", "json")


def test_explain_finds_the_key_that_breaks_the_chain(checker: Checker) -> None:
    output = explained(checker, PROD, PROD_INSTANCE)
    assert output.code == 1
    assert output.json["connect_can_publish"] == "yes"
    assert output.json["kms"] == "broken"
    assert [link["link"] for link in output.json["links"] if link["status"] == "broken"] == ["key_policy"]


def test_explain_answers_for_the_chain(checker: Checker) -> None:
    assert explained(checker, PROD, PROD_INSTANCE).json["chain"] == "broken"
    dev = f"arn:aws:connect:us-east-1:{DEV}:instance/11111111-aaaa-4bbb-8ccc-000000000001"
    whole = explained(checker, DEV, dev)
    assert whole.json["chain"] == "whole"
    assert whole.code == 0
