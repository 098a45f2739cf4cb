"""Runs a SageMaker pipeline's definition: step by step, each script as its own process in the container's file layout.

What a container finds below `/opt/ml` is below a scratch folder here, so arguments that start with that path are rewritten; nothing else of a
job is changed. A kind of step or function that is not here is an error that names it.

Source: SageMaker developer guide, "Pipelines: schema of the definition", "How Amazon SageMaker Processing runs your container", "Use your own
training algorithms".
"""

import hashlib
import json
import os
import re
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from .measure import Cost, Meter, run

ROOT = "/opt/ml"
TRAIN = Path(__file__).with_name("train_xgboost.py")
"""The algorithm of `sagemaker-xgboost`; other training images have none here."""

Json = dict[str, Any]


class UnknownKindError(Exception):
    """The definition holds something that is not run here."""


class StepFailedError(Exception):
    """A step failed; the text says which and why."""


@dataclass(kw_only=True)
class Execution:
    """One execution of a pipeline, and what its steps have found.

    Attributes:
        id: Its id.
        arn: Its ARN.
        definition: The pipeline's definition.
        parameters: Parameter -> value, defaults included.
        s3: Client of the development account.
        sagemaker: The same.
        scratch: Folder of the jobs.
        report: Called with a step and what came of it.
        environment: Variables of the jobs' processes.
        meter: Gets what the steps cost.
        cost: Of the step that runs.
    """

    id: str
    arn: str
    definition: Json
    parameters: dict[str, Any]
    s3: Any
    sagemaker: Any
    scratch: Path
    report: Callable[[str, str], None]
    environment: Mapping[str, str]
    meter: Meter = field(default_factory=Meter)
    cost: Cost = field(default_factory=Cost)
    steps: dict[str, Json] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    def run(self) -> Json:
        """Run all steps.

        Returns:
            Step -> what it answers (`Steps.<step>...` of the definition).

        Raises:
            StepFailedError: A job failed, or the pipeline chose to fail.
        """
        self.steps_of(self.definition["Steps"])
        return self.steps

    def steps_of(self, steps: list[Json]) -> None:
        """Run some steps, each after those that it needs."""
        waiting = {step["Name"]: step for step in steps}
        while waiting:
            ready = [step for step in waiting.values() if not self._needs(step) & set(waiting) - {step["Name"]}]
            if not ready:
                raise StepFailedError(f"The steps {', '.join(waiting)} wait for each other")
            for step in ready:
                kind = step["Type"]
                if kind not in KINDS:
                    raise UnknownKindError(f"Step {step['Name']}: steps of type {kind} are not run on one machine")
                with self.meter.step(f"training {step['Name']}") as self.cost:
                    KINDS[kind](self, step)
                del waiting[step["Name"]]

    def _needs(self, step: Json) -> set[str]:
        return {*step.get("DependsOn", []), *re.findall(r'"Steps\.([^.\[\"]+)', json.dumps(step))}

    def value(self, value: Any) -> Any:
        """A value with its references resolved.

        Raises:
            UnknownKindError: It holds a reference or function that is not known here.
        """
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Get"}:
            return self._get(value["Get"])
        [key, *others] = value or [None]
        if others or key is None or not key.startswith("Std:"):
            return {key: self.value(item) for key, item in value.items()}
        if key == "Std:Join":
            return value[key]["On"].join(str(self.value(item)) for item in value[key]["Values"])
        if key == "Std:JsonGet":
            return self._json_get(value[key])
        raise UnknownKindError(f"The function {key} is not known on one machine")

    def _get(self, reference: str) -> Any:
        kind, _, path = reference.partition(".")
        if kind == "Parameters":
            return self.parameters[path]
        if kind == "Execution":
            known = {"PipelineExecutionId": self.id, "PipelineExecutionArn": self.arn}
            if path in known:
                return known[path]
        if kind == "Steps":
            step, _, rest = path.partition(".")
            found: Any = self.steps[step]
            for part in re.findall(r"[^.\[\]']+", rest):
                found = found[part]
            return found
        raise UnknownKindError(f"The reference {reference} is not known on one machine")

    def _json_get(self, get: Json) -> Any:
        _, step, _, name = get["PropertyFile"]["Get"].split(".")
        found: Any = json.loads(self.files[f"{step}.{name}"].read_text(encoding="utf-8"))
        for part in get["Path"].split("."):
            found = found[part]
        return found

    def download(self, url: str, folder: Path) -> int:
        """Objects at a prefix, below a folder; how many."""
        place = urlparse(url)
        prefix = place.path.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=place.netloc, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        for key in keys:
            rest = key.removeprefix(prefix).lstrip("/") or Path(key).name
            target = folder / rest
            target.parent.mkdir(parents=True, exist_ok=True)
            self.s3.download_file(place.netloc, key, str(target))
        return len(keys)

    def upload(self, folder: Path, url: str) -> None:
        """Files of a folder, to a prefix."""
        place = urlparse(url)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.s3.upload_file(str(path), place.netloc, f"{place.path.lstrip('/')}/{path.relative_to(folder)}")

    def process(self, name: str, command: list[str], folder: Path) -> str:
        """Run a job's process; what it printed last."""
        done, self.cost.megabytes = run(command, folder=folder, environment=self.environment)
        output = (done.stdout + done.stderr).strip()
        (folder / "output.log").write_text(output, encoding="utf-8")
        if done.returncode:
            raise StepFailedError(
                f"Step {name} failed: {output.splitlines()[-1] if output else f'status {done.returncode}'}"
            )
        return output.splitlines()[-1] if output else ""


def _processing(execution: Execution, step: Json) -> None:
    arguments = execution.value(step["Arguments"])
    folder = execution.scratch / execution.id / step["Name"]
    for one in arguments.get("ProcessingInputs", []):
        source = one["S3Input"]
        execution.download(source["S3Uri"], folder / source["LocalPath"].lstrip("/"))
    outputs = arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])
    for one in outputs:
        (folder / one["S3Output"]["LocalPath"].lstrip("/")).mkdir(parents=True, exist_ok=True)
    app = arguments["AppSpecification"]
    command = [*app["ContainerEntrypoint"], *app.get("ContainerArguments", [])]
    said = execution.process(step["Name"], [_local(str(word), folder) for word in command], folder)
    for one in outputs:
        execution.upload(folder / one["S3Output"]["LocalPath"].lstrip("/"), one["S3Output"]["S3Uri"])
    execution.steps[step["Name"]] = {"ProcessingOutputConfig": {"Outputs": {one["OutputName"]: one for one in outputs}}}
    by_name = {one["OutputName"]: folder / one["S3Output"]["LocalPath"].lstrip("/") for one in outputs}
    for file in step.get("PropertyFiles", []):
        execution.files[f"{step['Name']}.{file['PropertyFileName']}"] = by_name[file["OutputName"]] / file["FilePath"]
    execution.report(step["Name"], said)


def _training(execution: Execution, step: Json) -> None:
    arguments = execution.value(step["Arguments"])
    image = arguments["AlgorithmSpecification"]["TrainingImage"]
    if "/sagemaker-xgboost:" not in image:
        raise UnknownKindError(f"Step {step['Name']}: the training image {image} is not run on one machine")
    folder = execution.scratch / execution.id / step["Name"]
    base = folder / ROOT.lstrip("/")
    for channel in arguments["InputDataConfig"]:
        execution.download(
            channel["DataSource"]["S3DataSource"]["S3Uri"], base / "input" / "data" / channel["ChannelName"]
        )
    config = base / "input" / "config"
    config.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps(arguments["HyperParameters"]), encoding="utf-8")
    channels = {
        channel["ChannelName"]: {"ContentType": channel["ContentType"]} for channel in arguments["InputDataConfig"]
    }
    (config / "inputdataconfig.json").write_text(json.dumps(channels), encoding="utf-8")
    (base / "model").mkdir()
    said = execution.process(step["Name"], [sys.executable, str(TRAIN), str(base)], folder)
    archive = base / "output" / "model.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted((base / "model").iterdir()):
            tar.add(path, path.name)
    url = f"{arguments['OutputDataConfig']['S3OutputPath']}/{step['Name']}-{execution.id}/output"
    execution.upload(archive.parent, url)
    execution.steps[step["Name"]] = {"ModelArtifacts": {"S3ModelArtifacts": f"{url}/{archive.name}"}}
    execution.report(step["Name"], said)


def _condition(execution: Execution, step: Json) -> None:
    arguments = step["Arguments"]
    compare: Mapping[str, Callable[[Any, Any], bool]] = {
        "LessThanOrEqualTo": lambda left, right: left <= right,
        "GreaterThanOrEqualTo": lambda left, right: left >= right,
        "Equals": lambda left, right: left == right,
    }
    holds = True
    for condition in arguments["Conditions"]:
        kind = condition["Type"]
        if kind not in compare:
            raise UnknownKindError(f"Step {step['Name']}: conditions of type {kind} are not known on one machine")
        left = execution.value(condition.get("LeftValue"))
        right = execution.value(condition.get("RightValue"))
        holds = holds and compare[kind](float(left), float(right))
        execution.report(step["Name"], f"{left:.4g} {kind} {right:.4g}: {'yes' if holds else 'no'}")
    execution.steps[step["Name"]] = {"Outcome": holds}
    execution.steps_of(arguments["IfSteps" if holds else "ElseSteps"])


def _fail(execution: Execution, step: Json) -> None:
    raise StepFailedError(str(execution.value(step["Arguments"]["ErrorMessage"])))


def _register(execution: Execution, step: Json) -> None:
    arguments = execution.value(step["Arguments"])
    for container in arguments["InferenceSpecification"]["Containers"]:
        # The registry keeps the digest that the tag had then.
        container["ImageDigest"] = f"sha256:{hashlib.sha256(container['Image'].encode()).hexdigest()}"
    known = set(execution.sagemaker.meta.service_model.operation_model("CreateModelPackage").input_shape.members)
    answer = execution.sagemaker.create_model_package(
        **{key: value for key, value in arguments.items() if key in known and value != {}}
    )
    execution.steps[step["Name"]] = {"ModelPackageArn": answer["ModelPackageArn"]}
    execution.report(
        step["Name"], f"{answer['ModelPackageArn'].rpartition(':')[2]} as {arguments['ModelApprovalStatus']}"
    )


KINDS: Mapping[str, Callable[[Execution, Json], None]] = {
    "Processing": _processing,
    "Training": _training,
    "Condition": _condition,
    "Fail": _fail,
    "RegisterModel": _register,
}
"""Kinds of steps that are run here."""


def _local(word: str, folder: Path) -> str:
    """A word of a container's command line on this machine."""
    if word in ("python", "python3"):
        return sys.executable
    return f"{folder}{word}" if word.startswith(f"{ROOT}{os.sep}") else word
