"""The CloudFormation templates of deploy roles: one for every account of the environment, one for the organisation's account.

Built from the same functions as the program's documents, so that the two cannot drift. The account's id is CloudFormation's own
pseudo-parameter: one template serves all accounts, also as a stack set.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from bootstrap.deployer import IN_DEVELOPMENT, organization_policies, policies, trust
from bootstrap.deployer.identity import OWN_POLICIES
from components.config import Settings
from components.documents import MANAGED_POLICY, Document, dumps
from components.documents.boundary import boundary
from components.environment import Environment
from components.mistakes import ConfigurationError
from components.names import BOUNDARY, ENVIRONMENT_TAG, Names, Role

ACCOUNT = "${AWS::AccountId}"
_HOUR = 3600
_PREVIEW = "Preview"
_PRINCIPAL = r"^arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+$"
_TOO_MANY_TYPES = "instanceTypes: name fewer of them, the boundary lists them all"
_TOO_MANY_NETWORKS = "network.existing: split the environment, the deploy role lists the parts of all existing networks"

Template = dict[str, Any]


def account(settings: Settings) -> Template:
    """The template of an account of the environment: boundary and deploy role.

    Raises:
        ConfigurationError: The deploy role has no external id, or the boundary does not fit.
    """
    environment = Environment.of(settings)
    names = settings.names
    own = policies(settings, ACCOUNT)
    resources = {
        "Boundary": _managed_policy(names.policy(BOUNDARY), boundary(environment), _TOO_MANY_TYPES),
        **{_logical(title): _own_policy(names, title, document) for title, document in own.items()},
        "Deployer": _deployer(settings, names.role(Role.DEPLOYER, ACCOUNT), list(own)),
    }
    return _template(
        settings,
        f"What {names.prefix} needs before its first deployment",
        resources,
        {"Development": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, environment.development]}},
    )


def organization(settings: Settings) -> Template:
    """The template of the organisation's account: a role that lists the accounts of units, and nothing else."""
    role = settings.organization.role
    name = role.partition(":role/")[2] if role else settings.names.role(Role.DEPLOYER, ACCOUNT)
    own = organization_policies()
    resources = {
        **{_logical(title): _own_policy(settings.names, title, document) for title, document in own.items()},
        "Deployer": _deployer(settings, name, list(own)),
    }
    return _template(settings, f"Lets {settings.names.prefix} look up its organisational units", resources)


def _template(
    settings: Settings,
    description: str,
    resources: Mapping[str, object],
    conditions: Mapping[str, object] | None = None,
) -> Template:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Parameters": {
            "DeployPrincipal": {
                "Type": "String",
                "Description": "ARN of the role that runs Pulumi: output Deploy of the pipeline's template, or a role of your own",
                "AllowedPattern": _PRINCIPAL,
                "ConstraintDescription": "must be the ARN of an IAM role or user",
            },
            "PreviewPrincipal": {
                "Type": "String",
                "Description": "ARN of the role that previews pull requests, output Preview of the pipeline's template; none by default",
                "Default": "",
                "AllowedPattern": f"^$|{_PRINCIPAL}",
                "ConstraintDescription": "must be the ARN of an IAM role, or empty",
            },
            "ExternalId": {
                "Type": "String",
                "Description": "mlops:deployRole.externalId of the stack file",
                "Default": _external_id(settings),
                "AllowedPattern": r"^[\w+=,.@:/-]{2,1224}$",
            },
        },
        "Conditions": {
            _PREVIEW: {"Fn::Not": [{"Fn::Equals": [{"Ref": "PreviewPrincipal"}, ""]}]},
            **(conditions or {}),
        },
        "Resources": resources,
        "Outputs": {"DeployRole": {"Value": {"Fn::GetAtt": ["Deployer", "Arn"]}}},
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
    return made | ({"Condition": "Development"} if title in IN_DEVELOPMENT else {})


def _logical(title: str) -> str:
    return f"Deployer{title.title()}"


def _attached(title: str) -> object:
    arn = {"Ref": _logical(title)}
    return {"Fn::If": ["Development", arn, {"Ref": "AWS::NoValue"}]} if title in IN_DEVELOPMENT else arn


def _deployer(settings: Settings, name: str, own: Sequence[str]) -> Template:
    path, _, short = name.rpartition("/")
    properties: dict[str, object] = {
        "RoleName": substituted(short),
        "Description": f"Deploys {settings.names.prefix}",
        "MaxSessionDuration": _HOUR,
        "AssumeRolePolicyDocument": _trust(),
        "ManagedPolicyArns": [_attached(title) for title in own],
        "Tags": [{"Key": ENVIRONMENT_TAG, "Value": settings.names.prefix}],
    }
    if path:
        properties["Path"] = f"/{path}/"
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _trust() -> Document:
    """The deploy role's trust; the statement for previews only where somebody previews."""
    names = ("DeployPrincipal", "ExternalId", "PreviewPrincipal")
    deploy, external_id, preview = (f"${{{name}}}" for name in names)
    built = _referring(trust(deploy, external_id, preview=preview), names)
    deployment, previews = built["Statement"]
    return built | {"Statement": [deployment, {"Fn::If": [_PREVIEW, previews, {"Ref": "AWS::NoValue"}]}]}


def _referring(value: object, parameters: Sequence[str]) -> Any:  # noqa: ANN401 - a part of a template
    """A document with a reference to a parameter where `${parameter}` stands for it."""
    match value:
        case dict():
            return {key: _referring(item, parameters) for key, item in cast("dict[str, object]", value).items()}
        case list():
            return [_referring(item, parameters) for item in cast("list[object]", value)]
        case str() if value[2:-1] in parameters:
            return {"Ref": value[2:-1]}
        case _:
            return value


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
