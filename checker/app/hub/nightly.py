"""The nightly audit inside AWS: `python -m checker.app.hub.nightly`, with settings in environment variables.

A night is stored in a folder of its own. `latest/status.json` says how the last one ended, and `latest/night.json` names
the last one with a report, with which the next night is compared.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.app.hub.bucket import Bucket
from checker.app.hub.settings import Settings
from checker.app.hub.status import DIGEST, REPORT, STATUS, now, stamp, write_status
from checker.app.signals import finishing
from checker.app.terminal import run_and_exit, tell
from checker.core.errors import Skipped
from checker.live.aws.access import Coverage
from checker.live.aws.errors import CallError
from checker.live.aws.session import sign_in
from checker.report.brief import skipped_text
from checker.report.context import Paint

if TYPE_CHECKING:
    from datetime import datetime

    from checker.app.exit_codes import Ending

_NIGHT = "latest/night.json"
_FOLDER = re.compile(r"nights/[0-9TZ-]+")
_SUBJECT = 100
"""https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
_FORGET = f"to start a new history, delete `{_NIGHT}`"


def nightly() -> Ending:
    """Audit all accounts and Regions, compare with the night before, store the results, and return how it ended.

    Results that could not be read, stored or sent make the audit incomplete. Raises CheckerError.
    """
    settings, started = Settings.read(os.environ), now()
    bucket = Bucket.of(settings.bucket, sign_in(settings.access))
    coverage = Coverage(settings.accounts, settings.organization, settings.regions, not settings.regions)
    with tempfile.TemporaryDirectory(prefix="checker-") as name:
        folder, earlier = Path(name, "results"), Path(name, "earlier")
        folder.mkdir()
        earlier.mkdir()
        unread = _remember(bucket, earlier)
        ending = settings.audit(folder, coverage, since=earlier)
        with finishing("the results are stored first", []):
            unread = unread or _not_compared(folder, earlier)
            ending = _stored(_Night(bucket, folder, started), settings, ending, unread)
    tell(f"night ended: {ending.code.name.lower()}, exit code {int(ending.code)}")
    return ending


def _remember(bucket: Bucket, folder: Path) -> Skipped | None:
    """Read the report of the last night that has one, and return why it cannot be compared with."""
    pointer = folder.parent / "night.json"
    try:
        if not bucket.fetch(_NIGHT, pointer):
            return None
        night = _night_of(pointer.read_text(encoding="utf-8", errors="replace"))
        if night and bucket.fetch(f"{night}/{REPORT}", folder / REPORT):
            return None
    except CallError as error:
        return error.entry
    reason = f"there is no report in `{night}`" if night else "it does not name a night"
    return Skipped(bucket.url(_NIGHT), reason, error=True, help=_FORGET)


def _night_of(text: str) -> str:
    """Return the folder that `latest/night.json` names; empty if it names none."""
    try:
        named = json.loads(text)["night"]
    except (ValueError, KeyError, TypeError):
        return ""
    return named if isinstance(named, str) and _FOLDER.fullmatch(named) else ""


def _not_compared(folder: Path, earlier: Path) -> Skipped | None:
    """Return the earlier report if the new one was not compared with it. The new one says why."""
    report = folder / REPORT
    if not report.exists() or not (earlier / REPORT).exists():
        return None
    is_compared = bool(json.loads(report.read_text(encoding="utf-8"))["history"]["since"])
    return None if is_compared else Skipped(_NIGHT, "its report is not usable", error=True, help=_FORGET)


class _Night(NamedTuple):
    """The results of a night in a folder, and where they are stored."""

    bucket: Bucket
    folder: Path
    started: datetime

    @property
    def place(self) -> str:
        """The folder of the night in the bucket."""
        return f"nights/{stamp(self.started)}"

    def write_status(self, ending: Ending) -> Path:
        """Write how the night ended."""
        has_report = (self.folder / REPORT).exists()
        return write_status(self.folder, ending, self.started, night=self.place, report=has_report)


def _stored(night: _Night, settings: Settings, ending: Ending, unread: Skipped | None) -> Ending:
    """Send and store the results of a night, and return how it ended if some of this failed.

    The next night is compared with this one only if it took over what the earlier nights knew.
    """
    bucket, folder = night.bucket, night.folder
    ending = _with(ending, unread)
    ending = _with(ending, _sent(night, settings, ending))
    status = night.write_status(ending)
    unsaved = bucket.store(folder, night.place)
    if unread is None and unsaved is None and (folder / REPORT).exists():
        pointer = folder / "night.json"
        pointer.write_text(json.dumps({"version": 1, "night": night.place}), encoding="utf-8")
        unsaved = bucket.put(pointer, _NIGHT)
    if unsaved is not None:
        ending = _with(ending, unsaved)
        status = night.write_status(ending)
    return _with(ending, bucket.put(status, f"latest/{STATUS}"))


def _with(ending: Ending, failed: Skipped | None) -> Ending:
    """Report what failed, and return that the audit is incomplete."""
    if failed is None:
        return ending
    tell(*skipped_text(failed, Paint()))
    return ending._replace(incomplete=True)


def _sent(night: _Night, settings: Settings, ending: Ending) -> Skipped | None:
    """Send the digest to the topic for it, and return why that failed. A night without a report is told as well."""
    topic, digest = settings.digest_topic, night.folder / DIGEST
    if not topic:
        return None
    how = f"The nightly audit ended: {ending.code.name.lower()}, exit code {int(ending.code)}."
    text = digest.read_text(encoding="utf-8") if digest.exists() else "It has no report: see its log.\n"
    message = f"{how} Results: {night.bucket.url(night.place)}/\n\n{text}"
    calls = night.bucket.calls
    try:
        calls.make("sns", "publish", topic, TopicArn=topic, Subject=how[:_SUBJECT], Message=message)
    except CallError as error:
        return error.entry
    return None


if __name__ == "__main__":
    run_and_exit(nightly)
