"""Copies of revisions: what is in them, and that nothing of a repository runs or leads out of the copy."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checker.core.errors import InputError
from checker.inputs.git_revision import Revision
from checker.inputs.git_tree import copied
from checker.inputs.text import MAX_BYTES


def git(*arguments: str, stdin: str = "") -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    done = subprocess.run(
        ["git", *identity, *arguments], check=True, capture_output=True, input=stdin, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git("init", "--quiet")
    return folder


def commit(**contents: str) -> None:
    for name, text in contents.items():
        path = Path(name.replace("__", "/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", "x")


def content(text: str) -> tuple[dict[str, str], list[str]]:
    """The files of a copy that can be read, and what was not copied."""
    with copied(text) as tree:
        files = [one for one in tree.folder.rglob("*") if one.is_file()]
        read = {one.relative_to(tree.folder).as_posix(): one.read_text() for one in files}
        skipped = [f"{one.what}: {one.reason}" for one in tree.skipped]
    assert not tree.folder.exists()
    return read, skipped


def test_the_whole_revision_is_copied_and_removed_again(repository: Path) -> None:
    commit(dev__main="one", modules__chat__main="two")
    commit(dev__main="three")
    assert content("HEAD~1:dev") == ({"dev/main": "one", "modules/chat/main": "two"}, [])
    assert content("HEAD:")[0]["dev/main"] == "three"
    (repository / "dev" / "main").write_text("four")
    git("add", "--all")
    (repository / "dev" / "main").write_text("five")
    assert content(":dev")[0]["dev/main"] == "four"


def test_nothing_of_the_repository_runs(repository: Path) -> None:
    Path(".gitattributes").write_text(
        "*.tf filter=evil diff=evil\nsecret export-ignore\nmain.tf export-subst\n"
    )
    commit(**{"main.tf": "$Format:%H$", "secret": "s"})
    script = f"touch {repository.parent / 'made'}; cat"
    for key in ("filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv"):
        git("config", key, script)
    git("config", "core.fsmonitor", script)
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)
    for text in ("HEAD:", ":"):
        read, skipped = content(f"{text}.")
        assert (read["main.tf"], read["secret"], skipped) == ("$Format:%H$", "s", [])
    assert not (repository.parent / "made").exists()


def test_links_stay_inside(repository: Path) -> None:
    (repository.parent / "outside").write_text("secret")
    links = {
        "inside": "dev/main",
        "folder": "dev",
        "above": "../outside",
        "absolute": str(repository.parent),
        "up": "dev/root/../outside",
        "loop": "loop",
    }
    commit(dev__main="one")
    Path("dev/root").symlink_to("..")
    for name, target in links.items():
        Path(name).symlink_to(target)
    commit()
    read, skipped = content("HEAD:.")
    assert {"inside", "dev/main"} <= read.keys()
    assert "secret" not in read.values()
    reasons = dict(one.split(": ") for one in skipped)
    assert {"HEAD:above", "HEAD:absolute"} <= reasons.keys()
    assert set(reasons.values()) == {"links out of the repository"}


@pytest.mark.usefixtures("repository")
def test_submodules_and_large_files_are_not_copied() -> None:
    commit(
        **{
            "dev__main.tf": "x",
            "large": "y" * 300_000,
            "main.tf": "z" * 300_000,
            "huge.tf": "z" * (MAX_BYTES + 1),
        }
    )
    head = git("rev-parse", "HEAD")
    git("update-index", "--add", "--cacheinfo", f"160000,{head},dev/sub")
    git("commit", "--quiet", "-m", "submodule")
    read, skipped = content("HEAD:dev")
    assert (sorted(read), skipped) == (
        ["dev/main.tf", "main.tf"],
        ["HEAD:dev/sub: a submodule, which is not read"],
    )
    assert {"large", "huge.tf"} <= content("HEAD:.")[0].keys()


def test_a_tree_that_leads_out_of_itself(repository: Path) -> None:
    blob = git("hash-object", "-w", "--stdin", stdin="evil")
    target = git("hash-object", "-w", "--stdin", stdin=str(repository.parent))
    inner = git("mktree", stdin=f"100644 blob {blob}\tmade\n120000 blob {target}\tlink\n")
    raw = b"".join(
        f"{mode} {name}".encode() + b"\0" + bytes.fromhex(one)
        for mode, name, one in (("40000", "..", inner), ("120000", "a", target), ("40000", "a", inner))
    )
    done = subprocess.run(
        ["git", "hash-object", "-w", "-t", "tree", "--stdin", "--literally"],
        input=raw,
        capture_output=True,
        check=True,
    )
    _, skipped = content(f"{done.stdout.decode().strip()}:")
    assert any("../made: the name is not a valid path" in one for one in skipped)
    assert not (repository.parent / "made").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nope:dev", "invalid object name `nope`"),
        ("HEAD:nope", "path `nope` does not exist in `HEAD`"),
        (":nope", "path `nope` does not exist in `the staged files`"),
        ("HEAD:../x", "`../x` is outside the repository"),
        ("HEAD:/etc", "`/etc` is outside the repository"),
        ("--upload-pack=x:dev", "a revision cannot begin with `-`"),
    ],
)
def test_what_is_not_a_folder_of_a_revision(text: str, reason: str, repository: Path) -> None:
    commit(dev__main="one")
    with pytest.raises(InputError) as raised, copied(text):
        pass
    assert (raised.value.reason, bool(raised.value.help)) == (reason, True)
    assert repository.exists()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("HEAD~1:dev", ("HEAD~1", "dev")),
        (":dev", ("", "dev")),
        ("HEAD^{/fix: it}:dev", ("HEAD^{/fix: it}", "dev")),
        ("main:a:b", ("main", "a:b")),
    ],
)
def test_a_revision_ends_at_the_first_colon_outside_braces(text: str, parts: tuple[str, str]) -> None:
    assert Revision.of(text) == parts
