"""A setup reports an invalid answer, keeps the created resources, and a second run completes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.lint.delivery.model import RequestedStorage, SetUp
from checker.lint.status import OK
from checker.live.retention.setup import set_up
from checker.sandbox import seed
from tests.live.retention.scene import Scene, parsed, scene
from tests.live.retention.test_setup import WRITES, Impatient
from tests.live.test_bad_answers import BAD

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

QUICK = {name: bad for name, bad in BAD.items() if name not in ("silence", "500")}


def kept(here: Scene) -> SetUp:
    return set_up(
        here.calls, here.arn, RequestedStorage("sqs", instance=parsed(here.instance)), Impatient().clock()
    )


def test_a_setup_survives_every_invalid_answer_after_its_first_write(
    sandbox: Sandbox, account: Account
) -> None:
    first = scene(account)
    sandbox.clear_calls()
    assert kept(first).fault is None
    made = [(one.service, one.action) for one in sandbox.calls()]
    start = next(index for index, (_, action) in enumerate(made) if action.startswith(WRITES))
    faulted = 0
    for at in range(start, len(made)):
        for name, bad in list(QUICK.items())[at % 3 :: 3]:
            here = first._replace(
                topic=seed.good_topic(account, first.instance, f"{at}-{name.replace(' ', '-')}")
            )
            sandbox.fault(bad(*made[at], made[: at + 1].count(made[at]))._replace(times=1))
            done = kept(here)
            sandbox.clear_faults()
            faulted += done.fault is not None
            assert done.fault is None or "unexpected" not in done.fault.reason, (name, made[at])
            again = kept(here)
            assert (again.fault, again.retention.status, _subscribers(here)) == (None, OK, 1), (
                name,
                made[at],
            )
    assert faulted


def _subscribers(here: Scene) -> int:
    listed: list[Any] = here.account.client("sns").list_subscriptions_by_topic(TopicArn=here.topic)[
        "Subscriptions"
    ]
    return len(listed)
