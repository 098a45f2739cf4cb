"""Rehearsals with Pulumi's engine: which CLI runs, what its events mean, and what is left when it breaks."""

import fcntl
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi.automation import PulumiCommand

from ops import cli, engine
from ops.engine import PulumiEngine
from ops.errors import UserError
from ops.events import Events
from sandbox.engine import Step
from sandbox.world import BUCKET
from tests.ops.conftest import Run
from tests.sandbox.engines import EngineStack
from tests.sandbox.programs import refusals, steps

ROOT = Path(__file__).resolve().parents[2]
BUCKETS = 's3.Bucket("first", bucket="first-of-tests", opts=opts())\n'
MORE = BUCKETS + 's3.Bucket("second", bucket="second-of-tests", opts=opts())\n'

# Which engine runs


def put_cli(folder: Path, version: str) -> Path:
    """A stand-in for the CLI that only tells its version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A PATH with no CLI on it, and a function that puts one of a version there."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in ("sh", "echo"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(folder))
    return lambda version: put_cli(folder, version)


def terminal(monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    """Somebody at a terminal who answers; None for no terminal."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: answer is not None))

    def ask(prompt: str) -> str | None:
        assert prompt.endswith("[y/N] ")
        return answer

    monkeypatch.setattr("builtins.input", ask)


@pytest.mark.parametrize(
    ("wanted", "found", "runs", "says"),
    [
        ("auto", None, False, "in-process (no Pulumi CLI on PATH). The real engine: 3.229.0 or newer on PATH, or"),
        ("auto", "v3.228.1", False, "3.228.1, too old). The real engine: 3.229.0 or newer"),
        ("auto", "not-a-version", False, "no CLI that tells its version, too old)"),
        (
            "auto",
            "v3.229.0",
            True,
            "with Pulumi's engine 3.229.0, in accounts of its own. In-process: --engine inprocess",
        ),
        ("auto", "3.300.0-alpha.x1", True, "with Pulumi's engine 3.300.0, "),
        ("pulumi", "4.0.0", True, "with Pulumi's engine 4.0.0, "),
        ("inprocess", "v3.260.0", False, "in-process. The real engine: --engine pulumi"),
    ],
)
def test_which_engine_runs_and_how_to_get_the_other(
    on_path: Callable[[str], Path], tmp_path: Path, wanted: str, found: str | None, runs: bool, says: str
) -> None:
    path = on_path(found) if found else None
    choice = cli.choose(wanted, install=False, folder=tmp_path / ".sandbox")
    assert choice.cli == (path if runs else None)
    assert says in choice.line


@pytest.mark.parametrize(
    ("wanted", "found", "install", "answer", "says"),
    [
        ("pulumi", None, False, None, "no Pulumi CLI on PATH. Install 3.229.0 or newer, or add --install"),
        ("pulumi", "v3.100.0", False, "y", "pulumi is 3.100.0. Install 3.229.0 or newer, or add --install"),
        ("pulumi", None, False, "n", "nothing was installed"),
        ("inprocess", None, True, None, "--install is for the real engine"),
        ("other", None, False, None, "'other' is not one of auto, pulumi, inprocess"),
    ],
)
def test_without_a_supported_cli_there_is_one_message(
    on_path: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    found: str | None,
    install: bool,
    answer: str | None,
    says: str,
) -> None:
    if found:
        on_path(found)
    terminal(monkeypatch, answer)
    with pytest.raises(UserError) as error:
        cli.choose(wanted, install=install, folder=tmp_path / ".sandbox")
    assert says in str(error.value)
    assert not (tmp_path / ".sandbox").exists()


@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize(("install", "answer"), [(True, None), (False, "yes")])
def test_the_cli_is_installed_on_request_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: bool, answer: str | None
) -> None:
    terminal(monkeypatch, answer)

    def download(root: str) -> None:
        put_cli(Path(root) / "bin", "v3.272.0")

    monkeypatch.setattr(PulumiCommand, "install", download)
    folder = tmp_path / ".sandbox"
    installed = cli.choose("pulumi", install=install, folder=folder)
    assert installed.cli is not None
    assert installed.cli.is_relative_to(folder)
    terminal(monkeypatch, None)
    assert cli.choose("auto", install=False, folder=folder) == installed


@pytest.mark.usefixtures("on_path")
def test_an_installation_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(root: str) -> None:
        Path(root, "half").mkdir(parents=True)
        raise OSError("Name or service not known")

    monkeypatch.setattr(PulumiCommand, "install", fail)
    with pytest.raises(
        UserError, match=r"could not be installed \(Name or service not known\)\. Install it another way"
    ):
        cli.choose("pulumi", install=True, folder=tmp_path)
    assert list(tmp_path.glob("cli-*")) == []


@pytest.mark.usefixtures("on_path")
def test_the_command_line_ends_with_status_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch, None)
    ran = run("rehearse", "--engine", "pulumi")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: there is no Pulumi CLI on PATH.")


# What events mean


def told(*events: dict[str, Any]) -> Events:
    found = Events(on_step=lambda _: None)
    for event in events:
        found.add(json.dumps(event))
    return found


def error(text: str, urn: str = "urn:pulumi:s::p::aws:s3/bucket:Bucket::data") -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": "error", "urn": urn, "message": text}}


def step(op: str, name: str, *, diffs: list[str] | None = None) -> dict[str, Any]:
    provider = "urn:pulumi:s::p::pulumi:providers:aws::main::04da6b54"
    metadata = {"op": op, "urn": f"urn:pulumi:s::p::aws:s3/bucket:Bucket::{name}", "type": BUCKET, "diffs": diffs}
    return {"resOutputsEvent": {"metadata": {**metadata, "new": {"provider": provider}}}}


PROVIDER = {
    "resourcePreEvent": {
        "metadata": {
            "op": "create",
            "urn": "urn:pulumi:s::p::pulumi:providers:aws::main",
            "type": "pulumi:providers:aws",
            "new": {"inputs": {"allowedAccountIds": '["111111111111"]'}},
        }
    }
}
TRACEBACK = "Program failed with an unhandled exception:\nTraceback (most recent call last):\n  File ...\n"


def test_operations_are_steps_and_parts_of_a_replacement_are_not() -> None:
    events = told(
        PROVIDER,
        step("create", "a"),
        step("update", "b", diffs=["tags"]),
        step("create-replacement", "c"),
        step("replace", "c", diffs=["bucket"]),
        step("delete-replaced", "c"),
        step("same", "d", diffs=["tags"]),
        {"summaryEvent": {}},
    )
    events.add("no event")
    found = [(taken.op.value, taken.name, taken.account, taken.changed) for taken in events.steps()]
    assert found == [
        ("create", "a", "111111111111", ()),
        ("update", "b", "111111111111", ("tags",)),
        ("replace", "c", "111111111111", ("bucket",)),
        ("same", "d", "111111111111", ()),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BucketNotEmpty: it is\nnot empty", "BucketNotEmpty: it is not empty"),
        (
            "resource cannot be deleted\nbecause it is protected",
            "data is protected and would be deleted. Set mlops:pro",
        ),
        ("unable to replace resource ...", "data is protected and would be replaced. Set mlops:protection to false"),
    ],
)
def test_an_error_of_a_resource_is_a_refusal(text: str, message: str) -> None:
    other = "urn:pulumi:s::p::aws:s3/bucket:Bucket::other"
    events = told(error(text), error("a consequence"), error("failed to run remediation: context canceled", other))
    (failure,) = events.failures()
    assert failure.message.startswith(message)
    assert (events.mistake(), events.program_failure(), events.plugin_failure()) == (None, None, None)


def test_mandatory_violations_are_failures_and_advice_is_not() -> None:
    violation = {"policyName": "S3-01", "message": "is\nopen", "resourceUrn": "urn:pulumi:s::p::t::data"}
    events = told(
        {"policyEvent": {**violation, "enforcementLevel": "mandatory"}},
        {"policyEvent": {**violation, "enforcementLevel": "advisory"}},
    )
    assert [found.mandatory for found in events.violations] == [True, False]
    assert [failure.message for failure in events.failures()] == ["S3-01: is open"]


def test_what_ends_the_program_is_told_from_what_is_refused() -> None:
    stack = "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"
    mistake = told(error("mlops:x: is wrong\n", stack))
    assert (mistake.mistake(), mistake.failures(), mistake.program_failure()) == ("mlops:x: is wrong", (), None)
    failed = told(error(f"{TRACEBACK}ValueError: no", stack))
    assert failed.mistake() is None
    assert (failed.program_failure() or "").endswith("ValueError: no")
    gone = told(error("plugin exited prematurely. Report it.\nSTDOUT and STDERR streams of the plugin:no room", ""))
    assert gone.plugin_failure() == "no room"


# What is left when it breaks


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("lock", "world.db-shm", "world.db-wal")
    }


def checkpoint(stack: EngineStack) -> Path:
    path = stack.home / "state" / ".pulumi" / "stacks" / "tiny" / "test.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def deployed(*resources: Mapping[str, Any]) -> Mapping[str, Any]:
    """The engine's checkpoint of these resources."""
    return {"version": 3, "checkpoint": {"latest": {"resources": resources}}}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"version":3,"checkpoint":{"latest":{"resources":[{"urn":"urn:pu', "was cut off and is no state"),
        ("", "was cut off and is no state"),
        ("[]", "was cut off and is no state"),
        (
            json.dumps(deployed({"custom": True, "type": "aws:sqs/queue:Queue"})),
            "holds aws:sqs/queue:Queue, which this v",
        ),
        (
            json.dumps(deployed({"type": "pulumi:providers:aws", "inputs": {"version": "6.83.0"}})),
            r"was made with aws 6\.83\.0, and this version of the program has 7\.",
        ),
        (
            json.dumps({**deployed(), "version": 5}),
            r"has version 5 .* reads 3 and 4\. Rehearse with the version that wrote it",
        ),
    ],
)
def test_a_state_that_cannot_be_used_is_one_message_and_stays(tmp_path: Path, content: str, says: str) -> None:
    stack = EngineStack(tmp_path)
    checkpoint(stack).write_text(content, encoding="utf-8")
    before = digests(tmp_path)
    for command in (lambda: stack.engine.has_state, stack.engine.preview, stack.engine.up):
        with pytest.raises(UserError, match=says):
            command()
    assert digests(tmp_path) == before


def test_accounts_that_cannot_be_read_are_one_message_and_stay(tmp_path: Path) -> None:
    stack = EngineStack(tmp_path)
    (stack.home / "state" / "world.db").write_text("no database, but longer than its header is, which is " * 9, "utf-8")
    before = digests(tmp_path)
    with pytest.raises(UserError, match=r"world\.db: holds no simulated accounts"):
        stack.engine.up()
    assert digests(tmp_path) == before


def test_a_run_that_was_killed_is_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = EngineStack(tmp_path)
    checkpoint(stack).write_text(json.dumps(deployed({"type": "x"})), encoding="utf-8")
    shutil.copytree(stack.home / "state", stack.home / "before")
    checkpoint(stack).write_text('{"checkp', encoding="utf-8")
    assert stack.engine.has_state
    assert "going back to the state before it" in capsys.readouterr().err
    assert not (stack.home / "before").exists()
    assert stack.engine.has_state
    assert capsys.readouterr().err == ""


def test_two_rehearsals_of_a_stack_do_not_run_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_LOCK_WAIT", 0.0)
    stack = EngineStack(tmp_path)
    with (stack.home / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another rehearsal of stack test is running"):
            assert stack.engine.has_state
    assert not stack.engine.has_state


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        EngineStack(tmp_path)


@pytest.mark.parametrize("status", [1, 0])
def test_a_cli_that_cannot_run_is_one_message_and_the_state_is_as_it_was(tmp_path: Path, status: int) -> None:
    """A CLI that refuses every command, or says that all is well and prints nothing that can be exported."""
    fake = tmp_path / "pulumi"
    fake.write_text(f"#!/bin/sh\necho 'error: the passphrase is wrong' >&2\nexit {status}\n", encoding="utf-8")
    fake.chmod(0o755)
    made = PulumiEngine(
        cli=fake,
        program=tmp_path / "__main__.py",
        project="tiny",
        stack="test",
        config={},
        directory=tmp_path / "state",
        prepare=lambda _: None,
    )
    before = digests(tmp_path)
    with pytest.raises(UserError, match=r"passphrase is wrong|printed no deployment"):
        made.up()
    assert digests(tmp_path).keys() - before.keys() <= {"state/pulumi/state/world.db"}
    assert not made.state_file.exists()


@pytest.mark.engine
def test_a_plugin_that_dies_leaves_the_state_as_it_was(tmp_path: Path) -> None:
    stack = EngineStack(tmp_path)
    assert not refusals(stack.up(BUCKETS))
    before = stack.things(), checkpoint(stack).read_bytes(), stack.engine.state_file.read_bytes()
    plugin = stack.home / "bin" / "pulumi-resource-aws"
    works = plugin.read_text(encoding="utf-8")
    # It dies when the thing is made and the engine does not know of it yet.
    dying = (
        "import os, sandbox.plugin as plugin; made = plugin.Plugin.create; "
        "plugin.Plugin.create = lambda self, request: made(self, request) and os._exit(3); plugin.main()"
    )
    plugin.write_text(works.replace("-m sandbox.plugin", f"-c '{dying}'"), encoding="utf-8")
    with pytest.raises(UserError, match=r"a provider plugin ended by itself: .*The state is as it was; run again"):
        stack.up(MORE)
    assert (stack.things(), checkpoint(stack).read_bytes(), stack.engine.state_file.read_bytes()) == before
    plugin.write_text(works, encoding="utf-8")
    assert steps(stack.up(MORE)) == [("create", "second")]
    assert stack.things() == stack.custom()


@pytest.mark.engine
def test_an_interrupted_run_is_continued(tmp_path: Path) -> None:
    stack = EngineStack(tmp_path)
    waits = 'pulumi.Output.from_input(first.id).apply(lambda _: __import__("time").sleep(60))\n'

    def interrupt(taken: Step) -> None:
        if taken.name == "first":
            raise KeyboardInterrupt

    stack.on_step = interrupt
    with pytest.raises(KeyboardInterrupt):
        stack.up(f"first = {BUCKETS}{waits}")
    assert stack.custom() == stack.things() == {(BUCKET, "first-of-tests")}
    stack.on_step = lambda _: None
    assert steps(stack.up(MORE)) == [("create", "second")]


@pytest.mark.engine
def test_the_pack_stops_a_preview(tmp_path: Path) -> None:
    stack = EngineStack(tmp_path, policy_pack=ROOT / "policy")
    result = stack.preview(BUCKETS)
    said = [failure.message for failure in result.failures if failure.urn.endswith("::first")]
    for rule in ("s3-01-bucket-has-policy", "s3-05-public-access-blocked"):
        assert any(message.startswith(f"{rule}: ") for message in said)


@pytest.mark.engine
def test_dev_rehearses_and_an_edit_is_planned_as_in_process(run: Run, project: Path) -> None:
    numbers: set[str] = set()
    for name in ("pulumi", "inprocess"):
        done = run("rehearse", "--engine", name)
        assert done.status == 0, done.err
        numbers.update(re.findall(r"(\d+) resources in 3 accounts, nothing refused", done.out))
        assert "Rules: " in done.out
        assert "violations: none" in done.out
    assert len(numbers) == 1
    path = project / "Pulumi.dev.yaml"
    text = path.read_text(encoding="utf-8")
    edited = text.replace('staging: ["222222222222"]', 'staging: ["222222222222", "444444444444"]')
    edited = edited.replace("ml-engineer: {persona: MLEngineer}", "")
    assert edited != text
    path.write_text(f"{edited}  mlops:tags: {{owner: us}}\n", encoding="utf-8")
    tables: list[list[str]] = []
    for name in ("pulumi", "inprocess"):
        planned = run("rehearse", "--engine", name, "--preview")
        assert planned.status == 0, planned.err
        ops = ("create ", "update ", "replace ", "delete ", "Plan: ")
        tables.append(sorted(" ".join(line.split()) for line in planned.out.splitlines() if line.startswith(ops)))
    assert tables[0] == tables[1]
    assert len(tables[0]) > 100
    assert path.read_text(encoding="utf-8").count("allowPlaceholderAccounts") == 0
    assert {path.name for path in (project / ".sandbox" / "dev").iterdir()} >= {"pulumi", "stack.json", "world.db"}
