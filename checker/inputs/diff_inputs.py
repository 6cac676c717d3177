"""Reads the two inputs of a comparison: files, standard input, or files at a Git revision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Inventory, Key, PolicyText, Topic
from checker.analysis.key import KeyAnalysis
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.unknown import Unknown, without_pieces
from checker.iam.prove.space import Target
from checker.inputs.aws_cli import bare_key, bare_topic, policy_text
from checker.inputs.collect import Facts, Given
from checker.inputs.coverage import PARAMETER, VARIABLE, unmatched_values
from checker.inputs.discover import STDIN, is_hcl, name_of, read_input
from checker.inputs.git_revision import is_revision, read_revision
from checker.inputs.large_files import is_bulk, is_terraform_json
from checker.inputs.link import link_facts
from checker.inputs.load import load
from checker.inputs.policy_kind import is_of_any_kind
from checker.inputs.readers import take, unwrap
from checker.inputs.text import Implied, TextDocument, parse_text
from checker.policy.placeholder import masked
from checker.policy.vocabulary import TOPIC

if TYPE_CHECKING:
    from checker.core.errors import Skipped
    from checker.policy.model import Policy, Statement


_KINDS = "a topic policy, a key policy, or the output of `aws sns get-topic-attributes` or `aws kms get-key-policy`"


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
    def target(self) -> Target:
        """Return the resource as the target of requests."""
        if isinstance(self.resource, Key):
            return KeyAnalysis(self.resource).target
        return TopicAnalysis(self.resource, Inventory()).target

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


class _Read(NamedTuple):
    """The content of an input. ``document`` is set for a bare policy, whose kind may be ambiguous."""

    name: str
    found: tuple[Topic | Key, ...]
    skipped: tuple[Skipped, ...] = ()
    document: TextDocument | None = None

    def of_kind(self, kind: type[Topic | Key]) -> _Read:
        """Keep the resources of one kind; an ambiguous policy is read as that kind."""
        found = tuple(one for one in self.found if isinstance(one, kind))
        if not self.found and self.document is not None:
            read = bare_topic(policy_text(self.document, TOPIC), named=True) if kind is Topic else None
            found = (read or bare_key(self.document, named=True),)
        return self._replace(found=found or self.found)

    def side(self) -> Side:
        """Return the only policy. Raises InputError."""
        if not self.found:
            raise self._nothing()
        if len(self.found) > 1:
            names = ", ".join(f"`{(*_short(one), one.name)[0]}`" for one in self.found)
            reason = f"contains {len(self.found)} policies: {names}"
            raise InputError(self.name, reason, help_text="choose one with `--resource NAME`")
        (resource,) = self.found
        if isinstance(resource.policy, Unknown):
            raise InputError(self.name, resource.policy.told)
        symbol = resource.symbol if isinstance(resource, Topic) else ""
        return Side(self.name, resource, without_pieces(masked(resource.policy.policy, symbol)))

    def _nothing(self) -> InputError:
        for one in self.skipped:
            return InputError(one.what, one.reason, one.position, one.help or f"provide {_KINDS}")
        return InputError(self.name, "contains no topic policy or key policy", help_text=f"provide {_KINDS}")


def read_sides(
    old: str,
    new: str,
    resource: str = "",
    given: Given = Given(),  # noqa: B008 - frozen
    *,
    key: bool = False,
) -> tuple[Side, Side]:
    """Read two policies of the same kind. ``resource`` selects one if an input contains several.

    ``given`` are the values for templates. ``key`` reads ambiguous policies as key policies. Raises
    InputError.
    """
    if old == new == str(STDIN):
        raise InputError(
            "-", "standard input can be read only once", help_text="provide one of the two as a file"
        )
    reads = [_called(_read(one, given), resource) for one in (old, new)]
    _check_values(*reads)
    kinds = [{type(one) for one in read.found} for read in reads]
    known = [one for one in kinds if one]
    both = set.intersection(*known) if known else {Key if key else Topic}
    if len(both) == 1:
        reads = [read.of_kind(next(iter(both))) for read in reads]
    before, after = (read.side() for read in reads)
    if before.kind != after.kind:
        reason = f"this is a {after.kind} policy, but `{before.name}` is a {before.kind} policy"
        raise InputError(after.name, reason, help_text="compare two policies of the same kind")
    return before, after


def _check_values(old: _Read, new: _Read) -> None:
    """Check that each value for a variable or parameter fits at least one input. Raises InputError."""
    others = {(one.what, one.reason) for one in old.skipped}
    for one in new.skipped:
        if one.what in (VARIABLE, PARAMETER) and (one.what, one.reason) in others:
            raise InputError(one.what, one.reason, help_text=one.help)


def _read(text: str, given: Given) -> _Read:
    """Read one input. Raises InputError."""
    if Arn.parse(text) is not None:
        service = "kms get-key-policy --key-id" if ":kms:" in text else "sns get-topic-attributes --topic-arn"
        raise InputError(
            text, "policies are read from files", help_text=f"provide the output of `aws {service} {text}`"
        )
    path = Path(text)
    if is_revision(text, path):
        return _at_revision(text, path, given)
    if is_hcl(path) or is_bulk(path):
        return _of(name_of(path), load([path], given=given))
    body = read_input(path)
    if is_terraform_json(body):
        return _of(name_of(path), load([path], given=given))
    return _parsed(name_of(path), path, body, given)


def _at_revision(text: str, path: Path, given: Given) -> _Read:
    if is_hcl(path):
        help_text = "check out the revision with `git worktree add` and name the file there"
        raise InputError(
            text, "Terraform files cannot be read one at a time from a revision", help_text=help_text
        )
    return _parsed(text, path, read_revision(text), given)


def _parsed(name: str, path: Path, body: str, given: Given) -> _Read:
    """Read a single document."""
    document = unwrap(parse_text(name, body))
    facts = Facts(given)
    take(facts, path, document, named=True)
    facts.skipped += unmatched_values(facts)
    return _of(name, link_facts(facts))._replace(document=document if is_of_any_kind(document.root) else None)


def _of(name: str, inventory: Inventory) -> _Read:
    """Return the declared policies of an inventory, or the AWS default policies if there are none."""
    held: tuple[Topic | Key, ...] = (*inventory.topics, *inventory.keys)
    known = tuple(one for one in held if isinstance(one.policy, PolicyText))
    written = tuple(
        one
        for one in known
        if isinstance(one.policy, PolicyText) and not isinstance(one.policy.document, Implied)
    )
    return _Read(name, written or known or held, inventory.skipped)


def _called(read: _Read, resource: str) -> _Read:
    """Select the resources with the requested name. Raises InputError if there are none."""
    if not resource:
        return read
    found = tuple(one for one in read.found if resource in (one.name, one.address, *_short(one)))
    if not found:
        names = (
            ", ".join(f"`{one}`" for resource in read.found for one in _short(resource)[:1]) or "no policy"
        )
        raise InputError(read.name, f"contains no policy named `{resource}`", help_text=f"available: {names}")
    return read._replace(found=found)


def _short(resource: Topic | Key) -> tuple[str, ...]:
    """Return the names of a resource without its file: its logical name and the last part of its ARN."""
    declared = resource.address.rpartition("#")[2]
    arn = resource.arn
    names = (arn.resource, arn.resource.rpartition("/")[2], str(arn)) if isinstance(arn, Arn) else ()
    return (*filter(None, (declared,)), *names)


def target_of(old: Side, new: Side, requested: str = "") -> Target:
    """Return the target that both policies apply to, from the option or the policies. Raises InputError."""
    if requested:
        return Target.of(_resource_arn(requested, old))
    known = [one for one in (old, new) if isinstance(one.resource.arn, Arn)]
    if len({str(one.resource.arn) for one in known}) > 1:
        reason = f"is for `{new.resource.arn}`, but `{old.name}` is for `{old.resource.arn}`"
        help_text = f"choose one with `--{old.kind}-arn ARN`"
        raise InputError(new.name, reason, help_text=help_text)
    targets = [one.target for one in known or (old, new)]
    return next((one for one in targets if one.resource != "*"), targets[0])


def _resource_arn(text: str, side: Side) -> Arn:
    arn = Arn.parse(text)
    fits = arn is not None and (arn.service == "kms" if side.is_key else arn.is_topic)
    if arn is None or not fits:
        raise InputError(f"--{side.kind}-arn", f"`{text}` is not a {side.kind} ARN")
    return arn
