"""On a terminal, a bar shows how far a long run is."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.app import terminal
from checker.app.terminal import progress_bar
from checker.inputs.collect import Given
from checker.inputs.load import load

NAME = f"a/{'long/' * 30}main.tf"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time, which tests set, on a terminal of 80 columns."""
    now = [100.0]
    monkeypatch.setattr("checker.app.terminal.time.monotonic", lambda: now[0])
    monkeypatch.setattr(terminal, "is_terminal", lambda _stream: True)
    monkeypatch.setenv("COLUMNS", "80")
    return now


def test_a_bar_appears_after_two_seconds_and_goes_away(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    draw = progress_bar()
    clock[0] += 1.9
    draw(NAME, 0.1)
    assert capsys.readouterr().err == ""
    clock[0] += 0.1
    draw(NAME, 0.5)
    line = capsys.readouterr().err.removeprefix("\r\x1b[K")
    assert line.startswith(f"{'#' * 15}{'.' * 15}  50% ")
    assert len(line) < 80
    draw("", 1.0)
    assert capsys.readouterr().err == "\r\x1b[K"


@pytest.mark.usefixtures("clock")
def test_a_short_run_leaves_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    draw = progress_bar()
    draw(NAME, 0.5)
    draw("", 1.0)
    assert capsys.readouterr().err == ""


def test_a_run_tells_which_files_it_reads_and_when_it_is_done(tmp_path: Path) -> None:
    for name in ("one/main.tf", "two/main.tf", "policy.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    told: list[tuple[str, float]] = []
    load([tmp_path], given=Given(progress=lambda name, part: told.append((Path(name).name, part))))
    assert told == [("one", 0.0), ("two", 0.5), ("policy.json", 0.0), ("", 1.0)]
