"""The keys of a request beside those that say who sends it, each with the values that it may have.

A key that no table describes is unknown, and not absent.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from tests.soundness.callers import NAME, Identity
from tests.soundness.comparisons import NOT_YOURS, UNKNOWN
from tests.soundness.principals import ANONYMOUS, FEDERATED, SERVICE, SESSION, USER
from tests.soundness.words import OWNER, REGION, Words, chain_of, fitted

Fragment = dict[str, Any]
NOW = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
FUTURE = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
_HEX, _LOWER = "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz0123456789"
_UNREACHABLE = [ip_network(one) for one in ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16")]
_UNREACHABLE += [ip_network(one) for one in ("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")]
_ADDRESSES = ("198.51.100.7", "2600:1f18::7")
_UNKNOWN_OF_SERVICES = (
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:useragent",
    "aws:userid",
    "aws:principaltype",
)
OF_SERVICES = {
    **dict.fromkeys(_UNKNOWN_OF_SERVICES, UNKNOWN),
    "aws:principalarn": NOT_YOURS,
    "aws:principalaccount": NOT_YOURS,
}
"""What AWS does not document of the request of a service."""


def fixed_keys(service: bool) -> Fragment:
    """The keys that have one value for all callers of a kind."""
    always = {
        "aws:viaawsservice": "false",
        "aws:requestedregion": REGION,
        "aws:resourceaccount": OWNER,
        "aws:resourceorgid": UNKNOWN,
        "aws:resourceorgpaths": UNKNOWN,
    }
    if not service:
        return always
    internal = {"aws:securetransport": "true", "aws:sourceip": NOT_YOURS}
    return {**always, **internal, **OF_SERVICES}


def free_domains(identity: Identity, action: str, words: Words) -> Iterator[list[Fragment]]:
    """The domains of the other keys: for each a list of choices, of one key or of several that agree."""
    kind = identity.caller.kind
    yield from _undescribed(words)
    yield _times(kind, words)
    if action == "sns:Subscribe":
        yield _endpoints(words)
    if kind == SERVICE:
        return
    yield [{"aws:securetransport": one} for one in ("true", "false")]
    yield [{"aws:useragent": one} for one in ("agent/1.0", *words.like("aws:useragent"))]
    yield [{}, *({"aws:referer": one} for one in words.like("aws:referer"))]
    if kind == ANONYMOUS:
        yield _networks(words)
    else:
        yield [*_networks(words), *_via(words)]
        yield _organizations(words)
    if kind in (SESSION, USER, FEDERATED):
        yield from _tags(words)
    if kind == SESSION:
        texts = [one for one in ("someone", *words.like("aws:sourceidentity")) if NAME.fullmatch(one)]
        yield [{}, *({"aws:sourceidentity": one} for one in texts)]
        yield [{}, *({"aws:federatedprovider": one} for one in _providers(words))]


def _undescribed(words: Words) -> Iterator[list[Fragment]]:
    for key in sorted(words.keys):
        if not is_described(key):
            yield [{key: UNKNOWN}]


def is_described(key: str) -> bool:
    """False for a key that no table describes; no action that is asked about takes tags of a request."""
    return key in DESCRIBED or key.startswith(("aws:principaltag/", "aws:requesttag/"))


def _times(kind: str, words: Words) -> list[Fragment]:
    """When the request is made, and the credentials of a session were: long ago at most by a day and a half."""
    moments = {NOW, NOW + 86400.0}
    for value in words.of_key("aws:currenttime", "aws:epochtime", "aws:tokenissuetime"):
        at = _seconds(value)
        moments |= {at - 1, at, at + 1} if at is not None else set()
    found: list[Fragment] = []
    for moment in sorted(one for one in moments if NOW <= one <= FUTURE):
        clock = {"aws:currenttime": iso(moment), "aws:epochtime": str(int(moment))}
        temporary = [{**clock, **one} for one in _signed_in(kind, moment, words)]
        found += temporary if kind in (SESSION, FEDERATED) else [clock, *temporary]
    return found


def _signed_in(kind: str, moment: float, words: Words) -> Iterator[Fragment]:
    """Temporary credentials: when they were issued, and whether a device had been used, and how long ago."""
    if kind in (SERVICE, ANONYMOUS):
        return
    for age in (600, 129600):
        issued = {"aws:tokenissuetime": iso(moment - age)}
        yield {**issued, "aws:multifactorauthpresent": "false"}
        if kind in (SESSION, USER):
            limits = [int(one) for one in words.of_key("aws:multifactorauthage") if one.isdigit()]
            ages = {age, *(one + step for one in limits for step in (-1, 0, 1))}
            for one in sorted(one for one in ages if age <= one <= 129600):
                yield {**issued, "aws:multifactorauthpresent": "true", "aws:multifactorauthage": str(one)}


def _seconds(text: str) -> float | None:
    if re.fullmatch(r"\d{5,12}", text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _networks(words: Words) -> list[Fragment]:
    """From an address of the internet, or through an endpoint in a VPC that no policy names."""
    found: list[Fragment] = [{"aws:sourceip": one} for one in (*_ADDRESSES, *_inside(words, "aws:sourceip"))]
    vpcs = [one for value in words.of_key("aws:sourcevpc") for one in _identifiers(value, "vpc-")]
    ends = [one for value in words.of_key("aws:sourcevpce") for one in _identifiers(value, "vpce-")]
    for vpc in _unnamed(("vpc-fffffff0", *vpcs), words):
        for end in _unnamed(("vpce-fffffff0", *ends), words):
            inside = ["10.0.0.9", *_inside(words, "aws:vpcsourceip", private=True)]
            origin = {"aws:sourcevpc": vpc, "aws:sourcevpce": end}
            found += [{**origin, "aws:vpcsourceip": one} for one in inside]
    return found


def _unnamed(candidates: tuple[str, ...], words: Words) -> list[str]:
    return [one for one in dict.fromkeys(candidates) if one not in words.texts]


def _identifiers(pattern: str, prefix: str) -> Iterator[str]:
    """The ids of a resource, 8 digits long or 17, that a pattern describes, or that begin as it does."""
    wild = pattern if "*" in pattern or "?" in pattern else f"{pattern}*"
    start = wild if wild.startswith(prefix) else f"{prefix}*"
    yield from (
        f"{prefix}{one}" for size in (8, 17) for one in fitted(start.removeprefix(prefix), _HEX, size)
    )


def _inside(words: Words, key: str, *, private: bool = False) -> list[str]:
    """Addresses in the blocks that a key is compared with, first and last, and the next ones outside."""
    found = []
    for value in words.of_key(key):
        try:
            block = ip_network(value, strict=False)
        except ValueError:
            continue
        first, last = int(block.network_address), int(block.broadcast_address)
        top = 2**block.max_prefixlen
        kind = type(block.network_address)
        found += [str(kind(one)) for one in (first - 1, first, last, last + 1) if 0 <= one < top]
    return [one for one in found if private or not any(ip_address(one) in block for block in _UNREACHABLE)]


def _via(words: Words) -> list[Fragment]:
    """Through a service that acts with the caller's credentials, from an address and as an agent of its own."""
    known = [one for one in words.of_key(*_CALLED) if one in _CALLING]
    services = list(dict.fromkeys((*known, _CALLING[0])))
    forwarded = {"aws:sourceip": NOT_YOURS, "aws:useragent": UNKNOWN, "aws:referer": UNKNOWN}
    return [
        {
            **forwarded,
            "aws:securetransport": "true",
            "aws:viaawsservice": "true",
            "aws:calledvia": [one],
            "aws:calledviafirst": one,
            "aws:calledvialast": one,
        }
        for one in services
    ]


_CALLED = ("aws:calledvia", "aws:calledviafirst", "aws:calledvialast")
_CALLING = ("cloudformation.amazonaws.com", "athena.amazonaws.com", "dynamodb.amazonaws.com")


def _organizations(words: Words) -> list[Fragment]:
    """In no organization, or in one that no policy names; its id begins as those that patterns describe."""
    paths = words.of_key("aws:principalorgpaths")
    ids = [*words.of_key("aws:principalorgid"), *(path.split("/")[0] for path in paths)]
    wild = (one if "*" in one or "?" in one else f"{one}*" for one in ids)
    described = chain_of(fitted(one.removeprefix("o-"), _LOWER, size) for one in wild for size in (10, 12))
    named = {one for one in ids if "*" not in one and "?" not in one}
    organizations = [one for one in dict.fromkeys(("zzzzzzzzzz", *described)) if f"o-{one}" not in named]
    tails = list(dict.fromkeys(("r-zzzz/", *(_tail(path) for path in paths))))
    inside = [
        {"aws:principalorgid": f"o-{one}", "aws:principalorgpaths": [f"o-{one}/{tail}"]}
        for one in organizations[:5]
        for tail in tails
    ]
    return [{}, *inside]


def _tail(path: str) -> str:
    """What may follow the organization in a path like a given one."""
    rest = path.partition("/")[2].replace("*", "").replace("?", "y")
    whole = re.fullmatch(r"(r-[a-z0-9]{4,32}/)(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}/)*", rest)
    return rest if whole else "r-zzzz/ou-zzzz-zzzzzzzz/"


def _tags(words: Words) -> Iterator[list[Fragment]]:
    for key in sorted(words.keys):
        if key.startswith("aws:principaltag/"):
            texts = [one for one in words.like(key) if re.fullmatch(r"[\w .:/=+@-]{1,256}", one)]
            yield [{}, *({key: one} for one in dict.fromkeys(("tag", *texts)))]


def _providers(words: Words) -> list[str]:
    known = ("accounts.google.com", "cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com")
    wanted = words.like("aws:federatedprovider")
    return [one for one in known if one in wanted] or [known[1]]


def _endpoints(words: Words) -> list[Fragment]:
    usual = ("https://example.net/", "sqs", "someone@example.net", "+15550100", "http://example.net/")
    texts = [one.replace("sqs", f"arn:aws:sqs:{REGION}:999999999999:queue") for one in usual]
    found = [(one, protocol) for one in (*texts, *words.like("sns:endpoint")) for protocol in _protocols(one)]
    return [{"sns:endpoint": one, "sns:protocol": protocol} for one, protocol in found]


def _protocols(endpoint: str) -> tuple[str, ...]:
    """The protocols that an endpoint can be subscribed by; none if it is no endpoint."""
    for pattern, protocols in _PROTOCOLS:
        if re.fullmatch(pattern, endpoint):
            return protocols
    return ()


_PROTOCOLS = (
    (r"https://[a-z0-9.-]+\.[a-z]{2,}(/\S*)?", ("https",)),
    (r"http://[a-z0-9.-]+\.[a-z]{2,}(/\S*)?", ("http",)),
    (r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", ("email", "email-json")),
    (r"arn:aws:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+", ("sqs",)),
    (r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+", ("lambda",)),
    (r"\+\d{7,15}", ("sms",)),
)
DESCRIBED = frozenset(
    [
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:userid",
        "aws:username",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourcearn",
        "aws:sourceaccount",
        "aws:sourceowner",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpcsourceip",
        "aws:useragent",
        "aws:referer",
        "aws:sourceidentity",
        "aws:federatedprovider",
        "aws:currenttime",
        "aws:epochtime",
        "aws:tokenissuetime",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:securetransport",
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:viaawsservice",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:tagkeys",
        "sns:endpoint",
        "sns:protocol",
    ]
)
