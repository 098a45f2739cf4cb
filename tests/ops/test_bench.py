"""The program that the bench compares with makes the same things; a life-cycle's report says what was measured and missed."""

from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ops import bench, bench_lifecycle
from ops.rehearse import engine_for
from tests.components.stacks import configuration


def test_a_flat_program_makes_the_same_resources(tmp_path: Path) -> None:
    made: list[Counter[tuple[str, str]]] = []
    program = None
    for name in ("ours", "flat"):
        engine = engine_for(tmp_path / name, "dev", configuration(), program=program)
        try:
            assert [failure.message for failure in engine.up().failures] == []
            made.append(Counter({(account, token): number for account, token, number in engine.counts()}))
        finally:
            engine.world.close()
        program = bench._flat_program(tmp_path / "program", str(engine.state_file))  # pyright: ignore[reportPrivateUsage]
    assert made[0] == made[1]
    assert made[0].total() > 300


def models(rmse: float) -> dict[str, Any]:
    """Metrics of a model, in the form of evaluation.json."""
    by_sex = {
        sex: {"rmse": rmse + add, "mean_error": 0.0, "count": 9} for sex, add in (("F", 0.1), ("I", 0.2), ("M", 0.3))
    }
    return {
        "regression_metrics": {name: {"value": value} for name, value in (("rmse", rmse), ("mae", 1.5), ("r2", 0.5))},
        "bias": {"sex": by_sex},
        "data": {"rows": 4177},
    }


def report() -> dict[str, Any]:
    """A report in which everything is within its bound."""
    step = {"phase": "train", "step": "training Train", "megabytes": 135.2}
    return {
        "definition": {"calls": [], "sockets": [], "seconds": 1.5, "import_seconds": 2.0, "failure": None},
        "seconds": {"build": 20.0, "train": 3.0},
        "steps": [
            {"phase": "deploy", "step": "deploy Approve/Approve", "seconds": 0.0, "megabytes": 0.0},
            *({**step, "seconds": seconds} for seconds in (1.0, 2.0, 6.0)),
        ],
        "megabytes": {"simulated accounts": 287.0, "serving process": 130.0},
        "latency": {"invoke_endpoint": {"requests": 200, "p50": 5.12, "p95": 8.26}},
        "models": {bench_lifecycle.MADE_UP: models(2.2), bench_lifecycle.REAL: None},
    }


def shown(given: dict[str, Any]) -> list[list[str]]:
    """The words of each line that is printed."""
    console = Console(file=StringIO(), width=200)
    for each in bench_lifecycle.shown_of(given):
        console.print(each)
    assert isinstance(console.file, StringIO)
    return [line.split() for line in console.file.getvalue().splitlines()]


def test_a_life_cycles_report_shows_each_step_once_and_says_what_was_not_measured() -> None:
    lines = shown(report())
    assert ["all", "23.0"] in lines
    assert ["training", "Train", "3", "2.00", "6.00", "135"] in lines
    assert ["deploy", "Approve/Approve", "1", "0.00", "0.00"] in lines
    assert ["invoke_endpoint", "200", "5.1", "8.3"] in lines
    assert ["made", "up", "4177", "2.200", "1.500", "0.500", "2.300", "2.400", "2.500"] in lines
    assert ["UCI", "Abalone", "not", "given", "(--data)"] in lines
    assert "0 AWS calls, 0 sockets" in " ".join(word for line in lines for word in line)


def unchanged(given: dict[str, Any]) -> None:
    del given


def slow(given: dict[str, Any]) -> None:
    given["seconds"]["train"] = 41.0


def worse(given: dict[str, Any]) -> None:
    given["models"][bench_lifecycle.REAL] = models(2.7)


def calling(given: dict[str, Any]) -> None:
    given["definition"] |= {"calls": ["GetCallerIdentity"], "failure": "ConnectionRefusedError: GetCallerIdentity"}


def reaching(given: dict[str, Any]) -> None:
    given["definition"]["sockets"] = ["socket.connect"]


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        (unchanged, []),
        (slow, ["seconds of the whole life: 61.00, at most 60.00"]),
        (worse, ["rmse of the first model, UCI Abalone: 2.70, at most 2.60"]),
        (
            calling,
            [
                "AWS calls of the definition: 1.00, at most 0.00",
                "definition: ConnectionRefusedError: GetCallerIdentity",
            ],
        ),
        (reaching, ["sockets of the definition: 1.00, at most 0.00"]),
    ],
)
def test_a_life_cycle_that_misses_a_bound_says_which(
    change: Callable[[dict[str, Any]], None], missed: list[str]
) -> None:
    given = report()
    change(given)
    assert bench_lifecycle.missed_of(given) == missed
