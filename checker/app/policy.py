"""Drafts minimal policies for a topic and its key, and checks policies that they are merged into."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from checker.analysis.documented import KeyCondition
from checker.analysis.inventory import Instance, Inventory, Key, Place, Setting, Topic, TopicSettings
from checker.app.exit_codes import Ending
from checker.app.terminal import tell, write
from checker.core.arn import Arn, is_plain
from checker.core.errors import InputError
from checker.core.finding import Severity, Verdict
from checker.core.record import NamedTuple
from checker.inputs.drafts import draft_key_policy, draft_topic_policy, read_wanted
from checker.inputs.policy_references import read_references
from checker.report.drafts import Drafts, Language, drafts_of_regions, key_remarks, topic_remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from checker.core.finding import Finding, Reference
    from checker.inputs.drafts import Draft, Wanted


class OnlyPolicy(StrEnum):
    """Values of --only."""

    TOPIC = "topic"
    KEY = "key"


class PolicyRequest(NamedTuple):
    """The command-line options of `checker policy`; ``merge`` and ``merge_key`` are existing policies.

    The references are names in Terraform or CloudFormation, in place of ARNs. ``replica_regions`` are the Regions of
    the instances' replicas, ``replica_keys`` the keys of the topics there.
    """

    instances: tuple[str, ...]
    topic: str
    key: str | None = None
    condition: KeyCondition | None = None
    merge: Path | None = None
    merge_key: Path | None = None
    only: OnlyPolicy | None = None
    instance_references: tuple[str, ...] = ()
    topic_reference: str = ""
    key_reference: str = ""
    replica_regions: tuple[str, ...] = ()
    replica_keys: tuple[str, ...] = ()

    @property
    def refers(self) -> bool:
        """True if one of the ARNs is a reference."""
        return bool(self.instance_references or self.topic_reference or self.key_reference)


def print_policies(request: PolicyRequest, language: Language, output: Path | None) -> Ending:
    """Print the policies, and what merged statements still allow. Raises InputError."""
    _check_arns(request)
    _check_references(request, language)
    is_circular = _is_circular(request, language)
    request, names = _with_examples(request, language) if request.refers else (request, {})
    _check_key(request)
    _check_replicas(request)
    everywhere = [
        _drafts(one)._replace(names=names, is_circular=is_circular, of_replica=one is not request)
        for one in (request, *_of_replicas(request))
    ]
    write(drafts_of_regions(everywhere, language), output)
    tell(*dict.fromkeys(line for drafts in everywhere for line in _said(drafts, language)))
    tell(*_missing_keys(request))
    made = (draft for drafts in everywhere for draft in (drafts.topic, drafts.key))
    return Ending(findings=any(one.warnings for one in made if one is not None))


def _check_replicas(request: PolicyRequest) -> None:
    """Check that the replicas are in other Regions, and that nothing is to be merged. Raises InputError."""
    option = "--replica-region"
    if request.replica_keys and not request.replica_regions:
        raise InputError("--replica-key-arn", f"requires {option}", help_text=f"add `{option} REGION`")
    for region in request.replica_regions:
        if not is_plain(region):
            raise InputError(option, f"`{region}` is not a Region", help_text="write it as in `us-west-2`")
        if (topic := Arn.parse(request.topic)) is not None and topic.region == region:
            help_text = "name the Region of the replica, which is another one"
            raise InputError(option, f"{region} is the Region of the topic itself", help_text=help_text)
    for other, given in (
        ("--merge", request.merge),
        ("--merge-key", request.merge_key),
        ("--instance-ref", request.instance_references),
    ):
        if given and request.replica_regions:
            help_text = "run the command for the topic of each Region"
            raise InputError(option, f"cannot be used with {other}", help_text=help_text)


def _of_replicas(request: PolicyRequest) -> Iterator[PolicyRequest]:
    """Yield the request for the topic of each replica. A reference means one topic for each deployment."""
    for region in request.replica_regions if not request.topic_reference else ():
        key = _key_in(region, request)
        yield request._replace(
            instances=tuple(_in_region(arn, region) for arn in request.instances),
            topic=_in_region(request.topic, region),
            key=key,
            condition=request.condition if key else None,
        )


def _in_region(text: str, region: str) -> str:
    """Return an ARN in another Region; any other text stays, so that it is refused."""
    arn = Arn.parse(text)
    return text if arn is None else str(arn._replace(region=region))


def _key_in(region: str, request: PolicyRequest) -> str | None:
    """Return the key of the topic in a Region: the named one, else the replica of a multi-Region key."""
    named = (one for one in request.replica_keys if (arn := Arn.parse(one)) and arn.region == region)
    own = Arn.parse(request.key or "")
    is_multi_region = own is not None and own.resource.startswith(_MULTI_REGION)
    return next(named, _in_region(request.key or "", region) if is_multi_region else None)


_MULTI_REGION = "key/mrk-"
"""https://docs.aws.amazon.com/kms/latest/developerguide/mrk-how-it-works.html"""


def _missing_keys(request: PolicyRequest) -> Iterator[str]:
    """Name the Regions of which the key is not known."""
    for region in request.replica_regions if request.key and not request.topic_reference else ():
        if _key_in(region, request) is None:
            yield f"note: no key policy for {region}: `{request.key}` cannot encrypt a topic there"
            yield f"  = help: add `--replica-key-arn ARN` if the topic in {region} is encrypted"


def _check_arns(request: PolicyRequest) -> None:
    """Check that there is an instance, one topic and at most one key. Raises InputError."""
    if not (request.instances or request.instance_references):
        raise _missing("instance", "Connect instance that streams to the topic")
    if not (request.topic or request.topic_reference):
        raise _missing("topic", "topic that the instances stream to")
    for kind, arn, name in (
        ("topic", request.topic, request.topic_reference),
        ("key", request.key, request.key_reference),
    ):
        if arn and name:
            raise InputError(
                f"--{kind}-ref", f"cannot be used with --{kind}-arn", help_text="keep one of the two"
            )


def _missing(kind: str, what: str) -> InputError:
    help_text = f"name the {what}; with `--format terraform` or `cloudformation` also as `--{kind}-ref NAME`"
    return InputError(f"--{kind}-arn", "missing option", help_text=help_text)


def _check_references(request: PolicyRequest, language: Language) -> None:
    """Refuse references where they have no meaning. Raises InputError."""
    references = {
        "--instance-ref": request.instance_references,
        "--topic-ref": request.topic_reference,
        "--key-ref": request.key_reference,
    }
    option = next((name for name, value in references.items() if value), "")
    if option and language not in (Language.TERRAFORM, Language.CLOUDFORMATION):
        reason = f"cannot be used with --format {language.value}"
        help_text = f"add `--format terraform` or `--format cloudformation`, or use `{option[:-3]}arn ARN`"
        raise InputError(option, reason, help_text=help_text)
    if _is_circular(request, language) and request.condition is KeyCondition.TOPIC:
        reason = "needs the topic's ARN: the topic refers to the key, so that a reference would be circular"
        raise InputError("--kms-condition topic", reason, help_text="name the topic with `--topic-arn ARN`")
    merged = "--merge" if request.merge else "--merge-key" if request.merge_key else ""
    if option and merged:
        raise InputError(
            merged, f"cannot be used with {option}", help_text="`checker fix` adds references to code"
        )


def _is_circular(request: PolicyRequest, language: Language) -> bool:
    """True if the policy of the key cannot refer to the topic, because the topic of the template refers to the key."""
    return language is Language.CLOUDFORMATION and bool(request.topic_reference)


def _with_examples(
    request: PolicyRequest, language: Language
) -> tuple[PolicyRequest, Mapping[str, Reference]]:
    """Return the request with example ARNs, and the references that replace them. Raises InputError."""
    near = [*request.instances, request.topic, request.key or ""]
    found = read_references(
        language.value, request.instance_references, request.topic_reference, request.key_reference, near
    )
    instances = (*request.instances, *found.instances)
    key = found.key or request.key
    return request._replace(instances=instances, topic=found.topic or request.topic, key=key), found.names


def _check_key(request: PolicyRequest) -> None:
    """Refuse key options without a key. Raises InputError."""
    of_key = {"--merge-key": request.merge_key, "--kms-condition": request.condition}
    named = [name for name, value in of_key.items() if value is not None]
    named += ["--only key"] if request.only is OnlyPolicy.KEY else []
    if request.key is None and named:
        raise InputError(named[0], "requires --key-arn", help_text="add `--key-arn ARN`")


def _drafts(request: PolicyRequest) -> Drafts:
    wanted = read_wanted(request.topic, request.instances, request.key)
    if request.topic_reference:  # one policy serves the topics of all Regions in which the code is deployed
        replicas = (
            one._replace(region=region) for region in request.replica_regions for one in wanted.instances
        )
        wanted = wanted._replace(instances=(*wanted.instances, *replicas))
    topic = key = None
    if request.only is not OnlyPolicy.KEY:
        topic = _warned(draft_topic_policy(wanted, request.merge), wanted)
    if request.only is not OnlyPolicy.TOPIC and wanted.key is not None:
        draft = draft_key_policy(wanted, wanted.key, request.merge_key, condition=request.condition)
        key = _warned(draft, wanted)
    return Drafts(wanted, topic, key, request.condition)


def _warned(draft: Draft, wanted: Wanted) -> Draft:
    """Add a warning for each error and warning that the rules find in a merged policy."""
    if not draft.merged:
        return draft
    from checker.lint.engine import Scope, judge  # only where there is something to judge
    from checker.lint.registry import all_rules

    report = judge(_inventory(draft, wanted), all_rules(), Scope(all_topics=True))
    findings = (one for one in report.findings if _counts(one, draft))
    return draft._replace(warnings=tuple(dict.fromkeys(_remaining_text(findings))))


def _inventory(draft: Draft, wanted: Wanted) -> Inventory:
    place = Place(draft.text.document, ())
    instances = tuple(map(Instance, wanted.instances))
    if wanted.key is not None and draft.text.dialect.service == "kms":
        key = Key(wanted.key, place, draft.text, "Enabled", "CUSTOMER", named=True)
        return Inventory(keys=(key,), instances=instances)
    topic = Topic(wanted.topic, draft.text, TopicSettings(Setting(value=False)), place, named=True)
    return Inventory((topic,), instances=instances)


def _counts(finding: Finding, draft: Draft) -> bool:
    """True for a finding about the policy itself, not about the topic or the key."""
    grave = finding.verdict is Verdict.FAIL and finding.severity is not Severity.NOTE
    return grave and finding.locations[0].document is draft.text.document


def _remaining_text(findings: Iterable[Finding]) -> Iterator[str]:
    return (f"{finding.message} [{finding.rule}]" for finding in findings)


def _said(drafts: Drafts, language: Language) -> Iterator[str]:
    """Describe the merge, and print the remarks that JSON, unlike the other formats, cannot have as comments."""
    for draft in (drafts.topic, drafts.key):
        if draft is not None and draft.merged:
            yield f"{draft.merged}: {_added(draft)}"
            yield from (f"note: {remark}" for remark in draft.remarks)
            yield from (f"warning: still in the merged policy: {warning}" for warning in draft.warnings)
            if draft.warnings:
                yield f"  = help: `checker check {draft.merged}` shows them, `checker fix` narrows them"
    if language is Language.JSON:
        yield from (f"note: {remark}" for remark in (*topic_remarks(drafts), *key_remarks(drafts)))


def _added(draft: Draft) -> str:
    if not draft.added:
        return "nothing to add: Connect may publish for these instances already"
    return f"{draft.added} statement{'s' * (draft.added > 1)} added"
