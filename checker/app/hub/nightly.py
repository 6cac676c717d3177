"""The nightly audit inside AWS: `python -m checker.app.hub.nightly`, with settings in environment variables."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.hub.results import Bucket, now, stamp, write_status
from checker.app.hub.settings import REPORT, Settings
from checker.app.terminal import run_and_exit, tell
from checker.live.aws.access import Coverage
from checker.live.aws.session import sign_in
from checker.report.brief import skipped_text
from checker.report.context import Paint

if TYPE_CHECKING:
    from checker.app.exit_codes import Ending


def nightly() -> Ending:
    """Audit all accounts and Regions, compare with the night before, store the results, and return how it ended.

    Results that could not be read or stored make the audit incomplete. Raises CheckerError.
    """
    settings, started = Settings.read(os.environ), now()
    bucket = Bucket.of(settings.bucket, sign_in(settings.access))
    coverage = Coverage(settings.accounts, settings.organization, settings.regions, not settings.regions)
    with tempfile.TemporaryDirectory(prefix="checker-") as name:
        folder, earlier = Path(name, "results"), Path(name, "earlier")
        folder.mkdir()
        earlier.mkdir()
        unread = bucket.fetch(f"latest/{REPORT}", earlier / REPORT)
        ending = settings.audit(folder, coverage, since=earlier)
        write_status(folder, ending, started)
        latest = ("latest",) if (folder / REPORT).exists() else ()
        unsaved = bucket.store(folder, (f"nights/{stamp(started)}", *latest))
    failed = (*filter(None, (unread,)), *unsaved)
    for skipped in failed:
        tell(*skipped_text(skipped, Paint()))
    return ending._replace(incomplete=ending.incomplete or bool(failed))


if __name__ == "__main__":
    run_and_exit(nightly)
