"""Do Resource or NotResource cover the request's resource.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.iam.arn_glob import PARTS, ArnGlob, arn_glob, arn_glob_of
from checker.iam.truth import Truth, any_of, negate
from checker.iam.variables import NO_VALUE, Piece, expand, tokens_in
from checker.policy.unknown import Unknown
from checker.policy.wildcard import Glob, glob, glob_of

if TYPE_CHECKING:
    from checker.iam.request import Request
    from checker.policy.model import Patterns

_CROSSING = Unknown("a Resource wildcard that would have to cross a colon")
_CASE = Unknown("a Resource that matches only when letter case is ignored")
_SHORT = Unknown("a Resource that is no six-part ARN")
_EARLY_VARIABLE = Unknown("a policy variable before the sixth part of a Resource")


def resource_covers(resources: Patterns | Unknown, request: Request, has_variables: bool | Unknown) -> Truth:  # noqa: FBT001
    """Decide the element for one request; ``has_variables`` is that of its policy."""
    if isinstance(resources, Unknown):
        return resources
    if resources.values == ("*",):
        return not resources.negated
    if not resources.values:
        return False  # an empty list applies to nothing, in either form
    covered = any_of(_covers(value, request, has_variables) for value in resources.values)
    return negate(covered) if resources.negated else covered


def _covers(pattern: str | Unknown, request: Request, has_variables: bool | Unknown) -> Truth:  # noqa: FBT001
    if isinstance(pattern, Unknown):
        return pattern
    if pattern in ("*", request.resource):
        return True
    if "${" not in pattern or has_variables is False:
        return _compare(arn_glob(pattern), glob(pattern.lower()), request.resource)
    if pattern[: pattern.index("${")].count(":") < PARTS - 1:
        return _EARLY_VARIABLE
    expansion = expand(pattern, request, has_variables)
    if isinstance(expansion, Unknown):
        return expansion
    if expansion is NO_VALUE:
        return False
    folded = tuple(Piece(piece.text.lower(), piece.filled_in) for piece in expansion)
    return _compare(arn_glob_of(tokens_in(expansion)), glob_of(tokens_in(folded)), request.resource)


def _compare(pattern: ArnGlob, folded: Glob, resource: str) -> Truth:
    """Part by part, with case; what matches only on a looser reading is unknown."""
    if not folded.matches(resource.lower()):
        return False
    if not pattern.whole.matches(resource):
        return _CASE
    if not pattern.is_arn or resource.count(":") < PARTS - 1:
        return _SHORT
    return pattern.matches_parts(resource) or _CROSSING
