"""What makes two findings the same finding in two runs, whatever lines have moved in between."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from checker.finding import SILENCED, Role, listed
from checker.hidden_text import redacted

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.finding import Finding

_PLACE = re.compile(r"(`)([^`#\"]+(?=#[^`]+`)|[^`#\"]+/(?=: ))(#|: )")
"""A template before the name of its resource, or a Terraform root before an address."""
_CODE = re.compile(r"`([^`]*)`")
_CODE_OR_NUMBER = re.compile(r"(`[^`]*`)|\d[\d,]*")


class Identity(NamedTuple):
    """The rule, the file, the places by name, and what is said without its numbers."""

    rule: str
    source: str
    route: str
    message: str


def identity(finding: Finding, relative: Callable[[str], str]) -> Identity:
    """Identify a finding; ``relative`` names its files for instance relative to a repository."""
    source = finding.locations[0].source
    places = {one.document.anchor(one.route) for one in finding.locations if one.role is Role.PRIMARY}
    message = named(_CODE_OR_NUMBER.sub(lambda found: found[1] or "#", _said(finding)), relative)
    # A plan may hold the same policy for several resources, and several roots may call the module that it is in.
    address = [located(finding.address, finding.home, source, relative)] * bool(finding.address)
    route = redacted("; ".join((*address, *sorted(places))))
    return Identity(finding.rule, relative(source), route, redacted(message))


def _said(finding: Finding) -> str:
    """The message, with all topics that it affects: a report names the first few."""
    message, mark, _ = finding.message.partition(SILENCED)
    return f"{message}{mark}{listed(finding.affects, len(finding.affects))}" if mark else message


def silent_topics(message: str) -> list[str]:
    """The topics that the message of an identity says Connect cannot publish to."""
    return _CODE.findall(message.partition(SILENCED)[2])


def named(text: str, relative: Callable[[str], str]) -> str:
    """A text with the templates and Terraform roots that it names as the baseline calls them."""
    return _PLACE.sub(lambda found: f"{found[1]}{_renamed(found[2], relative)}{found[3]}", text)


def located(address: str, home: str, source: str, relative: Callable[[str], str]) -> str:
    """An address that is the same whatever folder the command is called in, and whatever else it examines.

    That of a template names its file, and one in a Terraform module outside of its root, which is ``home``, the root.
    """
    file, mark, logical = address.partition("#")
    if mark and '"' not in file:
        return f"{relative(file)}#{logical}"
    root = relative(home) if home and address else ""
    is_inside = not root or not posixpath.relpath(relative(source), root).startswith("..")
    return address if is_inside else f"{root}/: {address}"


def _renamed(name: str, relative: Callable[[str], str]) -> str:
    """The name of a file, or that of a folder with its slash."""
    return f"{relative(name)}/" if name.endswith("/") else relative(name)


def fingerprint(one: Identity) -> str:
    """Shorten an identity to 32 hexadecimal digits."""
    from hashlib import sha256  # not on the path of a plain check

    return sha256("\0".join(one).encode("utf-8", "surrogatepass")).hexdigest()[:32]
