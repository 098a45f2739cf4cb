"""Faults on request: slow and throttled calls, and runs that break off. Off unless asked for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.refusal import Refusal

RETRIES = 25
"""How often the provider tries a throttled call again (`maxRetries` of the AWS provider)."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What goes wrong.

    Attributes:
        throttle_every: Every so many calls one is throttled; 0 for none.
        throttle_times: How often AWS refuses a throttled call before it does it; beyond `RETRIES` the step fails.
        crash_after: The number of changed resources after which the run breaks off; 0 for never.
        latency: Milliseconds that each call of a type takes (`aws:ec2/vpc:Vpc`).
    """

    throttle_every: int = 0
    throttle_times: int = 1
    crash_after: int = 0
    latency: Mapping[str, int] = field(default_factory=dict[str, int])


class CrashError(Exception):
    """The run broke off because `Faults.crash_after` asked for it."""


class Trouble:
    """The faults of one run; counts its calls.

    Args:
        faults: What goes wrong.
        sleep: Waits for some seconds.
    """

    def __init__(self, faults: Faults, sleep: Callable[[float], None] = time.sleep) -> None:
        self._faults = faults
        self._sleep = sleep
        self._calls = 0
        self._changed = 0

    def before(self, token: str) -> None:
        """What happens before AWS makes, changes or deletes a thing.

        Raises:
            Refusal: The call was throttled more often than the provider tries it again.
        """
        self._calls += 1
        every = self._faults.throttle_every
        refused = self._faults.throttle_times if every and self._calls % every == 0 else 0
        tries = min(refused, RETRIES) + 1
        if milliseconds := self._faults.latency.get(token, 0) * tries:
            self._sleep(milliseconds / 1000)
        if refused > RETRIES:
            raise Refusal("ThrottlingException", f"Rate exceeded, after {RETRIES} retries")

    def after(self) -> None:
        """What happens when a thing and its state are written.

        Raises:
            CrashError: The run breaks off here.
        """
        self._changed += 1
        if self._changed == self._faults.crash_after:
            raise CrashError(f"broken off after {self._changed} resources, as asked for")
