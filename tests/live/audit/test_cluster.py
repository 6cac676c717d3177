"""An audit on a real scheduler with two worker processes, of which one is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from checker.live.audit.executor import UnitExecutor, work_off
from checker.live.aws.access import Unit
from tests.cli.process import run
from tests.live.cloud import Answer, Call, Cloud
from tests.live.estate import timeless
from tests.live.scene import make_instance, make_topic
from tests.samples import TESTS

REGIONS = ("us-east-1", "us-west-2", "eu-west-2", "eu-central-1", "ap-southeast-1", "ca-central-1")


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(TESTS.parent),
            "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
        }
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.file = folder / "scheduler.json"
        self._start("dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file))
        while not self.file.exists() or not self.file.read_text():
            time.sleep(0.05)
        self.address = str(json.loads(self.file.read_text())["address"])

    def add_worker(self) -> subprocess.Popen[bytes]:
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder))
        return self._start("dask_worker", self.address, *options)

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *arguments]
        process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(cloud: Cloud, tmp_path: Path) -> Iterator[Cluster]:  # noqa: ARG001 - its environment is inherited
    pytest.importorskip("distributed")
    made = Cluster(tmp_path)
    yield made
    made.close()


def test_a_worker_that_dies_loses_nothing_and_repeats_nothing(
    cloud: Cloud, cluster: Cluster, tmp_path: Path
) -> None:
    for region in REGIONS:
        make_topic(cloud, "chat", make_instance(cloud, region=region), region=region)
    first, _second = cluster.add_worker(), cluster.add_worker()
    killed = threading.Event()
    journal = tmp_path / "journal.jsonl"

    def hold_until_one_is_dead(call: Call) -> Answer:
        if call.operation == "GetTopicAttributes" and call.region in REGIONS[2:]:
            killed.wait(20)
        return None

    def kill_in_the_middle() -> None:
        while not journal.exists() or len(journal.read_text().splitlines()) < 3:
            time.sleep(0.05)
        time.sleep(0.5)  # until the scheduler has released the finished units
        first.send_signal(signal.SIGKILL)
        first.wait()
        killed.set()

    cloud.fault = hold_until_one_is_dead
    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    options = ("--endpoint-url", cloud.url, "--isolated", "--trail-hours", "0", "--region", ",".join(REGIONS))
    cloud.calls.clear()
    done = run("audit", *options, "--dask", cluster.address, "--journal", journal, "--format", "json")
    killer.join()
    assert killed.is_set()
    assert done.returncode == 1, done.stderr
    assert "calls=0" not in done.stderr
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert sorted(one["region"] for one in lines[1:-1]) == sorted(REGIONS)
    journalled = {one["region"] for one in lines[1:3]}
    listed = [one.region for one in cloud.calls if one.operation == "ListTopics"]
    assert all(listed.count(region) == 1 for region in journalled)
    alone = run("audit", *options, "--format", "json")
    assert timeless(alone.stdout) == timeless(done.stdout)


def test_the_future_of_a_finished_unit_is_released() -> None:
    """Dask repeats a finished unit if its worker dies while the future of the unit exists."""
    units = [Unit("111122223333", region) for region in REGIONS]
    futures: dict[Unit, weakref.ref[Future[dict[str, Any]]]] = {}

    class Immediate(Executor):
        def submit(self, work: Any, /, *units: Any, **_: Any) -> Future[Any]:
            future: Future[dict[str, Any]] = Future()
            future.set_result(work(*units))
            futures[units[0]] = weakref.ref(future)
            return future

    executor = UnitExecutor(Immediate(), lambda _: {}, 1, lambda: None)
    alive = {done.unit: futures[done.unit]() for done in work_off(units, executor)}
    assert alive == dict.fromkeys(units)


def test_where_nobody_answers_the_help_says_what_an_address_looks_like(cloud: Cloud) -> None:
    pytest.importorskip("distributed")
    done = run("audit", "--endpoint-url", cloud.url, "--isolated", "--dask", "nonsense://1")
    assert done.returncode == 2
    assert "tls://HOST" in done.stderr


def test_an_address_where_nothing_speaks_ends_the_audit_in_bounded_time(cloud: Cloud) -> None:
    pytest.importorskip("distributed")
    options = ("--endpoint-url", cloud.url, "--isolated", "--dask")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        done = run("audit", *options, f"tcp://127.0.0.1:{port}")
        assert (done.returncode, "no answer within 10 seconds" in done.stderr) == (2, True)
        done = run("audit", *options, f"tls://127.0.0.1:{port}")
        assert (done.returncode, "distributed.comm.tls" in done.stderr) == (2, True)


def test_a_cluster_without_workers_ends_the_audit_with_a_message(cloud: Cloud, cluster: Cluster) -> None:
    done = run("audit", "--endpoint-url", cloud.url, "--isolated", "--dask", cluster.address)
    assert (done.returncode, "has no workers" in done.stderr) == (2, True)
    assert f"dask worker {cluster.address}" in done.stderr
