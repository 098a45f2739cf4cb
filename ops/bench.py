"""`./mlops bench plan`: what the program costs, by number of target accounts, and beside a flat program with the same resources.

Every run is a process of its own, so that one does not warm the next, and peak memory is its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ops import stackfile
from ops.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
STACK = "dev"

# What issue and README promise.
MAXIMUM_SECONDS = 5.0
MAXIMUM_MEGABYTES = 250.0
MAXIMUM_RATIO = 1.10
MAXIMUM_GROWTH = 1.2
GROWTH = (20, 200)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run cost.

    Attributes:
        resources: Resources in AWS.
        registrations: Everything that the program registered, components and providers too.
        seconds: Wall time of the whole process.
        deploy_seconds: Wall time of the deploy in it.
        megabytes: Peak resident memory.
    """

    resources: int
    registrations: int
    seconds: float
    deploy_seconds: float
    megabytes: float

    @property
    def per_resource(self) -> float:
        """Milliseconds of the deploy for one resource."""
        return 1000 * self.deploy_seconds / self.resources

    @property
    def per_registration(self) -> float:
        """Milliseconds of the deploy for one registration."""
        return 1000 * self.deploy_seconds / self.registrations


def run(arguments: argparse.Namespace) -> int:
    """Measure and print.

    Returns:
        0 when everything is within its bound, else 1.

    Raises:
        UserError: The numbers of accounts or runs are no numbers that can be measured.
    """
    if arguments.what == "pack":
        from ops import bench_pack  # noqa: PLC0415 - its imports are not the plan's

        return bench_pack.run(arguments)
    if arguments.what == "engine":
        from ops import bench_engine  # noqa: PLC0415 - the same

        return bench_engine.run(arguments)
    if arguments.what == "lifecycle":
        from ops import bench_lifecycle  # noqa: PLC0415 - the same

        return bench_lifecycle.run(arguments)
    numbers = numbers_of(arguments.accounts)
    if arguments.runs < 1:
        raise UserError(f"--runs: {arguments.runs} is not a number of runs. Give 1 or more")
    console = Console(highlight=False, soft_wrap=True)
    config = stackfile.rehearsed(ROOT, STACK)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        _say(f"measuring stack {STACK} ...")
        costs = {STACK: _measure(directory / STACK, config)}
        for number in numbers:
            _say(f"measuring {number} target accounts ...")
            costs[f"{number} targets"] = _measure(directory / str(number), with_targets(config, number))
        ratio = _ratio(directory, config, arguments.runs)
    _print(console, costs, ratio)
    missed = list(_missed(costs, ratio))
    for text in missed:
        sys.stderr.write(f"missed: {text}\n")
    return 1 if missed else 0


def with_targets(config: dict[str, str], number: int) -> dict[str, str]:
    """A stack's configuration with made-up target accounts, half staging and half production."""
    ids = [str(200_000_000_000 + index) for index in range(number)]
    accounts = json.loads(config["mlops:accounts"])
    accounts |= {"staging": ids[: number // 2], "production": ids[number // 2 :]}
    network = json.loads(config.get("mlops:network", "{}")) | {"cidr": "10.0.0.0/8"}
    return {**config, "mlops:accounts": json.dumps(accounts), "mlops:network": json.dumps(network)}


def numbers_of(text: str) -> Sequence[int]:
    """Numbers of target accounts, as the command line gives them.

    Raises:
        UserError: They are no numbers, or too small.
    """
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise UserError(f"--accounts: {text!r} is not a list of numbers. Write it as 2,20,200") from None
    if min(numbers) < 1:
        raise UserError(f"--accounts: {min(numbers)} is too few. Give numbers of 1 or more")
    return numbers


def _ratio(directory: Path, config: dict[str, str], runs: int) -> tuple[Cost, Cost]:
    """The median costs of our program and of the flat one, measured in turn."""
    stack = directory / STACK / "stack.json"
    ours: list[Cost] = []
    flat: list[Cost] = []
    for index in range(runs):
        _say(f"comparing with a flat program, {index + 1} of {runs} ...")
        ours.append(_measure(directory / f"ours-{index}", config))
        flat.append(_measure(directory / f"flat-{index}", config, flat=stack))
    return _middle(ours), _middle(flat)


def _middle(costs: Sequence[Cost]) -> Cost:
    """The median run."""
    return sorted(costs, key=lambda cost: cost.deploy_seconds)[len(costs) // 2]


def _measure(directory: Path, config: dict[str, str], *, flat: Path | None = None) -> Cost:
    """Run one deploy in a process of its own."""
    task = json.dumps({"directory": str(directory), "config": config, "flat": str(flat) if flat else None})
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ops.bench"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(task)
    process.stdin.close()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise UserError(f"the measured process ended with {process.returncode}. Run ./mlops rehearse to see why")
    return Cost(seconds=seconds, megabytes=usage.ru_maxrss / _RSS_UNIT, **json.loads(output))


_RSS_UNIT = 1024**2 if sys.platform == "darwin" else 1024
"""`ru_maxrss` is in kilobytes on Linux and in bytes on macOS (getrusage(2))."""


def _child() -> int:
    """One deploy; the task is read from standard input, the numbers are written to standard output."""
    from ops.rehearse import engine_for, is_component  # noqa: PLC0415 - in the measured process only

    task: dict[str, Any] = json.load(sys.stdin)
    directory = Path(task["directory"])
    program = _flat_program(directory, task["flat"]) if task["flat"] else None
    engine = engine_for(directory, STACK, task["config"], program=program)
    # The program's own imports are in `seconds`; here they would count as the first resource's.
    import components.platform  # noqa: F401, PLC0415 # pyright: ignore[reportUnusedImport]

    result = engine.up()
    for failure in result.failures:
        sys.stderr.write(f"{failure.urn}: {failure.message}\n")
    made = [step for step in result.steps if not is_component(step)]
    json.dump(
        {
            "resources": len(made),
            "registrations": len(engine.registrations()),
            "deploy_seconds": result.seconds,
        },
        sys.stdout,
    )
    return 1 if result.failures else 0


def _flat_program(directory: Path, stack: str) -> Path:
    """A program that registers an exported stack without components."""
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / "__main__.py"
    program.write_text(f"from pathlib import Path\nfrom ops.flat import register\nregister(Path({stack!r}))\n", "utf-8")
    return program


def _print(console: Console, costs: dict[str, Cost], ratio: tuple[Cost, Cost]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("stack")
    for heading in ("resources", "wall s", "ms/resource", "peak MB"):
        table.add_column(heading, justify="right")
    for name, cost in costs.items():
        table.add_row(
            name, str(cost.resources), f"{cost.seconds:.1f}", f"{cost.per_resource:.2f}", f"{cost.megabytes:.0f}"
        )
    console.print(table)
    ours, flat = ratio
    console.print(
        f"Beside a flat program: {ours.per_registration:.2f} ms a registration ({ours.registrations}), flat "
        f"{flat.per_registration:.2f} ms ({flat.registrations}), ratio {_quotient(ratio):.2f}."
    )


def _quotient(ratio: tuple[Cost, Cost]) -> float:
    ours, flat = ratio
    return ours.per_registration / flat.per_registration


def _missed(costs: dict[str, Cost], ratio: tuple[Cost, Cost]) -> Sequence[str]:
    """The bounds that were not kept."""
    stack = costs[STACK]
    small, large = (costs.get(f"{number} targets") for number in GROWTH)
    growth = large.per_resource / small.per_resource if small and large else 0.0
    bounds = (
        (stack.seconds, MAXIMUM_SECONDS, "wall seconds of stack dev"),
        (stack.megabytes, MAXIMUM_MEGABYTES, "peak megabytes of stack dev"),
        (_quotient(ratio), MAXIMUM_RATIO, "ratio to a flat program"),
        (growth, MAXIMUM_GROWTH, f"time per resource at {GROWTH[1]} accounts beside {GROWTH[0]}"),
    )
    return [f"{what}: {value:.2f}, at most {maximum:.2f}" for value, maximum, what in bounds if value > maximum]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(_child())
