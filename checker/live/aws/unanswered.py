"""What to check if an endpoint of AWS does not answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import ProxyConnectionError, SSLError

from checker.analysis.wording import similar_region
from checker.core.terminal_text import inert

if TYPE_CHECKING:
    from checker.live.aws.access import Access

_NO_PROXY = "check the proxy in HTTPS_PROXY"
_NOT_TRUSTED = "its certificate is not trusted; AWS_CA_BUNDLE names the file with the certificates to trust"


def help_without_answer(region: str, service: str, access: Access, error: Exception | None = None) -> str:
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
    if not setting:
        return f"check the network: `{url}` cannot be reached" if url else ""
    return f"check `{setting}`: `{url}` cannot be reached" if url else f"check `{setting}`"


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
