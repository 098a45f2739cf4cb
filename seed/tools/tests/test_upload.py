"""What the first step takes is uploaded as the bucket's policy demands; a mistake is one message and exit status 2."""

import base64
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID

from tools import mistakes, upload

REGION = "eu-west-1"
BUCKET = "sm-dev-data"
KEY = "churn/input/abalone.csv"
PARAMETER = "/sm-dev/keys/data"
ROW = "M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15,15\n"
DATA = ROW * 20

pytestmark = pytest.mark.usefixtures("credentials")


@pytest.fixture
def key_arn() -> Iterator[str]:
    with mock_aws():
        s3 = boto3.client("s3", REGION)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        arn = boto3.client("kms", REGION).create_key()["KeyMetadata"]["Arn"]
        boto3.client("ssm", REGION).put_parameter(Name=PARAMETER, Value=arn, Type="String")
        yield arn


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def run(data: str | bytes = DATA, **changed: str) -> int:
        path = tmp_path / "abalone.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        options = {
            "bucket": BUCKET,
            "key": KEY,
            "account": DEFAULT_ACCOUNT_ID,
            "region": REGION,
            "key-parameter": PARAMETER,
        } | changed
        monkeypatch.setattr(
            sys, "argv", ["upload", *(f"--{name}={value}" for name, value in options.items()), str(path)]
        )
        return mistakes.run(upload.main)

    return run


def refuse(monkeypatch: pytest.MonkeyPatch, operation: str, code: str) -> None:
    """AWS refuses an operation."""
    call: Callable[..., Any] = boto3.client("s3", REGION).__class__.__mro__[1]._make_api_call

    def refusing(self: Any, name: str, arguments: Any) -> Any:
        if name == operation:
            raise ClientError({"Error": {"Code": code, "Message": "made-up"}}, name)
        return call(self, name, arguments)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refusing)


def test_a_file_is_uploaded_under_the_data_key(
    run: Callable[..., int], key_arn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    found = boto3.client("s3", REGION).get_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")
    assert found["Body"].read().decode() == DATA
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["SSEKMSKeyId"] == key_arn
    assert found["BucketKeyEnabled"] is True
    assert found["ContentType"] == "text/csv"
    assert found["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(DATA.encode()).digest()).decode()
    assert capsys.readouterr().out == f"20 rows in s3://{BUCKET}/{KEY}, version {found['VersionId']}\n"


def test_the_buckets_owner_is_asked_for(run: Callable[..., int], key_arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    session = boto3.Session.client

    def client(self: boto3.Session, name: str, **arguments: Any) -> Any:
        made = session(self, name, **arguments)
        made.meta.events.register("provide-client-params.s3.PutObject", lambda params, **_: asked.append(dict(params)))
        return made

    monkeypatch.setattr(boto3.Session, "client", client)
    assert run() == 0
    [arguments] = asked
    assert arguments["ExpectedBucketOwner"] == DEFAULT_ACCOUNT_ID


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (DATA + ROW.replace("0.095", "tall"), ["abalone.csv, row 21, column height: 'tall' is not a number"]),
        (DATA + ROW.replace("M", "X"), ["row 21, column sex", "'X' is not one of F, I, M"]),
        (DATA + "M,0.4\n", ["row 21: 2 columns instead of 9"]),
        ("sex,length\n" + DATA, ["row 1: column diameter"]),
        ("", ["abalone.csv has no rows", "Upload a file"]),
        (ROW, ["1 rows are too few"]),
        (DATA.encode() + b"\xff", ["is not UTF-8 text (byte", "Save it as UTF-8"]),
    ],
)
def test_of_a_file_that_the_first_step_refuses_aws_is_not_asked(
    data: str | bytes,
    parts: list[str],
    run: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delattr(upload.mistakes, "session")
    assert run(data) == mistakes.BAD_INPUT
    [message] = capsys.readouterr().err.splitlines()
    for part in ["error: ", *parts]:
        assert part in message


@pytest.mark.parametrize(
    ("operation", "code", "parts"),
    [
        (
            "PutObject",
            "AccessDenied",
            [f"s3://{BUCKET}/{KEY}: denied", "in Studio with the notebook", "mlops:dataProducers"],
        ),
        ("PutObject", "NoSuchBucket", [f"s3://{BUCKET}/{KEY}: NoSuchBucket"]),
        ("PutObject", "ExpiredToken", [f"s3://{BUCKET}/{KEY}", "ExpiredToken", "Sign in"]),
        ("GetParameter", "AccessDeniedException", [f"SSM parameter {PARAMETER}: denied", "Studio role"]),
        ("GetParameter", "UnrecognizedClientException", [PARAMETER, "not valid", "Sign in"]),
    ],
)
def test_what_aws_refuses_is_one_message(
    operation: str,
    code: str,
    parts: list[str],
    run: Callable[..., int],
    key_arn: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refuse(monkeypatch, operation, code)
    assert run() == mistakes.BAD_INPUT
    [message] = capsys.readouterr().err.splitlines()
    for part in ["error: ", *parts]:
        assert part in message


def test_a_parameter_that_is_not_there_is_one_message(
    run: Callable[..., int], key_arn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(**{"key-parameter": "/none"}) == mistakes.BAD_INPUT
    [message] = capsys.readouterr().err.splitlines()
    assert "SSM parameter /none: is missing" in message
