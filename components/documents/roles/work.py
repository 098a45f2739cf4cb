"""Policies of the roles that SageMaker works under in the development account: pipelines, jobs, ingestion, feature store, tracking."""

from components.documents import Document, Statement, allow, document
from components.documents.buckets import READ
from components.documents.roles import parts
from components.environment import Environment
from components.names import Bucket, Key, Role

PROCESSING_LOGS = "/aws/sagemaker/ProcessingJobs"
TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"

_WRITE = ("s3:AbortMultipartUpload", "s3:PutObject")


def pipeline(environment: Environment, account: str) -> Document:
    """Create a project's jobs under all guards, pass JobRole only, register versions as PendingManualApproval only."""
    names = environment.names
    packages = [
        names.arn("sagemaker", f"{what}/*", account=account) for what in ("model-package", "model-package-group")
    ]
    return document(
        *_create_jobs(environment, account, ["ProcessingJob", "TrainingJob"]),
        parts.pass_roles(environment, account, [Role.JOB]),
        allow(
            "RegisterModels",
            "sagemaker:CreateModelPackage",
            packages,
            when={"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
        ),
        allow(
            "ReadRegistry",
            ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"],
            packages,
        ),
        # JsonGet reads results from SageMaker's own network.
        parts.objects("ReadResults", environment, account, Bucket.DATA, ["s3:GetObject"], ["results/*"]),
        _models_for_registration(environment, account),
        # Registration looks the image up (AWS's own AmazonSageMakerModelRegistryFullAccess has the same two).
        allow("FindImages", ["ecr:BatchGetImage", "ecr:DescribeImages"], parts.repositories_of(environment, account)),
        parts.read_data_key(environment, account),
        *parts.use_storage_key(environment, account),
    )


def job(environment: Environment, account: str) -> Document:
    """Process, train and evaluate, from the private network; the perimeter never spares it."""
    return document(
        *parts.container_base(environment, account, [PROCESSING_LOGS, TRAINING_LOGS]),
        parts.objects("ReadData", environment, account, Bucket.DATA, READ, ["*"]),
        parts.objects("WriteResults", environment, account, Bucket.DATA, _WRITE, ["results/*"]),
        parts.objects("UseModels", environment, account, Bucket.MODELS, [*READ, *_WRITE], ["*"]),
        parts.objects("ReadCode", environment, account, Bucket.ARTIFACTS, READ, ["code/*"]),
        parts.listing("ListData", environment, account, Bucket.DATA, ["*"]),
        parts.listing("ListModels", environment, account, Bucket.MODELS, ["*"]),
        parts.listing("ListCode", environment, account, Bucket.ARTIFACTS, ["code/*"]),
        parts.use_data_key(environment, account),
        *parts.use_storage_key(environment, account),
    )


def ingestion_pipeline(environment: Environment, account: str) -> Document:
    """Create the one job without isolation, which calls the feature store, and pass IngestionRole only."""
    return document(
        *_create_jobs(environment, account, ["ProcessingJob"]),
        parts.pass_roles(environment, account, [Role.INGESTION]),
        parts.describe_data_key(environment, account),
        *parts.use_storage_key(environment, account),
    )


def ingestion(environment: Environment, account: str) -> Document:
    """Read data, put records into feature groups, and leave a report.

    The report's output carries the key without which the guards let nobody create a job.
    """
    storage, when = parts.key(environment, account, Key.STORAGE)
    groups = environment.names.arn("sagemaker", "feature-group/*", account=account)
    return document(
        *parts.container_base(environment, account, [PROCESSING_LOGS]),
        parts.objects("ReadData", environment, account, Bucket.DATA, READ, ["*/input/*", "results/*"]),
        parts.listing("ListData", environment, account, Bucket.DATA, ["*/input/*", "results/*"]),
        parts.objects("ReadCode", environment, account, Bucket.ARTIFACTS, READ, ["code/*"]),
        parts.listing("ListCode", environment, account, Bucket.ARTIFACTS, ["code/*"]),
        allow("PutRecords", ["sagemaker:DescribeFeatureGroup", "sagemaker:PutRecord"], groups),
        parts.objects("WriteReport", environment, account, Bucket.DATA, _WRITE, ["ingested/*"]),
        parts.use_data_key(environment, account),
        *parts.use_storage_key(environment, account),
        allow("DecryptOnlineStore", "kms:Decrypt", storage, when=when),
    )


def feature_store(environment: Environment, account: str) -> Document:
    """Feature Store's offline store: `offline/` of the data bucket. No Glue: feature groups disable their table.

    Source: SageMaker developer guide, "Using Amazon SageMaker Feature Store with an offline store: IAM role".
    """
    return document(
        parts.objects(
            "OfflineStore",
            environment,
            account,
            Bucket.DATA,
            ["s3:GetObject", "s3:PutObject", "s3:PutObjectAcl"],
            ["offline/*"],
        ),
        allow("CheckBucket", "s3:GetBucketAcl", environment.names.bucket_arn(Bucket.DATA, account)),
        parts.use_data_key(environment, account),
    )


def tracking(environment: Environment, account: str) -> Document:
    """Experiment tracking's own role: its artifacts below `tracking/` of the data bucket."""
    return document(
        parts.objects("Artifacts", environment, account, Bucket.DATA, [*READ, *_WRITE], ["tracking/*"]),
        parts.listing("ListArtifacts", environment, account, Bucket.DATA, ["tracking/*"]),
        parts.use_data_key(environment, account),
    )


def _models_for_registration(environment: Environment, account: str) -> Statement:
    """The model of a version is read by SageMaker for the caller, never by the caller."""
    statement = parts.objects("ReadModels", environment, account, Bucket.MODELS, READ, ["*"])
    statement["Condition"] = {"Bool": {"aws:ViaAWSService": "true"}}
    return statement


def _create_jobs(environment: Environment, account: str, kinds: list[str]) -> list[Statement]:
    names = environment.names
    jobs = [names.arn("sagemaker", f"{_resource(kind)}/*", account=account) for kind in kinds]
    actions = [f"sagemaker:{verb}{kind}" for kind in kinds for verb in ("Create", "Describe", "Stop")]
    return [
        allow("CreateJobs", actions, jobs),
        allow(
            "TagJobs",
            "sagemaker:AddTags",
            jobs,
            when={"StringEquals": {"sagemaker:TaggingAction": [f"Create{kind}" for kind in kinds]}},
        ),
    ]


def _resource(kind: str) -> str:
    """`TrainingJob` -> `training-job`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in kind).lstrip("-")
