"""What the notebooks do with the project: open it, give it data, watch its pipelines, look at what they made.

Only what Studio's roles may do. They cannot upload code, so the steps run the code of the last build.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError
from platform_settings import StopError, environment, read_settings
from project import Project
from studio import enter, follow, person

_OVER = ("Succeeded", "Failed", "Stopped")
_NEWEST = 20
"""Versions that are listed."""


def open_project(session: Any, name: str = "") -> Project:
    """The project, as its build sees it, with the code of the last build and whoever works here as who trains.

    Args:
        session: A boto3 session.
        name: Of the project; not needed in a repository's own folder.

    Raises:
        StopError: There is no such project, or nothing was built yet.
    """
    enter(session, "build", name)
    settings = read_settings(session.client("ssm"), environment("PLATFORM_PREFIX"))
    built = _built(session.client("sagemaker"), environment("MODEL_PACKAGE_GROUP"))
    return Project.of(
        settings,
        region=session.region_name,
        commit=built["Commit"],
        commit_author=built["CommitAuthor"],
        source_identity=person(session),
    )


def upload_data(s3: Any, project: Project, path: Path) -> str:
    """Put a file where the pipeline looks for its data, under the data key.

    Args:
        s3: A client.
        project: The project.
        path: A file of measurements, up to 5 GB.

    Returns:
        The object's version, for the registry.

    Raises:
        StopError: The project's data are somewhere that Studio may not write.
    """
    place = urlparse(project.input_url)
    key = place.path.lstrip("/")
    if place.netloc != project.data_bucket or not key.startswith(f"{project.name}/input/"):
        raise StopError(
            f"The data of this project are at {project.input_url}, which is not below {project.name}/input/ of the data bucket: "
            "whoever provides them puts them there"
        )
    with path.open("rb") as file:
        answer = s3.put_object(
            Bucket=place.netloc,
            Key=key,
            Body=file,
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=project.data_key,
        )
    return answer["VersionId"]


def watch(sagemaker: Any, execution: str) -> str:
    """Print an execution's steps as they go on, until it is over.

    Args:
        sagemaker: A client.
        execution: ARN of the execution.

    Returns:
        Its status.
    """
    pages = sagemaker.get_paginator("list_pipeline_execution_steps")
    found: dict[str, Any] = {}

    def look() -> tuple[Mapping[str, str], bool]:
        # Before its steps, so that none is missed that ends meanwhile.
        found.update(sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution))
        steps = {
            step["StepName"]: f"{step['StepStatus']} {step.get('FailureReason', '')}".strip()
            for page in pages.paginate(PipelineExecutionArn=execution, SortOrder="Ascending")
            for step in page["PipelineExecutionSteps"]
        }
        return steps, found["PipelineExecutionStatus"] in _OVER

    follow(look)
    print(f"{found['PipelineExecutionStatus']} {found.get('FailureReason', '')}".strip())
    return found["PipelineExecutionStatus"]


def evaluation(s3: Any, project: Project, execution: str) -> dict[str, Any]:
    """What an execution measured on unseen data; empty when it did not come so far, or the file was removed.

    Args:
        s3: A client.
        project: The project.
        execution: ARN of the execution.
    """
    key = f"results/{project.name}/{execution.rpartition('/')[2]}/evaluation/evaluation.json"
    # Asked first: who may list only below prefixes is told "access denied" of what is not there.
    if not s3.list_objects_v2(Bucket=project.data_bucket, Prefix=key)["KeyCount"]:
        return {}
    return json.loads(s3.get_object(Bucket=project.data_bucket, Key=key)["Body"].read())


def versions(sagemaker: Any, s3: Any, project: Project) -> Iterator[dict[str, Any]]:
    """The project's newest versions, with their metrics and where they come from."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=project.group,
        SortBy="CreationTime",
        SortOrder="Descending",
        PaginationConfig={"MaxItems": _NEWEST},
    )
    for summary in (each for page in pages for each in page["ModelPackageSummaryList"]):
        package = sagemaker.describe_model_package(ModelPackageName=summary["ModelPackageArn"])
        made = package.get("CustomerMetadataProperties", {})
        metrics = evaluation(s3, project, made.get("pipeline_execution", "")).get("regression_metrics", {})
        yield {
            "version": package["ModelPackageVersion"],
            "status": package["ModelApprovalStatus"],
            **{name: round(metric["value"], 3) for name, metric in metrics.items()},
            **{key: made.get(key, "") for key in ("commit", "commit_author", "source_identity", "data_version")},
        }


def _built(sagemaker: Any, pipeline: str) -> dict[str, str]:
    """Defaults of the project's pipeline, as the last build wrote them.

    Raises:
        StopError: There was none.
    """
    try:
        text = sagemaker.describe_pipeline(PipelineName=pipeline)["PipelineDefinition"]
    except ClientError as error:
        raise StopError(
            f"The pipeline {pipeline} cannot be read ({error.response['Error'].get('Message', error)}). The first build makes it: "
            "look at the project's CodePipeline"
        ) from error
    return {each["Name"]: each.get("DefaultValue", "") for each in json.loads(text)["Parameters"]}
