"""Faults on request, and that the next run continues from them, in both fronts."""

from pathlib import Path

import pytest

from sandbox.faults import RETRIES, CrashError, Faults, Trouble
from sandbox.refusal import Refusal
from tests.sandbox.engines import EngineStack
from tests.sandbox.programs import Stack, refusals, steps
from tests.sandbox.test_engine import FIRST, SECOND

VPC = "aws:ec2/vpc:Vpc"


@pytest.mark.parametrize(("before", "changes"), [("", 4), (FIRST, 8)])
def test_a_run_that_crashes_anywhere_is_continued_and_orphans_nothing(stack: Stack, before: str, changes: int) -> None:
    stack.up(before)
    for number in range(changes):
        stack.engine.faults = Faults(crash_after=number)
        with pytest.raises(CrashError, match=f"broken off after {number} changes"):
            stack.up(SECOND)
        stack.engine.faults = Faults()
        assert not refusals(stack.up(SECOND))
        assert stack.things() == stack.custom()
        assert len(stack.things()) == 4
        assert not refusals(stack.up(before))
    stack.engine.faults = Faults(crash_after=changes)
    assert not refusals(stack.up(SECOND))


def test_a_crash_while_deleting_is_continued(stack: Stack) -> None:
    stack.up(FIRST)
    stack.engine.faults = Faults(crash_after=2)
    with pytest.raises(CrashError):
        stack.up("")
    assert len(stack.things()) == 2
    assert stack.things() == stack.custom()
    stack.engine.faults = Faults()
    assert len(steps(stack.up(""))) == 2
    assert stack.things() == set()


def test_a_throttled_call_is_tried_again(stack: Stack) -> None:
    stack.engine.faults = Faults(throttle_every=2, throttle_times=RETRIES)
    assert not refusals(stack.up(FIRST))
    assert len(stack.things()) == 4


def test_what_is_throttled_too_often_is_refused_and_made_by_the_next_run(stack: Stack) -> None:
    stack.engine.faults = Faults(throttle_every=2, throttle_times=RETRIES + 1)
    (refused,) = refusals(stack.up(FIRST))
    assert refused.startswith("ThrottlingException: Rate exceeded")
    assert len(stack.things()) == 1
    assert stack.things() == stack.custom()
    stack.engine.faults = Faults()
    assert not refusals(stack.up(FIRST))
    assert stack.things() == stack.custom()
    assert len(stack.things()) == 4


def test_a_preview_has_no_faults(stack: Stack) -> None:
    stack.engine.faults = Faults(throttle_every=1, throttle_times=RETRIES + 1, crash_after=0)
    assert not refusals(stack.preview(FIRST))


TWO_ACCOUNTS = """
second = provider("second", "222222222222")
for number in range(6):
    where = ResourceOptions(provider=second if number % 2 else main)
    s3.Bucket(f"data-{number}", bucket=f"data-{number}-of-tests", opts=where)
"""


@pytest.mark.engine
def test_under_the_engine_a_crash_and_throttling_are_continued(tmp_path: Path) -> None:
    def engine(faults: Faults | None = None) -> EngineStack:
        return EngineStack(tmp_path, faults=faults)

    with pytest.raises(CrashError, match="broken off after 3 changes, as asked for"):
        engine(Faults(crash_after=3)).up(TWO_ACCOUNTS)
    left = engine().things()
    assert len(left) == 3
    assert left == engine().custom()
    throttled = engine(Faults(throttle_every=2, throttle_times=RETRIES + 1))
    assert any("ThrottlingException: Rate exceeded" in refused for refused in refusals(throttled.up(TWO_ACCOUNTS)))
    assert left < throttled.things() == throttled.custom()
    assert not refusals(engine(Faults(throttle_every=1, throttle_times=RETRIES)).up(TWO_ACCOUNTS))
    assert len(engine().things()) == 6
    assert engine().things() == engine().custom()
    with pytest.raises(CrashError):
        engine(Faults(crash_after=2)).up("")
    assert len(engine().things()) == 4
    assert engine().things() == engine().custom()
    assert not refusals(engine().up(""))
    assert engine().things() == engine().custom() == set()


@pytest.mark.parametrize(
    ("faults", "waited"),
    [
        (Faults(latency={VPC: 250}), [0.25, 0.25]),
        (Faults(latency={VPC: 250}, throttle_every=2, throttle_times=3), [0.25, 1.0]),
        (Faults(latency={"aws:s3/bucket:Bucket": 250}), []),
        (Faults(), []),
    ],
)
def test_a_change_takes_its_latency_once_a_try(faults: Faults, waited: list[float]) -> None:
    slept: list[float] = []
    trouble = Trouble(faults, sleep=slept.append)
    for _ in range(2):
        trouble.before(VPC)
    assert slept == waited


def test_every_nth_change_is_throttled() -> None:
    trouble = Trouble(Faults(throttle_every=3, throttle_times=RETRIES + 1))
    seen: list[bool] = []
    for _ in range(6):
        try:
            trouble.before(VPC)
            seen.append(False)
        except Refusal:
            seen.append(True)
    assert seen == [False, False, True, False, False, True]


def test_faults_reach_a_plugin_as_they_are() -> None:
    faults = Faults(throttle_every=3, throttle_times=4, crash_after=5, latency={VPC: 250})
    assert Faults.from_json(faults.to_json()) == faults
