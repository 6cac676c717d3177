"""The rule `excess-connect-actions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.policy import unread_actions
from checker.analysis.wording import listed
from checker.core.finding import Severity
from checker.iam.decide.elements import covered
from checker.iam.prove.space import ADMINISTER, PUBLISH, SUBSCRIBE
from checker.lint.fixes.grants import narrow_topic_grant
from checker.lint.rule import Link, Rule
from checker.policy.model import Patterns
from checker.policy.names import TOPIC_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown
    from checker.policy.model import Statement

_HELP = "give connect.amazonaws.com its own statement that allows only `sns:Publish`"


class ExcessConnectActions(Rule):
    """A statement lets Amazon Connect do more than publish.

    ## What it finds

    Allow statements for connect.amazonaws.com that cover actions other than `sns:Publish`. A warning if one
    of them lets the service subscribe to the topic or change it. A note if they only read.

    ## What it proves

    PASS means that no Allow that names connect.amazonaws.com covers another action
    that AWS lists for topic policies. Conditions and Deny statements are not
    weighed, so a finding may be about access that another statement takes away. `*`
    as the principal is left to `public-topic`. Actions and principals that were not
    read are not known.

    ## Why it matters

    Streaming needs only `sns:Publish`. AWS's own sample stack adds `sns:Subscribe`, which is not needed.
    Without a source condition, it lets any AWS customer's instance subscribe.

    ## Example

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["sns:Publish", "sns:Subscribe"], "Resource": "..."}

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": "sns:Publish", "Resource": "..."}

    ## Fix safety

    Removing the other actions does not affect chat streaming. AWS documents no feature of Connect that uses
    them.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    """

    id = "excess-connect-actions"
    family = "sns"
    summary = "a statement lets Amazon Connect do more than publish"
    severity = Severity.WARNING
    fixable = True
    link = Link.TOPIC_POLICY
    opens = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Report the actions that each statement for Connect allows in addition to publishing."""
        yield from case.unread_principals
        for statement in case.allows_by_name:
            excess = _excess(statement)
            yield from unread_actions(statement)
            if not excess or not isinstance(statement.actions, Patterns):
                continue
            yield self.finding(
                case.name,
                f"{statement.title} lets Connect do {listed(excess)} in addition to `{PUBLISH}`",
                case.at((*statement.route, statement.actions.element)),
                severity=Severity.WARNING if _is_grave(excess[0]) else Severity.NOTE,
                help=_HELP,
                fixes=narrow_topic_grant(case, statement),
            )


def _excess(statement: Statement) -> list[str]:
    """Return the allowed actions that publishing does not need, the most serious first."""
    excess = [action for action in covered(statement.actions, TOPIC_ACTIONS) if action != PUBLISH]
    return sorted(excess, key=lambda action: (not _is_grave(action), action))


def _is_grave(action: str) -> bool:
    return action in (*ADMINISTER, SUBSCRIBE)
