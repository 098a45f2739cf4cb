"""The CloudFormation template that is applied in every account before the first `up`.

Built from the same functions as the program's documents, so that the two cannot drift. The account's id is CloudFormation's own
pseudo-parameter: one template serves all accounts, also as a stack set.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from bootstrap.deployer import DEVELOPMENT, OWN_POLICIES, organization_policies, policies
from components.config import Settings
from components.documents import MANAGED_POLICY, Document, dumps
from components.documents.boundary import boundary
from components.environment import Environment
from components.mistakes import ConfigurationError
from components.names import BOUNDARY, ENVIRONMENT_TAG, Names, Role

ACCOUNT = "${AWS::AccountId}"
_HOUR = 3600
_TOO_MANY_TYPES = "instanceTypes: name fewer of them, the boundary lists them all"
_TOO_MANY_NETWORKS = "network.existing: split the environment, the deploy role lists the parts of all existing networks"

Template = dict[str, Any]


def account(settings: Settings) -> Template:
    """The template of an account of the environment: boundary and deploy role; in development also the bucket of Pulumi's state.

    Raises:
        ConfigurationError: The deploy role has no external id, or the boundary does not fit.
    """
    environment = Environment.of(settings)
    names = settings.names
    own = policies(settings, ACCOUNT)
    resources = {
        "Boundary": _managed_policy(names.policy(BOUNDARY), boundary(environment), _TOO_MANY_TYPES),
        **{_logical(title): _own_policy(names, title, document) for title, document in own.items()},
        "Deployer": _deployer(settings, names.role(Role.DEPLOYER), list(own)),
        **_state(names, environment.development),
    }
    return _template(
        settings,
        f"What {names.prefix} needs before its first deployment",
        resources,
        {
            "Conditions": {"Development": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, environment.development]}},
            "Outputs": {
                "DeployRole": {"Value": {"Fn::GetAtt": ["Deployer", "Arn"]}},
                "StateBucket": {"Condition": "Development", "Value": {"Ref": "State"}},
            },
        },
    )


def organization(settings: Settings) -> Template:
    """The template of the organisation's account: a role that lists the accounts of units, and nothing else."""
    role = settings.organization.role
    name = role.partition(":role/")[2] if role else settings.names.role(Role.DEPLOYER)
    own = organization_policies()
    resources = {
        **{_logical(title): _own_policy(settings.names, title, document) for title, document in own.items()},
        "Deployer": _deployer(settings, name, list(own)),
    }
    return _template(settings, f"Lets {settings.names.prefix} look up its organisational units", resources, {})


def _template(
    settings: Settings, description: str, resources: Mapping[str, object], more: Mapping[str, object]
) -> Template:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Parameters": {
            "DeployPrincipal": {
                "Type": "String",
                "Description": "ARN of the role or user that runs Pulumi, such as the role of your pipeline",
                "AllowedPattern": r"^arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+$",
                "ConstraintDescription": "must be the ARN of an IAM role or user",
            },
            "ExternalId": {
                "Type": "String",
                "Description": "mlops:deployRole.externalId of the stack file",
                "Default": _external_id(settings),
                "AllowedPattern": r"^[\w+=,.@:/-]{2,1224}$",
            },
        },
        "Resources": resources,
        **more,
    }


def _external_id(settings: Settings) -> str:
    if not settings.deploy_role.external_id:
        raise ConfigurationError(
            "mlops:deployRole.externalId: is missing, and the deploy role's trust asks for one. Add any text that is yours, "
            f"such as {settings.names.name}-{settings.names.type}"
        )
    return settings.deploy_role.external_id


def _managed_policy(name: str, value: Document, remedy: str) -> Template:
    size = len(dumps(value))
    if size > MANAGED_POLICY.maximum:
        raise ConfigurationError(f"mlops:{remedy}: {name} has {size} characters of {MANAGED_POLICY.maximum}")
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"ManagedPolicyName": name, "PolicyDocument": substituted(value)},
    }


def _own_policy(names: Names, title: str, value: Document) -> Template:
    """A policy of the deploy role; managed, because an account's inline policies of a role may have 10,240 characters together."""
    made = _managed_policy(names.policy(f"{OWN_POLICIES}{title}"), value, _TOO_MANY_NETWORKS)
    return made | ({"Condition": "Development"} if title == DEVELOPMENT else {})


def _logical(title: str) -> str:
    return f"Deployer{title.title()}"


def _attached(title: str) -> object:
    arn = {"Ref": _logical(title)}
    return {"Fn::If": ["Development", arn, {"Ref": "AWS::NoValue"}]} if title == DEVELOPMENT else arn


def _deployer(settings: Settings, name: str, own: Sequence[str]) -> Template:
    path, _, short = name.replace("{account}", ACCOUNT).rpartition("/")
    properties: dict[str, object] = {
        "RoleName": substituted(short),
        "Description": f"Deploys {settings.names.prefix}",
        "MaxSessionDuration": _HOUR,
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "AllowDeployment",
                    "Effect": "Allow",
                    "Principal": {"AWS": {"Ref": "DeployPrincipal"}},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
                }
            ],
        },
        "ManagedPolicyArns": [_attached(title) for title in own],
        "Tags": [{"Key": ENVIRONMENT_TAG, "Value": settings.names.prefix}],
    }
    if path:
        properties["Path"] = f"/{path}/"
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _state(names: Names, development: str) -> dict[str, Template]:
    """Pulumi's state, in development: versions are kept, only who deploys reads it, and the stack's deletion leaves it."""
    bucket = f"{names.prefix}-{development}-state"
    arn = f"arn:{names.partition}:s3:::{bucket}"
    return {
        "State": {
            "Type": "AWS::S3::Bucket",
            "Condition": "Development",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "BucketName": bucket,
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "StatePolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Condition": "Development",
            "Properties": {
                "Bucket": {"Ref": "State"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "DenyInsecureTransport",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",  # no request without TLS is wanted, whatever it does
                            "Resource": [arn, f"{arn}/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        },
                        {
                            "Sid": "DenyOthers",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": ["s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*"],
                            "Resource": f"{arn}/*",
                            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": {"Ref": "DeployPrincipal"}}},
                        },
                        {
                            "Sid": "AllowDeployment",
                            "Effect": "Allow",
                            "Principal": {"AWS": {"Ref": "DeployPrincipal"}},
                            "Action": ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
                            "Resource": [arn, f"{arn}/*"],
                        },
                    ],
                },
            },
        },
    }


def substituted(value: object) -> Any:  # noqa: ANN401 - a part of a template
    """A document with CloudFormation's pseudo-parameter where the account's id belongs; IAM's own `${...}` variables stay as they are."""
    match value:
        case dict():
            return {key: substituted(item) for key, item in cast("dict[str, object]", value).items()}
        case list():
            return [substituted(item) for item in cast("list[object]", value)]
        case str() if ACCOUNT in value:
            return {"Fn::Sub": value.replace("${", "${!").replace("${!" + ACCOUNT[2:], ACCOUNT)}
        case _:
            return value
