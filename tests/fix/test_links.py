"""`checker fix` edits only the named files, and reports links and changed files that prevent an edit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from checker.app.fix import FixPlan, apply_fixes, plan_fixes
from checker.app.run import Options
from checker.core.errors import InputError, RefusedError
from tests.cli.process import run, save
from tests.samples import INSTANCE_ARN, document, statement

OPEN = document(statement())


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a policy in it, beside a folder that nobody names."""
    save(tmp_path / "elsewhere" / "other.json", OPEN)
    save(tmp_path / "tree" / "policies" / "open.json", OPEN)
    monkeypatch.chdir(tmp_path / "tree")
    return tmp_path / "tree"


def planned(*paths: str) -> FixPlan:
    options = Options(tuple(map(Path, paths)), (INSTANCE_ARN,), isolated=True)
    return plan_fixes(options, unsafe=False)


def reasons(plan: FixPlan) -> str:
    return "\n".join(unfixed.reason for unfixed in plan.outcome.unfixed)


def is_open(path: Path) -> bool:
    return bool(json.loads(path.read_text()) == OPEN)


@pytest.mark.parametrize(
    ("link", "to", "named"),
    [
        ("policies/link.json", "open.json", "policies"),
        ("policies/link.json", "open.json", "policies/link.json"),
        ("link.json", "policies/open.json", "."),
        ("link.json", "policies/open.json", "link.json"),
    ],
)
def test_a_link_to_a_file_of_the_same_tree_is_edited_at_its_target(
    link: str, to: str, named: str, tree: Path
) -> None:
    Path(link).symlink_to(to)
    plan = apply_fixes(planned(named))
    assert reasons(plan) == ""
    assert Path(link).is_symlink()
    assert not is_open(tree / "policies" / "open.json")


@pytest.mark.parametrize("named", [".", "policies", "policies/link.json", "policies/module"])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_outside_the_named_folders_is_not_edited_through_a_link(
    named: str, absolute: bool, tree: Path
) -> None:
    """The real path is given, so that it can be named; where it is named, it is edited."""
    (tree.parent / ".git").mkdir()
    (tree / "policies" / "open.json").unlink()
    (tree / "policies" / "module").mkdir()
    other = tree.parent / "elsewhere" / "other.json"
    for link in (tree / "policies" / "link.json", tree / "policies" / "module" / "link.json"):
        link.symlink_to(other if absolute else os.path.relpath(other, link.parent))
    plan = apply_fixes(planned(named))
    assert f"leads through a link to `{other}`, outside the named paths" in reasons(plan)
    assert is_open(other)
    apply_fixes(planned(str(other)))
    assert not is_open(other)


def test_a_link_to_a_folder_is_treated_as_the_folder(tree: Path) -> None:
    (tree / "link").symlink_to(tree.parent / "elsewhere")
    plan = apply_fixes(planned("link"))
    assert reasons(plan) == ""
    assert not is_open(tree.parent / "elsewhere" / "other.json")


def test_a_file_with_hard_links_is_reported_before_it_is_written(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.link("policies/open.json", tree.parent / "hard.json")
    plan = planned("policies")
    said = capsys.readouterr().err
    assert (
        "note: policies/open.json is one of 2 hard links to a file; the fix replaces this one alone" in said
    )
    assert "ln -f policies/open.json OTHER" in said
    apply_fixes(plan)
    assert is_open(tree.parent / "hard.json")
    assert not is_open(tree / "policies" / "open.json")


def test_an_edit_while_the_fix_was_planned_stops_the_whole_fix(tree: Path) -> None:
    save(tree / "policies" / "second.json", OPEN)
    plan = planned("policies")
    assert len(plan.outcome.repair.texts) == 2
    save(tree / "policies" / "second.json", "{}")
    with pytest.raises(RefusedError) as caught:
        apply_fixes(plan)
    assert caught.value.what == "policies/second.json"
    assert caught.value.reason.endswith("while the fix was planned; nothing was written")
    assert is_open(tree / "policies" / "open.json")
    assert (tree / "policies" / "second.json").read_text() == "{}"


def test_an_edit_between_two_writes_reports_the_written_files(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.json", "b.json", "c.json"):
        save(tree / name, OPEN)
    plan = planned("a.json", "b.json", "c.json")
    first, *rest = map(Path, plan.outcome.repair.texts)
    replace = os.replace

    def then_edit(old: str, new: str, **folders: int) -> None:
        replace(old, new, **folders)
        rest[0].write_text("{}")

    monkeypatch.setattr(os, "replace", then_edit)
    with pytest.raises(RefusedError) as caught:
        apply_fixes(plan)
    written, *missing = (f"`{path.name}`" for path in (first, *rest))
    assert f"written: {written}; not written: {', '.join(missing)}" in caught.value.reason
    assert not is_open(first)
    assert rest[0].read_text() == "{}"
    assert is_open(rest[1])


def test_an_interrupt_takes_effect_between_two_files(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.json", "b.json"):
        save(tree / name, OPEN)
    plan = planned("a.json", "b.json")
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        apply_fixes(plan)
    assert "written: `a.json`; not written: `b.json`" in capsys.readouterr().err
    assert not is_open(tree / "a.json")
    assert is_open(tree / "b.json")


SCRIPT = """
    import sys, time
    from pathlib import Path
    from checker.app import fix as fix_files
    from checker.__main__ import main

    write = fix_files.write_files

    def after_the_edit(*arguments):
        Path("planned").touch()
        while not Path("edited").exists():
            time.sleep(0.01)
        return write(*arguments)

    fix_files.write_files = after_the_edit
    main()
"""


def test_a_concurrent_edit_is_kept_and_the_command_to_run_again_is_printed(
    tree: Path,
) -> None:
    script = textwrap.dedent(SCRIPT)
    words = ["fix", "--apply", "policies", "--instance-arn", INSTANCE_ARN, "--isolated"]
    process = subprocess.Popen([sys.executable, "-c", script, *words], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not Path("planned").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    save(tree / "policies" / "open.json", "{}")
    Path("edited").touch()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"help: run again: checker {' '.join(words)}\n" in said
    assert (tree / "policies" / "open.json").read_text() == "{}"


def test_pipes_cannot_be_fixed_in_place(tree: Path) -> None:
    os.mkfifo(tree / "pipe.json")
    for name in ("-", "pipe.json", "/dev/zero"):
        with pytest.raises(InputError, match="cannot be fixed in place"):
            planned(name)


def test_a_report_cannot_overwrite_a_file_to_fix(tree: Path) -> None:
    for name in ("open.json", "link.json", "hard.json"):
        path = tree / "policies" / name
        if name == "link.json":
            path.symlink_to("open.json")
        elif name == "hard.json":
            os.link(tree / "policies" / "open.json", path)
        done = run(
            "fix", "--apply", "policies/open.json", "--instance-arn", INSTANCE_ARN, "-o", path, cwd=tree
        )
        assert done.returncode == 2
        assert "is an input of this run and would be overwritten" in done.stderr
        assert is_open(path)
