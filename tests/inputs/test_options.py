"""Options with ARNs: what copy and paste adds is named, with the ARN to use, and a wrong resource with its option."""

from __future__ import annotations

import pytest

from checker.core.errors import InputError
from checker.inputs.arn_options import TOPIC_FORM, check_bare, topic_option
from tests.cli.process import run
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN

QUOTED = f'"{TOPIC_ARN}"'
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize("text", [QUOTED, f"{TOPIC_ARN}\n", f" '{TOPIC_ARN}' ", f"`{TOPIC_ARN}`"])
def test_blanks_and_quotes_around_a_topic_arn_are_named(text: str) -> None:
    with pytest.raises(InputError, match="it has blanks or quotes around it") as error:
        topic_option("--topic-arn", text)
    assert error.value.help == f"use `{TOPIC_ARN}`"


@pytest.mark.parametrize("text", [None, "", TOPIC_ARN, "'a file'", " aws_sns_topic.chat.arn"])
def test_only_an_arn_is_refused_for_what_surrounds_it(text: str | None) -> None:
    check_bare("--topic-arn", text)


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        (INSTANCE_ARN, "name the topic here, and the instance with `--instance-arn`"),
        (KEY_ARN, "name the topic that uses this key; it is read with the topic"),
        (f"{TOPIC_ARN}:6b0e71bd-7e97-4d97-80ce-4a0994e55286", f"use `{TOPIC_ARN}`"),
        (TOPIC_ARN.replace("sns", "sqs"), TOPIC_FORM),
        ("chat", TOPIC_FORM),
    ],
)
def test_the_arn_of_something_else_is_answered_with_what_to_name(text: str, help_text: str) -> None:
    with pytest.raises(InputError, match="is not a topic ARN: it") as error:
        topic_option("--topic-arn", text)
    assert error.value.help == help_text


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("explain",), "TOPIC"),
        (("explain", TOPIC_ARN, "--role-arn"), "--role-arn"),
        (("check", "--topic-arn"), "--topic-arn"),
        (("fix", "--topic-arn"), "--topic-arn"),
        (("check", "--instance-arn"), "--instance-arn"),
        (("policy", "--instance-arn", INSTANCE_ARN, "--topic-arn"), "--topic-arn"),
        (("policy", "--instance-arn", INSTANCE_ARN, "--topic-arn", TOPIC_ARN, "--key-arn"), "--key-arn"),
        (("permissions", "fix", "--key-arn"), "--key-arn"),
        (
            ("simulate", "--policy", "-", "--service", "x", "--action", "sns:Publish", "--resource"),
            "--resource",
        ),
    ],
)
def test_every_option_with_an_arn_names_the_quotes_around_it(command: tuple[str, ...], option: str) -> None:
    done = run(*command, QUOTED)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {option}: `{QUOTED}` is not a valid ARN: it has blanks or quotes around it\n"
        f"  = help: use `{TOPIC_ARN}`\n"
    )


def test_the_arn_of_a_key_for_the_topic_of_a_policy_is_answered_with_its_option() -> None:
    done = run("policy", "--instance-arn", INSTANCE_ARN, "--topic-arn", KEY_ARN)
    assert "  = help: name the topic here, and the key with `--key-arn`\n" in done.stderr
