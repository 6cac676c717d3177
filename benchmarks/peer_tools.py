"""Other linters, as they come: how each is run over a folder of policies, and what it says of which."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ENVIRONMENTS = Path(__file__).parent.parent / "build" / "peers"
"""Holds one environment a tool, named after the requirement: their dependencies conflict."""


class Answer(NamedTuple):
    """What one tool says: the ids of its findings by policy; a policy that it cannot read is missing."""

    tool: str
    version: str
    said: Mapping[str, set[str]]
    trouble: str = ""


class _Peer(NamedTuple):
    command: str
    read: Callable[[str], Iterator[tuple[str, str]]]


def ask(requirement: str, folder: Path, policies: Mapping[str, str]) -> Answer:
    """Run a tool, such as ``parliament==1.6.4``, over the policies that ``lay_out`` wrote."""
    tool, _, version = requirement.partition("==")
    said: dict[str, set[str]] = {name: set() for name in policies}
    try:
        for file, finding in _PEERS[tool].read(_output(requirement, folder)):
            said[Path(file).stem].add(finding)
    except FileNotFoundError:
        return Answer(tool, version, {}, "not installed")
    except (KeyError, TypeError, ValueError) as error:
        return Answer(tool, version, {}, f"failed: {error!r:.80}")
    return Answer(tool, version, said)


def lay_out(folder: Path, policies: Mapping[str, str]) -> None:
    """Write the policies, templates around them, and what iam-policy-validator has to know of AWS."""
    for name in ("policies", "templates", "services"):
        (folder / name).mkdir()
    for name, text in policies.items():
        (folder / "policies" / f"{name}.json").write_text(text)
        (folder / "templates" / f"{name}.json").write_text(_template(text))
    services = list(_services())
    (folder / "services" / "_services.json").write_text(
        json.dumps([{"service": one["Name"], "url": one["Name"]} for one in services])
    )
    for one in services:
        (folder / "services" / f"{one['Name']}.json").write_text(json.dumps(one))


def _output(requirement: str, folder: Path) -> str:
    program, *arguments = _PEERS[requirement.partition("==")[0]].command.split()
    done = subprocess.run(
        [str(ENVIRONMENTS.resolve() / requirement / "bin" / program), *arguments],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},  # the configuration of whoever runs this does not count
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and not done.stdout:
        raise ValueError((done.stderr.strip() or "no output").splitlines()[-1])
    return done.stdout


def _parliament(output: str) -> Iterator[tuple[str, str]]:
    for line in output.splitlines():
        finding = json.loads(line)
        yield finding["location"]["filepath"], finding["issue"]


def _iam_policy_validator(output: str) -> Iterator[tuple[str, str]]:
    for result in json.loads(output)["results"]:
        for issue in result["issues"]:
            if issue["issue_type"] == "check_execution_error":
                raise ValueError(issue["message"])
            yield result["policy_file"], issue["issue_type"]


def _cfn_lint(output: str) -> Iterator[tuple[str, str]]:
    for match in json.loads(output):
        yield match["Filename"], match["Rule"]["Id"]


def _checkov(output: str) -> Iterator[tuple[str, str]]:
    results = json.loads(output).get("results", {})
    for check in results.get("failed_checks", []):
        yield check["file_path"], check["check_id"]
    for path in results.get("parsing_errors", []):
        yield path, "parsing_error"


_PEERS = {
    "parliament": _Peer("parliament --json --directory policies", _parliament),
    "iam-policy-validator": _Peer(
        "iam-validator validate --policy-type RESOURCE_POLICY --path policies --format json"
        " --aws-services-dir services",
        _iam_policy_validator,
    ),
    "cfn-lint": _Peer("cfn-lint --format json --template templates/*.json", _cfn_lint),
    "checkov": _Peer(
        "checkov --directory templates --framework cloudformation --compact --skip-download --output json",
        _checkov,
    ),
}


def _template(policy: str) -> str:
    """Splice the text: parsing it would lose what is written twice."""
    kind, properties = _KEY if '"kms:' in policy else _TOPIC
    resource = f'{{"Type": "{kind}", "Properties": {{{properties}: {policy}}}}}'
    return f'{{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {{"Resource": {resource}}}}}\n'


_KEY = ("AWS::KMS::Key", '"EnableKeyRotation": true, "KeyPolicy"')
_TOPIC = (
    "AWS::SNS::TopicPolicy",
    '"Topics": ["arn:aws:sns:us-east-1:111122223333:connect-chat-stream"], "PolicyDocument"',
)


def _services() -> Iterator[dict[str, Any]]:
    """Turn the definitions that parliament brings into the form in which AWS publishes them."""
    for path in ENVIRONMENTS.glob("parliament==*/lib/*/site-packages/parliament/iam_definition.json"):
        for service in json.loads(path.read_text()):
            if service["prefix"] in ("kms", "sns"):
                yield {
                    "Name": service["prefix"],
                    "Actions": [_action(one) for one in service["privileges"]],
                    "ConditionKeys": [
                        {"Name": one["condition"], "Types": [one["type"]]} for one in service["conditions"]
                    ],
                    "Resources": [_resource(one) for one in service["resources"]],
                }


def _action(privilege: dict[str, Any]) -> dict[str, Any]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in privilege["resource_types"]:
        found[one["resource_type"].rstrip("*")] += one["condition_keys"]
    return {
        "Name": privilege["privilege"],
        "ActionConditionKeys": sorted({key for keys in found.values() for key in keys}),
        "Resources": [{"Name": name} for name in found if name],
    }


def _resource(resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": resource["resource"],
        "ARNFormats": [resource["arn"]],
        "ConditionKeys": resource["condition_keys"],
    }
