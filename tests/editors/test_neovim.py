"""The file for Neovim, in every Neovim of this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.editors.conftest import CHECKER, INSTANCE, ROOT, TOPIC

CONFIGURATION = ROOT / "editors" / "neovim" / "checker.lua"
SESSION = Path(__file__).with_name("neovim_session.lua")


def run(
    folder: Path, *commands: str, path: str = str(Path(CHECKER).parent)
) -> subprocess.CompletedProcess[str]:
    """Run Neovim without a screen, and with the file for `checker`."""
    neovim = shutil.which("nvim")
    if neovim is None:
        pytest.skip("nvim is not installed")
    options = [part for command in (f"source {CONFIGURATION}", *commands) for part in ("-c", command)]
    return subprocess.run(
        [neovim, "--headless", "--clean", *options],
        cwd=folder,
        env={**os.environ, "PATH": f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin"},
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.fixture
def shown(folder: Path) -> dict[str, Any]:
    """What Neovim shows of a policy, before and after the fix."""
    (folder / "checker.yaml").write_text(f"instances: [{INSTANCE}]\n")
    done = run(folder, f"luafile {SESSION}", "cquit")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return dict(json.loads((folder / "shown.json").read_text()))


def test_findings_fixes_answers_and_the_explanation_are_shown(shown: dict[str, Any]) -> None:
    assert {"missing-source-account", "missing-source-arn"} <= set(shown["codes"])
    assert shown["lenses"] == ["Connect: not known - other AWS customers: yes - public: no - key: not known"]
    assert [title for title in shown["actions"] if "safe: proven to change no other access" in title]
    assert [line for line in shown["explanation"] if line.startswith("topic ") and TOPIC in line]
    assert (shown["modifiable"], shown["windows"], shown["clients"]) == (False, 2, 1)


def test_one_server_checks_all_files_that_it_reads_and_no_others(folder: Path) -> None:
    for name in ("main.tf", "template.yaml", "notes.md"):
        (folder / name).write_text("\n")
    clients = "(vim.lsp.get_clients or vim.lsp.get_active_clients)()"
    wait = f"lua vim.wait(60000, function() return #{clients} > 0 end); vim.wait(2000)"
    count = f"lua vim.fn.writefile({{ #{clients} }}, 'count', 'a')"
    done = run(
        folder, "edit notes.md", "sleep 2", count, "edit main.tf", "edit template.yaml", wait, count, "qall!"
    )
    assert done.stderr == ""
    assert (folder / "count").read_text().split() == ["0", "1"]


def test_a_missing_command_is_reported_once(folder: Path) -> None:
    done = run(folder, "edit policy.json", "edit policy.json", "qall!", path="/nowhere")
    assert done.stderr.count("pip install 'connect-stream-checker[lsp]'") == 1, done.stderr
