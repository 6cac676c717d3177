"""A stub of AWS on loopback, a fixed time late: `python -m benchmarks.stub MILLISECONDS TOPICS SHARE ACCOUNTS`.

Every account has so many topics in each Region, of which one in SHARE lets Connect in. The first line that it
prints is its port.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from html import escape
from typing import NamedTuple
from urllib.parse import parse_qs

PAGE = 100
INSTANCE = "3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
_SCOPE = re.compile(rb"Credential=(\w+)/\d+/([\w-]+)/([\w-]+)/")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"x-amz-target: *[\w.-]*?\.?(\w+)\r", re.IGNORECASE)


class Call(NamedTuple):
    """One call."""

    account: str
    region: str
    service: str
    operation: str
    body: str


class Stub:
    """Answers after so many seconds."""

    def __init__(self, late: float, topics: int, share: int, accounts: int) -> None:
        self.late = late
        self.topics = topics
        self.share = share
        self.accounts = accounts

    async def serve(self) -> None:
        """Serve until the process is ended."""
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection, one after the other."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                await asyncio.sleep(self.late)
                kind, text = self.answer(_call(head, body.decode()))
                value = text.encode()
                start = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(value)}\r\n\r\n"
                writer.write(start.encode() + value)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def answer(self, call: Call) -> tuple[str, str]:
        """Give the kind and the text of an answer."""
        if call.service == "sns":
            return "text/xml", self.sns(call)
        if call.service == "sts":
            return "text/xml", sts(call)
        return "application/x-amz-json-1.1", json.dumps(self.other(call))

    def other(self, call: Call) -> object:
        """The services that speak JSON."""
        if call.service == "organizations":
            listed = [
                {"Id": str(271828182845 + number), "Status": "ACTIVE"} for number in range(self.accounts)
            ]
            return {"Accounts": listed}
        if call.service == "connect":  # ListInstances and DescribeInstance
            found = {"Id": INSTANCE, "Arn": instance(call), "InstanceStatus": "ACTIVE"}
            return {"InstanceSummaryList": [found], "Instance": found}
        return {"Events": []} if call.service == "cloudtrail" else {}

    def sns(self, call: Call) -> str:
        """Topics in pages, and the attributes of one."""
        asked = parse_qs(call.body)
        if call.operation == "ListTopics":
            return self.page(call, int(asked.get("NextToken", ["0"])[0]))
        if call.operation == "GetTopicAttributes":
            return attributes(call, asked["TopicArn"][0], self.share)
        listed = "<Subscriptions/>" if call.operation == "ListSubscriptions" else ""
        result = f"<{call.operation}Result>{listed}</{call.operation}Result>"
        return f"<{call.operation}Response>{result}</{call.operation}Response>"

    def page(self, call: Call, start: int) -> str:
        """One page of topics."""
        end = min(start + PAGE, self.topics)
        arns = (f"arn:aws:sns:{call.region}:{call.account}:topic-{number}" for number in range(start, end))
        shown = "".join(f"<member><TopicArn>{arn}</TopicArn></member>" for arn in arns)
        more = f"<NextToken>{end}</NextToken>" if end < self.topics else ""
        result = f"<ListTopicsResult><Topics>{shown}</Topics>{more}</ListTopicsResult>"
        return f"<ListTopicsResponse>{result}</ListTopicsResponse>"


def instance(call: Call) -> str:
    """The one Connect instance of an account and Region."""
    return f"arn:aws:connect:{call.region}:{call.account}:instance/{INSTANCE}"


def attributes(call: Call, arn: str, share: int) -> str:
    """The attributes of a topic: one in ``share`` lets Connect in, the others have the policy that AWS writes."""
    lets_in = int(arn.rpartition("-")[2]) % share == 0
    policy = connect_policy(call, arn) if lets_in else default_policy(arn, call.account)
    values = {"TopicArn": arn, "Owner": call.account, "DisplayName": "", "Policy": json.dumps(policy)}
    values |= {"SubscriptionsConfirmed": "0", "SubscriptionsPending": "0", "SubscriptionsDeleted": "0"}
    shown = "".join(
        f"<entry><key>{key}</key><value>{escape(value)}</value></entry>" for key, value in values.items()
    )
    result = f"<GetTopicAttributesResult><Attributes>{shown}</Attributes></GetTopicAttributesResult>"
    return f"<GetTopicAttributesResponse>{result}</GetTopicAttributesResponse>"


def connect_policy(call: Call, arn: str) -> object:
    """The statement that AWS documents."""
    condition = {
        "StringEquals": {"aws:SourceAccount": call.account},
        "ArnEquals": {"aws:SourceArn": instance(call)},
    }
    return _policy(arn, {"Service": "connect.amazonaws.com"}, "sns:Publish", condition)


def default_policy(arn: str, account: str) -> object:
    """The policy that AWS writes for a new topic."""
    names = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic")
    actions = [f"SNS:{name}" for name in (*names, "Subscribe", "ListSubscriptionsByTopic", "Publish")]
    return _policy(arn, {"AWS": "*"}, actions, {"StringEquals": {"AWS:SourceOwner": account}})


def _policy(arn: str, principal: object, action: object, condition: object) -> object:
    statement = {"Sid": "a", "Effect": "Allow", "Principal": principal, "Action": action}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn, "Condition": condition}]}


def sts(call: Call) -> str:
    """Who is calling, and the credentials of a role, whose key is the number of its account."""
    if call.operation == "GetCallerIdentity":
        said = f"<Arn>arn:aws:iam::{call.account}:user/bench</Arn><Account>{call.account}</Account>"
    else:
        account = parse_qs(call.body)["RoleArn"][0].split(":")[4]
        key = f"<AccessKeyId>{account}</AccessKeyId><SecretAccessKey>x</SecretAccessKey>"
        rest = "<SessionToken>x</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
        said = f"<Credentials>{key}{rest}</Credentials>"
    name = call.operation
    return f"<{name}Response><{name}Result>{said}</{name}Result></{name}Response>"


def _call(head: bytes, body: str) -> Call:
    scope, target = _SCOPE.search(head), _TARGET.search(head)
    account, region, service = (one.decode() for one in scope.groups()) if scope else ("", "", "")
    operation = target[1].decode() if target else parse_qs(body).get("Action", [""])[0]
    return Call(account, region, service, operation, body)


if __name__ == "__main__":
    late, *numbers = map(int, sys.argv[1:])
    asyncio.run(Stub(late / 1000, *numbers).serve())
