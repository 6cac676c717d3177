"""Builds the wheel, installs it into a fresh environment away from the sources, and runs the command there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}],
}


def main() -> None:
    """Raise if the wheel holds anything but `checker`, or does not work by itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build(folder)
        check_contents(wheel)
        check_command(wheel, folder)
    sys.stdout.write(
        "wheel: only `checker` at top level, rules and schemas inside, works without the sources\n"
    )


def build(folder: Path) -> Path:
    """Build the wheel from a copy of what git would give, in isolation."""
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return wheel


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


def check_command(wheel: Path, folder: Path) -> None:
    """Install the wheel, run it on a policy and on a manifest, and install a rule pack beside it."""
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    constraints = ["-c", str(ROOT / "constraints.txt")]
    subprocess.run([binaries / "pip", "install", "--quiet", *constraints, wheel], check=True, cwd=folder)
    (folder / "policy.json").write_text(json.dumps(POLICY))
    (folder / "streaming.yaml").write_text("topics:\n  - policy: policy.json\n")
    done = subprocess.run(
        [binaries / "checker", "check", "."], check=False, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert "error[public-topic]" in done.stdout, done.stdout
    pack = ROOT / "examples" / "rule-pack"
    shutil.copytree(pack, folder / "pack")
    subprocess.run(
        [binaries / "pip", "install", "--quiet", "--no-deps", folder / "pack"], check=True, cwd=folder
    )
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
