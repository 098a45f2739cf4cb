"""Runs a CodePipeline of a product's template: stages, conditions, actions and artifacts, with the buildspecs of the seed repositories.

A kind of action or rule that is not here is an error that names it. The install phase of a build is left out: the environment is already what
the lock says. A repository's own tests run in the first build of a commit.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from .cloud import Cloud
from .measure import ONE_THREAD, Cost, Meter, run

Json = dict[str, Any]
_TESTS = re.compile(r"python -m pytest[^;]*")


class ActionFailedError(Exception):
    """An action failed, which stops the pipeline."""


class UnknownActionError(Exception):
    """The pipeline holds something that is not run here."""


@dataclass(kw_only=True)
class Delivery:
    """One pipeline, to be run any number of times.

    Attributes:
        cloud: The simulated accounts.
        pipeline: Properties of the pipeline.
        builds: Name of a CodeBuild project -> its properties.
        repository: The seed repository.
        commit: Of its main branch.
        scratch: Folder for artifacts.
        approve: Asked by a manual approval, with its text.
        report: Called with stage, action and what came of it.
        meter: Gets what the actions cost.
        cost: Of the action that runs.
        tested: Whether the repository's own tests have run, and need not again.
    """

    cloud: Cloud
    pipeline: Json
    builds: Mapping[str, Json]
    repository: Path
    commit: str
    scratch: Path
    approve: Callable[[str], bool]
    report: Callable[[str, str, str], None]
    meter: Meter = field(default_factory=Meter)
    cost: Cost = field(default_factory=Cost)
    runs: int = 0
    tested: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)

    def run(self) -> dict[str, str]:
        """Run all stages.

        Returns:
            Stage -> `done`, or `skipped`.

        Raises:
            ActionFailedError: An action failed; later stages are not reached.
        """
        self.runs += 1
        self.variables, self.artifacts = {}, {}
        outcome = {}
        for stage in self.pipeline["Stages"]:
            if not self._enters(stage):
                outcome[stage["Name"]] = "skipped"
                self.report(stage["Name"], "", "skipped")
                continue
            for action in sorted(stage["Actions"], key=lambda each: int(each.get("RunOrder", 1))):
                said = self._act(stage["Name"], action)
                self.report(stage["Name"], action["Name"], said)
            outcome[stage["Name"]] = "done"
        return outcome

    def _enters(self, stage: Json) -> bool:
        for condition in stage.get("BeforeEntry", {}).get("Conditions", []):
            for rule in condition["Rules"]:
                if rule["RuleTypeId"]["Provider"] != "VariableCheck" or condition["Result"] != "SKIP":
                    raise UnknownActionError(
                        f"Stage {stage['Name']}: the rule {rule['RuleTypeId']['Provider']} is not run on one machine"
                    )
                given = rule["Configuration"]
                equal = self._filled(given["Variable"]) == given["Value"]
                if equal != (given["Operator"] == "EQ"):
                    return False
        return True

    def _filled(self, text: str) -> str:
        return re.sub(r"#\{([^}]+)\}", lambda found: self.variables.get(found[1], ""), text)

    def _act(self, stage: str, action: Json) -> str:
        provider = action["ActionTypeId"]["Provider"]
        if provider not in ACTIONS:
            raise UnknownActionError(f"Stage {stage}: actions of {provider} are not run on one machine")
        configuration = {key: self._filled(value) for key, value in action["Configuration"].items()}
        name = self.pipeline["Name"].rpartition("-")[2]
        with self.meter.step(f"{name} {stage}/{action['Name']}") as self.cost:
            return ACTIONS[provider](self, stage, action, configuration)

    def file(self, reference: str) -> str:
        """Text of `Artifact::path`."""
        artifact, _, path = reference.partition("::")
        return (self.artifacts[artifact] / path).read_text(encoding="utf-8")


def _source(delivery: Delivery, _stage: str, action: Json, _configuration: Json) -> str:
    [output] = action["OutputArtifacts"]
    delivery.artifacts[output["Name"]] = delivery.repository
    delivery.variables[f"{action.get('Namespace', action['Name'])}.CommitId"] = delivery.commit
    return f"commit {delivery.commit[:12]}"


def _build(delivery: Delivery, stage: str, action: Json, configuration: Json) -> str:
    project = delivery.builds[configuration["ProjectName"]]
    folder = delivery.scratch / f"{delivery.runs}-{stage}-{action['Name']}"
    inputs = [each["Name"] for each in action["InputArtifacts"]]
    primary = configuration.get("PrimarySource", inputs[0])
    shutil.copytree(
        delivery.artifacts[primary],
        folder,
        ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", ".ruff_cache"),
    )
    spec = yaml.safe_load((folder / project["Source"]["BuildSpec"]).read_text(encoding="utf-8"))
    variables = _variables(delivery, project, configuration) | {
        f"CODEBUILD_SRC_DIR_{name}": str(delivery.artifacts[name]) for name in inputs if name != primary
    }
    commands = spec["phases"]["build"]["commands"]
    if delivery.tested:
        commands = [_TESTS.sub("true", command) for command in commands]
    delivery.tested = delivery.tested or any("-m pytest" in command for command in commands)
    exported = spec.get("env", {}).get("exported-variables", [])
    script = "\n".join(["set -e", *commands, *(f'printf "%s\\n" "{name}=${name}" >> .exported' for name in exported)])
    done, delivery.cost.megabytes = run(["bash", "-c", script], folder=folder, environment=variables)
    output = (done.stdout + done.stderr).strip()
    (folder / "build.log").write_text(output, encoding="utf-8")
    if done.returncode:
        errors = [line for line in output.splitlines() if line.startswith("error:")] or output.splitlines()[-3:]
        raise ActionFailedError(f"{stage}/{action['Name']}: {' '.join(errors)}")
    for line in (folder / ".exported").read_text(encoding="utf-8").splitlines() if exported else []:
        name, _, value = line.partition("=")
        delivery.variables[f"{action.get('Namespace', action['Name'])}.{name}"] = value
    for each in action.get("OutputArtifacts", []):
        delivery.artifacts[each["Name"]] = folder / spec["artifacts"]["base-directory"]
    lines = [
        line
        for line in done.stdout.splitlines()
        if line and not line.startswith((" ", "=", "DEBUG", "INFO", "WARNING"))
    ]
    return lines[-1] if lines else "done"


def _variables(delivery: Delivery, project: Json, configuration: Json) -> dict[str, str]:
    cloud = delivery.cloud
    parameters = cloud.world["resources"][cloud.development]["parameters"]
    given = [
        *project["Environment"]["EnvironmentVariables"],
        *_lowered(configuration.get("EnvironmentVariables", "[]")),
    ]
    values = {
        each["Name"]: parameters[each["Value"]] if each.get("Type") == "PARAMETER_STORE" else each["Value"]
        for each in given
    }
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(delivery.scratch),
        **ONE_THREAD,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": delivery.commit,
        "CODEBUILD_INITIATOR": f"codepipeline/{delivery.pipeline['Name']}",
        **cloud.environment(cloud.development, project["ServiceRole"], f"AWSCodeBuild-{delivery.runs}"),
        **values,
    }


def _lowered(text: str) -> list[Json]:
    return [
        {"Name": each["name"], "Value": each["value"], "Type": each.get("type", "PLAINTEXT")}
        for each in json.loads(text)
    ]


def _approval(delivery: Delivery, stage: str, action: Json, configuration: Json) -> str:
    if not delivery.approve(configuration.get("CustomData", "")):
        raise ActionFailedError(f"{stage}/{action['Name']}: rejected")
    return "approved"


def _stack_set(delivery: Delivery, stage: str, action: Json, configuration: Json) -> str:
    client = delivery.cloud.client("cloudformation", role="DeployPipelineRole", session=f"pipeline-{delivery.runs}")
    given = {
        "StackSetName": configuration["StackSetName"],
        "TemplateBody": delivery.file(configuration["TemplatePath"]),
        "Parameters": json.loads(delivery.file(configuration["Parameters"])),
        "AdministrationRoleARN": configuration["AdministrationRoleArn"],
        "ExecutionRoleName": configuration["ExecutionRoleName"],
    }
    try:
        client.describe_stack_set(StackSetName=given["StackSetName"])
    except client.exceptions.StackSetNotFoundException:
        client.create_stack_set(**given, PermissionModel=configuration["PermissionModel"])
        return f"{given['StackSetName']} created"
    try:
        client.update_stack_set(**given)
    except ClientError as error:
        raise ActionFailedError(f"{stage}/{action['Name']}: {error.response['Error'].get('Message', error)}") from error
    return f"{given['StackSetName']} updated"


def _stack_instances(delivery: Delivery, stage: str, action: Json, configuration: Json) -> str:
    client = delivery.cloud.client("cloudformation", role="DeployPipelineRole", session=f"pipeline-{delivery.runs}")
    accounts = json.loads(delivery.file(configuration["DeploymentTargets"]))
    try:
        client.create_stack_instances(
            StackSetName=configuration["StackSetName"], Accounts=accounts, Regions=[configuration["Regions"]]
        )
    except ClientError as error:
        raise ActionFailedError(f"{stage}/{action['Name']}: {error.response['Error'].get('Message', error)}") from error
    return f"in {', '.join(accounts)}"


ACTIONS: Mapping[str, Callable[[Delivery, str, Json, Json], str]] = {
    "CodeCommit": _source,
    "CodeBuild": _build,
    "Manual": _approval,
    "CloudFormationStackSet": _stack_set,
    "CloudFormationStackInstances": _stack_instances,
}
"""Providers of actions that are run here."""
