"""The rule `connect-cannot-use-key`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import is_key_reference, is_managed_key
from checker.analysis.topic import names_connect
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.fixes.grants import allow_key
from checker.lint.rule import Link, Rule
from checker.policy.model import DENY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding, Location

_HELP = 'allow "kms:GenerateDataKey*" and "kms:Decrypt" on "*" to connect.amazonaws.com in the key policy'
_MORE = (
    "give what describes the topic, the key and the instance as well, so that the condition can be decided"
)
_SETTLE = "give the values: `--var NAME=VALUE` for Terraform, `--parameter NAME=VALUE` for CloudFormation"


class ConnectCannotUseKey(Rule):
    """The key of an encrypted topic does not let Amazon Connect use it.

    ## What it finds

    Keys whose policy and grants do not give connect.amazonaws.com both `kms:GenerateDataKey` and
    `kms:Decrypt`. Undetermined when the key policy was not given; where it hangs on a condition that AWS
    does not document for Connect, `unverified-key-condition` says so.

    ## Why it matters

    To publish to an encrypted topic the publisher needs the key. The statement for the account's root
    does not cover services, and a refused key shows in no SNS metric.

    ## Example

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
         "Action": "kms:*", "Resource": "*"}

    ## Use instead

    Beside it:

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Fix safety

    Adding the statement gives Connect the two actions that AWS documents, and takes nothing from anybody.

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
        """Report a key that the topic names and nobody described."""
        if is_managed_key(case.topic.key):
            return  # aws-managed-key says so
        if isinstance(case.topic.key, Unknown):
            yield case.topic.key
        elif isinstance(case.key, Unknown) and is_key_reference(case.topic.key or ""):
            message = f"the topic is encrypted with `{case.topic.key}`, whose key policy was not given"
            help_text = "give the outputs of `aws kms get-key-policy` and `aws kms describe-key` as well"
            yield self.undetermined(case.name, message, case.here(case.topic.key_place), help=help_text)

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Ask for both actions."""
        if case.key.manager == "AWS":
            return  # aws-managed-key says so
        if case.key.doubt is not None:
            message = f"whether Connect can use the key is not known: {case.key.doubt.told}"
            yield self.undetermined(case.name, message, case.here(), help=_SETTLE)
        if isinstance(case.text, Unknown):
            message = f"whether Connect can use the key is not known: {case.text.told}"
            yield self.undetermined(case.name, message, case.here())
        elif not case.grants_sns_instead:
            missing = [action for action, truth in case.usable if truth is False]
            doubts = [truth for _, truth in case.usable if isinstance(truth, Unknown)]
            if missing:
                message = f"the key does not let Connect do {' and '.join(f'`{one}`' for one in missing)}"
                fixes = allow_key(case)
                yield self.finding(case.name, message, _nearest(case), help=_HELP, fixes=fixes)
            elif doubts and case.unverified:
                yield doubts[0]  # unverified-key-condition says which
            elif doubts:
                message = f"whether Connect can use the key is not known: {doubts[0].told}"
                yield self.undetermined(case.name, message, _nearest(case), help=_MORE)


def _nearest(case: KeyAnalysis) -> list[Location]:
    """Point at the statements that come closest: those for Connect, the Denies if there are any."""
    ours = [statement for statement in case.statements if names_connect(statement)]
    nearest = [statement for statement in ours if statement.effect == DENY] or ours
    return [case.at(statement.route) for statement in nearest] or [case.at(("Statement",))]
