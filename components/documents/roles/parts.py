"""Statements that several roles share: a service's documented base, keys, buckets by prefix, passing roles."""

from collections.abc import Mapping, Sequence

from components.documents import Conditions, Statement, allow
from components.documents.buckets import READ
from components.documents.keys import CRYPTOGRAPHY
from components.environment import Environment
from components.names import ENVIRONMENT_TAG, Bucket, Key, Role
from components.registries import repositories

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
SAGEMAKER = "sagemaker.amazonaws.com"

PROJECT = "sagemaker-*"
"""Start of the names of what a project's template makes: repositories, pipelines, builds."""

CONNECTIONS = ("codeconnections", "codestar-connections")
"""Both names of the service that connects source providers; an ARN may carry either."""

INGESTION_PIPELINES = "pipeline/*-ingestion"
"""Pipelines that work under IngestionPipelineRole, which is spared from isolation: only a project's build may define one."""

PROJECT_TAG = "sagemaker:project-id"
"""Key of the tag that everything of a project carries; SageMaker sets it on the project's Service Catalog product."""


def container_base(environment: Environment, account: str, log_groups: Sequence[str]) -> list[Statement]:
    """What SageMaker does with a role that runs containers in our subnets: network interfaces, image, own logs, metrics.

    Source: SageMaker developer guide, "CreateProcessingJob API: execution role permissions", and the same for training and models.
    """
    interface = environment.names.arn("ec2", "network-interface/*", account=account)
    return [
        in_our_network(environment, account),
        allow(
            "Interfaces",
            [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ],
            interface,
        ),
        describe_network(),
        *images(environment, account),
        write_logs(environment, account, log_groups),
        allow(
            "PutMetrics",
            "cloudwatch:PutMetricData",
            "*",  # takes no resource; the name space is the bound
            when={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "aws/sagemaker/*"]}},
        ),
    ]


def describe_network() -> Statement:
    """What a service looks at before it makes an interface."""
    return allow(
        "DescribeNetwork",
        [
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
        "*",  # EC2's Describe actions take no resource
    )


def in_our_network(environment: Environment, account: str) -> Statement:
    """Interfaces in our subnets and security groups only: an existing network's are listed, ours carry the environment's tag.

    No role of an environment can tag anything of EC2: the boundary leaves it out.
    """
    names = environment.names
    listed = environment.existing_networks.get(account)
    if listed:
        return allow(
            "InterfacesInOurNetwork",
            "ec2:CreateNetworkInterface",
            [names.arn("ec2", part, account=account) for part in listed],
        )
    return allow(
        "InterfacesInOurNetwork",
        "ec2:CreateNetworkInterface",
        [names.arn("ec2", f"{what}/*", account=account) for what in ("subnet", "security-group")],
        when={"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": names.prefix}},
    )


def write_logs(environment: Environment, account: str, log_groups: Sequence[str]) -> Statement:
    """Write to log groups; SageMaker makes a group that is missing."""
    return allow(
        "WriteLogs",
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        [
            environment.names.arn("logs", f"log-group:{group}{part}", account=account)
            for group in log_groups
            for part in ("", ":*")
        ],
    )


def images(environment: Environment, account: str) -> list[Statement]:
    """Pull images: what AWS publishes for SageMaker, and the account's own, which are named as ours or as a project's."""
    return [
        allow("SignInToImages", "ecr:GetAuthorizationToken", "*"),  # takes no resource
        allow("PullImages", PULL, repositories_of(environment, account)),
    ]


def repositories_of(environment: Environment, account: str) -> list[str]:
    """ARNs of the image repositories that an account uses."""
    names = environment.names
    published = [
        names.arn("ecr", f"repository/{repository}", account=owner) for owner, repository in repositories(names.region)
    ]
    own = [names.arn("ecr", f"repository/{start}", account=account) for start in (f"{names.prefix}-*", PROJECT)]
    return [*published, *own]


def key(environment: Environment, account: str, what: Key) -> tuple[str, Mapping[str, Mapping[str, str | list[str]]]]:
    """A key as resource and conditions of a statement: AWS invents its id, so all keys of the account that have our alias."""
    existing = environment.existing_keys.get(account, {}).get(what.value)
    if existing:
        return existing, {}
    alias: Conditions = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": environment.names.key_alias(what)}}
    return environment.names.arn("kms", "key/*", account=account), alias


def use_data_key(environment: Environment, account: str) -> Statement:
    """Use of an account's data key; its policy names the role too, and asks through which endpoint."""
    resource, when = key(environment, account, Key.DATA)
    return allow("UseDataKey", [*CRYPTOGRAPHY, "kms:DescribeKey"], resource, when=when)


def read_data_key(environment: Environment, account: str) -> Statement:
    """The same for a role that reads and never writes."""
    resource, when = key(environment, account, Key.DATA)
    return allow("ReadDataKey", ["kms:Decrypt", "kms:DescribeKey"], resource, when=when)


def describe_data_key(environment: Environment, account: str) -> Statement:
    """Name an account's data key in a request, without using it."""
    resource, when = key(environment, account, Key.DATA)
    return allow("DescribeDataKey", "kms:DescribeKey", resource, when=when)


def use_storage_key(environment: Environment, account: str) -> list[Statement]:
    """Grants on an account's storage key, for AWS services only: SageMaker encrypts volumes through them."""
    resource, when = key(environment, account, Key.STORAGE)
    grant: Conditions = {**when, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        allow("GrantStorageKey", "kms:CreateGrant", resource, when=grant),
        allow("DescribeStorageKey", "kms:DescribeKey", resource, when=when),
    ]


def use_development_data_key(environment: Environment) -> Statement:
    """What a target decrypts of the development account: through S3 only; the key's policy narrows it to the models bucket."""
    resource, when = key(environment, environment.development, Key.DATA)
    through: Conditions = {
        **when,
        "StringEquals": {"kms:ViaService": f"s3.{environment.names.region}.{environment.names.dns_suffix}"},
    }
    return allow("ReadModelsKey", ["kms:Decrypt", "kms:DescribeKey"], resource, when=through)


def objects(
    sid: str, environment: Environment, account: str, bucket: Bucket, actions: Sequence[str], prefixes: Sequence[str]
) -> Statement:
    """Actions on a bucket's objects below prefixes (`*` for all)."""
    arn = environment.names.bucket_arn(bucket, account)
    return allow(sid, actions, [f"{arn}/{prefix}" for prefix in prefixes])


def listing(sid: str, environment: Environment, account: str, bucket: Bucket, prefixes: Sequence[str]) -> Statement:
    """ListBucket below prefixes; a processing job's role needs it on its inputs."""
    return allow(
        sid,
        "s3:ListBucket",
        environment.names.bucket_arn(bucket, account),
        when={"StringLike": {"s3:prefix": list(prefixes)}},
    )


def approved_models(environment: Environment, prefixes: Sequence[str]) -> Statement:
    """Objects of the models bucket that are tagged approved."""
    statement = objects("ReadApproved", environment, environment.development, Bucket.MODELS, READ, prefixes)
    statement["Condition"] = {"StringEquals": {f"s3:ExistingObjectTag/{environment.names.approved_tag}": "true"}}
    return statement


def pass_roles(
    environment: Environment, account: str, roles: Sequence[Role], service: str = SAGEMAKER, *, sid: str = "PassRoles"
) -> Statement:
    """Pass these roles, to one service only."""
    return allow(
        sid,
        "iam:PassRole",
        [environment.names.role_arn(role, account) for role in roles],
        when={"StringEquals": {"iam:PassedToService": service}},
    )


def parameters(environment: Environment, account: str) -> Statement:
    """Read the environment's SSM parameters; a path is asked for with or without its last slash."""
    path = environment.names.arn("ssm", f"parameter/{environment.names.prefix}", account=account)
    return allow(
        "ReadParameters", ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"], [path, f"{path}/*"]
    )


def of_a_project() -> Conditions:
    """Conditions that hold for what a project's template made: SageMaker tags it with the project."""
    return {"Null": {f"aws:ResourceTag/{PROJECT_TAG}": "false"}}


def tag_on(what: str, resources: str | Sequence[str], actions: Sequence[str]) -> Statement:
    """Tags given while something is made, and never afterwards."""
    return allow(
        f"Tag{what}",
        "sagemaker:AddTags",
        resources,
        when={"StringEquals": {"sagemaker:TaggingAction": list(actions)}},
    )


def define_pipelines(environment: Environment, account: str, actions: Sequence[str]) -> list[Statement]:
    """Make a project's pipelines, tagged with it, and do these things with what is tagged so."""
    pipeline = environment.names.arn("sagemaker", "pipeline/*", account=account)
    return [
        allow(
            "CreatePipelines",
            "sagemaker:CreatePipeline",
            pipeline,
            when={"Null": {f"aws:RequestTag/{PROJECT_TAG}": "false"}},
        ),
        tag_on("Pipelines", pipeline, ["CreatePipeline"]),
        # The SDK's upsert tags an existing pipeline again: with the project that it has.
        allow(
            "TagPipelinesAgain",
            "sagemaker:AddTags",
            pipeline,
            when={"StringEquals": {f"aws:RequestTag/{PROJECT_TAG}": f"${{aws:ResourceTag/{PROJECT_TAG}}}"}},
        ),
        allow("RunPipelines", [f"sagemaker:{action}" for action in actions], pipeline, when=of_a_project()),
    ]


def packages(environment: Environment, account: str) -> list[Statement]:
    """Read the platform's package repository."""
    names = environment.names
    domain = names.arn("codeartifact", f"domain/{names.package_domain}", account=account)
    return [
        allow("SignInToPackages", "codeartifact:GetAuthorizationToken", domain),
        allow(
            "ReadPackages",
            ["codeartifact:GetRepositoryEndpoint", "codeartifact:ReadFromRepository"],
            names.arn("codeartifact", f"repository/{names.package_domain}/{names.package_repository}", account=account),
        ),
        allow(
            "BearerToken",
            "sts:GetServiceBearerToken",
            "*",  # takes no resource
            when={"StringEquals": {"sts:AWSServiceName": f"codeartifact.{names.dns_suffix}"}},
        ),
    ]
