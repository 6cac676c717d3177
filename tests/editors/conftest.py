"""The packaged extension, and Visual Studio Code in a browser. What is missing on a machine is skipped, with the reason."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
CHECKER = str(Path(sys.executable).with_name("checker"))
POLICY = ROOT / "examples" / "open-deputy.json"
TOPIC = "arn:aws:sns:us-east-1:111122223333:connect-chat-stream"
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/11111111-2222-4333-8444-555555555555"
CODE = ROOT / "build" / "code-server"
SERVER = CODE / "node_modules" / "code-server" / "lib" / "vscode" / "out" / "server-main.js"


def make(target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", target], cwd=ROOT, check=False, capture_output=True, text=True)


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The packaged extension, built if its sources have changed. Tests that run at once build it in turn."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "vscode.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if make("build/vscode/.installed").returncode != 0:
            pytest.skip("npm cannot install the packages that build the extension")
        built = make("vscode")
    assert built.returncode == 0, built.stdout + built.stderr
    return ROOT / "build" / "checker.vsix"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with a policy that other AWS customers can use."""
    path = tmp_path / "work"
    (path / ".git").mkdir(parents=True)
    shutil.copy(POLICY, path / "policy.json")
    return path


class Code:
    """Visual Studio Code with the extension, its settings and a browser."""

    def __init__(self, browser: Browser, data: Path, port: int) -> None:
        self.browser = browser
        self.settings_file = data / "data" / "Machine" / "settings.json"
        self.host = f"127.0.0.1:{port}"

    def set(self, settings: dict[str, Any]) -> None:
        """Write the settings of the machine, which a workspace that is not trusted cannot change."""
        self.settings_file.parent.mkdir(parents=True, exist_ok=True)
        self.settings_file.write_text(json.dumps(settings))

    @contextmanager
    def open(self, file: Path, settings: dict[str, Any], *, is_trusted: bool = True) -> Iterator[Page]:
        """Open a file in its folder, and answer whether the folder is trusted."""
        answer = re.compile("^Yes, I trust" if is_trusted else "^No, I don't trust")
        self.set(settings)
        page = self.browser.new_page(viewport={"width": 1600, "height": 900})
        wanted = json.dumps([["openFile", f"vscode-remote://{self.host}{file}"]])
        page.goto(f"http://{self.host}/?folder={file.parent}&payload={quote(wanted)}")
        page.get_by_role("button", name=answer).click(timeout=60_000)
        yield page
        page.close()


@pytest.fixture(scope="session")
def code(vsix: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Code]:
    if not (CODE / ".installed").exists():
        pytest.skip("Visual Studio Code for a browser is not installed: `make code-server` installs it")
    data = tmp_path_factory.mktemp("code")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["node", str(SERVER), "--accept-server-license-terms", "--server-data-dir", str(data)]
    subprocess.run([*command, "--install-extension", str(vsix)], check=True, capture_output=True)
    serving = [*command, "--host", "127.0.0.1", "--port", str(port), "--without-connection-token"]
    with subprocess.Popen(serving, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for(port)
        yield Code(browser, data, port)
        process.terminate()


def wait_for(port: int) -> None:
    """Wait until a server answers. Raises TimeoutError after a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")
