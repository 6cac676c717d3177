"""Asks an advisory service for known vulnerabilities of the versions in `constraints.txt`, with pip-audit.

    python -m scripts.check_advisories [--service pypi|osv]

Exits with 1 if a version has a known vulnerability, and with 3 if the service did not answer for all of them: pip-audit
itself would pass, and say nothing of those.
https://github.com/pypa/pip-audit
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from scripts.build_dist import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def main() -> None:
    """Print the result, and exit by it."""
    parser = argparse.ArgumentParser(description="Look for known vulnerabilities of the pinned versions.")
    parser.add_argument("--service", choices=("pypi", "osv"), default="pypi")
    lines, code = result(answers(parser.parse_args().service))
    print(*lines, sep="\n")
    sys.exit(code)


def answers(service: str) -> list[dict[str, Any]]:
    """Give what the service says of each version. Exits with 3 if pip-audit fails."""
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", service, "--format", "json"]
    options = ["--requirement", str(ROOT / "constraints.txt"), "--no-deps", "--disable-pip"]
    done = subprocess.run(  # noqa: S603 - pip-audit, with arguments of this file
        [*command, *options, "--progress-spinner", "off"], check=False, capture_output=True, text=True
    )
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"not known: pip-audit failed: {reason}\nhelp: run it where the advisory service is reachable")
        sys.exit(3)
    return found


def result(dependencies: Sequence[Mapping[str, Any]]) -> tuple[list[str], int]:
    """Give the lines of the report, and the exit code."""
    known = [
        f"{one['name']} {one['version']}: {each['id']}, fixed in {' or '.join(each['fix_versions']) or 'no version'}"
        for one in dependencies
        for each in one.get("vulns", [])
    ]
    unknown = sorted(one["name"] for one in dependencies if "skip_reason" in one)
    asked = f"{len(dependencies) - len(unknown)} of {len(dependencies)} versions looked up"
    if not dependencies:
        return ["not known: no version was looked up"], 3
    if unknown:
        names = ", ".join([*unknown[:3], *(["..."] if len(unknown) > 3 else [])])
        return [
            *known,
            f"not known: the advisory service did not answer for {names}",
            asked,
        ], 1 if known else 3
    return [*known, f"{len(known)} known vulnerabilities, {asked}"], 1 if known else 0


if __name__ == "__main__":
    main()
