"""The runner itself: what a case says about its files, commands and streams is what happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.field import running
from tests.field.reading import CASES, Step, parse_case, read_case
from tests.field.running import Launcher, environment
from tests.field.steps import Scene, run_step
from tests.field.unmet import UnmetError
from tests.samples import document, statement

REQUEST = {
    "principal": {"service": "connect.amazonaws.com"},
    "action": "sns:Publish",
    "resource": "*",
    "context": {},
}
LINE = json.dumps({"policy": document(statement(Resource="*")), "request": REQUEST})


@pytest.fixture
def scene(tmp_path: Path, launcher: Launcher) -> Scene:
    for name in ("copy", "home", "streams"):
        (tmp_path / name).mkdir()
    return Scene(tmp_path, launcher, {}, {})


@pytest.mark.parametrize("name", ["021-hook-tfvars-changed", "062-broker-topics-yaml", "109-override-file"])
def test_a_forked_command_does_what_a_new_process_does(name: str, launcher: Launcher, tmp_path: Path) -> None:
    case = read_case(CASES / name)
    case.copy_to(tmp_path)
    for step in case.steps:
        forked, new = (
            launcher.run({**step, **more}, tmp_path, environment(tmp_path), tmp_path)
            for more in ({}, {"max_seconds": 60})
        )
        assert (forked.code, forked.out, forked.err) == (new.code, new.out, new.err)
        assert new.rss_mb > 10
        assert 0 < new.seconds < 180


def test_the_memory_of_a_command_is_its_own(launcher: Launcher, tmp_path: Path) -> None:
    of_the_test_process = b"x" * 400_000_000
    step: Step = {"args": ["--version"], "max_rss_mb": 250}
    output = launcher.run(step, tmp_path, environment(tmp_path), tmp_path)
    assert (output.code, len(of_the_test_process)) == (0, 400_000_000)
    assert 10 < output.rss_mb < 250


def test_steps_share_one_copy_and_what_was_saved(scene: Scene) -> None:
    run_step({"write": {"sub/one.jsonl": LINE}}, scene)
    scene.saved["FILE"] = "sub/one.jsonl"
    run_step(
        {
            "args": ["simulate", "--requests", "one.jsonl"],
            "cwd": "sub",
            "stdout_has": ["allowed"],
            "save_stdout": "answer.txt",
            "unchanged": ["{FILE}"],
            "changed": ["answer.txt"],
            "file_has": {"answer.txt": "Allowed"},
        },
        scene,
    )
    step: Step = {"args": ["simulate", "--requests", "-"], "stdin": LINE, "stdout_has": ["allowed"]}
    run_step(step, scene)
    with pytest.raises(UnmetError, match="stdout"):
        run_step({**step, "then_check": [step, {**step, "stdout_has_not": ["allowed"]}]}, scene)


def test_the_environment_is_that_of_the_step(scene: Scene) -> None:
    step: Step = {"args": ["audit"], "env": {"AWS_PROFILE": "nowhere"}, "text_has": ["nowhere"]}
    run_step(step, scene)
    with pytest.raises(UnmetError):
        run_step({**step, "env": {}}, scene)


def test_a_reader_that_leaves_takes_no_more_lines(scene: Scene) -> None:
    step: Step = {"args": ["rules"], "stdout_has": ["connect-cannot-use-key"]}
    run_step(step, scene)
    with pytest.raises(UnmetError):
        run_step({**step, "close_stdout_after_lines": 1}, scene)


@pytest.mark.parametrize("measured", [{}, {"max_seconds": 60}])
def test_a_command_that_hangs_is_ended(scene: Scene, measured: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS", 1)
    with pytest.raises(UnmetError, match="took more than 1 s"):
        run_step({"args": ["sandbox"], **measured}, scene)


def test_copies_are_numbered(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "in/root").mkdir(parents=True)
    (tmp_path / "in/root/__N__.json").write_text("[__N__]")
    fields = {
        "title": "",
        "runs": [{"write": {}}],
        "generate": [
            {"of": "in/root", "to": "in/root-__N__", "count": 2, "remove": True},
            {"of": "in/root-1/1.json", "to": "in/one.json", "count": 1},
        ],
    }
    parse_case(tmp_path, fields).copy_to(scene.root)
    texts = {path.relative_to(scene.root).as_posix(): path.read_text() for path in scene.root.rglob("*.json")}
    assert texts == {"in/root-0/0.json": "[0]", "in/root-1/1.json": "[1]", "in/one.json": "[1]"}
