"""Faults on request, and that the next run continues from them."""

import pytest

from sandbox.faults import RETRIES, CrashError, Faults, Trouble
from sandbox.refusal import Refusal
from tests.sandbox.programs import Stack, refusals, steps
from tests.sandbox.test_engine import FIRST, SECOND

VPC = "aws:ec2/vpc:Vpc"


@pytest.mark.parametrize(("before", "changes"), [("", 4), (FIRST, 7)])
def test_a_run_that_crashes_anywhere_is_continued_and_orphans_nothing(stack: Stack, before: str, changes: int) -> None:
    stack.up(before)
    for number in range(1, changes + 1):
        stack.engine.faults = Faults(crash_after=number)
        with pytest.raises(CrashError):
            stack.up(SECOND)
        stack.engine.faults = Faults()
        assert not refusals(stack.up(SECOND))
        assert stack.things() == stack.custom()
        assert len(stack.things()) == 4
        assert not refusals(stack.up(before))
    stack.engine.faults = Faults(crash_after=changes + 1)
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
    stack.engine.faults = Faults(throttle_every=1, throttle_times=RETRIES + 1, crash_after=1)
    assert not refusals(stack.preview(FIRST))


@pytest.mark.parametrize(
    ("faults", "waited"),
    [
        (Faults(latency={VPC: 250}), [0.25, 0.25]),
        (Faults(latency={VPC: 250}, throttle_every=2, throttle_times=3), [0.25, 1.0]),
        (Faults(latency={"aws:s3/bucket:Bucket": 250}), []),
        (Faults(), []),
    ],
)
def test_a_call_takes_its_latency_once_a_try(faults: Faults, waited: list[float]) -> None:
    slept: list[float] = []
    trouble = Trouble(faults, slept.append)
    for _ in range(2):
        trouble.before(VPC)
    assert slept == waited


def test_every_nth_call_is_throttled() -> None:
    trouble = Trouble(Faults(throttle_every=3, throttle_times=RETRIES + 1))
    seen: list[bool] = []
    for _ in range(6):
        try:
            trouble.before(VPC)
            seen.append(False)
        except Refusal:
            seen.append(True)
    assert seen == [False, False, True, False, False, True]
