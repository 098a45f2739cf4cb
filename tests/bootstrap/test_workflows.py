"""The workflows: valid by their schemas, and holding what keeps a pull request from deploying."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from bootstrap import pipeline
from bootstrap.deployer import READ_ONLY
from ops.rehearse import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GITLAB = ROOT / ".gitlab-ci.yml"
MARK = next(iter(READ_ONLY)).partition("/")[2]


def load(name: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())


PULL_REQUEST, DEPLOY = load("pull-request.yml"), load("deploy.yml")
LAB: dict[str, Any] = yaml.safe_load(GITLAB.read_text())


def triggers(workflow: dict[Any, Any]) -> dict[str, Any]:
    """`on`, which YAML 1.1 reads as true."""
    return workflow[True]


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in load(path.name)["jobs"].items():
            yield f"{path.name} {name}", job


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


@pytest.mark.parametrize(
    ("schema", "path"),
    [*(("vendor.github-workflows", path) for path in WORKFLOWS), ("vendor.gitlab-ci", GITLAB)],
    ids=lambda value: getattr(value, "name", value),
)
def test_it_fits_its_schema(schema: str, path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own checker
    assert checked.returncode == 0, checked.stdout


def test_there_are_the_two_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == ["deploy.yml", "pull-request.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses:.*", path.read_text())
    assert used
    for line in used:
        assert re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_an_action_has_one_commit_everywhere() -> None:
    used = {line for path in WORKFLOWS for line in re.findall(r"uses: (\S+ # \S+)", path.read_text())}
    assert len(used) == len({line.partition("@")[0] for line in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_permitted_but_by_job(path: Path) -> None:
    assert load(path.name)["permissions"] == {}


def test_each_job_has_what_it_needs_and_no_more() -> None:
    assert {name: job["permissions"] for name, job in jobs()} == {
        "deploy.yml deploy": {"contents": "read", "id-token": "write"},
        "pull-request.yml check": {"contents": "read"},
        "pull-request.yml preview": {"contents": "read", "id-token": "write"},
        "pull-request.yml comment": {"pull-requests": "write"},
    }
    assert all("timeout-minutes" in job for _, job in jobs())


def test_a_pull_request_never_runs_with_the_target_branchs_rights() -> None:
    assert set(triggers(PULL_REQUEST)) == {"pull_request"}
    assert set(triggers(DEPLOY)) == {"push", "workflow_dispatch"}
    assert triggers(DEPLOY)["push"] == {"branches": ["main"]}
    assert "refs/heads/main" in DEPLOY["jobs"]["deploy"]["if"]


def test_a_fork_gets_no_credentials() -> None:
    with_token = {name for name, job in jobs() if "id-token" in job["permissions"]}
    assert with_token == {"deploy.yml deploy", "pull-request.yml preview"}
    assert "head.repo.full_name == github.repository" in PULL_REQUEST["jobs"]["preview"]["if"]
    (rule,) = LAB["preview"]["rules"]
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in rule["if"]


def test_who_may_write_runs_nothing_of_the_pull_request() -> None:
    steps = PULL_REQUEST["jobs"]["comment"]["steps"]
    assert not [step for step in steps if "checkout" in step.get("uses", "")]
    # What a pull request can choose reaches the shell as a file or a variable, never as text of the script.
    assert not [name for name, job in jobs() if "${{" in commands(job)]


def test_checkouts_leave_no_token_behind() -> None:
    for name, job in jobs():
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"] == {"persist-credentials": False}, name


@pytest.mark.parametrize(
    "job", [PULL_REQUEST["jobs"]["check"], {"steps": [{"run": "\n".join(LAB["check"]["script"])}]}]
)
def test_the_tests_and_both_rehearsals_run_in_each_pull_request(job: dict[str, Any]) -> None:
    for command in ("./mlops test", "./mlops rehearse --stack dev", "./mlops rehearse --stack prod"):
        assert command in commands(job).splitlines()
    assert "if" not in job


@pytest.mark.parametrize(
    "script",
    [
        commands(PULL_REQUEST["jobs"]["preview"]),
        commands(DEPLOY["jobs"]["deploy"]),
        "\n".join(LAB["preview"]["script"]),
        "\n".join(LAB["deploy"]["script"]),
    ],
)
def test_pulumi_runs_with_the_pack_and_shows_no_outputs(script: str) -> None:
    (line,) = [line for line in script.splitlines() if line.startswith("pulumi ")]
    assert "--policy-pack policy" in line
    assert "--suppress-outputs" in line
    assert "--non-interactive" in line
    # A preview that fails is piped into a file, and still fails the job.
    assert "tee " not in script or "set -o pipefail" in script


def test_a_preview_marks_its_session_before_anything_uses_it() -> None:
    steps = PULL_REQUEST["jobs"]["preview"]["steps"]
    roles = [step["with"] for step in steps if "configure-aws-credentials" in step.get("uses", "")]
    assert [role.get("role-chaining", False) for role in roles] == [False, True]
    assert roles[1]["custom-tags"] == f'{{"{MARK}": "{READ_ONLY[f"aws:PrincipalTag/{MARK}"]}"}}'
    assert roles[1]["transitive-tag-keys"] == MARK
    script = "\n".join(LAB["preview"]["script"])
    assert f"--tags Key={MARK},Value=read --transitive-tag-keys {MARK}" in script
    assert script.index("assume-role") < script.index("pulumi preview")


def test_nothing_is_deployed_without_approval_or_twice_at_once() -> None:
    job = DEPLOY["jobs"]["deploy"]
    assert job["environment"] == "${{ matrix.stack }}"
    assert job["concurrency"] == {"group": "deploy-${{ matrix.stack }}", "cancel-in-progress": False}
    assert job["strategy"]["max-parallel"] == 1
    (rule,) = LAB["deploy"]["rules"]
    assert rule["when"] == "manual"
    assert LAB["deploy"]["environment"] == {"name": "$STACK"}
    assert (LAB["deploy"]["resource_group"], LAB["deploy"]["interruptible"]) == ("deploy-$STACK", False)
    assert [name for name, one in jobs() if "pulumi up" in commands(one)] == ["deploy.yml deploy"]


def test_an_interrupted_pull_request_is_replaced() -> None:
    assert PULL_REQUEST["concurrency"]["cancel-in-progress"] is True


def test_the_cli_is_the_locks() -> None:
    pinned = version("pulumi")
    installed = {
        str(step["with"]["pulumi-version"])
        for _, job in jobs()
        for step in job["steps"]
        if step.get("uses", "").startswith("pulumi/actions")
    }
    assert installed == {pinned}
    assert LAB[".pulumi"]["image"] == f"pulumi/pulumi:{pinned}"


@pytest.mark.parametrize("path", [*WORKFLOWS, GITLAB], ids=lambda path: path.name)
def test_there_are_no_secrets(path: Path) -> None:
    assert "secrets." not in path.read_text()
    assert not re.search(r"set -x|AKIA|echo .*TOKEN", path.read_text())


def test_a_previews_environment_is_the_one_that_the_template_trusts() -> None:
    subjects = pipeline.github("acme/mlops", "dev").subjects
    environments = {"preview": PULL_REQUEST["jobs"]["preview"], "deploy": DEPLOY["jobs"]["deploy"]}
    for what, job in environments.items():
        assert subjects[what].endswith(f":environment:{job['environment'].replace('${{ matrix.stack }}', 'dev')}")
