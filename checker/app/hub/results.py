"""Stores the results of audits inside AWS in a bucket: reports, journals, and how each audit ended."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.live.aws.access import Unit
from checker.live.aws.calls import Calls
from checker.live.aws.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from checker.app.exit_codes import Ending
    from checker.core.errors import Skipped
    from checker.live.aws.session import Sessions

STATUS = "status.json"
_PART = 8 * 1024 * 1024
_TYPES = {
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".txt": "text/plain",
}


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def stamp(time: datetime) -> str:
    """Write a time for a key of S3, without colons, which would have to be encoded in URLs."""
    return time.strftime("%Y-%m-%dT%H%M%SZ")


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_status(folder: Path, ending: Ending, started: datetime, **facts: Any) -> None:
    """Write how an audit ended, next to its reports: an incomplete or failed one must not look like a clean one."""
    code = ending.code
    times = {"started": _iso(started), "finished": _iso(now())}
    status = {"version": 1, "exit_code": int(code), "ended": code.name.lower(), **times, **facts}
    (folder / STATUS).write_text(f"{json.dumps(status, indent=2)}\n", encoding="utf-8")


class Bucket(NamedTuple):
    """The bucket for results, which must belong to the account of the caller."""

    name: str
    calls: Calls
    owner: str

    @classmethod
    def of(cls, name: str, sessions: Sessions) -> Bucket:
        """Look up the caller's account. Raises CallError."""
        calls = Calls(sessions, Unit("", sessions.base.region_name or ""), threading.Event())
        return cls(name, calls, str(calls.make("sts", "get_caller_identity", "the caller")["Account"]))

    def fetch(self, key: str, file: Path) -> Skipped | None:
        """Read an object into a file, if there is one, and return it if it could not be read.

        It is read in parts, because answers are limited to 16 MB. S3 reports an object as not found only to a caller
        that may list the bucket.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        try:
            parts = list(self._parts(key))
        except CallError as error:
            return error.entry
        if parts:
            file.write_bytes(b"".join(parts))
        return None

    def _parts(self, key: str) -> Iterator[bytes]:
        """Yield the parts of one version of an object; nothing if there is none. Raises CallError."""
        parameters = {"Bucket": self.name, "Key": key, "ExpectedBucketOwner": self.owner}
        start, size = 0, 1
        while start < size:
            within = f"bytes={start}-{start + _PART - 1}"
            answer = self.calls.find(
                "s3", "get_object", f"s3://{self.name}/{key}", Range=within, **parameters
            )
            if answer is None:
                return
            parameters["IfMatch"] = answer["ETag"]
            yield answer["Body"].read()
            start, size = start + _PART, int(answer["ContentRange"].rpartition("/")[2])

    def store(self, folder: Path, prefixes: Iterable[str]) -> tuple[Skipped, ...]:
        """Store the files of a folder under each prefix, and return what could not be stored.

        The status comes last: a prefix without one is incomplete.
        """
        files = sorted(folder.iterdir(), key=lambda file: (file.name == STATUS, file.name))
        failed = (self._put(file, f"{prefix}/{file.name}") for prefix in prefixes for file in files)
        return tuple(entry for entry in failed if entry is not None)

    def _put(self, file: Path, key: str) -> Skipped | None:
        try:
            self.calls.make(
                "s3",
                "put_object",
                f"s3://{self.name}/{key}",
                Bucket=self.name,
                Key=key,
                Body=file.read_bytes(),
                ContentType=f"{_TYPES.get(file.suffix, 'application/octet-stream')}; charset=utf-8",
                ExpectedBucketOwner=self.owner,
            )
        except CallError as error:
            return error.entry
        return None
