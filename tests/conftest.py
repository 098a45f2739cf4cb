"""What holds for all tests: the real engine only where a test asks for it."""

from functools import cache
from pathlib import Path

import pytest

from ops import cli


@cache
def _choice() -> cli.Choice:
    return cli.choose("auto", install=False, folder=Path(__file__).parent / "no-sandbox")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the Pulumi CLI where there is none that is supported."""
    if item.get_closest_marker("engine") and _choice().cli is None:
        pytest.skip(f"would run {_choice().line}")


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - pytest uses it
    """A CLI that happens to be on PATH does not change what a rehearsal in a test is."""
    monkeypatch.setenv("MLOPS_ENGINE", "inprocess")
