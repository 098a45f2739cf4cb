"""The deploy repository against the platform: what the seed's own tests, which know nothing of it, cannot see."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from components.documents.roles.serving import stack_set_execution
from components.names import Names
from ops import seed
from tests.bootstrap.handlers import Difference, granted, handlers, ungranted, used
from tests.components import registered
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, environment
from tests.seed.builds import run_tests

REPOSITORY = Path(seed.ROOT) / "seed" / "deploy" / "repository"
STAGES = ("staging", "prod")


def template(stage: str) -> Mapping[str, Any]:
    """The golden template, which the seed's own tests hold equal to what it generates."""
    return json.loads((REPOSITORY / "tests" / "golden" / f"endpoint-{stage}.json").read_text(encoding="utf-8"))


def resource_types() -> set[str]:
    made = {cast("str", each["Type"]) for stage in STAGES for each in template(stage)["Resources"].values()}
    return made | {"AWS::SageMaker::ModelQualityJobDefinition"}  # by choice of the project


# Its own tests ------------------------------------------------------------------------------------------------------------------------


def test_its_own_tests_pass() -> None:
    done = run_tests(REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_repositories_read_the_platform_alike() -> None:
    other = REPOSITORY.parents[1] / "build_train" / "repository"
    name = "platform_settings.py"
    assert (REPOSITORY / name).read_bytes() == (other / name).read_bytes()


# Its requirements ---------------------------------------------------------------------------------------------------------------------


def pins(file: Path) -> dict[str, str]:
    """Requirement with its marker -> its hashes."""
    text = re.sub(r"(?m)^\s*#.*\n", "", file.read_text(encoding="utf-8"))
    return {block.partition(" \\")[0]: block.strip() for block in re.split(r"\n(?=\S)", text) if block.strip()}


def test_its_requirements_are_the_platforms() -> None:
    """Packages are published from the seed's lock: what is pinned otherwise could not be installed."""
    platform = pins(seed.LOCK)
    own = pins(REPOSITORY / "requirements.txt")
    assert own
    assert {name: hashes for name, hashes in own.items() if platform.get(name) != hashes} == {}


def test_its_requirements_are_complete() -> None:
    """They are installed without dependencies, so each one's own are among them."""
    names = {re.split(r"[=\[ ]", pin)[0] for pin in pins(REPOSITORY / "requirements.txt")}
    code = """
import json, re, sys
from importlib.metadata import requires
from packaging.requirements import Requirement
given = {re.sub(r"[-_.]+", "-", name).lower() for name in json.loads(sys.argv[1])}
needed = [Requirement(text) for name in given for text in requires(name) or []]
wanted = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
print(sorted({each.name for each in wanted if re.sub(r"[-_.]+", "-", each.name).lower() not in given}))
"""
    done = seed.run(["-c", code, json.dumps(sorted(names))])
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


# Its builds ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "exported"), [("release", ["DEPLOY", "VERSION"]), ("test", [])])
def test_builds_are_made_of_commands(name: str, exported: list[str]) -> None:
    build = yaml.safe_load((REPOSITORY / f"buildspec-{name}.yml").read_text(encoding="utf-8"))
    commands = [command for phase in build["phases"].values() for command in phase["commands"]]
    assert all(isinstance(command, str) for command in commands)
    assert build["env"].get("exported-variables", []) == exported
    assert {phase["on-failure"] for phase in build["phases"].values()} == {"ABORT"}
    install = [command for command in commands if "pip install" in command]
    assert len(install) == 1
    assert "--require-hashes" in install[0]


# Its endpoint -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", [DEVELOPMENT, STAGING, PRODUCTION])
def test_every_parameter_that_an_endpoint_reads_is_written_in_every_account(account: str) -> None:
    written = {
        each.inputs["name"].split("/", 2)[2] for each in registered.stack().of("aws:ssm/parameter:Parameter", account)
    }
    read = {
        parameter["Default"].split("/", 2)[2]
        for parameter in template("prod")["Parameters"].values()
        if parameter["Type"].startswith("AWS::SSM::")
    }
    assert read - written == set()


UNUSED = (
    Difference(
        where="AWS::ApplicationAutoScaling::ScalableTarget",
        actions=("application-autoscaling:*ScheduledAction", "application-autoscaling:UntagResource", "lambda:*"),
        reason="no schedules, tags stay, and it scales endpoints",
    ),
    Difference(
        where="AWS::ApplicationAutoScaling::ScalingPolicy",
        actions=("cloudwatch:GetMetricData",),
        reason="for predictive scaling",
    ),
    Difference(where="AWS::CloudWatch::Alarm", actions=("cloudwatch:UntagResource",), reason="an alarm keeps its tags"),
    Difference(
        where="AWS::Logs::LogGroup",
        actions=(
            "firehose:*",
            "logs:*DataProtectionPolicy",
            "logs:*Index*",
            "logs:*ResourcePolic*",
            "logs:CreateLogDelivery",
            "logs:DeleteRetentionPolicy",
            "logs:DisassociateKmsKey",
            "logs:PutBearerTokenAuthentication",
            "logs:PutLogGroupDeletionProtection",
            "logs:UntagResource",
            "s3:*",
        ),
        reason="a key and a retention, which stay",
    ),
)
"""What handlers of the endpoint's types list, and its template does not use."""


@pytest.mark.parametrize("kind", sorted(resource_types()))
def test_the_execution_role_can_make_it(kind: str) -> None:
    assert handlers(kind)
    assert ungranted(used(kind, UNUSED), granted([stack_set_execution(environment(), STAGING)])) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_alarms_are_among_those_that_are_forwarded(stage: str) -> None:
    """The rule of each account forwards alarms that start with the environment's prefix and nothing else."""
    names = Names(name="sm-mlops", type="dev", region="eu-west-1")
    alarms = [
        each["Properties"]["AlarmName"]
        for each in template(stage)["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert alarms
    assert all(alarm.startswith(f"{names.prefix}-") for alarm in alarms)
