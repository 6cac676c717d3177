"""The whole story on one command, with nothing but the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.process import run

STORY = (
    "error[fifo-topic]",
    "error[source-owner]",
    "BROKEN   topic policy",
    "The message did not arrive.",
    '+      "Sid": "AllowConnectChatStreaming",',
    "The message arrived.",
    '+      "Sid": "AllowConnectToUseKey",',
    '+          "aws:SourceAccount"',
    "replace the FIFO topic with a standard topic",
    "$ checker rollback",
    "error[source-owner]",
    "The demo is complete",
)


def test_the_story_is_told_to_its_end_and_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("moto")
    told = run("demo", cwd=tmp_path, env={"AWS_PROFILE": "somebody-elses"})
    assert told.returncode == 0, told.stderr
    rest = told.stdout
    for said in STORY:
        before, found, rest = rest.partition(said)
        assert found, f"{said} is not said after {before[:200]}"
    assert "rolled back" in told.stderr
    assert len(told.stdout.splitlines()) < 300  # it is to be read in two minutes
    assert not list(tmp_path.iterdir())
