"""Domains of callers: every kind of IAM principal, and anonymous callers, each with its context keys.

The kinds and their values of aws:username, aws:userid and aws:PrincipalType:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
Which kind of request has which key:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import is_account
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.elements import PROVIDER
from checker.iam.decide.request import FOREIGN_ADDRESS
from checker.iam.prove.domain import Alternatives, Assignment, Choice, Choices, OneOf
from checker.iam.prove.key_domains import Addresses, Clock, Numbers, ServiceChain
from checker.iam.prove.shape import Segment, Shape
from checker.iam.prove.source_keys import SOURCE_KEYS
from checker.iam.prove.texts import (
    ALPHANUMERIC,
    ANY_TEXT,
    COLON,
    HEX,
    LOWER,
    PRINTABLE,
    UPPER,
    Excluded,
    Form,
    LengthLimit,
    Texts,
    account_segment,
    any_text,
    arn_head,
    at_least,
    exclude_exact,
    exclude_prefixes,
)
from checker.policy.wildcard import is_wild, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.core.arn import Arn
    from checker.iam.prove.domain import Budget, Domain, Mentions


PRINCIPAL_ARN, PRINCIPAL_ACCOUNT = "aws:principalarn", "aws:principalaccount"
PRINCIPAL_TYPE, USER_NAME, USER_ID = "aws:principaltype", "aws:username", "aws:userid"
ORG_ID, ORG_PATHS = "aws:principalorgid", "aws:principalorgpaths"
CALLER_ACCOUNT = "kms:calleraccount"
_IS_SERVICE, _VIA_SERVICE = "aws:principalisawsservice", "aws:viaawsservice"
_TAG = "aws:principaltag/"
_IDENTITY = "aws:sourceidentity"
_MFA, _MFA_AGE = "aws:multifactorauthpresent", "aws:multifactorauthage"
_SOURCE_IP, _VPC_IP = "aws:sourceip", "aws:vpcsourceip"
_VPC, _ENDPOINT = "aws:sourcevpc", "aws:sourcevpce"
_ENDPOINT_KEYS = ("aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths")

NAMES = frozenset((PRINCIPAL_ARN, PRINCIPAL_ACCOUNT, CALLER_ACCOUNT, USER_NAME, USER_ID, *SOURCE_KEYS))
"""The keys that name the caller, or the resource that a service makes the request for."""

IDENTITY = NAMES | {PRINCIPAL_TYPE, ORG_ID, ORG_PATHS, _IS_SERVICE}
"""The keys that identify the caller and its groups; other keys, including tags, may vary by request."""

ROLE, USER, ROOT, FEDERATED, ANONYMOUS = "AssumedRole", "User", "Account", "FederatedUser", "Anonymous"
"""The kinds of callers, named by their aws:PrincipalType."""

SIGNED = (ROLE, USER, ROOT, FEDERATED)
NAME_CHARS = "x" + "".join(c for c in ALPHANUMERIC + "+=,.@-_" if c != "x")
"""The characters of names of roles, users and sessions; `x` is first, because a witness uses the first that fits."""

_NAME = at_least(NAME_CHARS)
_GIVEN_NAME = at_least(NAME_CHARS, 2)
"""The shape of names of sessions and federated users, and of source identities: at least two characters."""
_PATH = (
    *at_least(NAME_CHARS + "".join(c for c in map(chr, range(33, 127)) if c not in NAME_CHARS)),
    Segment("/"),
)
"""The shape of the path of a role or user: any printable characters except blanks, including colons.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""


class CallerScope(NamedTuple):
    """The callers of one account, or of all accounts except those in ``but_not``.

    ``taken`` are the ARNs of named principals, which are excluded. ``words`` are texts of the policy: the accounts,
    organizations, VPCs and unique IDs among them belong to other callers.
    """

    partition: str
    account: str = ""
    but_not: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def excluded(self) -> tuple[Excluded, ...]:
        """Return the values that these callers do not have."""
        ids = [word.partition(":")[0] for word in self.words if _UNIQUE_ID.match(word)]
        return (
            *exclude_exact(PRINCIPAL_ACCOUNT, self.but_not),
            *exclude_exact(PRINCIPAL_ARN, self.taken),
            *exclude_exact(USER_ID, ids),
            *exclude_prefixes(USER_ID, (f"{unique_id}:" for unique_id in ids)),
        )


_UNIQUE_ID = pattern(r"A(ROA|IDA)[A-Z0-9]+(:|\Z)")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids"""


def callers_of_kinds(scope: CallerScope, kinds: Iterable[str], organization: Domain) -> Alternatives:
    """Return the domain of all callers of these kinds."""
    return Alternatives(
        tuple(_caller_choice(kind, _identity(scope, kind), organization, scope.words) for kind in kinds)
    )


def named_caller(arn: Arn, session: str, organization: Domain, words: tuple[str, ...]) -> Alternatives:
    """Return the domain of one principal, by aws:PrincipalArn; ``session`` is the name of its role session, if known."""
    kind = kind_of(arn)
    known: Assignment = {
        PRINCIPAL_ARN: str(arn),
        PRINCIPAL_ACCOUNT: arn.account,
        CALLER_ACCOUNT: arn.account,
    }
    name = arn.resource.rpartition("/")[2]
    further: tuple[Domain, ...] = ()
    if kind == USER:
        known[USER_NAME] = name
        further = (_user_id(USER, ""),)
    elif kind == ROLE:
        further = (_user_id(ROLE, session),)
    else:
        known[USER_ID] = arn.account if kind == ROOT else f"{arn.account}:{name}"
    alternative = _caller_choice(kind, further, organization, words)
    return Alternatives((alternative._replace(values={**alternative.values, **known}),), _CALLER_KEYS)


def named_session(arn: Arn, session: str, organization: Domain, words: tuple[str, ...]) -> Alternatives:
    """Return the domain of one session; ``arn`` is the ARN of its role without the path, which the session ARN omits."""
    scope, name = CallerScope(arn.partition, arn.account), Segment(arn.resource.rpartition("/")[2])
    role = Segment("role/")
    forms = (_form(scope, "iam", (role, name)), _form(scope, "iam", (role, *_PATH, name)))
    alternative = _caller_choice(ROLE, (Texts(forms), _user_id(ROLE, session)), organization, words)
    return Alternatives((alternative,), _CALLER_KEYS)


def kind_of(arn: Arn) -> str:
    """Return the kind of an IAM principal, by its aws:PrincipalArn."""
    if arn.service == "sts":
        return FEDERATED if arn.resource.startswith("federated-user/") else ROLE
    return {"root": ROOT, "user": USER}.get(arn.resource.partition("/")[0], ROLE)


def _caller_choice(
    kind: str, identity: tuple[Domain, ...], organization: Domain, words: tuple[str, ...]
) -> Choice:
    """Return one kind of caller, with the keys that only some kinds have."""
    if kind == ANONYMOUS:
        return Choice({PRINCIPAL_TYPE: ANONYMOUS}, (*_ANONYMOUS, Alternatives(_direct(words))))
    then = [*identity, _CREDENTIALS[kind], organization, Alternatives((*_direct(words), *_FORWARDED))]
    if kind != ROOT:
        then.append(Tags(_TAG))
    if kind == ROLE:
        then += (_SOURCE_IDENTITY, _provider(words))
    return Choice({PRINCIPAL_TYPE: kind, _IS_SERVICE: "false"}, tuple(then))


def _unclear(key: str) -> Alternatives:
    """Return the domain of a key that, by one page of AWS, anonymous requests lack and, by another, have."""
    doubt = Unknown("AWS does not document this key for anonymous requests", key)
    return Alternatives((Choice({key: None}, doubt=doubt), Choice({key: "anonymous"}, doubt=doubt)))


_ANONYMOUS = (_unclear(PRINCIPAL_ACCOUNT), _unclear(USER_ID), Clock())


def _identity(scope: CallerScope, kind: str) -> tuple[Domain, ...]:
    """Return the domains of the name, account and unique ID of callers of a kind."""
    excluded = scope.excluded()
    texts = Texts(_forms(scope, kind), excluded=excluded)
    if kind in (ROOT, FEDERATED):
        return (texts,)
    return (texts, _user_id(kind, "")._replace(excluded=excluded))


def _forms(scope: CallerScope, kind: str) -> tuple[Form, ...]:
    if kind == ROLE:
        role = Segment("role/")
        return (_form(scope, "iam", (role, *_NAME)), _form(scope, "iam", (role, *_PATH, *_NAME)))
    if kind == ROOT:
        return (_form(scope, "iam", (Segment("root"),), user_id=(_ACCOUNT,)),)
    if kind == FEDERATED:
        return (_federated(scope),)
    user = Segment("user/")
    return (
        _form(scope, "iam", (user, *_NAME), user_name=(_TAIL + 1, _TAIL + 2)),
        _form(scope, "iam", (user, *_PATH, *_NAME), user_name=(_TAIL + 4, _TAIL + 5)),
    )


_ACCOUNT, _TAIL = 8, 10
"""The indices of the account segment, and of the segments after the fifth colon, in the ARN of a principal."""


def _form(
    scope: CallerScope,
    service: str,
    tail: Shape,
    *,
    user_name: tuple[int, ...] = (),
    user_id: tuple[int, ...] = (),
) -> Form:
    shape = (*_head(scope, service), *tail)
    texts = {
        PRINCIPAL_ARN: tuple(range(len(shape))),
        **_ACCOUNT_TEXTS,
        USER_NAME: user_name,
        USER_ID: user_id,
    }
    return Form(shape, tuple((key, indices) for key, indices in texts.items() if indices), limits=_NAMES)


_NAMES = (LengthLimit(PRINCIPAL_ARN, 64, "/"), LengthLimit(USER_NAME, 64))
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

_ACCOUNT_TEXTS = {PRINCIPAL_ACCOUNT: (_ACCOUNT,), CALLER_ACCOUNT: (_ACCOUNT,)}


def _head(scope: CallerScope, service: str) -> Shape:
    parts = map(Segment, ("arn", scope.partition, service, ""))
    return arn_head(*parts, account_segment(scope.account))


def _federated(scope: CallerScope) -> Form:
    """Return the form of a federated user; aws:userid is the account and the name with a colon between them."""
    shape = (*_head(scope, "sts"), COLON, Segment("federated-user/"), *_GIVEN_NAME)
    colon, name = _TAIL, (_TAIL + 2, _TAIL + 3)
    arn = tuple(at for at in range(len(shape)) if at != colon)
    texts = {PRINCIPAL_ARN: arn, **_ACCOUNT_TEXTS, USER_ID: (_ACCOUNT, colon, *name)}
    return Form(shape, tuple(texts.items()), limits=(LengthLimit(PRINCIPAL_ARN, 32, "/"),))


def _user_id(kind: str, session: str) -> Texts:
    """Return the domain of a unique ID, which for a role is followed by the session name."""
    prefix = Segment("AROA" if kind == ROLE else "AIDA")
    name = (Segment(session),) if session else _GIVEN_NAME
    last = (COLON, *name) if kind == ROLE else ()
    known = Form.of(USER_ID, (prefix, Segment(chars=UPPER, length=17), *last))
    limits = (LengthLimit(USER_ID, 64, ":"),)
    undocumented = Form.undocumented(USER_ID, (prefix, *at_least(UPPER), *last))
    return Texts((known._replace(limits=limits), undocumented))


_GIVEN_IDENTITY = Form.of(_IDENTITY, _GIVEN_NAME)._replace(limits=(LengthLimit(_IDENTITY, 64),))
_SOURCE_IDENTITY = Texts((_GIVEN_IDENTITY, Form.undocumented(_IDENTITY, ANY_TEXT)), optional=True)


_HOST = at_least(LOWER + ".-")


def _provider(words: tuple[str, ...]) -> Texts:
    """Return the domain of identity providers of a role session, except OIDC providers of accounts in ``words``."""
    arn = (*_head(CallerScope("aws"), "iam"), Segment("oidc-provider/"), *_HOST)
    forms = (Form.of(PROVIDER, _HOST), Form.of(PROVIDER, arn), Form.undocumented(PROVIDER, ANY_TEXT))
    excluded = (Excluded(PROVIDER, tokens_of(f"*:{account}:*")) for account in filter(is_account, words))
    return Texts(forms, optional=True, excluded=tuple(excluded))


class Tags(NamedTuple):
    """Tags of the caller; each has any text or is absent."""

    prefix: str

    @property
    def keys(self) -> frozenset[str]:
        """The prefix of the keys."""
        return frozenset((self.prefix,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:  # noqa: ARG002 - each tag has its own domain
        """Return one choice, with a domain for each mentioned tag."""
        return Choices((Choice({}, tuple(_tag(key) for key in mentions if key.startswith(self.prefix))),))


def _tag(key: str) -> Texts:
    """Return the domain of the value of a tag. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html"""
    undocumented = Form.undocumented(key, ANY_TEXT)
    name = key.removeprefix(_TAG)
    if not name or len(name) > 128 or not set(name) <= set(_TAG_CHARS):
        return Texts((undocumented,), optional=True)
    known = Form.of(key, at_least(_TAG_CHARS))._replace(limits=(LengthLimit(key, 256),))
    return Texts((known, undocumented), optional=True, may_be_empty=True)


_TAG_CHARS = "x" + ALPHANUMERIC.replace("x", "") + " _.:/=+-@é"


_TEMPORARY = Choice(
    {},
    (
        Clock(temporary=True),
        Alternatives((Choice({_MFA: "false"}), Choice({_MFA: "true"}, (Numbers(_MFA_AGE),)))),
    ),
)
_LONG_TERM = Choice({}, (Clock(),))
_BOTH = Alternatives((_LONG_TERM, _TEMPORARY))
_CREDENTIALS = {
    ROLE: Alternatives((_TEMPORARY,)),
    FEDERATED: Alternatives((_TEMPORARY,)),
    USER: _BOTH,
    ROOT: _BOTH,
}

_SECURE, _AGENT, _REFERER = "aws:securetransport", "aws:useragent", "aws:referer"
_HEADERS: tuple[Domain, ...] = (
    OneOf(_SECURE, ("true", "false")),
    any_text(_AGENT, optional=False),
    any_text(_REFERER),
)
"""The domains of the headers that any caller may send."""

_FORWARDED = tuple(
    Choice(
        {
            _VIA_SERVICE: "true",
            _SOURCE_IP: FOREIGN_ADDRESS,
            _SECURE: "true",
            **{key: Unknown("the service sends this key for the caller", key) for key in (_AGENT, _REFERER)},
        },
        chain,
    )
    for chain in ((), (ServiceChain(),))
)
"""Requests that a service makes with the credentials of the caller, from an address of the service."""


def organization(words: Iterable[str], known: str = "") -> Domain:
    """Return the domain of the organization of a caller.

    It is the ``known`` one, or else any except those in ``words``, or absent.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
    """
    within = (Segment("/r-"), *at_least(LOWER + "/-", 4), Segment("/"))
    if known:
        return Texts((_organization((Segment(known),), within),), listed=(ORG_PATHS,))
    prefix = Segment("o-")
    forms = (
        _organization((prefix, *at_least(LOWER, 10)), within),
        _organization((prefix, *at_least(LOWER)), (Segment("/"), *at_least(PRINTABLE)))._replace(
            doubt=_ODD_ID
        ),
    )
    return Texts(forms, True, exclude_exact(ORG_ID, organizations(words)), listed=(ORG_PATHS,))  # noqa: FBT003


_ODD_ID = Unknown("AWS documents another format for organization IDs", "aws:PrincipalOrgID")


def _organization(head: Shape, tail: Shape) -> Form:
    """Return the form of an organization ID, and of the path that starts with it."""
    shape = (*head, *tail)
    return Form(shape, ((ORG_ID, tuple(range(len(head)))), (ORG_PATHS, tuple(range(len(shape))))))


def organizations(words: Iterable[str]) -> tuple[str, ...]:
    """Return the organization IDs among words, including those at the start of paths."""
    heads = (word.partition("/")[0] for word in words if word.startswith("o-"))
    return tuple(dict.fromkeys(organization_id for organization_id in heads if not is_wild(organization_id)))


def _identified(key: str, prefix: str, words: Iterable[str]) -> Texts:
    """Return the domain of an EC2 identifier with 17 hexadecimal digits, or 8 as before 2018.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
    """
    digits = (Segment(chars=HEX, length=length) for length in (17, 8))
    forms = [Form.of(key, (Segment(prefix), segment)) for segment in digits]
    undocumented = Form.undocumented(key, (Segment(prefix), *at_least(HEX)))
    return Texts((*forms, undocumented), excluded=exclude_exact(key, words))


def _direct(words: tuple[str, ...]) -> tuple[Choice, ...]:
    """Return requests from the internet or through a VPC endpoint, except VPCs and endpoints in ``words``."""
    unlisted: Assignment = {key: Unknown("the value is not known", key) for key in _ENDPOINT_KEYS}
    vpc = _identified(_VPC, "vpc-", words)
    endpoint = _identified(_ENDPOINT, "vpce-", words)
    return (
        Choice({_VIA_SERVICE: "false"}, (Addresses(_SOURCE_IP, public=True), *_HEADERS)),
        Choice({_VIA_SERVICE: "false", **unlisted}, (vpc, endpoint, Addresses(_VPC_IP), *_HEADERS)),
    )


_CALLER_KEYS = callers_of_kinds(CallerScope(""), (*SIGNED, ANONYMOUS), organization(())).keys
"""Every key that depends on the caller."""
