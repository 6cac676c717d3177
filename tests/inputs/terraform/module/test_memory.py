"""Memory does not grow with the number of root modules."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from checker.inputs.terraform.module import folder, root
from checker.inputs.terraform.module.module import Module
from checker.inputs.terraform.module.session import Session
from tests.inputs.terraform.module.reading import read

if TYPE_CHECKING:
    from pathlib import Path

ROOTS = 5
TOPIC = 'resource "aws_sns_topic" "t" { name = "${var.name}-t" }\nvariable "name" { default = "a" }\n'
LAYOUTS = {
    "roots alone": {f"env-{n}/main.tf": TOPIC for n in range(ROOTS)},
    "each root with a module of its own": {
        f"env-{n}/{name}": text
        for n in range(ROOTS)
        for name, text in {"main.tf": 'module "m" { source = "./m" }', "m/main.tf": TOPIC}.items()
    },
    "all roots with one module": {
        "m/main.tf": TOPIC,
        **{f"env-{n}/main.tf": 'module "m" { source = "../m" }' for n in range(ROOTS)},
    },
}


@pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("most_text", [0, 500_000], ids=["nothing is kept", "called modules are kept"])
def test_no_root_stays_in_memory_and_every_topic_is_read(
    files: dict[str, str], most_text: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root, "_MUCH", 0)
    monkeypatch.setattr(folder, "_MOST_TEXT", most_text)
    gc.collect()
    before = _count(Module, Session)
    assert len(read(tmp_path, files).topics) == ROOTS
    assert _count(Module, Session) == before


def _count(*types: type) -> int:
    return sum(isinstance(one, types) for one in gc.get_objects())
