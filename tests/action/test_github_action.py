"""The GitHub Action: its steps run on real repositories, against a small server in place of GitHub's API."""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.action.runner import ACTION, STEPS, TOP, Runner
from tests.cli.process import save
from tests.cli.test_diff_code import git
from tests.samples import ACCOUNT, INSTANCE_ARN, document, statement

TOKEN = "token-of-the-job"  # noqa: S105 - of the server below
PINNED = {
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": INSTANCE_ARN},
    }
}
SAFE = document(statement(Sid="Connect", **PINNED))
OPEN = document(statement(Sid="Connect"))
PARTNER = document(
    statement(Sid="Connect", **PINNED),
    statement(Sid="Partner", Principal={"AWS": "arn:aws:iam::444455556666:root"}, Action="sns:Subscribe"),
)


HEAD = "b" * 40
_PULL = {"pull_request": {"number": 7, "head": {"sha": HEAD}}}


class GitHub(ThreadingHTTPServer):
    """The comments of one pull request and the uploads to code scanning; the token decides what is permitted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: list[dict[str, Any]] = []
        self.uploads: list[dict[str, Any]] = []
        self.calls: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: GitHub

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass

    def answer(self, code: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def permitted(self) -> bool:
        self.server.calls.append(f"{self.command} {self.path.partition('?')[0]}")
        reads = self.command == "GET"
        return self.headers["Authorization"] == f"Bearer {TOKEN}" or reads

    def do_GET(self) -> None:
        self.permitted()
        page = int(self.path.rpartition("page=")[2])
        self.answer(200, self.server.comments[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        body = self.body()
        if not self.permitted():
            self.answer(403, {"message": "Resource not accessible by integration"})
        elif self.path == "/repos/team/chat/code-scanning/sarifs":
            self.server.uploads.append(body)
            self.answer(202, {"id": "1"})
        else:
            assert self.path == "/repos/team/chat/issues/7/comments"
            one = {"id": 1000 + len(self.server.comments), "user": {"login": "github-actions[bot]"}, **body}
            self.server.comments.append(one)
            self.answer(201, one)

    def do_PATCH(self) -> None:
        body = self.body()
        if not self.permitted():
            self.answer(403, {"message": "Resource not accessible by integration"})
            return
        number = int(self.path.removeprefix("/repos/team/chat/issues/comments/"))
        (one,) = [each for each in self.server.comments if each["id"] == number]
        one.update(body)
        self.answer(200, one)


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone of a repository whose branch is to be merged to `main`."""
    origin, folder = tmp_path / "origin", tmp_path / "checkout"
    save(origin / "policies" / "chat.json", SAFE)
    git("-C", str(origin), "init", "--quiet", "--initial-branch", "main")
    git("-C", str(origin), "add", ".")
    git("-C", str(origin), "commit", "--quiet", "-m", "one")
    git("clone", "--quiet", f"file://{origin}", str(folder))
    git("-C", str(folder), "checkout", "--quiet", "-b", "feature")
    return folder


def commit(checkout: Path, policy: Any) -> None:
    save(checkout / "policies" / "chat.json", policy)
    git("-C", str(checkout), "commit", "--quiet", "--all", "-m", "change")


def runner(checkout: Path, github: GitHub, token: str = TOKEN, *, is_pull: bool = True) -> Runner:
    event = save(checkout.parent / "event.json", _PULL if is_pull else {"ref": "x"})
    environment = {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "team/chat",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_SHA": "a" * 40,
        "GITHUB_REF": "refs/pull/7/merge",
        "TOKEN": token,
    }
    if is_pull:
        environment["GITHUB_BASE_REF"] = "main"
    return Runner(checkout, checkout.parent / "temporary", environment)


def test_a_pull_request_gets_one_comment_that_is_updated(checkout: Path, github: GitHub) -> None:
    copied: dict[str, Any] = {
        "id": 5,
        "user": {"login": "mallory"},
        "body": "<!-- checker-action: default -->\nall is well",
    }
    github.comments += [{"id": 10 + number, "user": None, "body": "hello"} for number in range(120)]
    github.comments.append(copied)
    commit(checkout, PARTNER)
    first = runner(checkout, github).run(fail_on="error")
    assert (first.code, first.outputs["diff.code"]) == (0, "1")
    (comment,) = github.comments[121:]
    assert comment["body"].startswith("<!-- checker-action: default -->\n### checker: 1 gain")
    assert "any principal of account 444455556666" in comment["body"]
    assert "::warning file=policies/chat.json,line=1,title=access%3A gains::" in first.log
    assert "1 gain" in first.summary
    assert "## checker: " in first.summary

    runner(checkout, github).run(fail_on="error")
    assert github.calls.count("PATCH /repos/team/chat/issues/comments/1121") == 0

    commit(checkout, OPEN)
    second = runner(checkout, github).run(fail_on="never")
    assert second.code == 0
    assert len(github.comments) == 122
    assert "any other Connect instance" in comment["body"]
    assert "444455556666" not in comment["body"]
    assert copied["body"].endswith("all is well")

    commit(checkout, SAFE)
    third = runner(checkout, github).run()
    assert (third.code, third.outputs["diff.code"]) == (0, "0")
    assert "the change affects no topic or key that was read" in comment["body"]
    assert comment["body"].endswith(f"\nCommit {HEAD[:12]}\n")

    fourth = runner(checkout, github).run(base="nowhere")
    assert fourth.code == 2
    assert f"could not compare commit {HEAD[:12]} with its base" in comment["body"]
    assert "affects no topic or key" not in comment["body"]


def test_nothing_is_written_where_access_does_not_change(checkout: Path, github: GitHub) -> None:
    save(checkout / "README.md", "hello")
    job = runner(checkout, github).run()
    assert job.code == 0
    assert github.comments == []
    assert "no comment: access does not change" in job.log


def test_findings_are_uploaded_to_code_scanning(checkout: Path, github: GitHub) -> None:
    commit(checkout, OPEN)
    job = runner(checkout, github).run(fail_on="never", comment="false")
    (upload,) = github.uploads
    assert (upload["commit_sha"], upload["ref"]) == ("a" * 40, "refs/pull/7/merge")
    log = json.loads(gzip.decompress(base64.b64decode(upload["sarif"])))
    assert log["runs"][0]["results"][0]["ruleId"] == "missing-source-account"
    assert (job.code, github.comments, job.outputs["check.code"]) == (0, [], "1")


def test_findings_of_an_incomplete_check_are_not_uploaded(checkout: Path, github: GitHub) -> None:
    save(checkout / "policies" / "chat.json", json.dumps(OPEN)[:-2])
    job = runner(checkout, github).run(fail_on="never", comment="false")
    assert (github.uploads, job.outputs["check.code"]) == ([], "2")
    assert "the alerts of its file would be closed" in job.log


@pytest.mark.parametrize("token", ["", "token-that-only-reads"])
def test_a_pull_request_from_a_fork_gets_no_comment_and_does_not_fail(
    token: str, checkout: Path, github: GitHub
) -> None:
    commit(checkout, PARTNER)
    job = runner(checkout, github, token).run()
    assert job.code == 0
    assert (github.comments, github.uploads) == ([], [])
    assert "::notice title=checker::no comment on the pull request: " in job.log
    assert "::notice title=checker::nothing is uploaded to code scanning: " in job.log
    assert "1 gain" in job.summary


def test_a_server_that_does_not_answer_does_not_fail_the_job(checkout: Path, github: GitHub) -> None:
    commit(checkout, PARTNER)
    job = runner(checkout, github)
    job.environment["GITHUB_API_URL"] = "http://127.0.0.1:9"
    done = job.run()
    assert done.code == 0
    assert "::warning title=checker::no comment on the pull request: " in done.log


@pytest.mark.parametrize(
    ("policy", "inputs", "code"),
    [
        (OPEN, {}, 1),
        (OPEN, {"fail_on": "never"}, 0),
        (OPEN, {"fail_on": "never", "fail_on_change": "gains"}, 1),
        (OPEN, {"fail_on": "never", "fail_on_change": "loses"}, 0),
        (PARTNER, {"fail_on_change": "any"}, 1),
        (SAFE, {"fail_on_change": "any"}, 0),
        (SAFE, {"base": "nowhere"}, 2),
        ("{", {"fail_on": "never", "fail_on_change": "any"}, 3),
        ("{", {"fail_on": "never"}, 0),
    ],
)
def test_the_result_follows_the_inputs(
    policy: Any, inputs: dict[str, str], code: int, checkout: Path, github: GitHub
) -> None:
    save(checkout / "policies" / "chat.json", policy)
    assert runner(checkout, github).run(**inputs).code == code


def test_only_a_pull_request_is_compared(checkout: Path, github: GitHub) -> None:
    job = runner(checkout, github, is_pull=False).run()
    assert job.code == 0
    assert "there is no base to compare with" in job.log
    assert "diff.code" not in job.outputs
    named = runner(checkout, github, is_pull=False).run(base="main")
    assert (named.code, named.outputs["diff.code"]) == (0, "0")


def test_a_shallow_checkout_gets_its_history(checkout: Path, github: GitHub) -> None:
    commit(checkout, PARTNER)
    git("-C", str(checkout), "push", "--quiet", "origin", "feature")
    shallow = checkout.parent / "shallow"
    git(
        "clone",
        "--quiet",
        "--depth",
        "1",
        "--branch",
        "feature",
        f"file://{checkout.parent}/origin",
        str(shallow),
    )
    job = runner(shallow, github).run()
    assert (job.code, job.outputs["diff.code"]) == (0, "1")


def test_inputs_are_never_part_of_a_script(checkout: Path, github: GitHub) -> None:
    hostile = "$(touch made); `touch made`; \"'\n--help\n\n  \npolicies"
    job = runner(checkout, github).run(paths=hostile, comment_key='"; touch made -->', base="--help")
    assert job.code == 2
    assert not (checkout / "made").exists()
    assert not list(checkout.parent.glob("**/made"))


@pytest.mark.parametrize("paths", ["policies", "./policies/chat.json", "other\npolicies/"])
def test_a_pull_request_cannot_lead_a_path_elsewhere(paths: str, checkout: Path, github: GitHub) -> None:
    (checkout / "policies").rename(checkout.parent / "policies")
    (checkout / "policies").symlink_to(checkout.parent / "policies")
    job = runner(checkout, github).run(paths=paths)
    assert job.code == 2
    assert "a part of the input paths is a symbolic link" in job.log
    assert "check.sarif" not in job.outputs


def test_no_expression_is_in_a_script_and_nothing_else_is_used() -> None:
    for step in STEPS:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
        assert "uses" not in step
    scripts = [path.read_text() for path in (TOP / "action").iterdir()]
    assert not any("${{" in text for text in scripts)
    named = {match for text in map(str, STEPS) for match in re.findall(r"inputs\.([\w-]+)", text)}
    assert named == ACTION["inputs"].keys()
