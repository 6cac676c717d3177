"""What makes two findings the same finding in two runs, whatever lines have moved in between."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from checker.finding import Role
from checker.hidden_text import redacted

if TYPE_CHECKING:
    from checker.finding import Finding

_CODE_OR_NUMBER = re.compile(r"(`[^`]*`)|\d[\d,]*")


class Identity(NamedTuple):
    """The rule, the file, the places by name, and what is said without its numbers."""

    rule: str
    source: str
    route: str
    message: str


def identity(finding: Finding, source: str) -> Identity:
    """Identify a finding; ``source`` is its file as the run names it, for instance relative to a repository."""
    places = {one.document.anchor(one.route) for one in finding.locations if one.role is Role.PRIMARY}
    message = _CODE_OR_NUMBER.sub(lambda found: found[1] or "#", finding.message)
    # A plan may hold the same policy for several resources, and several roots may call the module that it is in.
    within = finding.root if finding.root and not finding.locations[0].source.startswith(finding.root) else ""
    named = [f"{within}: {finding.address}" if within else finding.address] * bool(finding.address)
    return Identity(finding.rule, source, redacted("; ".join((*named, *sorted(places)))), redacted(message))


def fingerprint(one: Identity) -> str:
    """Shorten an identity to 32 hexadecimal digits."""
    from hashlib import sha256  # not on the path of a plain check

    return sha256("\0".join(one).encode("utf-8", "surrogatepass")).hexdigest()[:32]
