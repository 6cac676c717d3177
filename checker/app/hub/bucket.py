"""The bucket for the results of audits inside AWS."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from checker.app.hub.status import STATUS
from checker.app.terminal import tell
from checker.core.record import NamedTuple
from checker.live.aws.access import Unit
from checker.live.aws.calls import Calls
from checker.live.aws.errors import CallError
from checker.report.brief import skipped_text
from checker.report.context import Paint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from checker.live.aws.session import Sessions

_PART = 8 * 1024 * 1024
"""Size in bytes of the parts in which objects are read and written: a call ends after a minute."""
_TYPES = {
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".txt": "text/plain",
}


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

    def fetch(self, key: str, file: Path) -> bool:
        """Read an object into a file, and return False if there is none. Raises CallError.

        It is read in parts, because answers are limited to 16 MB. S3 reports an object as not found only to a caller
        that may list the bucket.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        parts = list(self._parts(key))
        if parts:
            file.write_bytes(b"".join(parts))
        return bool(parts)

    def _parts(self, key: str) -> Iterator[bytes]:
        """Yield the parts of one version of an object; nothing if there is none. Raises CallError."""
        parameters = self._of(key)
        start, size = 0, 1
        while start < size:
            within = f"bytes={start}-{start + _PART - 1}"
            answer = self.calls.find("s3", "get_object", self.url(key), Range=within, **parameters)
            if answer is None:
                return
            parameters["IfMatch"] = answer["ETag"]
            yield answer["Body"].read()
            start, size = start + _PART, int(answer["ContentRange"].rpartition("/")[2])

    def store(self, folder: Path, prefix: str) -> None:
        """Store the files of a folder under a prefix. Raises CallError for the first that could not be stored.

        The status comes last, and only if all others are stored: a prefix without one is incomplete.
        """
        for file in sorted(folder.iterdir(), key=lambda file: (file.name == STATUS, file.name)):
            self.put(file, f"{prefix}/{file.name}")

    def put(self, file: Path, key: str) -> None:
        """Store a file; only a whole object appears in the bucket. Raises CallError."""
        kind = f"{_TYPES.get(file.suffix, 'application/octet-stream')}; charset=utf-8"
        with file.open("rb") as content:
            first = content.read(_PART)
            if len(first) < _PART:
                self._call("put_object", key, Body=first, ContentType=kind)
            else:
                self._put_parts(key, kind, first, content)

    def _put_parts(self, key: str, kind: str, first: bytes, content: BinaryIO) -> None:
        """Store a long object in parts. Raises CallError.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
        """
        upload = self._call("create_multipart_upload", key, ContentType=kind)["UploadId"]
        parts: list[dict[str, Any]] = []
        while first:
            number = len(parts) + 1
            answer = self._call("upload_part", key, Body=first, PartNumber=number, UploadId=upload)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            first = content.read(_PART)
        self._call("complete_multipart_upload", key, UploadId=upload, MultipartUpload={"Parts": parts})

    def _call(self, operation: str, key: str, **parameters: object) -> dict[str, Any]:
        return self.calls.make("s3", operation, self.url(key), **self._of(key), **parameters)

    def _of(self, key: str) -> dict[str, Any]:
        return {"Bucket": self.name, "Key": key, "ExpectedBucketOwner": self.owner}

    def url(self, key: str) -> str:
        """Return the name of an object or prefix in messages."""
        return f"s3://{self.name}/{key}"


def succeeded(step: Callable[[], None]) -> bool:
    """Do a step of storing or sending results, and return whether it succeeded. If not, report why."""
    try:
        step()
    except CallError as error:
        tell(*skipped_text(error.entry, Paint()))
        return False
    return True
