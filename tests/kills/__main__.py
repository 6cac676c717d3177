"""The long job: `python -m tests.kills --count 200 --seed 1`.

Kills real commands at random moments, and adds its result to `tests/kills/runs.jsonl`. ``--first`` is the round to
resume with: each round draws from its own number. Exits with 1 if something was left that must not be.
"""

from __future__ import annotations

import argparse
import collections
import functools
import json
import logging
import random
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from checker.sandbox.running import running_sandbox
from tests.kills.rounds import Killed, round_of, undisturbed
from tests.kills.scenes import SCENES
from tests.revision import revision

RUNS = Path(__file__).parent / "runs.jsonl"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="Commands to kill.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="Number of the first round.")
    parser.add_argument("--scene", choices=sorted(SCENES), action="append", help="Only this command.")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    kinds, killed, faults = given.scene or list(SCENES), list[tuple[str, Killed]](), list[int]()
    began = time.monotonic()
    with running_sandbox(throttles=False) as sandbox:
        whole = functools.cache(lambda kind: undisturbed(sandbox, kind))
        for number in range(given.first, given.first + given.count):
            kind = kinds[number % len(kinds)]
            try:
                hit = round_of(sandbox, kind, whole(kind), random.Random(f"{given.seed} {number}"))  # noqa: S311
                killed.append((kind, hit))
                print(f"{number} {kind}: {hit.calls} calls, {hit.writes} writes", file=sys.stderr, flush=True)  # noqa: T201
            except KeyboardInterrupt:  # what is done is noted, and `--first` resumes with this round
                break
            except Exception:  # noqa: BLE001 - a round that fails is the result of the job
                faults.append(number)
                print(f"{number} {kind}:\n{traceback.format_exc()}", flush=True)  # noqa: T201
    run = {
        "revision": revision("tests/kills/*.py"),
        "seed": given.seed,
        "first": given.first,
        "kills": len(killed) + len(faults),
        "faults": faults,
    }
    noted = {**run, **_summary(killed), "seconds": round(time.monotonic() - began)}
    _note(noted)
    print(_outcome(noted), file=sys.stderr)  # noqa: T201
    return 1 if faults else 0


def _outcome(run: dict[str, Any]) -> str:
    """Say in a sentence what the job has shown."""
    kills = f"{run['kills']} kills, {run['after_a_write']} of them after a write"
    faults = ", ".join(map(str, run["faults"]))
    return f"{kills}: " + (
        f"rounds {faults} left what must not be" if faults else "nothing was left that must not be"
    )


def _summary(killed: list[tuple[str, Killed]]) -> dict[str, object]:
    return {
        "before_the_first_call": sum(hit.calls == 0 for _, hit in killed),
        "after_a_write": sum(hit.writes > 0 for _, hit in killed),
        "scenes": dict(collections.Counter(kind for kind, _ in killed)),
    }


def _note(run: dict[str, object]) -> None:
    with RUNS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")


if __name__ == "__main__":
    sys.exit(main())
