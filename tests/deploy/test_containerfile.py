"""The Containerfile: its properties, and its steps run in a folder. No container engine takes part."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.deploy.rendered import DEPLOY

ROOT = DEPLOY.parent
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}],
}


class Step(NamedTuple):
    """An instruction with its argument, and the stage that it belongs to."""

    stage: int
    instruction: str
    argument: str


def steps() -> list[Step]:
    """The steps, without the arguments of the images before the first stage."""
    read, stage = [], 0
    for line in (DEPLOY / "Containerfile").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        instruction, _, argument = line.partition(" ")
        stage += instruction == "FROM"
        read.append(Step(stage, instruction, argument))
    return read


def last(instruction: str) -> str:
    return [step.argument for step in steps() if step.stage == 2 and step.instruction == instruction][-1]


def test_the_image_has_two_stages_and_the_last_needs_no_shell() -> None:
    assert [step.stage for step in steps() if step.instruction == "FROM"] == [1, 2]
    assert not [step for step in steps() if step.stage == 2 and step.instruction in ("RUN", "SHELL", "CMD")]
    commands = [step for step in steps() if step.instruction in ("RUN", "ENTRYPOINT")]
    assert all(isinstance(json.loads(step.argument), list) for step in commands)


def test_the_image_does_not_run_as_root_and_owns_only_its_work_folder() -> None:
    user, _, group = last("USER").partition(":")
    assert int(user) > 0 < int(group)
    owned = [step.argument for step in steps() if f"--chown={user}:{group}" in step.argument]
    assert [one.split()[-1] for one in owned] == ["/work"]
    assert last("VOLUME") == last("WORKDIR") == "/work"


def test_the_tasks_use_the_python_and_the_folder_of_the_image() -> None:
    python = json.loads(last("ENTRYPOINT"))[0]
    for path in (DEPLOY / "cloudformation" / "hub.yaml", DEPLOY / "terraform" / "main.tf"):
        text = path.read_text()
        assert len(re.findall(rf"\[\"?{python}\"?, \"?-m\"?, ", text)) == 2
        assert "/work" in text


def test_only_files_of_the_build_are_sent_to_it() -> None:
    kept = {
        line[1:]
        for line in (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
        if line[0] == "!"
    }
    copied = {
        name
        for step in steps()
        if step.stage == 1 and step.instruction == "COPY"
        for name in step.argument.split()[:-1]
    }
    assert kept == copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_steps_build_a_command_that_is_compiled_and_works(tmp_path: Path) -> None:
    """Dependencies are those of this environment. The build itself is isolated, and needs an index for setuptools."""
    places = {"/opt/checker": str(tmp_path / "opt"), "/work": str(tmp_path / "work")}
    source = tmp_path / "source"
    source.mkdir()
    for step in steps():
        if step.stage == 1 and step.instruction == "COPY":
            _copy(step.argument.split(), source)
        if step.instruction == "RUN":
            _run([_moved(word, places) for word in json.loads(step.argument)], source)
    installed = tmp_path / "opt" / "checker"
    assert {path.stem.partition(".")[0] for path in installed.rglob("*.pyc")} >= {
        path.stem for path in installed.rglob("*.py")
    }
    entry = json.loads(last("ENTRYPOINT"))
    packages = os.pathsep.join((places["/opt/checker"], sysconfig.get_path("purelib")))
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    done = subprocess.run(
        [sys.executable, *entry[1:], "check", "policy.json", "--format", "json"],
        cwd=tmp_path,
        env={"PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert "public-topic" in done.stdout


def _moved(word: str, places: dict[str, str]) -> str:
    for place, folder in places.items():
        word = word.replace(place, folder)
    return word


def _copy(words: list[str], source: Path) -> None:
    *names, _ = words
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)


def _run(words: list[str], folder: Path) -> None:
    words = [sys.executable, *words[1:], *(["--no-deps", "--quiet"] if "pip" in words else [])]
    if "os.chown" in words[-1]:
        words[-1] = words[-1].partition("; os.chown")[0]  # only root may
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False, text=True)
    if "No matching distribution found for setuptools" in done.stderr:
        pytest.skip("there is no package index for the build")
    assert done.returncode == 0, done.stderr
