"""A process that has `checker` imported, and forks for each command: importing takes longer than most commands.

It reads a JSON object a line, `{"args", "cwd", "env", "streams", "seconds"}`, and answers each with the exit code
as `subprocess` counts it. Every command runs in a process of its own, with its own environment and streams.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
from typing import Any

HEAVY = ("tree_sitter", "jsonschema", "yaml", "boto3")
"""Libraries that commands import only when they need them."""


def main() -> None:
    """Import everything, then run one command after the other until standard input ends."""
    import checker

    for module in pkgutil.walk_packages(checker.__path__, "checker."):
        if module.name != "checker.__main__" and not module.name.startswith("checker.sandbox"):
            importlib.import_module(module.name)
    for name in HEAVY:
        importlib.import_module(name)
    for line in iter(sys.stdin.readline, ""):
        sys.stdout.write(f"{run(json.loads(line))}\n")
        sys.stdout.flush()


def run(command: dict[str, Any]) -> int:
    """Run a command in a forked process; one that takes too long dies of SIGALRM."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        signal.alarm(command["seconds"])
        become(command)
        from checker.__main__ import main as checker_main

        checker_main()
    finally:
        os._exit(70)  # the command line exits by itself


def become(command: dict[str, Any]) -> None:
    """Take over the folder, environment, arguments and streams of a command."""
    for number, (path, flags) in enumerate(
        zip(command["streams"], (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)
    ):
        os.dup2(os.open(path, flags), number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    sys.argv = ["checker", *command["args"]]


if __name__ == "__main__":
    main()
