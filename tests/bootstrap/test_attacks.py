"""What somebody who has the deploy role, or a preview's session of it, cannot do. Each attack has a neighbour that is allowed."""

import pytest

from bootstrap import deployer
from bootstrap.deployer.identity import OWN_POLICIES
from components.config import load
from components.names import BOUNDARY, GUARDS, Bucket, Key, Role
from tests.bootstrap.conftest import FULL
from tests.components.documents.requests import Context, allows, denies
from tests.components.stacks import DEVELOPMENT, PRODUCTION, settings

STACK = load(FULL)
NAMES = STACK.names
POLICIES = deployer.policies(STACK, DEVELOPMENT)
OURS = NAMES.policy_arn(BOUNDARY, DEVELOPMENT)
SELF = NAMES.role_arn(Role.DEPLOYER, DEVELOPMENT)
JOB = NAMES.role_arn(Role.JOB, DEVELOPMENT)
GUARD = NAMES.policy_arn(GUARDS[0], DEVELOPMENT)
OWN_POLICY = NAMES.policy_arn(f"{OWN_POLICIES}identity", DEVELOPMENT)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
FOREIGN = f"arn:aws:iam::{DEVELOPMENT}:role/payroll"
PIPELINE = f"arn:aws:iam::{DEVELOPMENT}:role/{NAMES.prefix}-CiDeploy"
KEY = NAMES.arn("kms", "key/11111111-2222-3333-4444-555555555555", account=DEVELOPMENT)
BOUNDED: Context = {"iam:PermissionsBoundary": OURS}
S3 = "s3.eu-west-1.amazonaws.com"
CONTEXT = "kms:EncryptionContext:aws:s3:arn"


def may(action: str, resource: str, context: Context) -> bool:
    """Whether the deploy role's own policies allow a request."""
    granted = any(allows(document, action, context, resource) for document in POLICIES.values())
    return granted and not any(denies(document, action, context, resource) for document in POLICIES.values())


def object_of(bucket: Bucket, account: str = DEVELOPMENT) -> str:
    return f"{NAMES.bucket_arn(bucket, account)}/credit/model.tar.gz"


ATTACKS: dict[str, tuple[str, str, Context]] = {
    # More rights for itself.
    "its own policy": ("iam:PutRolePolicy", SELF, BOUNDED),
    "an administrator's policy for itself": (
        "iam:AttachRolePolicy",
        SELF,
        {**BOUNDED, "iam:PolicyARN": ADMINISTRATOR},
    ),
    "its own trust": ("iam:UpdateAssumeRolePolicy", SELF, BOUNDED),
    "a new version of its own policy": ("iam:CreatePolicyVersion", OWN_POLICY, {}),
    "an older version of its own policy": ("iam:SetDefaultPolicyVersion", OWN_POLICY, {}),
    "passing itself": ("iam:PassRole", SELF, {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    "tagging itself": ("iam:TagRole", SELF, {}),
    "a boundary on itself, to come within the others' reach": ("iam:PutRolePermissionsBoundary", SELF, BOUNDED),
    # More rights by another role.
    "a role without a boundary": ("iam:CreateRole", JOB, {}),
    "a role with a boundary of its own making": ("iam:CreateRole", JOB, {"iam:PermissionsBoundary": GUARD}),
    "a role under another name": ("iam:CreateRole", FOREIGN, BOUNDED),
    "a policy on a role without our boundary": ("iam:PutRolePolicy", JOB, {}),
    "the trust of a role without our boundary": ("iam:UpdateAssumeRolePolicy", JOB, {}),
    "an administrator's policy on a role": ("iam:AttachRolePolicy", JOB, {**BOUNDED, "iam:PolicyARN": ADMINISTRATOR}),
    "taking a role itself": ("sts:AssumeRole", JOB, {}),
    "passing a role to another service": ("iam:PassRole", JOB, {"iam:PassedToService": "lambda.amazonaws.com"}),
    "passing Studio's role to EC2": (
        "iam:PassRole",
        NAMES.role_arn(Role.DATA_SCIENTIST_STUDIO, DEVELOPMENT),
        {"iam:PassedToService": "ec2.amazonaws.com"},
    ),
    "another service's own role": (
        "iam:CreateServiceLinkedRole",
        f"arn:aws:iam::{DEVELOPMENT}:role/aws-service-role/lex.amazonaws.com/x",
        {"iam:AWSServiceName": "lex.amazonaws.com"},
    ),
    "a user": ("iam:CreateUser", f"arn:aws:iam::{DEVELOPMENT}:user/mallory", {}),
    "an access key": ("iam:CreateAccessKey", f"arn:aws:iam::{DEVELOPMENT}:user/mallory", {}),
    # The boundary.
    "a role's boundary away": ("iam:DeleteRolePermissionsBoundary", JOB, BOUNDED),
    "another boundary on a role": ("iam:PutRolePermissionsBoundary", JOB, {"iam:PermissionsBoundary": GUARD}),
    "the boundary's text": ("iam:CreatePolicyVersion", OURS, {}),
    "the boundary's deletion": ("iam:DeletePolicy", OURS, {}),
    # The pipeline, which deploys into every account.
    "the pipeline's trust": ("iam:UpdateAssumeRolePolicy", PIPELINE, BOUNDED),
    "the pipeline's policies": ("iam:PutRolePolicy", PIPELINE, BOUNDED),
    "a boundary on the pipeline": ("iam:PutRolePermissionsBoundary", PIPELINE, BOUNDED),
    "the pipeline's tags": ("iam:TagRole", PIPELINE, {}),
    "Pulumi's state": ("s3:PutObject", f"arn:aws:s3:::{NAMES.prefix}-{DEVELOPMENT}-state/x", {}),
    "the state key's alias": (
        "kms:UpdateAlias",
        NAMES.arn("kms", f"alias/{NAMES.prefix}-state", account=DEVELOPMENT),
        {},
    ),
    # Data and models.
    "reading data": ("s3:GetObject", object_of(Bucket.DATA), {}),
    "reading models": ("s3:GetObjectVersion", object_of(Bucket.MODELS), {}),
    "reading what production captured": ("s3:GetObject", object_of(Bucket.CAPTURE, PRODUCTION), {}),
    "writing a model": ("s3:PutObject", object_of(Bucket.MODELS), {}),
    "deleting data": ("s3:DeleteObjectVersion", object_of(Bucket.DATA), {}),
    "a bucket's copy elsewhere": ("s3:PutReplicationConfiguration", NAMES.bucket_arn(Bucket.DATA, DEVELOPMENT), {}),
    "the settings of a foreign bucket": ("s3:PutBucketPolicy", "arn:aws:s3:::payroll", {}),
    "a job": ("sagemaker:CreateTrainingJob", NAMES.arn("sagemaker", "training-job/x", account=DEVELOPMENT), {}),
    "a Studio session": (
        "sagemaker:CreatePresignedDomainUrl",
        NAMES.arn("sagemaker", "user-profile/d-1/anna", account=DEVELOPMENT),
        {},
    ),
    "a domain with internet": (
        "sagemaker:CreateDomain",
        NAMES.arn("sagemaker", "domain/d-1", account=DEVELOPMENT),
        {"sagemaker:AppNetworkAccessType": "PublicInternetOnly", "aws:RequestTag/mlops:environment": NAMES.prefix},
    ),
    "a foreign domain's deletion": (
        "sagemaker:DeleteDomain",
        NAMES.arn("sagemaker", "domain/d-2", account=DEVELOPMENT),
        {"aws:ResourceTag/mlops:environment": "payroll"},
    ),
    "our tag on a foreign domain": (
        "sagemaker:AddTags",
        NAMES.arn("sagemaker", "domain/d-2", account=DEVELOPMENT),
        {"aws:RequestTag/mlops:environment": NAMES.prefix},
    ),
    # Keys.
    "the data key without S3": ("kms:Decrypt", KEY, {"kms:ResourceAliases": NAMES.key_alias(Key.DATA)}),
    "the data key for models": (
        "kms:Decrypt",
        KEY,
        {
            "kms:ResourceAliases": NAMES.key_alias(Key.DATA),
            "kms:ViaService": S3,
            CONTEXT: NAMES.bucket_arn(Bucket.MODELS, DEVELOPMENT),
        },
    ),
    "a key without alias": ("kms:Decrypt", KEY, {"kms:ViaService": S3}),
    "a foreign key's policy": ("kms:PutKeyPolicy", KEY, {"aws:ResourceTag/mlops:environment": "payroll"}),
    "our tag on a foreign key": (
        "kms:TagResource",
        KEY,
        {"aws:RequestTag/mlops:environment": NAMES.prefix, "kms:ResourceAliases": ["alias/payroll"]},
    ),
    "a foreign key's deletion": ("kms:ScheduleKeyDeletion", KEY, {}),
    "a grant to somebody": (
        "kms:CreateGrant",
        KEY,
        {"kms:ResourceAliases": NAMES.key_alias(Key.STORAGE), "kms:GrantIsForAWSResource": "false"},
    ),
    # The network of others.
    "a foreign VPC's routes": (
        "ec2:CreateRoute",
        NAMES.arn("ec2", "route-table/rtb-1", account=DEVELOPMENT),
        {"aws:ResourceTag/mlops:environment": "payroll"},
    ),
    "our tag on a foreign subnet": (
        "ec2:CreateTags",
        NAMES.arn("ec2", "subnet/subnet-1", account=DEVELOPMENT),
        {"aws:RequestTag/mlops:environment": NAMES.prefix},
    ),
    "an instance": ("ec2:RunInstances", NAMES.arn("ec2", "instance/*", account=DEVELOPMENT), {}),
}

WORK: dict[str, tuple[str, str, Context]] = {
    "a role with our boundary": ("iam:CreateRole", JOB, BOUNDED),
    "a policy on it": ("iam:PutRolePolicy", JOB, BOUNDED),
    "a guard on it": ("iam:AttachRolePolicy", JOB, {**BOUNDED, "iam:PolicyARN": GUARD}),
    "a guard's new version": ("iam:CreatePolicyVersion", GUARD, {}),
    "Studio's role to SageMaker": (
        "iam:PassRole",
        NAMES.role_arn(Role.DATA_SCIENTIST_STUDIO, DEVELOPMENT),
        {"iam:PassedToService": "sagemaker.amazonaws.com"},
    ),
    "a bucket's policy": ("s3:PutBucketPolicy", NAMES.bucket_arn(Bucket.DATA, DEVELOPMENT), {}),
    "seed code": ("s3:PutObject", object_of(Bucket.ARTIFACTS), {}),
    "a template": ("s3:PutObject", object_of(Bucket.TEMPLATES), {}),
    "the data key for seed code": (
        "kms:GenerateDataKey",
        KEY,
        {
            "kms:ResourceAliases": NAMES.key_alias(Key.DATA),
            "kms:ViaService": S3,
            CONTEXT: NAMES.bucket_arn(Bucket.ARTIFACTS, DEVELOPMENT),
        },
    ),
    "the storage key for a domain": ("kms:Decrypt", KEY, {"kms:ResourceAliases": NAMES.key_alias(Key.STORAGE)}),
    "our tag on a new key": ("kms:TagResource", KEY, {"aws:RequestTag/mlops:environment": NAMES.prefix}),
    "the tags of a new domain": (
        "sagemaker:AddTags",
        NAMES.arn("sagemaker", "domain/d-1", account=DEVELOPMENT),
        {"aws:RequestTag/mlops:environment": NAMES.prefix, "sagemaker:TaggingAction": "CreateDomain"},
    ),
    "our key's policy": ("kms:PutKeyPolicy", KEY, {"aws:ResourceTag/mlops:environment": NAMES.prefix}),
    "a route in our VPC": (
        "ec2:CreateRoute",
        NAMES.arn("ec2", "route-table/rtb-1", account=DEVELOPMENT),
        {"aws:ResourceTag/mlops:environment": NAMES.prefix},
    ),
    "a private domain": (
        "sagemaker:CreateDomain",
        NAMES.arn("sagemaker", "domain/d-1", account=DEVELOPMENT),
        {"sagemaker:AppNetworkAccessType": "VpcOnly", "aws:RequestTag/mlops:environment": NAMES.prefix},
    ),
}

READS: dict[str, tuple[str, str]] = {
    "networks": ("ec2:DescribeVpcs", "*"),
    "a bucket's policy": ("s3:GetBucketPolicy", NAMES.bucket_arn(Bucket.DATA, DEVELOPMENT)),
    "a role": ("iam:GetRole", JOB),
    "a key's policy": ("kms:DescribeKey", KEY),
}
PREVIEW: Context = deployer.READ_ONLY


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(attack: str) -> None:
    action, resource, context = ATTACKS[attack]
    assert not may(action, resource, context)


@pytest.mark.parametrize("task", WORK)
def test_its_work_is_allowed_and_refused_in_a_preview(task: str) -> None:
    action, resource, context = WORK[task]
    assert may(action, resource, context)
    assert not may(action, resource, {**context, **PREVIEW})


@pytest.mark.parametrize("what", READS)
def test_a_preview_reads_settings(what: str) -> None:
    action, resource = READS[what]
    assert may(action, resource, PREVIEW)


@pytest.mark.parametrize("bucket", Bucket)
def test_a_preview_reads_no_object(bucket: Bucket) -> None:
    assert not may("s3:GetObject", object_of(bucket), PREVIEW)


@pytest.mark.parametrize("bucket", [bucket for bucket in Bucket if bucket not in (Bucket.ARTIFACTS, Bucket.TEMPLATES)])
def test_whatever_a_bucket_policy_grants_the_deploy_role_stays_out(bucket: Bucket) -> None:
    refused = denies(POLICIES["storage"], "s3:GetObject", {}, object_of(bucket, PRODUCTION))
    assert refused == {"KeepFromData"}


def test_an_alias_moved_to_another_key_does_not_open_the_data_key() -> None:
    moved: Context = {"kms:ResourceAliases": ["alias/mine"]}
    assert denies(POLICIES["storage"], "kms:Decrypt", moved, KEY) == {"KeepFromKeys"}


def test_an_existing_storage_key_serves_the_domain_under_its_own_alias() -> None:
    stack = settings(keys={"existing": {DEVELOPMENT: {"data": KEY, "storage": f"{KEY[:-1]}6", "logs": f"{KEY[:-1]}7"}}})
    (keep,) = (
        statement
        for statement in deployer.policies(stack, DEVELOPMENT)["storage"]["Statement"]
        if statement["Sid"] == "KeepFromKeys"
    )
    assert keep["NotResource"] == [f"{KEY[:-1]}6"]
    assert "Resource" not in keep
