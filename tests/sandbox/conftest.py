"""Fixtures of the sandbox's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.programs import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """An empty stack."""
    made = Stack(tmp_path)
    yield made
    made.close()
