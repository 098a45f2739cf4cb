"""The story: three models, from data to production and back.

The first is trained, registered, approved and deployed. The second is worse, and the gate refuses it. The third is approved and deployed, then
rejected, after which the first serves production again.
"""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.events.models import EventPattern

from .cloud import Cloud
from .delivery import ActionFailedError, Delivery
from .jobs import Execution, StepFailedError
from .measure import ONE_THREAD, Meter, latency, resident
from .template import Template

SEED = Path(__file__).resolve().parent.parent
BUILD, DEPLOY = ("rings", "p-build0000001"), ("rings-deploy", "p-deploy000001")
APPROVER = "grace"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
RECORD = b"0,0,1,0.5,0.4,0.1,0.8,0.4,0.2,0.2"
"""An animal to be asked about: sex, three lengths, four weights."""

Json = dict[str, Any]

_KINDS: Mapping[str, Callable[[str], Any]] = {"String": str, "Float": float, "Integer": int}
"""Type of a pipeline's parameter -> what makes one of the text with which an execution starts."""


class Story:
    """One run.

    Args:
        world: What the rehearsed stack made.
        folder: For everything that is written.
        data: The first file of measurements.
        single: Whether both stages are deployed into the development account.
        short: Whether it ends in staging, with one model and without the repositories' own tests.
        requests: How many requests measure the endpoint of production.
    """

    def __init__(
        self, world: Json, folder: Path, data: Path, *, single: bool = False, short: bool = False, requests: int = 0
    ) -> None:
        self.world, self.folder, self.data = world, folder, data
        self.single, self.short, self.requests = single, short, requests
        self.audit: list[Json] = []
        self.events: list[Json] = []
        self.seconds: dict[str, float] = {}
        self.metrics: list[Json] = []
        self.latency: dict[str, Json] = {}
        self.meter = Meter()
        self.cloud = Cloud(world, folder, self.events.append)

    def run(self) -> None:
        """Tell it; the audit trail is written whatever happens."""
        try:
            with self.cloud:
                self._tell()
        finally:
            audit = {
                "finished": _now(),
                "stack": self.world["prefix"],
                "entries": self.audit,
                "seconds": self.seconds,
                "metrics": self.metrics,
                "steps": [asdict(cost) for cost in self.meter.costs],
                "megabytes": {"simulated accounts": resident(), "serving process": self.cloud.serving},
                "latency": self.latency,
            }
            (self.folder / "audit.json").write_text(json.dumps(audit, indent=2) + "\n", encoding="utf-8")

    def _tell(self) -> None:
        self._projects()
        first = self._phase("build both projects; nothing is approved yet", self._begin)
        self._expect(first, None, "the build starts the pipeline")
        version = self._phase("train the first model", lambda: self._train(first))
        self._expect(self._decisions(), 0, "a registration starts no deployment")
        self._decide(version, "Approved")
        if self.short:
            self._phase("deploy the first model to staging", self._staging)
            self._serves("staging", version)
        else:
            self._whole(version)

    def _whole(self, version: str) -> None:
        """From the first model's approval on."""
        self._phase("deploy the first model", self._deploy)
        self._serves("prod", version)
        if self.requests:
            self._phase("ask the first model", self._ask)
        self._phase("refuse a worse model", self._worse)
        third = self._phase("train the third model", lambda: self._train(self._start(self._other(0.9))))
        self._decide(third, "Approved")
        self._phase("deploy the third model", self._deploy)
        self._serves("prod", third)
        self._decide(third, "Rejected")
        self._phase("roll back", self._deploy)
        self._serves("prod", version)
        self._expect(self._decisions(), 0, "its own records start no deployment")
        self._say(
            "not simulated", f"{', '.join(sorted(self.cloud.skipped))}: checked by cfn-lint and the rules in the build"
        )

    def _projects(self) -> None:
        """What the two products make, of their own templates."""
        self.build = self._product("build_train", BUILD, {})
        chosen = {"ModelPackageGroupName": "-".join(BUILD), "MultiAccountDeployment": "NO" if self.single else "YES"}
        self.deploy = self._product("deploy", DEPLOY, chosen)
        [group] = self.build.of_type("AWS::SageMaker::ModelPackageGroup").values()
        names = {key: value for key, value in group.items() if key != "ModelPackageGroupPolicy"}
        self.cloud.client("sagemaker", role="ProductsLaunchRole").create_model_package_group(**names)
        self.group: str = group["ModelPackageGroupName"]
        [rule] = [
            each for each in self.deploy.of_type("AWS::Events::Rule").values() if each["Name"].endswith("-decision")
        ]
        self.pattern = EventPattern.load(json.dumps(rule["EventPattern"]))
        self.build_delivery = self._delivery(self.build, "build_train")
        self.deploy_delivery = self._delivery(self.deploy, "deploy")
        self._put("input/abalone.csv", self.data)

    def _product(self, name: str, project: tuple[str, str], chosen: dict[str, str]) -> Template:
        """A product's template as it is published."""
        resources = self.world["resources"][self.cloud.development]
        [path] = [
            path for _, key, path in resources["objects"] if key.startswith(f"seed/{name}/") and key.endswith(".yaml")
        ]
        given = {"SageMakerProjectName": project[0], "SageMakerProjectId": project[1], **chosen}
        pseudo = {"AWS::Region": self.cloud.region, "AWS::AccountId": self.cloud.development, "AWS::Partition": "aws"}
        return Template(Path(path).read_text(encoding="utf-8"), given, resources["parameters"], pseudo)

    def _delivery(self, product: Template, repository: str) -> Delivery:
        [pipeline] = product.of_type("AWS::CodePipeline::Pipeline").values()
        return Delivery(
            cloud=self.cloud,
            pipeline=pipeline,
            builds={each["Name"]: each for each in product.of_type("AWS::CodeBuild::Project").values()},
            repository=SEED / repository / "repository",
            commit=COMMIT,
            scratch=self.folder / repository,
            meter=self.meter,
            tested=self.short,
            approve=self._approve,
            report=lambda stage, action, said: self._say(f"{stage} {action}".strip(), said),
        )

    def _begin(self) -> Json:
        """Both repositories' first pushes, side by side."""
        with ThreadPoolExecutor(1) as pool:
            too_early = pool.submit(self._too_early)
            self.build_delivery.run()
            self._say("stopped", too_early.result())
        return self._execution()

    def _too_early(self) -> str:
        try:
            self.deploy_delivery.run()
        except ActionFailedError as reason:
            self._expect(
                "is approved, so there is nothing to deploy" in str(reason),
                True,
                "without an approved version nothing is deployed",
            )
            return str(reason)
        raise AssertionError("something was deployed that nobody approved")

    def _execution(self) -> Json:
        """The newest execution of the SageMaker pipeline."""
        found = self.cloud.client("sagemaker").list_pipeline_executions(PipelineName=self.group)[
            "PipelineExecutionSummaries"
        ]
        return max(found, key=lambda each: each["StartTime"])

    def _start(self, url: str) -> Json:
        client = self.cloud.client("sagemaker", role="DataScientistStudioRole", session="ada")
        arn = client.start_pipeline_execution(
            PipelineName=self.group, PipelineParameters=[{"Name": "InputDataUrl", "Value": url}]
        )["PipelineExecutionArn"]
        return {"PipelineExecutionArn": arn, "Parameters": {"InputDataUrl": url}}

    def _train(self, started: Json) -> str:
        """Run an execution; ARN of the version that it registers."""
        execution = self._job(started["PipelineExecutionArn"], started.get("Parameters", {}))
        try:
            steps = execution.run()
        finally:
            report = execution.files.get("Evaluate.Evaluation")
            if report and report.exists():
                self.metrics.append(json.loads(report.read_text(encoding="utf-8")))
        return steps["Register"]["ModelPackageArn"]

    def _job(self, arn: str, given: Json) -> Execution:
        """An execution that has started, to be run."""
        client = self.cloud.client("sagemaker", role="PipelineRole", session="SageMaker")
        definition = json.loads(client.describe_pipeline(PipelineName=arn.split("/")[1])["PipelineDefinition"])
        kinds = {each["Name"]: _KINDS[each["Type"]] for each in definition["Parameters"]}
        parameters = {each["Name"]: each["DefaultValue"] for each in definition["Parameters"]} | {
            name: kinds[name](value) for name, value in given.items()
        }
        self._say("inputs", ", ".join(f"{name} {value}" for name, value in parameters.items()), parameters)
        return Execution(
            id=arn.rpartition("/")[2],
            arn=arn,
            definition=definition,
            parameters=parameters,
            s3=self.cloud.client("s3", role="JobRole", session="SageMaker"),
            sagemaker=client,
            scratch=self.folder / "jobs",
            report=self._say,
            meter=self.meter,
            environment={"PATH": "/usr/bin:/bin", **ONE_THREAD},
        )

    def _worse(self) -> None:
        try:
            self._train(self._start(self._other(0.02)))
        except StepFailedError as reason:
            self._say("refused", str(reason))
        else:
            raise AssertionError("the gate let a worse model through")

    def _decide(self, version: str, status: str) -> None:
        self.events.clear()
        approver = self.cloud.client("sagemaker", role="ModelApprover", session=APPROVER)
        approver.update_model_package(ModelPackageArn=version, ModelApprovalStatus=status)
        self._say(f"{APPROVER} as ModelApprover", f"version {version.rpartition('/')[2]} is {status}")
        self._expect(self._decisions(), 1, "a decision starts the deployment once")

    def _decisions(self) -> int:
        """Events since the last look that the deploy project's rule matches."""
        found = sum(self.pattern.matches_event(event) for event in self.events)
        self.events.clear()
        return found

    def _deploy(self) -> None:
        self.deploy_delivery.run()

    def _staging(self) -> None:
        """Deploy, without the approval for production."""
        try:
            self.deploy_delivery.run()
        except ActionFailedError as reason:
            self._expect(str(reason), "Approve/Approve: rejected", "production needs an approval")
        else:
            raise AssertionError("a version went to production without an approval")

    def _approve(self, text: str) -> bool:
        self._note("approval", {"by": APPROVER, "text": text, "approved": not self.short})
        return not self.short

    def _ask(self) -> None:
        """How long production takes to answer one request after the other: its endpoint, and what serves behind it."""
        [account, endpoint] = next(place for place in self.cloud.servers if place[1].endswith("-prod"))
        server = self.cloud.servers[account, endpoint]
        runtime = self.cloud.client("sagemaker-runtime", account=account, role="EndpointTestRole", session="bench")

        def invoke() -> None:
            runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=RECORD)["Body"].read()

        asked: dict[str, Callable[[], object]] = {
            "invoke_endpoint": invoke,
            "serving process": lambda: server.ask(RECORD, "text/csv"),
        }
        self.latency = {name: latency(ask, self.requests) for name, ask in asked.items()}
        for name, taken in self.latency.items():
            self._say(name, f"p50 {taken['p50']} ms, p95 {taken['p95']} ms over {taken['requests']} requests")

    def _serves(self, stage: str, version: str) -> None:
        name = f"sagemaker-{'-'.join(DEPLOY)}-deploy-{stage}"
        client = self.cloud.client("cloudformation", role="ReleaseRole", session="look")
        parameters = client.describe_stack_set(StackSetName=name)["StackSet"]["Parameters"]
        found = {each["ParameterKey"]: each["ParameterValue"] for each in parameters}["ModelPackageArn"]
        self._expect(found, version, f"{stage} serves version {version.rpartition('/')[2]}")

    def _other(self, share: float) -> str:
        """Address of a file with the first share of the rows; of few, whose rings are mixed up, no model learns."""
        lines = self.data.read_text(encoding="utf-8").splitlines()
        kept = lines[: int(len(lines) * share)] if share > 0.5 else _mixed(lines)
        path = self.folder / f"abalone-{share}.csv"
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")
        return self._put(f"input/other/{share}.csv", path)

    def _put(self, key: str, path: Path) -> str:
        bucket = self.world["resources"][self.cloud.development]["parameters"][f"/{self.world['prefix']}/buckets/data"]
        self.cloud.client("s3", role="DataScientistStudioRole", session="ada").upload_file(
            str(path), bucket, f"{BUILD[0]}/{key}"
        )
        return f"s3://{bucket}/{BUILD[0]}/{key}"

    def _phase(self, what: str, run: Callable[[], Any]) -> Any:
        started = time.monotonic()
        self.meter.phase = what
        print(f"\n{what}", flush=True)
        try:
            return run()
        finally:
            self.seconds[what] = round(time.monotonic() - started, 1)

    def _say(self, step: str, said: str, noted: Any = None) -> None:
        """Print what a step said; the audit trail keeps it, or the values that it is made of."""
        print(f"  {step:<28} {said}", flush=True)
        self._note(step, said if noted is None else noted)

    def _note(self, step: str, said: Any) -> None:
        self.audit.append({"at": _now(), "step": step, "said": said})

    def _expect(self, found: Any, wanted: Any, what: str) -> None:
        if (wanted is None and not found) or (wanted is not None and found != wanted):
            raise AssertionError(f"{what}: found {found!r}, wanted {wanted!r}")
        self._say("checked", what)


def _mixed(lines: list[str]) -> list[str]:
    """The same measurements, each with the rings of another animal."""
    rows = [line.rpartition(",") for line in lines]
    return [f"{row[0]},{rows[(index * 7919 + 13) % len(rows)][2]}" for index, row in enumerate(rows)]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    """Run the story of a prepared world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--single-account", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--requests", type=int, default=0)
    arguments = parser.parse_args()
    for name in ("build_train", "deploy", "jobs"):
        shutil.rmtree(arguments.folder / name, ignore_errors=True)
        (arguments.folder / name).mkdir(parents=True)
    world = json.loads(arguments.world.read_text(encoding="utf-8"))
    started = time.monotonic()
    Story(
        world,
        arguments.folder,
        arguments.data,
        single=arguments.single_account,
        short=arguments.short,
        requests=arguments.requests,
    ).run()
    print(f"\n{time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
