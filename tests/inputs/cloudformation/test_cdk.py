"""What CDK writes beside its templates: the environment of a stack, nested stacks, and the code of a construct."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Inventory, Topic
from checker.core.unknown import Unknown
from checker.inputs.collect import Given
from checker.inputs.load import load
from tests.cli.process import run
from tests.inputs.cloudformation.stacks import topic, topic_policy
from tests.samples import ACCOUNT, document, statement

PATH = "Desk/Chat/Topic/Resource"
CODE = "export class Desk {\n  constructor() {\n    new sns.Topic(this, 'Topic');\n  }\n}\n"
POLICY = topic_policy(
    document(
        statement(
            Resource={"Ref": "Chat"},
            Condition={"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        )
    )
)
CHAT = {
    "Chat": {**topic(TopicName="chat"), "Metadata": {"aws:cdk:path": PATH}},
    "Policy": POLICY,
}


def stack(environment: Any = f"aws://{ACCOUNT}/us-west-2", trace: Any = (), **more: Any) -> dict[str, Any]:
    entry = {"type": "aws:cdk:logicalId", "data": "Chat", "trace": list(trace)}
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": "Desk.template.json"},
        "metadata": {f"/{PATH}": [{"type": "aws:cdk:info", "data": "a"}, entry]},
        **more,
    }


def app(folder: Path, manifest: Any, resources: Any = None, **templates: Any) -> Path:
    """Write the code and the output of an app; return its template."""
    out, code = folder / "cdk.out", folder / "lib" / "desk.ts"
    (folder / ".git").mkdir()
    out.mkdir()
    code.parent.mkdir()
    code.write_text(CODE)
    (out / "manifest.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    for name, content in {"Desk.template": {"Resources": resources or CHAT}, **templates}.items():
        (out / f"{name}.json").write_text(json.dumps(content, indent=1))
    return out / "Desk.template.json"


def only_topic(inventory: Inventory) -> Topic:
    (found,) = inventory.topics
    return found


@pytest.mark.parametrize(
    ("environment", "arn"),
    [
        (f"aws://{ACCOUNT}/us-west-2", f"arn:aws:sns:us-west-2:{ACCOUNT}:chat"),
        (f"aws://{ACCOUNT}/cn-north-1", f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:chat"),
        (f"aws://{ACCOUNT}/unknown-region", f"?arn:${{AWS::Partition}}:sns:${{AWS::Region}}:{ACCOUNT}:chat"),
        ("aws://unknown-account/us-west-2", "?arn:aws:sns:us-west-2:${AWS::AccountId}:chat"),
        ("aws://a/b/c", "?arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:chat"),
        (5, "?arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:chat"),
    ],
)
def test_the_environment_is_that_of_the_stack(environment: Any, arn: str, tmp_path: Path) -> None:
    found = only_topic(load([app(tmp_path, {"artifacts": {"Desk": stack(environment)}})])).arn
    assert (f"?{found.where}" if isinstance(found, Unknown) else str(found)) == arn


def test_an_option_replaces_the_environment(tmp_path: Path) -> None:
    path = app(tmp_path, {"artifacts": {"Desk": stack()}})
    found = only_topic(load([path], given=Given(parameters=(("AWS::Region", "eu-west-2"),))))
    assert str(found.arn) == f"arn:aws:sns:eu-west-2:{ACCOUNT}:chat"


def test_a_template_of_two_stacks_has_no_known_environment(tmp_path: Path) -> None:
    manifest = {"artifacts": {"One": stack(), "Two": stack(f"aws://{ACCOUNT}/us-east-1")}}
    assert isinstance(only_topic(load([app(tmp_path, manifest)])).arn, Unknown)


def test_a_nested_stack_is_read_with_its_parameters_in_the_same_environment(tmp_path: Path) -> None:
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {
            "TemplateURL": {"Fn::Sub": "https://s3.${AWS::Region}/a.json"},
            "Parameters": {"Name": "inner"},
        },
        "Metadata": {"aws:asset:path": "Inner.nested.template.json", "aws:asset:property": "TemplateURL"},
    }
    inner = {
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {**CHAT, "Chat": topic(TopicName={"Ref": "Name"})},
    }
    files = {"Inner.nested.template": inner}
    app(tmp_path, {"artifacts": {"Desk": stack()}}, {"Nested": nested}, **files)
    found = load([tmp_path])
    assert str(only_topic(found).arn) == f"arn:aws:sns:us-west-2:{ACCOUNT}:inner"
    assert found.skipped == ()


TRACES = {
    "absolute": [
        "new Topic ({}/node_modules/a/topic.js:1:2)",
        "new Desk ({}/lib/desk.ts:3:5)",
        "x ({}/lib/desk.ts:1:1)",
    ],
    "with at": ["    at new Desk ({}/lib/desk.ts:3:5)"],
    "without a function": ["at {}/lib/desk.ts:3:5"],
    "a URL": ["at file://{}/lib/desk.ts:3:5"],
    "relative": ["new Desk (lib/desk.ts:3:5)"],
    "without a column": ["new Desk (lib/desk.ts:3)"],
    "after others": ["<anonymous>", "...stack trace disabled...", "new Desk (lib/desk.ts:3:5)"],
}


@pytest.mark.parametrize("name", TRACES)
def test_a_construct_has_a_path_and_its_line_in_the_code(name: str, tmp_path: Path) -> None:
    trace = [line.format(tmp_path) for line in TRACES[name]]
    found = only_topic(load([app(tmp_path, {"artifacts": {"Desk": stack(trace=trace)}})]))
    assert found.construct == "Desk/Chat/Topic"
    assert found.written is not None
    place = found.written.place
    position = place.document.locate(place.route, None)  # type: ignore[arg-type] # of the whole document
    assert position is not None
    assert (Path(place.document.name), position.line) == (tmp_path / "lib" / "desk.ts", 3)


def test_metadata_in_a_file_of_its_own(tmp_path: Path) -> None:
    whole = stack(trace=["new Desk (lib/desk.ts:3:5)"])
    metadata = whole.pop("metadata")
    path = app(tmp_path, {"artifacts": {"Desk": {**whole, "additionalMetadataFile": "Desk.metadata.json"}}})
    (path.parent / "Desk.metadata.json").write_text(json.dumps(metadata))
    assert only_topic(load([path])).written is not None


def test_the_output_of_a_stage_is_one_folder_deeper(tmp_path: Path) -> None:
    path = app(tmp_path, {"artifacts": {}})
    inner = path.parent / "assembly-Prod"
    inner.mkdir()
    path = path.rename(inner / path.name)
    (inner / "manifest.json").write_text(
        json.dumps({"artifacts": {"Desk": stack(trace=["new Desk (lib/desk.ts:3:5)"])}})
    )
    assert only_topic(load([path])).written is not None


IGNORED: dict[str, Any] = {
    "no manifest": "",
    "not JSON": "[",
    "nested too deeply": "[" * 100_000,
    "a list": [],
    "no artifacts": {"artifacts": 5},
    "an artifact of another form": {"artifacts": {"Desk": 5, "Other": {"type": "aws:cloudformation:stack"}}},
    "metadata of another form": {"artifacts": {"Desk": stack(metadata={f"/{PATH}": 5, "a": [5]})}},
    "metadata outside": {"artifacts": {"Desk": stack(metadata={}, additionalMetadataFile="../lib/desk.ts")}},
    "a trace of another form": {
        "artifacts": {"Desk": stack(metadata={f"/{PATH}": [{"type": "aws:cdk:logicalId", "trace": "a"}]})}
    },
    **{
        f"trace {line}": {"artifacts": {"Desk": stack(trace=[line])}}
        for line in (
            5,
            "",
            "new Desk (lib/desk.ts)",
            "new Desk (lib/desk.ts:0:0)",
            "new Desk (lib/desk.ts:99:1)",
            f"new Desk (lib/desk.ts:{'9' * 5000}:1)",
            "new Desk (lib/missing.ts:1:1)",
            "new Desk (cdk.out/manifest.json:1:1)",
            "new Desk (/etc/passwd:1:1)",
            "new Desk (../../../../../etc/hosts.py:1:1)",
            "new Desk (lib:1:1)",
            "new Desk (\0.ts:1:1)",
        )
    },
}


@pytest.mark.parametrize("name", IGNORED)
def test_a_manifest_that_tells_nothing_is_ignored(name: str, tmp_path: Path) -> None:
    path = app(tmp_path, IGNORED[name])
    found = load([path])
    assert only_topic(found).written is None
    assert only_topic(found).construct == "Desk/Chat/Topic"
    assert found.skipped == ()


def test_reports_name_the_construct_and_the_line(tmp_path: Path) -> None:
    app(tmp_path, {"artifacts": {"Desk": stack(trace=["new Desk (lib/desk.ts:3:5)"])}})
    text = run("check", ".", cwd=tmp_path).stdout
    assert "cdk.out/Desk.template.json#Chat (Desk/Chat/Topic)" in text
    assert "..> lib/desk.ts:3:5 declared here" in text
    report = json.loads(run("check", ".", "--format", "json", cwd=tmp_path).stdout)
    assert {one["construct"] for one in report["findings"]} == {"Desk/Chat/Topic"}
    sarif = json.loads(run("check", ".", "--format", "sarif", cwd=tmp_path).stdout)
    (result,) = sarif["runs"][0]["results"]
    names = result["locations"][0]["logicalLocations"]
    assert {"fullyQualifiedName": "Desk/Chat/Topic", "kind": "construct"} in names
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "lib/desk.ts"
    assert "Desk/Chat/Topic" in run("check", ".", "--format", "github", cwd=tmp_path).stdout
