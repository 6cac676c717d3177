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
    packed = base64.b64encode(gzip.compress(Path(file).read_bytes())).decode("ascii")
    body = {"commit_sha": os.environ["GITHUB_SHA"], "ref": os.environ["GITHUB_REF"], "sarif": packed}
    _call("POST", "code-scanning/sarifs", body)


def _comment() -> None:
    """Update the comment of an earlier run, or create it if access changes or a result is not known."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None:
        print("no comment: not a pull request")
        return
    key = re.sub(r"[^A-Za-z0-9_.-]", "_", os.environ["COMMENT_KEY"])
    marker = f"<!-- checker-action: {key} -->"
    body = f"{marker}\n{Path(os.environ['COMMENT_FILE']).read_text(encoding='utf-8')}"
    found = _earlier(int(number), marker)
    if found is None and os.environ["CHANGE_CODE"] == "0":
        print("no comment: access does not change")
    elif found is None:
        _call("POST", f"issues/{int(number)}/comments", {"body": body})
    elif found["body"] != body:
        _call("PATCH", f"issues/comments/{int(found['id'])}", {"body": body})


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
