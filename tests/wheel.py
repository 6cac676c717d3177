"""Builds the wheel twice, installs it into a fresh environment away from the sources, and runs the command there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from packaging.utils import canonicalize_name

from scripts.build_dist import ROOT, SOURCES, last_commit
from scripts.build_sbom import completed, describe, installed, validated
from scripts.generate_licenses import BASE, groups

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}],
}


def main() -> None:
    """Raise if the wheel holds anything but `checker`, does not work by itself, or differs between two builds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build_twice(folder)
        check_contents(wheel)
        environment = installed(wheel, folder / "venv")
        check_packages(environment)
        check_sbom(wheel, environment)
        check_command(folder, environment)
    sys.stdout.write(
        "wheel: only `checker` at top level, rules and schemas inside, works without the sources;"
        " two builds have the same bytes\n"
    )


def build_twice(folder: Path) -> Path:
    """Build the wheel and the sdist twice at once, under different conditions, and compare the bytes."""
    sources = folder / "sources"
    copy_sources(sources)
    elsewhere = {"TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": last_commit().strip()}  # no history to read it from
    builds = [
        start_build(ROOT, folder / "one", 0o022, {"TZ": "UTC"}),
        start_build(sources, folder / "two", 0o077, elsewhere),
    ]
    assert [build.wait() for build in builds] == [0, 0]
    one, two = (
        {path.name: path.read_bytes() for path in (folder / name).iterdir()} for name in ("one", "two")
    )
    assert len(one) == 2, one.keys()
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []
    (sdist,) = (content for name, content in one.items() if name.endswith(".tar.gz"))
    assert int.from_bytes(sdist[4:8], "little") == int(last_commit())  # the time in the header of gzip
    (wheel,) = (folder / "one").glob("*.whl")
    return wheel


def copy_sources(folder: Path) -> None:
    """Copy what is built, with other times and modes and what a tool may leave behind."""
    folder.mkdir()
    for name in (*SOURCES, "scripts", "constraints.txt"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    for number, path in enumerate(path for path in folder.rglob("*") if path.is_file()):
        path.chmod(0o755 if number % 2 else 0o600)
        os.utime(path, (number, 1_000_000_000 + number))
    (folder / "checker" / "__pycache__").mkdir(exist_ok=True)
    (folder / "checker" / "__pycache__" / "left.pyc").touch()


def start_build(
    sources: Path, outdir: Path, umask: int, variables: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start `make dist` in a folder of sources."""
    command = [sys.executable, "-m", "scripts.build_dist", "--outdir", str(outdir)]
    environment = {**os.environ, **variables}
    return subprocess.Popen(command, cwd=sources, env=environment, umask=umask, stdout=subprocess.DEVNULL)


def check_contents(wheel: Path) -> None:
    """Look at what is in the wheel."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"checker"}, tops
    rules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*.py")}
    schemas = {path.relative_to(ROOT).as_posix() for path in (ROOT / "schemas").glob("*.json")}
    folder = ROOT / "checker" / "report" / "page"
    page = {f"report/page/{path.name}" for path in folder.iterdir() if path.is_file()}
    missing = {f"checker/{name}" for name in rules | schemas | page} - set(names)
    assert not missing, missing
    assert "checker/py.typed" in names


def check_packages(environment: Path) -> None:
    """An installation without extras brings the packages that `docs/licenses.md` lists, and no others."""
    command = [sys.executable, "-m", "pip", "--python", str(environment), "list", "--format", "json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    brought = {canonicalize_name(one["name"]) for one in json.loads(done.stdout)}
    base = {package.name for package in groups()[BASE] if package.license}
    assert brought - {"connect-stream-checker"} == base


def check_sbom(wheel: Path, environment: Path) -> None:
    """The SBOM names the wheel and each package, and nothing of the machine that wrote it."""
    document = completed(describe(environment), wheel)
    validated(json.dumps(document))
    assert len(document["components"]) == len(groups()[BASE])
    assert all(one["licenses"] and one["version"] and one["purl"] for one in document["components"])
    text = json.dumps(document)
    assert not [word for word in ("serialNumber", "file:", str(wheel.parent), str(ROOT)) if word in text]


def check_command(folder: Path, environment: Path) -> None:
    """Run the command on a policy and on a manifest, and install a rule pack beside it."""
    binaries = environment / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(environment)]
    (folder / "policy.json").write_text(json.dumps(POLICY))
    (folder / "streaming.yaml").write_text("topics:\n  - policy: policy.json\n")
    done = subprocess.run(
        [binaries / "checker", "check", "."], check=False, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert "error[public-topic]" in done.stdout, done.stdout
    pack = ROOT / "examples" / "rule-pack"
    shutil.copytree(pack, folder / "pack")
    subprocess.run([*pip, "install", "--quiet", "--no-deps", folder / "pack"], check=True, cwd=folder)
    rules = subprocess.run(
        [binaries / "checker", "rules", "acme-topic-name"],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert "Acme's alarms" in rules.stdout, rules.stdout
    code = "import checker, pathlib; print(pathlib.Path(checker.__file__).parent)"
    where = subprocess.run(
        [binaries / "python", "-c", code], check=True, cwd=folder, capture_output=True, text=True
    )
    assert str(ROOT) not in where.stdout


if __name__ == "__main__":
    main()
