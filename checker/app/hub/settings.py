"""The settings of audits inside AWS, from environment variables, and the audits that follow from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.audit import audit_accounts
from checker.app.audit_options import AuditOptions
from checker.app.hub.status import DIGEST, JOURNAL, REPORT
from checker.app.options import read_options
from checker.app.output import FORMATS
from checker.app.terminal import finished
from checker.core.arn import is_account, topic_arn_problem
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.live.aws.access import Access, Coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.app.exit_codes import Ending

ORGANIZATION = "organization"
_FILES = {"json": REPORT, "text": "report.txt", "html": "report.html", "digest": DIGEST}
_YES_NO = {"true": True, "false": False}


class Settings(NamedTuple):
    """Where results are stored, which accounts may be audited, and how they are reached.

    Without ``accounts`` and ``organization``, only the account of the caller is audited. Without ``regions``, the
    nightly audit covers all Regions that are enabled. ``digest_topic`` gets the digest of each night.
    """

    bucket: str
    accounts: tuple[str, ...] = ()
    organization: bool = False
    regions: tuple[str, ...] = ()
    role: str = ""
    external_id: str = ""
    security_hub: bool = False
    topic_tags: tuple[str, ...] = ()
    configuration: Path | None = None
    digest_topic: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings. Raises InputError for a missing or invalid one."""
        accounts = _words(environment, "CHECKER_ACCOUNTS")
        invalid = [account for account in accounts if not is_account(account) and account != ORGANIZATION]
        if invalid or (ORGANIZATION in accounts and len(accounts) > 1):
            raise _invalid("CHECKER_ACCOUNTS", "use account IDs, or `organization` alone")
        flag = environment.get("CHECKER_SECURITY_HUB", "false")
        if flag not in _YES_NO:
            raise _invalid("CHECKER_SECURITY_HUB", "use `true` or `false`")
        bucket = environment.get("CHECKER_BUCKET", "")
        if not bucket:
            raise _invalid("CHECKER_BUCKET", "set it to the name of the bucket for results")
        configuration = environment.get("CHECKER_CONFIG", "")
        return cls(
            bucket,
            () if ORGANIZATION in accounts else accounts,
            ORGANIZATION in accounts,
            _words(environment, "CHECKER_REGIONS"),
            environment.get("CHECKER_ROLE_NAME", ""),
            environment.get("CHECKER_EXTERNAL_ID", ""),
            _YES_NO[flag],
            _words(environment, "CHECKER_TOPIC_TAGS"),
            Path(configuration) if configuration else None,
            _topic(environment.get("CHECKER_DIGEST_TOPIC", "")),
        )

    @property
    def access(self) -> Access:
        """How accounts are reached."""
        return Access(role=self.role, external_id=self.external_id)

    def audit(
        self,
        folder: Path,
        coverage: Coverage,
        topics: Iterable[str] = (),
        *,
        since: Path | None = None,
        ignore: Sequence[str] = (),
        seconds: float = 0,
    ) -> Ending:
        """Audit accounts, write the reports and the journal to a folder, and return how it ended.

        ``since`` is a folder with the report to compare with, or an empty one. ``ignore`` are rules to leave out.
        ``seconds`` limit the time of all calls, 0 means no limit. Every error ends in a message on standard error.
        """
        reports = [f"{name}={folder / file}" for name, file in _FILES.items() if name in FORMATS]

        def run() -> Ending:
            options = read_options(
                topic=tuple(topics),
                topic_tag=self.topic_tags,
                ignore=ignore,
                config=self.configuration,
                isolated=self.configuration is None,
            )
            request = AuditOptions(
                options,
                self.access._replace(seconds=seconds),
                coverage,
                journal=folder / JOURNAL,
                security_hub=self.security_hub,
                since=since,
                may_be_gone=True,
            )
            return audit_accounts(request, reports, "")

        return finished(run)


def _words(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in environment.get(name, "").split(",") if word.strip())


def _topic(text: str) -> str:
    if text and topic_arn_problem(text):
        raise _invalid("CHECKER_DIGEST_TOPIC", f"{topic_arn_problem(text)}; use the ARN of a topic")
    return text


def _invalid(name: str, help_text: str) -> InputError:
    return InputError(name, "is not set to a valid value", help_text=help_text)
