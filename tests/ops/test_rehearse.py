"""Rehearsals as the user runs them: what is printed, what is left on disk, and what the next run makes of it."""

import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from ops.rehearse import engine_for
from sandbox.world import BUCKET, Row, World
from tests.ops.conftest import Run, copy_project
from tests.ops.variants import VARIANTS, variant

FOREIGN = {"urn": "urn:pulumi:dev::mlops::aws:sqs/queue:Queue::old", "custom": True, "type": "aws:sqs/queue:Queue"}
OLD_PROVIDER = {
    "urn": "urn:pulumi:dev::mlops::pulumi:providers:aws::development",
    "custom": True,
    "type": "pulumi:providers:aws",
    "id": "1",
    "inputs": {"version": "6.83.0"},
}
NO_AWS = "This was a rehearsal in simulated accounts, not AWS."


def _start(project: Path, *arguments: str) -> subprocess.Popen[str]:
    """`python -m ops rehearse ...` of a copy of the project."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "ops", "rehearse", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "PYTHONWARNINGS": "error::UserWarning", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _rehearse(project: Path, *arguments: str) -> tuple[int, str, str]:
    process = _start(project, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def _resources(project: Path, stack: str = "dev") -> Sequence[Mapping[str, Any]]:
    text = (project / ".sandbox" / stack / "stack.json").read_text(encoding="utf-8")
    return cast("Sequence[Mapping[str, Any]]", json.loads(text)["deployment"]["resources"])


def _digests(directory: Path) -> dict[str, str]:
    """What lies on disk; the database's journal files come and go with a reader."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.iterdir())
        if not path.name.endswith(("-shm", "-wal"))
    }


def _rows(out: str, op: str) -> list[str]:
    """The plan's rows of one kind of step, blanks squeezed."""
    return [" ".join(line.split()) for line in out.splitlines() if line.startswith(f"{op} ")]


# --- as the user runs them ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stack", "accounts"),
    [
        ("dev", ["111111111111", "222222222222", "333333333333"]),
        ("prod", ["444444444444", "555555555555", "666666666666", "777777777777", "888888888888"]),
    ],
)
def test_a_stack_rehearses_and_a_second_time_nothing_changes(stack: str, accounts: list[str], tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    status, out, err = _rehearse(project, "--stack", stack)
    assert (status, "refused" in err) == (0, False), err
    heading = next(line for line in out.splitlines() if line.startswith("kind"))
    assert heading.split() == ["kind", *accounts]
    custom = [
        state for state in _resources(project, stack) if state["custom"] and not state["type"].startswith("pulumi:")
    ]
    summary = rf"{len(custom)} resources in {len(accounts)} accounts, nothing refused, [\d.]+ s\. State: \.sandbox/{stack}/stack\.json"
    assert re.search(summary, out)
    totals = next(line for line in out.splitlines() if line.startswith("all")).split()[1:]
    assert sum(map(int, totals)) == len(custom)
    assert out.rstrip().endswith(NO_AWS)
    assert "deploying ... " in err

    before = {state["urn"]: state for state in _resources(project, stack)}
    status, out, err = _rehearse(project, "--stack", stack)
    assert status == 0, err
    assert f"Plan: no changes; {len(custom)} unchanged." in out
    assert {state["urn"]: state for state in _resources(project, stack)} == before


def test_an_interrupted_rehearsal_is_continued(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    process = _start(project)
    database = project / ".sandbox" / "dev" / "world.db"
    _wait_for(process, database, states=100)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "the next run continues" in err
    assert "Traceback" not in err
    left = [state for state in _resources(project) if state["custom"]]
    assert 50 < len(left) < 400

    status, out, err = _rehearse(project)
    assert status == 0, err
    unchanged = re.search(r"Plan: (\d+) to create; (\d+) unchanged", out)
    assert unchanged is not None, out
    assert int(unchanged[2]) > 50
    assert {state["id"] for state in left} <= {state["id"] for state in _resources(project) if state["custom"]}


def _wait_for(process: subprocess.Popen[str], database: Path, *, states: int) -> None:
    """Wait until a run has written some of its state."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                (count,) = connection.execute("select count(*) from resources").fetchone()
            connection.close()
        except sqlite3.OperationalError:  # not there yet
            count = 0
        if count >= states:
            return
        time.sleep(0.01)
    pytest.fail(f"the run ended before it had made {states} resources")


# --- the state it leaves -----------------------------------------------------------------------------------------------------------------


def test_the_state_is_a_deployment_as_pulumi_exports_it(run: Run, project: Path) -> None:
    assert run("rehearse").status == 0
    exported = json.loads((project / ".sandbox/dev/stack.json").read_text(encoding="utf-8"))
    assert exported["version"] == 3
    assert set(exported["deployment"]["manifest"]) == {"time", "magic", "version"}
    resources = exported["deployment"]["resources"]
    urns = [state["urn"] for state in resources]
    assert len(set(urns)) == len(urns)
    stack = resources[0]
    assert (stack["type"], stack.get("parent")) == ("pulumi:pulumi:Stack", None)
    assert set(stack["outputs"]) == {
        "domain", "profiles", "buckets", "keys", "endpoints", "roles", "parameters", "developmentAccount", "portfolio",
        "products",
    }  # fmt: skip
    seen: set[str] = set()
    for state in resources:
        assert state["urn"].startswith("urn:pulumi:dev::mlops::")
        assert state["urn"].split("::")[2].rpartition("$")[2] == state["type"]
        # A parent, a provider and what a resource depends on come before it: `pulumi stack import` refuses anything else.
        for other in (state.get("parent"), *state.get("dependencies", [])):
            assert other is None or other in seen
        if state["type"].startswith(("aws:", "aws-native:")):
            provider, _, identity = state["provider"].rpartition("::")
            assert any(known["urn"] == provider and known["id"] == identity for known in resources)
            assert {"id", "inputs", "outputs", "created", "modified"} <= set(state)
        seen.add(state["urn"])


# --- plans -------------------------------------------------------------------------------------------------------------------------------


def test_an_edited_stack_prints_what_will_change_and_why(run: Run, project: Path) -> None:
    stack = project / "Pulumi.dev.yaml"
    assert run("rehearse").status == 0
    text = stack.read_text(encoding="utf-8")
    text = text.replace("ml-engineer: {persona: MLEngineer}", "grace: {persona: MLEngineer}")
    text += "  mlops:logs: {retentionDays: 30}\n"
    stack.write_text(text, encoding="utf-8")

    before = _digests(project / ".sandbox" / "dev")
    preview = run("rehearse", "--preview")
    assert preview.status == 0
    assert _digests(project / ".sandbox" / "dev") == before

    assert "create 111111111111 sagemaker.UserProfile development-studio-grace" in _rows(preview.out, "create")
    assert "delete 111111111111 sagemaker.UserProfile development-studio-ml-engineer" in _rows(preview.out, "delete")
    flow_logs = "update 222222222222 cloudwatch.LogGroup target-222222222222-serving-logs-flow-logs retentionInDays"
    assert flow_logs in _rows(preview.out, "update")
    counts = Counter({op: len(_rows(preview.out, op)) for op in ("create", "update", "replace", "delete")})
    assert counts["replace"] == 1  # what the published rules know of the stack: its key is its hash
    plan = ", ".join(f"{number} to {op}" for op, number in counts.items())
    assert re.search(rf"Plan: {plan}; \d+ unchanged", preview.out)

    applied = run("rehearse")
    assert applied.status == 0
    assert _rows(applied.out, "delete") == _rows(preview.out, "delete")
    names = {state["urn"].rpartition("::")[2] for state in _resources(project)}
    assert ("development-studio-grace" in names, "development-studio-ml-engineer" in names) == (True, False)
    assert "Plan: no changes" in run("rehearse", "--preview").out


def test_what_would_stay_behind_in_another_account_is_told(run: Run, project: Path) -> None:
    assert run("rehearse").status == 0
    stack = project / "Pulumi.dev.yaml"
    text = stack.read_text(encoding="utf-8")
    stack.write_text(text.replace('development: "111111111111"', 'development: "444444444444"'), encoding="utf-8")
    planned = run("rehearse", "--preview")
    warnings = [line for line in planned.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1
    what = r"warning: cloudwatch\.EventBus alarms and \d\d more: "
    where = r"Pulumi looks in account 444444444444 now, and what it made in 111111111111 stays there unmanaged\. "
    assert re.match(what + where + r"Destroy it before it moves, or delete it there yourself$", warnings[0])


def test_a_replacement_is_planned_as_one(run: Run, project: Path) -> None:
    assert run("rehearse").status == 0
    stack = project / "Pulumi.dev.yaml"
    text = stack.read_text(encoding="utf-8")
    # An account's block decides its VPC, and with it every subnet.
    stack.write_text(text.replace("10.0.0.0/12", "10.64.0.0/12"), encoding="utf-8")
    planned = run("rehearse", "--preview")
    vpcs = [row for row in _rows(planned.out, "replace") if " ec2.Vpc " in row]
    assert len(vpcs) == 3
    assert all(row.endswith("cidrBlock") for row in vpcs)


def test_a_first_preview_leaves_nothing_in_the_accounts(run: Run, project: Path) -> None:
    planned = run("rehearse", "--preview")
    assert planned.status == 0
    assert re.search(r"Plan: \d{3} to create; 0 unchanged\.", planned.out)
    assert not (project / ".sandbox/dev/stack.json").exists()
    world = World(project / ".sandbox/dev/world.db")
    assert (world.states(), list(world.counts())) == ([], [])
    world.close()


# --- refusals ----------------------------------------------------------------------------------------------------------------------------


def test_a_refusal_is_one_line_and_exit_status_1(run: Run, project: Path) -> None:
    directory = project / ".sandbox" / "dev"
    directory.mkdir(parents=True)
    taken = "sm-mlops-dev-eu-west-1-222222222222-capture"
    world = World(directory / "world.db")
    world.seed(account="999999999999", region="eu-west-1", token=BUCKET, id=taken, inputs={"bucket": taken})
    world.close()
    ran = run("rehearse")
    refused = [line for line in ran.err.splitlines() if line.startswith("refused: ")]
    assert ran.status == 1
    assert len(refused) == 1
    assert refused[0].startswith("refused: s3.Bucket target-222222222222-serving-capture in account 222222222222: ")
    assert taken in refused[0]
    assert ", 1 refused, " in ran.out
    assert "Traceback" not in ran.err


def test_a_protected_resource_is_not_deleted(run: Run, project: Path) -> None:
    assert run("rehearse").status == 0
    stack = project / "Pulumi.dev.yaml"
    text = stack.read_text(encoding="utf-8")
    stack.write_text(text.replace('production: ["333333333333"]', "production: []"), encoding="utf-8")
    ran = run("rehearse")
    assert ran.status == 1
    assert "is protected and would be deleted. Set mlops:protection to false and run again first" in ran.err
    assert any(state.get("id") == "333333333333" or "333333333333" in state["urn"] for state in _resources(project))
    stack.write_text(f"{text}  mlops:protection: false\n", encoding="utf-8")
    assert run("rehearse").status == 0
    unprotected = text.replace('production: ["333333333333"]', "production: []") + "  mlops:protection: false\n"
    stack.write_text(unprotected, encoding="utf-8")
    assert run("rehearse").status == 0
    assert not any("target-333333333333" in state["urn"] for state in _resources(project))


# --- states that cannot be continued -----------------------------------------------------------------------------------------------------


def _first_layout(database: Path) -> None:
    """The tables as they were before the file carried their version."""
    with sqlite3.connect(database) as connection:
        connection.execute("pragma user_version = 0")
        connection.execute("drop table changes")
    connection.close()


def _foreign_type(database: Path, state: Mapping[str, Any] = FOREIGN) -> None:
    world = World(database)
    world.put_row(Row(run=1, position=0, state=dict(state)))
    world.close()


def _older_provider(database: Path) -> None:
    _foreign_type(database, OLD_PROVIDER)


def _no_database(database: Path) -> None:
    database.write_text("a word" * 99, encoding="utf-8")


def _cut_off(database: Path) -> None:
    database.write_bytes(database.read_bytes()[:6000])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_first_layout, "was written by another version of the program (layout 1, and this one reads 2)"),
        (_foreign_type, "holds aws:sqs/queue:Queue, which this version of the program does not simulate"),
        (_older_provider, "was made with aws 6.83.0, and this version of the program has 7."),
        (_cut_off, "holds no simulated accounts (database disk image is malformed)"),
        (_no_database, "holds no simulated accounts (file is not a database)"),
    ],
)
def test_a_state_that_cannot_be_continued_is_one_message_and_stays(
    spoil: Callable[[Path], None], says: str, run: Run, project: Path
) -> None:
    database = project / ".sandbox/dev/world.db"
    database.parent.mkdir(parents=True)
    World(database).close()
    spoil(database)
    before = _digests(database.parent)
    ran = run("rehearse")
    assert (ran.status, ran.err.count("\n")) == (2, 1), ran.err
    assert ran.err.startswith(f"error: {database}: {says}")
    remedy = f". Rehearse with the version that wrote it, or remove {database.parent} to start anew\n"
    assert ran.err.endswith(remedy)
    assert _digests(database.parent) == before


# --- faults ------------------------------------------------------------------------------------------------------------------------------


def _orphans(project: Path) -> set[str]:
    """What is in the accounts and not in the state, or the other way round."""
    world = World(project / ".sandbox/dev/world.db")
    made = {
        thing.id
        for account, token, _ in world.counts()
        for region in ("", "eu-west-1")
        for thing in world.things(account, region, token)
        if not thing.seeded
    }
    world.close()
    return made ^ {state["id"] for state in _resources(project) if state["type"].startswith(("aws:", "aws-native:"))}


def test_a_crash_and_throttling_on_request_are_continued(run: Run, project: Path) -> None:
    crashed = run("rehearse", "--crash-after", "100", "--latency", "ec2.Vpc=0.001")
    assert (crashed.status, crashed.err.splitlines()[-1]) == (
        1,
        "broken off after 100 changes, as asked for: what was done is kept; the next run continues",
    )
    assert _orphans(project) == set()
    throttled = run("rehearse", "--throttle", "200:26")
    assert throttled.status == 1
    assert re.search(r"Plan: \d+ to create; 100 unchanged\.", throttled.out)
    refused = [line for line in throttled.err.splitlines() if not line.startswith(("planning", "deploying"))]
    assert len(refused) == 1
    assert "ThrottlingException: Rate exceeded, after 25 retries" in refused[0]
    assert "Rules: saw only the part of the stack that was made" in throttled.out
    assert _orphans(project) == set()
    continued = run("rehearse", "--throttle", "10")
    assert continued.status == 0
    assert re.search(r"Plan: \d+ to create; 299 unchanged\.", continued.out)
    assert _orphans(project) == set()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--crash-after", "many"], "--crash-after 'many' is no number of changes. Give a whole number"),
        (["--crash-after=-1"], "--crash-after '-1'"),
        (["--throttle", "0"], "--throttle '0' is not N or N:TIMES, such as 10 or 10:26"),
        (["--throttle", "10:"], "--throttle '10:'"),
        (["--latency", "ec2.Vpc"], "--latency 'ec2.Vpc' is not KIND=SECONDS, such as ec2.Vpc=0.5"),
        (["--latency", "ec2.Vpc=nan"], "Give at most 600 seconds"),
        (["--latency", "ec2.Vpc=601"], "Give at most 600 seconds"),
        (["--latency", "ec2.Vpx=1"], "'ec2.Vpx' is no kind that the sandbox simulates. Did you mean ec2.Vpc?"),
        (["--latency", "=1"], "Take one from the plan"),
        (["--crash-after", "1", "--preview"], "faults happen in the deploy only. Leave --preview or the faults out"),
    ],
)
def test_a_malformed_fault_is_one_message(run: Run, project: Path, arguments: list[str], says: str) -> None:
    ran = run("rehearse", *arguments)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("error: ")
    assert says in ran.err
    assert not (project / ".sandbox").exists()


# --- variants ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VARIANTS)
def test_every_kind_of_stack_rehearses(name: str, tmp_path: Path) -> None:
    engine = engine_for(tmp_path / "state", "dev", variant(name))
    try:
        result = engine.up()
        assert [failure.message for failure in result.failures] == []
        assert sum(number for _, _, number in engine.world.counts()) > 200
    finally:
        engine.world.close()
