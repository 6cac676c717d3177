"""The soak: `python -m tests.soundness.soak --decisions 10000000 --questions 100000`.

Compares decisions of the three evaluators, and the answers of the prover with brute force, in numbered rounds. A round
is the same each time with one revision: `--round decisions:1105` repeats one. Progress is in `build/soak`, so that a run that was stopped
goes on with the next round. Each run adds a line for each comparison to `tests/soundness/soak.jsonl`: the revision, the
rounds, what was counted, the seconds, and the rounds with a difference. Differences become finds. Exits with 1 if there
was one, and with 0 when the seconds are over, or without seconds the goals reached.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import math
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.revision import revision
from tests.soundness.attempts import attempt, keep
from tests.soundness.cases import case_of
from tests.soundness.decisions import decision_round

ROOT = Path(__file__).parents[2]
RECORDS = Path(__file__).with_name("soak.jsonl")
PROGRESS = ROOT / "build" / "soak"
QUESTION_SEED = 20261128
CYCLE = ("deputy", "deputy", "public", "deputy", "deputy", "diff")
"""The question of a round, by its number; those that are quick to answer come up more often."""
ERROR = "Error"
"""Counts the rounds in which an evaluator or a command raised."""
_SAVE_SECONDS = 30.0


class Record(NamedTuple):
    """A run of rounds with one revision. ``tally`` counts outcomes, ``different`` are rounds with a difference."""

    kind: str
    revision: str
    first: int
    next: int
    counted: int = 0
    left_open: int = 0
    seconds: float = 0.0
    different: tuple[int, ...] = ()
    tally: Counter[str] = Counter()  # noqa: RUF012 - it is replaced, never changed

    def plus(self, done: Record) -> Record:
        """Add the next round or rounds."""
        return self._replace(
            next=done.next,
            counted=self.counted + done.counted,
            left_open=self.left_open + done.left_open,
            seconds=round(self.seconds + done.seconds, 3),
            different=(*self.different, *done.different),
            tally=self.tally + done.tally,
        )

    def to_json(self) -> str:
        return json.dumps({**self._asdict(), "tally": dict(sorted(self.tally.items()))})

    @classmethod
    def of_json(cls, text: str) -> Record:
        content: dict[str, Any] = json.loads(text)
        changed = {"different": tuple(content["different"]), "tally": Counter(content["tally"])}
        return cls(**{**content, **changed})


def decisions(number: int) -> Record:
    """Decide the requests of one round by all evaluators."""
    began = time.monotonic()
    case, found = decision_round(number)
    for difference in found.differences[:1]:
        kept = case._replace(kept=(difference.answer, difference.request))
        print(f"decisions:{number}: {keep('decide', kept, difference, number)}", flush=True)  # noqa: T201
    outcomes = Counter(
        {f"{operator} {outcome}": many for (operator, outcome), many in found.operators.items()}
    )
    return Record(
        "decisions",
        "",
        number,
        number + 1,
        found.words.total(),
        found.left_open,
        time.monotonic() - began,
        (number,) if found.differences else (),
        found.words + outcomes,
    )


def questions(number: int) -> Record:
    """Ask the questions of one round, and hold the answers against brute force."""
    began = time.monotonic()
    question = CYCLE[number % len(CYCLE)]
    _, found = attempt(question, QUESTION_SEED, number)
    for difference in found.differences[:1]:
        case = case_of(question, QUESTION_SEED, number)
        print(f"questions:{number}: {keep(question, case, difference, QUESTION_SEED)}", flush=True)  # noqa: T201
    return Record(
        "questions",
        "",
        number,
        number + 1,
        found.asked,
        found.open_answers,
        time.monotonic() - began,
        (number,) if found.differences else (),
        Counter({question: found.asked}),
    )


KINDS = {"decisions": decisions, "questions": questions}


def run_round(kind: str, number: int) -> Record:
    """Run one round. An evaluator or a command that raises is a difference, and does not end the soak."""
    try:
        return KINDS[kind](number)
    except Exception:  # noqa: BLE001 - whatever it is, it is a find
        print(f"{kind}:{number}: {traceback.format_exc()}", flush=True)  # noqa: T201
        return Record(kind, "", number, number + 1, different=(number,), tally=Counter({ERROR: 1}))


def records(path: Path = RECORDS) -> list[Record]:
    """All runs that were recorded."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Record.of_json(line) for line in lines]


class Progress:
    """The counts of each comparison: those of earlier runs, and those of this one, saved now and then."""

    def __init__(self, goals: dict[str, int], revision: str, path: Path, folder: Path) -> None:
        self.goals, self.path, self.folder = goals, path, folder
        self._keep_what_was_interrupted()
        done = records(path)
        self.before = Counter({kind: sum(one.counted for one in done if one.kind == kind) for kind in goals})
        firsts = {kind: max((one.next for one in done if one.kind == kind), default=0) for kind in goals}
        self.now = {kind: Record(kind, revision, first, first) for kind, first in firsts.items()}

    def _keep_what_was_interrupted(self) -> None:
        for file in sorted(self.folder.glob("*.json")):
            self._append(Record.of_json(file.read_text(encoding="utf-8")))
            file.unlink()

    def _append(self, record: Record) -> None:
        if record.next > record.first:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{record.to_json()}\n")

    def share(self, kind: str) -> float:
        """How much of its goal a comparison has reached."""
        return (self.before[kind] + self.now[kind].counted) / max(self.goals[kind], 1)

    def due(self) -> str:
        """The comparison that is furthest from its goal."""
        return min(self.goals, key=self.share)

    def is_done(self) -> bool:
        """True if all comparisons have reached their goals."""
        return self.share(self.due()) >= 1

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for kind, record in self.now.items():
            part = self.folder / f"{kind}.part"
            part.write_text(record.to_json(), encoding="utf-8")
            part.replace(self.folder / f"{kind}.json")

    def close(self) -> None:
        """Record what this run has done."""
        self.save()
        self._keep_what_was_interrupted()

    def __str__(self) -> str:
        rows = ((kind, one, self.before[kind] + one.counted) for kind, one in self.now.items())
        return ", ".join(
            f"{total} {kind} ({one.counted / max(one.seconds, 0.001):.0f} a second, {len(one.different)} rounds differ)"
            for kind, one, total in rows
        )


def soak(progress: Progress, seconds: float) -> int:
    """Run rounds until the time is over or a signal arrives, without a time until the goals are reached.

    Return the exit code.
    """
    stop: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _: stop.append(number))
    try:
        for _ in _ticks(seconds, stop):
            if seconds == math.inf and progress.is_done():
                print(_REACHED, file=sys.stderr)  # noqa: T201
                break
            kind = progress.due()
            progress.now[kind] = progress.now[kind].plus(run_round(kind, progress.now[kind].next))
            _save_sometimes(progress)
    finally:
        progress.close()
    print(progress, file=sys.stderr, flush=True)  # noqa: T201
    return 1 if any(one.different for one in progress.now.values()) else 0


_REACHED = "the goals are reached; `make soak SECONDS=600` goes on for ten minutes"


def _ticks(seconds: float, stop: list[int]) -> Iterator[None]:
    end = time.monotonic() + seconds
    while not stop and time.monotonic() < end:
        yield


def _save_sometimes(progress: Progress) -> None:
    saved = progress.folder / "decisions.json"
    if not saved.exists() or time.time() - saved.stat().st_mtime > _SAVE_SECONDS:
        progress.save()
        print(progress, file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Exclude a second soak, which would run the same rounds. Raises SystemExit if there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit("another soak is running in this checkout") from None
        yield


def totals(done: list[Record]) -> Iterator[str]:
    """Yield the totals of each comparison, and how often conditions of each operator held, failed and stayed open."""
    for kind in KINDS:
        runs = [one for one in done if one.kind == kind]
        counted, seconds = sum(one.counted for one in runs), sum(one.seconds for one in runs)
        different = [number for one in runs for number in one.different]
        revisions = list(dict.fromkeys(one.revision for one in runs))
        yield f"{kind}: {counted:,} in {sum(one.next - one.first for one in runs):,} rounds and {seconds:,.0f} seconds"
        yield f"  revisions {', '.join(revisions)}; rounds with a difference: {different or 'none'}"
        yield f"  left open by checker alone: {sum(one.left_open for one in runs):,}"
        tally = sum((one.tally for one in runs), Counter[str]())
        yield from (f"  {name:45} {tally[name]:>10,}" for name in sorted(tally))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soundness.soak", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--decisions", type=int, default=10_000_000, help="Decisions to reach, with earlier runs."
    )
    parser.add_argument(
        "--questions", type=int, default=100_000, help="Questions to reach, with earlier runs."
    )
    parser.add_argument(
        "--seconds", type=float, default=math.inf, help="Run for these seconds, also beyond the goals."
    )
    parser.add_argument("--round", help="Repeat one round, such as `decisions:1105`, and print its tally.")
    parser.add_argument("--totals", action="store_true", help="Print the totals of all recorded runs.")
    given = parser.parse_args()
    if given.totals:
        print("\n".join(totals(records())))  # noqa: T201
        return 0
    if given.round:
        kind, _, number = given.round.partition(":")
        record = run_round(kind, int(number))
        print(record.to_json())  # noqa: T201
        return 1 if record.different else 0
    goals = {"decisions": given.decisions, "questions": given.questions}
    with alone(PROGRESS):
        return soak(Progress(goals, revision("tests/soundness/*.py"), RECORDS, PROGRESS), given.seconds)


if __name__ == "__main__":
    sys.exit(main())
