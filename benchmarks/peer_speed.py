"""The commands of other tools over the same input, where `make bench-peers` installed them."""

from __future__ import annotations

from pathlib import Path
from shutil import which

from benchmarks.peer_tools import ENVIRONMENTS

POLICIES = {
    "aws-guardrails": "aws-guardrails validate {path}",
    "parliament": "parliament --directory {path}",
    "iam-policy-validator": "iam-validator validate --policy-type RESOURCE_POLICY --path {path} --offline",
    "checkov": "checkov --directory {path} --compact --skip-download --quiet",
}
"""Linters of a folder of policies."""

TEMPLATES = {
    "cfn-lint": "cfn-lint {path}",
    "checkov": "checkov --file {path} --framework cloudformation --compact --skip-download --quiet",
}
"""Linters of a template."""

AUDITORS = {"c7n": "custodian run --quiet --cache-period 0 -s {path} -c {path}/policy.json"}
"""Auditors of an account. The policy is ``CROSS_ACCOUNT``, and the folder gets what they write."""

CROSS_ACCOUNT = {
    "policies": [{"name": "topics", "resource": "aws.sns", "filters": [{"type": "cross-account"}]}]
}
"""Reads the policy of each topic, and looks for other accounts in it."""


def peers(commands: dict[str, str], path: Path) -> dict[str, list[str]]:
    """Return the command of each of the tools that is installed, by its name."""
    found = {name: environment(name) for name in commands}
    return {name: _command(commands[name], path, at) for name, at in found.items() if at is not None}


def simulators(requests: Path) -> dict[str, list[str]]:
    """Return the command of iam-simulate over requests, if it is installed and node is there."""
    node, at = which("node"), environment("iam-simulate")
    script = Path(__file__).with_name("iam_simulate.mjs")
    return {"iam-simulate": [node, str(script), str(at), str(requests)]} if node and at else {}


def environment(name: str) -> Path | None:
    """Return the environment of a peer, of whatever version; ``None`` if it is not installed."""
    found = sorted(ENVIRONMENTS.resolve().glob(f"{name}==*/.installed"))
    return found[-1].parent if found else None


def _command(command: str, path: Path, at: Path) -> list[str]:
    program, *arguments = command.format(path=path).split()
    return [str(at / "bin" / program), *arguments]
