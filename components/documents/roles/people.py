"""Policies of the sign-in roles and of Studio's execution roles: what people may do."""

from collections.abc import Sequence

from components.documents import Conditions, Document, Statement, allow, deny, document
from components.documents.buckets import READ
from components.documents.roles import parts
from components.environment import Environment
from components.names import Bucket, Role

_STUDIO_LOGS = "/aws/sagemaker/studio"
_READ_REGISTRY = (
    "sagemaker:BatchDescribeModelPackage",
    "sagemaker:DescribeModelPackage",
    "sagemaker:DescribeModelPackageGroup",
    "sagemaker:ListModelPackages",
)
_NAMED_PROFILE = "user-profile/*/${aws:SourceIdentity}"
"""The profile of who signed in: its name is the source identity that `trust.person` demands."""

_OWN_PROFILE = "user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}"
"""The profile that a Studio session belongs to; AWS's own AmazonSageMakerFullAccess names it so."""


def open_studio(environment: Environment, endpoint_ids: Sequence[str]) -> Document:
    """Open one's own Studio profile: through our SageMaker API endpoint, or from configured address blocks.

    Args:
        environment: The environment.
        endpoint_ids: Ids of the SageMaker API endpoints of the development account; not used with address blocks.
    """
    names, account = environment.names, environment.development
    where: Conditions = (
        {"StringEquals": {"aws:SourceVpce": list(endpoint_ids)}}
        if environment.studio_access == "vpc"
        else {"IpAddress": {"aws:SourceIp": list(environment.studio_access)}}
    )
    return document(
        allow(
            "OpenStudio",
            "sagemaker:CreatePresignedDomainUrl",
            names.arn("sagemaker", _NAMED_PROFILE, account=account),
            when=where,
        ),
    )


def sign_in(environment: Environment, account: str) -> Document:
    """DataScientist and MLEngineer: find the domain; `open_studio` lets them in. The work is done by Studio's roles."""
    studio = [environment.names.arn("sagemaker", f"{what}/*", account=account) for what in ("domain", "user-profile")]
    return document(
        allow("FindStudio", ["sagemaker:DescribeDomain", "sagemaker:DescribeUserProfile"], studio), _list_studio()
    )


def model_approver(environment: Environment, account: str) -> Document:
    """Approve or reject model versions and deployments; see the registry."""
    names = environment.names
    packages = [
        names.arn("sagemaker", f"{what}/*", account=account) for what in ("model-package", "model-package-group")
    ]
    return document(
        allow(
            "DecideModels",
            "sagemaker:UpdateModelPackage",
            names.arn("sagemaker", "model-package/*", account=account),
            when={"StringEquals": {"sagemaker:ModelApprovalStatus": ["Approved", "Rejected"]}},
        ),
        allow("ReadRegistry", _READ_REGISTRY, packages),
        allow("ListRegistry", "sagemaker:ListModelPackageGroups", "*"),  # takes no resource
        allow(
            "DecideDeployments",
            "codepipeline:PutApprovalResult",
            names.arn("codepipeline", f"{parts.PROJECT}/*/*", account=account),
        ),
        allow(
            "ReadDeployments",
            ["codepipeline:GetPipeline", "codepipeline:GetPipelineExecution", "codepipeline:GetPipelineState"],
            names.arn("codepipeline", parts.PROJECT, account=account),
        ),
        allow("ListDeployments", "codepipeline:ListPipelines", "*"),  # takes no narrower resource in the console's list
    )


def platform_administrator(environment: Environment, account: str) -> Document:
    """Profiles, spaces, applications, packages, and the removal of deployments; no data, and no way into Studio."""
    names = environment.names
    studio = [
        names.arn("sagemaker", f"{what}/*", account=account) for what in ("app", "domain", "space", "user-profile")
    ]
    return document(
        allow(
            "ManageStudio",
            [f"sagemaker:{verb}{what}" for what in ("App", "Space", "UserProfile") for verb in ("Delete", "Describe")]
            + [
                "sagemaker:CreateUserProfile",
                "sagemaker:UpdateUserProfile",
                "sagemaker:DescribeDomain",
                "sagemaker:ListTags",
            ],
            studio,
        ),
        allow(
            "TagProfiles",
            "sagemaker:AddTags",
            names.arn("sagemaker", "user-profile/*", account=account),
            when={"StringEquals": {"sagemaker:TaggingAction": "CreateUserProfile"}},
        ),
        _list_studio(),
        parts.pass_roles(environment, account, [Role.DATA_SCIENTIST_STUDIO, Role.ML_ENGINEER_STUDIO]),
        allow(
            "PublishPackages",
            [
                "codeartifact:DescribePackageVersion",
                "codeartifact:ListPackageVersionAssets",
                "codeartifact:ListPackageVersions",
                "codeartifact:ListPackages",
                "codeartifact:PublishPackageVersion",
                "codeartifact:PutPackageMetadata",
                "codeartifact:UpdatePackageVersionsStatus",
            ],
            [
                names.arn("codeartifact", f"{what}/{names.prefix}*", account=account)
                for what in ("repository", "package")
            ],
        ),
        *parts.packages(environment, account),
        # What a project deployed stays when the project goes: whoever cleans up removes it from the accounts.
        allow(
            "RemoveDeployments",
            [
                "cloudformation:DeleteStackInstances",
                "cloudformation:DeleteStackSet",
                "cloudformation:DescribeStackSet",
                "cloudformation:DescribeStackSetOperation",
                "cloudformation:ListStackInstances",
            ],
            names.arn("cloudformation", f"stackset/{parts.PROJECT}", account=account),
        ),
        allow(
            "RemoveFromTargets",
            "cloudformation:DeleteStackInstances",
            # Asked for the accounts and the types too; the execution roles' policies bind both.
            [
                names.arn("cloudformation", "stackset-target/*", account=account),
                names.arn("cloudformation", "type/resource/*", account="*"),
            ],
        ),
    )


def auditor(environment: Environment, account: str) -> Document:
    """Configuration, logs and registry; no data: the only objects are access logs."""
    names = environment.names
    log_groups = [names.arn("logs", f"log-group:{group}*", account=account) for group in ("/aws/", f"/{names.prefix}/")]
    return document(
        # Reads of configuration, none of data; most take no resource.
        allow(
            "ReadConfiguration",
            [
                "cloudformation:Describe*",
                "cloudtrail:LookupEvents",
                "cloudwatch:DescribeAlarms",
                "codebuild:BatchGetProjects",
                "codepipeline:GetPipelineState",
                "codepipeline:ListPipelines",
                "ec2:Describe*",
                "events:DescribeRule",
                "events:ListRules",
                "iam:Get*",
                "iam:List*",
                "kms:DescribeKey",
                "kms:GetKeyPolicy",
                "kms:GetKeyRotationStatus",
                "kms:ListAliases",
                "kms:ListGrants",
                "kms:ListKeys",
                "logs:DescribeLogGroups",
                "s3:GetBucket*",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:ListAllMyBuckets",
                "sagemaker:Describe*",
                "sagemaker:GetModelPackageGroupPolicy",
                "sagemaker:List*",
                "servicecatalog:Describe*",
                "servicecatalog:List*",
            ],
            "*",
        ),
        allow(
            "ReadLogs",
            [
                "logs:DescribeLogStreams",
                "logs:FilterLogEvents",
                "logs:GetLogEvents",
                "logs:GetQueryResults",
                "logs:StartQuery",
            ],
            log_groups,
        ),
        parts.objects("ReadAccessLogs", environment, account, Bucket.LOGS, READ, ["*"]),
        allow("ListAccessLogs", "s3:ListBucket", names.bucket_arn(Bucket.LOGS, account)),
        parts.parameters(environment, account),
    )


def data_scientist_studio(environment: Environment, account: str) -> Document:
    """Own spaces, own projects: code, pipelines, input data."""
    return document(*_studio(environment, account))


def ml_engineer_studio(environment: Environment, account: str) -> Document:
    """The data scientist's, merging of approved pull requests, and Studio's S3 front when it is on."""
    return document(
        *_studio(environment, account),
        allow(
            "MergePullRequests",
            [
                "codecommit:MergePullRequestByFastForward",
                "codecommit:MergePullRequestBySquash",
                "codecommit:MergePullRequestByThreeWay",
                "codecommit:UpdatePullRequestApprovalState",
            ],
            environment.names.arn("codecommit", parts.PROJECT, account=account),
        ),
        *(_s3_front(environment, account) if environment.s3_front else []),
    )


def _s3_front(environment: Environment, account: str) -> list[Statement]:
    """Make a project of a template in S3: SageMaker makes the stack for the caller, CloudFormation its things under the launch role.

    CreateProject takes any template address, and whether CloudFormation is asked with that address is not documented: if so, it is ours.
    Sources: SageMaker developer guide, "Create custom project templates"; its sample's permissions for stacks `SP-*`.
    """
    names = environment.names
    launch = names.role_arn(Role.S3_FRONT_LAUNCH, account)
    stacks = names.arn("cloudformation", "stack/SP-*", account=account)
    bucket, host = names.bucket(Bucket.TEMPLATES, account), f"s3.{names.region}.{names.dns_suffix}"
    return [
        parts.objects("ReadTemplates", environment, account, Bucket.TEMPLATES, [*READ, "s3:GetObjectTagging"], ["*"]),
        allow("ListTemplates", "s3:ListBucket", names.bucket_arn(Bucket.TEMPLATES, account)),
        allow(
            "MakeStacks",
            ["cloudformation:CreateStack", "cloudformation:UpdateStack"],
            stacks,
            when={
                "ArnEquals": {"cloudformation:RoleArn": launch},
                "StringLikeIfExists": {
                    "cloudformation:TemplateUrl": [f"https://{bucket}.{host}/*", f"https://{host}/{bucket}/*"]
                },
            },
        ),
        allow(
            "KeepStacks",
            [
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStacks",
                "cloudformation:TagResource",
                "cloudformation:UntagResource",
            ],
            stacks,
        ),
        parts.pass_roles(
            environment, account, [Role.S3_FRONT_LAUNCH], "cloudformation.amazonaws.com", sid="PassLaunchRole"
        ),
    ]


def _delivery(environment: Environment, account: str) -> list[Statement]:
    """See how one's projects are built, released and deployed: states and logs, no artifacts."""
    names = environment.names
    return [
        allow(
            "SeePipelines",
            [
                "codepipeline:GetPipeline",
                "codepipeline:GetPipelineExecution",
                "codepipeline:GetPipelineState",
                "codepipeline:ListActionExecutions",
                "codepipeline:ListPipelineExecutions",
            ],
            names.arn("codepipeline", parts.PROJECT, account=account),
        ),
        allow(
            "SeeBuilds",
            ["codebuild:BatchGetBuilds", "codebuild:BatchGetProjects", "codebuild:ListBuildsForProject"],
            names.arn("codebuild", f"project/{parts.PROJECT}", account=account),
        ),
        allow(
            "SeeStackSets",
            [
                "cloudformation:DescribeStackSet",
                "cloudformation:DescribeStackSetOperation",
                "cloudformation:ListStackInstances",
                "cloudformation:ListStackSetOperations",
            ],
            names.arn("cloudformation", f"stackset/{parts.PROJECT}", account=account),
        ),
    ]


def _list_studio() -> Statement:
    return allow(
        "ListStudio",
        ["sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"],
        "*",  # lists take no narrower resource
    )


def _studio(environment: Environment, account: str) -> list[Statement]:
    """What both Studio roles may do; the boundary refuses approval and main, the guards foreign networks and keys."""
    names = environment.names

    def sagemaker(what: str) -> str:
        return names.arn("sagemaker", f"{what}/*", account=account)

    own: Conditions = {
        "ArnLike": {"sagemaker:OwnerUserProfileArn": names.arn("sagemaker", _OWN_PROFILE, account=account)},
        "StringEquals": {"sagemaker:SpaceSharingType": "Private"},
    }
    return [
        allow(
            "OwnSpaces",
            [f"sagemaker:{verb}{what}" for what in ("App", "Space") for verb in ("Create", "Delete")]
            + ["sagemaker:UpdateSpace"],
            [sagemaker("app"), sagemaker("space")],
            when=own,
        ),
        parts.tag_on("Spaces", [sagemaker("app"), sagemaker("space")], ["CreateApp", "CreateSpace"]),
        # Descriptions and lists, no data: jobs, models, metrics, the registry. Lists and Search take no resource.
        allow(
            "ReadStudio",
            ["sagemaker:BatchGetMetrics", "sagemaker:Describe*", "sagemaker:List*", "sagemaker:Search"],
            "*",
        ),
        *parts.define_pipelines(
            environment,
            account,
            [
                "DeletePipeline",
                "RetryPipelineExecution",
                "StartPipelineExecution",
                "StopPipelineExecution",
                "UpdatePipeline",
            ],
        ),
        # An update need not name the pipeline's role, so not passing that role does not keep its definition from being replaced.
        deny(
            "KeepIngestionPipelines",
            ["sagemaker:CreatePipeline", "sagemaker:DeletePipeline", "sagemaker:UpdatePipeline"],
            names.arn("sagemaker", parts.INGESTION_PIPELINES, account=account),
        ),
        parts.pass_roles(environment, account, [Role.PIPELINE]),
        allow(
            "Projects",
            ["sagemaker:CreateProject", "sagemaker:DeleteProject", "sagemaker:UpdateProject"],
            sagemaker("project"),
        ),
        parts.tag_on("Projects", [sagemaker("project")], ["CreateProject"]),
        # A product is provisioned only by who its portfolio is shared with: ours.
        allow(
            "FindProducts", ["servicecatalog:SearchProducts", "servicecatalog:SearchProvisionedProducts"], "*"
        ),  # no resource
        allow(
            "Provision",
            [
                "servicecatalog:DescribeProduct",
                "servicecatalog:DescribeProvisioningArtifact",
                "servicecatalog:DescribeProvisioningParameters",
                "servicecatalog:ListLaunchPaths",
                "servicecatalog:ListProvisioningArtifacts",
                "servicecatalog:ProvisionProduct",
            ],
            f"arn:{names.partition}:catalog:{names.region}:{account}:product/*",
        ),
        allow(
            "ManageProvisioned",
            [
                "servicecatalog:DescribeProvisionedProduct",
                "servicecatalog:DescribeRecord",
                "servicecatalog:TerminateProvisionedProduct",
                "servicecatalog:UpdateProvisionedProduct",
            ],
            "*",  # takes no narrower resource; one's own only:
            when={"StringEquals": {"servicecatalog:userLevel": "self"}},
        ),
        allow(
            "Code",
            [
                "codecommit:BatchGet*",
                "codecommit:CreateBranch",
                "codecommit:CreateCommit",
                "codecommit:CreatePullRequest",
                "codecommit:DeleteBranch",
                "codecommit:EvaluatePullRequestApprovalRules",
                "codecommit:Get*",  # reads of a repository and its pull requests
                "codecommit:GitPull",
                "codecommit:GitPush",
                "codecommit:ListBranches",
                "codecommit:ListFileCommitHistory",
                "codecommit:ListPullRequests",
                "codecommit:PostCommentForPullRequest",
                "codecommit:UpdatePullRequestDescription",
                "codecommit:UpdatePullRequestStatus",
                "codecommit:UpdatePullRequestTitle",
            ],
            names.arn("codecommit", parts.PROJECT, account=account),
        ),
        allow("FindCode", "codecommit:ListRepositories", "*"),  # takes no resource
        parts.objects("ReadData", environment, account, Bucket.DATA, READ, ["*/input/*", "results/*"]),
        parts.objects(
            "WriteInput", environment, account, Bucket.DATA, ["s3:AbortMultipartUpload", "s3:PutObject"], ["*/input/*"]
        ),
        parts.listing("ListData", environment, account, Bucket.DATA, ["*/input/*", "results/*"]),
        parts.use_data_key(environment, account),
        *parts.use_storage_key(environment, account),
        *parts.packages(environment, account),
        parts.write_logs(environment, account, [_STUDIO_LOGS]),
        allow(
            "ReadLogs",
            ["logs:DescribeLogStreams", "logs:GetLogEvents"],
            [
                names.arn("logs", f"log-group:{group}", account=account)
                for group in ("/aws/sagemaker/*", f"/aws/codebuild/{parts.PROJECT}")
            ],
        ),
        *_delivery(environment, account),
        parts.parameters(environment, account),
        *(_experiments(environment, account) if environment.experiment_tracking else []),
    ]


def _experiments(environment: Environment, account: str) -> list[Statement]:
    """Use the MLflow App: its API and its page."""
    return [
        allow(
            "Experiments",
            ["sagemaker:CallMlflowAppApi", "sagemaker:CreatePresignedMlflowAppUrl", "sagemaker:DescribeMlflowApp"],
            environment.names.arn("sagemaker", "mlflow-app/*", account=account),
        )
    ]
