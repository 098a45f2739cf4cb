"""Policies of the roles that make a project's things from its template: exactly the types of the two templates, named and tagged as ours.

The actions are those that the handlers of CloudFormation's resource schemas list for what the templates use (`tests` hold them against each
other); neither role writes anything of IAM.
"""

from collections.abc import Mapping, Sequence

from components.documents import Conditions, Document, Statement, allow, document
from components.documents.buckets import READ
from components.documents.roles import parts
from components.documents.roles.projects import BUILD_LOGS
from components.environment import Environment
from components.names import PROJECT_BUCKET_PREFIX, Bucket, Key, Role

Passes = Mapping[str, Sequence[Role]]
"""Service -> the roles that it is given."""

_EVERY: Passes = {"events": [Role.EVENTS], "sagemaker": [Role.FEATURE_STORE]}
_BUILD: Passes = {**_EVERY, "codebuild": [Role.BUILD], "codepipeline": [Role.BUILD_PIPELINE]}
_ALL: Passes = {
    **_EVERY,
    "codebuild": [Role.BUILD, Role.RELEASE, Role.TEST],
    "codepipeline": [Role.BUILD_PIPELINE, Role.DEPLOY_PIPELINE],
}


def products(environment: Environment, account: str) -> Document:
    """Make what both templates describe, for Service Catalog.

    Source: Service Catalog administrator guide, "Step 6: Add a launch constraint to assign an IAM role".
    """
    stacks = environment.names.arn("cloudformation", "stack/SC-*", account=account)
    return document(
        allow(
            "Stacks",
            [
                "cloudformation:CreateStack",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStacks",
                "cloudformation:SetStackPolicy",
                "cloudformation:TagResource",
                "cloudformation:UntagResource",
                "cloudformation:UpdateStack",
            ],
            stacks,
        ),
        # Asked about a template that is no stack yet.
        allow("CheckTemplates", ["cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"], "*"),
        # Service Catalog keeps templates in a bucket of its own, whose name is not documented; what is in ours does not count.
        allow(
            "ReadProductTemplate",
            "s3:GetObject",
            f"arn:{environment.names.partition}:s3:::*/*",
            when={
                "StringEquals": {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"},
                "StringNotEquals": {"aws:ResourceAccount": account},
            },
        ),
        *_project(environment, account, _ALL),
    )


def s3_front(environment: Environment, account: str) -> Document:
    """Make what the build template describes, for CloudFormation; no role of a deployment, because any template may be brought here."""
    return document(
        parts.objects("ReadTemplate", environment, account, Bucket.TEMPLATES, READ, ["*"]),
        *_project(environment, account, _BUILD),
    )


def _project(environment: Environment, account: str, passes: Passes) -> list[Statement]:
    names = environment.names
    return [
        parts.objects("ReadSeed", environment, account, Bucket.ARTIFACTS, READ, ["seed/*"]),
        parts.read_data_key(environment, account),
        # What CloudFormation asks for a template's parameters of an SSM type, and for dynamic references.
        allow(
            "ReadParameters",
            "ssm:GetParameters",
            names.arn("ssm", f"parameter{names.parameter('*')}", account=account),
        ),
        *_code(environment, account),
        _bucket(environment),
        *_sagemaker(environment, account),
        *_stores(environment, account),
        *_rules(environment, account),
        *_log_groups(environment, account),
        allow(
            "CustomResources",
            "lambda:InvokeFunction",
            names.arn("lambda", f"function:{names.project_function}", account=account),
        ),
        *(
            parts.pass_roles(
                environment, account, roles, f"{service}.amazonaws.com", sid=f"Pass{service.capitalize()}Roles"
            )
            for service, roles in passes.items()
        ),
        allow("FindRoles", "iam:GetRole", _patterns(environment, account, passes)),
    ]


def _patterns(environment: Environment, account: str, passes: Passes) -> list[str]:
    """The roles that are passed, to look at: room is scarce, so all of ours in one pattern and existing ones by name."""
    names = environment.names
    existing = [
        names.role_arn(role, account)
        for roles in passes.values()
        for role in roles
        if role.value in names.existing_roles
    ]
    return [names.arn("iam", f"role/{names.prefix}-*", account=account, region=""), *existing]


def _code(environment: Environment, account: str) -> list[Statement]:
    """Repository, pipelines and builds, all named as a project's."""
    names = environment.names
    return [
        allow(
            "Repositories",
            [
                "codecommit:CreateCommit",
                "codecommit:CreateRepository",
                "codecommit:DeleteRepository",
                "codecommit:GetRepository",
                "codecommit:GetRepositoryTriggers",
                "codecommit:ListTagsForResource",
                "codecommit:TagResource",
                "codecommit:UntagResource",
                "codecommit:UpdateRepositoryDescription",
            ],
            names.arn("codecommit", parts.PROJECT, account=account),
        ),
        allow("FindRepositories", "codecommit:ListRepositories", "*"),  # takes no resource
        allow(
            "Pipelines",
            [
                "codepipeline:CreatePipeline",
                "codepipeline:DeletePipeline",
                "codepipeline:GetPipeline",
                "codepipeline:GetPipelineState",
                "codepipeline:ListTagsForResource",
                "codepipeline:TagResource",
                "codepipeline:UntagResource",
                "codepipeline:UpdatePipeline",
            ],
            names.arn("codepipeline", parts.PROJECT, account=account),
        ),
        *(
            allow(
                f"PassConnections{index}",
                f"{service}:PassConnection",
                names.arn(service, "connection/*", account=account),
                when={"StringEquals": {f"{service}:PassedToService": "codepipeline.amazonaws.com"}},
            )
            for index, service in enumerate(parts.CONNECTIONS, start=1)
        ),
        allow(
            "Builds",
            [
                "codebuild:BatchGetProjects",
                "codebuild:CreateProject",
                "codebuild:DeleteProject",
                "codebuild:UpdateProject",
            ],
            names.arn("codebuild", f"project/{parts.PROJECT}", account=account),
        ),
    ]


def _bucket(environment: Environment) -> Statement:
    """The project's own bucket; of its objects nothing."""
    return allow(
        "Bucket",
        [
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:DeleteBucketPolicy",
            # Reads of what a bucket is set to: handlers read all of it.
            "s3:Get*Configuration",
            "s3:GetBucket*",
            "s3:ListBucket",
            "s3:ListTagsForResource",
            "s3:PutBucketLogging",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:TagResource",
            "s3:UntagResource",
        ],
        f"arn:{environment.names.partition}:s3:::{PROJECT_BUCKET_PREFIX}*",
    )


def _sagemaker(environment: Environment, account: str) -> list[Statement]:
    """Code repository, model package group and feature group: what carries a project's tag."""
    names = environment.names
    code, group, features = (
        names.arn("sagemaker", what, account=account)
        for what in (f"code-repository/{parts.PROJECT}", "model-package-group/*", "feature-group/*")
    )
    ours = [code, group, features]
    return [
        allow(
            "Create",
            ["sagemaker:CreateCodeRepository", "sagemaker:CreateFeatureGroup", "sagemaker:CreateModelPackageGroup"],
            ours,
            when={"Null": {f"aws:RequestTag/{parts.PROJECT_TAG}": "false"}},
        ),
        parts.tag_on("New", ours, ["CreateCodeRepository", "CreateFeatureGroup", "CreateModelPackageGroup"]),
        # Also asked of what is not there yet.
        allow(
            "Find",
            [
                "sagemaker:DescribeCodeRepository",
                "sagemaker:DescribeFeatureGroup",
                "sagemaker:DescribeModelPackageGroup",
                "sagemaker:GetModelPackageGroupPolicy",
                "sagemaker:ListTags",
            ],
            ours,
        ),
        allow(
            "Change",
            [
                "sagemaker:AddTags",
                "sagemaker:DeleteCodeRepository",
                "sagemaker:DeleteFeatureGroup",
                "sagemaker:DeleteModelPackageGroup",
                "sagemaker:DeleteModelPackageGroupPolicy",
                "sagemaker:DeleteTags",
                "sagemaker:PutModelPackageGroupPolicy",
                "sagemaker:UpdateCodeRepository",
                "sagemaker:UpdateFeatureGroup",
            ],
            ours,
            when=parts.of_a_project(),
        ),
    ]


def _stores(environment: Environment, account: str) -> list[Statement]:
    """CreateFeatureGroup's documented list for an online store under one's own key."""
    storage, by_alias = parts.key(environment, account, Key.STORAGE)
    return [
        *parts.use_storage_key(environment, account),
        allow(
            "CreateStores",
            ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:RetireGrant"],
            storage,
            when=by_alias,
        ),
    ]


def _rules(environment: Environment, account: str) -> list[Statement]:
    """Event rules on the account's own bus and on the alarms' bus; they start pipelines and nothing else."""
    names = environment.names
    rules = [names.arn("events", f"rule/{bus}{parts.PROJECT}", account=account) for bus in ("", f"{names.event_bus}/")]
    pipelines: Conditions = {
        "ForAllValues:ArnLike": {
            "events:TargetArn": [
                names.arn("codepipeline", parts.PROJECT, account=account),
                names.arn("sagemaker", "pipeline/*", account=account),
            ]
        }
    }
    return [
        allow(
            "Rules",
            [
                "events:DeleteRule",
                "events:DescribeRule",
                "events:ListTagsForResource",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:RemoveTargets",
                "events:TagResource",
                "events:UntagResource",
            ],
            rules,
        ),
        allow("RuleTargets", "events:PutTargets", rules, when=pipelines),
    ]


def _log_groups(environment: Environment, account: str) -> list[Statement]:
    """Log groups of the builds, under the logs key."""
    names = environment.names
    key, by_alias = parts.key(environment, account, Key.LOGS)
    group = names.arn("logs", f"log-group:{BUILD_LOGS}", account=account)
    return [
        allow(
            "LogGroups",
            [
                "logs:AssociateKmsKey",
                "logs:CreateLogGroup",
                "logs:DeleteLogGroup",
                "logs:DeleteRetentionPolicy",
                "logs:GetDataProtectionPolicy",
                "logs:ListTagsForResource",
                "logs:PutRetentionPolicy",
                "logs:TagResource",
                "logs:UntagResource",
            ],
            [group, f"{group}:*"],
        ),
        allow(
            "FindLogGroups",
            ["logs:DescribeIndexPolicies", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies"],
            "*",  # asked for a prefix
        ),
        allow("DescribeLogsKey", "kms:DescribeKey", key, when=by_alias),
    ]
