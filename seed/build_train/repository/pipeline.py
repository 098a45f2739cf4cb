"""The project's pipelines: process, train, baseline, evaluate, gate, register; and, apart, the ingestion into the feature store.

A definition is built without an AWS call: images, session and code address are all given. Every step runs in the private subnets, isolated from
any network, with traffic between containers encrypted, volumes under the storage key and outputs under the data key; the roles' policies refuse a
job without one of these.
"""

import json
import os
from typing import Any

# The SDK makes an AWS client while it is imported, asks IAM about roles, and reports its use, unless it is told otherwise.
os.environ.setdefault("AWS_DEFAULT_REGION", os.environ.get("AWS_REGION", "us-east-1"))
os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"

import boto3
from project import Project
from sagemaker.core import image_uris
from sagemaker.core.config.config_manager import SageMakerConfig
from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    ModelPackageModelCard,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.training.configs import Compute, InputData, Networking, OutputDataConfig, StoppingCondition
from sagemaker.core.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.retry import SageMakerJobExceptionTypeEnum, SageMakerJobStepRetryPolicy
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer

XGBOOST = "3.0-5"
"""Version of the container; `requirements.txt` has the same XGBoost. Never a floating tag."""

HYPERPARAMETERS = {
    "objective": "reg:squarederror",
    "eval_metric": "rmse",
    "num_round": 300,
    "max_depth": 6,
    "eta": 0.02,
    "min_child_weight": 20,
    "subsample": 0.6,
    "colsample_bytree": 0.6,
    "seed": 1,
}
RMSE_THRESHOLD = 2.6
"""A model whose error on unseen data is larger is not registered; guessing the mean errs by 3.2 rings on UCI's file."""

RETRY = SageMakerJobStepRetryPolicy(
    exception_types=[
        SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
        SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
        SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT,
    ],
    interval_seconds=60,
    backoff_rate=2.0,
    max_attempts=4,
)
"""Jobs that fail for want of a machine, or by a fault of SageMaker's, are tried again, for seven minutes. Nothing is cached: each execution
keeps its files below its own id, so that what is registered can be traced."""

_CODE = "/opt/ml/processing/input/code"
_HOUR = 3600
_TELEMETRY_OFF = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}
_EXECUTION = ExecutionVariables.PIPELINE_EXECUTION_ID

# The SDK holds its configuration, here the constant above, against a large schema at each of a hundred look-ups: nine tenths of the time that a
# definition takes.
SageMakerConfig.validate_sagemaker_config = staticmethod(lambda _: None)


def training_pipeline(project: Project) -> Pipeline:
    """The pipeline that trains, and registers a version as PendingManualApproval, or fails with the reason."""
    return _Training(project).pipeline()


def ingestion_pipeline(project: Project) -> Pipeline:
    """The pipeline of one step that fills the feature group: the only job without network isolation, under its own roles."""
    session = _session(project)
    url = ParameterString("InputDataUrl", default_value=project.input_url)
    processor = _processor(project, session, "ingest", role="IngestionRole", isolated=False)
    arguments = [
        *("--input", "/opt/ml/processing/input/data", "--report", "/opt/ml/processing/output/report"),
        *("--feature-group", project.feature_group, "--region", project.region),
    ]
    # A report, whose output carries the key without which the role may not create a job.
    report = Join(on="/", values=[f"s3://{project.data_bucket}/ingested/{project.name}", _EXECUTION])
    step = ProcessingStep(
        name="Ingest",
        description="Put the measurements into the feature group",
        step_args=processor.run(
            inputs=[_code(project), _input("data", url)], outputs=[_output("report", report)], arguments=arguments
        ),
        retry_policies=[RETRY],
    )
    return Pipeline(
        name=f"{project.group}-ingestion",
        parameters=[url],
        steps=[step],
        sagemaker_session=session,
        pipeline_experiment_config=None,
    )


def definition(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline's definition as SageMaker gets it."""
    return json.loads(pipeline.definition())


class _Training:
    """The steps of the training pipeline; one of an other's outputs is its input."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._session = _session(project)
        self._image = _image(project)
        self._url = ParameterString("InputDataUrl", default_value=project.input_url)
        self._version = ParameterString("InputDataVersion", default_value="latest")
        self._threshold = ParameterFloat("RmseThreshold", default_value=RMSE_THRESHOLD)
        # By default those of the build that defined the pipeline: so a run that drift starts says whose code it runs.
        origin = {
            "Commit": project.commit,
            "CommitAuthor": project.commit_author,
            "SourceIdentity": project.source_identity,
        }
        self._origin = {name: ParameterString(name, default_value=value) for name, value in origin.items()}

    def pipeline(self) -> Pipeline:
        process = self._process()
        train = self._train(process)
        baseline = self._baseline(process, train)
        report = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
        evaluate = self._evaluate(process, train, report)
        error = JsonGet(step_name=evaluate.name, property_file=report, json_path="regression_metrics.rmse.value")
        gate = ConditionStep(
            name="Gate",
            conditions=[ConditionLessThanOrEqualTo(left=error, right=self._threshold)],
            if_steps=[self._register(train, evaluate, baseline, report)],
            else_steps=[self._refuse(error)],
        )
        return Pipeline(
            name=self._project.group,
            parameters=[self._url, self._version, self._threshold, *self._origin.values()],
            steps=[process, train, baseline, evaluate, gate],
            sagemaker_session=self._session,
            pipeline_experiment_config=None,
        )

    def _process(self) -> ProcessingStep:
        outputs = [_output(part, self._results(part)) for part in ("train", "validation", "test", "data")]
        return self._step(
            "Process",
            "Check the data and cut it. Needs a file at InputDataUrl: upload it with the notebook sagemaker-pipelines-project.ipynb, or with "
            "./mlops projects upload",
            inputs=[_input("data", self._url)],
            outputs=outputs,
            arguments=[
                "--input",
                "/opt/ml/processing/input/data",
                "--output",
                "/opt/ml/processing/output",
                "--url",
                self._url,
                "--version",
                self._version,
            ],
        )

    def _train(self, process: ProcessingStep) -> TrainingStep:
        project = self._project
        trainer = ModelTrainer(
            training_image=self._image,
            role=project.roles["JobRole"],
            sagemaker_session=self._session,
            base_job_name="train",
            hyperparameters={name: str(value) for name, value in HYPERPARAMETERS.items()},
            compute=Compute(
                instance_type=project.instance_types[0],
                instance_count=1,
                volume_size_in_gb=30,
                volume_kms_key_id=project.storage_key,
            ),
            networking=Networking(
                subnets=list(project.subnets),
                security_group_ids=list(project.security_groups),
                enable_network_isolation=True,
                enable_inter_container_traffic_encryption=True,
            ),
            output_data_config=OutputDataConfig(
                s3_output_path=Join(on="/", values=[f"s3://{project.models_bucket}/{project.name}/models", _EXECUTION]),
                kms_key_id=project.data_key,
            ),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=_HOUR),
            input_data_config=[
                InputData(channel_name=part, data_source=_url_of(process, part), content_type="text/csv")
                for part in ("train", "validation")
            ],
            tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in project.tags],
        )
        return TrainingStep(
            name="Train", description="Train XGBoost", step_args=trainer.train(), retry_policies=[RETRY]
        )

    def _baseline(self, process: ProcessingStep, train: TrainingStep) -> ProcessingStep:
        return self._step(
            "Baseline",
            "Describe the training data and the model's answers, for monitoring",
            inputs=[_input("model", _model_of(train)), _input("train", _url_of(process, "train"))],
            outputs=[_output("baseline", self._baseline_url)],
            arguments=[
                *("--model", "/opt/ml/processing/input/model", "--train", "/opt/ml/processing/input/train"),
                *("--output", "/opt/ml/processing/output/baseline"),
            ],
        )

    def _evaluate(self, process: ProcessingStep, train: TrainingStep, report: PropertyFile) -> ProcessingStep:
        base_in, base_out = "/opt/ml/processing/input", "/opt/ml/processing/output"
        return self._step(
            "Evaluate",
            "Errors on unseen data, over all and by sex",
            inputs=[
                _input("model", _model_of(train)),
                _input("test", _url_of(process, "test")),
                _input("measured", _url_of(process, "data")),
            ],
            outputs=[_output("evaluation", self._results("evaluation")), _output("golden", self._baseline_url)],
            arguments=[
                *("--model", f"{base_in}/model", "--test", f"{base_in}/test", "--data", f"{base_in}/measured"),
                *("--evaluation", f"{base_out}/evaluation", "--baseline", f"{base_out}/golden"),
            ],
            property_files=[report],
        )

    def _register(
        self, train: TrainingStep, evaluate: ProcessingStep, baseline: ProcessingStep, report: PropertyFile
    ) -> ModelStep:
        project = self._project
        builder = ModelBuilder(
            s3_model_data_url=_model_of(train),
            image_uri=self._image,
            sagemaker_session=self._session,
            role_arn=project.roles["PipelineRole"],
            # Not the default: it writes a user module's variables into the package, which the container would then try to import.
            dependencies={},
        )
        return ModelStep(
            name="Register",
            depends_on=[baseline, evaluate],
            step_args=builder.register(
                model_package_group_name=project.group,
                content_types=["text/csv"],
                response_types=["text/csv"],
                inference_instances=list(project.instance_types),
                transform_instances=list(project.instance_types),
                approval_status="PendingManualApproval",
                description=f"Rings of abalone, project {project.name}",
                model_metrics=self._metrics(),
                drift_check_baselines=self._drift_baselines(),
                customer_metadata_properties=self._metadata(evaluate, report),
                model_card=ModelPackageModelCard(
                    model_card_content=json.dumps(_card(project)), model_card_status="Draft"
                ),
            ),
        )

    def _refuse(self, error: JsonGet) -> FailStep:
        message = Join(
            on="",
            values=[
                "The model is not registered: its RMSE on unseen data is ",
                error,
                ", more than RmseThreshold ",
                self._threshold,
            ],
        )
        return FailStep(name="Refuse", error_message=message)

    def _metrics(self) -> ModelMetrics:
        return ModelMetrics(
            model_statistics=self._source("model_statistics"),
            model_constraints=self._source("model_constraints"),
            model_data_statistics=self._source("statistics"),
            model_data_constraints=self._source("constraints"),
            bias=self._source("bias"),
        )

    def _drift_baselines(self) -> DriftCheckBaselines:
        return DriftCheckBaselines(
            model_statistics=self._source("model_statistics"),
            model_constraints=self._source("model_constraints"),
            model_data_statistics=self._source("statistics"),
            model_data_constraints=self._source("constraints"),
        )

    def _metadata(self, evaluate: ProcessingStep, report: PropertyFile) -> dict[str, Any]:
        """What the deployment checks, and an auditor asks for: which data, which code, whose, which bytes.

        What a step has measured is taken from its property file. AWS documents JsonGet for conditions, and its SDK sends it in any step's
        arguments (`sagemaker.mlops.workflow.steps`); that a registration takes it there is assumed.
        """

        def measured(path: str) -> JsonGet:
            return JsonGet(step_name=evaluate.name, property_file=report, json_path=path)

        return {
            "data_url": self._url,
            "data_version": self._version,
            "data_sha256": measured("data.sha256"),
            "commit": self._origin["Commit"],
            "commit_author": self._origin["CommitAuthor"],
            "source_identity": self._origin["SourceIdentity"],
            "artifact_sha256": measured("artifact_sha256"),
            "project_id": self._project.id,
            "project_name": self._project.name,
            "pipeline_execution": ExecutionVariables.PIPELINE_EXECUTION_ARN,
            "baseline": self._baseline_url,
        }

    def _step(
        self, name: str, description: str, *, inputs: list[Any], outputs: list[Any], arguments: list[Any], **more: Any
    ) -> ProcessingStep:
        processor = _processor(self._project, self._session, name.lower(), role="JobRole", isolated=True)
        run = processor.run(inputs=[_code(self._project), *inputs], outputs=outputs, arguments=arguments)
        return ProcessingStep(name=name, description=description, step_args=run, retry_policies=[RETRY], **more)

    def _results(self, what: str) -> Join:
        return Join(on="/", values=[f"s3://{self._project.data_bucket}/results/{self._project.name}", _EXECUTION, what])

    @property
    def _baseline_url(self) -> Join:
        return Join(on="/", values=[f"s3://{self._project.models_bucket}/{self._project.name}/baseline", _EXECUTION])

    def _source(self, name: str) -> MetricsSource:
        return MetricsSource(
            s3_uri=Join(on="/", values=[self._baseline_url, f"{name}.json"]), content_type="application/json"
        )


def _session(project: Project) -> PipelineSession:
    """A session that asks nothing and reports nothing."""
    return PipelineSession(
        boto_session=boto3.Session(region_name=project.region),
        default_bucket=project.artifacts_bucket,
        sagemaker_config=_TELEMETRY_OFF,
    )


def _image(project: Project) -> str:
    """XGBoost's container, from the table in the SDK."""
    return image_uris.retrieve("xgboost", project.region, version=XGBOOST)


def _processor(project: Project, session: PipelineSession, script: str, *, role: str, isolated: bool) -> Processor:
    return Processor(
        role=project.roles[role],
        image_uri=_image(project),
        entrypoint=["python3", f"{_CODE}/{script}.py"],
        instance_count=1,
        instance_type=project.instance_types[0],
        volume_size_in_gb=30,
        volume_kms_key=project.storage_key,
        output_kms_key=project.data_key,
        max_runtime_in_seconds=_HOUR,
        base_job_name=script,
        sagemaker_session=session,
        tags=project.tags,
        network_config=NetworkConfig(
            enable_network_isolation=isolated,
            encrypt_inter_container_traffic=True,
            subnets=list(project.subnets),
            security_group_ids=list(project.security_groups),
        ),
    )


def _code(project: Project) -> ProcessingInput:
    return _input("code", project.code_url)


def _input(name: str, url: Any) -> ProcessingInput:
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=url, local_path=f"/opt/ml/processing/input/{name}", s3_data_type="S3Prefix", s3_input_mode="File"
        ),
    )


def _output(name: str, url: Any) -> ProcessingOutput:
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(
            s3_uri=url, local_path=f"/opt/ml/processing/output/{name}", s3_upload_mode="EndOfJob"
        ),
    )


def _url_of(step: ProcessingStep, output: str) -> Any:
    return step.properties.ProcessingOutputConfig.Outputs[output].S3Output.S3Uri


def _model_of(step: TrainingStep) -> Any:
    return step.properties.ModelArtifacts.S3ModelArtifacts


def _card(project: Project) -> dict[str, Any]:
    """The model card's content (SageMaker developer guide, "Model card JSON schema")."""
    return {
        "model_overview": {
            "model_description": "Predicts the rings of an abalone, and so its age, from its measurements.",
            "problem_type": "Regression",
            "algorithm_type": "XGBoost",
            "model_owner": project.name,
        },
        "intended_uses": {
            "intended_uses": "An example of the platform's life-cycle. No decision about animals or people is to rest on it.",
            "risk_rating": "Low",
        },
        "training_details": {"objective_function": {"function": {"function": "Minimize", "facet": "Loss"}}},
    }
