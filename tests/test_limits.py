"""Each kind of input has a limit, which `docs/limits.md` lists. What exceeds it is reported, in little time and memory."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from checker.iam.prove import domain
from checker.inputs import kubernetes, large_files, mentions, text, yaml_text
from checker.inputs.cloudformation import include, loops, nested, sections, serverless
from checker.inputs.cloudformation import template as cloudformation
from checker.inputs.cloudtrail import fragment
from checker.inputs.terraform.hcl import functions_patterns, limits
from checker.inputs.terraform.plan import configuration as plan
from checker.inputs.terraform.terragrunt import configuration as terragrunt
from checker.live.audit import journal
from checker.policy import text_json
from tests.cli.process import CHECKER, save
from tests.samples import TESTS, document, statement

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

MEMORY = 1024 * 1024 * 1024
"""The address space of a run, in bytes. The interpreter takes a tenth of it."""
SECONDS = 120
"""The CPU time of a run with all cases together, which take about ten seconds."""
EXPENSIVE = bool(os.environ.get("CHECKER_EXPENSIVE"))
"""`make limits` also tries the limits that take long to reach."""

MB = 1024 * 1024
OPEN = document(statement())
WORDS = '"Statement": "sns:Publish connect.amazonaws.com"'
PAGE = (TESTS.parent / "docs" / "limits.md").read_text()


class Limit(NamedTuple):
    """Files that exceed a limit, and a part of what the report says about them."""

    said: str
    files: dict[str, Any]
    is_expensive: bool = False


def topic(policy: str, more: str = "") -> str:
    return f'resource "aws_sns_topic" "t" {{\n  name   = "t"\n  policy = {policy}\n  {more}\n}}\n'


def chain(link: str, last: str, length: int = 50) -> str:
    """Locals of which each is made of the next, twice."""
    lines = "".join(f"  a{n} = {link.replace('NEXT', f'local.a{n + 1}')}\n" for n in range(length))
    return f"locals {{\n{lines}  a{length} = {last}\n}}\n"


def template(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {"Resources": resources, **sections}


def loop(names: str, inner: dict[str, Any]) -> dict[str, Any]:
    for name in names:
        inner = {f"Fn::ForEach::Loop{name}": [name, [str(n) for n in range(30)], inner]}
    return inner


def doubled(levels: int) -> str:
    """Anchors of YAML, each with ten of the one before."""
    lines = (f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, levels))
    return "".join(("a0: &a0 [sns:Publish, connect.amazonaws.com, Statement]\n", *lines))


NESTING = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
INCLUDE = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "part.json"}}}
UPBOUND = (
    "apiVersion: sns.aws.upbound.io/v1beta1\nkind: {}\nmetadata: {{name: a{}}}\nspec: {{forProvider: {}}}\n"
)
SELECTOR = "{arnSelector: {matchLabels: {a: b}}, policy: '{}'}"
CHOICES = template(
    {
        "T": {"Type": "AWS::SNS::Topic"},
        "P": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "T"}],
                "PolicyDocument": document(
                    *(
                        {"Fn::If": [f"C{n}", statement(Sid=f"a{n}"), statement(Sid=f"b{n}")]}
                        for n in range(70)
                    )
                ),
            },
        },
    },
    Parameters={f"P{n}": {"Type": "String"} for n in range(70)},
    Conditions={f"C{n}": {"Fn::Equals": [{"Ref": f"P{n}"}, "x"]} for n in range(70)},
)
SELF = "".join(f"  a{n}: ${{self:custom.a{n + 1}}}${{self:custom.a{n + 1}}}\n" for n in range(60))
SERVERLESS = (
    f"service: x\nprovider: {{name: aws}}\ncustom:\n{SELF}  a60: x\nresources:\n  Resources:\n"
    "    T: {Type: AWS::SNS::Topic, Properties: {TopicName: '${self:custom.a0}'}}\n"
)
OF_PLAN = '{"format_version": "1.2", "terraform_version": "1.5.0", "x": "aws_sns_topic", "planned_values": {"root_module": '
EVENT = '{"eventSource": "connect.amazonaws.com", "eventName": "StartContactStreaming", "x": "'
HARD = [f"arn:aws:connect:*{'?a*' * n}*{'b?' * n}*" for n in range(1, 12)]
PATTERNS = (
    {"StringLike": {"aws:SourceArn": HARD}, "StringNotLike": {"aws:SourceArn": [f"*{n}*a*b*{n}*"]}}
    for n in range(3)
)
CASES = {
    "size": Limit("larger than the 5 MB limit", {"a.json": json.dumps(OPEN) + " " * 5_300_000}),
    "json": Limit("nested more than 100 levels deep", {"a.json": f'{{{WORDS}, "x": {"[" * 500_000}'}),
    "yaml": Limit(
        "nested more than 100 levels deep", {"a.yaml": f"Statement: sns:Publish\nx: {'[' * 100_000}"}
    ),
    "aliases": Limit("more than 200000 values", {"a.yaml": doubled(30)}),
    "brackets": Limit("nested more than 100 levels deep", {"main.tf": topic("[" * 50_000)}),
    "tokens": Limit("longer than the limit of 200000 tokens", {"main.tf": topic("1" + " + 1" * 150_000)}),
    "heredocs": Limit(
        "this heredoc is not closed", {"main.tf": topic("1") + "locals {\n a = <<EOT\n" * 10_000}
    ),
    "doubling": Limit(
        "the string is too long", {"main.tf": topic("local.a0") + chain('"${NEXT}${NEXT}"', '"xxxxxxxx"')}
    ),
    "range": Limit("evaluation limit exceeded", {"main.tf": topic('join(",", range(1000000000))')}),
    "nested loops": Limit(
        "evaluation limit exceeded",
        {
            "main.tf": topic(
                'jsonencode({Version = "2012-10-17", Statement = '
                "[for a in range(1000): [for b in range(1000): [for c in range(1000): c]]]})"
            )
        },
    ),
    "power": Limit("the function `pow` is not supported", {"main.tf": topic('"${pow(99999999, 99999999)}"')}),
    "format": Limit("the format is not supported", {"main.tf": topic('format("%99999999d", 1)')}),
    "backtracking": Limit(
        "the pattern is not supported", {"main.tf": topic(f'replace("{"a" * 5000}!", "/(a+)+$/", "")')}
    ),
    "pattern": Limit(
        "the pattern is not supported",
        {"main.tf": topic(f'jsonencode(regexall("a*a*a*a*a*a*b", "{"a" * 3000}"))')},
    ),
    "plan": Limit("modules nested more than 40 deep", {"plan.json": OF_PLAN + '{"child_modules": [' * 3000}),
    "units": Limit(
        "configurations read each other",
        {
            "terragrunt.hcl": 'locals {\n  a = read_terragrunt_config("terragrunt.hcl")\n}\nterraform {\n  source = local.a.locals.x\n}\n# connect.amazonaws.com\n'
        },
    ),
    "resources": Limit(
        "more than 5,000 resources",
        {"a.json": template({f"T{n}": {"Type": "AWS::SNS::Topic"} for n in range(5_001)})},
    ),
    "loops": Limit(
        "loops write more than 200000 values",
        {
            "a.json": template(
                loop("ABCDEF", {"Chat${A}${B}${C}${D}${E}${F}": {"Type": "AWS::SNS::Topic"}}),
                Transform="AWS::LanguageExtensions",
            )
        },
    ),
    "nested": Limit(
        "more than 200 templates are nested",
        {
            "a.json": template({f"S{n}": NESTING for n in range(210)}),
            "inner.json": template({"T": {"Type": "AWS::SNS::Topic"}}),
        },
    ),
    "included": Limit(
        "a template includes more than 50 files",
        {
            "a.json": template(
                {f"T{n}": {"Type": "AWS::SNS::Topic", "Properties": INCLUDE} for n in range(51)}
            ),
            "part.json": {},
        },
    ),
    "choices": Limit("of 140 choices of its conditions", {"a.json": CHOICES}),
    "serverless": Limit("more than 20000 values", {"serverless.yml": SERVERLESS}),
    "kubernetes": Limit(
        "more than 10,000 ways",
        {
            "a.yaml": "---\n".join(
                [
                    *(UPBOUND.format("TopicPolicy", n, SELECTOR) for n in range(120)),
                    *(UPBOUND.format("Topic", n, "{}") for n in range(120)),
                ]
            )
        },
    ),
    "trail": Limit("1 record is not JSON", {"a.jsonl": EVENT + "a" * 3_000_000}),
    "policy": Limit(
        "too complex to analyze within the work limit",
        {"a.json": document(*(statement(Condition=one, Sid=f"a{n}") for n, one in enumerate(PATTERNS)))},
    ),
    "compressed": Limit(
        "larger than the 512 MB limit",
        {"a.json.gz": gzip.compress((OF_PLAN + "1").encode() + b" " * (513 * MB), 1) if EXPENSIVE else b""},
        is_expensive=True,
    ),
}
CONSTANTS: tuple[tuple[ModuleType, str, int, str], ...] = (
    (text, "MAX_BYTES", 5 * MB, "5 MB"),
    (large_files, "_MOST", 512 * MB, "512 MB"),
    (mentions, "MOST_SEARCHED", 256 * MB, "256 MB"),
    (mentions, "_MOST_CODE", MB, "1 MB"),
    (text_json, "MAX_DEPTH", 100, "100 levels"),
    (yaml_text, "MAX_NODES", 200_000, "200,000 values"),
    (limits, "MAX_DEPTH", 100, "100 brackets"),
    (limits, "MAX_TOKENS", 200_000, "200,000 tokens"),
    (limits, "MAX_STEPS", 150_000, "150,000 steps"),
    (limits, "MAX_NESTING", 60, "60 levels"),
    (limits, "MAX_TEXT", 512 * 1024, "512 KB"),
    (limits, "MAX_ITEMS", 1024, "1,024 items"),
    (limits, "MAX_SIZE", 20_000, "20,000 values"),
    (functions_patterns, "_MAX_PATTERN", 300, "300 characters"),
    (functions_patterns, "_MAX_STEPS", 5_000_000, "5,000,000 ways"),
    (plan, "MAX_MODULES", 40, "40 modules"),
    (terragrunt, "_DEEPEST", 10, "10 configurations"),
    (sections, "MOST_RESOURCES", 5_000, "5,000 resources"),
    (loops, "_MOST", 200_000, "200,000 values"),
    (nested, "_MOST", 200, "200 templates"),
    (nested, "_DEEPEST", 10, "10 deep"),
    (include, "_MOST", 50, "50 files"),
    (cloudformation, "_MOST_CHANGES", 60, "60 choices"),
    (serverless, "_MOST", 20_000, "20,000 values"),
    (kubernetes, "MOST_POSSIBLE", 10_000, "10,000 pairs"),
    (fragment, "MAX_PIECE", 2 * MB, "2 MB"),
    (journal, "MAX_BYTES_OF_LINE", 512 * MB, "512 MB"),
    (domain, "LIMIT", 400_000, "400,000 units"),
)


@pytest.mark.parametrize(("module", "name", "value", "shown"), CONSTANTS, ids=lambda one: str(one)[:20])
def test_the_page_lists_the_limits_as_they_are(module: ModuleType, name: str, value: int, shown: str) -> None:
    assert getattr(module, name) == value
    assert re.search(rf"(?m)^\| .*\b{re.escape(shown)}\b.*\|$", PAGE)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a run that reads all cases at once, with little memory."""
    top = tmp_path_factory.mktemp("limits")
    for name, case in CASES.items():
        for file, content in case.files.items():
            _save(top / name.replace(" ", "-") / file, content)

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY * (1 + EXPENSIVE), MEMORY * (1 + EXPENSIVE)))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    command = [*CHECKER, "check", ".", "--format", "json", "--strict"]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    done = subprocess.run(
        command, cwd=top, env=environment, preexec_fn=bound, capture_output=True, check=False, text=True
    )  # fmt: skip
    assert "internal error" not in done.stderr
    assert done.returncode == 2, done.stderr[-1000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert not found["crashed"]
    return found


def _save(path: Path, content: Any) -> None:
    if isinstance(content, bytes):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    else:
        save(path, content)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if EXPENSIVE or not case.is_expensive])
def test_what_exceeds_a_limit_is_reported(name: str, report: dict[str, Any]) -> None:
    folder = f"{name.replace(' ', '-')}/"
    about = [one["reason"] for one in report["skipped"] if one["what"].startswith(folder)]
    about += [one["message"] for one in report["findings"] if f'"{folder}' in json.dumps(one)]
    about += [text for one in report["examined"] if f'"{folder}' in (text := json.dumps(one))]
    assert any(CASES[name].said in one for one in about), about[:3]
