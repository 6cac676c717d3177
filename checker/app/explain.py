"""Explains the chain from an instance to a topic, in files or in AWS."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.chain import (
    NoTopicError,
    is_live,
    named_in,
    read_files,
    read_key,
    read_live,
    read_replica,
)
from checker.app.exit_codes import Ending
from checker.app.next_step import (
    Explained,
    after_explain,
    after_explain_of_replicas,
    has_wrong_option,
    this_command,
    to_read_outside,
)
from checker.app.output import Format
from checker.app.run import evidence_of_other_keys, known_rules, read_files_of_evidence
from checker.app.terminal import paint_for, tell_wrapped, write
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.core.unknown import Unknown
from checker.inputs.arn_options import topic_option
from checker.inputs.organization_policy import load_organization
from checker.lint.explain import UnpairedError, explain
from checker.lint.explain_replicas import ReplicaChain, explain_replicas, replicas_of
from checker.lint.status import UNKNOWN
from checker.report.brief import skipped_text
from checker.report.context import Paint
from checker.report.explanation import explanation_json, explanation_text
from checker.report.replicas import replicas_json, replicas_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.inventory import Key, Organization
    from checker.analysis.observation import Evidence
    from checker.app.chain import Chain, InstanceName
    from checker.core.arn import Arn
    from checker.core.errors import Skipped
    from checker.inputs.collect import Given
    from checker.lint.causes import Activity
    from checker.lint.explanation import Explanation
    from checker.live.aws.access import Access


def explain_topic(
    topic: str,
    instance: InstanceName,
    *,
    replica_topic: str = "",
    address: str,
    key_policy: Path | None,
    key: Path | None,
    access: Access,
    rcp: tuple[Path, ...],
    given: Given,
    output_format: Format,
    output: Path | None,
    strict: bool,
    evidence: Sequence[Path] = (),
) -> Ending:
    """Explain a topic, which is an ARN in AWS, a file, or declared in code. Raises CheckerError."""
    instance.check()
    live = is_live(topic)
    _check_place(live, instance, address, given)
    known, seen = read_key(key, key_policy), read_files_of_evidence(evidence)
    organization = load_organization(rcp)
    chain = (
        read_live(topic, instance, known, access, seen)
        if live
        else _read_files(topic, address, instance.arn, known, given)
    )
    chain = _with(chain, organization, None if live else seen)
    explanation = _explained(chain)
    replicas, unread = _replicas(explanation, chain, replica_topic, access)
    paint = Paint() if output else paint_for(sys.stdout)
    write(_lines(explanation, chain.activity, replicas, output_format, paint), output)
    skipped = (*chain.skipped, *unread)
    keys = (chain.key,) if chain.key is not None else ()
    _tell_skipped((*skipped, *evidence_of_other_keys(seen, keys)))
    files = (Path(named_in(topic)[0]), *(path for path in (key_policy, key) if path is not None))
    missing = tuple(option for option, file in (("--key-policy", key_policy), ("--key", key)) if file is None)
    if not has_wrong_option(skipped):
        source = Explained(() if live else files, missing, given, access.words, rcp, _streaming(chain))
        tell_wrapped(after_explain_of_replicas(explanation, replicas or (), live=live))
        tell_wrapped(after_explain(explanation, source))
    return _ending(explanation, replicas or (), skipped, strict=strict, live=live)


def _streaming(chain: Chain) -> tuple[Arn, ...]:
    """Return the instances that CloudTrail shows for a topic in AWS."""
    contacts = chain.activity.contacts if chain.activity is not None else ()
    if isinstance(contacts, Unknown):
        return ()
    return tuple(dict.fromkeys(one.instance for one in contacts if one.instance is not None))


def _explained(chain: Chain) -> Explanation:
    """Explain a chain. Raises InputError, which for a missing instance prints the command that names it."""
    try:
        return explain(chain.topic, chain.key, chain.instance, known_rules(), chain.status, chain.around)
    except UnpairedError as error:
        command = this_command("--instance-arn", "INSTANCE_ARN")
        raise error.reworded(error.reason, f"name it: `{command}`") from None


def _with(chain: Chain, organization: Organization | None, seen: Evidence | None) -> Chain:
    """Add organization policies and evidence to what is known around a topic."""
    around = chain.around._replace(organization=organization)
    if seen is not None:
        around = around._replace(evidence=seen.joined(around.evidence))
    return chain._replace(around=around)


def _check_place(live: bool, instance: InstanceName, address: str, given: Given) -> None:  # noqa: FBT001 - a fact
    """Check that the options fit a topic in AWS, or else in files. Raises InputError."""
    if instance.name and not live:
        help_text = "name its ARN with `--instance-arn`"
        raise InputError("--instance", "works only for a topic in AWS", help_text=help_text)
    of_code = (("--topic", address), ("--var", given.variables), ("--parameter", given.parameters))
    unused = next((option for option, value in of_code if value), "")
    if unused and live:
        raise InputError(unused, "works only for a topic in code", help_text="remove it")


def _replicas(
    explanation: Explanation, chain: Chain, topic: str, access: Access
) -> tuple[tuple[ReplicaChain, ...] | None, tuple[Skipped, ...]]:
    """Explain the topics of the instance's replicas; ``None`` if it is not known whether there are any.

    ``topic`` is the topic in AWS that a replica streams to. Raises CheckerError if none is in its Region.
    """
    replicas = replicas_of(explanation)
    if chain.status is not None and not isinstance(chain.status.replicas, Unknown):
        regions = chain.status.replicas
        replicas = tuple(explanation.instance._replace(region=region) for region in regions)
    if topic:
        return _replica_in_aws(explanation, chain, replicas, topic, access)
    if isinstance(replicas, Unknown):
        return None, ()
    return explain_replicas(replicas, chain.around, known_rules(), chain.instance), ()


def _replica_in_aws(
    explanation: Explanation, chain: Chain, replicas: tuple[Arn, ...] | Unknown, topic: str, access: Access
) -> tuple[tuple[ReplicaChain, ...], tuple[Skipped, ...]]:
    """Explain the topic that the replica in its Region streams to. The replica is looked up too."""
    region = topic_option("--replica-topic-arn", topic).region
    if region == explanation.instance.region:
        reason = f"`{topic}` is in {region}, the Region of the instance itself"
        raise InputError("--replica-topic-arn", reason, help_text="name the topic in the replica's Region")
    replica = explanation.instance._replace(region=region)
    read = read_replica(topic, replica, access, chain.around.evidence)
    read = _with(read, chain.around.organization, None)
    explained = explain(read.topic, read.key, replica, known_rules(), read.status, read.around)
    others = [
        ReplicaChain(one) for one in (() if isinstance(replicas, Unknown) else replicas) if one != replica
    ]
    return (ReplicaChain(replica, explained), *others), read.skipped


def _read_files(topic: str, address: str, instance: str, key: Key | None, given: Given) -> Chain:
    """Read a topic in files. Without a topic, report all inputs that were not read. Raises InputError."""
    try:
        return read_files(topic, address, instance, key, given)
    except NoTopicError as error:
        _tell_skipped(error.others)
        raise


def _tell_skipped(skipped: Iterable[Skipped]) -> None:
    listed = tuple(skipped)
    for one in listed:
        tell_wrapped(skipped_text(one, paint_for(sys.stderr)))
    tell_wrapped(to_read_outside(listed))


def _lines(
    explanation: Explanation,
    activity: Activity | None,
    replicas: Sequence[ReplicaChain] | None,
    output_format: Format,
    paint: Paint,
) -> Iterable[str]:
    if output_format is Format.TEXT:
        return (*explanation_text(explanation, paint, activity), *replicas_text(replicas or (), paint))
    return json_lines({**explanation_json(explanation, activity), "replicas": replicas_json(replicas)})


def _ending(
    explanation: Explanation,
    replicas: Sequence[ReplicaChain],
    skipped: Sequence[Skipped],
    *,
    strict: bool,
    live: bool,
) -> Ending:
    """Return how the command ended. What AWS did not show is incomplete, an unreadable file is bad input."""
    truths = (explanation.can_publish.truth, explanation.deputy.truth, explanation.public.truth)
    unknown = explanation.first(UNKNOWN) is not None or any(isinstance(truth, Unknown) for truth in truths)
    unknown = unknown or any(one.chain == UNKNOWN for one in replicas)
    return Ending(
        unreadable=not live and any(one.error for one in skipped),
        incomplete=live and bool(skipped),
        findings=not (explanation.is_clean and all(one.is_clean for one in replicas))
        or any(explanation.unreached),
        undetermined=strict and (unknown or any(not one.complete for one in skipped)),
    )
