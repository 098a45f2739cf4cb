"""A project without an account: no network, no credentials files."""

import os
import socket
from collections.abc import Iterator
from functools import lru_cache

import botocore.loaders
import pytest

os.environ |= {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
os.environ.pop("AWS_ENDPOINT_URL", None)

from project import Project

# AWS's service models are read once, not once a session: it is half of the tests' time.
botocore.loaders.create_loader = lru_cache(botocore.loaders.create_loader)

ACCOUNT = "111111111111"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:eu-west-1:{ACCOUNT}:{resource}"


@pytest.fixture(scope="session")
def project() -> Project:
    return Project(
        name="rings",
        id="p-1a2b3c4d5e6f",
        group="rings-p-1a2b3c4d5e6f",
        feature_group="rings-p-1a2b3c4d5e6f",
        region="eu-west-1",
        input_url="s3://platform-data/rings/input/abalone.csv",
        commit="0123456789abcdef0123456789abcdef01234567",
        commit_author="ada@example.com",
        source_identity="ada",
        data_bucket="platform-data",
        models_bucket="platform-models",
        artifacts_bucket="platform-artifacts",
        data_key=arn("kms", "key/data"),
        storage_key=arn("kms", "key/storage"),
        subnets=("subnet-a", "subnet-b"),
        security_groups=("sg-workload",),
        roles={
            role: f"arn:aws:iam::{ACCOUNT}:role/platform-{role}"
            for role in ("PipelineRole", "JobRole", "IngestionPipelineRole", "IngestionRole")
        },
        instance_types=("ml.m5.large", "ml.m5.xlarge"),
    )


@pytest.fixture(scope="session")
def no_network() -> Iterator[list[object]]:
    """Refuses every connection and look-up of a name; the list of what was tried."""
    tried: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments[-1])
        raise OSError(f"the network is off: {arguments}")

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", refuse)
    patch.setattr(socket, "getaddrinfo", refuse)
    yield tried
    patch.undo()
