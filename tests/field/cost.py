"""Runs a command as the child of a small process and writes its peak memory to a file, in the unit of `getrusage`.

Linux counts what a process had in memory before it became another program: a child of the test process would
start with the memory of all tests so far.
"""

from __future__ import annotations

import os
import sys


def main(to: str, *command: str) -> None:
    """Run a command and end as it does."""
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    with open(to, "w", encoding="ascii") as file:  # noqa: PTH123 - with few imports the process stays small
        file.write(str(usage.ru_maxrss))
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
