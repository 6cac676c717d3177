"""The judgment of resource control policies and the refusals of the sandbox agree, on random Deny statements."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checker.analysis.delivery_permission import may_assume, may_send, may_use_queue_key, may_write
from checker.analysis.inventory import Organization, OrganizationPolicy
from checker.analysis.key_permission import KeyUse as JudgedUse
from checker.analysis.key_permission import may_use_key
from checker.analysis.organization import Permission
from checker.core.unknown import Unknown
from checker.lint.delivery.regions import principals
from checker.lint.status import BROKEN, OK, UNKNOWN
from checker.policy.vocabulary import RESOURCE_CONTROL
from checker.sandbox import scenes, seed
from checker.sandbox.aws.endpoints import queue_refusal, stream_refusal
from checker.sandbox.aws.key_use import KeyUse, key_refusal
from checker.sandbox.aws.service_requests import CONNECT, Source, read_topic_arn
from checker.sandbox.aws.upstream import Assumptions, Upstream
from checker.sandbox.running import Account, Sandbox
from tests.samples import arn_of
from tests.sandbox.agreement import ASSUMPTIONS, agrees, assumed, blocks, quick, read, text_of

OPEN = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
MANAGEMENT, OUTSIDE = "111122226661", "888877776661"


class World(NamedTuple):
    """A member account with a queue, keys and a delivery stream, below a policy of the organization."""

    upstream: Upstream
    organization: str
    policy: str
    member: Account
    key: str
    queue: seed.Queue
    queue_key: str
    stream: str
    role: str


@pytest.fixture(scope="module")
def world(one_sandbox: Sandbox) -> World:
    management = one_sandbox.account(MANAGEMENT, "us-west-2")
    root = scenes.make_organization(management)
    member = scenes.make_member(management, root, scenes.make_unit(management, root))
    policy = scenes.attach_control_policy(management, root, scenes.control_statement("s3:*"))
    described = management.client("organizations").describe_organization()["Organization"]
    stream = seed.make_stream(member, f"chats-{member.id}")[0]
    queue = seed.make_queue(member)
    keys = [_key(member, service) for service in ("connect.amazonaws.com", "sns.amazonaws.com")]
    return World(
        Upstream(),
        str(described["Id"]),
        policy,
        member,
        keys[0],
        queue,
        keys[1],
        stream,
        seed.make_stream_role(member, stream),
    )


def _key(account: Account, service: str) -> str:
    text = seed.policy_text(seed.root_statement(account.id), seed.key_statement(service))
    return str(account.client("kms").create_key(Policy=text)["KeyMetadata"]["Arn"])


IDS = "{own}"
"""Stands for the ID of the organization."""


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    return blocks(
        {
            "aws:SourceOrgID": (IDS, "o-b1b2c3d4e5"),
            "aws:SourceOrgPaths": (f"{IDS}/*", "*"),
            "aws:SourceAccount": ("{member}", OUTSIDE),
            "aws:SourceArn": ("arn:aws:connect:*:*:instance/*", "arn:aws:sns:us-west-2:{member}:*", "*"),
            "aws:PrincipalOrgID": (IDS,),
            "aws:PrincipalServiceName": ("connect.amazonaws.com", "sns.amazonaws.com", "*.amazonaws.com"),
            "aws:PrincipalAccount": ("{member}",),
            "aws:ResourceOrgID": (IDS, "o-b1b2c3d4e5"),
            "aws:ResourceAccount": ("{member}", OUTSIDE),
            "kms:EncryptionContext:aws:sns:topicArn": ("arn:aws:sns:us-west-2:*:chat", "*"),
            "kms:ViaService": ("sns.us-west-2.amazonaws.com",),
        }
    )


@st.composite
def denials(draw: st.DrawFn, actions: tuple[str, ...]) -> dict[str, Any]:
    condition = draw(st.sampled_from(PERIMETERS) | conditions() | conditions())
    action = draw(st.sampled_from(actions))
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}


PERIMETERS: list[dict[str, Any]] = [
    scenes.perimeter_statement("*", IDS)["Condition"],
    scenes.perimeter_statement("*", "o-b1b2c3d4e5")["Condition"],
    {"StringNotEquals": {"aws:PrincipalOrgID": IDS}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
]


def policies(*actions: str) -> st.SearchStrategy[list[Any]]:
    return st.lists(denials(actions), min_size=1, max_size=2)


def attached(world: World, statements: list[Any], chosen: Assumptions) -> Organization:
    """Attach a policy in the sandbox, under some assumptions, and return what an audit reads of it."""
    text = text_of(statements).replace(IDS, world.organization).replace("{member}", world.member.id)
    organizations = world.upstream.client("organizations", MANAGEMENT, "us-east-1")
    organizations.update_policy(PolicyId=world.policy, Content=text)
    assumed(world.upstream, chosen)
    policy = OrganizationPolicy(read(json.loads(text)["Statement"], RESOURCE_CONTROL), "rcp")
    return Organization((policy,), ((MANAGEMENT, ()), (world.member.id, (0,))), id=world.organization)


def status_of(*permissions: Permission) -> str:
    truths = [one.truth for one in permissions]
    if False in truths:
        return BROKEN
    return UNKNOWN if any(isinstance(one, Unknown) for one in truths) else OK


def states(permissions: tuple[Permission, ...], chosen: Assumptions) -> bool:
    """Whether an answer states an assumption that is not chosen: then it says nothing about this sandbox."""
    return any(one.assumptions for one in permissions) and not chosen.source_organization_keys


@quick
@given(
    statements=policies("kms:*", "kms:Decrypt", "kms:GenerateDataKey*"),
    inside=st.booleans(),
    chosen=ASSUMPTIONS,
)
def test_the_use_of_a_key_by_connect(
    world: World, statements: list[Any], inside: bool, chosen: Assumptions
) -> None:
    organization = attached(world, statements, chosen)
    account = world.member.id if inside else OUTSIDE
    instance = f"arn:aws:connect:us-west-2:{account}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    topic = f"arn:aws:sns:us-west-2:{world.member.id}:chat"
    judged = may_use_key(
        organization, JudgedUse(arn_of(world.key), world.member.id, arn_of(topic), arn_of(instance))
    )
    source = Source(CONNECT, instance, account)
    use = KeyUse(source, world.member.id, "us-west-2", {"aws:sns:topicArn": topic})
    refused = key_refusal(world.upstream, world.key, use)
    status = status_of(judged)
    assert states((judged,), chosen) or agrees(status, refused), (status, refused)


@quick
@given(
    statements=policies("kms:*", "sqs:SendMessage", "sqs:*"),
    encrypted=st.booleans(),
    inside=st.booleans(),
    chosen=ASSUMPTIONS,
)
def test_a_queue_and_its_key(
    world: World, statements: list[Any], encrypted: bool, inside: bool, chosen: Assumptions
) -> None:
    organization = attached(world, statements, chosen)
    topic = arn_of(f"arn:aws:sns:us-west-2:{world.member.id if inside else OUTSIDE}:chat")
    queue = arn_of(world.queue.arn)
    attributes = {"Policy": seed.policy_text(OPEN), "KmsMasterKeyId": world.queue_key if encrypted else ""}
    sqs = world.upstream.client("sqs", world.member.id, "us-west-2")
    sqs.set_queue_attributes(QueueUrl=world.queue.url, Attributes=attributes)
    judged = [may_send(organization, queue, topic, principals(topic, queue))]
    if encrypted:
        judged.append(may_use_queue_key(organization, arn_of(world.queue_key), topic))
    found = read_topic_arn(str(topic))
    assert found is not None
    refused = queue_refusal(world.upstream, world.queue.arn, found)
    status = status_of(*judged)
    assert states(tuple(judged), chosen) or agrees(status, refused), (status, refused)


@quick
@given(
    statements=policies("sts:AssumeRole", "firehose:*", "firehose:PutRecord", "*"),
    inside=st.booleans(),
    chosen=ASSUMPTIONS,
)
@example(statements=[scenes.control_statement("sts:AssumeRole")], inside=True, chosen=Assumptions())
def test_a_delivery_stream_and_its_role(
    world: World, statements: list[Any], inside: bool, chosen: Assumptions
) -> None:
    organization = attached(world, statements, chosen)
    topic = arn_of(f"arn:aws:sns:us-west-2:{world.member.id if inside else OUTSIDE}:chat")
    role, stream = arn_of(world.role), arn_of(world.stream)
    judged = (may_assume(organization, role, topic), may_write(organization, stream, role))
    found = read_topic_arn(str(topic))
    assert found is not None
    refused = stream_refusal(world.upstream, world.stream, world.role, found)
    status = status_of(*judged)
    assert states(judged, chosen) or agrees(status, refused), (status, refused)
