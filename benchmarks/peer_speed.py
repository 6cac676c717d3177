"""The commands of other linters over a folder of policies, where `make bench-peers` installed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.peer_tools import ENVIRONMENTS

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {
    "aws-guardrails": "aws-guardrails validate {folder}",
    "parliament": "parliament --directory {folder}",
    "iam-policy-validator": "iam-validator validate --policy-type RESOURCE_POLICY --path {folder} --offline",
    "checkov": "checkov --directory {folder} --compact --skip-download --quiet",
}


def linters(folder: Path) -> dict[str, list[str]]:
    """Return the command of each linter that is installed, by its name."""
    return {name: _command(name, folder) for name in COMMANDS if environment(name) is not None}


def environment(name: str) -> Path | None:
    """Return the environment of a peer, of whatever version; ``None`` if it is not installed."""
    found = sorted(ENVIRONMENTS.resolve().glob(f"{name}==*/.installed"))
    return found[-1].parent if found else None


def _command(name: str, folder: Path) -> list[str]:
    program, *arguments = COMMANDS[name].format(folder=folder).split()
    found = environment(name)
    return [str(found / "bin" / program) if found else program, *arguments]
