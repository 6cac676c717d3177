"""Reports to GitHub with the token of the job: one comment on the pull request, and findings for code scanning.

A token that may not do so does not fail the job, since that of a pull request from a fork can only read. The standard
library is enough, so that it runs in any Python.

https://docs.github.com/en/rest/issues/comments
https://docs.github.com/en/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_NOT_PERMITTED = (401, 403, 404)
"""The answers to a token without the permission; a repository without code scanning answers 403 as well."""
_PAGE = 100


class NotPermittedError(Exception):
    """GitHub does not let the token make this call."""


def main(command: str) -> int:
    """Run one of the commands, and return the exit code."""
    what, run, permission = _COMMANDS[command]
    if not os.environ.get("CHECKER_TOKEN"):
        print(f"::notice title=checker::{what}: the job has no token")
        return 0
    try:
        run()
    except NotPermittedError as error:
        print(f"::notice title=checker::{what}: {error}; the job needs `{permission}: write`")
    except OSError as error:
        print(f"::warning title=checker::{what}: {error}")
    return 0


def _upload() -> None:
    file = os.environ.get("SARIF_FILE", "")
    if not file:
        print("nothing is uploaded: the check wrote no SARIF file")
        return
    data = Path(file).read_bytes()
    if os.environ["CHECK_CODE"] not in _COMPLETE or not _is_successful(json.loads(data)):
        print(f"::warning title=checker::{_INCOMPLETE}")
        return
    packed = base64.b64encode(gzip.compress(data)).decode("ascii")
    body = {"commit_sha": os.environ["GITHUB_SHA"], "ref": os.environ["GITHUB_REF"], "sarif": packed}
    _call("POST", "code-scanning/sarifs", body)


_COMPLETE = ("0", "1", "3")
_INCOMPLETE = (
    "nothing is uploaded to code scanning: an input was not read, and the alerts of its file would be closed"
)


def _is_successful(sarif: dict[str, Any]) -> bool:
    """True if every input was read. An alert without a result in the next analysis is closed as fixed."""
    return all(one["executionSuccessful"] for run in sarif["runs"] for one in run["invocations"])


def _comment() -> None:
    """Update the comment of an earlier run, or create it if access changes or a result is not known.

    An update also says that a commit could not be compared, since the comment is about another one otherwise.
    """
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    pull = event.get("pull_request", {})
    number = pull.get("number")
    if number is None:
        print("no comment: not a pull request")
        return
    key = re.sub(r"[^A-Za-z0-9_.-]", "_", os.environ["COMMENT_KEY"])
    marker = f"<!-- checker-action: {key} -->"
    table = _text_of("COMMENT_FILE")
    commit = re.sub(r"[^0-9a-f]", "", str(pull.get("head", {}).get("sha") or os.environ["GITHUB_SHA"]))[:12]
    text = f"{table}\nCommit {commit}\n" if table else _NOT_COMPARED.format(commit)
    body = f"{marker}\n{text}"
    found = _earlier(int(number), marker)
    if found is None and not table:
        print("no comment: nothing was compared")
    elif found is None and json.loads(_text_of("DIFF_FILE"))["same"] is True:
        print("no comment: access does not change")
    elif found is None:
        _call("POST", f"issues/{int(number)}/comments", {"body": body})
    elif found["body"] != body:
        _call("PATCH", f"issues/comments/{int(found['id'])}", {"body": body})


_NOT_COMPARED = "### checker: could not compare commit {} with its base\n\nSee the log of the job.\n"


def _text_of(name: str) -> str:
    """Read the file that a variable names; empty without one."""
    file = os.environ.get(name, "")
    return Path(file).read_text(encoding="utf-8") if file else ""


def _earlier(number: int, marker: str) -> dict[str, Any] | None:
    """Find the comment of this action by its marker and its author, since anybody can copy the marker."""
    page = 1
    while True:
        path = f"issues/{number}/comments?per_page={_PAGE}&page={page}"
        comments: list[dict[str, Any]] = _call("GET", path)
        for one in comments:
            is_own = (one.get("user") or {}).get("login") == os.environ["COMMENT_AUTHOR"]
            if is_own and str(one.get("body", "")).startswith(marker):
                return one
        if len(comments) < _PAGE:
            return None
        page += 1


def _call(method: str, path: str, body: Any = None) -> Any:
    """Make a call below the repository, and return its answer. Raises NotPermittedError and OSError."""
    request = urllib.request.Request(  # noqa: S310 - the runner sets the address
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['CHECKER_TOKEN']}",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - as above
            return json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        if error.code in _NOT_PERMITTED:
            raise NotPermittedError(f"GitHub answered {error.code}") from None
        raise


_COMMANDS = {
    "comment": ("no comment on the pull request", _comment, "pull-requests"),
    "upload": ("nothing is uploaded to code scanning", _upload, "security-events"),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
