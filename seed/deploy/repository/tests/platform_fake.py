"""The platform's accounts as a deploy project finds them, in moto."""

import hashlib
import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
import release
from project import Clients, Project
from registry_fake import ACCOUNT, acting

PREFIX = "sm-mlops-dev-eu-west-1"
REGION = "eu-west-1"
STAGING, PRODUCTION = "222222222222", "333333333333"
MODELS = f"{PREFIX}-{ACCOUNT}-models"
IMAGE = f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost"
DIGEST = "sha256:" + "5" * 64
TAG = f"{PREFIX}:approved"
FEATURES = [
    "rings",
    "sex_F",
    "sex_I",
    "sex_M",
    "length",
    "diameter",
    "height",
    "whole_weight",
    "shucked_weight",
    "viscera_weight",
    "shell_weight",
]
CONFIGURATION_KEY = f"rules/{hashlib.sha256(b'{}').hexdigest()}.json"
RECORD = "0,0,1,0.5,0.4,0.1,0.8,0.3,0.2,0.2"

# One for all tests: reading botocore's service models takes most of a test's time.
SESSION = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)
_ROLES = (
    "SageMakerModelExecutionRole",
    "MonitoringRole",
    "StackSetExecutionRole",
    "EndpointTestRole",
    "DeploymentCheckRole",
)


def golden() -> dict[str, Any]:
    """Golden records of the tests' models: each prediction is half a ring above its label."""
    labels = [5.0, 9.0, 12.0, 20.0]
    return {
        "content_type": "text/csv",
        "records": [
            {"input": f"0,0,1,{label / 20},0.4,0.1,0.8,0.3,0.2,0.2", "label": label, "prediction": label + 0.5}
            for label in labels
        ],
        "metric": {"name": "rmse", "value": 0.5, "tolerance": 0.2},
        "range": [0, 40],
    }


def archive(*, passes: bool = True) -> bytes:
    """Rules that pass everything, or nothing."""
    memory = io.BytesIO()
    text = "import sys\nassert sys.argv[2] == '--config'\n" + (
        "" if passes else "sys.exit('SM-17: the model is not isolated')\n"
    )
    with zipfile.ZipFile(memory, "w") as file:
        file.writestr("__main__.py", text)
    return memory.getvalue()


def run(monkeypatch: pytest.MonkeyPatch, command: str) -> int:
    """Run a command of release.py and return its exit status."""
    monkeypatch.setenv("COMMAND", command)
    return release.main()


class Platform:
    """Three accounts, as the platform's program leaves them, and projects in them: each test begins one of its own.

    Attributes:
        project: The deploy project of the test.
        stem: Start of the keys of its build project's objects.
    """

    project: Project
    stem: str

    def __init__(self) -> None:
        self.clients = Clients(SESSION)
        self._ssm: dict[str, Any] = {}
        self.s3, self.sagemaker = self.clients("s3"), self.clients("sagemaker")
        self.cloudformation = self.clients("cloudformation")
        for bucket in ("models", "artifacts"):
            name = f"{PREFIX}-{ACCOUNT}-{bucket}"
            self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self._written: dict[tuple[str, str], str] = {}
        for account in (ACCOUNT, STAGING, PRODUCTION):
            self.put(account, _of_account(account))
        self.put(ACCOUNT, _of_development())
        self.publish(archive())
        self._as_deployed = dict(self._written)
        self._projects = 0

    def begin(self) -> None:
        """Begin a project, with the parameters as they were deployed."""
        for (account, path), value in self._as_deployed.items():
            if self._written.get((account, path)) != value:
                self.put(account, {path: value})
        for account, path in self._written.keys() - self._as_deployed.keys():
            self.drop(account, path)
        self._projects += 1
        self.stem = f"abalone{self._projects}"
        group = f"{self.stem}-p-build12345678"
        self.project = Project(prefix=PREFIX, name=self.stem, id="p-deploy123456", group=group)
        tags = [
            {"Key": "mlops:environment", "Value": PREFIX},
            {"Key": "sagemaker:project-id", "Value": "p-build12345678"},
        ]
        self.sagemaker.create_model_package_group(ModelPackageGroupName=group, Tags=tags)

    def ssm(self, account: str) -> Any:
        """SSM of an account."""
        if account not in self._ssm:
            setup = f"arn:aws:iam::{account}:role/setup"
            self._ssm[account] = self.clients("ssm") if account == ACCOUNT else self.clients.under(setup, "ssm")
        return self._ssm[account]

    def put(self, account: str, values: dict[str, str]) -> None:
        """Write parameters."""
        for path, value in values.items():
            self.ssm(account).put_parameter(Name=f"/{PREFIX}/{path}", Value=value, Type="String", Overwrite=True)
            self._written[account, path] = value

    def drop(self, account: str, path: str) -> None:
        """Delete a parameter."""
        self.ssm(account).delete_parameter(Name=f"/{PREFIX}/{path}")
        del self._written[account, path]

    def publish(self, rules: bytes) -> None:
        """Publish rules."""
        digest = hashlib.sha256(rules).hexdigest()
        bucket = f"{PREFIX}-{ACCOUNT}-artifacts"
        self.s3.put_object(Bucket=bucket, Key=f"rules/{digest}.zip", Body=rules)
        self.s3.put_object(Bucket=bucket, Key=CONFIGURATION_KEY, Body=b"{}")
        self.put(
            ACCOUNT,
            {
                "rules/archive": f"rules/{digest}.zip",
                "rules/sha256": digest,
                "rules/configuration": CONFIGURATION_KEY,
            },
        )

    def register(self, *, number: int, maker: str = "Tom <tom@example.com>", **metadata: str) -> str:
        """Register a version as the build pipeline does."""
        body, baseline = f"model {number}".encode(), f"s3://{MODELS}/{self.stem}/baseline/{number}"
        key = self.archive_of(number)
        self.s3.put_object(Bucket=MODELS, Key=key, Body=body)
        constraints = {"features": [{"name": name} for name in FEATURES]}
        for name, content in {"statistics.json": {}, "constraints.json": constraints, "golden.json": golden()}.items():
            self.s3.put_object(
                Bucket=MODELS, Key=f"{self.stem}/baseline/{number}/{name}", Body=json.dumps(content).encode()
            )
        container = {"Image": f"{IMAGE}:3.0-5", "ImageDigest": DIGEST, "ModelDataUrl": f"s3://{MODELS}/{key}"}
        properties = {
            "artifact_sha256": hashlib.sha256(body).hexdigest(),
            "commit_author": maker,
            "source_identity": "tom",
            "baseline": baseline,
            **metadata,
        }
        return self.sagemaker.create_model_package(
            ModelPackageGroupName=self.project.group,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            CustomerMetadataProperties={key: value for key, value in properties.items() if value},
        )["ModelPackageArn"]

    def archive_of(self, number: int) -> str:
        """Key of a version's archive."""
        return f"{self.stem}/models/{number}/output/model.tar.gz"

    def decide(
        self, arn: str, status: str = "Approved", *, by: str = "ann@example.com", role: str = f"{PREFIX}-ModelApprover"
    ) -> None:
        """Approve or reject a version."""
        with acting(role, by):
            self.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)

    def metadata(self, arn: str) -> dict[str, str]:
        """Customer metadata of a version."""
        return self.sagemaker.describe_model_package(ModelPackageName=arn)["CustomerMetadataProperties"]

    def tagged(self, number: int) -> set[str]:
        """Names of a version's objects that are marked as approved."""
        keys = [self.archive_of(number)]
        keys += [f"{self.stem}/baseline/{number}/{name}.json" for name in ("statistics", "constraints", "golden")]
        return {
            key.rpartition("/")[2]
            for key in keys
            if {"Key": TAG, "Value": "true"} in self.s3.get_object_tagging(Bucket=MODELS, Key=key)["TagSet"]
        }

    def deploy(self, release: Path) -> None:
        """What the pipeline's stack set actions do with a release; moto skips most of the endpoint's resources and warns of each."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self._deploy(release)

    def _deploy(self, release: Path) -> None:
        for stage in ("staging", "prod"):
            place = json.loads((release / "release.json").read_text())["stages"][stage]
            given = {
                "StackSetName": place["stack_set"],
                "TemplateBody": (release / f"endpoint-{stage}.json").read_text(),
                "Parameters": json.loads((release / f"parameters-{stage}.json").read_text()),
            }
            accounts = json.loads((release / f"accounts-{stage}.json").read_text())
            known = {item["StackSetName"] for item in self.cloudformation.list_stack_sets(Status="ACTIVE")["Summaries"]}
            if place["stack_set"] in known:
                self.cloudformation.update_stack_set(**given)
            else:
                self.cloudformation.create_stack_set(**given)
                self.cloudformation.create_stack_instances(
                    StackSetName=place["stack_set"], Accounts=accounts, Regions=[REGION]
                )


def _of_account(account: str) -> dict[str, str]:
    return {
        "network/subnets": "subnet-1,subnet-2",
        "network/security-groups/workload": "sg-1",
        "buckets/capture": f"{PREFIX}-{account}-capture",
        **{f"keys/{key}": f"arn:aws:kms:{REGION}:{account}:key/{key}" for key in ("data", "storage", "logs")},
        **{f"roles/{role}": f"arn:aws:iam::{account}:role/{PREFIX}-{role}" for role in _ROLES},
    }


def _of_development() -> dict[str, str]:
    return {
        "accounts/staging": STAGING,
        "accounts/production": PRODUCTION,
        "buckets/models": MODELS,
        "buckets/artifacts": f"{PREFIX}-{ACCOUNT}-artifacts",
        "images/model-monitor": f"468650794304.dkr.ecr.{REGION}.amazonaws.com/sagemaker-model-monitor-analyzer",
        "instance-types/endpoints": "ml.m5.large,ml.m5.xlarge",
        "instance-types/jobs": "ml.m5.xlarge",
    }
