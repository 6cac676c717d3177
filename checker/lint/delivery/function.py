"""Checks whether SNS may invoke a subscribed Lambda function.

https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
https://docs.aws.amazon.com/sns/latest/dg/lambda-prereq.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import LAMBDA
from checker.core.arn import Arn
from checker.core.unknown import Truth, Unknown
from checker.iam.prove import prove
from checker.iam.prove.service_space import INVOKE, delivery_space
from checker.lint.delivery.model import DeliveryWarning, Step, exists_step, step, target_of
from checker.lint.delivery.other_senders import Words, other_senders
from checker.lint.delivery.regions import delivers
from checker.lint.status import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Function
    from checker.iam.prove.space import Target


_GONE_HELP = "unsubscribe it, and subscribe an existing function"
_HELP = "allow it with `aws lambda add-permission --function-name {name}{qualifier} --statement-id AllowSns --action lambda:InvokeFunction --principal sns.amazonaws.com --source-arn {topic}`"

_CODE_HELP = "declare an `{kind}` that allows `lambda:InvokeFunction` to sns.amazonaws.com with the ARN of the topic as source"


def function_steps(function: Function | Unknown, topic: Arn) -> tuple[Step, ...]:
    """Check that the function exists, and that its resource policy lets SNS invoke it for the topic."""
    first = exists_step("function", function, "the function does not exist", _GONE_HELP)
    if isinstance(function, Unknown) or first.status == BROKEN:
        return (first,)
    policy = _policy_step(function, topic)
    return (policy,) if isinstance(function.exists, Unknown) and policy.status == BROKEN else (first, policy)


def _policy_step(function: Function, topic: Arn) -> Step:
    """Check the resource policy, which alone decides, because a service principal has no identity policy."""
    truth, noun = _may_invoke(function, topic), "version or alias" if function.qualifier else "function"
    bad = "the function policy does not let SNS invoke it for the topic"
    if function.policy is None:
        may_be_gone = "does not exist or " if isinstance(function.exists, Unknown) else ""
        bad = f"the {noun} {may_be_gone}has no resource policy, so SNS may not invoke it"
    good = "the function policy lets SNS invoke it for the topic"
    return step("function_policy", truth, good, bad, _help(function, topic))


def _help(function: Function, topic: Arn) -> str:
    """Return how to allow the invocation: in the code that declares the function, else in AWS."""
    if function.address:
        kind = "aws_lambda_permission" if "aws_lambda_" in function.address else "AWS::Lambda::Permission"
        return _CODE_HELP.format(kind=kind)
    qualifier = f" --qualifier {function.qualifier}" if function.qualifier else ""
    name = function.arn if isinstance(function.arn, Arn) else function.name
    return _HELP.format(name=name, qualifier=qualifier, topic=topic)


def _may_invoke(function: Function, topic: Arn) -> Truth:
    if isinstance(function.policy, Unknown):
        return function.policy
    if function.policy is None:
        return False if function.more is None else function.more
    policy, target = function.policy.policy, _target(function)

    def ask(principal: str) -> Truth:
        return prove.one_request(policy, delivery_space(target, topic, principal, INVOKE)).truth

    return delivers(ask, LAMBDA, topic, function.arn, function.more)


def _target(function: Function) -> Target:
    """Return the function as the resource of requests, with the version or alias that is invoked."""
    target = target_of(function)
    return target._replace(resource=function.name) if isinstance(function.arn, Arn) else target


def other_invokers(function: Function | Unknown, topic: Arn) -> Iterator[DeliveryWarning | Unknown]:
    """Yield other callers that the resource policy allows: any AWS account, or topics of other accounts."""
    if isinstance(function, Unknown):
        yield function
        return
    words = Words(
        "can invoke the function",
        "limit the function policy to the intended callers",
        f"add `--source-arn {topic}` to the permission that lets SNS invoke it",
    )
    yield from other_senders(function, _target(function), topic, INVOKE, words)
