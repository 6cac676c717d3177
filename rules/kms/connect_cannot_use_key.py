"""The rule `connect-cannot-use-key`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import is_deliberate
from checker.analysis.key_names import is_key_reference, is_managed_key
from checker.analysis.policy import names_connect
from checker.analysis.seen import seen_of
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.fixes.grants import allow_key
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding, Location

_HELP = "allow `kms:GenerateDataKey*` and `kms:Decrypt` on `*` for connect.amazonaws.com in the key policy"
_ONE = "keep one resource that writes the policy, and put all statements in it"
_MORE = "also supply the descriptions of the topic, the key and the instance, which the condition depends on"
_SUPPLY_VALUES = (
    "supply the values: `--var NAME=VALUE` for Terraform, `--parameter NAME=VALUE` for CloudFormation"
)


class ConnectCannotUseKey(Rule):
    """The key of an encrypted topic does not let Amazon Connect use it.

    ## What it finds

    Keys whose policy and grants do not allow connect.amazonaws.com both `kms:GenerateDataKey` and `kms:Decrypt`.
    The result is undetermined if the key policy was not supplied. If the result depends on a condition that AWS
    does not document for Connect, `unverified-key-condition` reports it.

    Several resources that write the policy of one key, such as the `policy` of an `aws_kms_key` and an
    `aws_kms_key_policy`, are a warning if they differ in what they let Connect do. The last one that is deployed
    wins.

    ## What it proves

    PASS, if `wrong-key-service` and `aws-managed-key` pass too, means that the key
    policy or a grant allows both actions when Connect publishes to the topic,
    whatever the value of condition keys that AWS does not document. If such a key
    decides, PASS rests on evidence, and the report says "seen to work". The state
    of the key and organization policies have rules of their own: `unusable-key`,
    `denied-by-organization-policy`. If no list of grants was supplied, the key is
    taken to have none.

    ## Why it matters

    To publish to an encrypted topic, the publisher needs access to the key. The statement for the account's root
    user does not cover services. If KMS denies access to the key, no SNS metric shows it.

    ## Example

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
         "Action": "kms:*", "Resource": "*"}

    ## Use instead

    In addition:

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Fix safety

    Adding the statement grants Connect the two actions that AWS documents. It removes no access.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/troubleshoot-message-streaming.html
    """

    id = "connect-cannot-use-key"
    family = "kms"
    summary = "the key of an encrypted topic does not let Amazon Connect use it"
    severity = Severity.ERROR
    fixable = True
    link = Link.KEY_POLICY
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Report a key that the topic names but that was not supplied."""
        if is_managed_key(case.topic.key):
            return  # aws-managed-key reports it
        if isinstance(case.topic.key, Unknown):
            yield case.topic.key
        elif isinstance(case.key, Unknown) and is_key_reference(case.topic.key or ""):
            message = f"the topic is encrypted with `{case.topic.key}`, but its key policy was not supplied"
            help_text = "also supply the output of `aws kms get-key-policy` and `aws kms describe-key`"
            yield self.undetermined(
                case.name, message, case.here(case.topic.settings.key.place), help=help_text
            )

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Check both actions that Connect needs."""
        if case.key.manager == "AWS":
            return  # aws-managed-key reports it
        if case.key.doubt is not None:
            message = f"not known whether Connect can use the key: {case.key.doubt.described}"
            yield self.undetermined(case.name, message, case.here(), help=_SUPPLY_VALUES)
        if isinstance(case.text, Unknown):
            message = f"not known whether Connect can use the key: {case.text.described}"
            yield self.undetermined(case.name, message, case.here())
            yield from self._competing(case)
        elif not case.grants_sns_instead:
            missing = [action for action, truth in case.usable if truth is False]
            doubts = [truth for _, truth in case.usable if isinstance(truth, Unknown)]
            if missing:
                message = f"the key does not let Connect do {' and '.join(f'`{one}`' for one in missing)}"
                message += f"; {_denying(case)} denies it" if case.denying else ""
                fixes = allow_key(case)
                yield self.finding(case.name, message, _nearest(case), help=_help(case), fixes=fixes)
            elif doubts and case.unverified:
                seen = seen_of(case)
                if seen is None or seen.usable is None:
                    yield doubts[0]  # unverified-key-condition reports the condition
            elif doubts:
                message = f"not known whether Connect can use the key: {doubts[0].described}"
                yield self.undetermined(case.name, message, _nearest(case), help=_MORE)

    def _competing(self, case: KeyAnalysis) -> Iterator[Finding]:
        """Report several resources that write the policy, of which not all let Connect use the key alike."""
        if case.writers_differ:
            places = [case.here(writer.place) for writer in case.key.writers]
            message = f"{len(places)} resources write the policy of `{case.name}` and differ in what they let Connect do"
            message += "; the last one deployed wins"
            yield self.finding(case.name, message, places, severity=Severity.WARNING, help=_ONE)


def _nearest(case: KeyAnalysis) -> list[Location]:
    """Locate the closest statements: the Denies that apply, or those for Connect."""
    nearest = case.denying or [one for one in case.statements if names_connect(one)]
    return [case.at(statement.route) for statement in nearest] or [case.at(("Statement",))]


def _denying(case: KeyAnalysis) -> str:
    return " and ".join(one.title for one in case.denying)


def _help(case: KeyAnalysis) -> str:
    """Say to lift the Denies, and to allow what is not allowed without them."""
    if not case.denying:
        return _HELP
    purpose = "; it may be there to stop Connect" if any(map(is_deliberate, case.denying)) else ""
    more = "" if case.is_allowed_without_denies else f". Then {_HELP}"
    return f"exempt Connect from {_denying(case)}{purpose}{more}"
