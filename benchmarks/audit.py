"""Measures `checker audit` against a stub that answers 40 ms late: `python -m benchmarks.audit`.

Wall time and rate are ratios to a bare loop of boto3 over the same calls, with the same number of threads, in
turns with ours; memory is the peak of a whole process that audits an organisation.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from benchmarks.measure import Row, line
from benchmarks.peer_speed import AUDITORS, CROSS_ACCOUNT, peers
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
GOAL = 1 / 0.9
"""90 % of the rate of bare boto3."""
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "271828182845", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": REGION}


def main() -> None:
    """Audit organizations, and print the time and memory that this takes."""
    os.environ.update(KEYS)
    gc.freeze()  # as the command does
    for share, what in ((10, "one in ten lets Connect in"), (1, "all let Connect in")):
        organisation(share, what)


def compared_audits() -> Iterator[Row]:
    """Audit an account, beside a loop of the same calls without anything around them."""
    os.environ.update(KEYS)
    for topics in (1_000, 10_000):
        for share, what in ((10, "1 in 10 in scope"), (1, "all in scope")):
            with stub(topics, share) as url:
                yield compare(url, topics, f"audit, {topics:,} topics, {what}")


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


def compare(url: str, topics: int, what: str) -> Row:
    """Read the topics bare and in earnest, in turns, and with c7n; the seconds are those on the clock."""
    sessions = sign_in(Access(endpoint=url, threads=THREADS))
    clients = bare_clients(url, THREADS)
    bares, ours = [], []
    for _ in range(ROUNDS if topics <= TOPICS else 1):
        bares.append(timed(lambda: bare(clients, THREADS)))
        ours.append(timed(lambda: audited(sessions, topics)))
    peer = [("c7n", seconds) for seconds in peer_audits(url)] if topics <= TOPICS else []
    return Row("audit", what, median(ours), (("bare boto3", median(bares)), *peer), GOAL, topics)


def peer_audits(url: str) -> Iterator[float]:
    """Time another tool over the same topics, if it is installed. It uses two threads."""
    with tempfile.TemporaryDirectory() as name:
        Path(name, "policy.json").write_text(json.dumps(CROSS_ACCOUNT))
        for command in peers(AUDITORS, Path(name)).values():
            environment = {**os.environ, "AWS_ENDPOINT_URL": url}
            yield timed(partial(subprocess.run, command, env=environment, check=True, capture_output=True))


def timed(work: Any) -> float:
    """Give the seconds that it takes."""
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def audited(sessions: Sessions, topics: int) -> None:
    """Audit the one account."""
    (unit,) = survey(sessions, Coverage()).units
    worker = Worker(Plan(sessions.access), sessions)
    value = worker.work(unit)
    worker.close()
    summary = value["report"]["summary"]
    assert not value["report"]["skipped"], value["report"]["skipped"][:2]  # noqa: S101 - else the figures mean nothing
    assert summary["topics"] + summary["topics_not_judged"] == topics  # noqa: S101 - as above


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
