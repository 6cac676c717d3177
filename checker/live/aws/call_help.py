"""What to check or do after a call that failed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import ProxyConnectionError, ReadTimeoutError, SSLError

from checker.analysis.wording import similar_region
from checker.core.shell import shell_command
from checker.core.terminal_text import inert
from checker.live.aws.errors import Fault, is_of_login

if TYPE_CHECKING:
    from checker.live.aws.access import Access

_HELPS = {
    Fault.CLOCK: "synchronize the clock with a time server, and run the command again",
    Fault.CHAT_ENDED: "use a contact flow that keeps the chat open",
    Fault.DENIED: "grant it to the caller; `checker permissions COMMAND` prints the minimal policy",
}
_NO_PROXY = "check the proxy in HTTPS_PROXY"
_NOT_TRUSTED = "its certificate is not trusted; AWS_CA_BUNDLE names the file with the certificates to trust"


def help_after(
    fault: Fault, region: str, service: str, access: Access, error: Exception | None = None
) -> str:
    """Return what to check or do after a call that failed with a fault; empty if nothing is known to help."""
    if fault is Fault.NO_ANSWER:
        return _help_without_answer(region, service, access, error)
    if fault is Fault.SIGNED_OUT:
        return f"sign in: `{_aws('login' if is_of_login(error) else 'sso login', access)}`"
    if fault is Fault.EXPIRED:
        return f"renew the credentials, and run the command again; check them: `{_aws('sts get-caller-identity', access)}`"
    if fault is Fault.DISABLED_REGION:
        enabled = _aws(f"account get-region-opt-status --region-name {region}", access)
        return (
            f"check the credentials: `{_aws('sts get-caller-identity', access)}`; and the Region: `{enabled}`"
        )
    return _HELPS.get(fault, "")


def _aws(command: str, access: Access) -> str:
    """Return a command of the AWS CLI for the profile of the run."""
    return shell_command(
        ("aws", *command.split(), *(("--profile", access.profile) if access.profile else ()))
    )


def _help_without_answer(region: str, service: str, access: Access, error: Exception | None = None) -> str:
    """Return what to check if a service did not answer: the Region first, then the settings of the endpoint."""
    close = similar_region(region)
    setting = endpoint_setting(service, access)
    endpoint = _help_of_endpoint(setting, error) if setting or not close else ""
    return " ".join(filter(None, (f"did you mean {close}?" if close else "", endpoint)))


def _help_of_endpoint(setting: str, error: Exception | None) -> str:
    if isinstance(error, ProxyConnectionError):
        return _NO_PROXY
    if isinstance(error, SSLError):
        return _NOT_TRUSTED
    url = _origin_of(str(getattr(error, "kwargs", {}).get("endpoint_url") or ""))
    problem = "does not answer" if isinstance(error, ReadTimeoutError) else "cannot be reached"
    if not setting:
        return f"check the network: `{url}` {problem}" if url else ""
    return f"check `{setting}`: `{url}` {problem}" if url else f"check `{setting}`"


def _origin_of(url: str) -> str:
    """Return a URL without the path of the call, and without a password."""
    parts = urlsplit(url)
    return inert(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}") if url else ""


def endpoint_setting(service: str, access: Access) -> str:
    """Return the option or variable that sets the endpoint of a service; empty if it is that of AWS.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    if access.endpoint:
        return "--endpoint-url"
    variable = "AWS_ENDPOINT_URL"
    own = f"{variable}_{service.upper().replace('-', '_')}"
    return next((name for name in (own, variable) if os.environ.get(name)), "")
