"""How an audit inside AWS ended: an incomplete or failed one must not look like a clean one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from checker.app.exit_codes import Ending

JOURNAL, REPORT, DIGEST, STATUS = "journal.jsonl", "report.json", "digest.md", "status.json"
"""Names of the files with results."""


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def stamp(time: datetime) -> str:
    """Write a time for a key of S3, without colons, which would have to be encoded in URLs."""
    return time.strftime("%Y-%m-%dT%H%M%SZ")


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_status(folder: Path, ending: Ending, started: datetime, **facts: Any) -> Path:
    """Write how an audit ended, next to its reports, and return the file."""
    code, file = ending.code, folder / STATUS
    times = {"started": _iso(started), "finished": _iso(now())}
    status = {"version": 1, "exit_code": int(code), "ended": code.name.lower(), **times, **facts}
    file.write_text(f"{json.dumps(status, indent=2)}\n", encoding="utf-8")
    return file
