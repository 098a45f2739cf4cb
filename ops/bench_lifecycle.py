"""`./mlops bench lifecycle`: what a model's life costs by step, how fast the endpoint answers, and how good the models are."""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ops import lifecycle, seed
from ops.bench import STACK
from ops.errors import UserError
from ops.rehearse import ROOT

FOLDER = ROOT / ".sandbox" / "bench"
MADE_UP, REAL = "made up", "UCI Abalone"
REQUESTS = 200
SEXES = ("F", "I", "M")

# What the issue promises.
MAXIMUM_SECONDS = 60.0
MAXIMUM_RMSE = 2.6
"""The default gate."""

Json = dict[str, Any]


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write `.sandbox/bench/lifecycle.json`.

    The whole story is told with made-up data. With the real file a model is made and deployed to staging.

    Returns:
        0 when everything is within its bound, else 1.

    Raises:
        UserError: The data or the stack are wrong, or a story failed.
    """
    folder = FOLDER / "lifecycle"
    folder.mkdir(parents=True, exist_ok=True)
    real = lifecycle.data_of(arguments.data, folder) if arguments.data else None
    seed.ensure()
    world = lifecycle.world_of(STACK, folder)
    _say("measuring the pipelines' definition ...")
    definition = _definition(world)
    _say("measuring the whole life with made-up data, about a minute ...")
    whole = _told(world, folder / "made-up", lifecycle.data_of(None, folder), "--requests", str(REQUESTS))
    first: dict[str, Json | None] = {MADE_UP: whole["metrics"][0], REAL: None}
    if real:
        _say("measuring a model of the given data ...")
        first[REAL] = _told(world, folder / "given", real, "--short")["metrics"][0]
    report = {
        "definition": definition,
        "seconds": whole["seconds"],
        "steps": whole["steps"],
        "megabytes": whole["megabytes"],
        "latency": whole["latency"],
        "models": first,
    }
    path = FOLDER / "lifecycle.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console = Console(highlight=False, soft_wrap=True)
    for shown in shown_of(report):
        console.print(shown)
    console.print(f"Written to {path.relative_to(ROOT)}. {lifecycle.SIMULATED}")
    missed = missed_of(report)
    for text in missed:
        sys.stderr.write(f"missed: {text}\n")
    return 1 if missed else 0


def _definition(world: Path) -> Json:
    """What the definition of both pipelines takes, in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own program
        [seed.PYTHON, "-m", "lifecycle.definition", world],
        env=lifecycle.environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise UserError(f"the pipelines cannot be defined: {done.stderr.strip().splitlines()[-1]}. Run ./mlops test")
    return json.loads(done.stdout)


def _told(world: Path, folder: Path, data: Path, *options: str) -> Json:
    """The audit trail of a story."""
    folder.mkdir(exist_ok=True)
    log = folder / "output.log"
    with log.open("w", encoding="utf-8") as output:
        status = lifecycle.tell(world, folder, data, *options, output=output)
    if status:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-1]
        raise UserError(f"the life-cycle with {data} failed: {last}. {log.relative_to(ROOT)} holds all that it printed")
    return json.loads((folder / "audit.json").read_text(encoding="utf-8"))


def shown_of(report: Json) -> Iterator[Table | str]:
    """Tables and lines of a report."""
    phases = _table("phase", "seconds")
    for phase, seconds in report["seconds"].items():
        phases.add_row(phase, f"{seconds:.1f}")
    phases.add_row("all", f"{sum(report['seconds'].values()):.1f}")
    yield phases
    yield ""
    steps = _table("step", "runs", "median s", "longest s", "peak MB")
    for name, costs in _by_step(report["steps"]).items():
        seconds = [cost["seconds"] for cost in costs]
        peak = max(cost["megabytes"] for cost in costs)
        row = str(len(costs)), f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}", f"{peak:.0f}" if peak else ""
        steps.add_row(name, *row)
    yield steps
    others = ", ".join(f"{name} {size:.0f} MB" for name, size in report["megabytes"].items())
    yield f"Memory of a step is that of the largest process of its job. Beside them: {others}.\n"
    endpoint = _table("endpoint", "requests", "p50 ms", "p95 ms")
    for name, taken in report["latency"].items():
        endpoint.add_row(name, str(taken["requests"]), f"{taken['p50']:.1f}", f"{taken['p95']:.1f}")
    yield endpoint
    yield ""
    models = _table("first model", "rows", "rmse", "mae", "r2", *(f"rmse {sex}" for sex in SEXES))
    for name, metrics in report["models"].items():
        models.add_row(name, *(_metrics(metrics) if metrics else ["not given (--data)"]))
    yield models
    yield ""
    of = report["definition"]
    yield (
        f"Definition of both pipelines: {len(of['calls'])} AWS calls, {len(of['sockets'])} sockets, "
        f"{of['seconds']:.1f} s (imports {of['import_seconds']:.1f} s)."
    )


def missed_of(report: Json) -> Sequence[str]:
    """The bounds that were not kept."""
    of = report["definition"]
    bounds = [
        (sum(report["seconds"].values()), MAXIMUM_SECONDS, "seconds of the whole life"),
        (len(of["calls"]), 0, "AWS calls of the definition"),
        (len(of["sockets"]), 0, "sockets of the definition"),
    ]
    bounds += [
        (metrics["regression_metrics"]["rmse"]["value"], MAXIMUM_RMSE, f"rmse of the first model, {name}")
        for name, metrics in report["models"].items()
        if metrics
    ]
    missed = [f"{what}: {value:.2f}, at most {maximum:.2f}" for value, maximum, what in bounds if value > maximum]
    return [*missed, *([f"definition: {of['failure']}"] if of["failure"] else [])]


def _by_step(costs: Sequence[Json]) -> Mapping[str, list[Json]]:
    """The runs of each step, in the order in which it first ran."""
    found: dict[str, list[Json]] = {}
    for cost in costs:
        found.setdefault(cost["step"], []).append(cost)
    return found


def _metrics(metrics: Json) -> list[str]:
    of, by_sex = metrics["regression_metrics"], metrics["bias"]["sex"]
    values = [of[name]["value"] for name in ("rmse", "mae", "r2")] + [by_sex[sex]["rmse"] for sex in SEXES]
    return [str(metrics["data"]["rows"]), *(f"{value:.3f}" for value in values)]


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
