"""The file for Helix names the server, and only languages whose files it reads. Helix itself is not run."""

from __future__ import annotations

import tomllib

import pytest

from checker.lsp.folder_check import is_checked
from tests.editors.conftest import ROOT

FILE = tomllib.loads((ROOT / "editors" / "helix" / "languages.toml").read_text())
ENDINGS = {"json": ("json",), "yaml": ("yaml", "yml"), "hcl": ("hcl", "tf"), "tfvars": ("tfvars",)}
"""What Helix opens as a language, of the endings in its own languages.toml that concern AWS."""


def test_the_server_is_the_command() -> None:
    server = FILE["language-server"]["checker"]
    assert [server["command"], *server["args"]] == ["checker", "lsp"]
    assert server["config"] == {"instances": []}


def test_the_languages_are_those_of_the_endings() -> None:
    assert {language["name"] for language in FILE["language"]} == ENDINGS.keys()


@pytest.mark.parametrize("language", FILE["language"], ids=lambda language: language["name"])
def test_each_language_has_the_server_and_files_that_it_reads(language: dict[str, object]) -> None:
    servers = language["language-servers"]
    assert isinstance(servers, list)
    assert servers[0] == "checker"
    assert len(servers) > 1
    assert all(is_checked(f"/project/file.{ending}") for ending in ENDINGS[str(language["name"])])
