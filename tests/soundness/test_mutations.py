"""The harness notices a prover that has lost something: each mutation brings a find back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.fix import effect, proof, rounds
from checker.iam.prove import callers, key_domains, space, texts
from checker.iam.prove.callers import SIGNED, USER
from checker.iam.prove.domain import Choices
from tests.soundness.test_soundness import differences_of
from tests.soundness.tool import Tool

Patch = pytest.MonkeyPatch


def a_class_is_dropped(patch: Patch) -> None:
    whole = texts.Texts.choices

    def without_the_present(self: texts.Texts, mentions: Any, budget: Any) -> Choices:
        found = whole(self, mentions, budget)
        kept = tuple(one for one in found.choices if None in one.values.values())
        return found._replace(choices=kept or found.choices)

    patch.setattr(texts.Texts, "choices", without_the_present)


def excluded_texts_are_not_distinguished(patch: Patch) -> None:
    patch.setattr(texts.Texts, "_separators", lambda *_: ())


def a_domain_is_dropped(patch: Patch) -> None:
    patch.setattr(callers, "_HEADERS", ())


def users_are_dropped(patch: Patch) -> None:
    patch.setattr(space, "SIGNED", tuple(kind for kind in SIGNED if kind != USER))


def anonymous_callers_are_dropped(patch: Patch) -> None:
    patch.setattr(space, "ANONYMOUS", SIGNED[0])


def time_stands_still(patch: Patch) -> None:
    patch.setattr(key_domains.Clock, "choices", lambda *_: Choices(()))


def fixes_are_proven_one_by_one(patch: Patch) -> None:
    patch.setattr(rounds, "unsafe_together", lambda *_: "")


def a_policy_is_proven_for_one_topic(patch: Patch) -> None:
    patch.setattr(effect, "_topics_named", lambda _: ())
    patch.setattr(effect, "_OTHER_TOPIC", "arn:aws:sns:us-east-1:111122223333:achat")


def fixes_are_not_proven(patch: Patch) -> None:
    patch.setattr(proof, "_objections", lambda *_: iter(()))
    fixes_are_proven_one_by_one(patch)


MUTATIONS: dict[str, Callable[[Patch], None]] = {
    "sample-tagnull": a_class_is_dropped,
    "sample-orgprefix-long": excluded_texts_are_not_distinguished,
    "sample-ualike": a_domain_is_dropped,
    "sample-username": users_are_dropped,
    "sample-anonymous": anonymous_callers_are_dropped,
    "sample-date-public": time_stands_still,
    "sample-fix-null-sourcearn": fixes_are_not_proven,
    "sample-fix-together": fixes_are_proven_one_by_one,
    "sample-fix-two-topics": a_policy_is_proven_for_one_topic,
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_brings_a_find_back(name: str, tmp_path: Path, monkeypatch: Patch) -> None:
    assert list(differences_of(name, Tool(tmp_path))) == []
    MUTATIONS[name](monkeypatch)
    assert list(differences_of(name, Tool(tmp_path))) != []
