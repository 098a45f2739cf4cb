"""What the build runs: upload the steps' code of this commit, make or update the pipelines, start them.

Run again it changes nothing but what differs, and starts the pipelines once more.
"""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pipeline import ingestion_pipeline, training_pipeline
from platform_settings import StopError, environment, read_settings
from project import Project

STEPS = Path(__file__).resolve().parent / "steps"
LONGEST = 256
"""Of a customer metadata property, into which the origin goes; its characters are those of the expression (SageMaker API reference)."""
_NOT_ALLOWED = re.compile(r"[^\w\s.:/=+\-@]")


def upload(s3: Any, project: Project) -> None:
    """The steps' code, below its commit's own prefix of the artifacts bucket."""
    for path in sorted(STEPS.glob("*.py")):
        s3.upload_file(str(path), project.artifacts_bucket, f"{project.code_prefix}/{path.name}")


def origin(codecommit: Any) -> dict[str, str]:
    """Where the code comes from, as far as the build knows; the registry keeps it, and nobody who is named may approve the model.

    Args:
        codecommit: A client; not asked when the source is a connection, whose action says who wrote the commit.
    """
    commit = environment("CODEBUILD_RESOLVED_SOURCE_VERSION")
    author = os.environ.get("COMMIT_AUTHOR", "")
    repository = os.environ.get("REPOSITORY_NAME", "")
    if not author and repository:
        author = codecommit.get_commit(repositoryName=repository, commitId=commit)["commit"]["author"]["email"]
    found = {"commit": commit, "commit_author": author, "source_identity": os.environ.get("CODEBUILD_INITIATOR", "")}
    return {name: _NOT_ALLOWED.sub("-", value)[:LONGEST] or "unknown" for name, value in found.items()}


def run(*, start: bool) -> None:
    """Upload, make or update, start.

    Args:
        start: Whether the training is started.

    Raises:
        StopError: A variable or a parameter of the platform is missing.
    """
    session = boto3.Session()
    settings = read_settings(session.client("ssm"), environment("PLATFORM_PREFIX"))
    project = Project.of(settings, region=session.region_name, **origin(session.client("codecommit")))
    upload(session.client("s3"), project)
    train = training_pipeline(project)
    train.upsert(role_arn=project.roles["PipelineRole"], tags=project.tags)
    print(f"pipeline {train.name} is up to date with commit {project.commit} of {project.commit_author}")
    if project.feature_group:
        ingest = ingestion_pipeline(project)
        ingest.upsert(role_arn=project.roles["IngestionPipelineRole"], tags=project.tags)
        print(f"pipeline {ingest.name} is up to date; start it to fill the feature group {project.feature_group}")
    if start:
        execution = session.client("sagemaker").start_pipeline_execution(PipelineName=train.name)
        print(f"started {execution['PipelineExecutionArn']}")


def main() -> int:
    """Run it; what stops it is one message.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-start", action="store_true", help="only make or update the pipelines")
    arguments = parser.parse_args()
    try:
        run(start=not arguments.no_start)
    except (StopError, BotoCoreError, ClientError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
