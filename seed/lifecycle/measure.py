"""What a life-cycle costs: seconds and memory of each step, and how long an endpoint takes to answer."""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")

ONE_THREAD: Mapping[str, str] = {"OMP_NUM_THREADS": "1"}
"""Variables of what trains: with more threads than there are idle cores they spin while they wait for each other (seventeen seconds for one)."""


@dataclass(kw_only=True)
class Cost:
    """What one step cost.

    Attributes:
        phase: Of the story.
        step: `<pipeline> <step>`.
        seconds: Wall time; a condition's includes the steps that it chose.
        megabytes: Peak resident memory of the largest process of the step's job, descendants included; 0 without a job.
    """

    phase: str = ""
    step: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


@dataclass
class Meter:
    """Costs of all steps, in the order in which they began."""

    phase: str = ""
    costs: list[Cost] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Cost]:
        """Measure a step; also one that fails."""
        cost = Cost(phase=self.phase, step=name)
        self.costs.append(cost)
        started = time.monotonic()
        try:
            yield cost
        finally:
            cost.seconds = round(time.monotonic() - started, 3)


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a process to its end.

    Returns:
        What came of it, and the peak resident memory of its largest process, in megabytes.
    """
    with tempfile.NamedTemporaryFile("r", encoding="ascii") as peak:
        launched = [sys.executable, "-I", "-S", str(_LAUNCH), peak.name, *command]
        done = subprocess.run(launched, cwd=folder, env=dict(environment), capture_output=True, text=True, check=False)
        return done, megabytes(int(peak.read() or 0))


def resident(process: int | str = "self") -> float:
    """Peak resident memory of a running process so far, in megabytes; 0 where the system does not tell (it is read from /proc)."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii")) if status.is_file() else None
    return megabytes(1024 * int(found[1])) if found else 0.0


def megabytes(size: int) -> float:
    """Of bytes."""
    return round(size / 1024**2, 1)


def latency(ask: Callable[[], object], requests: int) -> dict[str, float]:
    """Milliseconds of requests one after the other: how many, their median and their 95th percentile."""
    taken: list[float] = []
    for _ in range(requests):
        started = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - started))
    return {
        "requests": requests,
        "p50": round(statistics.median(taken), 2),
        "p95": round(statistics.quantiles(taken, n=20, method="inclusive")[-1], 2),
    }
