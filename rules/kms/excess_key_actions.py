"""The rule `excess-key-actions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.policy import unread_actions
from checker.analysis.wording import listed
from checker.core.finding import Severity
from checker.iam.decide.elements import covered
from checker.iam.prove.space import DATA_KEY, DECRYPT, DESCRIBE, KEY_TAKEOVER, KEY_USES
from checker.lint.fixes.grants import narrow_key_grant
from checker.lint.rule import Link, Rule
from checker.policy.model import Patterns
from checker.policy.names import KEY_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown
    from checker.policy.model import Statement

_HELP = (
    "give connect.amazonaws.com its own statement that allows only `kms:GenerateDataKey*` and `kms:Decrypt`"
)


class ExcessKeyActions(Rule):
    """The key policy lets Amazon Connect do more than use the key.

    ## What it finds

    Statements that allow connect.amazonaws.com more than `kms:GenerateDataKey*` and `kms:Decrypt`. A warning if
    the service can change, share or delete the key. A note if it only gets other ways to use the key.
    `kms:DescribeKey` is not reported, because AWS documents it for Amazon Q in Connect with chat.

    ## What it proves

    PASS means that no Allow that names connect.amazonaws.com covers another action
    of a key that AWS lists. Conditions and Deny statements are not weighed, so a
    finding may be about access that another statement takes away. Grants of the
    key, and `*` as the principal (`open-key-policy`), are not looked at. Actions
    and principals that were not read are not known.

    ## Why it matters

    The sample in the AWS documentation adds the service to the statement for the account's root user, with
    `kms:*`. It works, but it lets the service replace the key policy and schedule the deletion of the key.

    ## Example

        "Principal": {"AWS": "arn:aws:iam::111122223333:root", "Service": "connect.amazonaws.com"},
        "Action": "kms:*"

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Fix safety

    The fix removes the actions that chat streaming does not use. Another feature of Connect that is encrypted
    with the same key may use them.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/enable-q.html
    """

    id = "excess-key-actions"
    family = "kms"
    summary = "the key policy lets Amazon Connect do more than use the key"
    severity = Severity.WARNING
    fixable = True
    link = Link.KEY_POLICY
    opens = True

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Report the actions that each statement for Connect allows but does not need."""
        yield from case.unread_principals
        for statement in case.allows_by_name:
            yield from unread_actions(statement)
            excess = _excess(statement)
            serious = [action for action in excess if action not in KEY_USES]
            if not excess or not isinstance(statement.actions, Patterns):
                continue
            yield self.finding(
                case.name,
                f"{statement.title} lets Connect do {listed(serious or excess)}",
                case.at((*statement.route, statement.actions.element)),
                severity=Severity.WARNING if serious else Severity.NOTE,
                help=_HELP,
                fixes=narrow_key_grant(case, statement),
            )


def _excess(statement: Statement) -> list[str]:
    """Return the allowed actions that publishing does not need, the most serious first."""
    allowed = covered(statement.actions, KEY_ACTIONS)
    excess = [action for action in allowed if not action.startswith((DATA_KEY, DECRYPT, DESCRIBE))]
    return sorted(excess, key=lambda action: (action not in KEY_TAKEOVER, action))
