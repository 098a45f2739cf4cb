"""What is measured: a process's memory and its descendants', failing steps, percentiles, and attempts to reach out."""

import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import xgboost

import lifecycle
from lifecycle.cloud import Server
from lifecycle.measure import Meter, latency, run

GRANDCHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)"
LARGE = "x = bytearray(120 * 1024**2)"


@pytest.mark.parametrize("code", [LARGE, GRANDCHILD.format(code=LARGE)])
def test_memory_is_of_the_largest_process_of_a_job(tmp_path: Path, code: str) -> None:
    done, megabytes = run([sys.executable, "-c", code], folder=tmp_path, environment={})
    _, little = run([sys.executable, "-c", ""], folder=tmp_path, environment={})
    assert done.returncode == 0
    assert little < 60
    assert 120 < megabytes < 180


def test_what_a_process_said_and_how_it_ended_are_kept(tmp_path: Path) -> None:
    code = "import sys; print('out'); print('wrong', file=sys.stderr); sys.exit(3)"
    done, _ = run([sys.executable, "-c", code], folder=tmp_path, environment={})
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "wrong\n")


def test_a_step_that_fails_is_measured_too() -> None:
    meter = Meter(phase="p")

    def fail() -> None:
        with meter.step("s"):
            time.sleep(0.02)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    [cost] = meter.costs
    assert (cost.phase, cost.step) == ("p", "s")
    assert cost.seconds >= 0.02


def test_percentiles_are_of_the_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    now = 0.0

    def clock() -> float:
        return now

    def ask() -> None:
        nonlocal now
        asked.append(1)
        now += len(asked) / 1000

    monkeypatch.setattr(time, "perf_counter", clock)
    assert latency(ask, 101) == {"requests": 101, "p50": 51, "p95": 96}


def test_a_serving_process_answers_and_tells_its_memory(tmp_path: Path) -> None:
    rows = np.linspace(0, 1, 40).reshape(-1, 1)
    model = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(rows, label=rows[:, 0]), 5)
    model.save_model(tmp_path / "m.ubj")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "m.ubj", "xgboost-model")
    server = Server(tmp_path / "model.tar.gz")
    assert server.answers()
    statuses: list[int] = []
    taken = latency(lambda: statuses.append(server.ask(b"0.5", "text/csv")[0]), 20)
    assert statuses == [200] * 20
    # Without one write an answer it is 40 ms each.
    assert 0 < taken["p50"] <= taken["p95"]
    assert taken["p50"] < 30
    assert server.stop() > 20


REACHING = """
import boto3, json, socket
from lifecycle.definition import counted
keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
for reach in (
    lambda: boto3.client("sts", region_name="eu-west-1", **keys).get_caller_identity(),
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: socket.socket().connect(("127.0.0.1", 9)),
    lambda: None,
):
    found = counted(reach)
    print(found["calls"], found["sockets"], (found["failure"] or "none").partition(":")[0])
"""


def test_attempts_to_reach_out_are_refused_and_counted() -> None:
    # In a process of its own: an audit hook stays.
    command = [sys.executable, "-W", "ignore", "-c", REACHING]
    environment = {"PYTHONPATH": str(Path(lifecycle.__file__).parent.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "['GetCallerIdentity'] [] ConnectionRefusedError",
        "[] ['socket.getaddrinfo'] ConnectionRefusedError",
        "[] ['socket.connect'] ConnectionRefusedError",
        "[] [] none",
    ]
