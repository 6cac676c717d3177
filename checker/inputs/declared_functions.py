"""Builds the functions that declared subscriptions name, with the resource policies that permissions write.

A permission belongs to the function, version or alias that it names, within one root or template.
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documents import PolicyText
from checker.analysis.endpoints import LAMBDA, Function, split_qualifier
from checker.core.arn import Arn, is_account
from checker.core.unknown import Unknown
from checker.inputs.declared import DeclaredFunction, certain, whether_exists
from checker.inputs.declared_keys import is_same
from checker.inputs.declared_references import exists
from checker.inputs.text import Implied
from checker.policy.node import made
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.vocabulary import FUNCTION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.inputs.declared import Declarations, DeclaredPermission, DeclaredSubscription
    from checker.inputs.declared_references import References
    from checker.policy.model import Value
    from checker.policy.node import Made


_ELSEWHERE = "the function is declared elsewhere, and may have other permissions there"
_SNS, _ANYONE = "sns.", "*"


def functions_of(declared: Declarations, references: References) -> Iterator[Function]:
    """Build the functions, versions and aliases that subscriptions name.

    One that is declared elsewhere is built only if a permission here is for it.
    """
    return _Maker(declared, references).functions()


class _Maker:
    def __init__(self, declared: Declarations, references: References) -> None:
        self.declared = declared
        self.references = references
        self.all_functions = [*declared.functions, *_foreign(declared)]

    def functions(self) -> Iterator[Function]:
        for one in self.all_functions:
            naming = self.references.naming(one.names, one.arn, one.qualifier)
            granted = [each for each in self.declared.permissions if naming and self.is_for(each, one)]
            if granted or (naming and not one.elsewhere):
                yield self.function(one, granted, naming)

    def function(
        self, one: DeclaredFunction, granted: list[DeclaredPermission], naming: list[DeclaredSubscription]
    ) -> Function:
        sure = certain(granted, one)
        qualifier = one.qualifier.where if isinstance(one.qualifier, Unknown) else one.qualifier
        return Function(
            self.arn_of(one),
            one.place,
            self.statements(sure) if sure else None,
            qualifier,
            exists(one, naming),
            one.names,
            one.address,
            self.references.home,
            self.declared.root,
            self.more_permissions(one, granted),
        )

    def arn_of(self, one: DeclaredFunction) -> Arn | Unknown:
        """Return the ARN of a function, or of the function of a version or alias."""
        bases = (base.arn for base in self.all_functions if self.is_base(base, one))
        return one.arn if isinstance(one.arn, Arn) else next(bases, one.arn)

    def is_base(self, base: DeclaredFunction, one: DeclaredFunction) -> bool:
        """True for the function of a version or alias."""
        return base.function is None and one.function is not None and _is_called(one.function, base)

    def is_for(self, permission: DeclaredPermission, one: DeclaredFunction) -> bool:
        """True for a permission on this function, version or alias, and not on another one of the same function."""
        if permission.where.is_same(one.where) is False:
            return False
        name, qualifier = _split(permission)
        if one.function is None:
            return qualifier is None and _is_called(name, one)
        if qualifier is None:
            return is_same(name, (*one.names, *one.ids), Unknown(""))
        whole = [base for base in self.all_functions if self.is_base(base, one)]
        own = one._replace(names=())
        same = _text(qualifier) == _text(one.qualifier)
        return same and (name == one.function or any(_is_called(name, base) for base in (own, *whole)))

    def statements(self, permissions: Sequence[DeclaredPermission]) -> PolicyText:
        """Write the resource policy of a function."""
        place = permissions[0].place
        written: Made = {
            "Version": "2012-10-17",
            "Statement": [self.statement(one) for one in permissions],
        }
        root = made(written, Source(place.document.name, " "), 0, 1)
        policy, problems = read_policy(root, FUNCTION)
        return PolicyText(policy, problems, FUNCTION, Implied(place, root), "")

    def statement(self, permission: DeclaredPermission) -> Made:
        """Write a statement as Lambda does. That of an unknown principal is not known."""
        principal = _principal(permission.principal)
        if isinstance(principal, Unknown):
            return principal
        tests: dict[str, dict[str, Made]] = {}
        for operator, key, value in permission.tests:
            tests.setdefault(operator, {})[key] = self.references.topic(value)
        statement: dict[str, Made] = {
            "Sid": permission.address,
            "Effect": "Allow",
            "Principal": principal,
            "Action": permission.action,
            "Resource": "*",
        }
        return (
            {**statement, "Condition": {key: dict(one) for key, one in tests.items()}} if tests else statement
        )

    def more_permissions(self, one: DeclaredFunction, granted: list[DeclaredPermission]) -> Unknown | None:
        """Explain why a function may have other permissions."""
        if one.elsewhere:
            return Unknown(_ELSEWHERE, one.address or _text(one.names[0]))
        sure = certain(granted, one)
        doubtful = (whether_exists(other, one) for other in granted if other not in sure)
        unknown = (
            Unknown(f"the function of `{other.address}` is not known", reference.where)
            for other in self.declared.permissions
            if _may_be_sns(other) and (reference := self.unresolved(other)) is not None
        )
        return next(iter((*doubtful, *unknown, *self.declared.gaps)), None)

    def unresolved(self, permission: DeclaredPermission) -> Unknown | None:
        """Return the reference of a permission to a function, version or alias that is not declared here."""
        name, qualifier = _split(permission)
        own = [one for one in self.all_functions if not one.elsewhere]
        if isinstance(name, Unknown) and not any(_is_called(name, one) for one in own):
            return name
        is_open = isinstance(qualifier, Unknown) and not any(self.is_for(permission, one) for one in own)
        return qualifier if isinstance(qualifier, Unknown) and is_open else None


def _foreign(declared: Declarations) -> Iterator[DeclaredFunction]:
    """Yield the functions that subscriptions name and that nothing here declares, each once."""
    seen: set[str] = set()
    for one in declared.subscriptions:
        text = _text(one.endpoint)
        is_known = any(is_same(one.endpoint, other.names, other.arn) for other in declared.functions)
        if one.protocol != LAMBDA or text in seen or is_known or one.place is None:
            continue
        seen.add(text)
        name, qualifier = split_qualifier(text)
        arn = Arn.parse(name) or Unknown("the function is declared elsewhere", text)
        base = name if qualifier else None
        yield DeclaredFunction("", (text,), one.place, arn, qualifier, base, elsewhere=True)


def _split(permission: DeclaredPermission) -> tuple[Value, Value | None]:
    """Return the function that a permission names, and its qualifier, which may be part of the name."""
    name = permission.function
    if isinstance(name, Unknown):
        return name, permission.qualifier
    if Arn.parse(name) is not None:
        name, qualifier = split_qualifier(name)
    else:
        name, _, qualifier = name.rpartition("function:")[2].partition(":")
    return name, qualifier or permission.qualifier


def _is_called(name: Value, one: DeclaredFunction) -> bool:
    """True if a value is a reference to a function, its ARN or its name."""
    if is_same(name, (*one.names, *one.ids), one.arn):
        return True
    return isinstance(name, str) and isinstance(one.arn, Arn) and one.arn.resource == f"function:{name}"


def _text(value: Value) -> str:
    return value.where if isinstance(value, Unknown) else value


def _principal(principal: Value) -> Made:
    """Write a principal as Lambda does."""
    if isinstance(principal, Unknown):
        return principal
    if principal == _ANYONE:
        return principal
    is_aws = is_account(principal) or principal.startswith("arn:")
    return {"AWS" if is_aws else "Service": principal}


def _may_be_sns(permission: DeclaredPermission) -> bool:
    principal = permission.principal
    return isinstance(principal, Unknown) or principal == _ANYONE or principal.startswith(_SNS)
