"""For each rule of buckets one change of `dev` that it refuses."""

from collections.abc import Mapping
from typing import Any

from policy.rules.s3 import (
    BUCKET_POLICY,
    ENCRYPTION,
    OWNERSHIP,
    PUBLIC_ACCESS_BLOCK,
    VERSIONING,
)
from tests.policy.changes import Change, State, editing, first, setting

_DATA = "development-data"


def _no_policy(resources: list[State]) -> None:
    resources.remove(first(resources, BUCKET_POLICY, _DATA))


def _statement(statements: list[Any], sid: str) -> State:
    return next(statement for statement in statements if statement["Sid"] == sid)


def _jobs_spared(statements: list[Any]) -> None:
    spared = _statement(statements, "DenyNoVPC")["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    spared.append("arn:aws:iam::*:role/sm-mlops-dev-eu-west-1-Job*")


def _tls_of_objects(statements: list[Any]) -> None:
    tls = _statement(statements, "DenyInsecureTransport")
    tls["Resource"] = tls["Resource"][1]


def _deployer_refused(statements: list[Any]) -> None:
    spared = _statement(statements, "DenyNoVPC")["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    spared[:] = [arn for arn in spared if not arn.endswith("-Deployer")]


def _for_anybody(statements: list[Any]) -> None:
    _statement(statements, "AllowCrossAccount")["Principal"] = "*"


def _more_than_read(statements: list[Any]) -> None:
    _statement(statements, "AllowCrossAccount")["Action"] = ["s3:GetObject", "s3:DeleteObject"]


CHANGES: Mapping[str, Change] = {
    "S3-01": _no_policy,
    "S3-02": editing(BUCKET_POLICY, _DATA, "policy", _jobs_spared),
    "S3-03": editing(BUCKET_POLICY, _DATA, "policy", _tls_of_objects),
    "S3-04": editing(BUCKET_POLICY, _DATA, "policy", _deployer_refused),
    "S3-05": setting(PUBLIC_ACCESS_BLOCK, restrictPublicBuckets=False),
    "S3-06": setting(ENCRYPTION, _DATA, rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]),
    "S3-07": setting(VERSIONING, versioningConfiguration={"status": "Suspended"}),
    "S3-09": setting(OWNERSHIP, rule={"objectOwnership": "ObjectWriter"}),
    "S3-11": editing(BUCKET_POLICY, "-models", "policy", _for_anybody),
    "S3-12": editing(BUCKET_POLICY, "-models", "policy", _more_than_read),
}
