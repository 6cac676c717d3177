"""Measures `checker audit` against a stub that answers 40 ms late: `python -m benchmarks.audit`.

Wall time and rate are ratios to a bare loop of boto3 over the same calls, with the same number of threads, in
turns with ours; memory is the peak of a whole process that audits an organisation.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from benchmarks.__main__ import line
from checker.live.audit.accounts import survey
from checker.live.audit.executor import Worker
from checker.live.audit.plan import Plan
from checker.live.aws.access import Access, Coverage
from checker.live.aws.session import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.live.aws.session import Sessions

TOPICS = 1_000
LATE = 40
THREADS = 32
ROUNDS = 5
ACCOUNTS = 100
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "271828182845", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": REGION}


def main() -> None:
    """Measure and print."""
    os.environ.update(KEYS)
    gc.freeze()  # as the command does
    for share, what in ((10, "one in ten lets Connect in"), (1, "all let Connect in")):
        for threads in (8, THREADS):
            with stub(TOPICS, share) as url:
                compare(url, threads, f"checker audit, {TOPICS} topics, {what}, {threads} threads")
        organisation(share, what)


@contextmanager
def stub(topics: int, share: int, accounts: int = 1, late: int = LATE) -> Iterator[str]:
    """Serve topics from a process of its own."""
    numbers = [str(one) for one in (late, topics, share, accounts)]
    command = [sys.executable, "-m", "benchmarks.stub", *numbers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def compare(url: str, threads: int, what: str) -> None:
    """Read the topics bare and in earnest, in turns."""
    sessions = sign_in(Access(endpoint=url, threads=threads))
    clients = bare_clients(url, threads)
    bares, ours, calls = [], [], 0
    for _ in range(ROUNDS):
        bares.append(timed(lambda: bare(clients, threads)))
        before = time.perf_counter()
        calls = audited(sessions)
        ours.append(time.perf_counter() - before)
    taken, best = median(ours), median(bares)
    line(what, "")
    line("  calls (at most 1030)", str(calls))
    line("  wall time", f"{taken:.2f} s, a bare loop {best:.2f} s")
    line("  ratio (at most 1.15)", f"{taken / best:.2f}")
    line("  rate (at least 85 % of the bare one)", f"{calls / taken:.0f}/s, {best / taken:.0%}")


def timed(work: Any) -> float:
    """Give the seconds that it takes."""
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def audited(sessions: Sessions) -> int:
    """Audit the one account, and give the number of calls."""
    made: list[None] = []
    (unit,) = survey(sessions, Coverage()).units
    worker = Worker(Plan(sessions.access), sessions, lambda: made.append(None))
    value = worker.work(unit)
    worker.close()
    summary = value["report"]["summary"]
    assert not value["report"]["skipped"]  # noqa: S101 - else the figures mean nothing
    assert summary["topics"] + summary["topics_not_judged"] == TOPICS  # noqa: S101 - as above
    return len(made) + 1


def bare_clients(url: str, threads: int) -> dict[str, Any]:
    """Make clients as anybody would, with as many connections and tries."""
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": Access().attempts}, max_pool_connections=threads
    )
    names = ("sts", "sns", "connect", "cloudtrail")
    return {name: boto3.client(name, endpoint_url=url, config=config) for name in names}


def bare(clients: dict[str, Any], threads: int) -> None:
    """Make the same calls without anything around them."""
    clients["sts"].get_caller_identity()
    sns = clients["sns"]
    with ThreadPoolExecutor(threads) as pool:
        aside = [pool.submit(_around, clients)]
        for page in sns.get_paginator("list_topics").paginate():
            aside += [pool.submit(_attributes, sns, one["TopicArn"]) for one in page["Topics"]]
        for one in aside:
            one.result()
    sns.list_subscriptions()


def _attributes(sns: Any, arn: str) -> None:
    sns.get_topic_attributes(TopicArn=arn)


def _around(clients: dict[str, Any]) -> None:
    clients["connect"].list_instances()
    for name in range(4):
        event = [{"AttributeKey": "EventName", "AttributeValue": str(name)}]
        clients["cloudtrail"].lookup_events(LookupAttributes=event)


def organisation(share: int, what: str) -> None:
    """Audit an organisation in a process of its own, and look at its memory; the one that takes more comes last."""
    program = Path(sys.executable).parent / "checker"
    with stub(TOPICS, share, ACCOUNTS, late=1) as url, tempfile.TemporaryDirectory() as folder:
        options = ["--organization", "--role-name", "reader", "--endpoint-url", url, "--isolated"]
        options += [
            "--journal",
            f"{folder}/journal.jsonl",
            "-o",
            f"{folder}/report.txt",
            "--trail-hours",
            "0",
        ]
        before = time.perf_counter()
        done = subprocess.run([program, "audit", *options], stderr=subprocess.PIPE, check=False, text=True)
        taken = time.perf_counter() - before
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    line(f"checker audit, {ACCOUNTS} accounts of {TOPICS} topics, {what}", done.stderr.splitlines()[-1])
    line("  wall time", f"{taken:.0f} s")
    line("  peak memory (under 300 MB)", f"{memory:.0f} MB")


if __name__ == "__main__":
    main()
