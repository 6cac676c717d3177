"""`checker diff --base`: what a branch changes, what it does not touch, and what is not known."""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.process import run, save
from tests.cli.test_diff_code import CALL, MODULE, PIN, TEMPLATE, git
from tests.report.readers import SCHEMA, Page
from tests.samples import document, statement

PARTNER, VENDOR = "444455556666", "777788889999"
KEY = document(
    {
        "Effect": "Allow",
        "Action": "kms:*",
        "Resource": "*",
        "Principal": {"AWS": f"arn:aws:iam::{PARTNER}:root"},
    }
)


def subscriber(account: str) -> dict[str, Any]:
    return statement(Principal={"AWS": f"arn:aws:iam::{account}:root"}, Action="sns:Subscribe")


pytestmark = pytest.mark.usefixtures("repository")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two roots that share a module, a template and policies."""
    top = tmp_path / "repository"
    top.mkdir()
    monkeypatch.chdir(top)
    save(Path("modules/chat/main.tf"), MODULE)
    save(Path("dev/main.tf"), CALL)
    save(Path("prod/main.tf"), CALL)
    save(Path("stack/chat.yaml"), TEMPLATE)
    save(Path("policies/topic.json"), document(subscriber(PARTNER)))
    save(Path("policies/key.json"), KEY)
    git("init", "--quiet", "--initial-branch", "main")
    commit("start")
    git("checkout", "--quiet", "-b", "feature")
    return top


def commit(message: str = "change") -> None:
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "-m", message)


def edit(path: str, *pairs: tuple[str, str]) -> None:
    text = Path(path).read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    Path(path).write_text(text)


def compared(*more: str | Path, base: str = "main") -> tuple[int, str]:
    done = run("diff", "--base", base, *more)
    assert done.stderr == ""
    assert "--format" in more or max(map(len, done.stdout.splitlines())) <= 80
    return done.returncode, done.stdout


def as_json(*more: str) -> dict[str, Any]:
    schema = json.loads(files("checker.schemas").joinpath("diff.v1.json").read_text("utf-8"))
    read: dict[str, Any] = json.loads(compared("--format", "json", *more)[1])
    assert [error.message for error in Draft202012Validator(schema).iter_errors(read)] == []
    return read


def names(read: dict[str, Any], status: str = "changed") -> list[str]:
    return sorted(one["name"] for one in read["resources"] if one["status"] == status)


# What is compared.


def test_the_table_shows_who_gains_with_a_witness() -> None:
    edit("modules/chat/main.tf", (PIN, ""))
    code, text = compared("dev")
    merge_base = subprocess.run(
        ["git", "rev-parse", "main"], capture_output=True, text=True, check=True
    ).stdout
    assert code == 1
    assert text.splitlines() == [
        f"working tree compared with {merge_base[:12]}, the merge base of main and HEAD",
        "",
        "  CHANGE     WHO                                     ACTION",
        "topic module.chat.aws_sns_topic.chat",
        "  at modules/chat/main.tf:13",
        "  gains      any other Connect instance of account   sns:Publish",
        "             ${account}",
        "             witness: Connect for instance 00000000-0000-4000-8000-000000000000",
        "                      of account ${account} could sns:Publish",
        "             old: no statement allows it",
        "             new: statement `Connect` allows it",
        "",
        "1 gain; compared 1 topic and 1 key, 1 unchanged",
    ]


def test_only_the_changes_of_the_branch_count() -> None:
    edit("stack/chat.yaml", ("sns:Publish", "[sns:Publish, sns:Subscribe]"))
    commit("on the branch")
    git("checkout", "--quiet", "main")
    save(Path("policies/topic.json"), document(subscriber(VENDOR)))
    commit("on main")
    git("checkout", "--quiet", "feature")
    assert names(as_json()) == ["stack/chat.yaml#Chat"]


def test_a_module_affects_the_roots_that_call_it_and_names_are_those_of_the_repository(
    repository: Path,
) -> None:
    edit("modules/chat/main.tf", (PARTNER, VENDOR))
    read = as_json()
    assert names(read) == ["dev/: module.chat.aws_sns_topic.chat", "prod/: module.chat.aws_sns_topic.chat"]
    assert {one["new"]["place"] for one in read["resources"]} == {
        "modules/chat/main.tf:13",
        "modules/chat/main.tf:5",
    }
    done = run("diff", "--base", "main", "--format", "json", ".", cwd=repository / "prod")
    assert {one["new"]["place"] for one in json.loads(done.stdout)["resources"]} == {
        "modules/chat/main.tf:13",
        "modules/chat/main.tf:5",
    }


def test_uncommitted_and_untracked_files_count_and_ignored_ones_do_not() -> None:
    save(
        Path("policies/staged.json"),
        document(statement(Resource="arn:aws:sns:us-east-1:111122223333:staged")),
    )
    git("add", ".")
    save(Path("policies/new.json"), document(statement(Resource="arn:aws:sns:us-east-1:111122223333:new")))
    save(Path("out/ignored.json"), document(statement(Resource="arn:aws:sns:us-east-1:111122223333:out")))
    save(Path(".gitignore"), "out/\n*.tfvars\n")
    save(Path("dev/terraform.tfvars"), f'partner = "{VENDOR}"\n')
    assert names(as_json(), "added") == ["policies/new.json", "policies/staged.json"]
    edit("modules/chat/main.tf", (PIN, ""))
    assert {one["who"] for one in as_json("dev")["gained"]} == {
        "any other Connect instance of account ${account}"
    }


def test_deleted_and_renamed_files() -> None:
    Path("policies/topic.json").unlink()
    Path("policies/key.json").rename("chat-key.json")
    Path("moved").mkdir()
    Path("stack/chat.yaml").rename("moved/topic.yaml")
    read = as_json()
    assert names(read, "removed") == ["policies/topic.json"]
    assert [one["who"] for one in read["lost"]] == [f"any principal of account {PARTNER}"]
    assert names(read, "same") == ["chat-key.json", "moved/topic.yaml#Chat"]


def test_a_topic_with_a_fixed_name_moves_to_another_root() -> None:
    topic = MODULE.replace(" { type = string }", ' { default = "" }')
    save(Path("old/main.tf"), topic)
    save(Path("other/main.tf"), "# nothing yet\n")
    commit()
    git("checkout", "--quiet", "-b", "next")
    save(Path("old/main.tf"), "# nothing left\n")
    save(
        Path("other/main.tf"),
        topic.replace('"aws_sns_topic" "chat"', '"aws_sns_topic" "stream"').replace(
            "aws_sns_topic.chat", "aws_sns_topic.stream"
        ),
    )
    done = run("diff", "--base", "feature", "--format", "json")
    (one,) = [each for each in json.loads(done.stdout)["resources"] if each["kind"] == "topic"]
    assert one["old"]["name"].endswith("aws_sns_topic.chat")
    assert one["new"]["name"].endswith("aws_sns_topic.stream")
    assert "the old and the new root are deployed in the same account and Region" in one["assumptions"]


# Values of variables.


def test_each_values_file_is_a_comparison_of_its_own() -> None:
    save(Path("root/main.tf"), MODULE)
    save(Path("root/dev.tfvars"), f'partner = "{PARTNER}"\n')
    save(Path("root/prod.tfvars"), f'partner = "{PARTNER}"\n')
    commit()
    git("checkout", "--quiet", "-b", "next")
    save(Path("root/dev.tfvars"), f'partner = "{VENDOR}"\n')
    save(Path("root/prod.tfvars"), 'partner = "121212121212"\n')
    read = json.loads(run("diff", "--base", "feature", "--format", "json").stdout)
    assert {(one["resource"], one["who"]) for one in read["gained"]} == {
        ("root/: aws_sns_topic.chat (root/dev.tfvars)", f"any principal of account {VENDOR}"),
        ("root/: aws_sns_topic.chat (root/prod.tfvars)", "any principal of account 121212121212"),
    }
    save(Path("root/test.tfvars"), f'partner = "{VENDOR}"\n')
    done = run("diff", "--base", "feature")
    assert "root/test.tfvars: only one side has this values file" in done.stdout


def test_equal_rows_of_several_values_files_are_one_row_in_reports_for_people() -> None:
    save(Path("root/main.tf"), MODULE)
    for name in ("dev", "prod", "test"):
        save(Path(f"root/{name}.tfvars"), f'partner = "{PARTNER}"\n')
    commit()
    git("checkout", "--quiet", "-b", "next")
    edit("root/main.tf", (PIN, ""))
    every = "(root/dev.tfvars, root/prod.tfvars, root/test.tfvars and without values)"
    shown = {
        name: " ".join(compared("--format", name, base="feature")[1].split())
        for name in ("text", "markdown", "github", "sarif")
    }
    assert all(every.replace(":", "%3A") in text.replace("\\", "") for text in shown.values()), shown
    assert all("1 gain; compared 1 topic and 1 key, 1 unchanged" in text for text in shown.values()), shown
    assert [text.count("newly allowed on topic") for text in shown.values()] == [0, 0, 1, 1]
    assert len(json.loads(compared("--format", "json", base="feature")[1])["gained"]) == 4
    save(Path("root/dev.tfvars"), f'partner = "{VENDOR}"\n')
    text = compared(base="feature")[1]
    assert every in " ".join(text.split())
    assert text.index(f"gains      any principal of account {VENDOR}") > text.index("any other Connect")


# What the change does not touch.


def test_what_is_not_read_counts_only_if_the_change_affects_it() -> None:
    git("checkout", "--quiet", "main")
    save(Path("helm/templates/topic.yaml"), 'Type: "AWS::SNS::Topic"\nPolicy: {{ .Values.policy }}\n')
    save(Path("helm/values.yaml"), "policy: x\n")
    save(Path("legacy/main.tf"), 'module "sns" {\n  source = "terraform-aws-modules/sns/aws"\n}\n')
    commit()
    git("checkout", "--quiet", "-b", "next")
    edit("policies/topic.json", (PARTNER, f"{PARTNER[:-1]}7"))
    code, text = compared()
    assert code == 1
    assert "not read, and not affected by the change" in text
    assert {one["where"] for one in as_json()["untouched"]} == {"helm/templates/topic.yaml", "legacy/main.tf"}
    save(Path("helm/values.yaml"), "policy: y\n")
    save(Path("legacy/more.tf"), "# changed\n")
    read = as_json()
    assert [one["where"] for one in read["untouched"]] == ["legacy/main.tf"]
    assert {one["where"].partition(":")[2] or one["where"] for one in read["doubts"]} == {
        "helm/templates/topic.yaml"
    }
    git("checkout", "--quiet", "--", "policies")
    assert compared()[0] == 3


def test_unknown_values_of_other_roots_do_not_matter() -> None:
    git("checkout", "--quiet", "main")
    save(Path("dark/main.tf"), MODULE.replace("${var.partner}", "${one(data.external.x.result)}"))
    commit()
    git("checkout", "--quiet", "-b", "next")
    save(Path("README.md"), "changed\n")
    code, text = compared()
    assert (code, text.splitlines()[-1]) == (
        0,
        "the change affects no topic or key that was read",
    )
    edit("dark/main.tf", ("Partner", "Other"))
    assert compared()[0] == 3


def test_what_is_not_known_in_a_file_that_does_not_change_does_not_matter() -> None:
    """An invalid policy, and two topics of one file that nothing distinguishes."""
    git("checkout", "--quiet", "main")
    save(Path("other/invalid.json"), document(statement(Conditions={})))
    twice = [f"---\n{json.dumps(document(statement()))}\n" for _ in range(2)]
    save(Path("other/twice.yaml"), "".join(twice))
    commit()
    git("checkout", "--quiet", "-b", "next")
    save(Path("policies/topic.json"), document(subscriber(PARTNER), subscriber(VENDOR)))
    read = as_json()
    assert [one["name"] for one in read["resources"]] == ["policies/topic.json"]
    assert read["doubts"] == []
    save(Path("other/invalid.json"), document(statement(Condition={})))
    assert [one["where"] or one["reason"] for one in as_json()["doubts"]] != []


def test_a_policy_that_may_not_be_in_force_is_not_known() -> None:
    condition = 'resource "aws_sns_topic_policy" "chat" {\n  count = data.external.x.result.on ? 1 : 0'
    edit("modules/chat/main.tf", ('resource "aws_sns_topic_policy" "chat" {', condition))
    code, text = compared()
    assert (code, "not known  " in text) == (3, True)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("policies/topic.json", '{"Version": "2012-10-17", "Statement": ['),
        ("policies/topic.json", "{"),
        ("stack/chat.yaml", "a: b: c"),
        ("dev/main.tf", "{"),
        ("modules/chat/main.tf", 'resource "aws_sns_topic" {{'),
    ],
)
def test_a_file_that_becomes_unreadable_is_not_a_loss(path: str, text: str) -> None:
    Path(path).write_text(text)
    code, shown = compared()
    assert code == 3
    assert f"? {path}: " in shown
    assert "loses" not in shown
    assert "removed" not in shown


def test_a_module_that_is_gone_and_a_submodule_are_not_known() -> None:
    Path("modules/chat/main.tf").unlink()
    Path("modules/chat").rmdir()
    code, text = compared()
    assert code == 3
    assert "module `chat` is the folder `../modules/chat`, which does not" in text
    git("checkout", "--quiet", "--", ".")
    git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},vendor")
    Path("vendor").mkdir()
    commit()
    git("checkout", "--quiet", "-b", "next")
    assert compared(base="feature")[0] == 0
    git("update-index", "--add", "--cacheinfo", f"160000,{'b' * 40},vendor")
    code, text = compared(base="feature")
    assert (code, "vendor: a submodule, which is not read" in text) == (3, True)


# Exit codes and errors.


@pytest.mark.parametrize(
    ("account", "fail_on", "code"),
    [
        (VENDOR, "any", 1),
        (VENDOR, "gains", 1),
        (VENDOR, "loses", 1),
        ("", "any", 1),
        ("", "gains", 0),
        ("", "loses", 1),
        (PARTNER, "any", 0),
    ],
)
def test_fail_on_selects_the_changes(account: str, fail_on: str, code: int) -> None:
    statements = (
        [subscriber(account)] if account else [statement(Effect="Deny", Principal="*", Action="sns:Publish")]
    )
    save(Path("policies/topic.json"), document(*statements))
    assert compared("--fail-on", fail_on)[0] == code
    two = run("diff", "main:policies/topic.json", "policies/topic.json", "--fail-on", fail_on)
    assert two.returncode == code


def test_a_loss_that_may_hide_a_gain_is_not_known() -> None:
    edit("modules/chat/main.tf", (f'{{ default = "{PARTNER}" }}', "{ type = string }"))
    assert compared("--fail-on", "gains")[0] == 3


ERRORS = {
    "nowhere": "the repository has no revision `nowhere`",
    "featur": "did you mean `feature`?",
    "origin/nowhere": "`git fetch origin nowhere` gets it from the remote",
    "--all": "`--all` is not a revision",
    "orphan": "`orphan` and HEAD have no common commit",
}


@pytest.mark.parametrize("base", ERRORS)
def test_a_base_that_cannot_be_compared_with(base: str) -> None:
    git("checkout", "--quiet", "--orphan", "orphan")
    commit("unrelated")
    git("checkout", "--quiet", "feature")
    done = run("diff", f"--base={base}")
    assert done.returncode == 2
    assert ERRORS[base] in done.stderr
    assert "help: " in done.stderr


def test_a_shallow_clone_has_no_merge_base(repository: Path) -> None:
    edit("stack/chat.yaml", ("Connect", "Chat"))
    commit()
    clone = repository.parent / "clone"
    git("clone", "--quiet", "--depth", "1", "--no-single-branch", f"file://{repository}", str(clone))
    done = run("diff", "--base", "origin/main", cwd=clone)
    assert done.returncode == 2
    assert "the history is incomplete" in done.stderr
    assert "`git fetch --unshallow`" in done.stderr


def test_folders_that_are_no_repository_or_empty_and_paths_outside(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    assert "not a git repository" in run("diff", "--base", "main", cwd=plain).stderr
    git("init", "--quiet", str(plain))
    assert "the repository has no revision `main`" in run("diff", "--base", "main", cwd=plain).stderr
    assert "is outside the repository" in run("diff", "--base", "main", "..").stderr
    assert (
        "does not exist, neither in the working tree nor in the base"
        in run("diff", "--base", "main", "x").stderr
    )
    assert "cannot be used with --base" in run("diff", "--base", "main", "--topic-arn", "x").stderr
    assert "compares two inputs, but 1 is named" in run("diff", "dev").stderr
    assert {run("diff", "--base", "main", one).returncode for one in ("..", "x")} == {2}


# Formats.

HOSTILE = "a|b`c`<img src=x>@team #1 https:__x [y](z)"


@pytest.fixture
def hostile(repository: Path) -> Path:
    wide = {**subscriber(VENDOR), "Sid": HOSTILE}
    save(repository / f"{HOSTILE}.json", document(wide))
    return repository


@pytest.mark.usefixtures("hostile")
def test_markdown_shows_hostile_names_as_text() -> None:
    code, text = compared("--format", "markdown")
    page = Page(text)
    assert code == 1
    assert page.tags <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"} | {
        "strong",
        "code",
        "details",
        "summary",
    }
    assert f"{HOSTILE}.json" in page.code
    assert "@team" not in page.text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(row.replace("\\|", "").split("|")) for row in rows} == {6}


REVIEW = ("text", "markdown", "github", "json", "sarif")


def with_secret(secret: str) -> dict[str, str]:
    """Return the report of a change in each format; a root that does not change has a sensitive value."""
    variable = f'variable "dark" {{\n  default   = "{secret}"\n  sensitive = true\n}}\n'
    save(Path("dark/main.tf"), variable + 'resource "aws_sns_topic" "dark" {\n  name = var.dark\n}\n')
    save(Path("policies/topic.json"), document(subscriber(PARTNER)))
    commit()
    edit("policies/topic.json", (PARTNER, VENDOR))
    outputs = [text for one in REVIEW for text in ("--format", f"{one}=../{one}")]
    assert compared(*outputs, base="HEAD") == (1, "")
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    return {one: re.sub(head[:12] + r"\w*", "HEAD", Path(f"../{one}").read_text()) for one in REVIEW}


@pytest.fixture
def bright() -> dict[str, str]:
    return with_secret("a-value-of-no-report")


@pytest.mark.parametrize(
    "secret",
    [
        f"any principal of account {VENDOR}",
        f"principal of account {VENDOR}",
        "any principal of account",
        f"gains      any principal of account {VENDOR}",
        f"sns:Subscribe by any principal of account {VENDOR}",
        "newly allowed on topic",
        "policies/topic.json",
        "topic.json",
        "access-gained",
        "partialFingerprints",
        "when_not",
    ],
)
def test_no_sensitive_value_hides_who_gains(secret: str, bright: dict[str, str]) -> None:
    assert with_secret(secret) == bright


def test_a_sensitive_account_is_shown_by_the_name_of_its_source() -> None:
    for text in with_secret(VENDOR).values():
        assert VENDOR not in text
        assert "(sensitive: var.dark)" in text.replace("\\", "")


def test_markdown_stays_within_the_limit_of_a_comment_with_the_widest_gain_first() -> None:
    many = [subscriber(f"{100000000000 + number}") for number in range(80)]
    public = statement(Principal="*", Resource="arn:aws:sns:us-east-1:111122223333:z")
    save(Path("policies/z.json"), document(public))
    for number in range(3):
        arn = f"arn:aws:sns:us-east-1:111122223333:n{number}"
        save(
            Path(f"policies/{'a' * 100}{number}.json"),
            document(*({**one, "Resource": arn} for one in many)),
        )
    text = compared("--format", "markdown")[1]
    assert len(text.encode()) < 65_536
    assert "more changes, omitted because of the size limit" in text
    assert next(line for line in text.splitlines() if line.startswith("| **gains**")).startswith(
        "| **gains** | topic `policies/z.json` `policies/z.json:1` | any AWS account |"
    )


@pytest.mark.usefixtures("hostile")
def test_sarif_is_valid_and_marks_the_declaration() -> None:
    edit("modules/chat/main.tf", (PIN, ""))
    log = json.loads(compared("--format", "sarif")[1])
    assert [error.message for error in SCHEMA.iter_errors(log)] == []
    (finished,) = log["runs"]
    assert finished["automationDetails"]["id"] == "checker-diff/"
    gained = [one for one in finished["results"] if one["ruleId"] == "access-gained"]
    places = [one["locations"][0]["physicalLocation"] for one in gained]
    assert {("modules/chat/main.tf", 13)} <= {
        (one["artifactLocation"]["uri"], one["region"]["startLine"]) for one in places
    }
    prints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in finished["results"]]
    assert len(set(prints)) == len(prints)


@pytest.mark.usefixtures("hostile")
def test_annotations_and_the_step_summary_of_github(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    done = run("diff", "--base", "main", "--format", "github", env=env)
    commands = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert commands[0].startswith("::warning file=a|b`c`<img src=x>@team #1 https%3A__x [y](z).json,line=1,")
    assert (done.returncode, done.stderr) == (1, "")
    assert "1 gain" in summary.read_text()


def test_two_policies_in_every_format() -> None:
    old = save(Path("old.json"), document(subscriber(PARTNER)))
    new = save(Path("new.json"), document(subscriber(PARTNER), {**subscriber(VENDOR), "Sid": "New"}))
    shown = {
        name: run("diff", old, new, "--format", name)
        for name in ("markdown", "github", "sarif", "json", "text")
    }
    assert {done.returncode for done in shown.values()} == {1}
    assert all(VENDOR in done.stdout for done in shown.values())
    assert "::warning file=new.json,line=1" in shown["github"].stdout


def test_a_report_goes_to_a_file_from_any_folder(repository: Path) -> None:
    edit("stack/chat.yaml", ("sns:Publish", "[sns:Publish, sns:Subscribe]"))
    done = run("diff", "--base", "main", "..", "--format", "markdown", "-o", "out.md", cwd=repository / "dev")
    assert (done.returncode, done.stdout) == (1, "")
    assert "**gains**" in (repository / "dev" / "out.md").read_text()


# What the working tree has beside the change.


def test_a_report_in_the_repository_is_not_part_of_the_change() -> None:
    edit("policies/topic.json", (PARTNER, VENDOR))
    reports = ("--format", "text", "--format", "markdown=access.md", "--format", "json=access.json")
    assert compared(*reports) == compared(*reports)
    assert "not read" not in compared(*reports)[1]


def test_a_committed_file_at_the_place_of_a_report_is_read_and_not_overwritten() -> None:
    """A branch chooses its files, and the names of reports are public."""
    save(Path("policies/access.json"), document(statement(Resource="arn:aws:sns:us-east-1:111122223333:new")))
    commit()
    ending = run("diff", "--base", "main", "--format", "text", "--format", "json=policies/access.json")
    assert (ending.returncode, "is an input of this run" in ending.stderr) == (2, True), ending.stdout


def test_every_format_of_a_review_has_the_assumptions(tmp_path: Path) -> None:
    Path("policies/key.json").rename("policies/renamed.json")
    assumed = "`policies/key.json` was renamed to `policies/renamed.json`"
    written = {one: tmp_path / one for one in ("github", "sarif", "markdown", "json")}
    options = [f"--format={one}={path}" for one, path in written.items()]
    code, text = compared("--format", "text", *options)
    assert (code, "1 unchanged" in text) == (0, True)
    for one, path in written.items():
        assert assumed in path.read_text(), one
    assert "::notice title=access%3A assumed::" in written["github"].read_text()
    twice = run("diff", "--base", "main", "--format", "json", "--format", "text")
    assert (twice.returncode, "two reports cannot go to standard output" in twice.stderr) == (2, True)


def test_a_tag_does_not_stand_for_a_branch() -> None:
    git("update-ref", "refs/remotes/origin/main", "main")
    save(Path("policies/topic.json"), document(subscriber(VENDOR)))
    commit()
    assert compared(base="origin/main")[0] == 1
    git("tag", "origin/main", "HEAD")
    done = run("diff", "--base", "origin/main")
    assert done.returncode == 2
    assert "`origin/main` is ambiguous" in done.stderr
    assert "`--base refs/remotes/origin/main`" in done.stderr
    assert compared(base="refs/remotes/origin/main")[0] == 1


def test_git_dir_in_a_subfolder_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    assert compared()[0] == 0
    monkeypatch.chdir(repository / "dev")
    done = run("diff", "--base", "main")
    assert (done.returncode, "error: --base: `GIT_DIR` is set" in done.stderr) == (2, True)


def test_a_sparse_checkout_is_no_loss() -> None:
    git("sparse-checkout", "set", "dev", "modules")
    assert not Path("policies").exists()
    assert compared()[0] == 0
    git("sparse-checkout", "disable")
    save(Path("policies/topic.json"), document(subscriber(VENDOR)))
    commit()
    git("sparse-checkout", "set", "dev", "modules")
    code, text = compared()
    assert (code, "policies/topic.json: the sparse checkout leaves it out" in text) == (3, True)


def test_both_sides_have_the_terraform_files_that_git_ignores() -> None:
    save(Path(".gitignore"), "generated.tf\n")
    commit()
    git("checkout", "--quiet", "-b", "next")
    save(
        Path("modules/chat/generated.tf"),
        'resource "aws_sns_topic" "more" {\n  name = "more"\n  policy = jsonencode('
        f"{json.dumps(document(subscriber(VENDOR)))})\n}}\n",
    )
    save(Path("modules/chat/main.tf"), f"{MODULE}# more\n")
    code, text = compared(base="feature")
    assert (code, "no access changes" in text) == (0, True)


def test_a_root_outside_of_the_paths_is_not_known() -> None:
    edit("modules/chat/main.tf", (PIN, ""))
    code, text = compared("modules")
    assert "dev: a root outside of the named paths" in text
    assert code in (1, 3)
    assert compared("policies")[0] == 0
    assert compared("--fail-on", "gains", "dev")[0] == 1


def test_a_pipe_in_place_of_an_empty_file_does_not_block() -> None:
    save(Path("empty.json"), "")
    commit()
    git("checkout", "--quiet", "-b", "next")
    Path("empty.json").unlink()
    os.mkfifo("empty.json")
    assert compared(base="feature")[0] in (0, 3)


# Files whose names are composed of variables.

READER = """
variable "env" {{ default = "dev" }}
data "aws_caller_identity" "current" {{}}
locals {{
  dir    = "${{path.module}}/config/${{var.env}}"
  config = {read}
}}
resource "aws_sns_topic" "chat" {{ name = "chat" }}
resource "aws_sns_topic_policy" "chat" {{
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({{ Version = "2012-10-17", Statement = [for partner in local.config.partners : {{
    Effect = "Allow", Action = "sns:Subscribe", Resource = aws_sns_topic.chat.arn,
    Principal = {{ AWS = "arn:aws:iam::${{partner}}:root" }}
  }}] }})
}}
"""
READS = {
    "file": 'yamldecode(file("${path.module}/config/${var.env}.yaml"))',
    "templatefile": 'yamldecode(templatefile("./config/${var.env}.yaml", {}))',
    "a local": 'yamldecode(file("${local.dir}.yaml"))',
    "a name in a local": 'yamldecode(file(local.name))\n  name = "${path.module}/config/${var.env}.yaml"',
}


def reading(read: str) -> None:
    """Save and commit a root that reads one of two files, and change the other one."""
    save(Path("reader/main.tf"), READER.format(read=read))
    for name in ("dev", "prod"):
        save(Path(f"reader/config/{name}.yaml"), f'partners: ["{PARTNER}"]\n')
    commit("a root that reads files")
    git("checkout", "--quiet", "-B", "main")
    save(Path("reader/config/prod.yaml"), f'partners: ["{PARTNER}", "{VENDOR}"]\n')


@pytest.mark.parametrize("name", READS)
def test_a_file_that_another_value_leads_to_is_not_read(name: str) -> None:
    reading(READS[name])
    code, text = compared()
    assert code == 3
    assert "? reader/config/prod.yaml: the root `reader` may read this file for another" in text
    assert "value of `var.env`" in " ".join(text.split())
    assert "help: `--var env=" in text


def test_the_help_names_the_value_with_which_the_file_is_compared() -> None:
    reading(READS["file"])
    assert "help: `--var env=prod` compares the root with this file" in compared()[1]
    code, text = compared("--var", "env=prod")
    assert (code, "not read" in text) == (1, False)
    assert f"any principal of account {VENDOR}" in text
    assert compared("--var", "env=dev")[0] == 0


def test_a_file_that_a_values_file_leads_to_is_compared_with_it() -> None:
    save(Path("reader/prod.tfvars"), 'env = "prod"\n')
    reading(READS["file"])
    code, text = compared()
    assert (code, "not read" in text) == (1, False)
    assert "(reader/prod.tfvars)" in text


def test_the_file_of_another_workspace_is_not_read() -> None:
    reading('yamldecode(file("${path.module}/config/${terraform.workspace}.yaml"))')
    read = as_json()
    assert {
        "reason": "not read: the root `reader` may read this file for another value of `terraform.workspace`",
        "where": "reader/config/prod.yaml",
    } in read["doubts"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("reader/config/prod.yaml", 3),
        ("reader/config/prod.txt", 0),
        ("config/prod.yaml", 0),
        ("reader/prod.yaml", 0),
    ],
)
def test_only_a_file_that_the_name_may_be_counts(path: str, code: int) -> None:
    reading(READS["file"])
    git("checkout", "--quiet", "--", ".")
    save(Path(path), f'partners: ["{VENDOR}"]\n')
    assert compared()[0] == code


def test_a_module_reads_the_file_that_its_calls_name() -> None:
    module = READER.format(read=READS["file"]).replace(' { default = "dev" }', " {}")
    for name in ("dev", "prod"):
        save(Path(f"shared/config/{name}.yaml"), f'partners: ["{PARTNER}"]\n')
    save(Path("shared/main.tf"), module)
    save(Path("caller/main.tf"), 'module "chat" {\n  source = "../shared"\n  env    = "dev"\n}\n')
    commit("a module that reads files")
    git("checkout", "--quiet", "-B", "main")
    save(Path("shared/config/prod.yaml"), f'partners: ["{VENDOR}"]\n')
    assert compared()[0] == 0
    edit("caller/main.tf", ('"dev"', "var.stage"))
    save(Path("caller/variables.tf"), 'variable "stage" { default = "dev" }\n')
    commit("a variable")
    git("checkout", "--quiet", "-B", "main")
    save(Path("shared/config/prod.yaml"), f'partners: ["{PARTNER}"]\n')
    code, text = compared()
    assert code == 3
    assert "shared/config/prod.yaml: the root `caller` may read this file" in text
    assert "help: `--var NAME=VALUE` compares the root with this file" in text


def test_in_two_folders_a_file_that_another_value_leads_to_is_not_read() -> None:
    reading(READS["file"])
    done = run("diff", "HEAD:reader", "reader")
    assert done.returncode == 3
    assert "config/prod.yaml: the root `.` may read this file" in done.stdout
