"""The roles of the projects at work (access-model.md 4b): every link of the chain holds, and every other is refused for the right reason."""

import json
import re
from typing import cast

import pytest

from components.documents import buckets, projects, registry
from components.documents.roles import projects as policies
from components.names import Bucket, Key, Role
from perimeter.evaluate import Reason
from tests.components.documents.flows import (
    ENDPOINTS,
    ENVIRONMENT,
    GROUP,
    NAMES,
    PROJECT_BUCKET,
    SERVICE_BUCKET,
    Flow,
    decide,
)
from tests.components.stacks import DEVELOPMENT, KEY_ARN, PRODUCTION, STAGING, many

FOREIGN = "999999999999"
TAG, REQUESTED = "aws:ResourceTag/sagemaker:project-id", "aws:RequestTag/sagemaker:project-id"
PASSED = "iam:PassedToService"


def arn(service: str, resource: str, account: str = DEVELOPMENT) -> str:
    return NAMES.arn(service, resource, account=account)


def stored(bucket: Bucket, key: str) -> str:
    return f"{NAMES.bucket_arn(bucket, DEVELOPMENT)}/{key}"


def passing(role: Role, passed: Role, service: str) -> Flow:
    return Flow(
        role=role,
        action="iam:PassRole",
        resource=NAMES.role_arn(passed, DEVELOPMENT),
        context={PASSED: f"{service}.amazonaws.com"},
    )


def taking(role: Role, taken: Role, account: str) -> Flow:
    return Flow(
        role=role, action="sts:AssumeRole", resource=NAMES.role_arn(taken, account), account=account, service="sts"
    )


MODEL = stored(Bucket.MODELS, "churn/models/e/output/model.tar.gz")
BASELINE = stored(Bucket.MODELS, "churn/baseline/e/golden.json")
ARTIFACT = f"arn:aws:s3:::{PROJECT_BUCKET}/churn/Release/x.zip"
VERSION = arn("sagemaker", f"model-package/{GROUP}/1")
PIPELINE = arn("sagemaker", f"pipeline/{GROUP}")
REPOSITORY = arn("codecommit", "sagemaker-churn-p-1")
RULE = arn("events", "rule/sagemaker-p-1-approval")
ALARM_RULE = arn("events", f"rule/{NAMES.event_bus}/sagemaker-p-1-retraining")
STACK_SET = arn("cloudformation", "stackset/sagemaker-churn-p-1-deploy-prod:1")
TEMPLATE = f"{SERVICE_BUCKET}/x.yaml"
PROVISIONED = {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}
MAIN = {"codecommit:References": "refs/heads/main"}
SEED_BRANCH = {"codecommit:References": "refs/heads/seed"}
ADMINISTRATION = {"cloudformation:RoleArn": NAMES.role_arn(Role.STACK_SET_ADMINISTRATION, DEVELOPMENT)}
KEYED = {"kms:ResourceAliases": [NAMES.key_alias(Key.DATA)]}
DATA_KEY = arn("kms", "key/11111111-2222-3333-4444-555555555555")
PACKAGES = arn("codeartifact", f"repository/{NAMES.package_domain}/{NAMES.package_repository}")

# A request that a project needs -> the one statement of the role's policy that allows it.
ALLOWED: list[tuple[Flow, str]] = [
    # Launch: from AWS's own network, Service Catalog acting.
    (passing(Role.PRODUCTS_LAUNCH, Role.BUILD, "codebuild"), "PassCodebuildRoles"),
    (passing(Role.PRODUCTS_LAUNCH, Role.DEPLOY_PIPELINE, "codepipeline"), "PassCodepipelineRoles"),
    (passing(Role.PRODUCTS_LAUNCH, Role.EVENTS, "events"), "PassEventsRoles"),
    (passing(Role.PRODUCTS_LAUNCH, Role.FEATURE_STORE, "sagemaker"), "PassSagemakerRoles"),
    (
        Flow(role=Role.PRODUCTS_LAUNCH, action="s3:GetObject", resource=stored(Bucket.ARTIFACTS, "seed/x.zip")),
        "ReadSeed",
    ),
    (
        Flow(role=Role.S3_FRONT_LAUNCH, action="s3:GetObject", resource=stored(Bucket.ARTIFACTS, "seed/x.zip")),
        "ReadSeed",
    ),
    (
        Flow(role=Role.PRODUCTS_LAUNCH, action="s3:GetObject", resource=TEMPLATE, account=FOREIGN, context=PROVISIONED),
        "ReadProductTemplate",
    ),
    (
        Flow(role=Role.PRODUCTS_LAUNCH, action="codecommit:CreateCommit", resource=REPOSITORY, context=MAIN),
        "Repositories",
    ),
    (
        Flow(
            role=Role.PRODUCTS_LAUNCH,
            action="events:PutTargets",
            resource=ALARM_RULE,
            context={"events:TargetArn": [PIPELINE]},
        ),
        "RuleTargets",
    ),
    (
        Flow(
            role=Role.PRODUCTS_LAUNCH,
            action="sagemaker:CreateModelPackageGroup",
            resource=arn("sagemaker", f"model-package-group/{GROUP}"),
            context={REQUESTED: "p-1"},
        ),
        "Create",
    ),
    (Flow(role=Role.PRODUCTS_LAUNCH, action="s3:ListBucket", resource=f"arn:aws:s3:::{PROJECT_BUCKET}"), "Bucket"),
    (
        Flow(
            role=Role.PRODUCTS_LAUNCH,
            action="lambda:InvokeFunction",
            resource=arn("lambda", f"function:{NAMES.project_function}"),
        ),
        "CustomResources",
    ),
    # Build.
    (passing(Role.BUILD, Role.PIPELINE, "sagemaker"), "PassRoles"),
    (passing(Role.BUILD, Role.INGESTION_PIPELINE, "sagemaker"), "PassRoles"),
    (
        Flow(role=Role.BUILD, action="codecommit:GetCommit", resource=REPOSITORY, service="codecommit"),
        "ReadCommits",
    ),
    (
        Flow(
            role=Role.BUILD,
            action="sagemaker:CreatePipeline",
            resource=f"{PIPELINE}-ingestion",
            context={REQUESTED: "p-1"},
            service="sagemaker.api",
        ),
        "CreatePipelines",
    ),
    (
        Flow(
            role=Role.BUILD,
            action="sagemaker:StartPipelineExecution",
            resource=PIPELINE,
            context={TAG: "p-1"},
            service="sagemaker.api",
        ),
        "RunPipelines",
    ),
    (
        Flow(
            role=Role.BUILD, action="s3:PutObject", resource=stored(Bucket.ARTIFACTS, "code/churn/c/x.py"), service="s3"
        ),
        "UploadCode",
    ),
    (
        Flow(
            role=Role.BUILD,
            action="codeartifact:ReadFromRepository",
            resource=PACKAGES,
            service="codeartifact.repositories",
        ),
        "ReadPackages",
    ),
    *(
        (Flow(role=role, action="s3:PutObject", resource=ARTIFACT, service="s3"), "UseProjectBucket")
        for role in (Role.BUILD, Role.RELEASE, Role.TEST)
    ),
    *(
        (Flow(role=role, action="kms:GenerateDataKey", resource=DATA_KEY, context=KEYED, service="kms"), "UseDataKey")
        for role in (Role.BUILD, Role.RELEASE, Role.TEST)
    ),
    # Pipelines: from CodePipeline's own network.
    *(
        (Flow(role=role, action="s3:PutObject", resource=ARTIFACT), "UseProjectBucket")
        for role in (Role.BUILD_PIPELINE, Role.DEPLOY_PIPELINE)
    ),
    (
        Flow(
            role=Role.BUILD_PIPELINE,
            action="codebuild:StartBuild",
            resource=arn("codebuild", "project/sagemaker-churn-p-1-build"),
        ),
        "RunBuilds",
    ),
    (
        Flow(
            role=Role.DEPLOY_PIPELINE,
            action="codebuild:StartBuild",
            resource=arn("codebuild", "project/sagemaker-churn-p-1-test"),
        ),
        "RunBuilds",
    ),
    (passing(Role.DEPLOY_PIPELINE, Role.STACK_SET_ADMINISTRATION, "cloudformation"), "PassRoles"),
    (
        Flow(role=Role.DEPLOY_PIPELINE, action="cloudformation:CreateStackSet", context=ADMINISTRATION),
        "CreateStackSets",
    ),
    (Flow(role=Role.DEPLOY_PIPELINE, action="cloudformation:UpdateStackSet", resource=STACK_SET), "StackSets"),
    (
        Flow(role=Role.DEPLOY_PIPELINE, action="sns:Publish", resource=arn("sns", NAMES.approvals_topic)),
        "AskForApproval",
    ),
    # Release.
    *(
        (Flow(role=Role.RELEASE, action=f"s3:{action}", resource=marked, service="s3"), "MarkApproved")
        for action in ("PutObjectTagging", "DeleteObjectTagging", "PutObjectVersionTagging")
        for marked in (MODEL, BASELINE)
    ),
    (
        Flow(role=Role.RELEASE, action="s3:GetObject", resource=stored(Bucket.ARTIFACTS, "rules/x.zip"), service="s3"),
        "ReadRules",
    ),
    (
        Flow(
            role=Role.RELEASE,
            action="sagemaker:UpdateModelPackage",
            resource=VERSION,
            context={"sagemaker:CustomerMetadataProperties/deployed_prod_at": "2026-01-01"},
            service="sagemaker.api",
        ),
        "RecordDeployments",
    ),
    (
        Flow(
            role=Role.RELEASE,
            action="sagemaker:UpdateModelPackage",
            resource=VERSION,
            context={
                "sagemaker:CustomerMetadataProperties/commit_author": "ada",
                "sagemaker:CurrentCustomerMetadataProperties/commit_author": "ada",
            },
            service="sagemaker.api",
        ),
        "RecordDeployments",
    ),
    (taking(Role.RELEASE, Role.DEPLOYMENT_CHECK, STAGING), "TakeCheckRoles"),
    (
        Flow(
            role=Role.RELEASE,
            action="cloudformation:DescribeStackSet",
            resource=STACK_SET,
            service="cloudformation",
        ),
        "ReadStackSets",
    ),
    # Test.
    (taking(Role.TEST, Role.ENDPOINT_TEST, PRODUCTION), "TakeTestRoles"),
    (taking(Role.TEST, Role.ENDPOINT_TEST, DEVELOPMENT), "TakeTestRoles"),
    # Functions.
    (
        Flow(
            role=Role.PROJECT_FUNCTION,
            action="codecommit:AssociateApprovalRuleTemplateWithRepository",
            resource=REPOSITORY,
        ),
        "AttachApprovalRule",
    ),
    *(
        (
            Flow(role=Role.PROJECT_FUNCTION, action=f"codecommit:{action}", resource=REPOSITORY, context=SEED_BRANCH),
            "OfferSeed",
        )
        for action in ("CreateBranch", "CreateCommit", "GetBranch", "GetFolder")
    ),
    (
        Flow(
            role=Role.HOOK_EXECUTION,
            action="lambda:InvokeFunction",
            resource=arn("lambda", f"function:{NAMES.hook_function}"),
        ),
        "CallHook",
    ),
]


@pytest.mark.parametrize(("flow", "sid"), ALLOWED)
def test_a_project_may_what_it_needs_by_one_statement(flow: Flow, sid: str) -> None:
    decision = decide(flow)
    assert decision.allowed, str(decision)
    refused = decide(flow, without=sid)
    assert (refused.allowed, refused.reason) == (False, Reason.IDENTITY), str(refused)


BY_OWN_POLICY = (Reason.IDENTITY, "")
BY_TRUST = (Reason.RESOURCE, "")
# A request that somebody might try -> why it is refused: nothing allows it, or a statement of a document denies it.
REFUSED: list[tuple[Flow, tuple[Reason, str]]] = [
    # Launch makes what its templates describe, and hands on roles that exist.
    *(
        (Flow(role=role, action=f"iam:{action}", resource=NAMES.role_arn(Role.BUILD, DEVELOPMENT)), BY_OWN_POLICY)
        for role in (Role.PRODUCTS_LAUNCH, Role.S3_FRONT_LAUNCH)
        for action in ("CreateRole", "PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy")
    ),
    (passing(Role.PRODUCTS_LAUNCH, Role.DEPLOY_PIPELINE, "codebuild"), BY_OWN_POLICY),
    (passing(Role.PRODUCTS_LAUNCH, Role.DEPLOY_PIPELINE, "lambda"), BY_OWN_POLICY),
    (passing(Role.PRODUCTS_LAUNCH, Role.STACK_SET_ADMINISTRATION, "cloudformation"), BY_OWN_POLICY),
    (passing(Role.PRODUCTS_LAUNCH, Role.STACK_SET_EXECUTION, "cloudformation"), BY_OWN_POLICY),
    (passing(Role.PRODUCTS_LAUNCH, Role.PIPELINE, "sagemaker"), BY_OWN_POLICY),
    (passing(Role.PRODUCTS_LAUNCH, Role.DEPLOYER, "codebuild"), BY_OWN_POLICY),
    *(
        (passing(Role.S3_FRONT_LAUNCH, passed, service), BY_OWN_POLICY)
        for passed, service in (
            (Role.RELEASE, "codebuild"),
            (Role.TEST, "codebuild"),
            (Role.DEPLOY_PIPELINE, "codepipeline"),
        )
    ),
    (
        Flow(role=Role.PRODUCTS_LAUNCH, action="s3:GetObject", resource=stored(Bucket.ARTIFACTS, "code/x")),
        (Reason.EXPLICIT_DENY, "HoldLaunchPrefix"),
    ),
    (Flow(role=Role.PRODUCTS_LAUNCH, action="s3:GetObject", resource=ARTIFACT), (Reason.EXPLICIT_DENY, "HoldLaunch")),
    (
        Flow(role=Role.PRODUCTS_LAUNCH, action="s3:GetObject", resource=MODEL, context=PROVISIONED),
        (Reason.EXPLICIT_DENY, "DenyNoVPC"),
    ),
    (Flow(role=Role.PRODUCTS_LAUNCH, action="s3:GetObject", resource=TEMPLATE, account=FOREIGN), BY_OWN_POLICY),
    (
        Flow(
            role=Role.PRODUCTS_LAUNCH,
            action="s3:GetObject",
            resource=stored(Bucket.TEMPLATES, "x.yaml"),
            context=PROVISIONED,
        ),
        BY_OWN_POLICY,
    ),
    (
        Flow(
            role=Role.PRODUCTS_LAUNCH,
            action="events:PutTargets",
            resource=RULE,
            context={"events:TargetArn": [PIPELINE, arn("lambda", "function:x", FOREIGN)]},
        ),
        BY_OWN_POLICY,
    ),
    (
        Flow(
            role=Role.PRODUCTS_LAUNCH,
            action="sagemaker:CreateModelPackageGroup",
            resource=arn("sagemaker", "model-package-group/theirs"),
        ),
        BY_OWN_POLICY,
    ),
    (
        Flow(role=Role.PRODUCTS_LAUNCH, action="codecommit:DeleteRepository", resource=arn("codecommit", "payroll")),
        BY_OWN_POLICY,
    ),
    # Build.
    (passing(Role.BUILD, Role.JOB, "sagemaker"), BY_OWN_POLICY),
    (passing(Role.BUILD, Role.INGESTION, "sagemaker"), BY_OWN_POLICY),
    (passing(Role.BUILD, Role.PIPELINE, "lambda"), BY_OWN_POLICY),
    (Flow(role=Role.BUILD, action="sagemaker:CreatePipeline", resource=PIPELINE), BY_OWN_POLICY),
    (Flow(role=Role.BUILD, action="sagemaker:UpdatePipeline", resource=PIPELINE), BY_OWN_POLICY),
    (
        Flow(role=Role.BUILD, action="s3:PutObject", resource=stored(Bucket.ARTIFACTS, "rules/x.zip"), service="s3"),
        BY_OWN_POLICY,
    ),
    (
        Flow(role=Role.BUILD, action="s3:PutObject", resource=stored(Bucket.ARTIFACTS, "seed/x.zip"), service="s3"),
        BY_OWN_POLICY,
    ),
    (
        Flow(role=Role.BUILD, action="s3:PutObject", resource=stored(Bucket.ARTIFACTS, "code/x.py")),
        (Reason.EXPLICIT_DENY, "DenyNoVPC"),
    ),
    *(
        (Flow(role=role, action="s3:GetObject", resource=ARTIFACT), (Reason.EXPLICIT_DENY, "DenyNoVPC"))
        for role in (Role.BUILD, Role.RELEASE, Role.TEST, Role.ML_ENGINEER_STUDIO)
    ),
    (
        Flow(role=Role.ML_ENGINEER_STUDIO, action="s3:GetObject", resource=ARTIFACT, service="s3"),
        BY_OWN_POLICY,
    ),
    (
        Flow(role=Role.BUILD, action="kms:Decrypt", resource=DATA_KEY, context=KEYED),
        (Reason.EXPLICIT_DENY, "DenyNoVPC"),
    ),
    (
        Flow(
            role=Role.BUILD,
            action="codeartifact:PublishPackageVersion",
            resource=PACKAGES.replace("repository", "package"),
        ),
        BY_OWN_POLICY,
    ),
    (Flow(role=Role.BUILD, action="sagemaker:CreateModelPackage", resource=VERSION), BY_OWN_POLICY),
    # Pipelines.
    (
        Flow(role=Role.DEPLOY_PIPELINE, action="s3:DeleteObject", resource=ARTIFACT),
        (Reason.EXPLICIT_DENY, "HoldDeployActions"),
    ),
    (
        Flow(
            role=Role.BUILD_PIPELINE,
            action="codebuild:StartBuild",
            resource=arn("codebuild", "project/sagemaker-churn-p-1-release"),
        ),
        BY_OWN_POLICY,
    ),
    (passing(Role.BUILD_PIPELINE, Role.PIPELINE, "sagemaker"), BY_OWN_POLICY),
    (passing(Role.DEPLOY_PIPELINE, Role.STACK_SET_ADMINISTRATION, "sagemaker"), BY_OWN_POLICY),
    (passing(Role.DEPLOY_PIPELINE, Role.STACK_SET_EXECUTION, "cloudformation"), BY_OWN_POLICY),
    (taking(Role.DEPLOY_PIPELINE, Role.STACK_SET_EXECUTION, STAGING), BY_TRUST),
    (
        Flow(
            role=Role.DEPLOY_PIPELINE,
            action="cloudformation:CreateStackSet",
            context={"cloudformation:RoleArn": NAMES.role_arn(Role.DEPLOYER, DEVELOPMENT)},
        ),
        BY_OWN_POLICY,
    ),
    (
        Flow(
            role=Role.DEPLOY_PIPELINE,
            action="cloudformation:UpdateStackSet",
            resource=arn("cloudformation", "stackset/x:1"),
        ),
        BY_OWN_POLICY,
    ),
    (
        Flow(
            role=Role.DEPLOY_PIPELINE,
            action="codepipeline:PutApprovalResult",
            resource=arn("codepipeline", "sagemaker-x/a/b"),
        ),
        BY_OWN_POLICY,
    ),
    # Release records, and never decides or rewrites what the decision relied on.
    *(
        (
            Flow(
                role=Role.RELEASE,
                action="sagemaker:UpdateModelPackage",
                resource=VERSION,
                context={"sagemaker:ModelApprovalStatus": status},
                service="sagemaker.api",
            ),
            (Reason.EXPLICIT_DENY, "DenyApproval"),
        )
        for status in ("Approved", "Rejected")
    ),
    *(
        (
            Flow(
                role=Role.RELEASE,
                action="sagemaker:UpdateModelPackage",
                resource=VERSION,
                context={key: "x", key.replace(":Custom", ":CurrentCustom"): "before"},
                service="sagemaker.api",
            ),
            BY_OWN_POLICY,
        )
        for key in (
            "sagemaker:ModelApprovalStatus",
            "sagemaker:CustomerMetadataPropertiesToRemove",
            "sagemaker:CustomerMetadataProperties/commit_author",
            "sagemaker:CustomerMetadataProperties/source_identity",
            "sagemaker:CustomerMetadataProperties/artifact_sha256",
        )
    ),
    (
        Flow(role=Role.RELEASE, action="s3:PutObjectTagging", resource=MODEL),
        (Reason.EXPLICIT_DENY, "DenyNoVPC"),
    ),
    (
        Flow(role=Role.RELEASE, action="s3:PutObjectTagging", resource=stored(Bucket.MODELS, "x"), service="s3"),
        BY_OWN_POLICY,
    ),
    (Flow(role=Role.RELEASE, action="s3:PutObject", resource=MODEL, service="s3"), BY_OWN_POLICY),
    *(
        (
            Flow(role=role, action="s3:PutObjectTagging", resource=MODEL, service="s3"),
            (Reason.EXPLICIT_DENY, "DenyTagging"),
        )
        for role in (Role.JOB, Role.BUILD, Role.TEST, Role.ML_ENGINEER_STUDIO)
    ),
    (
        Flow(
            role=Role.JOB,
            action="s3:PutObject",
            resource=MODEL,
            context={f"s3:RequestObjectTag/{NAMES.approved_tag}": "true"},
            service="s3",
        ),
        (Reason.EXPLICIT_DENY, "DenyTaggedPut"),
    ),
    (taking(Role.RELEASE, Role.DEPLOYMENT_CHECK, FOREIGN), BY_OWN_POLICY),
    (taking(Role.RELEASE, Role.ENDPOINT_TEST, STAGING), BY_TRUST),
    (taking(Role.RELEASE, Role.STACK_SET_EXECUTION, STAGING), BY_TRUST),
    # Test.
    (taking(Role.TEST, Role.ENDPOINT_TEST, FOREIGN), BY_OWN_POLICY),
    (taking(Role.TEST, Role.DEPLOYMENT_CHECK, STAGING), BY_TRUST),
    (Flow(role=Role.TEST, action="sagemaker:InvokeEndpoint", resource=arn("sagemaker", "endpoint/x")), BY_OWN_POLICY),
    (Flow(role=Role.TEST, action="s3:GetObject", resource=MODEL, service="s3"), BY_OWN_POLICY),
    # Functions.
    (
        Flow(role=Role.PROJECT_FUNCTION, action="codecommit:CreateCommit", resource=REPOSITORY, context=MAIN),
        (Reason.EXPLICIT_DENY, "DenyCommit"),
    ),
    (
        Flow(role=Role.PROJECT_FUNCTION, action="s3:GetObject", resource=stored(Bucket.DATA, "x"), service="s3"),
        BY_OWN_POLICY,
    ),
    (
        Flow(
            role=Role.HOOK_EXECUTION,
            action="lambda:InvokeFunction",
            resource=arn("lambda", f"function:{NAMES.project_function}"),
        ),
        BY_OWN_POLICY,
    ),
    (
        Flow(role=Role.DATA_SCIENTIST_STUDIO, action="codecommit:CreateCommit", resource=REPOSITORY, context=MAIN),
        (Reason.EXPLICIT_DENY, "DenyCommit"),
    ),
]


@pytest.mark.parametrize(("flow", "expected"), REFUSED)
def test_everything_else_is_refused(flow: Flow, expected: tuple[Reason, str]) -> None:
    decision = decide(flow)
    assert decision.allowed is False, str(decision)
    assert (decision.reason, decision.statement.label if decision.statement else "") == expected, str(decision)


FILLED = {
    "SageMakerProjectName": "churn",
    "SageMakerProjectId": "p-1",
    "DataKeyArn": KEY_ARN,
    "S3EndpointId": ENDPOINTS[0],
}


def test_a_filled_in_policy_is_the_program_s_own() -> None:
    texts = projects.tokens(ENVIRONMENT)
    assert _filled(json.loads(texts["PLATFORM_GROUP_POLICY"])) == registry.model_package_group(ENVIRONMENT, GROUP)
    assert _filled(json.loads(texts["PLATFORM_PROJECT_BUCKET_POLICY"])) == buckets.project(
        ENVIRONMENT, PROJECT_BUCKET, ENDPOINTS[:1], KEY_ARN
    )


def _filled(value: object) -> object:
    """What CloudFormation makes of it."""
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        if "Fn::Sub" in found:
            return re.sub(r"\$\{(\w+)\}", lambda match: FILLED[match[1]], str(found["Fn::Sub"]))
        return {key: _filled(item) for key, item in found.items()}
    return [_filled(item) for item in cast("list[object]", value)] if isinstance(value, list) else value


def test_by_organisation_builds_take_roles_of_the_organisation() -> None:
    large = many(20, by="organization")
    (taking_,) = [found for found in policies.test(large, DEVELOPMENT)["Statement"] if found["Sid"] == "TakeTestRoles"]
    assert taking_["Condition"] == {"StringEquals": {"aws:ResourceOrgID": "o-abcdefghij"}}
