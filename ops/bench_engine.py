"""`./mlops bench engine`: what a rehearsal of `dev` costs with Pulumi's engine, and how much of it the sandbox is."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ops import cli, stackfile
from ops.bench import STACK
from ops.errors import UserError
from ops.rehearse import ROOT, pulumi_engine_for
from sandbox.engine import Result, StepOp


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one command cost: its wall time, and the time inside the plugins' calls, summed over all plugins; seconds."""

    name: str
    resources: int
    seconds: float
    calls: int
    inside: float


def run(arguments: argparse.Namespace) -> int:
    """Measure and print.

    Raises:
        UserError: There is no supported CLI, or the stack cannot be rehearsed.
    """
    del arguments
    choice = cli.choose("pulumi", install=False, folder=ROOT / ".sandbox")
    assert choice.cli is not None  # noqa: S101 - or it would have been refused
    config = stackfile.rehearsed(ROOT, STACK)
    with tempfile.TemporaryDirectory() as name:
        times = Path(name) / "times"
        engine = pulumi_engine_for(choice.cli, Path(name), STACK, config, times=times)
        commands = (("preview", engine.preview), ("up", engine.up), ("preview without changes", engine.preview))
        costs = [_measure(what, command, times) for what, command in commands]
    table = Table(box=None, pad_edge=False)
    table.add_column(f"stack {STACK}, engine {choice.version}")
    for heading in ("resources", "wall s", "plugin calls", "inside them s", "share"):
        table.add_column(heading, justify="right")
    for cost in costs:
        share = f"{100 * cost.inside / cost.seconds:.1f} %"
        table.add_row(
            cost.name, str(cost.resources), f"{cost.seconds:.1f}", str(cost.calls), f"{cost.inside:.2f}", share
        )
    Console(highlight=False, soft_wrap=True).print(table)
    return 0


def _measure(name: str, command: Callable[[], Result], times: Path) -> Cost:
    sys.stderr.write(f"measuring {name} ...\n")
    times.write_text("", encoding="utf-8")
    result = command()
    if result.failures:
        raise UserError(f"the stack is refused ({result.failures[0].message}). Run ./mlops rehearse to see why")
    calls = [float(line.split()[1]) for line in times.read_text(encoding="utf-8").splitlines()]
    resources = sum(step.op in (StepOp.CREATE, StepOp.SAME) for step in result.steps)
    return Cost(name=name, resources=resources, seconds=result.seconds, calls=len(calls), inside=sum(calls))
