"""Runs a check: configuration, inventory, rules, and suppressed findings."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance, Inventory, Source
from checker.analysis.pairing import pair
from checker.configuration.load import check_name, read_configuration
from checker.configuration.model import Choice, Configuration, matches, root_of
from checker.configuration.selection import ALL, choose, idle, selects
from checker.configuration.suppression import suppress
from checker.core.arn import is_instance_arn, is_plain, topic_arn
from checker.core.errors import InputError, Skipped
from checker.core.finding import Severity, listed
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.arn_options import check_bare, instance_option
from checker.inputs.collect import Defaults, Given
from checker.inputs.coverage import nothing_examined, topics_not_read, values_not_read
from checker.inputs.discover import name_of
from checker.inputs.load import load
from checker.inputs.repository import confined_to, find_configuration
from checker.lint.engine import Scope, judge
from checker.lint.registry import PackError, all_rules
from checker.policy.wildcard import glob
from checker.report.context import is_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from checker.analysis.form_memory import FormMemory
    from checker.analysis.inventory import Key, OpenInstance, Organization, Topic
    from checker.analysis.observation import Evidence
    from checker.expectations.model import Expectation
    from checker.lint.report import Report
    from checker.lint.rule import Rule


class Options(NamedTuple):
    """The command-line options of a check; ``None`` leaves the choice to the configuration.

    ``configuration`` is a file to read, ``None`` to look for one; ``isolated`` reads none at all. ``rcp`` are files with
    organization policies. ``changed`` reports also on the other files of roots that a named file affects. With
    ``only_named``, it does not, and a policy is not judged because its file is named.
    """

    paths: tuple[Path, ...] = ()
    instances: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    topic_tags: tuple[str, ...] = ()
    choice: Choice = Choice()
    fail_on: Severity | None = None
    strict: bool | None = None
    all_topics: bool | None = None
    changed: bool = False
    only_named: bool = False
    baseline: Path | None = None
    configuration: Path | None = None
    isolated: bool = False
    rcp: tuple[Path, ...] = ()
    given: Given = Given()
    verbose: bool = False
    expect: Path | None = None
    evidence: tuple[Path, ...] = ()


class Run(NamedTuple):
    """The report of a check, and the settings for its exit code."""

    report: Report
    fail_on: Severity
    strict: bool
    configuration: Configuration
    inventory: Inventory = Inventory()
    verbose: bool = False


def known_rules() -> tuple[Rule, ...]:
    """Return all rules, including those of rule packs. Raises InputError for a pack that cannot be loaded."""
    try:
        return all_rules()
    except PackError as error:
        raise InputError("rule packs", str(error), help_text="fix or uninstall the pack") from None


class CheckContext(NamedTuple):
    """The rules with their families, and the configuration of a check."""

    rules: tuple[Rule, ...]
    families: dict[str, str]
    configuration: Configuration
    scope: Scope
    instances: tuple[Instance, ...]
    expectations: tuple[Expectation, ...] = ()
    evidence: Evidence | None = None

    def fail_on(self, options: Options) -> Severity:
        """Return the severity from which findings count."""
        return options.fail_on or self.configuration.fail_on or Severity.WARNING


def prepare(options: Options) -> CheckContext:
    """Read the configuration. Raises InputError for invalid options and configurations."""
    _check_topics(options)
    rules = known_rules()
    families = {rule.id: rule.family for rule in rules}
    configuration = _configuration(options, {*families, *families.values(), ALL})
    known = (
        *(_instance(text, Source.OPTION) for text in options.instances if not _is_reference(text)),
        *(_instance(text, Source.CONFIGURATION) for text in configuration.instances),
    )
    evidence = read_files_of_evidence(options.evidence)
    scope = _scope(options, configuration)
    context = CheckContext(rules, families, configuration, scope, known, evidence=evidence)
    path = options.expect or expectations_path(configuration)
    if path is None:
        return context
    is_named = options.expect is not None
    from checker.expectations.load import load_expectations  # only where there are expectations
    from checker.expectations.model import selected_topics
    from checker.expectations.run import expecting

    with confined_around(path, configuration, options, "" if is_named else "--expect"):
        expectations = load_expectations(path, pipes=is_named)
    return context._replace(
        rules=expecting(rules, expectations),
        scope=context.scope._replace(expected=selected_topics(expectations)),
        expectations=expectations,
    )


def confined_around(
    path: Path, configuration: Configuration, options: Options, option: str
) -> AbstractContextManager[None]:
    """Read a file, and what it names, only in its repository; one of a configuration only in that of the configuration.

    ``option`` names the file instead of the configuration, and is empty if it does.
    """
    if not option:
        return confined_to((path,), allow_outside=options.given.allow_outside)
    return confined_to(
        (Path(configuration.folder, configuration.source),),
        of_change=True,
        allow_outside=options.given.allow_outside,
        help_text=f"`{option} FILE` reads it",
    )


def expectations_path(configuration: Configuration) -> Path | None:
    """Return the file of expectations that a configuration names."""
    return Path(configuration.folder, configuration.expect) if configuration.expect else None


def read_files_of_evidence(paths: Sequence[Path]) -> Evidence | None:
    """Read the files of --evidence; ``None`` without any. Raises InputError."""
    if not paths:
        return None
    from checker.inputs.evidence_file import read_evidence  # few runs have evidence

    return read_evidence(paths)


def evidence_of_other_keys(evidence: Evidence | None, keys: Iterable[Key]) -> Iterator[Skipped]:
    """Report evidence of --evidence that is about no key of the run; a trial is about all keys with its conditions."""
    known = [key.arn for key in keys]
    if evidence is None or any(isinstance(arn, Unknown) for arn in known):
        return
    seen = tuple(dict.fromkeys(one.key for one in evidence.observations))
    if seen and not any(one.trial for one in evidence.observations) and not {*map(str, known)} & {*seen}:
        reason = f"about no key of this run, only about {listed(seen[:_MOST_NAMED])}"
        yield Skipped(
            "--evidence", reason, help="supply events of the topic's key, or of a trial", complete=True
        )


_MOST_NAMED = 3


def confined(options: Options) -> AbstractContextManager[None]:
    """Read only the repositories of the paths that the options name, unless an option allows other files."""
    source = options.given.source
    return confined_to(
        (*(options.paths or (Path(),)), *((source,) if source is not None else ())),
        of_change=options.changed,
        allow_outside=options.given.allow_outside,
    )


def searched(options: Options) -> AbstractContextManager[None]:
    """Read also the current folder, in which fixes search for the callers of what they change."""
    return confined_to((Path(), *options.paths), allow_outside=options.given.allow_outside)


def examine(options: Options) -> Run:
    """Check files and folders. Raises InputError for invalid options and configurations."""
    return examine_on(prepare(options), options)


def examine_on(context: CheckContext, options: Options) -> Run:
    """Check files and folders with a configuration that was read before."""
    with confined(options):
        return _examined(context, options)


def _examined(context: CheckContext, options: Options) -> Run:
    if options.changed:
        return _examine_change(context, options)
    paths = options.paths or (Path(),)
    inventory = _load_inventory(context, options, paths)
    report = _judged(context, options, paths, inventory, context.scope)
    report = report._replace(
        skipped=(
            *report.skipped,
            *nothing_examined(report, paths, absolute),
            *values_not_read(report),
            *unmatched_expectations(context, report),
        ),
        stale=tuple(idle(report, context.configuration, map(_full_name, paths), absolute)),
    )
    return decide(report, context, options, inventory)


def unmatched_expectations(context: CheckContext, report: Report) -> tuple[Skipped, ...]:
    """Return the expectations that are about no checked topic or key."""
    if not context.expectations:
        return ()
    from checker.expectations.run import about_nothing  # only where there are expectations

    return tuple(about_nothing(context.expectations, report))


def _examine_change(context: CheckContext, options: Options) -> Run:
    """Check changed files; for Terraform, the roots that they affect, with all files that these read."""
    from checker.inputs.change import read_change  # only with --changed

    change = read_change(options.paths, lambda path: _excluded(path, context.configuration))
    options = options._replace(given=options.given._replace(values=change.values, code=change.code))
    inventory = _load_inventory(context, options, change.paths)
    if options.only_named:
        inventory, files = _unnamed(inventory), change.changed
    else:
        files = change.names_with(inventory.read_by_roots)
    report = _judged(context, options, change.paths, inventory, context.scope._replace(files=files))
    return decide(report, context, options, inventory)


def _unnamed(inventory: Inventory) -> Inventory:
    """Leave out that files were named: an open document may have a policy that has nothing to do with Connect."""
    topics = tuple(topic._replace(named=False) for topic in inventory.topics)
    return inventory._replace(topics=topics, keys=tuple(key._replace(named=False) for key in inventory.keys))


def _judged(
    context: CheckContext, options: Options, paths: Sequence[Path], inventory: Inventory, scope: Scope
) -> Report:
    """Judge what was read, and again with the other values of variables if a default may hide access."""
    report = judge(inventory, context.rules, scope, _memory_for(inventory))
    if not inventory.has_other_values or not report.examined:
        return report
    from checker.lint.other_values import with_other_values  # imported on demand: most files list no values

    others = options._replace(given=options.given._replace(defaults=Defaults.UNLISTED))
    other = _load_inventory(context, others, paths)
    return with_other_values(report, judge(other, context.rules, scope, _memory_for(other)))


def _memory_for(inventory: Inventory) -> FormMemory | None:
    """Return a memory for a run of so many topics that some may share their results."""
    if len(inventory.topics) < _FEWEST:
        return None
    from checker.analysis.form_memory import FormMemory

    return FormMemory()


_FEWEST = 4
"""The results of the first topic of a form are shared from the third on."""


def _load_inventory(context: CheckContext, options: Options, paths: Sequence[Path]) -> Inventory:
    inventory = load(
        paths,
        exclude=lambda path: _excluded(path, context.configuration),
        changed=options.changed,
        given=options.given,
    )
    inventory = pair(
        inventory._replace(
            instances=(*context.instances, *inventory.instances),
            open_instances=tuple(_stated(inventory.open_instances, options)),
            organization=organization_of(options),
        ),
        lambda topic: _instances_for(topic, context.configuration),
        of_change=options.changed,
    )
    if context.evidence is not None:
        inventory = inventory._replace(evidence=context.evidence.joined(inventory.evidence))
    unmatched = (*_unpaired(inventory, options), *_without_topic(options, inventory))
    unread = () if options.changed else topics_not_read(inventory)
    unread = (*unread, *(() if options.changed else evidence_of_other_keys(context.evidence, inventory.keys)))
    read = {absolute(path.as_posix()) for path in options.rcp}
    skipped = (one for one in inventory.skipped if one.error or absolute(one.what) not in read)
    return inventory._replace(skipped=(*skipped, *unmatched, *unread))


def organization_of(options: Options) -> Organization | None:
    """Read the organization policies that options name. Raises InputError."""
    if not options.rcp:
        return None
    from checker.inputs.organization_policy import load_organization  # only where there are options

    return load_organization(options.rcp)


_REFERENCE = pattern(r"[A-Za-z_#][\w.-]*\.[\w.\[\]\"-]+")


def _is_reference(text: str) -> bool:
    """True for an instance option that is a reference, such as ``aws_connect_instance.this.arn``."""
    return _REFERENCE.fullmatch(text) is not None


def _stated(instances: Iterable[OpenInstance], options: Options) -> Iterator[OpenInstance]:
    """Mark the declared instances that options name. Raises InputError for a reference that no file declares."""
    wanted = [text for text in options.instances if _is_reference(text)]
    known = list(instances)
    for text in wanted:
        if text not in {one.reference for one in known}:
            raise _unknown_reference(text, known)
    for one in known:
        yield one._replace(source=Source.OPTION) if one.reference in wanted else one


def _unknown_reference(text: str, known: Sequence[OpenInstance]) -> InputError:
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(one.reference for one in known))
    help_text = f"known: {names}" if names else "name an instance by its ARN"
    return InputError("--instance-arn", f"no file declares `{text}`", help_text=help_text)


def _unpaired(inventory: Inventory, options: Options) -> Iterator[Skipped]:
    """Report each --instance-arn without a topic: all topics are explicitly paired with other instances."""
    pairings = [pairing for topic in inventory.topics for pairing in topic.pairings or ()]
    paired = {str(arn) for pairing in pairings for arn in (pairing.instance, *pairing.replica_arns())}
    for text in dict.fromkeys(options.instances) if inventory.topics and not options.changed else ():
        if text not in paired and not _is_reference(text):
            reason = f"no topic was checked for `{text}`: manifests, the configuration or their own code name other instances"
            yield Skipped("--instance-arn", reason)


def _without_topic(options: Options, inventory: Inventory) -> Iterator[Skipped]:
    """Report --topic-arn and --topic-tag without a match, except with --changed."""
    if options.changed:
        return
    names = (str(topic.arn) for topic in inventory.topics if not isinstance(topic.arn, Unknown))
    yield from topics_not_found(options.topics, names)
    if options.topic_tags:
        from checker.inputs.coverage import misspelled  # only where there are options

        tags = {word for topic in inventory.topics for tag in topic.tags for word in (tag[0], "=".join(tag))}
        for tag in options.topic_tags:
            if tag not in tags:
                yield misspelled("--topic-tag", f"no examined topic has the tag `{tag}`", tag, tags)


def topics_not_found(patterns: Sequence[str], arns: Iterable[str]) -> Iterator[Skipped]:
    """Report the patterns of --topic-arn that match no topic."""
    if patterns:
        from checker.inputs.coverage import misspelled  # only where there are options

        known = {arn for arn in arns if arn.startswith("arn:")}
        for pattern in patterns:
            if not any(map(glob(pattern).matches, known)):
                reason = f"`{pattern}` matches no topic whose ARN is known"
                yield misspelled("--topic-arn", reason, pattern, known)


_NO_INVENTORY = Inventory()


def decide(
    report: Report, context: CheckContext, options: Options, inventory: Inventory = _NO_INVENTORY
) -> Run:
    """Apply the rule selection, and suppress findings by comments and configuration."""
    configuration = context.configuration
    report = choose(report, configuration, options.choice, context.families, absolute)
    if configuration.suppressions or inventory.comments:
        report = suppress(report, configuration, inventory.comments, _today(), absolute)
    return Run(
        report,
        context.fail_on(options),
        bool(configuration.strict if options.strict is None else options.strict),
        configuration,
        inventory,
        options.verbose,
    )


def absolute(name: str) -> str:
    """Return the absolute path of a file, with slashes."""
    return posixpath.normpath(posixpath.join(Path.cwd().as_posix(), name))


_CONFIG_HELP = "`--config FILE` reads it"


def _configuration(options: Options, names: set[str]) -> Configuration:
    for name in (*(options.choice.select or ()), *options.choice.ignore, *options.choice.severity):
        check_name(name, names, "options")
    _check_choice(options)
    path = options.configuration or (None if options.isolated else find_configuration(Path.cwd()))
    if path is None:
        return Configuration()
    file = Path(posixpath.relpath(absolute(path.as_posix()), absolute("")))
    is_named = options.configuration is not None
    unlimited = options.given.allow_outside
    with confined_to((file,), of_change=not is_named, allow_outside=unlimited, help_text=_CONFIG_HELP):
        return read_configuration(file, names, pipes=is_named)


def _check_topics(options: Options) -> None:
    """Refuse an instance as a topic in scope, quotes around an ARN and a wrong partition. Raises InputError."""
    for text in options.topics:
        from checker.inputs.arn_options import (  # only where there are options
            check_bare,
            check_partition,
            topic_option,
        )

        check_bare("--topic-arn", text)
        if is_instance_arn(text):
            topic_option("--topic-arn", text)
        arn = topic_arn(text)
        if arn is not None and is_plain(arn.partition):
            check_partition("--topic-arn", arn)


def _check_choice(options: Options) -> None:
    """Check that the options select a rule. Raises InputError."""
    choice = options.choice
    if not any(selects(choice, rule.id, rule.family) for rule in known_rules()):
        option = "--select" if choice.select is not None else "--ignore"
        raise InputError(option, "no rule is selected", help_text="`checker rules` lists the rules")


def _full_name(path: Path) -> str:
    return absolute(path.as_posix())


def _excluded(path: Path, configuration: Configuration) -> bool:
    return matches(configuration.exclude, configuration.relative(_full_name(path)))


def _instance(text: str, source: Source) -> Instance:
    return Instance(instance_option(text), source=source)


def _instances_for(topic: Topic, configuration: Configuration) -> tuple[Instance, ...]:
    """Return the configured instances for the file or the Terraform root of a topic."""
    paths = configuration.paths_of(absolute(topic.place.document.name), root_of(topic))
    for override in reversed(configuration.overrides):
        if override.instances and matches(override.paths, *paths):
            return tuple(_instance(text, Source.CONFIGURATION) for text in override.instances)
    return ()


def _scope(options: Options, configuration: Configuration) -> Scope:
    for text in options.topics:
        check_bare("--topic-arn", text)
    return Scope(
        bool(configuration.all_topics if options.all_topics is None else options.all_topics),
        (*options.topics, *configuration.topics),
        (*options.topic_tags, *configuration.topic_tags),
    )


def _today() -> str:
    from datetime import UTC, datetime  # only where something may have expired

    return datetime.now(UTC).date().isoformat()


def without_baselined(run: Run, options: Options) -> Run:
    """Suppress the findings of the baseline, if there is one. Raises InputError."""
    path = options.baseline or baseline_path(run.configuration)
    if path is None:
        return run
    from checker.configuration.baseline import (
        hold_back,  # only where there is a baseline
        read_baseline,
    )

    is_named = options.baseline is not None
    with confined_around(path, run.configuration, options, "" if is_named else "--baseline"):
        baseline = read_baseline(path, pipes=is_named)
    return run._replace(report=hold_back(run.report, baseline, name_of(path), relative_to(path)))


def baseline_path(configuration: Configuration) -> Path | None:
    """Return the baseline that a configuration names."""
    return Path(configuration.folder, configuration.baseline) if configuration.baseline else None


def relative_to(path: Path) -> Callable[[str], str]:
    """Return a function that names files relative to the folder of a baseline."""
    folder = path.absolute().parent.as_posix()

    def relative(name: str) -> str:
        return posixpath.relpath(absolute(name), folder) if is_file(name) else name

    return relative
