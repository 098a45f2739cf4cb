"""What holds for all tests: the real engine only where a test asks for it."""

import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the Pulumi CLI where there is none."""
    if item.get_closest_marker("engine") and not shutil.which("pulumi"):
        pytest.skip("no Pulumi CLI on PATH")


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - pytest uses it
    """A CLI that happens to be on PATH does not change what a rehearsal in a test is."""
    monkeypatch.setenv("MLOPS_ENGINE", "inprocess")
