import re

from hypothesis import given
from hypothesis import strategies as st

from components.names import Bucket, Key, Names, Role

NAMES = Names(name="sm-mlops", type="dev", region="us-east-1")


def test_names_are_those_of_the_text() -> None:
    assert NAMES.prefix == "sm-mlops-dev-us-east-1"
    assert NAMES.bucket(Bucket.MODELS, "111111111111") == "sm-mlops-dev-us-east-1-111111111111-models"
    assert NAMES.role(Role.MODEL_EXECUTION) == "sm-mlops-dev-us-east-1-SageMakerModelExecutionRole"


@given(region=st.sampled_from(["us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]))
def test_every_arn_is_in_the_partition_of_its_region(region: str) -> None:
    names = Names(name="sm-mlops", type="dev", region=region)
    arns = [names.role_arn(Role.JOB, "1" * 12), names.bucket_arn(Bucket.DATA, "1" * 12), names.root("1" * 12)]
    assert {arn.split(":")[1] for arn in arns} == {names.partition}
    assert all(re.fullmatch(r"arn:aws[a-z-]*:[a-z0-9]+:[a-z0-9-]*:\d*:.+", arn) for arn in arns)


def test_existing_roles_keep_their_name_and_path() -> None:
    names = Names(name="n0", type="dev", region="eu-west-1", existing_roles={"JobRole": "ml/{account}/job"})
    assert names.role_arn(Role.JOB, "1" * 12) == "arn:aws:iam::111111111111:role/ml/111111111111/job"


def test_every_limit_is_checked_for_its_own_name() -> None:
    limits = {limit.what: limit for limit in NAMES.limits(["1" * 12])}
    assert limits["IAM role JobRole"].maximum == 64
    assert limits["S3 bucket models"].name.endswith("111111111111-models")
    assert all(f"KMS alias {key.value}" in limits for key in Key)
    assert all(limit.excess <= 0 for limit in limits.values())
