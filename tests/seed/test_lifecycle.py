"""What runs the life-cycle: its own tests in the seed code's environment, and the story as far as staging."""

import argparse
import json
from pathlib import Path

import pytest

from ops import lifecycle, seed
from ops.errors import UserError


def test_its_own_tests_pass() -> None:
    done = seed.run(["-m", "pytest", "-q", "-p", "no:cacheprovider"], folder=seed.ROOT / "seed" / "lifecycle")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_seed_code_carries_a_model_from_data_to_staging_in_a_single_account(tmp_path: Path) -> None:
    """Into several accounts models go in the notebooks' test."""
    log = tmp_path / "output.log"
    with log.open("w", encoding="utf-8") as output:
        world, data = lifecycle.world_of("dev", tmp_path), lifecycle.data_of(None, tmp_path)
        status = lifecycle.tell(world, tmp_path, data, "--short", "--single-account", output=output)
    assert status == 0, log.read_text(encoding="utf-8")
    audit = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    steps = [cost["step"].split() for cost in audit["steps"]]
    assert [name for kind, name in steps if kind == "training"] == [
        *("Process", "Train", "Baseline", "Evaluate", "Gate", "Register")
    ]
    assert [name for kind, name in steps if kind == "deploy"][-6:] == [
        *("Build/Build", "Staging/Check", "Staging/StackSet", "Staging/StackInstances", "TestStaging/Test"),
        "Approve/Approve",
    ]
    said = {entry["step"]: entry["said"] for entry in audit["entries"]}
    assert said["Staging StackInstances"] == "in 111111111111"
    assert said["inputs"]["RmseThreshold"] == 2.6
    assert f"InputDataUrl {said['inputs']['InputDataUrl']}" in log.read_text(encoding="utf-8")
    [metrics] = audit["metrics"]
    assert metrics["regression_metrics"]["rmse"]["value"] < 2.6
    assert {"step": "checked", "said": "staging serves version 1"}.items() <= audit["entries"][-1].items()


def test_data_that_are_no_file_are_one_message(tmp_path: Path) -> None:
    given = argparse.Namespace(stack="dev", data=tmp_path / "none.csv", single_account=False)
    with pytest.raises(UserError, match=r"--data: .*none\.csv is no file"):
        lifecycle.run(given)
