"""Safe fixes end to end: what `checker fix --apply` does to files, over every request before and after.

Promised: nobody gains but Connect for an instance that is named by option, and that exactly what AWS documents;
nobody loses but Connect for callers that must not have access.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.soundness.law import Request
from tests.soundness.questions import Case, Difference, Outcome, shown
from tests.soundness.tool import Tool, ToolError
from tests.soundness.universe import PUBLISH, Universe
from tests.soundness.words import CONNECT, INSTANCE, KEY_ARN, OWNER, TOPIC_ARN, Words

BARE, ATTRIBUTES, WITH_KEY = "bare", "attributes", "with key"
FORMS = (BARE, ATTRIBUTES, WITH_KEY)
KEY_ACTIONS = (
    "kms:GenerateDataKey",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:DescribeKey",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
)
_OF_NOTHING = "names no SNS or KMS action and no topic or key"
_KEY_USES = KEY_ACTIONS[:2]
_KEY = {
    "AWSAccountId": OWNER,
    "KeyId": KEY_ARN.rpartition("/")[2],
    "Arn": KEY_ARN,
    "Enabled": True,
    "KeyUsage": "ENCRYPT_DECRYPT",
    "KeyState": "Enabled",
    "KeyManager": "CUSTOMER",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "MultiRegion": False,
}


def fix(case: Case, tool: Tool) -> Outcome:
    """Does a safe fix give access to anyone who is not named, or take it from anyone who may have it?"""
    after = fixed(case, tool)
    if after == case.policies:
        return Outcome([], 1)
    differences = list(_of_topic(case, case.policies[0], after[0]))
    if len(after) > 1:
        differences += _of_key(case, case.policies[1], after[1])
    return Outcome(differences[:3], 1)


def fixed(case: Case, tool: Tool) -> tuple[Any, ...]:
    """The policies after the fix, read from the files that it wrote."""
    files = _files(case)
    paths = {name: tool.write(name, content) for name, content in files.items()}
    instance = ("--instance-arn", case.instance) if case.explicit else ()
    try:
        tool.call("fix", *paths.values(), "--apply", "--isolated", *instance)
    except ToolError as error:
        if _OF_NOTHING not in str(error):
            raise
        return case.policies  # a bare policy about every action on every resource may be of any service
    contents = [tool.read(name) for name in files if name != "key.json"]
    return tuple(_policy_of(one) for one in contents)


def _files(case: Case) -> dict[str, Any]:
    """The files that hold the policies, in one of the forms that people have them in."""
    topic = case.policies[0]
    if case.form == BARE:
        return {"policy.json": topic}
    attributes = {"TopicArn": TOPIC_ARN, "Owner": OWNER, "Policy": json.dumps(topic)}
    if case.form == ATTRIBUTES:
        return {"topic.json": {"Attributes": attributes}}
    key = {"Policy": json.dumps(case.policies[1]), "PolicyName": "default"}
    encrypted = {"Attributes": {**attributes, "KmsMasterKeyId": KEY_ARN}}
    return {"topic.json": encrypted, "key-policy.json": key, "key.json": {"KeyMetadata": _KEY}}


def _policy_of(content: dict[str, Any]) -> Any:
    text = content.get("Attributes", content).get("Policy")
    return content if text is None else json.loads(text)


def _of_topic(case: Case, before: Any, after: Any) -> Iterator[Difference]:
    universe, named = Universe.of(before, after, seed=case.seed), Words.of(before)
    for request, truths in universe.everything():
        if truths == (False, True) and not _meant(case, request):
            yield Difference("fix: gained", f"safe fixes give nothing to {_who(request)}", shown(request))
        if truths == (True, False) and not _shut_out(case, request, named):
            yield Difference("fix: lost", f"safe fixes take nothing from {_who(request)}", shown(request))


def _of_key(case: Case, before: Any, after: Any) -> Iterator[Difference]:
    """AWS documents the grant of the key for Connect without a condition; nobody loses anything."""
    universe = Universe.of(before, after, seed=case.seed)._replace(resource=KEY_ARN)
    for request, truths in universe.everything(KEY_ACTIONS):
        documented = request.caller.service == CONNECT and request.action in _KEY_USES and case.explicit
        if truths == (False, True) and not documented:
            yield Difference("fix: gained the key", f"not meant for {_who(request)}", shown(request))
        if truths == (True, False):
            yield Difference(
                "fix: lost the key", f"safe fixes take nothing from {_who(request)}", shown(request)
            )


def _who(request: Request) -> str:
    return f"{request.caller.service or request.caller.kind} for {request.action}"


def _meant(case: Case, request: Request) -> bool:
    """True for what AWS documents that Connect needs, for the instance that is named by option."""
    context = request.context
    account = case.instance.split(":")[4]
    named = (context.get("aws:sourcearn"), context.get("aws:sourceaccount")) == (case.instance, account)
    is_grant = request.caller.service == CONNECT and request.action == PUBLISH
    return case.explicit and named and is_grant


def _shut_out(case: Case, request: Request, named: Words) -> bool:
    """True for Connect, unless it acts for an instance that is named, by option or else by the policy.

    Where the policy names accounts alone, all their instances are named.
    """
    if request.caller.service != CONNECT:
        return False
    if request.action != PUBLISH:
        return True
    arn, account = request.context.get("aws:sourcearn"), request.context.get("aws:sourceaccount")
    if arn is None or account is None:
        return True
    if case.explicit:
        return bool(arn != case.instance)
    sources = named.of_key("aws:sourcearn")
    instances = [one for one in sources if one.startswith(INSTANCE[:16]) and "*" not in one]
    accounts = (OWNER, *named.of_key("aws:sourceaccount"))
    return bool(arn not in instances if instances else account not in accounts)
