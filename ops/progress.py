"""Progress on standard error: a line that counts on a terminal, a line every two seconds in a log."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

from sandbox.engine import Step

_EVERY = 2.0
_ON_TERMINAL = 0.1


class Progress:
    """Counts steps while a phase runs."""

    def __init__(self) -> None:
        self._what = ""
        self._steps = 0
        self._last = 0.0
        self._started = 0.0
        self._terminal = sys.stderr.isatty()

    @contextmanager
    def phase(self, what: str) -> Generator[None]:
        """A phase: what is done while its block runs."""
        self._what, self._steps, self._started = what, 0, time.monotonic()
        self._last = self._started
        self._write()
        try:
            yield
        finally:
            if self._terminal:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()

    def step(self, step: Step) -> None:
        """One step was taken."""
        del step
        self._steps += 1
        if time.monotonic() - self._last >= (_ON_TERMINAL if self._terminal else _EVERY):
            self._write()

    def _write(self) -> None:
        self._last = time.monotonic()
        text = f"{self._what} ... {self._steps} resources, {self._last - self._started:.0f} s"
        sys.stderr.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        sys.stderr.flush()
