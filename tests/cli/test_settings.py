"""The configuration as a run finds and follows it, and every way to get it wrong, with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.process import run, save
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

OPEN = document(statement(Sid="Open"))
WIDE = document(statement(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}))
OTHER = document(statement(Principal={"AWS": ACCOUNT}, Action="sns:Subscribe"))


def rules_found(folder: Path, *arguments: str) -> dict[str, str]:
    done = run("check", "--format", "json", *arguments, cwd=folder)
    assert done.returncode in (0, 1, 3), done.stderr
    return {one["rule"]: one["severity"] for one in json.loads(done.stdout)["findings"]}


FORMS = {
    "checker.yaml": "ignore: [missing-source-arn]\nseverity:\n  missing-source-account: warning\n",
    "checker.yml": '{"ignore": ["missing-source-arn"], "severity": {"missing-source-account": "warning"}}',
    "pyproject.toml": '[project]\nname = "x"\n[tool.checker]\nignore = ["missing-source-arn"]\n'
    '[tool.checker.severity]\nmissing-source-account = "warning"\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_a_configuration_is_found_upwards_in_every_form(name: str, tmp_path: Path) -> None:
    save(tmp_path / "deep" / "down" / "open.json", OPEN)
    save(tmp_path / name, FORMS[name])
    inside = tmp_path / "deep" / "down"
    assert rules_found(inside) == {"missing-source-account": "warning"}
    assert rules_found(inside, "--isolated").keys() == {"missing-source-account", "missing-source-arn"}
    (tmp_path / "deep" / ".git").mkdir()
    assert rules_found(inside).keys() == {
        "missing-source-account",
        "missing-source-arn",
    }  # another repository's
    assert rules_found(inside, "--config", str(tmp_path / name)) == {"missing-source-account": "warning"}


def test_a_configuration_is_no_input(tmp_path: Path) -> None:
    save(tmp_path / "checker.yaml", f"topics: [{TOPIC_ARN}]\ninstances: [{INSTANCE_ARN}]\n")
    save(tmp_path / "open.json", OPEN)
    for arguments in (["."], ["--changed", "checker.yaml", "open.json"]):
        done = run("check", *arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert "checker.yaml:" not in done.stderr
    assert (
        "checker.yaml: configuration file, not checked" in run("check", "checker.yaml", cwd=tmp_path).stderr
    )


def test_a_pyproject_without_the_table_is_passed_over(tmp_path: Path) -> None:
    save(tmp_path / "checker.yaml", "select: [fifo-topic]\n")
    save(tmp_path / "inside" / "pyproject.toml", '[tool.other]\nx = "[tool.checker]"\n')
    save(tmp_path / "inside" / "open.json", OPEN)
    assert rules_found(tmp_path / "inside") == {}


def test_the_command_line_goes_before_the_configuration(tmp_path: Path) -> None:
    save(tmp_path / "open.json", OPEN)
    save(tmp_path / "checker.yaml", "select: [kms]\nfail-on: error\nstrict: true\n")
    assert rules_found(tmp_path) == {}
    assert rules_found(tmp_path, "--select", "sns", "--ignore", "missing-source-arn") == {
        "missing-source-account": "error"
    }
    assert rules_found(tmp_path, "--select", "all", "--severity", "missing-source-account=note") == {
        "missing-source-account": "note",
        "missing-source-arn": "warning",
    }
    wide = save(tmp_path / "wide.json", WIDE)
    assert run("check", "--select", "sns,kms", wide, cwd=tmp_path).returncode == 3
    assert run("check", "--select", "sns,kms", "--no-strict", wide, cwd=tmp_path).returncode == 0
    assert run("check", "--select", "sns,kms", "--fail-on", "warning", wide, cwd=tmp_path).returncode == 1


def test_instances_topics_and_exclusions_of_a_configuration(tmp_path: Path) -> None:
    save(tmp_path / "policies" / "other.json", OTHER)
    save(tmp_path / "fixtures" / "open.json", OPEN)
    assert rules_found(tmp_path).keys() == {"missing-source-account", "missing-source-arn"}
    save(tmp_path / "checker.yaml", "exclude: [fixtures/]\n")
    assert rules_found(tmp_path) == {}
    save(
        tmp_path / "checker.yaml",
        f'exclude: [fixtures/]\ntopics: ["{TOPIC_ARN[:-3]}*"]\ninstances: [{INSTANCE_ARN}]\n',
    )
    done = run("check", "--format", "json", cwd=tmp_path)
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["rule"] == "connect-not-allowed"
    assert INSTANCE_ARN.rpartition("/")[2] in finding["witness"]["sentence"]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("selct: [sns]", "1:1", "did you mean `select`?"),
        ("select: sns", "1:9", '`select`: expected a list, found `"sns"`'),
        ("topics: [{arn: foo}]", "1:10", "`topics[0]`: expected a string, found an object"),
        ("severity: [sns]", "1:11", "`severity`: expected an object, found a list"),
        ("select: [snss]", "1:10", "did you mean `sns`?"),
        ("ignore: [fifo]", "1:10", "unknown rule or family `fifo`"),
        ("severity: {fifo-topics: note}", "1:12", "did you mean `fifo-topic`?"),
        ("severity: {fifo-topic: warn}", "1:24", "is not one of error, warning, note"),
        ("fail-on: never", "1:10", "is not one of error, warning, note"),
        ("strict: 'yes'", "1:9", '`strict`: expected true or false, found `"yes"`'),
        ("instances: [nonsense]", "1:13", "does not match"),
        ("overrides: [{select: [sns]}]", "1:13", "missing key `paths`"),
        ("overrides:\n  - paths: [a]\n    ignore: [b]", "3:14", "unknown rule or family `b`"),
        ("suppressions:\n  - {rule: fifo-topic, path: x}", "2:5", "missing key `reason`"),
        ("suppressions:\n  - {rule: fifo-topic, reason: x}", "2:5", "needs `resource` or `path`"),
        ("suppressions:\n  - {rule: fifo, reason: x, path: x}", "2:12", "unknown rule or family `fifo`"),
        (
            "suppressions:\n  - {rule: fifo-topic, reason: x, path: x, until: 2026-13-01}",
            "2:51",
            "is not a valid date",
        ),
        ("suppressions:\n  - {rule: fifo-topic, reason: x, path: x, until: soon}", "2:51", "does not match"),
        ("exclude: [a, '!']", "1:14", "`!` is not a valid path pattern"),
        ("overrides: [{paths: ['!']}]", "1:22", "`!` is not a valid path pattern"),
        ("overrides: [{paths: [./prod/]}]", "1:22", "relative to the configuration's folder: `prod/`"),
        ("overrides: [{paths: [FOLDER/prod]}]", "1:22", "relative to the configuration's folder: `prod`"),
        (
            "suppressions: [{rule: fifo-topic, reason: x, path: '!'}]",
            "1:52",
            "`!` is not a valid path pattern",
        ),
        ("a: b: c", "1:5", "mapping values are not allowed"),
        ("select: &a [*a]", "1:13", "unknown alias"),
        ("baseline: no-such-file.json", "", "no such file"),
    ],
)
def test_a_fault_of_the_configuration_has_its_place(text: str, place: str, said: str, tmp_path: Path) -> None:
    save(tmp_path / "checker.yaml", text.replace("FOLDER", tmp_path.as_posix()))
    save(tmp_path / "open.json", OPEN)
    done = run("check", "open.json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"checker.yaml:{place}: " in done.stderr or not place
    assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--select", "fifo-topics"], "error: --select: unknown rule or family `fifo-topics`"),
        (["--ignore", "sns,kmss"], "error: --ignore: unknown rule or family `kmss`"),
        (["--severity", "nonsense=error"], "error: --severity: unknown rule or family `nonsense`"),
        (["--select", "fifo-topics"], "did you mean `fifo-topic`?"),
        (["--ignore", "sns,kmss"], "did you mean `kms`?"),
        (["--severity", "fifo-topic=bad"], "write `RULE=error`, `warning` or `note`"),
        (["--severity", "nonsense=error"], "unknown rule or family `nonsense`"),
        (["--config", "none.yaml"], "none.yaml: no such file"),
        (["--baseline", "none.json"], "none.json: no such file"),
        (["--format", "sarfi"], "did you mean `sarif`?"),
        (["--format", "sarif="], "names no file"),
        (["--format", "text", "--format", "json"], "two reports cannot go to standard output"),
        (["--format", "text=a", "--format", "json=a"], "two reports cannot go to `a`"),
        (["--format", "json=no/such/folder.json"], "cannot be written"),
    ],
    ids=str,
)
def test_options_that_cannot_be_followed_are_refused(arguments: list[str], said: str, tmp_path: Path) -> None:
    save(tmp_path / "open.json", OPEN)
    done = run("check", *arguments, "open.json", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_several_reports_at_once_and_the_summary_of_a_github_step(tmp_path: Path) -> None:
    save(tmp_path / "open.json", OPEN)
    save(tmp_path / "summary.md", "# before\n")
    formats = ["--format", "sarif=out.sarif", "--format", "junit=out.xml", "--format", "github"]
    done = run("check", *formats, cwd=tmp_path, env={"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")})
    assert done.returncode == 1
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "out.xml").read_text().startswith("<?xml")
    assert done.stdout.startswith("::error file=open.json,line=4,")
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("# before\n## checker: 1 error, 1 warning")


def test_names_in_reports_are_relative_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    save(tmp_path / "policies" / "open.json", OPEN)
    for folder, name in (
        (tmp_path, "policies"),
        (tmp_path / "policies", "open.json"),
        (tmp_path, str(tmp_path)),
    ):
        done = run("check", "--format", "sarif", name, cwd=folder)
        (result, *_) = json.loads(done.stdout)["runs"][0]["results"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "policies/open.json"
        prints = result["partialFingerprints"]
        assert (
            prints == json.loads(run("check", "--format", "sarif", "-", cwd=folder, stdin=b"{}").stdout)
            or prints
        )


def test_baseline_write_and_check_from_any_folder(tmp_path: Path) -> None:
    save(tmp_path / "policies" / "open.json", OPEN)
    save(tmp_path / "checker.yaml", "baseline: known.json\n")
    assert run("check", cwd=tmp_path).returncode == 2  # named, and not there
    written = run("baseline", "write", cwd=tmp_path)
    assert written.returncode == 0
    assert "wrote 2 findings to" in written.stderr
    assert run("check", cwd=tmp_path).returncode == 0
    assert run("check", cwd=tmp_path / "policies").returncode == 0
    save(tmp_path / "policies" / "new.json", OPEN)
    done = run("check", "--format", "json", cwd=tmp_path)
    assert {one["locations"][0]["source"] for one in json.loads(done.stdout)["findings"]} == {
        "policies/new.json"
    }
    assert json.loads(done.stdout)["summary"]["baselined"] == 2
    save(tmp_path / "policies" / "open.json", WIDE)
    assert "is fixed in policies/open.json" in run("check", cwd=tmp_path).stderr
    save(tmp_path / "broken.json", '{"Statement": "sns:Publish"')
    refused = run("baseline", "write", cwd=tmp_path)
    assert refused.returncode == 2
    assert "no baseline was written" in refused.stderr


MODULE = """variable "name" {}
resource "aws_sns_topic" "chat" {
  name   = var.name
  policy = jsonencode({ Statement = [{
    Sid = "Open", Effect = "Allow", Principal = { Service = "connect.amazonaws.com" },
    Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
  }] })
}
"""
IN_A_TEMPLATE = {
    "Type": "AWS::SNS::TopicInlinePolicy",
    "Properties": {"TopicArn": {"Ref": "Chat"}, "PolicyDocument": OPEN},
}
FILES = {
    "infra/modules/chat/main.tf": MODULE,
    "infra/dev/main.tf": 'module "chat" {\n  source = "../modules/chat"\n  name = "dev"\n}\n',
    "infra/prod/main.tf": 'module "chat" {\n  source = "../modules/chat"\n  name = "prod"\n}\n',
    "infra/chat.json": json.dumps({"Resources": {"Chat": {"Type": "AWS::SNS::Topic"}, "P": IN_A_TEMPLATE}}),
}


@pytest.mark.parametrize("written", [".", "infra"])
@pytest.mark.parametrize("called", [".", "infra", "infra/dev", "infra/prod"])
def test_a_baseline_knows_roots_and_templates_whatever_folder_it_is_used_in(
    written: str, called: str, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    known = str(tmp_path / "known.json")
    assert run("baseline", "write", ".", "-o", known, cwd=tmp_path / written).returncode == 0
    done = run("check", ".", "--baseline", known, cwd=tmp_path / called)
    assert (done.returncode, done.stdout) == (0, "")
    assert "stale" not in done.stderr
    assert "nothing was examined" not in done.stderr


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [{"rule": 1}]}']
)
def test_a_baseline_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    save(tmp_path / "open.json", OPEN)
    save(tmp_path / "known.json", text)
    done = run("check", "--baseline", "known.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "known.json" in done.stderr


def test_a_topic_is_in_scope_by_file_option_tag_manifest_contact_or_policy(tmp_path: Path) -> None:
    save(tmp_path / "other.json", {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(OTHER)}})
    tags = {"ResourceTagMappingList": [{"ResourceARN": TOPIC_ARN, "Tags": [{"Key": "chat", "Value": "yes"}]}]}
    save(tmp_path / "tags.json", tags)

    def judged(*arguments: str) -> tuple[int, int]:
        summary = json.loads(run("check", "--format", "json", *arguments, cwd=tmp_path).stdout)["summary"]
        return summary["topics"], summary["topics_not_judged"]

    assert judged(".") == (0, 1)
    assert judged("other.json") == (1, 0)
    assert judged("--all-topics", ".") == (1, 0)
    assert judged("--topic-arn", TOPIC_ARN, ".") == (1, 0)
    assert judged("--topic-arn", "arn:aws:sns:*:*:elsewhere", ".") == (0, 1)
    assert judged("--topic-tag", "chat", ".") == (1, 0)
    assert judged("--topic-tag", "chat=yes", ".") == (1, 0)
    assert judged("--topic-tag", "chat=no", ".") == (0, 1)
    save(tmp_path / "streaming.yaml", f"contacts:\n  - id: web\n    topics: [{TOPIC_ARN}]\n")
    assert judged(".") == (1, 0)
    save(tmp_path / "streaming.yaml", "topics:\n  - attributes: other.json\n")
    assert judged(".") == (1, 0)
    (tmp_path / "streaming.yaml").unlink()
    save(tmp_path / "other.json", {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(OPEN)}})
    assert judged(".") == (1, 0)
    assert "1 topic; 0 topics not checked" in run("check", ".", cwd=tmp_path).stderr


def test_rules_are_listed_and_explained() -> None:
    listed = json.loads(run("rules", "--format", "json").stdout)
    assert {tuple(one) for one in listed} == {("id", "family", "severity", "summary", "fixable", "since")}
    assert [one["id"] for one in listed] == sorted(one["id"] for one in listed)
    text = run("rules").stdout
    assert all(f"  {one['id']} " in text for one in listed)
    assert json.loads(run("rules", "fifo-topic", "--format", "json").stdout) == [
        one for one in listed if one["id"] == "fifo-topic"
    ]
    page = run("rules", "fifo-topic").stdout
    assert all(
        heading in page for heading in ("What it finds", "Why it matters", "Use instead", "References")
    )
    unknown = run("rules", "fifo")
    assert unknown.returncode == 2
    assert "did you mean `fifo-topic`?" in run("rules", "fifo-topics").stderr


MODULE = f"""
resource "aws_sns_topic" "chat" {{
  name   = "chat"
  policy = jsonencode({json.dumps(OPEN)})
}}
"""


def two_roots(folder: Path) -> None:
    """Two environments that call one module."""
    save(folder / "modules" / "chat" / "main.tf", MODULE)
    for root in ("dev", "prod"):
        save(folder / root / "main.tf", 'module "chat" {\n  source = "../modules/chat"\n}\n')


@pytest.mark.parametrize("path", ["dev/", "dev/*.tf", "/dev"])
@pytest.mark.parametrize(
    "text",
    [
        "overrides: [{paths: [PATH], ignore: [missing-source-arn]}]",
        "overrides: [{paths: [PATH], severity: {missing-source-arn: note}}]",
        "suppressions: [{path: PATH, rule: missing-source-arn, reason: known}]",
    ],
)
def test_what_is_said_of_a_terraform_root_holds_for_the_modules_that_it_calls(
    text: str, path: str, tmp_path: Path
) -> None:
    two_roots(tmp_path)
    save(tmp_path / "checker.yaml", text.replace("PATH", path))
    done = run("check", "dev", "prod", "--format", "json", "--strict", cwd=tmp_path)
    found = json.loads(done.stdout)["findings"]
    of_rule = [one for one in found if one["rule"] == "missing-source-arn" and one["severity"] != "note"]
    assert [one["resource"].partition(":")[0] for one in of_rule] == ["prod/"]
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("where", "paths", "stale"),
    [
        (".", "prd/", True),
        (".", "prod/", False),
        (".", "modules/", False),
        (".", "prod/*.json", True),
        ("dev", "prod/", False),
        (".", "others.json", False),
    ],
)
def test_an_override_that_is_for_nothing_is_stale_where_everything_was_looked_at(
    where: str, paths: str, stale: bool, tmp_path: Path
) -> None:
    two_roots(tmp_path)
    save(tmp_path / "others.json", OTHER)
    save(tmp_path / "checker.yaml", f"fail-on: error\noverrides: [{{paths: ['{paths}'], ignore: [sns]}}]")
    done = run("check", where, cwd=tmp_path)
    assert (f"the override for `{paths}` matches no checked resource" in done.stderr) is stale
