"""Fuzzes one target: `python -m tests.fuzz TARGET --seconds 60`, or `make fuzz TARGET=... SECONDS=60`.

With atheris installed, libFuzzer looks for inputs that reach new branches of `checker`; else inputs are drawn by
hypothesis. Both change the samples in `tests/fuzz/corpus` by the same mutations. An input that breaks the property is
made smaller and written to the corpus as `find-HASH`, where the tests replay it. Exits with 1 after a find.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import itertools
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.fuzz.minimize import minimized

BUILD = Path(__file__).parents[2] / "build" / "fuzz"
_ROUND = 50
"""Draws of hypothesis between two looks at the clock."""
_STEPS = 8
"""The most mutations of a sample in one draw of hypothesis."""


def failure(hold: Callable[[bytes, Path], None], data: bytes) -> str:
    """Hold the property for an input in a folder of its own; return the error, or an empty text."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            hold(data, Path(folder).resolve())
        except Exception as error:  # noqa: BLE001 - whatever it is, the property is broken
            frames = traceback.extract_tb(error.__traceback__)[-2:]
            return (
                f"{type(error).__name__}: {error} ({', '.join(f'{one.name}:{one.lineno}' for one in frames)})"
            )
    return ""


def _kind_of(error: str) -> tuple[str, str]:
    """The type of an error and the lines that raised it, so that an input does not become smaller for another one."""
    return error.partition(":")[0], error.rpartition("(")[2]


def keep(name: str, data: bytes) -> Path:
    """Make an input that breaks its property smaller, and write it to the corpus."""
    from tests.fuzz.targets import CORPUS, TARGETS

    hold = TARGETS[name].hold
    kind = _kind_of(failure(hold, data))
    small = minimized(data, lambda candidate: _kind_of(failure(hold, candidate)) == kind)
    path = CORPUS / name / f"find-{hashlib.sha256(small).hexdigest()[:8]}"
    path.write_bytes(small)
    print(f"{path}: {failure(hold, small)[:2000]}", flush=True)  # noqa: T201
    return path


def by_hypothesis(name: str, seconds: float, first: int | None = None) -> bytes | None:
    """Draw rounds of samples and mutations until the time is over; return the input that broke the property."""
    end = time.monotonic() + seconds
    numbers = itertools.count(time.time_ns() if first is None else first)
    rounds = (
        _drawn(name, number) for number in itertools.takewhile(lambda _: time.monotonic() < end, numbers)
    )
    return next((data for data in rounds if data is not None), None)


def _drawn(name: str, number: int) -> bytes | None:
    """Draw one round, which its number determines; return the smallest draw that broke the property."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st

    from tests.fuzz.targets import TARGETS

    target, broken = TARGETS[name], list[bytes]()

    @seed(number)
    @settings(
        max_examples=_ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(
        data=st.sampled_from([path.read_bytes() for path in target.seeds()]),
        steps=st.lists(st.integers(0, 2**32 - 1), max_size=_STEPS),
    )
    def holds(data: bytes, steps: list[int]) -> None:
        for step in steps:
            data = target.mutate(data, random.Random(step))  # noqa: S311 - reproducible
        if found := failure(target.hold, data):
            broken.append(data)
            raise AssertionError(found)

    with contextlib.suppress(AssertionError):
        holds()
    return broken[-1] if broken else None


def by_atheris(name: str, seconds: float) -> bytes | None:
    """Run libFuzzer in a child process, because it ends the process; return the input that broke the property."""
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    child = os.fork()
    if child == 0:
        _libfuzzer(name, seconds, folder)
    os.waitpid(child, 0)
    crashes = sorted(folder.glob("crash-*"))
    data = crashes[0].read_bytes() if crashes else None
    for one in crashes:
        one.unlink()
    return data


def _libfuzzer(name: str, seconds: float, folder: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=["checker"]):
        from tests.fuzz.targets import CORPUS, TARGETS
    target = TARGETS[name]

    def one_input(data: bytes) -> None:
        if found := failure(target.hold, data):
            print(found[:2000], file=sys.stderr)  # noqa: T201
            raise AssertionError(found)

    def mutate(data: bytes, most: int, number: int) -> bytes:
        rng = random.Random(number)  # noqa: S311 - reproducible
        for _ in range(rng.choice((1, 1, 2, 4))):
            data = target.mutate(data, rng)
        return data[:most]

    inputs = folder / "inputs"
    inputs.mkdir(exist_ok=True)
    options = (
        "-max_len=20000",
        "-timeout=60",
        "-rss_limit_mb=4096",
        f"-max_total_time={int(seconds)}",
        "-print_final_stats=1",
    )
    arguments = [sys.argv[0], str(inputs), str(CORPUS / name), f"-artifact_prefix={folder}/", *options]
    atheris.Setup(arguments, one_input, custom_mutator=mutate)
    atheris.Fuzz()


def fuzz(name: str, seconds: float) -> bool:
    """Fuzz one target; return whether its property was broken."""
    guided = importlib.util.find_spec("atheris") is not None
    if not guided:
        print("atheris is not installed, so inputs are drawn without coverage guidance", file=sys.stderr)  # noqa: T201
    data = (by_atheris if guided else by_hypothesis)(name, seconds)
    if data is not None:
        keep(name, data)
    return data is not None


def _names(asked: str) -> Iterator[str]:
    """The targets that are asked for, by name or `all`. The module of targets would load `checker` uninstrumented."""
    names = sorted(path.name for path in (Path(__file__).parent / "corpus").iterdir())
    if asked != "all" and asked not in names:
        raise SystemExit(f"there is no target `{asked}`; there are {', '.join(names)}")
    return iter(names if asked == "all" else [asked])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "target", help="The name of a target, which is that of its folder in the corpus, or `all`."
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="The time for each target.")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="Make this input smaller and write it to the corpus."
    )
    given = parser.parse_args()
    if given.keep:
        keep(given.target, given.keep.read_bytes())
        return 1
    found = [name for name in _names(given.target) if fuzz(name, given.seconds)]
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
