"""Faults on request: slow and throttled calls, and runs that break off. Off unless asked for; the same in both fronts."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count

from sandbox.refusal import Refusal

RETRIES = 25
"""How often the provider tries a throttled call again (`maxRetries` of the AWS provider)."""

BROKEN_OFF = "broken off after {} changes, as asked for"


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What goes wrong in an update. A change is a thing that AWS makes, changes or deletes.

    Attributes:
        throttle_every: Every so many changes one is throttled; 0 for none.
        throttle_times: How often AWS refuses a throttled change before it does it; beyond `RETRIES` the step fails, and the next run takes it.
        crash_after: The number of changes after which the run breaks off, before the next; None for never.
        latency: Milliseconds that each change of a type takes (`aws:ec2/vpc:Vpc`).
    """

    throttle_every: int = 0
    throttle_times: int = 1
    crash_after: int | None = None
    latency: Mapping[str, int] = field(default_factory=dict[str, int])

    def to_json(self) -> str:
        """As text, for a plugin's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Faults":
        """From what `to_json` wrote."""
        return cls(**json.loads(text))


class CrashError(Exception):
    """The run broke off because `Faults.crash_after` asked for it."""


class Trouble:
    """The faults of one run.

    Args:
        faults: What goes wrong.
        number: The number of the next change, counted from 1 over all processes of the run.
        sleep: Waits for some seconds.
    """

    def __init__(
        self, faults: Faults, *, number: Callable[[], int] | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._faults = faults
        self._number = number or count(1).__next__
        self._sleep = sleep

    def before(self, token: str) -> None:
        """What happens before AWS makes, changes or deletes a thing.

        Raises:
            CrashError: The run breaks off here; the changes before this one are complete.
            Refusal: The change was throttled more often than the provider tries it again.
        """
        faults = self._faults
        if faults == Faults():
            return
        number = self._number()
        if faults.crash_after is not None and number > faults.crash_after:
            raise CrashError(BROKEN_OFF.format(faults.crash_after))
        refused = faults.throttle_times if faults.throttle_every and number % faults.throttle_every == 0 else 0
        tries = min(refused, RETRIES) + 1
        if milliseconds := faults.latency.get(token, 0) * tries:
            self._sleep(milliseconds / 1000)
        if refused > RETRIES:
            raise Refusal("ThrottlingException", f"Rate exceeded, after {RETRIES} retries")
