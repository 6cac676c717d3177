"""Builds the wheel and the sdist, so that equal sources give equal bytes on every machine.

    python -m scripts.build_dist [--outdir dist]

Archives usually record the time and the machine of a build. Here all times are that of the last commit (or
`SOURCE_DATE_EPOCH`), modes and owners are fixed, and `constraints.txt` has the version of setuptools.
Compressed bytes also depend on zlib: compare builds of the same Python on the same kind of machine.
https://reproducible-builds.org/docs/source-date-epoch/
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "checker", "rules", "schemas")
"""What is in the sdist. `deploy/Containerfile` copies the same."""


def main() -> None:
    """Build, and print the hashes as `sha256sum` does."""
    parser = argparse.ArgumentParser(description="Build the wheel and the sdist reproducibly.")
    parser.add_argument("--outdir", type=Path, default=ROOT / "dist")
    for path in build(parser.parse_args().outdir.resolve()):
        sys.stdout.write(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")


def build(outdir: Path) -> list[Path]:
    """Build into a folder, which loses what other builds left there. The wheel is built from the sdist."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or last_commit())
    outdir.mkdir(parents=True, exist_ok=True)
    for stale in (path for ending in ("*.whl", "*.tar.gz", "*.cdx.json") for path in outdir.glob(ending)):
        stale.unlink()
    before = os.umask(0o022)  # files that setuptools writes get their modes from it
    try:
        with tempfile.TemporaryDirectory() as name:
            run_build(copied_sources(Path(name)), outdir, epoch)
        for sdist in outdir.glob("*.tar.gz"):
            normalize(sdist, epoch)
    finally:
        os.umask(before)
    return sorted((*outdir.glob("*.whl"), *outdir.glob("*.tar.gz")))


def last_commit() -> str:
    """Give the time of the last commit in seconds."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - git


def copied_sources(folder: Path) -> Path:
    """Copy the sources, with the modes that git knows: a wheel keeps the modes of schemas and pages."""
    for name in SOURCES:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def run_build(sources: Path, outdir: Path, epoch: int) -> None:
    """Run `build` in an isolated environment with the versions of `constraints.txt`."""
    constraints = str(ROOT / "constraints.txt")
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": str(epoch),
        "PIP_CONSTRAINT": constraints,
        "PIP_BUILD_CONSTRAINT": constraints,
    }
    command = [sys.executable, "-m", "build", "--outdir", str(outdir), str(sources)]
    done = subprocess.run(  # noqa: S603 - build, with arguments of this file
        command, check=False, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        sys.exit(f"build failed:\n{done.stdout}{done.stderr}")


def normalize(sdist: Path, epoch: int) -> None:
    """Rewrite an sdist: sorted members with one time, no owner and plain modes."""
    with tarfile.open(sdist) as archive:
        held = [(one, archive.extractfile(one)) for one in archive.getmembers()]
        members = sorted((one.name, plain(one, epoch), file.read() if file else b"") for one, file in held)
    with (
        sdist.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for _, member, content in members:
            archive.addfile(member, io.BytesIO(content))


def plain(member: tarfile.TarInfo, epoch: int) -> tarfile.TarInfo:
    """Give a member that says nothing of the machine of the build."""
    bare = tarfile.TarInfo(member.name)
    bare.type, bare.size, bare.mtime = member.type, member.size, epoch
    bare.mode = 0o755 if member.isdir() else 0o644
    return bare


if __name__ == "__main__":
    main()
