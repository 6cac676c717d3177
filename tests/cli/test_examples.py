"""The examples of the repository are as broken and as fixed as they say. tests/docs compares the output that pages show."""

from __future__ import annotations

import pytest

from tests.cli.process import run
from tests.samples import TESTS

EXAMPLES = TESTS.parent / "examples"
INSTANCE = (
    "--instance-arn",
    "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d",
)
CHAIN = ("{0}/topic.json", *INSTANCE, "--key", "{0}/key.json", "--key-policy", "{0}/key-policy.json")


@pytest.mark.parametrize(("folder", "code"), [("broken", 1), ("fixed", 0)])
@pytest.mark.parametrize("command", [("check", "{0}"), ("explain", *CHAIN)], ids=lambda one: one[0])
def test_the_broken_chain_is_found_broken_and_the_mended_one_whole(
    command: tuple[str, ...], folder: str, code: int
) -> None:
    assert run(*(word.format(folder) for word in command), cwd=EXAMPLES).returncode == code


def test_the_policy_that_people_paste_lets_in_every_aws_customer() -> None:
    assert run("check", "open-deputy.json", cwd=EXAMPLES).returncode == 1
    stranger = ("--service", "connect.amazonaws.com", "--context", "aws:SourceAccount=999999999999")
    publish = (
        "--action",
        "sns:Publish",
        "--resource",
        "arn:aws:sns:us-east-1:111122223333:connect-chat-stream",
    )
    done = run("simulate", "--policy", "open-deputy.json", *publish, *stranger, cwd=EXAMPLES)
    assert done.stdout.splitlines()[0] == "Allowed"
