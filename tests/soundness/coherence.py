"""Whether a request can exist: what AWS documents of the keys of each kind of caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.soundness.comparisons import UNKNOWN
from tests.soundness.keys import OF_SERVICES, is_described
from tests.soundness.law import Request
from tests.soundness.principals import ANONYMOUS, FEDERATED, ROOT, SERVICE, SESSION, USER, Caller
from tests.soundness.words import CONNECT, REGION, Words

_SOURCES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths")
_OF_IAM = ("aws:principalorgid", "aws:principalorgpaths", "aws:username", "aws:sourcevpc", "aws:sourcevpce")
_OF_SERVICES = ("aws:principalservicename", "aws:principalservicenameslist")
_TYPES = {
    SESSION: "AssumedRole",
    USER: "User",
    ROOT: "Account",
    FEDERATED: "FederatedUser",
    ANONYMOUS: "Anonymous",
}
_ALWAYS = (
    "aws:securetransport",
    "aws:currenttime",
    "aws:epochtime",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:viaawsservice",
)
_OF_ALL_IAM = ("aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:userid", "aws:useragent")
_FORMS = {
    "aws:principalorgid": r"o-[a-z0-9]{1,32}",
    "aws:principalaccount": r"\d{12}",
    "aws:sourceaccount": r"\d{12}",
    "aws:sourceowner": r"\d{12}",
    "aws:sourcevpc": r"vpc-([0-9a-f]{8}|[0-9a-f]{17})",
    "aws:sourcevpce": r"vpce-([0-9a-f]{8}|[0-9a-f]{17})",
    "aws:username": r"[\w+=,.@-]{1,64}",
    "aws:sourceidentity": r"[\w+=,.@-]{2,64}",
    "aws:multifactorauthpresent": r"true|false",
    "aws:securetransport": r"true|false",
    "aws:viaawsservice": r"true|false",
}
_INSTANCE = re.compile(rf"arn:aws:connect:{REGION}:\d{{12}}:instance/[A-Za-z0-9-]+")
_VARYING = ("aws:resourceorgid", "aws:resourceorgpaths")


def request_of(witness: dict[str, Any], words: Words, *, as_written: bool = False) -> Request:
    """Read a witness as the tool writes it. What it leaves out is unknown where such a request always has the key.

    So are keys of which nothing is documented, unless the witness is taken ``as_written``, so that they are absent.
    """
    context = {key.lower(): value for key, value in witness["context"].items()}
    caller = caller_of(witness["principal"], context)
    needed = {*_always(caller.kind, witness["action"]), *_VARYING}
    for key in words.keys.difference(context):
        if key in needed:
            context[key] = UNKNOWN
        elif caller.kind == SERVICE and key in OF_SERVICES and not as_written:
            context[key] = OF_SERVICES[key]
        elif not is_described(key) and not as_written:
            context[key] = UNKNOWN
    return Request(caller, witness["action"], witness["resource"], context)


def caller_of(principal: Any, context: dict[str, Any]) -> Caller:
    """Read the caller of a request as the tool writes it."""
    if isinstance(principal, dict) and "service" in principal:
        return Caller(SERVICE, service=principal["service"])
    arn = principal.get("aws", "") if isinstance(principal, dict) else ""
    match = re.fullmatch(r"arn:[^:]+:(iam|sts)::([^:]*):([a-z-]+)(/.*)?", arn)
    if match is None:
        return Caller(ANONYMOUS)
    kinds = {
        "root": ROOT,
        "user": USER,
        "role": SESSION,
        "assumed-role": SESSION,
        "federated-user": FEDERATED,
    }
    kind = kinds.get(match[3], USER)
    plain = arn.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/").rpartition("/")[0]
    role = arn if match[3] == "role" else str(context.get("aws:principalarn", plain))
    return Caller(kind, arn, match[2], role=role if kind == SESSION else "")


def faults(request: Request) -> list[str]:
    """Say why a request cannot exist."""
    return list(_faults(request))


def _faults(request: Request) -> Iterator[str]:
    context = {key: value for key, value in request.context.items() if isinstance(value, str | list)}
    for key, form in _FORMS.items():
        if key in context and not re.fullmatch(form, str(context[key])):
            yield f"`{key}` cannot be `{context[key]}`"
    if request.action.lower() != "sns:subscribe" and ("sns:endpoint" in context or "sns:protocol" in context):
        yield "only Subscribe has an endpoint"
    yield from (
        _service(request.caller, context) if request.caller.kind == SERVICE else _iam(request.caller, context)
    )


def _always(kind: str, action: str) -> set[str]:
    """Keys that such a request always has; a witness without one holds for any value of it."""
    needed = {*_ALWAYS}
    needed |= {*_OF_ALL_IAM} if kind not in (SERVICE, ANONYMOUS) else set()
    needed |= {"aws:principalisawsservice"} if kind != ANONYMOUS else set()
    needed |= {*_OF_SERVICES} if kind == SERVICE else set()
    needed |= {"aws:username"} if kind == USER else set()
    needed |= {"aws:tokenissuetime"} if kind in (SESSION, FEDERATED) else set()
    return needed | ({"sns:endpoint", "sns:protocol"} if action.lower() == "sns:subscribe" else set())


def _service(caller: Caller, context: dict[str, Any]) -> Iterator[str]:
    for key in (*_OF_IAM, "aws:tokenissuetime", "aws:multifactorauthpresent", "aws:sourceidentity"):
        if key in context:
            yield f"a service has no `{key}`"
    arn, account = context.get("aws:sourcearn"), context.get("aws:sourceaccount")
    if caller.service != CONNECT:
        return
    if arn is not None and not _INSTANCE.fullmatch(arn):
        yield f"`{arn}` is not an instance that streams to this topic"
    if arn is not None and account is not None and arn.split(":")[4] != account:
        yield "aws:SourceArn and aws:SourceAccount disagree"
    if "aws:sourceowner" in context:
        yield "Connect sends no aws:SourceOwner"


def _iam(caller: Caller, context: dict[str, Any]) -> Iterator[str]:
    for key in (*_SOURCES, *_OF_SERVICES):
        if key in context:
            yield f"only a service sends `{key}`"
    if context.get("aws:principaltype", _TYPES[caller.kind]) != _TYPES[caller.kind]:
        yield f"`{context['aws:principaltype']}` is not the type of a caller that is a {caller.kind}"
    if "aws:username" in context and (
        caller.kind != USER or context["aws:username"] != caller.arn.rpartition("/")[2]
    ):
        yield "aws:username is that of an IAM user"
    if "aws:sourceip" in context and ("aws:sourcevpce" in context or "aws:sourcevpc" in context):
        yield "a request comes from the internet or through an endpoint"
    yield from _identity(caller, context)
    yield from _credentials(caller, context)


def _identity(caller: Caller, context: dict[str, Any]) -> Iterator[str]:
    arn, userid = context.get("aws:principalarn"), context.get("aws:userid")
    own = caller.role if caller.kind == SESSION else caller.arn
    if arn is not None and arn != own:
        yield f"`{arn}` is not the principal of `{caller.arn}`"
    if context.get("aws:principalaccount", caller.account) != caller.account:
        yield "aws:PrincipalAccount is the account of the caller"
    forms = {
        SESSION: r"AROA[A-Z0-9]{12,}:[\w+=,.@-]{2,64}",
        USER: r"AIDA[A-Z0-9]{12,}",
        ROOT: caller.account,
        FEDERATED: rf"{caller.account}:[\w+=,.@-]{{2,32}}",
        ANONYMOUS: "anonymous",
    }
    if userid is not None and not re.fullmatch(forms[caller.kind], userid):
        yield f"a {caller.kind} has no aws:userid `{userid}`"
    organization, paths = context.get("aws:principalorgid"), context.get("aws:principalorgpaths")
    if organization and paths and not all(path.startswith(f"{organization}/") for path in paths):
        yield "aws:PrincipalOrgPaths begin with the organization"


def _credentials(caller: Caller, context: dict[str, Any]) -> Iterator[str]:
    temporary = caller.kind in (SESSION, FEDERATED) or "aws:tokenissuetime" in context
    if "aws:tokenissuetime" in context and caller.kind == ANONYMOUS:
        yield "an anonymous caller has no credentials"
    if context.get("aws:viaawsservice") == "true" and caller.kind == ANONYMOUS:
        yield "a service forwards requests of signed callers"
    if "aws:multifactorauthpresent" in context and not temporary and caller.kind not in (USER, ROOT):
        yield "aws:MultiFactorAuthPresent comes with temporary credentials"
    if "aws:multifactorauthage" in context and context.get("aws:multifactorauthpresent", "true") != "true":
        yield "aws:MultiFactorAuthAge comes with multi-factor authentication"
    if ("aws:sourceidentity" in context or "aws:federatedprovider" in context) and caller.kind != SESSION:
        yield "only the session of a role has aws:SourceIdentity and aws:FederatedProvider"


def outsider_faults(request: Request, words: Words, owner: str) -> list[str]:
    """Say why a caller is not an outsider: its account is named, or it is a service."""
    if request.caller.kind == SERVICE:
        return ["a service is not an outsider"]
    named = request.caller.account in (owner, *words.accounts) if request.caller.account else False
    organization = request.context.get("aws:principalorgid")
    if isinstance(organization, str) and organization in words.texts:
        return [f"`{organization}` is an organization that the policy names"]
    return [f"`{request.caller.account}` is named"] if named else []
