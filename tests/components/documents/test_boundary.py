"""The boundary, as requests: what no role can do whatever its own policy says, and what it leaves to the policies."""

from fnmatch import fnmatchcase

import pytest

from components.documents import guards
from components.documents.boundary import boundary
from components.documents.roles import ROLES
from components.identity import account_roles
from components.names import DEVELOPMENT_ROLES, TARGET_ROLES, Role
from tests.components.documents.reference import as_list, expand
from tests.components.documents.requests import Context, allows, denies
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, environment

ENVIRONMENT = environment(studio={"experimentTracking": "true"}, projects={"fronts": ["serviceCatalog", "s3"]})
BOUNDARY = boundary(ENVIRONMENT)
HOME = {"aws:RequestedRegion": "eu-west-1"}
ALL = (*DEVELOPMENT_ROLES, *TARGET_ROLES)


def denied(action: str, context: Context, role: Role = Role.PIPELINE, account: str = DEVELOPMENT) -> set[str]:
    who = {"aws:PrincipalArn": ENVIRONMENT.names.role_arn(role, account)}
    return denies(BOUNDARY, action, {**HOME, **who, **context})


@pytest.mark.parametrize("account", [DEVELOPMENT, STAGING, PRODUCTION])
@pytest.mark.parametrize("role", ALL)
@pytest.mark.parametrize("action", ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"])
@pytest.mark.parametrize("status", ["Approved", "Rejected", "PendingManualApproval"])
def test_only_the_approver_of_development_decides(role: Role, account: str, action: str, status: str) -> None:
    free = status == "PendingManualApproval" or (role, account) == (Role.MODEL_APPROVER, DEVELOPMENT)
    expected = set[str]() if free else {"DenyApproval"}
    assert denied(action, {"sagemaker:ModelApprovalStatus": status}, role, account) == expected


ISOLATED = {"sagemaker:NetworkIsolation": "true", "sagemaker:InterContainerTrafficEncryption": "true"}
JOB = {**ISOLATED, "sagemaker:InstanceTypes": ["ml.m5.large"]}
JOBS = ["sagemaker:CreateTrainingJob", "sagemaker:CreateHyperParameterTuningJob", "sagemaker:CreateProcessingJob"]
DEFINITIONS = [
    f"sagemaker:Create{kind}JobDefinition"
    for kind in ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")
]


@pytest.mark.parametrize("action", [*JOBS, *DEFINITIONS])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set[str]()),
        ({"sagemaker:NetworkIsolation": "false"}, {"Isolation"}),
        ({"sagemaker:InterContainerTrafficEncryption": "false"}, {"DenyPlainTraffic"}),
        ({"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]}, {"DenyJobTypes"}),
        ({"sagemaker:InstanceTypes": ["ml.m5.large", "ml.p5.48xlarge"]}, {"DenyJobTypes"}),
    ],
)
def test_jobs_are_isolated_encrypted_and_of_listed_types(action: str, changes: Context, expected: set[str]) -> None:
    found = denied(action, {**JOB, **changes})
    assert {"Isolation" if sid.endswith("Isolation") else sid for sid in found} == expected


@pytest.mark.parametrize("action", [*JOBS, *DEFINITIONS])
def test_an_omitted_flag_is_off(action: str) -> None:
    """Bool does not match a key that is not there, BoolIfExists does."""
    found = denied(action, {"sagemaker:InstanceTypes": ["ml.m5.large"]})
    assert len(found) == 2
    assert "DenyPlainTraffic" in found


@pytest.mark.parametrize("role", ALL)
@pytest.mark.parametrize("account", [DEVELOPMENT, STAGING])
def test_only_the_ingestion_pipeline_of_development_makes_jobs_without_isolation(role: Role, account: str) -> None:
    spared = (role, account) == (Role.INGESTION_PIPELINE, DEVELOPMENT)
    request = {**JOB, "sagemaker:NetworkIsolation": "false"}
    assert denied("sagemaker:CreateProcessingJob", request, role, account) == (
        set[str]() if spared else {"DenyNoJobIsolation"}
    )
    # Spared for processing alone.
    assert denied("sagemaker:CreateTrainingJob", request, role, account) == {"DenyNoIsolation"}


@pytest.mark.parametrize(
    ("action", "context", "expected"),
    [
        ("sagemaker:CreateModel", {}, {"DenyNoIsolation"}),
        ("sagemaker:CreateModel", {"sagemaker:NetworkIsolation": "true"}, set[str]()),
        ("sagemaker:CreateEndpointConfig", {"sagemaker:InstanceTypes": ["ml.m5.large"]}, set[str]()),
        ("sagemaker:CreateEndpointConfig", {"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]}, {"DenyEndpointTypes"}),
        ("sagemaker:CreateEndpointConfig", {}, set[str]()),  # serverless: no instances, no flags
        ("sagemaker:CreateTransformJob", {"sagemaker:InstanceTypes": ["ml.m5.large"]}, set[str]()),
        ("sagemaker:CreateTransformJob", {"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]}, {"DenyJobTypes"}),
        ("sagemaker:CreateMonitoringSchedule", {}, set[str]()),
        ("sagemaker:UpdateMonitoringSchedule", {"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]}, {"DenyJobTypes"}),
        ("sagemaker:CreateApp", {"sagemaker:InstanceTypes": ["system", "ml.t3.medium"]}, set[str]()),
        ("sagemaker:CreateApp", {"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]}, {"DenyStudioTypes"}),
        ("sagemaker:UpdateSpace", {"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]}, {"DenyStudioTypes"}),
        ("sagemaker:UpdateUserProfile", {"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]}, {"DenyStudioTypes"}),
        ("sagemaker:CreateTrainingJob", {**JOB, "sagemaker:EnableRemoteDebug": "true"}, {"DenyShell"}),
        ("sagemaker:UpdateTrainingJob", {"sagemaker:EnableRemoteDebug": "true"}, {"DenyShell"}),
        ("sagemaker:CreateSpace", {"sagemaker:RemoteAccess": "ENABLED"}, {"DenyTunnel"}),
        ("sagemaker:UpdateSpace", {"sagemaker:RemoteAccess": "ENABLED"}, {"DenyTunnel"}),
        ("sagemaker:StartSession", {}, {"DenyUnguarded"}),
        ("sagemaker:CreateNotebookInstance", {}, {"DenyUnguarded"}),
        ("sagemaker:CreatePresignedNotebookInstanceUrl", {}, {"DenyUnguarded"}),
        ("sagemaker:CreateAutoMLJobV2", {}, {"DenyUnguarded"}),
        ("sagemaker:CreateLabelingJob", {}, {"DenyUnguarded"}),
        ("sagemaker:CreateCompilationJob", {}, {"DenyUnguarded"}),
        ("sagemaker:CreateInferenceComponent", {}, {"DenyUnguarded"}),
        ("sagemaker:CreateDomain", {}, {"DenyUnguarded"}),
        ("sagemaker:UpdateDomain", {}, {"DenyUnguarded"}),
    ],
)
def test_sagemaker_requests(action: str, context: Context, expected: set[str]) -> None:
    assert denied(action, context) == expected


# What SageMaker creates or starts without compute of its own, or on compute that was guarded when it was made or is Studio's own.
WITHOUT_COMPUTE = {
    "CreateAction",
    "CreateAlgorithm",
    "CreateApp",
    "CreateAppImageConfig",
    "CreateArtifact",
    "CreateClusterSchedulerConfig",
    "CreateCodeRepository",
    "CreateComputeQuota",
    "CreateContext",
    "CreateDeviceFleet",
    "CreateEdgeDeploymentPlan",
    "CreateEdgeDeploymentStage",
    "CreateEndpoint",
    "CreateExperiment",
    "CreateFeatureGroup",
    "CreateHub",
    "CreateHubContentPresignedUrls",
    "CreateHubContentReference",
    "CreateHumanTaskUi",
    "CreateImage",
    "CreateImageVersion",
    "CreateLineageGroupPolicy",
    "CreateModelCard",
    "CreateModelCardExportJob",
    "CreateModelPackage",
    "CreateModelPackageGroup",
    "CreatePartnerAppPresignedUrl",
    "CreatePipeline",
    "CreatePresignedDomainUrl",
    "CreatePresignedMlflowAppUrl",
    "CreatePresignedMlflowTrackingServerUrl",
    "CreateProject",
    "CreateReservedCapacity",
    "CreateSharedModel",
    "CreateSpace",
    "CreateStudioLifecycleConfig",
    "CreateTrainingPlan",
    "CreateTrial",
    "CreateTrialComponent",
    "CreateUserProfile",
    "CreateWorkforce",
    "CreateWorkteam",
    "StartClusterHealthCheck",
    "StartEdgeDeploymentStage",
    "StartHumanLoop",
    "StartInferenceExperiment",
    "StartMlflowTrackingServer",
    "StartMonitoringSchedule",
    "StartPipelineExecution",
}


def test_all_compute_of_sagemaker_is_guarded_or_refused() -> None:
    """An action that AWS adds is in neither list, and fails here until somebody decides."""
    guarded = {*guards.NETWORK_ACTIONS, *guards.VOLUME_ACTIONS, *guards.SCHEDULE_ACTIONS}
    starts = {*expand("sagemaker:Create*"), *expand("sagemaker:Start*")}
    left = {action for action in starts - guarded if "DenyUnguarded" not in denied(action, {})}
    assert {action.partition(":")[2] for action in left} == WITHOUT_COMPUTE


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("s3:GetObject", {"DenyOtherRegions"}),
        ("sagemaker:DescribeModelPackage", {"DenyOtherRegions"}),
        ("sts:AssumeRole", set[str]()),
        ("iam:PassRole", set[str]()),
    ],
)
def test_other_regions_are_closed(action: str, expected: set[str]) -> None:
    assert denied(action, {"aws:RequestedRegion": "us-east-1"}) == expected


MAIN: Context = {"codecommit:References": ["refs/heads/main"]}
BRANCH: Context = {"codecommit:References": ["refs/heads/feature"]}
ENGINEERS = {Role.ML_ENGINEER, Role.ML_ENGINEER_STUDIO}
LAUNCHES = {Role.PRODUCTS_LAUNCH, Role.S3_FRONT_LAUNCH}
CODE_ROLES = [*Role]


@pytest.mark.parametrize(
    "action",
    [
        "codecommit:GitPush",
        "codecommit:PutFile",
        "codecommit:DeleteFile",
        "codecommit:DeleteBranch",
        "codecommit:MergeBranchesByFastForward",
        "codecommit:MergeBranchesBySquash",
        "codecommit:MergeBranchesByThreeWay",
    ],
)
@pytest.mark.parametrize("role", CODE_ROLES)
def test_nobody_writes_to_main_directly(action: str, role: Role) -> None:
    assert denied(action, MAIN, role) == {"DenyMain"}
    assert denied(action, BRANCH, role) == set()
    # The first call of a push carries no reference: refused, nobody could push at all.
    assert denied(action, {}, role) == set()


@pytest.mark.parametrize("role", CODE_ROLES)
def test_commits_to_main_are_the_first_ones_of_a_new_project(role: Role) -> None:
    assert denied("codecommit:CreateCommit", MAIN, role) == (set[str]() if role in LAUNCHES else {"DenyCommit"})
    assert denied("codecommit:CreateCommit", BRANCH, role) == set()
    assert denied("codecommit:CreateCommit", {}, role) == set()


@pytest.mark.parametrize("way", ["FastForward", "Squash", "ThreeWay"])
@pytest.mark.parametrize("role", CODE_ROLES)
def test_only_engineers_merge(role: Role, way: str) -> None:
    expected = set[str]() if role in ENGINEERS else {"DenyMerge"}
    assert denied(f"codecommit:MergePullRequestBy{way}", MAIN, role) == expected


@pytest.mark.parametrize(
    "action",
    [
        "codecommit:OverridePullRequestApprovalRules",
        "codecommit:DeletePullRequestApprovalRule",
        "codecommit:UpdatePullRequestApprovalRuleContent",
    ],
)
@pytest.mark.parametrize("role", CODE_ROLES)
def test_nobody_overrides_an_approval_rule(action: str, role: Role) -> None:
    assert denied(action, {}, role) == {"DenyOverride"}


IAM_READS = ("iam:Get", "iam:List")


def test_no_write_of_iam_is_left_but_passing_and_linked_roles() -> None:
    writes = {action for action in expand("iam:*") if not action.startswith(IAM_READS)}
    left = {action for action in writes if allows(BOUNDARY, action, {})}
    assert left == {"iam:PassRole", "iam:CreateServiceLinkedRole"}


def test_nothing_outside_the_services_that_are_used() -> None:
    for action in (
        "ec2:RunInstances",
        "ec2:CreateVpcPeeringConnection",
        "organizations:LeaveOrganization",
        "rds:CreateDBInstance",
    ):
        assert allows(BOUNDARY, action, {}) == set()


@pytest.mark.parametrize("account", [DEVELOPMENT, STAGING])
def test_the_boundary_leaves_every_role_what_its_own_policy_allows(account: str) -> None:
    """An action outside the boundary would be dead in the policy."""
    dead = {
        (role.value, pattern)
        for role in account_roles(ENVIRONMENT, account)
        for statement in ROLES[role].policy(ENVIRONMENT, account)["Statement"]
        if statement["Effect"] == "Allow"
        for pattern in as_list(statement["Action"])
        if not any(fnmatchcase(pattern, allowed) for allowed in as_list(BOUNDARY["Statement"][0]["Action"]))
    }
    assert dead == set()


def test_the_boundary_has_no_ids_and_so_can_be_made_first() -> None:
    text = str(BOUNDARY)
    assert not [start for start in ("vpce-", "subnet-", "sg-", ":key/") if start in text]
