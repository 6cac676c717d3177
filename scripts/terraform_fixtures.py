"""Makes the plans and the state in tests/fixtures/terraform with the real Terraform, against a local moto server.

    python -m scripts.terraform_fixtures [NAME...]

Needs `terraform`, a mirror of the AWS provider (TERRAFORM_MIRROR, or a folder `tf-plugins` one level below the
root), and for what is applied `moto_server` (MOTO_SERVER, or on the path): `pip install 'moto[server]'` into an
environment of its own. Nothing leaves the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures" / "terraform"
SOURCES = FIXTURES / "source"
PLANNED = ("modules", "sensitive", "unknown")
"""Modules that are only planned, which needs no AWS at all."""

_OFFLINE = """
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
"""
_REGION = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_TIMESTAMP = "2026-01-01T00:00:00Z"
_SECONDS = 60


class MissingToolError(Exception):
    """A tool that is not installed here."""


class Tools(NamedTuple):
    """Terraform and the folder of its providers."""

    terraform: str
    mirror: Path

    @classmethod
    def find(cls) -> Tools:
        """Look for both. Raises MissingToolError."""
        terraform = shutil.which("terraform")
        if terraform is None:
            raise MissingToolError("terraform is not installed")
        said = os.environ.get("TERRAFORM_MIRROR")
        mirrors = [Path(said)] if said else sorted(Path("/").glob("*/tf-plugins"))
        found = next((mirror for mirror in mirrors if mirror.is_dir()), None)
        if found is None:
            raise MissingToolError("there is no mirror of Terraform's providers")
        return cls(terraform, found)


class Workspace:
    """A copy of a module in which Terraform runs."""

    def __init__(self, tools: Tools, folder: Path, environment: dict[str, str]) -> None:
        self.tools = tools
        self.folder = folder
        self.environment = environment

    def run(self, *arguments: str) -> str:
        """Run Terraform. Raises CalledProcessError."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
        done = subprocess.run(  # noqa: S603 - terraform, with arguments of this file
            [self.tools.terraform, *arguments],
            cwd=self.folder,
            env={**kept, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", **self.environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def plan(self, *arguments: str) -> dict[str, Any]:
        """Plan, and show the plan."""
        self.run("plan", "-input=false", "-no-color", "-out=plan.bin", *arguments)
        return self.show("plan.bin")

    def show(self, *arguments: str) -> dict[str, Any]:
        """Show a plan, or the state."""
        shown: dict[str, Any] = json.loads(self.run("show", "-json", *arguments))
        return normalised(shown)


@contextmanager
def workspace(tools: Tools, source: Path, endpoint: str = "", within: str = "") -> Iterator[Workspace]:
    """Prepare a copy of a folder with a module ``within``; without an endpoint the provider asks nobody anything."""
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree(source, Path(root) / source.name)
        folder = Path(root) / source.name / within
        if not endpoint:
            (folder / "offline.tf").write_text(_OFFLINE)
        made = Workspace(tools, folder, {**_REGION, "AWS_ENDPOINT_URL": endpoint} if endpoint else {})
        made.run("init", "-input=false", "-no-color", f"-plugin-dir={tools.mirror}")
        yield made


@contextmanager
def moto() -> Iterator[str]:
    """Run moto's server on a port of its own, and give its address. Raises MissingToolError."""
    server = os.environ.get("MOTO_SERVER") or shutil.which("moto_server")
    if server is None:
        raise MissingToolError("moto_server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [server, "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(  # noqa: S603 - the server of moto
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(f"{address}/moto-api/seed?a=42")
            yield address
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    """Wait until the server takes the seed of its random ids."""
    until = time.monotonic() + _SECONDS
    while True:
        try:
            with urlopen(Request(url, method="POST")):  # noqa: S310 - on this machine
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def planned(tools: Tools, name: str) -> dict[str, Any]:
    """Plan a fixture that is not there yet, with nobody to ask."""
    return planned_in(tools, SOURCES / name)


def planned_in(tools: Tools, source: Path) -> dict[str, Any]:
    """Plan a module of any folder that is not there yet, with nobody to ask."""
    with workspace(tools, source) as module:
        return module.plan()


def applied(tools: Tools, endpoint: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Apply a module and change it in every way."""
    with workspace(tools, SOURCES / "chat", endpoint) as module:
        yield "create", module.plan()
        module.run("apply", "-input=false", "-no-color", "-parallelism=1", "plan.bin")
        yield "state", module.show()
        yield "no-op", module.plan()
        yield "refresh-only", module.plan("-refresh-only")
        yield "update", module.plan("-var=condition_key=AWS:SourceOwner")
        yield "replace", module.plan("-var=topic_name=chat-stream")
        yield "policy-deleted", module.plan("-var=with_policy=false")
        yield "target", module.plan("-target=aws_sqs_queue.chat", "-var=condition_key=AWS:SourceOwner")
        yield "destroy", module.plan("-destroy")


def normalised(shown: dict[str, Any]) -> dict[str, Any]:
    """Leave out what depends on the time and the machine."""
    kept = {name: value for name, value in shown.items() if name != "relevant_attributes"}
    if "timestamp" in kept:
        kept["timestamp"] = _TIMESTAMP
    return {name: _without_providers(value) for name, value in kept.items()}


def _without_providers(value: Any) -> Any:
    """Leave out what is set in the provider: it is how this machine is kept from asking anybody."""
    if not isinstance(value, dict) or "provider_config" not in value:
        return value
    return {**value, "provider_config": {"aws": {"name": "aws"}}}


def write(name: str, shown: dict[str, Any]) -> None:
    """Write a fixture so that people can read it."""
    path = FIXTURES / f"{name}.json"
    path.write_text(json.dumps(shown, indent=1) + "\n")
    print(path.relative_to(FIXTURES.parent.parent.parent), path.stat().st_size)


def main() -> None:
    """Write all fixtures, or those that are named."""
    wanted = sys.argv[1:]
    try:
        tools = Tools.find()
        for name in PLANNED:
            if not wanted or name in wanted:
                write(name, planned(tools, name))
        if not wanted or set(wanted) - set(PLANNED):
            with moto() as endpoint:
                for name, shown in applied(tools, endpoint):
                    write(name, shown)
    except MissingToolError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(error.stderr)


if __name__ == "__main__":
    main()
