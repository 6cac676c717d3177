"""Options with ARNs: what copy and paste adds is named, with the ARN to use."""

from __future__ import annotations

import pytest

from checker.core.errors import InputError
from checker.inputs.typed_files import topic_option

TOPIC = "arn:aws:sns:us-east-1:111122223333:chat"


@pytest.mark.parametrize("text", [f'"{TOPIC}"', f"{TOPIC}\n", f" '{TOPIC}' "])
def test_blanks_and_quotes_around_a_topic_arn_are_named(text: str) -> None:
    with pytest.raises(InputError, match="it has blanks or quotes around it") as error:
        topic_option("--topic-arn", text)
    assert error.value.help == f"use `{TOPIC}`"
