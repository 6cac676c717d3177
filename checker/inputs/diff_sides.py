"""Selects the two policies of a comparison of one topic or key, and the resource that both apply to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Inventory, Key, PolicyText, Topic
from checker.analysis.key import KeyAnalysis
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown, without_pieces
from checker.iam.prove.space import Target
from checker.inputs.arn_options import check_bare
from checker.inputs.aws_cli import bare_key, bare_topic, policy_text
from checker.inputs.resource_matches import names_of
from checker.inputs.text import Implied
from checker.policy.placeholder import masked
from checker.policy.vocabulary import TOPIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.inputs.diff_inputs import Input
    from checker.policy.model import Policy, Statement


class Side(NamedTuple):
    """A topic or key with its policy and the name of its input."""

    name: str
    resource: Topic | Key
    policy: Policy

    @property
    def is_key(self) -> bool:
        """True for a key policy."""
        return isinstance(self.resource, Key)

    @property
    def kind(self) -> str:
        """Return the kind of resource: `key` or `topic`."""
        return "key" if self.is_key else "topic"

    @property
    def case(self) -> TopicAnalysis | KeyAnalysis:
        """Return the analysis of the resource alone."""
        if isinstance(self.resource, Key):
            return KeyAnalysis(self.resource)
        return TopicAnalysis(self.resource, Inventory())

    @property
    def target(self) -> Target:
        """Return the resource as the target of requests."""
        return self.case.target

    def about(self, target: Target) -> Policy:
        """Return the policy with its own unknown resource name replaced by the target's name."""
        own = self.target.resource
        if isinstance(self.resource.arn, Arn) or own == target.resource or own.startswith(("arn:", "*")):
            return self.policy
        statements = (_renamed(one, own, target.resource) for one in self.policy.statements)
        return self.policy._replace(statements=tuple(statements))


def _renamed(statement: Statement | Unknown, own: str, name: str) -> Statement | Unknown:
    if isinstance(statement, Unknown) or isinstance(statement.resources, Unknown):
        return statement
    values = tuple(name if value == own else value for value in statement.resources.values)
    return statement._replace(resources=statement.resources._replace(values=values))


def sides_of(old: Input, new: Input, resource: str = "", *, key: bool = False) -> tuple[Side, Side]:
    """Return two policies of the same kind. ``resource`` selects one if an input contains several.

    ``key`` reads ambiguous policies as key policies. Raises InputError.
    """
    found = [_named(one, _declared(one), resource) for one in (old, new)]
    kinds = [{type(one) for one in resources} for resources in found if resources]
    both = set.intersection(*kinds) if kinds else {Key if key else Topic}
    if len(both) == 1:
        kind = next(iter(both))
        found = [_of_kind(one, resources, kind) for one, resources in zip((old, new), found, strict=True)]
    before, after = (_side(one, resources) for one, resources in zip((old, new), found, strict=True))
    if before.kind != after.kind:
        reason = f"this is a {after.kind} policy, but `{before.name}` is a {before.kind} policy"
        raise InputError(after.name, reason, help_text="compare two policies of the same kind")
    return before, after


def _declared(one: Input) -> tuple[Topic | Key, ...]:
    """Return the resources with declared policies, or with AWS default policies if there are none."""
    held: tuple[Topic | Key, ...] = (*one.inventory.topics, *one.inventory.keys)
    known = tuple(each for each in held if isinstance(each.policy, PolicyText))
    written = tuple(each for each in known if not _is_implied(each))
    return written or known or held


def _is_implied(resource: Topic | Key) -> bool:
    return isinstance(resource.policy, PolicyText) and isinstance(resource.policy.document, Implied)


def _named(one: Input, found: tuple[Topic | Key, ...], resource: str) -> tuple[Topic | Key, ...]:
    """Select the resources with the requested name. Raises InputError if there are none."""
    chosen = tuple(each for each in found if not resource or resource in (each.name, *names_of(each)))
    if resource and not chosen:
        raise no_such_resource(one.name, resource, [names_of(each)[0] for each in found])
    return chosen


def no_such_resource(name: str, resource: str, available: Sequence[str]) -> InputError:
    """Make the error for a name that no resource has."""
    names = ", ".join(f"`{one}`" for one in available) or "no policy"
    return InputError(name, f"contains no policy named `{resource}`", help_text=f"available: {names}")


def _of_kind(one: Input, found: tuple[Topic | Key, ...], kind: type[Topic | Key]) -> tuple[Topic | Key, ...]:
    """Keep the resources of one kind; an ambiguous policy is read as that kind."""
    fitting = tuple(each for each in found if isinstance(each, kind))
    if not found and one.document is not None:
        read = bare_topic(policy_text(one.document, TOPIC), named=True) if kind is Topic else None
        return (read or bare_key(one.document, named=True),)
    return fitting or found


def _side(one: Input, found: tuple[Topic | Key, ...]) -> Side:
    """Return the only policy. Raises InputError."""
    if not found:
        raise one.nothing()
    if len(found) > 1:
        names = ", ".join(f"`{names_of(each)[0]}`" for each in found)
        reason = f"contains {len(found)} policies: {names}"
        raise InputError(one.name, reason, help_text="choose one with `--resource NAME`")
    (resource,) = found
    if isinstance(resource.policy, Unknown):
        raise InputError(one.name, resource.policy.described)
    symbol = resource.symbol if isinstance(resource, Topic) else ""
    return Side(one.name, resource, without_pieces(masked(resource.policy.policy, symbol)))


def target_of(old: Side, new: Side, requested: str = "") -> Target:
    """Return the target that both policies apply to, from the option or the policies. Raises InputError."""
    if requested:
        return Target.of(resource_arn(requested, old.kind))
    known = [one for one in (old, new) if isinstance(one.resource.arn, Arn)]
    if len({str(one.resource.arn) for one in known}) > 1:
        reason = f"is for `{new.resource.arn}`, but `{old.name}` is for `{old.resource.arn}`"
        help_text = f"choose one with `--{old.kind}-arn ARN`"
        raise InputError(new.name, reason, help_text=help_text)
    targets = [one.target for one in known or (old, new)]
    return next((one for one in targets if one.resource != "*"), targets[0])


def resource_arn(text: str, kind: str) -> Arn:
    """Read the option with the ARN of a topic or key. Raises InputError."""
    check_bare(f"--{kind}-arn", text)
    arn = Arn.parse(text)
    fits = arn is not None and (arn.service == "kms" if kind == "key" else arn.is_topic)
    if arn is None or not fits:
        raise InputError(f"--{kind}-arn", f"`{text}` is not a {kind} ARN")
    return arn
