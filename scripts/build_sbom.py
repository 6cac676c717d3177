"""Writes the SBOM of a wheel, a CycloneDX document: the wheel and all packages that it installs.

    python -m scripts.build_sbom dist/NAME.whl [--environment FOLDER]

The packages are those of a fresh environment without extras, with the versions of `constraints.txt`. Equal wheels give
equal documents: the time is that of the last commit, and the document has no serial number.
https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.build_dist import ROOT, last_commit

SCHEMA = SchemaVersion.V1_6


def main() -> None:
    """Write the document beside the wheel, and print its path."""
    parser = argparse.ArgumentParser(description="Write the SBOM of a wheel.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--environment", type=Path, help="where the wheel is already installed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        environment = options.environment or installed(options.wheel, Path(name))
        document = completed(describe(environment), options.wheel)
    path = options.wheel.with_name("-".join(options.wheel.name.split("-")[:2]) + ".cdx.json")
    path.write_text(validated(json.dumps(document, indent=2) + "\n"))
    sys.stdout.write(f"{path}: {len(document['components'])} packages\n")


def installed(wheel: Path, folder: Path) -> Path:
    """Install a wheel into a fresh environment, which has nothing else: not even pip."""
    venv.create(folder, symlinks=True)
    constraints = ["-c", str(ROOT / "constraints.txt")]
    command = [sys.executable, "-m", "pip", "--python", str(folder), "install", "--quiet", "--no-compile"]
    subprocess.run([*command, *constraints, str(wheel)], check=True)  # noqa: S603 - pip
    return folder


def describe(environment: Path) -> dict[str, Any]:
    """Give what cyclonedx-py says of an environment and the project."""
    options = ["--output-reproducible", "--no-validate", "--spec-version", SCHEMA.to_version()]
    options += ["--pyproject", str(ROOT / "pyproject.toml")]
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or last_commit().strip()
    done = subprocess.run(  # noqa: S603 - cyclonedx-py, with arguments of this file
        [sys.executable, "-m", "cyclonedx_py", "environment", *options, "-o", "-", str(environment)],
        check=False,
        capture_output=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
    )
    if done.returncode:
        sys.exit(done.stderr.decode())
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def completed(document: dict[str, Any], wheel: Path) -> dict[str, Any]:
    """Add what names the wheel: cyclonedx-py knows its project, not its version and its bytes.

    Where a package was downloaded from differs between machines. Its `purl` names it everywhere.
    """
    subject = document["metadata"]["component"]
    subject["version"] = wheel.name.split("-")[1]
    subject["purl"] = f"pkg:pypi/{subject['name']}@{subject['version']}"
    subject["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    for component in (*document["components"], *document["metadata"]["tools"]["components"]):
        links = component.get("externalReferences", [])
        component["externalReferences"] = [link for link in links if link["type"] != "distribution"]
    return document


def validated(text: str) -> str:
    """Give the text of a document that is valid by the schema of CycloneDX. Exits if it is not."""
    error = JsonStrictValidator(SCHEMA).validate_str(text)
    if error:
        sys.exit(f"the SBOM is not valid: {error}")
    return text


if __name__ == "__main__":
    main()
