"""The launch roles may do what the handlers of the templates' types need, and nothing else (CloudFormation's resource schemas)."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from components.documents.roles import ROLES
from components.names import Role
from tests.bootstrap.handlers import Difference, granted, handlers, ungranted, used
from tests.components.documents.reference import expand
from tests.components.stacks import DEVELOPMENT, environment

ENVIRONMENT = environment(projects={"fronts": ["serviceCatalog", "s3"]})

SEED = Path(__file__).resolve().parents[3] / "seed"

TYPES = (
    "AWS::CodeCommit::Repository",
    "AWS::CodePipeline::Pipeline",
    "AWS::Events::Rule",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SageMaker::CodeRepository",
    "AWS::SageMaker::FeatureGroup",
    "AWS::SageMaker::ModelPackageGroup",
)
"""The templates' types whose schemas list their handlers' permissions."""

NOT_NEEDED = (
    Difference(
        where="AWS::CodeCommit::Repository",
        actions=(
            "codecommit:PutRepositoryTriggers",
            "codecommit:UpdateRepositoryEncryptionKey",
            "codecommit:UpdateRepositoryName",
        ),
        reason="no triggers, no key of our own, and another name is another repository",
    ),
    Difference(
        where="AWS::CodePipeline::Pipeline",
        actions=("codepipeline:*StageTransition", "codepipeline:StartPipelineExecution"),
        reason="no transition is closed, and a pipeline is not started by its update",
    ),
    Difference(
        where="AWS::Logs::LogGroup",
        actions=(
            "firehose:TagDeliveryStream",
            "logs:CreateLogDelivery",
            "logs:DeleteDataProtectionPolicy",
            "logs:DeleteIndexPolicy",
            "logs:DeleteResourcePolicy",
            "logs:DisassociateKmsKey",
            "logs:PutDataProtectionPolicy",
            "logs:PutIndexPolicy",
            "logs:PutResourcePolicy",
            "logs:PutBearerTokenAuthentication",
            "logs:PutLogGroupDeletionProtection",
        ),
        reason="log groups have a key, which stays, and a retention",
    ),
    Difference(
        where="AWS::S3::Bucket",
        actions=(
            "s3:*MetadataTableConfiguration",
            "s3:*Website",
            "s3:DeleteObject",
            "s3:PutAccelerateConfiguration",
            "s3:PutAnalyticsConfiguration",
            "s3:PutBucketAbac",
            "s3:PutBucketAcl",
            "s3:PutBucketCORS",
            "s3:PutBucketNotification",
            "s3:Put*ObjectLockConfiguration",
            "s3:PutIntelligentTieringConfiguration",
            "s3:PutInventoryConfiguration",
            "s3:PutMetricsConfiguration",
            "s3:PutObjectAcl",
            "s3:PutReplicationConfiguration",
            "s3:UpdateBucketMetadata*",
            "s3tables:*",
        ),
        reason="features that no project's bucket has",
    ),
    Difference(
        where="AWS::SageMaker::FeatureGroup",
        actions=("glue:*",),
        reason="feature groups disable their Glue table",
    ),
)
"""What handlers list and the templates do not use."""

NEEDED_TOO = (
    Difference(
        where="AWS::CodeBuild::Project",
        actions=(
            "codebuild:BatchGetProjects",
            "codebuild:CreateProject",
            "codebuild:DeleteProject",
            "codebuild:UpdateProject",
        ),
        reason="its schema lists no handlers; one API call an operation",
    ),
    Difference(
        where="AWS::CodePipeline::Pipeline",
        actions=("codeconnections:PassConnection",),
        reason="a connection may carry the service's newer name",
    ),
    Difference(where="Custom::*", actions=("lambda:InvokeFunction",), reason="a custom resource calls its function"),
    Difference(
        where="AWS::SageMaker::FeatureGroup",
        actions=("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:RetireGrant"),
        reason="CreateFeatureGroup's own documentation: an online store under one's own key",
    ),
    Difference(where="parameters", actions=("ssm:GetParameters",), reason="parameters of an SSM type"),
    Difference(
        where="stacks",
        actions=(
            "cloudformation:CreateStack",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplateSummary",
            "cloudformation:SetStackPolicy",
            "cloudformation:TagResource",
            "cloudformation:UntagResource",
            "cloudformation:UpdateStack",
            "cloudformation:ValidateTemplate",
        ),
        reason="Service Catalog makes the stack under this role",
    ),
)
"""What no handler lists."""


def allowed(role: Role) -> frozenset[str]:
    return granted([ROLES[role].policy(ENVIRONMENT, DEVELOPMENT)])


def needed(role: Role) -> set[str]:
    """All that a launch role needs: CloudFormation makes the stack of the S3 front, and then assumes its role."""
    listed = {action for kind in TYPES for action in used(kind, NOT_NEEDED) if expand(action)}
    return listed | {
        action
        for difference in NEEDED_TOO
        if difference.where != "stacks" or role is Role.PRODUCTS_LAUNCH
        for action in difference.actions
    }


LAUNCH = (Role.PRODUCTS_LAUNCH, Role.S3_FRONT_LAUNCH)


@pytest.mark.parametrize(("role", "templates"), [(LAUNCH[0], ("build_train", "deploy")), (LAUNCH[1], ("build_train",))])
def test_the_templates_have_these_types(role: Role, templates: tuple[str, ...]) -> None:
    found = {
        "Custom::*" if kind.startswith("Custom::") else kind
        for template in templates
        for kind in re.findall(r"^    Type: (\S+::\S+)$", (SEED / template / "template.yaml").read_text(), re.MULTILINE)
        if not kind.startswith("AWS::SSM::Parameter::Value<")
    }
    assert found == {*TYPES, "AWS::CodeBuild::Project", "Custom::*"}, role


@pytest.mark.parametrize("role", LAUNCH)
def test_every_action_that_the_templates_need_is_granted(role: Role) -> None:
    assert ungranted(needed(role), allowed(role)) == set()


@pytest.mark.parametrize(("role", "action"), [(role, action) for role in LAUNCH for action in sorted(allowed(role))])
def test_without_an_action_something_that_is_needed_is_missing(role: Role, action: str) -> None:
    assert ungranted(needed(role), allowed(role) - {action})


@pytest.mark.parametrize("difference", NOT_NEEDED, ids=lambda difference: difference.where)
def test_what_is_not_needed_is_listed_by_a_handler_and_not_granted(difference: Difference) -> None:
    for pattern in difference.actions:
        listed = {action for action in handlers(difference.where) if fnmatchcase(action, pattern) and expand(action)}
        assert listed, pattern
        writes = {action for action in listed if not action.partition(":")[2].startswith(("Get", "Describe", "List"))}
        assert ungranted(writes, allowed(Role.PRODUCTS_LAUNCH)) == writes
