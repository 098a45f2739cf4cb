"""What the build runs: upload the steps' code of this commit, make or update the pipelines, start them.

Run again it changes nothing but what differs, and starts the pipelines once more.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import boto3
from pipeline import ingestion_pipeline, training_pipeline
from platform_settings import StopError, environment, read_settings
from project import Project
from sagemaker.mlops.workflow.pipeline import Pipeline

STEPS = Path(__file__).resolve().parent / "steps"
PARAMETER_LENGTH = 256
"""Of a customer metadata property, into which the parameters go (SageMaker API reference, CreateModelPackage)."""


def upload(s3: Any, project: Project) -> None:
    """The steps' code, below its commit's own prefix of the artifacts bucket."""
    for path in sorted(STEPS.glob("*.py")):
        s3.upload_file(str(path), project.artifacts_bucket, f"{project.code_prefix}/{path.name}")


def upsert(pipeline: Pipeline, role: str, project: Project) -> None:
    """Make a pipeline, or update it; it keeps its project's tags."""
    pipeline.upsert(role_arn=role, tags=project.tags)


def started_by() -> dict[str, str]:
    """Who and what the pipeline runs for, as far as the build knows; the registry keeps it."""
    found = {
        "Commit": environment("CODEBUILD_RESOLVED_SOURCE_VERSION"),
        "CommitAuthor": os.environ.get("COMMIT_AUTHOR", ""),
        "SourceIdentity": os.environ.get("CODEBUILD_INITIATOR", ""),
    }
    return {name: value[:PARAMETER_LENGTH] or "unknown" for name, value in found.items()}


def main() -> None:
    """Upload, upsert, start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-start", action="store_true", help="only make or update the pipelines")
    arguments = parser.parse_args()
    try:
        session = boto3.Session()
        settings = read_settings(session.client("ssm"), environment("PLATFORM_PREFIX"))
        parameters = started_by()
        project = Project.of(settings, region=session.region_name, commit=parameters["Commit"])
    except StopError as error:
        sys.exit(f"error: {error}")
    upload(session.client("s3"), project)
    train = training_pipeline(project)
    upsert(train, project.roles["PipelineRole"], project)
    print(f"pipeline {train.name} is up to date with commit {parameters['Commit']}")
    if project.feature_group:
        ingest = ingestion_pipeline(project)
        upsert(ingest, project.roles["IngestionPipelineRole"], project)
        print(f"pipeline {ingest.name} is up to date; start it to fill the feature group {project.feature_group}")
    if not arguments.no_start:
        execution = session.client("sagemaker").start_pipeline_execution(
            PipelineName=train.name, PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()]
        )
        print(f"started {execution['PipelineExecutionArn']}")


if __name__ == "__main__":
    main()
