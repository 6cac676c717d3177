r"""Commands to paste into a shell, for any name of a file.

A name that would be escaped in the output, or that is not UTF-8, is written as `$'caf\xe9.json'`, which POSIX shells
since 2024 and older ones such as Bash and Zsh read: as it stands it would name another file.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_04
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.terminal_text import is_inert, redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import PurePath

_PLAIN = pattern(r"[A-Za-z0-9 ./:=@%+,_-]")


def shell_command(words: Iterable[str]) -> str:
    """Write a command that a shell splits into these words."""
    return " ".join(map(shell_word, words))


def shell_word(text: str) -> str:
    """Quote a word for a shell, so that no output changes it. A sensitive value is shown as `(sensitive)`."""
    from shlex import quote  # imported on demand: a run without findings shows no command

    shown = redacted(text)
    return quote(shown) if is_inert(shown) else _escaped(shown)


def _escaped(text: str) -> str:
    """Write a word as `$'...'`; every byte that may not be plain is an escape."""
    data = text.encode("utf-8", "surrogateescape" if _is_of_file_system(text) else "surrogatepass")
    shown = (chr(byte) if _PLAIN.fullmatch(chr(byte)) else f"\\x{byte:02x}" for byte in data)
    return f"$'{''.join(shown)}'"


def _is_of_file_system(text: str) -> bool:
    """True for a text whose lone surrogates stand for bytes that are not UTF-8, as in names of files."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def path_argument(path: PurePath | str) -> str:
    """Return a path as an argument that is not taken for an option; `-` is standard input."""
    text = str(path)
    return f"./{text}" if text.startswith("-") and text != "-" else text


def path_word(path: PurePath | str) -> str:
    """Quote a path for a shell, so that a command does not take it for an option."""
    return shell_word(path_argument(path))


def without_options(words: Iterable[str], *options: str) -> tuple[str, ...]:
    """Remove options and their values, which follow as the next word or after a `=`."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in options:
            next(rest, None)
        elif word.partition("=")[0] not in options:
            kept.append(word)
    return tuple(kept)


def with_options(command: Sequence[str], *options: str) -> tuple[str, ...]:
    """Add options to a command, before a `--` that ends its options."""
    end = command.index("--") if "--" in command else len(command)
    return (*command[:end], *options, *command[end:])
