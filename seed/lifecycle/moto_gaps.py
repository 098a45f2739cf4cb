"""What moto lacks, or does otherwise than AWS, where the seed code relies on it: each function gives the replacements of one service."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import StackSet, cloudformation_backends
from moto.codebuild.responses import CodeBuildResponse
from moto.codecommit.responses import CodeCommitResponse
from moto.codepipeline.responses import CodePipelineResponse
from moto.core.responses import ActionResult
from moto.sagemaker import urls as sagemaker_urls
from moto.sagemaker.models import FakeEndpoint, SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse
from moto.sts.models import sts_backends

if TYPE_CHECKING:
    from .cloud import Cloud

Json = dict[str, Any]
Replacement = tuple[Any, str, Any]
"""A class of moto's, the method, and what is called instead."""

_EVENT_FIELDS = ("ModelApprovalStatus", "CustomerMetadataProperties")
"""What an update may change that the event about it names."""


class DeploymentError(ValidationError):
    """An endpoint could not be made or changed; what served before goes on serving. A client gets the text."""

    def __init__(self, text: str) -> None:
        super().__init__(message=text)


def extensions(cloud: "Cloud") -> list[Replacement]:
    """All replacements."""
    return [
        *_repositories(cloud),
        *_registry(cloud),
        *_endpoints(cloud),
        *_stack_sets(cloud),
        *_executions(cloud),
        *_feature_store(cloud),
        *_projects(cloud),
        *_deliveries(cloud),
    ]


def _repositories(cloud: "Cloud") -> list[Replacement]:
    """A repository's commits have an author."""

    def get_commit(self: Any) -> Any:
        author = {"name": cloud.author, "email": cloud.author, "date": "0 +0000"}
        return ActionResult(
            {"commit": {"commitId": self._get_param("commitId"), "author": author, "committer": author}}
        )

    return [(CodeCommitResponse, "get_commit", get_commit)]


def _registry(cloud: "Cloud") -> list[Replacement]:
    """The registry keeps what an update does not give, knows who approved, and sends the events that SageMaker sends."""
    update, respond_update = SageMakerModelBackend.update_model_package, SageMakerResponse.update_model_package
    respond_create = SageMakerResponse.create_model_package

    def update_response(self: Any) -> Any:
        arn = self._get_param("ModelPackageArn")
        answer = respond_update(self)
        _package(cloud, arn).last_modified_by = _caller(self)
        cloud.publish(_event(cloud, arn, [field for field in _EVENT_FIELDS if self._get_param(field)]))
        return answer

    def create_response(self: Any) -> Any:
        answer = respond_create(self)
        arn = answer.result["ModelPackageArn"]
        _package(cloud, arn).created_by = _caller(self)
        cloud.publish(_event(cloud, arn, []))
        return answer

    def update_package(self: Any, **given: Any) -> str:
        package = _package(cloud, given["model_package_arn"])
        given["model_approval_status"] = given["model_approval_status"] or package.model_approval_status
        given["customer_metadata_properties"] = {
            **(package.customer_metadata_properties or {}),
            **(given["customer_metadata_properties"] or {}),
        }
        return update(self, **given)

    return [
        (SageMakerResponse, "update_model_package", update_response),
        (SageMakerResponse, "create_model_package", create_response),
        (SageMakerModelBackend, "update_model_package", update_package),
    ]


def _endpoints(cloud: "Cloud") -> list[Replacement]:
    """Endpoints have their configured names, and answer by a local process."""

    def create(
        _cls: Any, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        backend = sagemaker_backends[account_id][region_name]
        name, config = properties.get("EndpointName", resource_name), properties["EndpointConfigName"]
        cloud.serve(account_id, name, config)
        endpoint = backend.create_endpoint(
            endpoint_name=name, endpoint_config_name=config, tags=properties.get("Tags", [])
        )
        capture = backend.endpoint_configs[config].data_capture_config
        endpoint.data_capture_config = {**capture, "CaptureStatus": "Started"}
        return endpoint

    def invoke(self: Any) -> Any:
        body = self.body.encode() if isinstance(self.body, str) else self.body
        kind = self.headers.get("Content-Type", "")
        status, kind, text = cloud.invoke(self.current_account, self.path.split("/")[2], body, kind)
        if status == 200:
            return 200, {"Content-Type": kind, "x-Amzn-Invoked-Production-Variant": "AllTraffic"}, text
        if kind == "application/json":
            return _error(400, "ValidationError", text)
        error = {
            "OriginalStatusCode": status,
            "OriginalMessage": text,
            "Message": f'Received client error ({status}) from primary with message "{text}"',
        }
        return _error(424, "ModelError", json.dumps(error))

    return [
        (FakeEndpoint, "create_from_cloudformation_json", classmethod(create)),
        (SageMakerRuntimeResponse, "invoke_endpoint", invoke),
    ]


def _stack_sets(cloud: "Cloud") -> list[Replacement]:
    """A stack set's update reaches its stacks; one that fails leaves what serves."""
    update_set = StackSet.update

    def update(self: Any, *arguments: Any, **given: Any) -> Any:
        operation = update_set(self, *arguments, **given)
        for instance in self.instances.stack_instances:
            before = (instance.template, instance.parameters)
            try:
                _replace(instance, self.template, self.parameters)
            except DeploymentError:
                with cloud.trusting():
                    _replace(instance, *before)
                raise
        return operation

    return [(StackSet, "update", update)]


def _executions(cloud: "Cloud") -> list[Replacement]:
    """An execution of a SageMaker pipeline goes on after it has started, has steps, and may fail with a reason."""
    start, describe = SageMakerModelBackend.start_pipeline_execution, SageMakerModelBackend.describe_pipeline_execution
    records = cloud.records

    def start_execution(self: Any, *arguments: Any, **given: Any) -> Any:
        answer = start(self, *arguments, **given)
        if records.start:
            records.start(answer["PipelineExecutionArn"])
        return answer

    def describe_execution(self: Any, pipeline_execution_arn: str) -> Any:
        kept = records.executions.get(pipeline_execution_arn)
        told = {"PipelineExecutionStatus": kept["status"], "FailureReason": kept["reason"]} if kept else {}
        return describe(self, pipeline_execution_arn) | told

    def list_steps(self: Any) -> Any:
        steps = records.executions[self._get_param("PipelineExecutionArn")]["steps"]
        return ActionResult(
            {
                "PipelineExecutionSteps": [
                    {"StepName": name, "StepStatus": status} for name, status in list(steps.items())
                ]
            }
        )

    return [
        (SageMakerModelBackend, "start_pipeline_execution", start_execution),
        (SageMakerModelBackend, "describe_pipeline_execution", describe_execution),
        (SageMakerResponse, "list_pipeline_execution_steps", list_steps),
    ]


def _feature_store(cloud: "Cloud") -> list[Replacement]:
    """Records can be put into a feature group, whose features they must be."""

    def put_record(request: Any, _url: str, _headers: Any) -> Any:
        name = request.path.rpartition("/")[2]
        backend = sagemaker_backends[cloud.development][cloud.region]
        group = next((each for each in backend.feature_groups.values() if each.feature_group_name == name), None)
        if group is None:
            return _error(404, "ResourceNotFound", json.dumps({"Message": f"There is no feature group {name}"}))
        given = json.loads(request.get_data())["Record"]
        unknown = {each["FeatureName"] for each in given} - {each["FeatureName"] for each in group.feature_definitions}
        if unknown:
            return _error(400, "ValidationError", json.dumps({"Message": f"{name} has no features {sorted(unknown)}"}))
        cloud.records.records.setdefault(name, []).append(given)
        return 200, {}, ""

    paths = {**sagemaker_urls.url_paths, "{0}/FeatureGroup/(?P<name>[^/]+)$": put_record}
    return [(sagemaker_urls, "url_paths", paths)]


def _projects(cloud: "Cloud") -> list[Replacement]:
    """SageMaker's projects and Studio's spaces."""
    records = cloud.records

    def describe_project(self: Any) -> Any:
        name = self._get_param("ProjectName")
        if name not in records.projects:
            return _error(400, "ValidationException", json.dumps({"message": f"Project {name} does not exist"}))
        arn = f"arn:aws:sagemaker:{cloud.region}:{cloud.development}:project/{name}"
        given = {"ProjectName": name, "ProjectId": records.projects[name], "ProjectArn": arn}
        return ActionResult({**given, "ProjectStatus": "CreateCompleted", "CreationTime": datetime.now(UTC)})

    def delete_project(self: Any) -> Any:
        del records.projects[self._get_param("ProjectName")]
        return ActionResult({})

    def describe_space(self: Any) -> Any:
        name = self._get_param("SpaceName")
        return ActionResult({"SpaceName": name, "OwnershipSettings": {"OwnerUserProfileName": records.spaces[name]}})

    return [
        (SageMakerResponse, "describe_project", describe_project),
        (SageMakerResponse, "delete_project", delete_project),
        (SageMakerResponse, "describe_space", describe_space),
    ]


def _deliveries(cloud: "Cloud") -> list[Replacement]:
    """CodeBuild's projects and builds, and CodePipeline's runs, as they are run here."""
    records = cloud.records

    def get_projects(self: Any) -> Any:
        found = [
            {"name": name, "environment": {"environmentVariables": records.build_projects[name]}}
            for name in self._get_param("names")
            if name in records.build_projects
        ]
        return ActionResult({"projects": found})

    def get_builds(self: Any) -> Any:
        return ActionResult({"builds": [{"id": name, "logs": records.builds[name]} for name in self._get_param("ids")]})

    def list_runs(self: Any) -> str:
        runs = reversed(records.runs.get(self._get_param("pipelineName"), {}).items())
        found = [{"pipelineExecutionId": run, "status": status} for run, status in runs]
        return json.dumps({"pipelineExecutionSummaries": found[: self._get_param("maxResults")]})

    def get_run(self: Any) -> str:
        name, run = self._get_param("pipelineName"), self._get_param("pipelineExecutionId")
        return json.dumps({"pipelineExecution": {"pipelineExecutionId": run, "status": records.runs[name][run]}})

    def get_state(self: Any) -> str:
        name = self._get_param("name")
        stages = list(records.states.get(name, {}).values())
        return json.dumps({"pipelineName": name, "stageStates": stages})

    return [
        (CodeBuildResponse, "batch_get_projects", get_projects),
        (CodeBuildResponse, "batch_get_builds", get_builds),
        (CodePipelineResponse, "list_pipeline_executions", list_runs),
        (CodePipelineResponse, "get_pipeline_execution", get_run),
        (CodePipelineResponse, "get_pipeline_state", get_state),
    ]


def _replace(instance: Any, template: str, parameters: Any) -> None:
    """Another stack in an instance's place."""
    backend = cloudformation_backends[instance.account_id][instance.region_name]
    with suppress(Exception):
        backend.delete_stack(instance.stack.name)
    plain = (
        parameters
        if isinstance(parameters, Mapping)
        else {one["ParameterKey"]: one["ParameterValue"] for one in parameters}
    )
    instance.stack = backend.create_stack(name=f"StackSet:{instance.name}", template=template, parameters=plain)
    instance.template, instance.parameters = template, parameters


def _error(status: int, kind: str, body: str) -> tuple[int, dict[str, Any], str]:
    return status, {"status": status, "x-amzn-errortype": kind}, body


def _caller(response: Any) -> Json:
    """Who makes a request, as SageMaker notes it: the session of whichever account that has the key."""
    key = response.get_access_key()
    sessions = (backends["aws"].get_assumed_role_from_access_key(key) for backends in sts_backends.values())
    return {"IamIdentity": {"Arn": next((session.arn for session in sessions if session), "")}}


def _package(cloud: "Cloud", arn: str) -> Any:
    backend = sagemaker_backends[cloud.development][cloud.region]
    return backend.model_packages[backend.model_package_name_mapping.get(arn, arn)]


def _event(cloud: "Cloud", arn: str, fields: list[str]) -> Json:
    """SageMaker developer guide, "Automating SageMaker with EventBridge: model package state change"."""
    package = _package(cloud, arn)
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "account": cloud.development,
        "region": cloud.region,
        "detail": {
            "ModelPackageGroupName": package.model_package_group_name,
            "ModelPackageArn": arn,
            "ModelApprovalStatus": package.model_approval_status,
            "UpdatedModelPackageFields": fields,
        },
    }
