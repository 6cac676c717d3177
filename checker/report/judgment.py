"""Decides whether a finding of an earlier run is fixed, for the history of an audit and for Security Hub.

It is fixed only if the run judged its rule on its resource and on all resources that it affected, for the same
instances and with the same sources, or if AWS no longer has the resource. Everything else was not audited.

The rules about access of other callers divide the statements of a policy among them: a statement that becomes public
leaves one rule and enters another one. So that a rule passes proves that its own pattern is gone, and not that the access
is. A finding with a request as its witness is fixed only if the policy now refuses this request, or, in a run that did not
ask, if all rules about access passed. One without a request is not fixed while a rule about everyone does not pass.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn
from checker.core.finding import Verdict
from checker.core.record import NamedTuple
from checker.lint.audited import EVIDENCE, ORGANIZATION, RCP, TRAIL
from checker.lint.registry import all_rules, rule_named
from checker.lint.report import CONTRADICTED, UNMET
from checker.lint.rule import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from checker.core.finding import Finding
    from checker.lint.report import Examined
    from checker.lint.rule import Rule


class Judgment(NamedTuple):
    """Whether an earlier finding is fixed, and why it is or why that is not known.

    ``passed`` is true if its rule found nothing at all on its resource and those that it affected, which still exist.
    ``undetermined`` is true if the run judged it, and does not know the result.
    """

    fixed: bool
    reason: str = ""
    passed: bool = False
    undetermined: bool = False


def not_known(reason: str) -> Judgment:
    """Return the judgment of a finding that may still hold."""
    return Judgment(fixed=False, reason=reason)


class Earlier(NamedTuple):
    """What an earlier run found, and what the finding rests on.

    ``instances`` are those that its resources were checked for, ``sources`` are what the run read besides resources.
    ``whole`` is false if the record of one of them was cut. ``users`` are the topics that its key encrypted.
    ``request`` shows that access is open: see `shown_request`.
    """

    rule: str
    resource: str
    affects: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    sources: AbstractSet[str] = frozenset()
    expectation: str = ""
    whole: bool = True
    users: tuple[str, ...] = ()
    request: str = ""


def shown_request(finding: Finding) -> str:
    """Return the request, as JSON text, that the policy of a finding's own resource allows others; empty without one."""
    rule = rule_named(finding.rule)
    if rule is None or not rule.opens or finding.witness is None:
        return ""
    request = finding.witness.request
    is_own = request.get("resource") == finding.resource
    return json.dumps(request, sort_keys=True, separators=(",", ":")) if is_own else ""


def digest_of(request: str) -> str:
    """Return a short name of a request, under which a run records that it is refused."""
    from hashlib import sha256  # imported here because a plain check does not need it

    return sha256(request.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Judged:
    """What a run judged. A resource may be examined several times, by several accounts.

    ``absence_of`` decides about a resource or instance that was not examined: whether AWS no longer has it.
    ``unseen_users`` says why a topic that was not examined may use a key, empty if none can.
    """

    def __init__(
        self,
        examined: Iterable[Examined],
        absence_of: Callable[[str], Judgment],
        unseen_users: Callable[[str], str],
    ) -> None:
        self._absence_of = absence_of
        self._unseen_users = unseen_users
        self._rules = {rule.id: rule for rule in all_rules()}
        self._examined: dict[str, list[Examined]] = {}
        for target in examined:
            self._examined.setdefault(target.resource, []).append(target)

    def instances_for(self, *names: str) -> tuple[str, ...]:
        """Return the instances that resources were checked for."""
        pairings = (one for name in names for target in self.of(name) for one in target.pairings)
        return tuple(dict.fromkeys(str(pairing.instance) for pairing in pairings))

    def of(self, name: str) -> Sequence[Examined]:
        """Return the results about a resource."""
        return self._examined.get(name, ())

    def judgment_of(self, earlier: Earlier, sources: AbstractSet[str]) -> Judgment:
        """Decide whether an earlier finding that the run does not report is fixed.

        ``sources`` are what the run read besides resources.
        """
        targets = self.of(earlier.resource)
        if not targets:
            return self._of_unexamined(earlier)
        obstacle = next(self._obstacles(earlier, targets, sources), None)
        return obstacle or Judgment(fixed=True, passed=self._passed(earlier))

    def _obstacles(
        self, earlier: Earlier, targets: Sequence[Examined], sources: AbstractSet[str]
    ) -> Iterator[Judgment]:
        """Yield the reasons why the run did not judge all that an earlier finding was about."""
        unjudged = (reason for name in earlier.affects for reason in self._unjudged(name))
        yield from map(not_known, unjudged)
        yield from self._open_results(earlier, targets)
        if not earlier.whole:
            yield not_known("the record of what it was about was cut")
        if earlier.expectation and any(not _is_proven(one, earlier.expectation) for one in targets):
            yield not_known("its expectation was not checked")
        yield from map(not_known, self._unread_sources(earlier, sources))
        yield from map(not_known, self._left_instances(earlier))
        for name in earlier.affects:
            judging = (one for one in self.of(name) if earlier.rule in one.verdicts)
            yield from _undecided(judging, earlier.rule)

    def _open_results(self, earlier: Earlier, targets: Sequence[Examined]) -> Iterator[Judgment]:
        """Yield why it is not certain that the rule, and what it leaves to other rules, found nothing on the resource."""
        results = [list(_undecided([target], earlier.rule)) for target in targets]
        one_is_enough = not self._depends_on_instances(earlier.rule)
        if not one_is_enough or all(results):
            yield from (reason for reasons in results for reason in reasons)
        if not all(self._is_closed(target, earlier) for target in targets):
            yield Judgment(fixed=False, reason=self._still_open(targets), undetermined=True)

    def _still_open(self, targets: Sequence[Examined]) -> str:
        """Return the reason for access that may remain, with the rules that report it."""
        rules = (rule for rule in self._rules.values() for one in targets if _is_about_access(rule, one))
        failed = [
            rule.id for rule in rules if any(one.verdicts.get(rule.id) is Verdict.FAIL for one in targets)
        ]
        named = ", ".join(f"`{name}`" for name in dict.fromkeys(failed))
        return f"what it showed may still be allowed{f': see {named}' if named else ''}"

    def _is_closed(self, target: Examined, earlier: Earlier) -> bool:
        """True if the policy of a resource certainly does not give the access that a finding reported."""
        asked = target.refuses.get(digest_of(earlier.request)) if earlier.request else None
        if asked is not None:
            return asked
        rule = self._rules.get(earlier.rule)
        if rule is None or not _is_about_access(rule, target):
            return True
        others = [one for one in self._rules.values() if _is_about_access(one, target)]
        if earlier.request:
            return all(target.verdicts.get(one.id) is Verdict.PASS for one in others)
        return all(
            target.verdicts.get(one.id, Verdict.PASS) is Verdict.PASS for one in others if one.about_everyone
        )

    def _left_instances(self, earlier: Earlier) -> Iterator[str]:
        """Yield the instances that the finding was about and the run not. A rule about others judges all instances."""
        rule = self._rules.get(earlier.rule)
        if self._depends_on_instances(earlier.rule) and not (rule is not None and rule.opens):
            missing = (arn for arn in earlier.instances if not self._covers(arn, earlier))
            yield from (f"not checked for {arn}" for arn in missing)

    def _unread_sources(self, earlier: Earlier, sources: AbstractSet[str]) -> Iterator[str]:
        """Yield the sources without which the rule cannot tell whether the finding still applies.

        Without organization policies, AWS is taken to deny nothing. Those that AWS Organizations has decide what those
        of a file only claim. Observed uses of a key never decide against a proof, except that they contradict it.
        """
        rule = self._rules.get(earlier.rule)
        is_denial = rule is not None and rule.link is Link.ORGANIZATION_POLICY
        rests_on_policies = is_denial or earlier.rule == UNMET or (rule is not None and rule.reads_endpoints)
        if rests_on_policies and ORGANIZATION not in sources:
            policies = {one for one in earlier.sources if one == ORGANIZATION or one.startswith(RCP)}
            if not policies <= sources or (is_denial and not policies):
                yield "the organization policies that it rests on were not read"
        if any(not _is_source(one) for one in earlier.sources):
            yield "it rests on a source that this version does not know"
        if earlier.rule == CONTRADICTED:
            seen = {one for one in earlier.sources if one == TRAIL or one.startswith(EVIDENCE)}
            if not seen <= sources:
                yield "the observed uses of the key that it rests on were not read"

    def _depends_on_instances(self, rule_id: str) -> bool:
        """True unless a rule is about a topic's subscriptions only, which are the same for all instances."""
        rule = self._rules.get(rule_id)
        return rule is None or rule.link is not None or rule.family != "sns"

    def _unjudged(self, name: str) -> Iterator[str]:
        """Yield why a resource that a finding affected was not looked at; nothing if it is gone."""
        if not self.of(name):
            absence = self._absence_of(name)
            if not absence.fixed:
                yield f"{name}: {absence.reason}"

    def _covers(self, instance: str, earlier: Earlier) -> bool:
        """True if the resources of a finding were checked for an instance, or it does not exist any more."""
        is_checked = instance in self.instances_for(earlier.resource, *earlier.affects)
        return is_checked or self._absence_of(instance).fixed

    def _of_unexamined(self, earlier: Earlier) -> Judgment:
        """Decide about a resource that was not checked. A key is not, if no topic uses it any more."""
        absence = self._absence_of(earlier.resource)
        topics = earlier.affects or earlier.users
        if absence.fixed or not topics or not earlier.whole:
            return absence
        unjudged = next((reason for name in topics for reason in self._unjudged(name)), "")
        unseen = unjudged or self._unseen_users(earlier.resource)
        if unseen:
            return not_known(unseen)
        if any(not is_other_key(key, earlier.resource) for key in self._keys_near(earlier.resource)):
            return absence
        return Judgment(fixed=True, reason="no listed topic uses the key any more")

    def _keys_near(self, key: str) -> AbstractSet[str | None]:
        """Return the keys of all examined topics in the Region of a key: it encrypts no others."""
        arn = Arn.parse(key)
        return (
            self._keys.get(arn.region, frozenset())
            if arn is not None
            else frozenset().union(*self._keys.values())
        )

    @cached_property
    def _keys(self) -> Mapping[str, AbstractSet[str | None]]:
        """The keys of the examined topics by Region, ``None`` for one that is not known."""
        keys: dict[str, set[str | None]] = {}
        for targets in self._examined.values():
            for target in targets:
                arn = Arn.parse(target.resource) if target.kind == "topic" else None
                if arn is not None:
                    keys.setdefault(arn.region, set()).add(target.key)
        return keys

    def _passed(self, earlier: Earlier) -> bool:
        """True if the rule passed on the resource and on those that it affected and judges. Nothing is undecided."""
        names = (earlier.resource, *earlier.affects)
        verdicts = [one.verdicts.get(earlier.rule, Verdict.PASS) for name in names for one in self.of(name)]
        return all(self.of(name) for name in names) and set(verdicts) == {Verdict.PASS}


def _is_about_access(rule: Rule, target: Examined) -> bool:
    """True for a rule about others' access to a resource of its kind, by its own policy."""
    return rule.opens and not rule.reads_endpoints and rule.judges(f"check_{target.kind}")


def is_other_key(key: str | None, resource: str) -> bool:
    """True if a topic is certainly not encrypted with a key: a name of a key may be an alias of any key."""
    if not key or is_managed_key(key):
        return key is not None
    arn = Arn.parse(key)
    return arn is not None and arn.resource.startswith("key/") and key != resource


def _is_source(word: str) -> bool:
    return word in (TRAIL, ORGANIZATION) or word.startswith((EVIDENCE, RCP))


def _is_proven(target: Examined, expectation: str) -> bool:
    return target.expectations.get(expectation) in (Verdict.PASS, Verdict.FAIL)


def _undecided(targets: Iterable[Examined], rule: str) -> Iterator[Judgment]:
    """Yield why a rule has no certain result; it may have failed for one subscription and left another one open."""
    for target in targets:
        doubt = target.doubts.get(rule)
        if rule not in target.verdicts:
            yield not_known("its rule was not checked")
        elif target.verdicts[rule] is Verdict.UNDETERMINED or doubt is not None:
            reason = doubt.reason.removeprefix("not known ") if doubt else ""
            text = f"not known: {reason}" if reason else "not known"
            yield Judgment(fixed=False, reason=text, undetermined=True)
