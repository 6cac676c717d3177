"""Output of the AWS CLI about what subscriptions deliver to: their attributes, functions and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.discover import home_of, name_of
from checker.inputs.kinds.kind import Kind
from checker.policy.node import Object, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match


_NO_FUNCTION = "the policy does not name one function, version or alias"


def _with(mark: str) -> Callable[[Object], Match | None]:
    """Return a function that recognizes attributes by one of them."""

    def match(root: Object) -> Match | None:
        attributes = root.get("Attributes")
        is_ours = isinstance(attributes, Object) and text_of(attributes.get(mark)) is not None
        return (attributes, ("Attributes",)) if is_ours and attributes is not None else None

    return match


def _match_function(root: Object) -> Match | None:
    """Recognize the output of get-policy, which has a revision beside the policy."""
    policy = root.get("Policy")
    is_ours = text_of(root.get("RevisionId")) is not None and ":lambda:" in (text_of(policy) or "")
    return (policy, ("Policy",)) if policy is not None and is_ours else None


def _subscription(facts: Facts, found: Found) -> None:
    from checker.inputs.aws_cli_endpoints import read_subscription  # policies do not need it

    if isinstance(found.node, Object):
        topic, subscription = read_subscription(found.document, found.node, found.route)
        facts.described.setdefault(topic, []).append(subscription)


def _queue(facts: Facts, found: Found) -> None:
    from checker.inputs.aws_cli_endpoints import read_queue  # as above

    facts.others.add(home_of(found.path))
    if isinstance(found.node, Object):
        facts.queues.append(read_queue(found.document, found.node, found.route))


def _function(facts: Facts, found: Found) -> None:
    from checker.inputs.aws_cli_endpoints import read_function_policy  # as above

    facts.others.add(home_of(found.path))
    function = read_function_policy(found.document, found.node, found.route)
    if function is None:
        facts.skipped.append(Skipped(name_of(found.path), _NO_FUNCTION))
    else:
        facts.functions.append(function)


KINDS = (
    Kind("the attributes of a subscription", _with("SubscriptionArn"), _subscription),
    Kind("the attributes of a queue", _with("QueueArn"), _queue),
    Kind("the resource policy of a function", _match_function, _function),
)
