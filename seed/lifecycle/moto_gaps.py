"""What moto lacks, or does otherwise than AWS, where the seed code relies on it: each function gives the replacements of one service."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import StackSet, cloudformation_backends
from moto.codecommit.responses import CodeCommitResponse
from moto.core.responses import ActionResult
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
    return [*_repositories(cloud), *_registry(cloud), *_endpoints(cloud), *_stack_sets(cloud)]


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
