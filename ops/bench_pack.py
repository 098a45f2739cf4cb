"""`./mlops bench pack`: what the rules cost, by number of target accounts."""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ops import rules, stackfile
from ops.bench import GROWTH, MAXIMUM_GROWTH, STACK, numbers_of, with_targets
from ops.errors import UserError
from ops.rehearse import ROOT, engine_for

MAXIMUM_SECONDS = 1.0
_RUNS = 3


def run(arguments: argparse.Namespace) -> int:
    """Measure and print.

    Returns:
        0 when everything is within its bound, else 1.

    Raises:
        UserError: The numbers of accounts are no numbers, or a stack cannot be rehearsed.
    """
    config = stackfile.rehearsed(ROOT, STACK)
    stacks = {STACK: config} | {f"{n} targets": with_targets(config, n) for n in numbers_of(arguments.accounts)}
    table = Table(box=None, pad_edge=False)
    table.add_column("stack")
    for heading in ("resources", "rules s", "ms/resource", "violations"):
        table.add_column(heading, justify="right")
    costs: dict[str, tuple[int, float]] = {}
    for name, given in stacks.items():
        sys.stderr.write(f"measuring {name} ...\n")
        states = _rehearsed(given)
        seconds, violations = _measure(states, given)
        costs[name] = len(states), seconds
        table.add_row(name, str(len(states)), f"{seconds:.2f}", f"{1000 * seconds / len(states):.3f}", str(violations))
    Console(highlight=False, soft_wrap=True).print(table)
    missed = _missed(costs)
    for text in missed:
        sys.stderr.write(f"missed: {text}\n")
    return 1 if missed else 0


def _rehearsed(config: dict[str, str]) -> Sequence[Mapping[str, Any]]:
    """The deployment of a stack in simulated accounts."""
    with tempfile.TemporaryDirectory() as name:
        engine = engine_for(Path(name), STACK, config)
        if engine.up().failures:
            raise UserError("the stack is refused. Run ./mlops rehearse to see why")
        return json.loads(engine.state_file.read_text(encoding="utf-8"))["deployment"]["resources"]


def _measure(states: Sequence[Mapping[str, Any]], config: Mapping[str, str]) -> tuple[float, int]:
    """The median wall time of all rules over a deployment, in seconds, and how many violations they find."""
    seconds: list[float] = []
    violations = 0
    for _ in range(_RUNS):
        gc.collect()
        started = time.perf_counter()
        violations = sum(not verdict.undecided for verdict in rules.check(states, config))
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[_RUNS // 2], violations


def _missed(costs: Mapping[str, tuple[int, float]]) -> list[str]:
    """The bounds that were not kept."""
    missed: list[str] = []
    if costs[STACK][1] > MAXIMUM_SECONDS:
        missed.append(f"seconds of stack {STACK}: {costs[STACK][1]:.2f}, at most {MAXIMUM_SECONDS:.2f}")
    small, large = (costs.get(f"{number} targets") for number in GROWTH)
    if small and large:
        growth = (large[1] / large[0]) / (small[1] / small[0])
        if growth > MAXIMUM_GROWTH:
            missed.append(
                f"time per resource at {GROWTH[1]} accounts beside {GROWTH[0]}: {growth:.2f}, at most {MAXIMUM_GROWTH:.2f}"
            )
    return missed
