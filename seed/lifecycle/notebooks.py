"""The seed repositories' notebooks, run from first to last cell in the simulated accounts, as a data scientist's Studio runs them.

Executions go on while a notebook waits for them, an approver decides where it says so, and whatever the notebooks ask of AWS is noted.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import nbformat
from nbclient import NotebookClient

from .delivery import ActionFailedError, Delivery
from .jobs import StepFailedError
from .story import APPROVER, BUILD, COMMIT, DEPLOY, SEED, Json, Story
from .template import Template

SPACE, PERSON = "ada-space", "ada"
TIMEOUT = 120
"""Seconds of a cell."""

_SETUP = """
import json, pathlib
import botocore.client
import studio

studio.EVERY = 0.5
studio.METADATA = pathlib.Path("studio.json")
studio.METADATA.write_text(json.dumps({{"DomainId": "d-1", "SpaceName": "{space}"}}))
_call = botocore.client.BaseClient._make_api_call

def _noted(self, operation, parameters):
    with open({calls!r}, "a") as file:
        called = f"{{self.meta.service_model.signing_name}}:{{operation}}"
        file.write(json.dumps({{"call": called, "parameters": parameters}}, default=str) + "\\n")
    return _call(self, operation, parameters)

botocore.client.BaseClient._make_api_call = _noted
"""
"""Makes a kernel one of Studio's: who works there, and what is called, in a file."""


def execute(book: Any, folder: Path, environment: Mapping[str, str], acts: Mapping[str, Callable[[], Any]]) -> None:
    """Run all cells of a notebook, which gets their outputs.

    Args:
        book: The notebook.
        folder: Where its kernel works.
        environment: Of its kernel.
        acts: Cell -> what is done before it.

    Raises:
        CellExecutionError: A cell failed; those after it were not run.
    """

    def before(cell: Any, **_: Any) -> None:
        acts.get(cell["id"], lambda: None)()

    client = NotebookClient(book, timeout=TIMEOUT, resources={"metadata": {"path": str(folder)}}, on_cell_start=before)
    client.execute(env=dict(environment))


class Studio(Story):
    """Both projects of the story, worked on from notebooks."""

    def __init__(self, world: Json, folder: Path, data: Path) -> None:
        super().__init__(world, folder, data, single=False)
        self.cloud.publish = self._published
        self.facts: Json = {}
        self._delivers = False

    def _tell(self) -> None:
        self._phase("make the projects", self._begin_work)
        self._phase("work with the build project", self._work)
        self._phase("work with the deploy project", self._deploy_work)
        facts = json.dumps(self.facts, indent=2, default=str)
        (self.folder / "facts.json").write_text(facts, encoding="utf-8")

    def _begin_work(self) -> None:
        self._projects()
        self._record(self.build, BUILD)
        self._record(self.deploy, DEPLOY)
        self.cloud.records.spaces[SPACE] = PERSON
        # The repositories' own tests are run elsewhere.
        self.build_delivery.tested = self.deploy_delivery.tested = True
        self.build_delivery.run()
        [features] = self.build.of_type("AWS::SageMaker::FeatureGroup").values()
        taken = ("FeatureGroupName", "RecordIdentifierFeatureName", "EventTimeFeatureName", "FeatureDefinitions")
        given = {key: features[key] for key in (*taken, "OfflineStoreConfig", "RoleArn")}
        self.cloud.client("sagemaker", role="ProductsLaunchRole").create_feature_group(**given)

    def _work(self) -> None:
        self.cloud.records.start = self._execute
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(self.notebook, "build_train", BUILD, "sagemaker-pipeline", {})
            self.notebook("build_train", BUILD, "sagemaker-pipelines-project", {"clean-up": other.result})
        self._look()

    def _deploy_work(self) -> None:
        self._decide_on_newest("Approved")
        self._register_again()
        self._delivers = True
        acts = {
            "deploy": lambda: self._decide_on_newest("Approved"),
            "roll-back": lambda: self._decide_on_newest("Rejected"),
            "clean-up": self._remove,
        }
        self.notebook("deploy", DEPLOY, "sagemaker-model-deploy", acts)
        self.facts["projects"] = self.cloud.records.projects

    def notebook(
        self, product: str, project: tuple[str, str], name: str, acts: Mapping[str, Callable[[], Any]]
    ) -> None:
        """Run a notebook in a clone of its repository; the executed one is left in the folder.

        Args:
            product: Whose repository.
            project: Name and id.
            name: Of the notebook, without its suffix.
            acts: Cell -> what somebody else does before it.

        Raises:
            CellExecutionError: A cell failed.
        """
        clone = self.folder / name / f"sagemaker-{'-'.join(project)}"
        shutil.copytree(SEED / product / "repository", clone, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        shutil.copyfile(self.data, clone / "abalone.csv")
        book = nbformat.read(clone / f"{name}.ipynb", as_version=4)
        nbformat.validate(book)
        for cell in book.cells:
            cell.source = cell.source.replace("clean_up = False", "clean_up = True")
        calls = str(self.folder / f"calls-{name}.jsonl")
        book.cells.insert(0, nbformat.v4.new_code_cell(_SETUP.format(space=SPACE, calls=calls)))
        try:
            execute(book, clone, self._environment(), acts)
        finally:
            nbformat.write(book, self.folder / f"{name}.ipynb")

    def _environment(self) -> dict[str, str]:
        given = self.cloud.environment(self.cloud.development, "DataScientistStudioRole", "SageMaker")
        own = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(self.folder)}
        return {**given, **own, "PYTHONWARNINGS": "ignore", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}

    def _product(self, name: str, project: tuple[str, str], chosen: dict[str, str]) -> Template:
        features = {"FeatureStore": "YES"} if name == "build_train" else {}
        return super()._product(name, project, chosen | features)

    def _record(self, product: Template, project: tuple[str, str]) -> None:
        """What SageMaker and CodeBuild tell of a project."""
        self.cloud.records.projects[project[0]] = project[1]
        for build in product.of_type("AWS::CodeBuild::Project").values():
            variables = build["Environment"]["EnvironmentVariables"]
            self.cloud.records.build_projects[build["Name"]] = [
                {"name": each["Name"], "value": each["Value"], "type": each.get("Type", "PLAINTEXT")}
                for each in variables
            ]

    # SageMaker pipelines --------------------------------------------------------------------------------------------------------------

    def _execute(self, arn: str) -> None:
        """Start to run an execution."""
        kept: Json = {"status": "Executing", "reason": "", "steps": {}}
        self.cloud.records.executions[arn] = kept
        Thread(target=self._steps, args=(arn, kept), daemon=True).start()

    def _steps(self, arn: str, kept: Json) -> None:
        client = self.cloud.client("sagemaker")
        given = client.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn).get("PipelineParameters", [])
        execution = self._job(arn, {each["Name"]: each["Value"] for each in given})
        if arn.split("/")[1].endswith("-ingestion"):
            own = self.cloud.environment(self.cloud.development, "IngestionRole", "SageMaker")
            execution.environment = {**execution.environment, **own}
        execution.report = lambda step, _said: kept["steps"].update({step: "Succeeded"})
        try:
            execution.run()
        except Exception as error:
            kept |= {"reason": str(error), "status": "Failed"}
            if not isinstance(error, StepFailedError):
                raise
        else:
            kept["status"] = "Succeeded"

    # Deliveries -----------------------------------------------------------------------------------------------------------------------

    def _register_again(self) -> None:
        """A second version, of the same archive: nothing is trained for it."""
        client = self.cloud.client("sagemaker", role="PipelineRole", session="SageMaker")
        known = client.meta.service_model.operation_model("CreateModelPackage").input_shape.members
        kept = {key: value for key, value in self.facts["registered"].items() if key in known}
        client.create_model_package(**kept | {"ModelApprovalStatus": "PendingManualApproval"})

    def _decide_on_newest(self, status: str) -> None:
        approver = self.cloud.client("sagemaker", role="ModelApprover", session=APPROVER)
        found = approver.list_model_packages(ModelPackageGroupName=self.group)["ModelPackageSummaryList"]
        newest = max(found, key=lambda each: each["ModelPackageVersion"])
        approver.update_model_package(ModelPackageArn=newest["ModelPackageArn"], ModelApprovalStatus=status)

    def _published(self, event: Json) -> None:
        if self._delivers and self.pattern.matches_event(event):
            run = f"run-{len(self._runs) + 1}"
            self._runs[run] = "InProgress"
            Thread(target=self._deliver_run, args=(self.deploy_delivery, run), daemon=True).start()

    @property
    def _runs(self) -> dict[str, str]:
        return self.cloud.records.runs.setdefault(self.deploy_delivery.pipeline["Name"], {})

    def _deliver_run(self, delivery: Delivery, run: str) -> None:
        delivery.report = lambda stage, action, said: self._done(delivery, run, stage, action, said)
        try:
            delivery.run()
        except Exception as error:
            stage, _, action = str(error).partition(":")[0].partition("/")
            self._done(delivery, run, stage, action, str(error), "Failed")
            self._runs[run] = "Failed"
            if not isinstance(error, ActionFailedError):
                raise
        else:
            self._runs[run] = "Succeeded"

    def _done(
        self, delivery: Delivery, run: str, stage: str, action: str, said: str, status: str = "Succeeded"
    ) -> None:
        """Tell of an action as CodePipeline does, and of its build's log as CodeBuild does."""
        self._say(f"{stage} {action}", said)
        states = self.cloud.records.states.setdefault(delivery.pipeline["Name"], {})
        state = states.setdefault(stage, {"stageName": stage, "latestExecution": {}, "actionStates": []})
        if state["latestExecution"].get("pipelineExecutionId") != run:
            state |= {"latestExecution": {"pipelineExecutionId": run, "status": status}, "actionStates": []}
        if not action:
            return
        told = {"actionName": action, "latestExecution": {"status": status}}
        log = delivery.scratch / f"{delivery.runs}-{stage}-{action}" / "build.log"
        if log.exists():
            told["latestExecution"] |= {"externalExecutionId": self._log(f"{run}-{stage}-{action}", log)}
        state["actionStates"].append(told)

    def _log(self, build: str, path: Path) -> str:
        """Id of a build whose log is in CloudWatch Logs."""
        place = {"groupName": "/aws/codebuild/sagemaker-deploy", "streamName": build}
        logs = self.cloud.client("logs")
        names = {"logGroupName": place["groupName"], "logStreamName": build}
        if not logs.describe_log_groups(logGroupNamePrefix=place["groupName"])["logGroups"]:
            logs.create_log_group(logGroupName=place["groupName"])
        logs.create_log_stream(**names)
        now = 1_000 * int(path.stat().st_mtime)
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
        logs.put_log_events(**names, logEvents=[{"timestamp": now, "message": f"{line}\n"} for line in lines])
        self.cloud.records.builds[f"sagemaker-deploy:{build}"] = place
        return f"sagemaker-deploy:{build}"

    def _remove(self) -> None:
        """What the platform's administrator does before a project goes."""
        client = self.cloud.client("cloudformation", role="PlatformAdministrator", session="root")
        for stage in ("staging", "prod"):
            name = f"sagemaker-{'-'.join(DEPLOY)}-deploy-{stage}"
            accounts = [each["Account"] for each in client.list_stack_instances(StackSetName=name)["Summaries"]]
            client.delete_stack_instances(
                StackSetName=name, Accounts=accounts, Regions=[self.cloud.region], RetainStacks=False
            )
            client.delete_stack_set(StackSetName=name)

    def _look(self) -> None:
        """What the build project's notebooks left in the accounts."""
        sagemaker, s3 = self.cloud.client("sagemaker"), self.cloud.client("s3")
        bucket = self.world["resources"][self.cloud.development]["parameters"][f"/{self.world['prefix']}/buckets/data"]
        [version] = sagemaker.list_model_packages(ModelPackageGroupName=self.group)["ModelPackageSummaryList"]
        self.facts |= {
            "commit": COMMIT,
            "data": s3.head_object(Bucket=bucket, Key=f"{BUILD[0]}/input/abalone.csv"),
            "registered": sagemaker.describe_model_package(ModelPackageName=version["ModelPackageArn"]),
            "pipelines": [each["PipelineName"] for each in sagemaker.list_pipelines()["PipelineSummaries"]],
            "ingested": len(self.cloud.records.records.get(self.group, [])),
        }


def main() -> None:
    """Run them all in a prepared world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    for name in ("build_train", "deploy", "jobs"):
        (arguments.folder / name).mkdir(parents=True)
    world = json.loads(arguments.world.read_text(encoding="utf-8"))
    Studio(world, arguments.folder, arguments.data).run()


if __name__ == "__main__":
    main()
