"""What a project is: its names, its places in S3, and the platform's values that its jobs need."""

import os
from dataclasses import dataclass

from platform_settings import Settings, environment


@dataclass(frozen=True, kw_only=True)
class Project:
    """One project of the build template.

    Attributes:
        name: Its name.
        id: SageMaker's id of it.
        group: Name of its model package group and of its pipeline.
        feature_group: Name of its feature group; empty when it has none.
        region: Where everything is.
        input_url: The data, unless another address is given when the pipeline starts.
        commit: Commit of the code that is uploaded.
        commit_author: Who wrote it.
        source_identity: Who started the build.
        data_bucket: For data and results.
        models_bucket: For models and baselines.
        artifacts_bucket: For code.
        data_key: ARN of the key of outputs.
        storage_key: ARN of the key of volumes.
        subnets: Private subnets.
        security_groups: The workload's.
        roles: Role -> ARN.
        instance_types: What jobs may run on; the first is the default.
    """

    name: str
    id: str
    group: str
    feature_group: str
    region: str
    input_url: str
    commit: str
    commit_author: str
    source_identity: str
    data_bucket: str
    models_bucket: str
    artifacts_bucket: str
    data_key: str
    storage_key: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    roles: dict[str, str]
    instance_types: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings, *, region: str, commit: str, commit_author: str, source_identity: str) -> "Project":
        """The project of this build or notebook, from its environment variables and the platform's parameters.

        Args:
            settings: The platform's parameters.
            region: Where everything is.
            commit: Of the code.
            commit_author: Of that commit.
            source_identity: Who runs this.

        Raises:
            StopError: One of them is missing.
        """
        name = environment("PROJECT_NAME")
        return cls(
            name=name,
            id=environment("PROJECT_ID"),
            group=environment("MODEL_PACKAGE_GROUP"),
            feature_group=os.environ.get("FEATURE_GROUP", ""),
            region=region,
            input_url=os.environ.get("INPUT_DATA_URL") or f"s3://{settings['buckets/data']}/{name}/input/abalone.csv",
            commit=commit,
            commit_author=commit_author,
            source_identity=source_identity,
            data_bucket=settings["buckets/data"],
            models_bucket=settings["buckets/models"],
            artifacts_bucket=settings["buckets/artifacts"],
            data_key=settings["keys/data"],
            storage_key=settings["keys/storage"],
            subnets=tuple(settings.list("network/subnets")),
            security_groups=tuple(settings.list("network/security-groups/workload")),
            roles={
                role: settings[f"roles/{role}"]
                for role in ("PipelineRole", "JobRole", "IngestionPipelineRole", "IngestionRole")
            },
            instance_types=tuple(settings.list("instance-types/jobs")) or ("ml.m5.large",),
        )

    @property
    def tags(self) -> list[dict[str, str]]:
        """Tags of everything that the project makes."""
        return [
            {"Key": "sagemaker:project-id", "Value": self.id},
            {"Key": "sagemaker:project-name", "Value": self.name},
        ]

    @property
    def code_prefix(self) -> str:
        """Where the scripts of this commit are, in the artifacts bucket; only builds write there."""
        return f"code/{self.name}/{self.commit}"

    @property
    def code_url(self) -> str:
        """The same as an address."""
        return f"s3://{self.artifacts_bucket}/{self.code_prefix}"
