"""The packaged extension holds what it needs and nothing else, and its page says what its manifest says."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from checker import __version__
from checker.inputs.discover import CONFIGURATION, INPUTS, VALUES
from checker.lsp.folder_check import is_checked
from tests.editors.conftest import ROOT

SOURCES = ROOT / "editors" / "vscode"
MANIFEST: dict[str, Any] = json.loads((SOURCES / "package.json").read_text())
LOCK: dict[str, Any] = json.loads((SOURCES / "package-lock.json").read_text())
PAGE = (SOURCES / "README.md").read_text()
SETTINGS: dict[str, Any] = MANIFEST["contributes"]["configuration"]["properties"]
NODE = {"child_process", "crypto", "fs", "net", "os", "path", "process", "readline", "url", "util"}


@pytest.fixture(scope="session")
def files(vsix: Path) -> dict[str, str]:
    """The files of the package, by name."""
    with zipfile.ZipFile(vsix) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_package_holds_the_extension_and_nothing_else(files: dict[str, str], vsix: Path) -> None:
    assert files.keys() == {
        "[Content_Types].xml",
        "extension.vsixmanifest",
        "extension/LICENSE.txt",
        "extension/dist/NOTICES.txt",
        "extension/dist/extension.js",
        "extension/package.json",
        "extension/readme.md",
    }
    assert json.loads(files["extension/package.json"]) == MANIFEST
    assert f"extension/{Path(MANIFEST['main']).as_posix()}" in files
    assert files["extension/LICENSE.txt"] == (ROOT / "LICENSE").read_text()
    assert files["extension/readme.md"] == PAGE
    assert 50_000 < vsix.stat().st_size < 500_000


def test_the_bundle_needs_only_the_editor_and_node(files: dict[str, str]) -> None:
    needed = set(re.findall(r"""\brequire\(["']([^"']+)["']\)""", files["extension/dist/extension.js"]))
    assert "vscode" in needed
    assert {name.removeprefix("node:") for name in needed} - {"vscode"} <= NODE


def test_the_licenses_of_all_bundled_packages_are_in_the_package(files: dict[str, str]) -> None:
    notices = [part.strip() for part in files["extension/dist/NOTICES.txt"].split("-" * 80)]
    names = {part.split()[0] for part in notices}
    assert {"vscode-languageclient", "vscode-languageserver-protocol", "vscode-jsonrpc", "semver"} <= names
    assert all(LOCK["packages"][f"node_modules/{name}"] for name in names)
    assert [part for part in notices if "copyright" not in part.lower()] == []


def test_the_version_is_that_of_the_command() -> None:
    assert MANIFEST["version"] == LOCK["version"] == __version__


def test_packages_are_pinned_without_the_host_of_a_registry() -> None:
    assert MANIFEST.get("dependencies") is None  # the bundle has them
    assert LOCK["packages"][""]["devDependencies"] == MANIFEST["devDependencies"]
    assert [
        one for one in MANIFEST["devDependencies"].values() if not re.fullmatch(r"\d+\.\d+\.\d+", one)
    ] == []
    packages = [one for name, one in LOCK["packages"].items() if name]
    assert all(one["integrity"].startswith("sha512-") and "resolved" not in one for one in packages)
    assert "registry." not in json.dumps([MANIFEST, LOCK])


def test_the_page_has_the_settings_and_commands_of_the_manifest() -> None:
    assert set(re.findall(r"(?m)^\| `(checker\.[\w.]+)`", PAGE)) == SETTINGS.keys()
    titles = {f"{one['category']}: {one['title']}" for one in MANIFEST["contributes"]["commands"]}
    assert set(re.findall(r"(?m)^\| (checker: [^|]+?) \|", PAGE)) == titles


def test_every_command_and_setting_of_the_manifest_is_in_the_code() -> None:
    code = "".join((SOURCES / name).read_text() for name in ("client.js", "extension.js"))
    assert [
        one["command"] for one in MANIFEST["contributes"]["commands"] if f'"{one["command"]}"' not in code
    ] == []
    assert 'SECTION = "checker"' in code
    read = set(re.findall(r'setting\("(\w+)"\)', code))
    assert {f"checker.{name}" for name in read} == SETTINGS.keys() - {"checker.trace.server"}


def test_a_workspace_that_is_not_trusted_sets_no_command() -> None:
    untrusted = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert untrusted["supported"] == "limited"
    assert untrusted["restrictedConfigurations"] == ["checker.path"]
    assert SETTINGS["checker.path"]["scope"] == "machine-overridable"


@pytest.mark.parametrize("path", ["vscode/client.js", "neovim/checker.lua"])
def test_the_editor_opens_the_files_that_the_server_reads(path: str) -> None:
    text = (ROOT / "editors" / path).read_text()
    listed = re.search(r"\*\*/\*\.\{([\w,]+)\}", text)
    endings = {f".{one}" for one in listed[1].split(",")} if listed else set(re.findall(r'"\*(\.\w+)"', text))
    texts = {Path(f"file{one}").suffix for one in (*INPUTS, *VALUES, CONFIGURATION)} - {".gz"}
    assert endings == texts
    assert all(is_checked(f"/project/file{ending}") for ending in endings)
