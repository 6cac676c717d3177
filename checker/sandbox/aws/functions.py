"""Lambda functions: their policies, of which moto keeps one for all qualifiers, and whether Amazon SNS can invoke them.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
AWS documents that a policy belongs to the function, or to the version or alias that a qualifier names.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from botocore.exceptions import ClientError
from moto.awslambda.utils import get_backend

from checker.sandbox.aws.service_requests import (
    Cause,
    is_opt_in,
    place_of,
    service_context,
    sns_source,
)
from checker.sandbox.connect.contacts import new_id
from checker.sandbox.http.call import Answer, RefusedError, json_answer
from checker.sandbox.policy.decide import ALLOWED, PolicyRequest, Principal, decide

if TYPE_CHECKING:
    from checker.sandbox.aws.service_requests import TopicArn
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.call import Call, Next


_INVOKE = (
    "AWS documents: to let Amazon SNS invoke a function, grant sns.amazonaws.com lambda:InvokeFunction in "
    "the function's resource-based policy"
)
_GONE = "AWS documents that deliveries fail when an owner deletes the endpoint, and are not retried"
_REGIONS = "AWS documents no delivery to a function from a default Region to an opt-in Region, or between opt-in Regions"
_NAME = re.compile(
    r"(?:arn:[^:]+:lambda:[^:]+:)?(?:\d{12}:)?(?:function:)?(?P<name>[\w-]+)(?::(?P<qualifier>[$\w-]+))?"
)


class FunctionName(NamedTuple):
    """A function and its qualifier: a version, an alias, or empty."""

    name: str
    qualifier: str

    def arn(self, account: str, region: str) -> str:
        """Return the ARN that the statements of the policy have as their resource."""
        bare = f"arn:aws:lambda:{region}:{account}:function:{self.name}"
        return f"{bare}:{self.qualifier}" if self.qualifier else bare


def read_function_name(text: str, qualifier: str = "") -> FunctionName | None:
    """Parse a function's name, partial ARN or ARN; ``None`` for other texts. A qualifier in the text comes first."""
    match = _NAME.fullmatch(text)
    return FunctionName(match["name"], match["qualifier"] or qualifier) if match else None


def function_refusal(upstream: Upstream, endpoint: str, topic: TopicArn) -> Cause | None:
    """Return the first cause that prevents a topic from invoking a function, ``None`` if there is none."""
    function = read_function_name(endpoint)
    if function is None or not endpoint.startswith("arn:"):
        return Cause("the function does not exist", _GONE)
    account, region = place_of(endpoint)
    if region != topic.region and is_opt_in(upstream, region):
        return Cause("the function is in an opt-in Region and the topic in another Region", _REGIONS)
    if not _exists(upstream, account, region, function):
        return Cause("the function does not exist", _GONE)
    source = sns_source(upstream, topic, region)
    request = PolicyRequest(
        Principal(service=source.service),
        "lambda:InvokeFunction",
        endpoint,
        service_context(upstream, source, account, region),
    )
    decision = decide(_document(_statements(account, region, function)), request)
    return None if decision == ALLOWED else Cause(f"the function policy: {decision}", _INVOKE)


def _exists(upstream: Upstream, account: str, region: str, function: FunctionName) -> bool:
    """Return whether a function, and the version or alias of its qualifier, exists."""
    qualified = {"Qualifier": function.qualifier} if function.qualifier else {}
    try:
        upstream.client("lambda", account, region).get_function(FunctionName=function.name, **qualified)
    except ClientError:
        return False
    return True


def _moto_policy(account: str, region: str, function: FunctionName) -> Any:
    """Return moto's policy of an existing function. It has the statements of all qualifiers, and can be changed."""
    return get_backend(account, region).get_function(function.name).policy


def _statements(account: str, region: str, function: FunctionName) -> list[dict[str, Any]]:
    """Return the statements of the policy of a function, version or alias, as their resource shows."""
    arn = function.arn(account, region)
    held: list[dict[str, Any]] = _moto_policy(account, region, function).statements
    return [statement for statement in held if statement.get("Resource") == arn]


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Id": "default", "Statement": statements}


_OPERATIONS = ("AddPermission", "GetPolicy", "RemovePermission")
_INVOCATIONS = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")
_MISSING = "The resource you requested does not exist."


class LambdaService:
    """Stage in front of moto's Lambda: policies, and no invocations. Assumed: the wording of the errors."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if call.service == "lambda" and call.action in _INVOCATIONS:
            raise RefusedError("UnknownOperationException", "the sandbox runs no functions", 404)
        function = read_function_name(call.text("FunctionName"), call.text("Qualifier"))
        if call.service != "lambda" or call.action not in _OPERATIONS or function is None:
            return proceed(call)
        if not _exists(self._upstream, call.account, call.region, function):
            arn = function.arn(call.account, call.region)
            raise RefusedError("ResourceNotFoundException", f"Function not found: {arn}", 404)
        statements = _statements(call.account, call.region, function)
        if call.action == "AddPermission":
            return _add(call, function, statements, proceed)
        policy = _moto_policy(call.account, call.region, function)
        if call.action == "RemovePermission":
            return _remove(call, policy, statements)
        if not statements:
            raise RefusedError("ResourceNotFoundException", _MISSING, 404)
        return json_answer({"Policy": json.dumps(_document(statements)), "RevisionId": policy.revision})


def _add(call: Call, function: FunctionName, statements: list[dict[str, Any]], proceed: Next) -> Answer:
    """Add a statement. "Lambda does not support adding policies to version $LATEST"; assumed: the error codes."""
    sid = call.text("StatementId")
    if function.qualifier == "$LATEST":
        raise RefusedError("InvalidParameterValueException", "$LATEST cannot have a resource-based policy.")
    if any(statement.get("Sid") == sid for statement in statements):
        message = f"The statement id ({sid}) provided already exists."
        raise RefusedError("ResourceConflictException", message, 409)
    query = urlencode({"Qualifier": function.qualifier} if function.qualifier else {})
    path = f"/2015-03-31/functions/{function.name}/policy"
    raw = f"{path}?{query}"
    place = {"PATH_INFO": path, "QUERY_STRING": query, "RAW_URI": raw, "REQUEST_URI": raw}
    return proceed(replace(call, environ={**call.environ, **place}))


def _remove(call: Call, policy: Any, statements: list[dict[str, Any]]) -> Answer:
    """Remove a statement from the policy of its qualifier."""
    sid = call.text("StatementId")
    found = [statement for statement in statements if statement.get("Sid") == sid]
    if not found:
        raise RefusedError(
            "ResourceNotFoundException", f"Statement {sid} is not found in resource policy.", 404
        )
    policy.statements.remove(found[0])
    policy.revision = new_id()
    return Answer(204, (), b"")
