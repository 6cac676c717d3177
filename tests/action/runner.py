"""Runs the steps of the composite action as GitHub's runner does: with its environment files and expressions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.samples import TESTS

TOP = TESTS.parent
ACTION = yaml.safe_load((TOP / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")


class Job(NamedTuple):
    """A finished job: its exit code, its log, the outputs of its steps and the step summary."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """The folders and variables of a job in a checkout."""

    def __init__(self, checkout: Path, temporary: Path, environment: dict[str, str]) -> None:
        self.checkout = checkout
        self.temporary = temporary
        self.environment = environment
        self.outputs: dict[str, str] = {}

    def run(self, **inputs: str) -> Job:
        self.temporary.mkdir(exist_ok=True)
        self._preinstall()
        self.outputs = {}
        given = {name: str(one["default"]) for name, one in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): text for name, text in inputs.items()}
        log, code = "", 0
        summary = self.temporary / "summary.md"
        summary.write_text("")
        for step in STEPS:
            if code == 0 and self._condition(step.get("if", ""), given):
                done = self._step(step, given, summary)
                log += done.stdout + done.stderr
                code = done.returncode
        return Job(code, log, self.outputs, summary.read_text())

    def _preinstall(self) -> None:
        """Link the checker under test, which the first step then puts on the path."""
        binaries = self.temporary / "checker-environment" / "bin"
        binaries.mkdir(parents=True, exist_ok=True)
        script = binaries / "checker"
        script.write_text(f'#!/bin/sh\nPYTHONPATH="{TOP}" exec "{sys.executable}" -m checker "$@"\n')
        script.chmod(0o755)

    def _value(self, text: str, given: dict[str, str]) -> str:
        def replace(match: re.Match[str]) -> str:
            kind, _, name = match[1].partition(".")
            if kind == "inputs":
                return self._value(given[name], given)
            if kind == "steps":
                return self.outputs.get(name.replace(".outputs", ""), "")
            return {"github.token": self.environment.get("TOKEN", "")}[match[1]]

        return _EXPRESSION.sub(replace, text)

    def _condition(self, text: str, given: dict[str, str]) -> bool:
        """Evaluate `NAME == 'TEXT' && NAME != 'TEXT'`."""
        for part in text.split(" && ") if text else ():
            match = re.fullmatch(r"([\w.-]+) (==|!=) '(.*)'", part)
            assert match is not None
            if (self._value(f"${{{{ {match[1]} }}}}", given) == match[3]) is (match[2] == "!="):
                return False
        return True

    def _step(
        self, step: dict[str, Any], given: dict[str, str], summary: Path
    ) -> subprocess.CompletedProcess[str]:
        output, path = self.temporary / "output", self.temporary / "path"
        output.write_text("")
        added = path.read_text().split() if path.exists() else []
        environment = {
            **{name: text for name, text in os.environ.items() if name in ("HOME", "LANG", "TMPDIR")},
            "PATH": ":".join([*added, os.environ["PATH"]]),
            "GITHUB_ACTION_PATH": str(TOP),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_PATH": str(path),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temporary),
            **{name: text for name, text in self.environment.items() if name != "TOKEN"},
            **{name: self._value(text, given) for name, text in step.get("env", {}).items()},
        }
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            command,
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        for line in output.read_text().splitlines():
            name, _, text = line.partition("=")
            self.outputs[f"{step['id']}.{name}"] = text
        return done
