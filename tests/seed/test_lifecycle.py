"""What runs the life-cycle: its own tests, in the seed code's environment."""

import argparse
from pathlib import Path

import pytest

from ops import lifecycle, seed
from ops.errors import UserError


def test_its_own_tests_pass() -> None:
    done = seed.run(["-m", "pytest", "-q", "-p", "no:cacheprovider"], folder=seed.ROOT / "seed" / "lifecycle")
    assert done.returncode == 0, done.stdout + done.stderr


def test_data_that_are_no_file_are_one_message(tmp_path: Path) -> None:
    given = argparse.Namespace(stack="dev", data=tmp_path / "none.csv", single_account=False)
    with pytest.raises(UserError, match=r"--data: .*none\.csv is no file"):
        lifecycle.run(given)
