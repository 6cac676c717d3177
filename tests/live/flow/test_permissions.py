"""`checker permissions flow` prints exactly the calls that a flow makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.live.flow_result import End
from checker.live.permissions import Limits, flow_policy
from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.live.flow.stage import flow
from tests.live.test_permissions import FREE, actions_of

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def test_a_flow_makes_exactly_the_calls_that_its_permissions_list(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    sealed = seed.encrypted_topic(account, instance, grant=False)
    account.client("kms").create_alias(AliasName="alias/chat", TargetKeyId=sealed.key)
    seed.encrypt(account, sealed.topic, "alias/chat")
    topic = seed.good_topic(account, instance)
    sandbox.clear_calls()
    assert flow(account, instance, topic).end is End.ARRIVED
    assert flow(account, instance, sealed.topic, force=True).end is End.SILENT  # and CloudTrail is asked
    for lost in (faults.server_error("sns", "Subscribe"), faults.server_error("sqs", "CreateQueue")):
        sandbox.fault(lost)  # so that what was made has to be looked for
        assert flow(account, instance, topic).end is End.REFUSED
        sandbox.clear_faults()
    sandbox.fault(faults.denied("connect", "StartContactStreaming"))  # so that nobody can leave the chat
    assert flow(account, instance, topic).end is End.REFUSED
    signed = {f"{one.service}:{one.action}" for one in sandbox.calls() if one.service != "connectparticipant"}
    assert signed - FREE == set(actions_of(flow_policy(Limits())))
