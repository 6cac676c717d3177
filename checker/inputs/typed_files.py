"""Reads a file in a role given by an option: topic, key policy or key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import bare_key, bare_topic, policy_text, read_key, read_key_policy, read_topic
from checker.inputs.discover import name_of, read_input
from checker.inputs.kinds import cli_output
from checker.inputs.kinds.policy import POLICY
from checker.inputs.policy_kind import dialect_of, is_of_any_kind, other_policy
from checker.inputs.readers import kind_of, unwrap
from checker.inputs.text import TextDocument, parse_text, read_text
from checker.policy.node import Object, describe
from checker.policy.vocabulary import KEY, TOPIC, Dialect

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Key, Topic
    from checker.policy.model import Policy


def load_topic(path: Path, *, pipes: bool = True, any_policy: bool = False) -> Topic:
    """Read a topic file: attributes or a bare policy. Raises InputError.

    ``pipes``, here and below: the user names the file, so it may be a pipe, or `-` for standard input.
    ``any_policy``: accept any policy as a topic policy, regardless of its content.
    """
    return topic_in(read_document(path, pipes=pipes), any_policy=any_policy)


def topic_in(document: TextDocument, *, any_policy: bool = False) -> Topic:
    """Read a topic from a document: attributes or a bare policy. Raises InputError."""
    found = kind_of(document.root)
    if found is not None and found[0].name == cli_output.TOPIC.name and isinstance(found[1], Object):
        return read_topic(document, found[1], found[2], named=True)
    _expect_policy(
        document,
        "the output of `aws sns get-topic-attributes` or a topic policy",
        None if any_policy else TOPIC,
    )
    return bare_topic(policy_text(document, TOPIC), named=True)


def load_key_policy(path: Path, *, pipes: bool = True, any_policy: bool = False) -> Key:
    """Read a key policy file: `aws kms get-key-policy` output or a bare policy.

    Raises InputError.
    """
    return key_policy_in(read_document(path, pipes=pipes), any_policy=any_policy)


def key_policy_in(document: TextDocument, *, any_policy: bool = False) -> Key:
    """Read a key policy from a document. Raises InputError."""
    wrapped = document.root.get("Policy") if isinstance(document.root, Object) else None
    if wrapped is not None:
        return read_key_policy(document, wrapped, ("Policy",), named=True)
    _expect_policy(
        document, "the output of `aws kms get-key-policy` or a key policy", None if any_policy else KEY
    )
    return bare_key(document, named=True)


def load_key(path: Path, *, pipes: bool = True) -> Key:
    """Read `aws kms describe-key`. Raises InputError."""
    document = read_document(path, pipes=pipes)
    found = kind_of(document.root)
    if found is None or found[0] is not cli_output.KEY or not isinstance(found[1], Object):
        raise InputError(document.name, "expected the output of `aws kms describe-key`")
    return read_key(document, found[1], found[2], named=True)


def read_document(path: Path, *, pipes: bool = True) -> TextDocument:
    """Read and parse a file. Raises InputError."""
    return unwrap(parse_text(name_of(path), read_input(path) if pipes else read_text(path)))


def _expect_policy(document: TextDocument, expected: str, dialect: Dialect | None) -> None:
    """Raise InputError unless a document may be a policy of this kind; the message names the actual kind."""
    found = kind_of(document.root)
    if not isinstance(document.root, Object) or (found is not None and found[0] is not POLICY):
        said = f"found {found[0].name}" if found is not None else f"found {describe(document.root)}"
        raise InputError(document.name, f"expected {expected}, {said}")
    if dialect is None:
        return
    other = dialect_of(document.root)
    if other is not None and other is not dialect:
        raise InputError(document.name, f"expected {expected}, found a {other.name}")
    if found is not None and other is None and not is_of_any_kind(document.root):
        raise InputError(document.name, f"expected {expected}, found {other_policy(document.root)}")


def read_policy_file(path: Path, action: str) -> Policy:
    """Read the policy of a file, in the dialect of the action. Raises InputError."""
    of_key = action.lower().startswith("kms:")
    text = (load_key_policy if of_key else load_topic)(path, any_policy=True).policy
    if isinstance(text, Unknown):
        raise InputError(name_of(path), text.reason)
    return text.policy
