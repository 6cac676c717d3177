"""Finds: policies on which the tool has given a wrong answer, each a file that tests ask about for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.soundness.questions import Case, Difference
from tests.soundness.words import INSTANCE

FOLDER = Path(__file__).parent / "finds"


def save(question: str, case: Case, difference: Difference, seed: int, folder: Path = FOLDER) -> Path:
    """Write a find under a name that depends on its content alone."""
    content = {
        "question": question,
        "answer": difference.answer,
        "expected": difference.expected,
        "seed": seed,
        "index": case.seed,
        "instance": case.instance,
        "form": case.form,
        "explicit": case.explicit,
        "policies": list(case.policies),
        "request": difference.request,
    }
    text = json.dumps(content, indent=1) + "\n"
    digest = hashlib.sha256(json.dumps([difference.answer, *case.policies]).encode()).hexdigest()[:8]
    path = folder / f"{question}-{digest}.json"
    path.write_text(text, encoding="utf-8")
    return path


def names(folder: Path = FOLDER) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json"))


def load(name: str, folder: Path = FOLDER) -> tuple[str, Case, dict[str, Any]]:
    """Give a find's question, its case, and all that its file says."""
    content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    case = Case(
        tuple(content["policies"]),
        content.get("instance", INSTANCE),
        content.get("index", 0),
        form=content.get("form", "attributes"),
        explicit=content.get("explicit", True),
        kept=(content["answer"], content.get("request")),
    )
    return content["question"], case, content


def signatures(folder: Path = FOLDER) -> Iterator[str]:
    """What tells finds of one kind apart from those of another: question, answer and expectation."""
    for name in names(folder):
        content = load(name, folder)[2]
        yield signature(content["question"], content["answer"], content["expected"])


def signature(question: str, answer: str, expected: str) -> str:
    return f"{question} | {answer} | {expected}"
