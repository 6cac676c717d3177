"""The pauses before calls, which keep an audit within the rates that AWS documents."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.app.hub.nightly import nightly
from checker.app.terminal import ended
from checker.live.aws.calls import RATES, RateLimiter
from tests.live.hub.test_on_change import Scene
from tests.live.hub.test_on_change import scene as scene  # noqa: PLC0414 - a fixture

GAPS = st.lists(st.floats(0, 3), min_size=1, max_size=40)


@given(st.sampled_from(sorted(RATES)), GAPS)
def test_no_second_has_more_calls_than_its_rate_and_a_burst(operation: str, gaps: list[float]) -> None:
    now, made = 0.0, list[float]()
    pace = RateLimiter(lambda: now)
    for gap in gaps:
        now += gap
        made.append(now + pace.delay(operation))
    rate = RATES[operation]
    assert made == sorted(made)
    for first, start in enumerate(made):
        within = sum(start <= moment < start + 1 for moment in made[first:])
        assert within <= rate.burst + rate.second


@given(st.sampled_from(sorted(RATES)))
def test_a_burst_is_not_delayed_and_the_next_call_waits_for_its_slot(operation: str) -> None:
    pace, rate = RateLimiter(lambda: 100.0), RATES[operation]
    assert [pace.delay(operation) for _ in range(rate.burst)] == pytest.approx([0.0] * rate.burst, abs=1e-6)
    assert pace.delay(operation) == pytest.approx(1 / rate.second)


def test_an_operation_without_a_documented_rate_is_never_delayed() -> None:
    pace = RateLimiter(lambda: 100.0)
    assert {pace.delay("get_topic_attributes") for _ in range(10_000)} == {0.0}


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("throttles", [False, True])
def test_an_audit_pauses_between_calls_and_is_complete_although_aws_throttles(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, throttles: bool
) -> None:
    monkeypatch.setenv("CHECKER_REGIONS", "us-east-1")
    scene.sandbox.ask("throttles", on=throttles)
    start = time.monotonic()
    assert ended(nightly) == 1
    seconds, rate = time.monotonic() - start, RATES["lookup_events"]
    errors = [call.error for call in scene.sandbox.calls("cloudtrail", "LookupEvents")]
    assert errors.count("") > rate.burst
    assert seconds >= (errors.count("") - rate.burst) / rate.second
