"""The nightly audit inside AWS: `python -m checker.app.hub.nightly`, with settings in environment variables.

A night is stored in a folder of its own. `latest/status.json` says how the last one ended, and `latest/night.json` names
the one with which the next night is compared.
"""

from __future__ import annotations

import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.hub.bucket import Bucket, succeeded
from checker.app.hub.settings import Settings
from checker.app.hub.status import DIGEST, REPORT, STATUS, now, stamp, write_status
from checker.app.signals import finishing
from checker.app.terminal import run_and_exit, tell
from checker.core.errors import Skipped
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.live.aws.access import Coverage
from checker.live.aws.errors import CallError
from checker.live.aws.session import sign_in
from checker.report.brief import skipped_text
from checker.report.context import Paint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from checker.app.exit_codes import Ending

_NIGHT = "latest/night.json"
_FOLDER = pattern(r"nights/[0-9TZ-]+")
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

    @property
    def has_report(self) -> bool:
        """True if the audit wrote a report."""
        return (self.folder / REPORT).exists()

    def store(self) -> None:
        """Store the results. Raises CallError."""
        self.bucket.store(self.folder, self.place)

    def write_status(self, ending: Ending) -> Path:
        """Write how the night ended."""
        return write_status(self.folder, ending, self.started, night=self.place, report=self.has_report)

    def put_name(self) -> None:
        """Store that the next night is compared with this one. Raises CallError."""
        pointer = self.folder / "night.json"
        pointer.write_text(json.dumps({"version": 1, "night": self.place}), encoding="utf-8")
        self.bucket.put(pointer, _NIGHT)


def _stored(night: _Night, settings: Settings, ending: Ending, unread: Skipped | None) -> Ending:
    """Store and send the results of a night, and return how it ended if some of this failed.

    The digest says how the night ended, so it is sent after everything is stored. If that fails, the statuses are
    replaced. The next night is compared with this one only if it took over what the earlier nights knew.
    """
    if unread is not None:
        tell(*skipped_text(unread, Paint()))
    is_stored = succeeded(night.store)
    ending = _with(ending, is_complete=is_stored and unread is None)
    prefixes = (night.place, "latest") if is_stored else ("latest",)
    is_recorded = _put_statuses(night, ending, prefixes)
    if is_stored and is_recorded and unread is None and night.has_report:
        is_recorded = succeeded(night.put_name)
    last = _with(ending, is_complete=is_recorded)
    last = _with(last, is_complete=succeeded(partial(_send, night, settings, last)))
    if last.code != ending.code:
        _put_statuses(night, last, prefixes)
    return last


def _put_statuses(night: _Night, ending: Ending, prefixes: Iterable[str]) -> bool:
    """Store how a night ended in its folder and as the latest, and return whether all were stored."""
    status = night.write_status(ending)
    stored = [succeeded(partial(night.bucket.put, status, f"{prefix}/{STATUS}")) for prefix in prefixes]
    return all(stored)


def _with(ending: Ending, *, is_complete: bool) -> Ending:
    return ending if is_complete else ending._replace(incomplete=True)


def _send(night: _Night, settings: Settings, ending: Ending) -> None:
    """Send the digest to the topic for it. A night without a report is told as well. Raises CallError."""
    topic, digest = settings.digest_topic, night.folder / DIGEST
    if not topic:
        return
    how = f"The nightly audit ended: {ending.code.name.lower()}, exit code {int(ending.code)}."
    text = digest.read_text(encoding="utf-8") if digest.exists() else "It has no report: see its log.\n"
    message = f"{how} Results: {night.bucket.url(night.place)}/\n\n{text}"
    calls = night.bucket.calls
    calls.make("sns", "publish", topic, TopicArn=topic, Subject=how[:_SUBJECT], Message=message)


if __name__ == "__main__":
    run_and_exit(nightly)
