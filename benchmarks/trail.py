"""Measures CloudTrail: `python -m benchmarks.trail [MEGABYTES]`, each file in a process of its own.

Throughput is a ratio to a bare loop of `json.loads` over the lines of the same file, memory is the peak of the
whole process. Each contact is another one; in the last file every event is of one.
"""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.measure import line
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEGABYTES = 200
ACCOUNT = "111122223333"
INSTANCE = f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"


def main() -> None:
    """Write the files, measure and print; with two arguments, read one file in one way."""
    if len(sys.argv) == 3:
        _READERS[sys.argv[1]](Path(sys.argv[2]))
        return
    size = int(sys.argv[1]) if len(sys.argv) == 2 else MEGABYTES
    with tempfile.TemporaryDirectory() as folder:
        for name, share in (("a stream in 100", 100), ("a stream in 10", 10), ("nothing but streams", 1)):
            path = Path(folder, "events.jsonl")
            write_lines(path, size * 1024 * 1024, share)
            measure(f"{size} MB of JSON Lines, {name}", path)
        measure_packed(Path(folder), size // 4)


def measure(what: str, path: Path) -> None:
    """Read a file bare and in earnest, and print both."""
    bare, _ = run("bare", path)
    ours, memory = run("ours", path)
    megabytes = path.stat().st_size / 1024 / 1024
    line(what, "")
    line("  json.loads, line by line", f"{megabytes / bare:.0f} MB/s")
    line("  checker", f"{megabytes / ours:.0f} MB/s, {bare / ours:.1f} times that")
    line("  peak memory (under 150 MB)", f"{memory:.0f} MB")


def measure_packed(folder: Path, size: int) -> None:
    """The same for one document, as S3 keeps it, unpacked and decoded at once for comparison."""
    path = folder / "events.json.gz"
    write_document(path, size * 1024 * 1024)
    bare, most = run("whole", path)
    ours, memory = run("ours", path)
    line(f"{size} MB in one packed document of S3", "")
    line("  json.load of it all", f"{size / bare:.0f} MB/s, {most:.0f} MB")
    line("  checker", f"{size / ours:.0f} MB/s, {bare / ours:.1f} times that, {memory:.0f} MB")


def run(how: str, path: Path) -> tuple[float, float]:
    """Read a file in a process of its own; give the seconds of CPU and the megabytes that it says."""
    command = [sys.executable, "-m", "benchmarks.trail", how, str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(said[0]), float(said[1])


def _timed(read: Callable[[Path], object]) -> Callable[[Path], None]:
    def timed(path: Path) -> None:
        before = time.process_time()
        read(path)
        taken = time.process_time() - before
        print(taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    return timed


def _bare(path: Path) -> None:
    with path.open("rb") as file:
        for one in file:
            json.loads(one)


def _whole(path: Path) -> None:
    with gzip.open(path) as file:
        json.load(file)


def _ours(path: Path) -> None:
    judge(load([path]), all_rules())


_READERS = {"bare": _timed(_bare), "whole": _timed(_whole), "ours": _timed(_ours)}


def write_lines(path: Path, size: int, share: int) -> None:
    """Write JSON Lines of about that size, one in ``share`` of which starts a stream."""
    with path.open("w") as file:
        for number, event in enumerate(events(share)):
            file.write(json.dumps(event, separators=(",", ":")) + "\n")
            if number % 1000 == 0 and file.tell() > size:
                return


def write_document(path: Path, size: int) -> None:
    """Write one document, packed, that has about that size when it is unpacked."""
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write('{"Records":[')
        written = 0
        for number, event in enumerate(events(100)):
            text = json.dumps(event, separators=(",", ":"))
            file.write(f",{text}" if number else text)
            written += len(text)
            if written > size:
                break
        file.write("]}")


def events(share: int) -> Iterator[dict[str, Any]]:
    """Give events without end, each of a contact of its own."""
    number = 0
    while True:
        yield _streaming(number) if number % share == 0 else _other(number)
        number += 1


def _event(number: int, name: str, asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    session = {"sessionIssuer": {"type": "Role", "userName": "chat"}, "webIdFederationData": {}}
    caller = {"type": "AssumedRole", "principalId": "AROAEXAMPLE:chat", "accountId": ACCOUNT}
    return {
        "eventVersion": "1.10",
        "userIdentity": {**caller, "sessionContext": session},
        "eventTime": f"2026-11-{number // 86400 % 28 + 1:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:00Z",
        "eventSource": "connect.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-sdk-js/3.700.0 os/linux lang/js md/nodejs#20.18.0 exec-env/AWS_Lambda_nodejs20.x",
        "requestParameters": asked,
        "responseElements": answer,
        "requestID": str(UUID(int=number * 7)),
        "eventID": str(UUID(int=number * 11)),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


def _streaming(number: int) -> dict[str, Any]:
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:chat-{number % 30}"
    asked = {
        "InstanceId": INSTANCE,
        "ContactId": str(UUID(int=number * 7919)),
        "ChatStreamingConfiguration": {"StreamingEndpointArn": topic},
        "ClientToken": str(UUID(int=number * 104729)),
    }
    return _event(number, "StartContactStreaming", asked, {"StreamingId": str(UUID(int=number * 13))})


def _other(number: int) -> dict[str, Any]:
    asked = {"InstanceId": INSTANCE, "InitialContactId": str(UUID(int=number * 7919)), "Attributes": "***"}
    return _event(number, "UpdateContactAttributes", asked, {})


if __name__ == "__main__":
    main()
