"""The nightly audit inside AWS: `python -m checker.app.hub.nightly`, with settings in environment variables."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from checker.app.exit_codes import Exit
from checker.app.hub.results import Bucket, now, write_status
from checker.app.hub.settings import REPORT, Settings
from checker.app.terminal import report_error, tell
from checker.core.errors import CheckerError
from checker.live.aws.access import Coverage
from checker.live.aws.session import sign_in
from checker.report.brief import skipped_text
from checker.report.context import Paint


def run_nightly(settings: Settings) -> int:
    """Audit all accounts and Regions, store the results, and return the exit code.

    Results that could not be stored make the audit incomplete. Raises CheckerError.
    """
    started = now()
    bucket = Bucket.of(settings.bucket, sign_in(settings.access))
    coverage = Coverage(settings.accounts, settings.organization, settings.regions, not settings.regions)
    with tempfile.TemporaryDirectory(prefix="checker-") as name:
        folder = Path(name)
        code = settings.audit(folder, coverage)
        write_status(folder, code, started=started)
        latest = ("latest",) if (folder / REPORT).exists() else ()
        unsaved = bucket.store(folder, (f"nights/{started}", *latest))
    for skipped in unsaved:
        tell(*skipped_text(skipped, Paint()))
    return Exit.INCOMPLETE if unsaved and code in (Exit.CLEAN, Exit.FINDINGS) else code


def main() -> int:
    """Run the nightly audit with the settings of the environment."""
    try:
        return int(run_nightly(Settings.read(os.environ)))
    except CheckerError as error:
        return int(report_error(error).code)


if __name__ == "__main__":
    sys.exit(main())
