"""Policies of the roles that the projects' pipelines and builds work under (access-model.md 4b); all projects share them."""

from collections.abc import Sequence

from components.documents import Conditions, Document, Statement, allow, document
from components.documents.buckets import BASELINE_PREFIX, READ, TAG_WRITES
from components.documents.roles import parts
from components.environment import Environment
from components.names import PROJECT_BUCKET_PREFIX, Bucket, Key, Role

BUILD_LOGS = f"/aws/codebuild/{parts.PROJECT}"
"""Log groups of the projects' builds; the templates make them, with our key and retention."""

MODEL_PREFIX = "*/models/*"
"""Where a project keeps its models in the models bucket: `<project>/models/`."""


def build(environment: Environment, account: str) -> Document:
    """Upload code, define the project's SageMaker pipelines and start them."""
    pipelines = environment.names.arn("sagemaker", "pipeline/*", account=account)
    return document(
        *_build_base(environment, account),
        # Who wrote a commit: no pipeline variable of CodeCommit says so.
        allow(
            "ReadCommits", "codecommit:GetCommit", environment.names.arn("codecommit", parts.PROJECT, account=account)
        ),
        # Before a pipeline is there it has no tags to ask for.
        allow("FindPipelines", ["sagemaker:DescribePipeline", "sagemaker:ListTags"], pipelines),
        *parts.define_pipelines(environment, account, ["StartPipelineExecution", "UpdatePipeline"]),
        parts.pass_roles(environment, account, [Role.PIPELINE, Role.INGESTION_PIPELINE]),
        parts.objects(
            "UploadCode",
            environment,
            account,
            Bucket.ARTIFACTS,
            ["s3:AbortMultipartUpload", "s3:PutObject"],
            ["code/*"],
        ),
    )


def release(environment: Environment, account: str) -> Document:
    """Choose a version, mark its artifacts as approved, ask the targets, record deployments; never approve."""
    names = environment.names
    packages = [
        names.arn("sagemaker", f"{what}/*", account=account) for what in ("model-package", "model-package-group")
    ]
    models = [MODEL_PREFIX, BASELINE_PREFIX]
    return document(
        *_build_base(environment, account),
        allow(
            "ReadRegistry",
            [
                "sagemaker:DescribeModelPackage",
                "sagemaker:DescribeModelPackageGroup",
                "sagemaker:ListModelPackages",
                "sagemaker:ListTags",
            ],
            packages,
        ),
        allow(
            "RecordDeployments",
            "sagemaker:UpdateModelPackage",
            names.arn("sagemaker", "model-package/*", account=account),
            when=_no_decision(),
        ),
        parts.objects("ReadModels", environment, account, Bucket.MODELS, [*READ, *_TAG_READS], models),
        parts.objects("MarkApproved", environment, account, Bucket.MODELS, TAG_WRITES, models),
        parts.listing("ListModels", environment, account, Bucket.MODELS, models),
        parts.objects("ReadRules", environment, account, Bucket.ARTIFACTS, READ, ["rules/*"]),
        allow(
            "ReadStackSets",
            [
                "cloudformation:DescribeStackSet",
                "cloudformation:ListStackInstances",
                "cloudformation:ListStackSetOperations",
            ],
            names.arn("cloudformation", f"stackset/{parts.PROJECT}", account=account),
        ),
        # An image's digest, where the registry has not noted it; its owner allows this with pulling.
        allow("FindImages", "ecr:BatchGetImage", parts.repositories_of(environment, account)),
        _take("TakeCheckRoles", environment, Role.DEPLOYMENT_CHECK),
    )


def test(environment: Environment, account: str) -> Document:
    """Test endpoints, under the role of the account that each is in."""
    return document(*_build_base(environment, account), _take("TakeTestRoles", environment, Role.ENDPOINT_TEST))


def build_pipeline(environment: Environment, account: str) -> Document:
    """Fetch the source and run the build."""
    return document(*_pipeline_base(environment, account, ["build"]))


def deploy_pipeline(environment: Environment, account: str) -> Document:
    """Fetch the source, run release and test builds, ask for approval, deploy by stack sets."""
    names = environment.names
    administration = names.role_arn(Role.STACK_SET_ADMINISTRATION, account)
    stack_sets = names.arn("cloudformation", f"stackset/{parts.PROJECT}", account=account)
    logs_key, by_alias = parts.key(environment, account, Key.LOGS)
    through: Conditions = {
        **by_alias,
        "StringEquals": {"kms:ViaService": f"sns.{names.region}.{names.dns_suffix}"},
    }
    return document(
        *_pipeline_base(environment, account, ["release", "test"]),
        allow(
            "CreateStackSets",
            "cloudformation:CreateStackSet",
            "*",  # takes no resource; its stacks are made by the role that it names:
            when={"ArnEqualsIfExists": {"cloudformation:RoleArn": administration}},
        ),
        allow(
            "StackSets",
            [
                "cloudformation:CreateStackInstances",
                "cloudformation:DescribeStackSet",
                "cloudformation:DescribeStackSetOperation",
                "cloudformation:ListStackInstances",
                "cloudformation:TagResource",
                "cloudformation:UpdateStackInstances",
                "cloudformation:UpdateStackSet",
            ],
            stack_sets,
        ),
        # The same calls ask for the accounts and the types too; both are bound by the execution roles' policies.
        allow(
            "StackSetTargets",
            [
                "cloudformation:CreateStackInstances",
                "cloudformation:UpdateStackInstances",
                "cloudformation:UpdateStackSet",
            ],
            [
                names.arn("cloudformation", "stackset-target/*", account=account),
                names.arn("cloudformation", "type/resource/*", account="*"),
            ],
        ),
        parts.pass_roles(environment, account, [Role.STACK_SET_ADMINISTRATION], "cloudformation.amazonaws.com"),
        allow("AskForApproval", "sns:Publish", names.arn("sns", names.approvals_topic, account=account)),
        allow("UseTopicKey", ["kms:Decrypt", "kms:GenerateDataKey*"], logs_key, when=through),
    )


def project_function(environment: Environment, account: str) -> Document:
    """Attach the approval rule to a project's repository, offer seed code there (never on main), look a model package group up."""
    names = environment.names
    return document(
        allow(
            "AttachApprovalRule",
            "codecommit:AssociateApprovalRuleTemplateWithRepository",
            names.arn("codecommit", parts.PROJECT, account=account),
        ),
        allow(
            "OfferSeed",
            ["codecommit:CreateBranch", "codecommit:CreateCommit", "codecommit:GetBranch", "codecommit:GetFolder"],
            names.arn("codecommit", parts.PROJECT, account=account),
        ),
        allow(
            "FindGroups",
            ["sagemaker:DescribeModelPackageGroup", "sagemaker:ListTags"],
            names.arn("sagemaker", "model-package-group/*", account=account),
        ),
        parts.write_logs(environment, account, [f"/aws/lambda/{names.project_function}"]),
    )


def hook(environment: Environment, account: str) -> Document:
    """Write the own logs: the hook's function reads what CloudFormation sends it, and nothing else."""
    return document(parts.write_logs(environment, account, [f"/aws/lambda/{environment.names.hook_function}"]))


def hook_execution(environment: Environment, account: str) -> Document:
    """Call the hook's function."""
    names = environment.names
    function = names.arn("lambda", f"function:{names.hook_function}", account=account)
    return document(allow("CallHook", "lambda:InvokeFunction", [function, f"{function}:*"]))


_TAG_READS = ("s3:GetObjectTagging", "s3:GetObjectVersionTagging")

_REGISTERED = ("artifact_sha256", "commit_author", "source_identity")
"""Metadata of a version that says what was trained and by whom: written at registration, and never again."""


def _no_decision() -> Conditions:
    """A request without a decision, which leaves as it is what the decision relied on: not sent, or sent as it was.

    Whether an update replaces the metadata or adds to it is not documented, so both ways to keep it are open.
    """
    return {
        "Null": {"sagemaker:ModelApprovalStatus": "true", "sagemaker:CustomerMetadataPropertiesToRemove": "true"},
        "StringEqualsIfExists": {
            f"sagemaker:CustomerMetadataProperties/{key}": f"${{sagemaker:CurrentCustomerMetadataProperties/{key}}}"
            for key in _REGISTERED
        },
    }


def _take(sid: str, environment: Environment, role: Role) -> Statement:
    """Take a role of the environment's accounts; by organisation, whose accounts would not fit, the role's own trust asks for the rest."""
    where: Conditions = {
        "StringEquals": {"aws:ResourceOrgID": environment.organization}
        if environment.organization
        else {"aws:ResourceAccount": list(environment.accounts)}
    }
    return allow(sid, "sts:AssumeRole", environment.names.role_arn(role, "*"), when=where)


def _build_base(environment: Environment, account: str) -> list[Statement]:
    """What CodeBuild does with a role that builds in our subnets for a pipeline, and what every build of ours reads.

    Source: CodeBuild user guide, "Allow CodeBuild to interact with other AWS services" and "Allow a CodeBuild service role to create network
    interfaces".
    """
    names = environment.names
    interface = names.arn("ec2", "network-interface/*", account=account)
    return [
        parts.in_our_network(environment, account),
        allow("Interfaces", ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"], interface),
        allow(
            "LendInterfaces",
            "ec2:CreateNetworkInterfacePermission",
            interface,
            when={"StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"}},
        ),
        parts.describe_network(),
        parts.write_logs(environment, account, [BUILD_LOGS]),
        *_project_bucket(environment, account, ["s3:GetBucketAcl", "s3:GetBucketLocation"]),
        parts.use_data_key(environment, account),
        *parts.packages(environment, account),
        parts.parameters(environment, account),
    ]


def _pipeline_base(environment: Environment, account: str, builds: Sequence[str]) -> list[Statement]:
    """What CodePipeline does with a role: source, artifacts, builds.

    Source: CodePipeline user guide, "Manage the CodePipeline service role", "CodeCommit source action reference", "CodeStarSourceConnection".
    """
    names = environment.names
    return [
        allow(
            "FetchSource",
            [
                "codecommit:CancelUploadArchive",
                "codecommit:GetBranch",
                "codecommit:GetCommit",
                "codecommit:GetRepository",
                "codecommit:GetUploadArchiveStatus",
                "codecommit:UploadArchive",
            ],
            names.arn("codecommit", parts.PROJECT, account=account),
        ),
        allow(
            "UseConnections",
            [f"{service}:UseConnection" for service in parts.CONNECTIONS],
            [names.arn(service, "connection/*", account=account) for service in parts.CONNECTIONS],
        ),
        allow(
            "RunBuilds",
            ["codebuild:BatchGetBuilds", "codebuild:StartBuild"],
            [names.arn("codebuild", f"project/{parts.PROJECT}-{build}", account=account) for build in builds],
        ),
        *_project_bucket(environment, account, ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"]),
        parts.use_data_key(environment, account),
    ]


def _project_bucket(environment: Environment, account: str, look: Sequence[str]) -> list[Statement]:
    """Artifacts in a project's bucket; nobody else's bucket of such a name counts."""
    arn = f"arn:{environment.names.partition}:s3:::{PROJECT_BUCKET_PREFIX}*"
    ours: Conditions = {"StringEquals": {"aws:ResourceAccount": account}}
    return [
        allow("UseProjectBucket", [*READ, "s3:PutObject"], f"{arn}/*", when=ours),
        allow("FindProjectBucket", look, arn, when=ours),
    ]
