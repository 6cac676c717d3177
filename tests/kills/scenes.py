"""The commands that are killed, each in an account and a folder of its own, and what must hold after the kill."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from checker.fix.live.receipt import KEY, TOPIC, read_receipt
from checker.live.repair.change_handler import same_policy
from checker.sandbox import seed
from tests.kills.state import State, alike, files_of, state_of
from tests.live.estate import Ended, Estate, build, checker
from tests.live.repair.replacement import stage
from tests.samples import TESTS

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

REGION = "us-west-2"
ACCOUNTS = count(444400000001)
Words = tuple[str | Path, ...]


class Scene(NamedTuple):
    """A command in an account and a folder. ``before`` is the state of AWS; ``rollback`` is the receipt of a fix.

    ``expected`` are the outputs of an undisturbed run in this account, if its command changes nothing in AWS.
    """

    kind: str
    sandbox: Sandbox
    account: str
    folder: Path
    command: Words
    before: State
    old: dict[str, bytes]
    expected: dict[str, str]

    @property
    def now(self) -> State:
        return state_of(self.sandbox, self.account)

    @property
    def receipts(self) -> list[Path]:
        """The receipts, oldest first."""
        return sorted((self.folder / "receipts").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)


class Undisturbed(NamedTuple):
    """How the command of a scene ends if nothing kills it."""

    code: int
    seconds: float
    lasting: list[str]


Make = Callable[["Sandbox", "Account", Path], Scene]


def _scene(kind: str, sandbox: Sandbox, account: Account, folder: Path, *command: str | Path) -> Scene:
    before = state_of(sandbox, account.id)
    return Scene(kind, sandbox, account.id, folder, command, before, files_of(folder), {})


def _audit(sandbox: Sandbox, account: Account, folder: Path) -> Scene:
    """An audit with a journal, that replaces the reports and the baseline of an earlier one."""
    estate = build(sandbox, account)
    formats = {"json": "report.json", "sarif": "report.sarif", "html": "report.html"}
    files = [word for name, file in formats.items() for word in ("--format", f"{name}={folder / file}")]
    command = (*_spread(estate), *files, "--write-baseline", folder / "baseline.json")
    checker(*command)
    expected = {name: undated(data.decode()) for name, data in files_of(folder).items()}
    for name in formats.values():
        (folder / name).write_text("an earlier report")
    baseline = json.loads((folder / "baseline.json").read_text())
    (folder / "baseline.json").write_text(json.dumps({**baseline, "findings": baseline["findings"][:1]}))
    scene = _scene("audit", sandbox, account, folder, *command, "--journal", folder / "journal.jsonl")
    return scene._replace(expected=expected)


def _saved(sandbox: Sandbox, account: Account, folder: Path) -> Scene:
    """An audit that saves the answers of AWS."""
    estate = build(sandbox, account)
    command = (*_spread(estate), "--format", "json", "--save")
    checker(*command, folder / "saved")
    expected = {"check": undated(_check(folder / "saved").out)}
    shutil.rmtree(folder / "saved")
    return _scene("saved", sandbox, account, folder, *command, folder / "saved")._replace(expected=expected)


def _spread(estate: Estate) -> Words:
    """The audit of an estate without its format."""
    return tuple(word for word in estate.audit if word not in ("--format", "json"))


def _check(folder: Path) -> Ended:
    return checker("check", folder, "--isolated", "--format", "json")


def _policies(sandbox: Sandbox, account: Account, folder: Path) -> Scene:
    """A fix of the policies of a topic and of its key."""
    estate = build(sandbox, account)
    report = ("--format", "json", "--output", folder / "report.json")
    return _scene("policies", sandbox, account, folder, *estate.fix(folder / "receipts"), *report)


def _replacement(kind: str, make: Callable[[Sandbox, Account], stage.Scene]) -> Make:
    """A fix that creates a topic or a key, with its subscriptions."""

    def scene(sandbox: Sandbox, account: Account, folder: Path) -> Scene:
        words = stage.options(make(sandbox, account), folder / "receipts")
        return _scene(kind, sandbox, account, folder, "fix", *words, "--apply", "--yes")

    return scene


_NEW: dict[str, Callable[[Sandbox, Account], stage.Scene]] = {
    "FIFO topic": lambda _, account: stage.fifo(account),
    "topic elsewhere": stage.far,
    "AWS managed key": lambda _, account: stage.managed(account),
}


def _rollback(kind: str, make: Make) -> Make:
    """A rollback of a fix that was applied before."""

    def scene(sandbox: Sandbox, account: Account, folder: Path) -> Scene:
        fix = make(sandbox, account, folder)
        assert checker(*fix.command).code in (0, 1)  # what a replacement is for stays a finding
        (receipt,) = fix.receipts
        made = _scene(f"rollback: {kind}", sandbox, account, folder, "rollback", receipt, "--yes")
        return made._replace(before=fix.before)

    return scene


def _flow(*options: str) -> Make:
    def scene(sandbox: Sandbox, account: Account, folder: Path) -> Scene:
        instance = seed.make_instance(account)
        topic = seed.good_topic(account, instance)
        named = ("--topic-arn", topic, "--instance-arn", instance, "--contact-flow-id", "flow", "--wait", "5")
        output = ("--format", "json", "--output", folder / "flow.json", "--receipts", folder / "receipts")
        kind = "retention" if options else "flow"
        return _scene(kind, sandbox, account, folder, "flow", *named, *output, *options)

    return scene


def _trial(sandbox: Sandbox, account: Account, folder: Path) -> Scene:
    instance = seed.make_instance(account)
    named = ("--instance-arn", instance, "--contact-flow-id", "flow", "--wait", "2")
    output = ("--evidence-out", folder / "evidence.json", "--receipts", folder / "receipts")
    words = ("flow", "--try-conditions", *named, *output, "--apply", "--yes")
    return _scene("trial", sandbox, account, folder, *words)


def _files(sandbox: Sandbox, account: Account, folder: Path) -> Scene:
    """A fix of files."""
    for name in ("missing-conditions", "another", "third"):
        topic = f"arn:aws:sns:{REGION}:{account.id}:{name}"
        statement = {**seed.publish_statement(topic), "Resource": topic}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
        (folder / f"{name}.json").write_text(policy)
    instance = f"arn:aws:connect:{REGION}:{account.id}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    words = ("fix", folder, "--instance-arn", instance, "--apply", "--isolated")
    return _scene("files", sandbox, account, folder, *words)


SCENES: dict[str, Make] = {
    "audit": _audit,
    "saved": _saved,
    "policies": _policies,
    **{kind: _replacement(kind, make) for kind, make in _NEW.items()},
    "rollback: policies": _rollback("policies", _policies),
    "rollback: topic elsewhere": _rollback(
        "topic elsewhere", _replacement("topic elsewhere", _NEW["topic elsewhere"])
    ),
    "flow": _flow(),
    "retention": _flow("--retain", "sqs", "--create", "--yes"),
    "trial": _trial,
    "files": _files,
}


_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+)?(Z|\+00:00| UTC)?")


def undated(text: str) -> str:
    """Return a report without its times, to compare those of two runs."""
    return _TIME.sub("TIME", text)


SCHEMAS = [json.loads(path.read_text()) for path in (TESTS.parent / "schemas").glob("*.json")]
REGISTRY = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in SCHEMAS)


def validate(name: str, data: bytes) -> Any:
    """Parse a file, and validate it by the schema whose ID ends with a name."""
    value = json.loads(data)
    (schema,) = [one for one in SCHEMAS if one["$id"].endswith(name)]
    Draft202012Validator(schema, registry=REGISTRY).validate(value)
    return value


_FORMS = {"report.json": "fix:v1", "flow.json": "flow:v1", "evidence.json": "evidence:v1"}


def check_files(scene: Scene) -> None:
    """Every file is an old one or a whole one, and every receipt is valid."""
    for name, data in files_of(scene.folder).items():
        if scene.old.get(name) == data or name.startswith(("saved/", "journal.jsonl")):
            continue
        if name.startswith("receipts/"):
            _check_receipt(scene, scene.folder / name, data)
        elif name in scene.expected:
            assert undated(data.decode()) == scene.expected[name], name
        elif name in _FORMS:
            validate(_FORMS[name], data)
        else:
            assert scene.kind == "files", name
            assert b"aws:SourceArn" in data, name
            assert json.loads(data), name


def _check_receipt(scene: Scene, path: Path, data: bytes) -> None:
    if scene.kind in ("retention", "trial"):
        assert json.loads(data)["kind"] == scene.kind
    else:
        validate("receipt:v2", data)
        read_receipt(path)


def check_aws(scene: Scene) -> None:
    """AWS holds nothing that is neither from before the command nor named by a receipt."""
    new = set(scene.now.lasting) - set(scene.before.lasting)
    names = {line.split(" ")[1] for line in new if not line.startswith("key ")}
    text = "".join(path.read_text() for path in scene.receipts)
    assert not new or text, f"no receipt, but {new}"
    if scene.kind not in ("flow", "files", "audit", "saved"):
        assert all(name in text or name.partition(":role/")[2] in text for name in names), (names, text)
    else:
        assert not new
    for change in (one for path in scene.receipts if _is_fix(scene) for one in read_receipt(path).changes):
        if change.kind in (TOPIC, KEY):
            held = next(line.split(" ", 2)[2] for line in scene.now.lasting if f" {change.resource} " in line)
            policy = held[held.index("{") :]
            assert any(same_policy(change.resource, policy, one) for one in (change.old, change.new))


def _is_fix(scene: Scene) -> bool:
    return scene.kind not in ("retention", "trial")


def check_alike(scene: Scene, whole: Undisturbed) -> None:
    """The lasting state is that of an undisturbed run in another account, but for a key of the run that was killed.

    A key without its alias is not found again; the receipt of the run that created it rolls it back.
    """
    now, then = Counter(alike(scene.now, scene.account)), Counter(whole.lasting)
    assert not then - now, then - now
    more = [*(now - then).elements()]
    assert len(more) <= max(0, len(scene.receipts) - 1), more
    assert all(line.startswith("key ") for line in more), more


def roll_back(scene: Scene, receipts: Sequence[Path]) -> None:
    """Roll receipts back, newest first, to the state before the command.

    A later run that completes what an earlier one created leaves that to the receipt of the earlier one, and says so.
    """
    for number, receipt in reversed([*enumerate(receipts)]):
        done = checker("rollback", receipt, "--yes")
        assert done.code == 0 or (number and "another run created the topic" in done.out), done
    assert scene.now.lasting == scene.before.lasting


def check_saved(scene: Scene, folder: Path, *, complete: bool = False) -> None:
    """All saved files are whole. The check of a complete folder is that of any; of another, it is not clean."""
    for name, data in files_of(folder).items():
        assert isinstance(json.loads(data), dict), name
    record = folder / "audit.json"
    if complete or (record.exists() and "unread" in json.loads(record.read_text())["checker_audit"]):
        assert undated(_check(folder).out) == scene.expected["check"]
    elif record.exists():
        done = _check(folder)
        assert done.code != 0, done
        assert "did not end" in done.out + done.err
