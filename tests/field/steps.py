"""Performs the steps of a case in order, on one copy, and holds each against its expectations."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from tests.field.expectations import at_path, expect
from tests.field.files import Copy, content
from tests.field.findings import as_list
from tests.field.reading import Case, Step
from tests.field.running import Launcher, Output, environment
from tests.field.unmet import UnmetError

REGION = "us-east-1"
CALL_FIELDS = {"call", "what", "status", "save", "body_has", "body_has_not"}


class Scene(NamedTuple):
    """Where a case runs. ``aws`` leads to the sandbox, and is empty without one."""

    folder: Path
    launcher: Launcher
    aws: dict[str, str]
    saved: dict[str, str]

    @property
    def root(self) -> Path:
        """The folder that arguments are relative to."""
        return self.folder / "copy"


def run_case(case: Case, scene: Scene) -> None:
    """Run a case on a fresh copy. Raises UnmetError."""
    for name in ("copy", "home", "streams"):
        (scene.folder / name).mkdir()
    case.copy_to(scene.root)
    for step in case.steps:
        run_step(step, scene)


def run_step(step: Step, scene: Scene) -> None:
    """Perform a step with what earlier steps saved, `{NAME}`, filled in. Raises UnmetError."""
    step = _filled(step, scene.saved)
    if "call" in step:
        _call(step, scene)
    elif "write" in step:
        _write(scene.root, step["write"])
    else:
        _command(step, scene)


def _filled(value: Any, saved: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {_filled(key, saved): _filled(each, saved) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, saved) for each in value]
    for name, text in saved.items():
        value = value.replace(f"{{{name}}}", text) if isinstance(value, str) else value
    return value


def _write(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def _command(step: Step, scene: Scene) -> None:
    copy = Copy(scene.root, content(scene.root))
    env = environment(scene.folder / "home", scene.aws, step.get("env", {}))
    output = scene.launcher.run(step, scene.root / step.get("cwd", "."), env, scene.folder / "streams")
    _show(step["args"], output)
    if "save_stdout" in step:
        (scene.root / step["save_stdout"]).write_text(output.out, "utf-8")
    expect(output, step, copy)
    for then in as_list(step.get("then_check", [])):
        run_step(then, scene)


def _show(arguments: list[str], output: Output) -> None:
    """Print the command and its output: pytest shows that of a failing test."""
    sys.stdout.write(f"$ checker {' '.join(arguments)}\n{output.out}{output.err}[exit {output.code}]\n")


def _call(step: Step, scene: Scene) -> None:
    """Make an AWS call to the sandbox. Raises UnmetError."""
    if unknown := set(step) - CALL_FIELDS:
        raise ValueError(f"unknown fields in a call: {', '.join(sorted(unknown))}")
    status, body = _answer(
        _request(scene.aws["AWS_ENDPOINT_URL"], scene.aws["AWS_ACCESS_KEY_ID"], **step["call"])
    )
    sys.stdout.write(f"call {json.dumps(step['call'])}\n{status} {body}\n")
    if status not in as_list(step.get("status", 200)):
        raise UnmetError(f"the sandbox answers {status}: {body[:200]}")
    expect_body(step, body)
    for name, path in step.get("save", {}).items():
        scene.saved[name] = str(at_path(json.loads(body), path))


def expect_body(step: Step, body: str) -> None:
    """Hold the body of an answer against the step's words. Raises UnmetError."""
    what = step.get("what", "the answer")
    for word in step.get("body_has", []):
        if not any(each in body for each in as_list(word)):
            raise UnmetError(f"{what} does not have {word!r}: {body[:300]}")
    if present := [word for word in step.get("body_has_not", []) if word in body]:
        raise UnmetError(f"{what} has {present[0]!r}: {body[:300]}")


def _request(
    endpoint: str,
    caller: str,
    *,
    service: str,
    region: str = REGION,
    account: str = "",
    method: str = "POST",
    path: str = "/",
    **content: Any,
) -> urllib.request.Request:
    """Make a request of the query protocol (`action`), of JSON with a `target`, or of REST."""
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account or caller}/20260101/{region}/{service}/aws4_request, "
        "SignedHeaders=host, Signature=0",
        "X-Amz-Date": "20260101T000000Z",
        "Host": f"{service}.{region}.amazonaws.com",
        "Content-Type": "application/json",
    }
    body = json.dumps(content["json"]).encode() if "json" in content else None
    if "action" in content:
        parameters = {"Action": content["action"], **content.get("params", {})}
        body = urllib.parse.urlencode(parameters).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    elif "target" in content:
        headers |= {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": content["target"]}
    return urllib.request.Request(endpoint + path, body, headers, method=method)  # noqa: S310 - loopback


def _answer(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")
