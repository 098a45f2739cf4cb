"""Every condition of a role's policy: what it lets through, and that without the key, or with another value, nothing is left of it."""

import pytest

from components.documents.roles import ROLES
from components.identity import account_roles
from components.names import Bucket, Role
from tests.components.documents.requests import Context, allows
from tests.components.stacks import DEVELOPMENT, STAGING, environment

ENVIRONMENT = environment(studio={"experimentTracking": "true"}, projects={"fronts": ["serviceCatalog", "s3"]})
NAMES = ENVIRONMENT.names
STUDIO = Role.DATA_SCIENTIST_STUDIO
TAG, REQUESTED = "aws:ResourceTag/sagemaker:project-id", "aws:RequestTag/sagemaker:project-id"
ALIASES = "kms:ResourceAliases"
PRESENT = {TAG, REQUESTED}
"""Keys that only have to be there: of any project."""


def bucket(which: Bucket, key: str = "") -> str:
    return NAMES.bucket_arn(which, DEVELOPMENT) + (f"/{key}" if key else "")


def alias(key: str) -> list[str]:
    return [f"alias/sm-mlops-dev-eu-west-1-{key}"]


# Role, action, resource (`*`: any), a request that is right -> the statements that allow it.
CASES: list[tuple[Role, str, str, Context, set[str]]] = [
    (
        Role.MODEL_APPROVER,
        "sagemaker:UpdateModelPackage",
        "*",
        {"sagemaker:ModelApprovalStatus": "Approved"},
        {"DecideModels"},
    ),
    (
        Role.PLATFORM_ADMINISTRATOR,
        "sagemaker:AddTags",
        "*",
        {"sagemaker:TaggingAction": "CreateUserProfile"},
        {"TagProfiles"},
    ),
    (
        Role.PLATFORM_ADMINISTRATOR,
        "iam:PassRole",
        NAMES.role_arn(STUDIO, DEVELOPMENT),
        {"iam:PassedToService": "sagemaker.amazonaws.com"},
        {"PassRoles"},
    ),
    (
        STUDIO,
        "sts:GetServiceBearerToken",
        "*",
        {"sts:AWSServiceName": "codeartifact.amazonaws.com"},
        {"BearerToken"},
    ),
    (STUDIO, "sagemaker:AddTags", "*", {"sagemaker:TaggingAction": "CreateSpace"}, {"TagSpaces"}),
    (STUDIO, "sagemaker:AddTags", "*", {"sagemaker:TaggingAction": "CreatePipeline"}, {"TagPipelines"}),
    (STUDIO, "sagemaker:AddTags", "*", {"sagemaker:TaggingAction": "CreateProject"}, {"TagProjects"}),
    (
        STUDIO,
        "sagemaker:AddTags",
        "*",
        {REQUESTED: "${aws:ResourceTag/sagemaker:project-id}"},  # the evaluator leaves variables as they are
        {"TagPipelinesAgain"},
    ),
    (STUDIO, "sagemaker:CreatePipeline", "*", {REQUESTED: "p-1"}, {"CreatePipelines"}),
    (STUDIO, "sagemaker:StartPipelineExecution", "*", {TAG: "p-1"}, {"RunPipelines"}),
    (STUDIO, "sagemaker:UpdatePipeline", "*", {TAG: "p-1"}, {"RunPipelines"}),
    (
        STUDIO,
        "servicecatalog:TerminateProvisionedProduct",
        "*",
        {"servicecatalog:userLevel": "self"},
        {"ManageProvisioned"},
    ),
    (STUDIO, "s3:ListBucket", bucket(Bucket.DATA), {"s3:prefix": "churn/input/"}, {"ListData"}),
    (STUDIO, "s3:ListBucket", bucket(Bucket.DATA), {"s3:prefix": "results/churn"}, {"ListData"}),
    (STUDIO, "kms:Decrypt", "*", {ALIASES: alias("data")}, {"UseDataKey"}),
    (
        STUDIO,
        "kms:CreateGrant",
        "*",
        {ALIASES: alias("storage"), "kms:GrantIsForAWSResource": "true"},
        {"GrantStorageKey"},
    ),
    (
        STUDIO,
        "sagemaker:CreateSpace",
        "*",
        {
            "sagemaker:OwnerUserProfileArn": f"arn:aws:sagemaker:eu-west-1:{DEVELOPMENT}:"
            "user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}",
            "sagemaker:SpaceSharingType": "Private",
        },
        {"OwnSpaces"},
    ),
    (Role.PIPELINE, "sagemaker:AddTags", "*", {"sagemaker:TaggingAction": "CreateTrainingJob"}, {"TagJobs"}),
    (
        Role.PIPELINE,
        "sagemaker:CreateModelPackage",
        "*",
        {"sagemaker:ModelApprovalStatus": "PendingManualApproval"},
        {"RegisterModels"},
    ),
    (Role.PIPELINE, "s3:GetObject", bucket(Bucket.MODELS, "x"), {"aws:ViaAWSService": "true"}, {"ReadModels"}),
    (Role.PIPELINE, "kms:Decrypt", "*", {ALIASES: alias("data")}, {"ReadDataKey"}),
    (Role.PIPELINE, "kms:DescribeKey", "*", {ALIASES: alias("storage")}, {"DescribeStorageKey"}),
    (
        Role.INGESTION_PIPELINE,
        "sagemaker:AddTags",
        "*",
        {"sagemaker:TaggingAction": "CreateProcessingJob"},
        {"TagJobs"},
    ),
    (Role.INGESTION_PIPELINE, "kms:DescribeKey", "*", {ALIASES: alias("data")}, {"DescribeDataKey"}),
    (Role.INGESTION, "kms:Decrypt", "*", {ALIASES: alias("storage")}, {"DecryptOnlineStore"}),
    (
        Role.JOB,
        "ec2:CreateNetworkInterface",
        f"arn:aws:ec2:eu-west-1:{DEVELOPMENT}:subnet/subnet-1",
        {"aws:ResourceTag/mlops:environment": "sm-mlops-dev-eu-west-1"},
        {"InterfacesInOurNetwork"},
    ),
    (
        Role.JOB,
        "cloudwatch:PutMetricData",
        "*",
        {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"},
        {"PutMetrics"},
    ),
    (Role.JOB, "s3:ListBucket", bucket(Bucket.ARTIFACTS), {"s3:prefix": "code/x"}, {"ListCode"}),
    (Role.TRACKING, "s3:ListBucket", bucket(Bucket.DATA), {"s3:prefix": "tracking/x"}, {"ListArtifacts"}),
    (Role.MONITORING, "s3:ListBucket", bucket(Bucket.CAPTURE), {"s3:prefix": "data-capture/x"}, {"ListCapture"}),
    (Role.MONITORING, "s3:ListBucket", bucket(Bucket.MODELS), {"s3:prefix": "churn/baseline/x"}, {"ListBaseline"}),
    (
        Role.MODEL_EXECUTION,
        "s3:GetObject",
        bucket(Bucket.MODELS, "x"),
        {f"s3:ExistingObjectTag/{NAMES.approved_tag}": "true"},
        {"ReadApproved"},
    ),
    (
        Role.STACK_SET_ADMINISTRATION,
        "sts:AssumeRole",
        NAMES.role_arn(Role.STACK_SET_EXECUTION, STAGING),
        {"aws:ResourceAccount": STAGING},
        {"TakeExecutionRoles"},
    ),
    (
        Role.STACK_SET_EXECUTION,
        "s3:GetObject",
        "arn:aws:s3:::sm-mlops-cp-churn-p1/template.yaml",
        {"aws:ResourceAccount": DEVELOPMENT},
        {"ReadTemplate"},
    ),
    (
        Role.STACK_SET_EXECUTION,
        "application-autoscaling:RegisterScalableTarget",
        "*",
        {"application-autoscaling:service-namespace": "sagemaker"},
        {"Scaling"},
    ),
    (
        Role.STACK_SET_EXECUTION,
        "iam:CreateServiceLinkedRole",
        "*",
        {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"},
        {"ScalingRole"},
    ),
    (Role.STACK_SET_EXECUTION, "kms:DescribeKey", "*", {ALIASES: alias("logs")}, {"DescribeLogsKey"}),
    (Role.ENDPOINT_TEST, "sagemaker:InvokeEndpoint", "*", {TAG: "p-1"}, {"TestEndpoints"}),
    (Role.ENDPOINT_TEST, "sagemaker:DescribeEndpointConfig", "*", {TAG: "p-1"}, {"DescribeConfigurations"}),
    (Role.EVENTS, "sagemaker:StartPipelineExecution", "*", {TAG: "p-1"}, {"StartPipelines"}),
    (
        Role.ML_ENGINEER_STUDIO,
        "iam:PassRole",
        NAMES.role_arn(Role.S3_FRONT_LAUNCH, DEVELOPMENT),
        {"iam:PassedToService": "cloudformation.amazonaws.com"},
        {"PassLaunchRole"},
    ),
    (
        Role.ML_ENGINEER_STUDIO,
        "cloudformation:CreateStack",
        "*",
        {"cloudformation:RoleArn": NAMES.role_arn(Role.S3_FRONT_LAUNCH, DEVELOPMENT)},
        {"MakeStacks"},
    ),
    *(
        (
            Role.PRODUCTS_LAUNCH,
            "iam:PassRole",
            NAMES.role_arn(role, DEVELOPMENT),
            {"iam:PassedToService": f"{service}.amazonaws.com"},
            {f"Pass{service.capitalize()}Roles"},
        )
        for role, service in (
            (Role.BUILD, "codebuild"),
            (Role.DEPLOY_PIPELINE, "codepipeline"),
            (Role.EVENTS, "events"),
            (Role.FEATURE_STORE, "sagemaker"),
        )
    ),
    (
        Role.PRODUCTS_LAUNCH,
        "codeconnections:PassConnection",
        "*",
        {"codeconnections:PassedToService": "codepipeline.amazonaws.com"},
        {"PassConnections1"},
    ),
    (
        Role.PRODUCTS_LAUNCH,
        "codestar-connections:PassConnection",
        "*",
        {"codestar-connections:PassedToService": "codepipeline.amazonaws.com"},
        {"PassConnections2"},
    ),
    (Role.PRODUCTS_LAUNCH, "sagemaker:CreateFeatureGroup", "*", {REQUESTED: "p-1"}, {"Create"}),
    (Role.PRODUCTS_LAUNCH, "sagemaker:DeleteModelPackageGroup", "*", {TAG: "p-1"}, {"Change"}),
    (
        Role.PRODUCTS_LAUNCH,
        "sagemaker:AddTags",
        "*",
        {"sagemaker:TaggingAction": "CreateModelPackageGroup"},
        {"TagNew"},
    ),
    (Role.PRODUCTS_LAUNCH, "kms:RetireGrant", "*", {ALIASES: alias("storage")}, {"CreateStores"}),
    (
        Role.BUILD,
        "ec2:CreateNetworkInterfacePermission",
        "*",
        {"ec2:AuthorizedService": "codebuild.amazonaws.com"},
        {"LendInterfaces"},
    ),
    (
        Role.TEST,
        "s3:PutObject",
        "arn:aws:s3:::sm-mlops-cp-churn-p1/x",
        {"aws:ResourceAccount": DEVELOPMENT},
        {"UseProjectBucket"},
    ),
    (
        Role.BUILD_PIPELINE,
        "s3:GetBucketVersioning",
        "arn:aws:s3:::sm-mlops-cp-churn-p1",
        {"aws:ResourceAccount": DEVELOPMENT},
        {"FindProjectBucket"},
    ),
    (Role.RELEASE, "s3:ListBucket", bucket(Bucket.MODELS), {"s3:prefix": "churn/models/x"}, {"ListModels"}),
    (
        Role.RELEASE,
        "sts:AssumeRole",
        NAMES.role_arn(Role.DEPLOYMENT_CHECK, STAGING),
        {"aws:ResourceAccount": STAGING},
        {"TakeCheckRoles"},
    ),
    (
        Role.TEST,
        "sts:AssumeRole",
        NAMES.role_arn(Role.ENDPOINT_TEST, STAGING),
        {"aws:ResourceAccount": STAGING},
        {"TakeTestRoles"},
    ),
    (
        Role.DEPLOY_PIPELINE,
        "kms:GenerateDataKey",
        "*",
        {ALIASES: alias("logs"), "kms:ViaService": "sns.eu-west-1.amazonaws.com"},
        {"UseTopicKey"},
    ),
]


@pytest.mark.parametrize(
    ("role", "action", "resource", "context", "expected"), CASES, ids=[f"{case[0].value}-{case[1]}" for case in CASES]
)
def test_a_condition_holds(role: Role, action: str, resource: str, context: Context, expected: set[str]) -> None:
    policy = ROLES[role].policy(ENVIRONMENT, DEVELOPMENT)
    assert allows(policy, action, context, resource) == expected
    for key in context:
        rest = {name: value for name, value in context.items() if name != key}
        assert allows(policy, action, rest, resource) == set()
        if key not in PRESENT or (key == REQUESTED and action == "sagemaker:AddTags"):
            assert allows(policy, action, {**rest, key: "other"}, resource) == set()


# Asked elsewhere with their resources (test_roles, test_projects).
ELSEWHERE = {
    "CreateStackSets",
    "ReadModelsKey",
    "RecordDeployments",
    "ReadProductTemplate",
    "RuleTargets",
}


def test_every_condition_has_a_case() -> None:
    conditioned = {
        statement["Sid"]
        for account in (DEVELOPMENT, STAGING)
        for role in account_roles(ENVIRONMENT, account)
        for statement in ROLES[role].policy(ENVIRONMENT, account)["Statement"]
        if "Condition" in statement
    }
    assert conditioned - {sid for case in CASES for sid in case[4]} == ELSEWHERE
