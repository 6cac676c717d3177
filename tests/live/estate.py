"""What stands in the sandbox of a test, one account a test, and commands that are run on it within this process."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.app.terminal import ended
from checker.cli.app import run

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

REGION = "us-west-2"
ACCOUNTS = count(333300000001)


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def checker(*arguments: str | Path) -> Ended:
    """Run a command as `checker.__main__` does, but for the process; whatever happens, there is no traceback."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = ended(lambda: run([str(one) for one in arguments]))
    assert "Traceback" not in err.getvalue()
    assert "internal error" not in err.getvalue()
    return Ended(code, out.getvalue(), err.getvalue())


def timeless(report: str) -> str:
    """Return a report without the times of its audit, to compare the reports of two runs."""
    return re.sub(r'"(time|began)": "[^"]+"', r'"\1": ""', report)


class Estate(NamedTuple):
    """An account with one chain that is whole, one without a key, one that is broken twice, and what nobody streams to."""

    sandbox: Sandbox
    account: Account
    instance: str
    plain: str
    sealed: str
    key: str
    broken: str
    broken_key: str

    @property
    def audit(self) -> tuple[str, ...]:
        """The audit of everything, in as many ways as one account has."""
        chosen = ("--organization", "--role-name", "reader", "--topic-tag", "stream", "--region", REGION)
        return ("audit", *chosen, "--isolated", "--format", "json")

    def fix(self, folder: Path) -> tuple[str | Path, ...]:
        """The repair of what is broken."""
        asked = ("--topic-arn", self.broken, "--instance-arn", self.instance)
        return ("fix", *asked, "--apply", "--yes", "--receipts", folder, "--isolated")

    def policies(self) -> tuple[Any, Any]:
        """What a repair would write: the policies of the broken chain as AWS has them."""
        topic = _client(self.account, "sns").get_topic_attributes(TopicArn=self.broken)["Attributes"]
        key = _client(self.account, "kms").get_key_policy(KeyId=self.broken_key, PolicyName="default")
        return json.loads(topic["Policy"]), json.loads(key["Policy"])

    def called(self) -> list[tuple[str, str]]:
        """The calls since they were forgotten, oldest first."""
        return [(one.service, one.action) for one in self.sandbox.calls()]


@lru_cache(maxsize=2)
def _client(account: Account, service: str) -> Any:
    return account.client(service)


def build(sandbox: Sandbox, account: Account | None = None) -> Estate:
    """Build one in an account of its own, which is an organisation of one."""
    from checker.sandbox import seed

    account = account or sandbox.account(str(next(ACCOUNTS)), REGION)
    instance = seed.make_instance(account)
    plain, sealed = seed.good_topic(account, instance), seed.encrypted_topic(account, instance, grant=True)
    for topic in (plain, sealed.topic):
        seed.subscribed_queue(account, topic, topic.rpartition(":")[2])
    seed.encrypt(account, sealed.topic, _alias(account, sealed.key, "alias/sealed"))
    broken_key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    broken = seed.default_topic(account, "broken")
    seed.encrypt(account, broken, _alias(account, broken_key, "alias/broken"))
    account.client("sns").tag_resource(ResourceArn=broken, Tags=[{"Key": "stream", "Value": "chat"}])
    seed.default_topic(account, "other")
    seed.start_chat(account, instance, plain)
    account.client("organizations").create_organization(FeatureSet="ALL")
    sandbox.clear_calls()
    return Estate(sandbox, account, instance, plain, sealed.topic, sealed.key, broken, broken_key)


def _alias(account: Account, key: str, name: str) -> str:
    account.client("kms").create_alias(AliasName=name, TargetKeyId=key.rpartition("/")[2])
    return name
