"""The next command, complete and ready to paste: a report ends with it if a command can continue the work."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.inventory import Source
from checker.core.arn import topic_arn
from checker.core.finding import Applicability, Severity, Verdict
from checker.core.record import NamedTuple
from checker.core.shell import path_argument, shell_command, shell_word, with_options, without_options
from checker.inputs.collect import Given
from checker.inputs.confinement import OPTION, is_refusal
from checker.inputs.discover import is_stream
from checker.lint.rule import Link
from checker.lint.status import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.app.run import Options
    from checker.core.arn import Arn
    from checker.core.errors import Skipped
    from checker.fix.live.flow_result import FlowResult
    from checker.fix.result import Outcome
    from checker.lint.explain_replicas import ReplicaChain
    from checker.lint.explanation import Explanation
    from checker.lint.report import Report
    from checker.live.aws.access import Access
    from checker.live.permissions import Extras
    from checker.live.repair.joint import JointPlan
    from checker.live.repair.planning import RepairRequest
    from checker.live.repair.replica_topics import OtherRegion

_CONTACT_FLOW = ("--contact-flow-id", "CONTACT_FLOW_ID")
"""Only people know which contact flow handles test chats."""
_FIXED = (Applicability.SAFE, Applicability.DOCUMENTED)


def after_check(report: Report, options: Options) -> Iterator[str]:
    """Suggest a fix for the findings, else the page of the most severe rule."""
    failed = [failure for failure in report.findings if failure.verdict is Verdict.FAIL]
    if any(map(is_stream, options.paths)) or has_wrong_option(report.skipped):
        return  # a fix needs a file, and would repeat the option
    fixes = [fix for finding in failed for fix in finding.fixes]
    if any(fix.applicability in _FIXED and not fix.needs for fix in fixes):
        yield _line(("fix", *_same_input(options)))
    elif any("--instance-arn" in fix.needs for fix in fixes):
        yield _line(("fix", *_same_input(options), "--instance-arn", "INSTANCE_ARN"))
    elif failed:
        worst = max(failed, key=lambda finding: finding.severity.rank)
        if worst.severity is not Severity.NOTE:
            yield _line(("rules", worst.rule))


def to_read_outside(skipped: Iterable[Skipped]) -> Iterator[str]:
    """Print the command that also reads the files that were not read because they are outside of the repository."""
    if any(is_refusal(one.help) for one in skipped):
        yield f"  = help: if you trust these files, read the others that they name: {this_command(OPTION)}"


def has_wrong_option(skipped: Iterable[Skipped]) -> bool:
    """True if an option names something that does not exist, so that a next command must not repeat it."""
    return any(one.error and one.what.startswith("--") for one in skipped)


class Consent(NamedTuple):
    """What a planned fix needs to be applied: ``options`` besides --apply.

    ``unnamed`` are instances to name first, because the fix would cut them off. No command applies a ``refused`` fix.
    """

    options: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    refused: bool = False


def after_fix(
    outcome: Outcome,
    instances: Sequence[str],
    topics: Sequence[str] = (),
    access: Sequence[str] = (),
    consent: Consent = Consent(),  # noqa: B008 - frozen
) -> Iterator[str]:
    """Suggest --apply for planned fixes, a test chat for applied ones, and else an explanation of a topic in AWS.

    ``topics`` use the fixed keys. The explanation shows what a fix does not read, such as the subscribers.
    """
    if outcome.is_pending:
        yield from _to_apply(consent)
    elif outcome.applied and outcome.flow is None:
        yield from _flow((*(change.resource for change in outcome.changes), *topics), instances, access)
    elif topics and outcome.replacement is None and not (outcome.changes or outcome.unfixed):
        yield _explain(topics[0], instances[0] if instances else "INSTANCE_ARN", access)


def _to_apply(consent: Consent) -> Iterator[str]:
    if consent.unnamed:
        yield f"next: {this_command(*_instances(consent.unnamed))}"
    elif not consent.refused:
        yield f"next: {this_command('--apply', *consent.options)}"


def after_live_fix(
    planned: JointPlan,
    outcome: Outcome,
    others: Sequence[OtherRegion],
    access: Sequence[str],
    consent: Consent = Consent(),  # noqa: B008 - frozen
) -> Iterator[str]:
    """Suggest a replacement, else the fix of both Regions if the topic in the other one is known, else the usual step."""
    plan = next((plan for plan in planned.plans if plan.changes), planned.plans[0])
    instances = [*(str(instance.arn) for instance in plan.wanted.instances), *consent.unnamed]
    shown = outcome._replace(changes=plan.outcome.changes)
    following = list(after_fix(shown, instances, [str(plan.topic)], access, consent))
    replaceable = [str(plan.wanted.topic) for plan in planned.plans if plan.replaceable]
    elsewhere = [str(topic) for other in others for topic in other.topics]
    if replaceable and not following:
        is_only = len(planned.plans) == 1
        again = f"next: {this_command()}" if is_only else _fix_of(replaceable[:1], instances, access)
        yield f"{again} --create-replacement"
    elif elsewhere:
        topics = [str(plan.wanted.topic) for plan in planned.plans]
        yield _fix_of((*topics, *elsewhere), instances, access)
    else:
        yield from following


def to_audit(requests: Iterable[RepairRequest], access: Access) -> str:
    """Name the command that shows the undetermined results of topics in AWS; an audit takes no ARN of a role."""
    wanted = tuple(requests)
    instances = _instances(str(instance.arn) for one in wanted for instance in one.instances)
    if access.role_arn:
        command = ("explain", str(wanted[0].topic), *instances[:2])
    else:
        accounts = [("--accounts", one.topic.account) for one in wanted] if access.role else []
        regions = [("--region", one.topic.region) for one in wanted]
        units = (word for pair in dict.fromkeys((*accounts, *regions)) for word in pair)
        named = (word for one in wanted for word in ("--topic-arn", str(one.topic)))
        command = ("audit", *units, *named, *instances)
    shown = shell_command(("checker", *command, *access.words))
    return f"  = help: `{shown}` shows the undetermined results"


def _fix_of(topics: Iterable[str], instances: Iterable[str], access: Sequence[str]) -> str:
    named = [word for topic in topics for word in ("--topic-arn", topic)]
    return _line(("fix", *named, *_instances(instances), *access))


def _instances(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for name in dict.fromkeys(names) for word in ("--instance-arn", name))


class Explained(NamedTuple):
    """The input of an explanation: the files of the chain, without any if the topic is in AWS, and template values.

    ``missing`` are options that would supply the key, ``access`` those for access to AWS, and ``rcp`` the files with
    organization policies. ``streaming`` are the instances that stream to the topic according to CloudTrail.
    """

    paths: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()
    given: Given = Given()
    access: tuple[str, ...] = ()
    rcp: tuple[Path, ...] = ()
    streaming: tuple[Arn, ...] = ()


def after_explain(explanation: Explanation, source: Explained) -> Iterator[str]:
    """Suggest a fix for a broken or open chain, a test chat for a whole one, and options for an unknown key."""
    instance = _instance_of(explanation)
    if explanation.is_clean and explanation.unreached:
        yield _line(("rules", explanation.unreached[0].rule))
    elif explanation.is_clean:
        whole = explanation.chain != "unknown"
        yield from _flow([explanation.topic.name] * whole, [instance], source.access)
        key = explanation.topic.key
        if explanation.kms == "unknown" and isinstance(key, str) and source.paths and source.missing:
            yield from _key_files(key, source.missing)
    elif not source.paths:
        yield _fix_live(explanation, source.access, source.streaming)
    elif not any(map(is_stream, source.paths)):
        yield from _fix_of_files(explanation, source, instance)


def _fix_live(explanation: Explanation, access: Sequence[str], streaming: Iterable[Arn] = ()) -> str:
    """Suggest a fix of a topic in AWS for all its instances, by a new topic or key if no policy would help."""
    from checker.fix.live.replacement import is_replaceable  # imported on demand: a check fixes nothing

    is_missing = explanation.status(Link.INSTANCE) == BROKEN
    own = "INSTANCE_ARN" if is_missing else str(explanation.instance)
    others = (str(arn) for arn in streaming if arn != explanation.instance)
    fix = _fix_of([explanation.topic.name], [own, *others], access)
    needs_new = is_replaceable(explanation.topic, None, explanation.instance.region)
    return f"{fix} --create-replacement" if needs_new else fix


def after_explain_of_replicas(
    explanation: Explanation, chains: Iterable[ReplicaChain], *, live: bool
) -> Iterator[str]:
    """Suggest how to explain or create the topic of a replica, if no topic is known in its Region."""
    from checker.fix.live.replacement import topic_reasons  # imported on demand, as above

    topic = topic_arn(explanation.topic.name)
    for one in chains:
        region = one.instance.region
        if one.explanation is None and topic is not None:
            own = ("--topic-arn", str(topic), "--instance-arn", str(explanation.instance))
            explained = this_command("--replica-topic-arn", "TOPIC_ARN")
            created = shell_command(("checker", "policy", *own, "--replica-region", region))
            if live:
                yield f"  = help: `{explained}` explains the topic in {region}"
            if not list(topic_reasons(explanation.topic, explanation.instance.region)):  # else it is refused
                yield f"  = help: if there is no topic in {region}, `{created}` prints the policies of both topics"


def _fix_of_files(explanation: Explanation, source: Explained, instance: str) -> Iterator[str]:
    """Suggest a fix of the files, or the page of a rule if its finding has no fix that edits files."""
    failed = [one for one in explanation.report.findings if one.verdict is Verdict.FAIL]
    fixes = [fix for finding in failed for fix in finding.fixes if not fix.plan]
    if fixes:
        is_stated = any(one.source is Source.OPTION for one in explanation.pairings)
        named = ("--instance-arn", instance) if is_stated or all(fix.needs for fix in fixes) else ()
        policies = (word for path in source.rcp for word in ("--rcp", str(path)))
        yield _line(("fix", *map(path_argument, source.paths), *named, *policies, *_values(source.given)))
        return
    broken = explanation.first_broken()
    rules = [
        broken.rule if broken else "",
        *(one.rule for one in (*explanation.openings(), *explanation.wider())),
    ]
    yield from (_line(("rules", rule)) for rule in list(filter(None, rules))[:1])


def _instance_of(explanation: Explanation) -> str:
    """Return what --instance-arn takes: an ARN, the reference of a declared instance, or else a word to replace."""
    own = str(explanation.instance)
    shown = explanation.deployments.default.reworded(own)
    if shown == own:
        return own
    first = explanation.pairings[0].source if explanation.pairings else None
    is_reference = shown.startswith("${") and shown.endswith("}") and shown.count("${") == 1
    return shown[2:-1] if is_reference and first in (Source.OPTION, Source.ROOT) else "INSTANCE_ARN"


_KEY_FILES = {
    "--key-policy": ("get-key-policy --policy-name default", "key-policy.json"),
    "--key": ("describe-key", "key.json"),
}


def _key_files(key: str, missing: Sequence[str]) -> Iterator[str]:
    """Suggest the command with the files of a key, and the commands of the AWS CLI that write them."""
    for option in missing:
        call, file = _KEY_FILES[option]
        known = (
            "KEY_ID" if option == "--key-policy" and "alias/" in key else key
        )  # GetKeyPolicy takes no alias
        yield f"  = help: `aws kms {call} --key-id {shell_word(known)} > {file}` writes the file for {option}"
    yield f"next: {this_command(*(word for option in missing for word in (option, _KEY_FILES[option][1])))}"


def this_command(*more: str) -> str:
    """Return the command that is running, with more options."""
    return shell_command(with_options(("checker", *sys.argv[1:]), *more))


def with_instance_arn(arn: str) -> str:
    """Return the command that is running, with the ARN of the instance in place of `--instance`."""
    words = without_options(sys.argv[1:], "--instance")
    return shell_command(with_options(("checker", *words), "--instance-arn", arn))


def after_flow(result: FlowResult, access: Sequence[str]) -> Iterator[str]:
    """Suggest a fix for a topic that got no message, or an explanation if no broken link is known."""
    for topic in result.topics:
        if topic.arrival is None and result.end.value in ("silent", "not_started"):
            if topic.explanation is not None and topic.explanation.first_broken() is not None:
                yield _fix_live(topic.explanation, access)
            else:
                yield _explain(topic.topic, result.instance, access)
            return


def after_rules(rule: str | None) -> str:
    """Suggest the page of a rule after the list, and a check with the rule after its page."""
    return _line(("rules", "RULE") if rule is None else ("check", "--select", rule))


def after_diff(new: str) -> Iterator[str]:
    """Suggest a check of what has changed, unless it is a revision."""
    if os.path.exists(new):  # noqa: PTH110 - never raises
        yield _line(("check", path_argument(new)))


def after_baseline(options: Options, baseline: Path) -> str:
    """Suggest a check that reports only new findings."""
    return _line(("check", *_same_input(options), "--baseline", str(baseline)))


def after_audit(report: Report, access: Sequence[str]) -> Iterator[str]:
    """Suggest an explanation of the topic with the most severe finding."""
    pairings = {target.resource: target.pairings for target in report.examined}
    failed = [finding for finding in report.findings if finding.verdict is Verdict.FAIL]
    about = [
        (finding, name)
        for finding in failed
        for name in (finding.resource, *finding.affects)
        if topic_arn(name)
    ]
    if about:
        name = max(about, key=lambda pair: pair[0].severity.rank)[1]
        paired = pairings.get(name, ())
        yield _explain(name, str(paired[0].instance) if paired else "INSTANCE_ARN", access)


def after_permission_check(extras: Extras) -> str:
    """Suggest the policy with the permissions of the same audit."""
    flags = (
        ("--organization", extras.organization),
        ("--all-regions", extras.all_regions),
        ("--topic-tag", extras.tags),
        ("--no-trail", not extras.trail),
        ("--security-hub", extras.security_hub),
    )
    role = ("--role-name", extras.role) if extras.role else ()
    return _line(("permissions", "audit", *role, *(option for option, is_set in flags if is_set)))


def _explain(topic: str, instance: str, access: Sequence[str]) -> str:
    return _line(("explain", topic, "--instance-arn", instance, *access))


def _flow(names: Iterable[str], instances: Sequence[str], access: Sequence[str]) -> Iterator[str]:
    topic = next(filter(topic_arn, names), "")
    if topic:
        instance = instances[0] if instances else "INSTANCE_ARN"
        named = ("--topic-arn", topic, "--instance-arn", instance)
        yield _line(("flow", *named, *_CONTACT_FLOW, *access))


def _same_input(options: Options) -> Iterator[str]:
    """Return the paths and options of a check that the next command needs as well.

    Without a path, --topic-arn would name a topic in AWS.
    """
    yield from map(path_argument, options.paths or ([Path()] if options.topics else []))
    repeated = (
        ("--instance-arn", options.instances),
        ("--topic-arn", options.topics),
        ("--topic-tag", options.topic_tags),
        ("--select", options.choice.select or ()),
        ("--ignore", options.choice.ignore),
        ("--rcp", tuple(map(str, options.rcp))),
    )
    yield from (word for option, values in repeated for value in values for word in (option, value))
    yield from _values(options.given)
    yield from ["--all-topics"] * (options.all_topics is True) + ["--changed"] * options.changed
    if options.configuration is not None:
        yield from ("--config", str(options.configuration))
    yield from ["--isolated"] * options.isolated


def _values(given: Given) -> Iterator[str]:
    """Return the options with the values of variables and parameters."""
    yield from [OPTION] * given.allow_outside
    repeated = (("--var", given.variables), ("--parameter", given.parameters))
    yield from (word for option, values in repeated for pair in values for word in (option, "=".join(pair)))


def _line(words: Sequence[str]) -> str:
    return f"next: {shell_command(('checker', *words))}"
