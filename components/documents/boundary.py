"""The permissions boundary: what no role of an environment can ever do, whatever its own policies say.

Made by `bootstrap/` before the first `up`, so it is free of ids that AWS invents; subnets, security groups and keys are the guards' part.
Flags are asked with BoolIfExists: an omitted flag is a flag that is off (security-rules.md part 3, item 17).
"""

from components.documents import Conditions, Document, Statement, allow, deny, document
from components.environment import Environment
from components.names import Role

# Services that the roles use; a boundary grants nothing, so `service:*` only leaves the choice to the role's own policy.
_SERVICES: tuple[str, ...] = (
    "application-autoscaling:*",
    "cloudformation:*",
    "cloudtrail:LookupEvents",
    "cloudwatch:*",
    "codeartifact:*",
    "codebuild:*",
    "codecommit:*",
    "codeconnections:*",
    "codepipeline:*",
    "codestar-connections:*",
    "ec2:*NetworkInterface*",
    "ec2:Describe*",
    "ecr:*",
    "events:*",
    # No IAM writes: reading, passing what a role's own policy lists, and service-linked roles by name.
    "iam:CreateServiceLinkedRole",
    "iam:Get*",
    "iam:List*",
    "iam:PassRole",
    "kms:*",
    "lambda:*",
    "logs:*",
    "s3:*",
    "sagemaker-mlflow:*",
    "sagemaker:*",
    "servicecatalog:*",
    "sns:*",
    "ssm:*",
    "sts:*",
)

# Their requests are answered in one region of the partition, whichever the caller is in.
_GLOBAL = ("iam:*", "sts:*", "s3:ListAllMyBuckets")

# The star stands for the four kinds of monitoring: DataQuality, ModelBias, ModelExplainability, ModelQuality.
_JOB_DEFINITIONS = "sagemaker:Create*JobDefinition"
_SCHEDULES = ("sagemaker:CreateMonitoringSchedule", "sagemaker:UpdateMonitoringSchedule")
_TRAINING = ("sagemaker:CreateHyperParameterTuningJob", "sagemaker:CreateTrainingJob")
_PROCESSING = "sagemaker:CreateProcessingJob"

# Compute that carries too few condition keys to be held in the network, or that nobody here needs (notebook instances above all: with them
# come DirectInternetAccess and RootAccess); the domain and experiment tracking are the deployer's alone, and StartSession opens a tunnel
# into a space. Stars only widen what is refused: both generations of AutoML, what else a notebook instance has, benchmarks and
# recommendations, components and experiments of inference.
_UNGUARDED = tuple(
    f"sagemaker:{action}"
    for action in (
        "Create*NotebookInstance*",
        "CreateAI*",
        "CreateAutoML*",
        "CreateCluster",
        "CreateCompilationJob",
        "CreateDomain",
        "CreateEdgePackagingJob",
        "CreateFlowDefinition",
        "CreateInference*",
        "CreateJob",
        "CreateLabelingJob",
        "CreateMlflow*",
        "CreateOptimizationJob",
        "CreatePartnerApp",
        "CreateTrainingSession",
        "StartNotebookInstance",
        "StartSession",
        "UpdateDomain",
    )
)

_INSTANCE_TYPES = "sagemaker:InstanceTypes"

MAIN = "refs/heads/main"


def boundary(environment: Environment) -> Document:
    """The boundary `P-boundary`, the same in every account."""
    names = environment.names
    ingestion = names.role_arn(Role.INGESTION_PIPELINE, environment.development)
    approver = names.role_arn(Role.MODEL_APPROVER, environment.development)
    return document(
        allow("AllowServices", _SERVICES, "*"),
        {
            "Sid": "DenyOtherRegions",
            "Effect": "Deny",
            "NotAction": list(_GLOBAL),
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": names.region}},
        },
        deny("DenyUnguarded", _UNGUARDED, "*"),
        _deny_off(
            "DenyNoIsolation", [*_TRAINING, "sagemaker:CreateModel", _JOB_DEFINITIONS], "sagemaker:NetworkIsolation"
        ),
        _deny_off("DenyNoJobIsolation", [_PROCESSING], "sagemaker:NetworkIsolation", spared=ingestion),
        _deny_off(
            "DenyPlainTraffic",
            [*_TRAINING, _PROCESSING, _JOB_DEFINITIONS],
            "sagemaker:InterContainerTrafficEncryption",
        ),
        # A debugger's shell into a running job, or an editor's tunnel into a space, is a way out.
        deny(
            "DenyShell",
            ["sagemaker:CreateTrainingJob", "sagemaker:UpdateTrainingJob"],
            "*",
            when={"Bool": {"sagemaker:EnableRemoteDebug": "true"}},
        ),
        deny(
            "DenyTunnel",
            ["sagemaker:CreateSpace", "sagemaker:UpdateSpace"],
            "*",
            when={"StringEquals": {"sagemaker:RemoteAccess": "ENABLED"}},
        ),
        *_instance_types(environment),
        deny(
            "DenyApproval",
            ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"],
            "*",
            when={
                "StringEquals": {"sagemaker:ModelApprovalStatus": ["Approved", "Rejected"]},
                "ArnNotLike": {"aws:PrincipalArn": approver},
            },
        ),
        *_main_branch(environment),
    )


def _deny_off(sid: str, actions: list[str], key: str, *, spared: str | None = None) -> Statement:
    when: dict[str, dict[str, str | list[str]]] = {"BoolIfExists": {key: "false"}}
    if spared:
        when["ArnNotLike"] = {"aws:PrincipalArn": spared}
    return deny(sid, actions, "*", when=when)


def _instance_types(environment: Environment) -> list[Statement]:
    """ForAnyValue with a missing key does not match: an action without instances is not held up."""
    # `system` is what the service calls its own small instance for an application's server.
    studio = [*environment.studio_instance_types, "system"]
    uses = (
        (
            "DenyStudioTypes",
            [
                f"sagemaker:{action}"
                for action in ("CreateApp", "CreateSpace", "CreateUserProfile", "UpdateSpace", "UpdateUserProfile")
            ],
            studio,
        ),
        (
            "DenyJobTypes",
            [*_TRAINING, _PROCESSING, "sagemaker:CreateTransformJob", _JOB_DEFINITIONS, *_SCHEDULES],
            list(environment.job_instance_types),
        ),
        ("DenyEndpointTypes", ["sagemaker:CreateEndpointConfig"], list(environment.endpoint_instance_types)),
    )
    return [
        deny(sid, actions, "*", when={"ForAnyValue:StringNotEquals": {_INSTANCE_TYPES: types}})
        for sid, actions, types in uses
    ]


def _main_branch(environment: Environment) -> list[Statement]:
    """Nobody writes to main but by an approved pull request, which an ML engineer merges.

    Who provisions a project is spared for CreateCommit alone: a new repository's seed code is its first commit (AWS's own
    AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy grants that action for it).
    Source: CodeCommit user guide, "Limit pushes and merges to branches": References is absent in a push's first call, hence Null.
    """
    names, development = environment.names, environment.development
    engineers = [names.role_arn(role, development) for role in (Role.ML_ENGINEER_STUDIO, Role.ML_ENGINEER)]
    launch = [names.role_arn(role, development) for role in (Role.PRODUCTS_LAUNCH, Role.S3_FRONT_LAUNCH)]
    main: Conditions = {
        "StringEqualsIfExists": {"codecommit:References": [MAIN]},
        "Null": {"codecommit:References": "false"},
    }
    return [
        deny(
            "DenyMain",
            [
                "codecommit:DeleteBranch",
                "codecommit:DeleteFile",
                "codecommit:GitPush",
                "codecommit:MergeBranches*",
                "codecommit:PutFile",
            ],
            "*",
            when=main,
        ),
        deny("DenyCommit", "codecommit:CreateCommit", "*", when={**main, "ArnNotLike": {"aws:PrincipalArn": launch}}),
        deny("DenyMerge", "codecommit:MergePullRequest*", "*", when={"ArnNotLike": {"aws:PrincipalArn": engineers}}),
        deny(
            "DenyOverride",
            [
                "codecommit:DeletePullRequestApprovalRule",
                "codecommit:OverridePullRequestApprovalRules",
                "codecommit:UpdatePullRequestApprovalRuleContent",
            ],
            "*",
        ),
    ]
