"""The judgment of a delivery and the delivery of the sandbox agree: what is certain holds under every assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from moto.awslambda.utils import get_backend

from checker.analysis.documents import Place
from checker.analysis.endpoints import Function, Queue, split_qualifier
from checker.analysis.inventory import Key
from checker.core.arn import Arn
from checker.lint.delivery.dead_letter import dead_letter_steps
from checker.lint.delivery.function import function_steps
from checker.lint.delivery.model import worst
from checker.lint.delivery.queue import queue_steps
from checker.live.aws.facts import document_of
from checker.policy.vocabulary import FUNCTION, KEY, QUEUE
from checker.sandbox import scenes, seed
from checker.sandbox.aws.endpoints import dead_letter_refusal, queue_refusal
from checker.sandbox.aws.functions import function_refusal
from checker.sandbox.aws.service_requests import read_topic_arn
from checker.sandbox.aws.upstream import Assumptions, Upstream
from tests.samples import arn_of
from tests.sandbox.agreement import (
    ASSUMPTIONS,
    REGIONS,
    SNS_NAMES,
    agrees,
    assumed,
    blocks,
    quick,
    read,
    statements,
    text_of,
)

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

ACCOUNT, OTHER = "111122225551", "999988887777"
QUALIFIERS = ("", "live")


class Region(NamedTuple):
    """A function with an alias, queues, and keys, in one Region."""

    function: str
    queue: seed.Queue
    fifo: seed.Queue
    key: str


class World(NamedTuple):
    upstream: Upstream
    places: dict[str, Region]
    accounts: dict[str, Account]


@pytest.fixture(scope="module")
def world(one_sandbox: Sandbox) -> World:
    accounts = {region: one_sandbox.account(ACCOUNT, region) for region in REGIONS}
    return World(Upstream(), {region: _place(one) for region, one in accounts.items()}, accounts)


def _place(account: Account) -> Region:
    function = scenes.make_function(account)
    scenes.make_alias(account, function)
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    fifo = seed.make_queue(account, "dead.fifo", FifoQueue="true")
    return Region(function, seed.make_queue(account), fifo, str(key))


def topic_in(region: str) -> Arn:
    return arn_of(f"arn:aws:sns:{region}:{ACCOUNT}:chat")


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    arns = [str(topic_in(region)) for region in REGIONS]
    return blocks(
        {
            "aws:SourceArn": (*arns, "arn:aws:sns:*:*:*", f"arn:aws:sns:*:{ACCOUNT}:chat", f"{arns[0]}s"),
            "aws:SourceAccount": (ACCOUNT, OTHER),
            "aws:PrincipalOrgID": ("o-a1b2c3d4e5",),
            "aws:SourceOrgID": ("o-a1b2c3d4e5",),
            "aws:PrincipalServiceName": ("sns.amazonaws.com", "sns.af-south-1.amazonaws.com"),
            "aws:ResourceAccount": (ACCOUNT, OTHER),
            "aws:RequestedRegion": REGIONS,
        }
    )


INVOKE = {"Effect": "Allow", "Principal": {"Service": SNS_NAMES}, "Action": "lambda:InvokeFunction"}
PINNED = {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:chat"}}


def of_function(function: str, permissions: list[Any]) -> None:
    """Store permissions as moto stores them: the statements of all qualifiers in one list."""
    name = function.rpartition(":")[2]
    held = [
        {**one, "Sid": str(number), "Resource": f"{function}:{qualifier}" if qualifier else function}
        for number, (qualifier, one) in enumerate(permissions)
    ]
    get_backend(ACCOUNT, function.split(":")[3]).get_function(name).policy.statements = held


@quick
@given(
    permissions=st.lists(
        st.tuples(
            st.sampled_from(QUALIFIERS),
            statements(("lambda:InvokeFunction", "lambda:*", "lambda:GetFunction"), conditions()),
        ),
        max_size=3,
    ),
    where=st.sampled_from(REGIONS),
    topic_region=st.sampled_from(REGIONS) | st.none(),
    qualifier=st.sampled_from(QUALIFIERS),
    chosen=ASSUMPTIONS,
)
@example(
    permissions=[("", INVOKE)],
    where="ap-northeast-3",
    topic_region="us-west-2",
    qualifier="",
    chosen=Assumptions(osaka_is_opt_in=True),
)
@example(
    permissions=[("", INVOKE)],
    where="us-west-2",
    topic_region="af-south-1",
    qualifier="",
    chosen=Assumptions(),
)
def test_functions(
    world: World,
    permissions: list[Any],
    where: str,
    topic_region: str | None,
    qualifier: str,
    chosen: Assumptions,
) -> None:
    topic = topic_in(topic_region or where)
    function = world.places[where].function
    of_function(function, permissions)
    assumed(world.upstream, chosen)
    endpoint = f"{function}:{qualifier}" if qualifier else function
    named, _ = split_qualifier(endpoint)
    own = [{**one, "Resource": endpoint} for at, one in permissions if at == qualifier]
    record = Function(arn_of(named), qualifier=qualifier, policy=read(own, FUNCTION) if own else None)
    status = worst(step.status for step in function_steps(record, topic))
    refused = function_refusal(world.upstream, endpoint, _as_sandbox(topic))
    assert agrees(status, refused), (status, refused)


def _as_sandbox(topic: Arn) -> Any:
    found = read_topic_arn(str(topic))
    assert found is not None
    return found


SEND = {
    "Effect": "Allow",
    "Principal": {"Service": SNS_NAMES},
    "Action": "sqs:SendMessage",
    "Condition": PINNED,
}
USE = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "kms:*"}
NOT_OTHERS = {**USE, "Effect": "Deny", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}
SENDING = statements(("sqs:SendMessage", "sqs:*", "SQS:Send*", "sqs:ReceiveMessage"), conditions())
USING = statements(("kms:*", "kms:GenerateDataKey*", "kms:Decrypt"), conditions())
ENCRYPTED = st.none() | st.just([USE]) | st.lists(USING, max_size=3)
"""The statements of the key policy, ``None`` for a queue without a key."""


def _stored(
    world: World, queue: seed.Queue, sending: list[Any], using: list[Any] | None
) -> tuple[Queue, Key | None]:
    """Store the policies of a queue and its key in the sandbox, and return what a reader of them records."""
    arn, place = arn_of(queue.arn), world.places[queue.arn.split(":")[3]]
    with_resource = [{**one, "Resource": queue.arn} for one in sending]
    sqs = world.upstream.client("sqs", ACCOUNT, arn.region)
    sqs.set_queue_attributes(
        QueueUrl=queue.url,
        Attributes={
            "Policy": text_of(with_resource) if sending else "",
            "KmsMasterKeyId": place.key if using is not None else "",
        },
    )
    policy = read(with_resource, QUEUE) if sending else None
    record = Queue(
        arn, policy=policy, key=place.key if using is not None else None, managed_sse=False, period=1
    )
    record = record._replace(fifo=arn.resource.endswith(".fifo"))
    return record, _key(world, place.key, using)


def _key(world: World, key: str, using: list[Any] | None) -> Key | None:
    if using is None:
        return None
    held = [{**one, "Resource": "*"} for one in (seed.root_statement(ACCOUNT), *using)]
    kms = world.upstream.client("kms", ACCOUNT, key.split(":")[3])
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text_of(held))
    policy = read(held, KEY)
    described = ("Enabled", "CUSTOMER", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    return Key(arn_of(key), Place(document_of(key, {}), ()), policy, *described)


@quick
@given(
    sending=st.just([SEND]) | st.lists(SENDING, max_size=3),
    using=ENCRYPTED,
    where=st.sampled_from(REGIONS),
    topic_region=st.sampled_from(REGIONS) | st.none(),
    chosen=ASSUMPTIONS,
)
@example(sending=[SEND], using=[USE], where="us-west-2", topic_region="af-south-1", chosen=Assumptions())
@example(sending=[SEND], using=[USE, NOT_OTHERS], where="us-west-2", topic_region=None, chosen=Assumptions())
def test_queues(
    world: World,
    sending: list[Any],
    using: list[Any] | None,
    where: str,
    topic_region: str | None,
    chosen: Assumptions,
) -> None:
    topic = topic_in(topic_region or where)
    assumed(world.upstream, chosen)
    queue = world.places[where].queue
    record, key = _stored(world, queue, sending, using)
    refused = queue_refusal(world.upstream, queue.arn, _as_sandbox(topic))
    status = worst(step.status for step in queue_steps(record, key, topic))
    assert agrees(status, refused), (status, refused)


@quick
@given(
    sending=st.just([SEND]) | st.lists(SENDING, max_size=2),
    using=ENCRYPTED,
    fifo=st.booleans(),
    where=st.sampled_from(REGIONS[:2]),
    owner=st.sampled_from([ACCOUNT, ACCOUNT, OTHER]),
    chosen=ASSUMPTIONS,
)
def test_dead_letter_queues(
    world: World,
    sending: list[Any],
    using: list[Any] | None,
    fifo: bool,
    where: str,
    owner: str,
    chosen: Assumptions,
) -> None:
    """The subscription is in the account and Region of its topic."""
    topic = topic_in(REGIONS[0])._replace(account=owner)
    assumed(world.upstream, chosen)
    queue = world.places[where].fifo if fifo else world.places[where].queue
    record, key = _stored(world, queue, sending, using)
    refused = dead_letter_refusal(world.upstream, queue.arn, _as_sandbox(topic), owner)
    status = worst(step.status for step in dead_letter_steps(record, key, topic))
    assert agrees(status, refused), (status, refused)
