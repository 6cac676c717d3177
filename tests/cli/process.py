"""Runs `checker` as people and machines do: as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.samples import TESTS

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

CHECKER = [sys.executable, "-m", "checker"]


def run(
    *arguments: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command; whatever happens, there is never a traceback."""
    command = [*CHECKER, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), **(env or {})}
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment, cwd=cwd)
    result = subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in result.stderr
    return result


def as_caller(sandbox: Sandbox, account: Account) -> dict[str, str]:
    """The environment of somebody who works in an account of the sandbox."""
    return {**sandbox.environment, "AWS_ACCESS_KEY_ID": account.id, "AWS_CONFIG_FILE": "/nowhere"}


def save(path: Path, value: Any) -> Path:
    """Write a value as JSON, a text as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2))
    return path
