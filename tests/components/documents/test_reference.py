"""Every statement of every document, held against AWS's service reference."""

import pytest

from components.documents.catalog import DOCUMENTS
from tests.components.documents.reference import carries, problems
from tests.components.stacks import KEY_ARN, STAGING, endpoint_ids, environment

ENVIRONMENT = environment(
    dataProducers=[f"arn:aws:iam::{STAGING}:role/producer"],
    groundTruthProducers=[f"arn:aws:iam::{STAGING}:role/labels"],
    breakGlassRoles=[f"arn:aws:iam::{STAGING}:role/emergency"],
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_actions_exist_and_carry_the_condition_keys(name: str) -> None:
    _, build = DOCUMENTS[name]
    found = [
        problem
        for statement in build(ENVIRONMENT, endpoint_ids(3), KEY_ARN)["Statement"]
        for problem in problems(statement)
        if not _old_name(problem)
    ]
    assert found == []


def _old_name(problem: str) -> bool:
    """AWS renamed `VolumeKmsKey` to `VolumeKmsKeyArn` and no action lists the old name, which requests may still carry: the guards ask both."""
    words = problem.split()
    return problem.endswith("KmsKey") and carries(words[1], f"{words[-1]}Arn")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_statement_ids_are_unique_and_plain(name: str) -> None:
    _, build = DOCUMENTS[name]
    sids = [statement["Sid"] for statement in build(ENVIRONMENT, endpoint_ids(3), KEY_ARN)["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)


@pytest.mark.parametrize(
    ("action", "key", "expected"),
    [
        ("s3:GetObject", "s3:ExistingObjectTag/p:approved", True),
        ("s3:ListBucket", "s3:ExistingObjectTag/p:approved", False),
        ("kms:Decrypt", "kms:EncryptionContext:aws:s3:arn", True),
        ("sagemaker:CreateTransformJob", "sagemaker:VpcSubnets", False),
        ("sagemaker:CreateTrainingJob", "sagemaker:VpcSubnets", True),
        ("sagemaker:CreateTrainingJob", "sagemaker:VolumeKmsKey", False),
    ],
)
def test_the_reference_tells_keys_apart(action: str, key: str, expected: bool) -> None:
    assert carries(action, key) is expected
