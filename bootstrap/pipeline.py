"""The CloudFormation template of who runs Pulumi: the pipeline's two roles, taken by OpenID Connect, and Pulumi's state.

Applied in the development account, before the accounts' own template: a trust may only name roles that exist. `P-CiDeploy` is for what was
approved. `P-CiPreview` runs the code of pull requests, so it first marks its own session as read-only; the mark follows into the deploy roles,
whose policies refuse such a session every write. Source: IAM user guide, "Pass session tags in AWS STS".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bootstrap import state
from bootstrap.deployer import READ_ONLY
from bootstrap.deployer.identity import PIPELINE_ROLES
from bootstrap.template import Template
from components.config import Settings
from components.documents import Statement, allow, aws, document
from components.names import Role

GITHUB = "token.actions.githubusercontent.com"
GITLAB = "gitlab.com"
_TAG = next(iter(READ_ONLY)).partition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who signs the tokens of a pipeline's jobs, and which jobs may take which role.

    Attributes:
        host: The issuer's host (and path), without `https://`.
        audience: The token's audience.
        subjects: What is done (`deploy`, `preview`) -> subject of the token; `*` allowed.
    """

    host: str
    audience: str
    subjects: Mapping[str, str]


def github(repository: str, stack: str) -> Issuer:
    """GitHub Actions: the jobs of environment `<stack>` deploy, those of `<stack>-preview` preview.

    Args:
        repository: `owner/name`.
        stack: The stack.
    """
    subjects = {
        "deploy": f"repo:{repository}:environment:{stack}",
        "preview": f"repo:{repository}:environment:{stack}-preview",
    }
    return Issuer(host=GITHUB, audience="sts.amazonaws.com", subjects=subjects)


def gitlab(project: str, host: str = GITLAB) -> Issuer:
    """GitLab: jobs of the protected branch `main` deploy, those of every branch of the project preview; a fork is another project.

    Args:
        project: `group/name`.
        host: The GitLab host.
    """
    start = f"project_path:{project}:ref_type:branch:ref:"
    return Issuer(host=host, audience=f"https://{host}", subjects={"deploy": f"{start}main", "preview": f"{start}*"})


def role_arn(settings: Settings, what: str) -> str:
    """ARN of a pipeline's role, which is in the development account."""
    name = f"role/{settings.names.prefix}-{PIPELINE_ROLES[what]}"
    return settings.names.arn("iam", name, account=settings.accounts.development, region="")


def template(
    settings: Settings,
    *,
    issuer: Issuer | None = None,
    principals: Sequence[str] = (),
    engineers: Sequence[str] = (),
    create_provider: bool = True,
) -> Template:
    """The template of the pipeline's roles and of Pulumi's state.

    Args:
        settings: The configuration.
        issuer: Who signs the tokens; None when the pipeline has a role already.
        principals: ARNs of roles that deploy otherwise.
        engineers: ARNs of roles of people who make stacks; `*` allowed.
        create_provider: Whether the account's identity provider is made here; an account has one per issuer.
    """
    names, account = settings.names, settings.accounts.development
    writers, readers, resources = [*principals, *engineers], list[str](), dict[str, Any]()
    if issuer:
        resources |= _provider(issuer) if create_provider else {}
        resources |= {
            "CiDeploy": _role(settings, issuer, "deploy"),
            "CiPreview": _role(settings, issuer, "preview"),
        }
        writers.insert(0, role_arn(settings, "deploy"))
        readers.append(role_arn(settings, "preview"))
    resources |= state.resources(names, account, writers, readers)
    outputs = {
        "Backend": f"s3://{state.bucket(names, account)}?region={names.region}",
        "SecretsProvider": f"awskms://{state.alias(names)}?region={names.region}",
        **({what.title(): role_arn(settings, what) for what in PIPELINE_ROLES} if issuer else {}),
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Who runs Pulumi for {names.prefix}, and its state",
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }


def _provider(issuer: Issuer) -> dict[str, Any]:
    """No thumbprint: AWS checks the issuer's certificate by its own list of authorities. Other stacks use it too, so it stays."""
    return {
        "IdentityProvider": {
            "Type": "AWS::IAM::OIDCProvider",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"Url": f"https://{issuer.host}", "ClientIdList": [issuer.audience]},
        }
    }


def _role(settings: Settings, issuer: Issuer, what: str) -> dict[str, Any]:
    names = settings.names
    preview = what == "preview"
    own = role_arn(settings, what)
    trusts = [_by_token(settings, issuer, what), *([_marks_itself(settings, own)] if preview else [])]
    grants = [
        *([allow("Mark", ["sts:AssumeRole", "sts:TagSession"], own)] if preview else []),
        _assume(settings, preview=preview),
        *state.use(names, settings.accounts.development, write=not preview),
    ]
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": f"{names.prefix}-{PIPELINE_ROLES[what]}",
            "Description": f"The pipeline's {what} jobs of {names.prefix}",
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": document(*trusts),
            "Policies": [{"PolicyName": what, "PolicyDocument": document(*grants)}],
        },
    }


def _by_token(settings: Settings, issuer: Issuer, what: str) -> Statement:
    account = settings.accounts.development
    provider = settings.names.arn("iam", f"oidc-provider/{issuer.host}", account=account, region="")
    return allow(
        "AllowPipeline",
        "sts:AssumeRoleWithWebIdentity",
        principal={"Federated": provider},
        when={
            "StringEquals": {f"{issuer.host}:aud": issuer.audience},
            "StringLike": {f"{issuer.host}:sub": issuer.subjects[what]},
        },
    )


def _marks_itself(settings: Settings, own: str) -> Statement:
    """The only way on from a token's session: again the same role, with the tag, and the tag made to follow."""
    return allow(
        "AllowMark",
        ["sts:AssumeRole", "sts:TagSession"],
        principal=aws(settings.names.root(settings.accounts.development)),
        when={
            "ArnEquals": {"aws:PrincipalArn": own},
            "StringEquals": {f"aws:RequestTag/{_TAG}": READ_ONLY[f"aws:PrincipalTag/{_TAG}"]},
            "ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": _TAG},
        },
    )


def _assume(settings: Settings, *, preview: bool) -> Statement:
    """Deploy roles of all accounts: those of organisational units are not known here, and each trusts by itself."""
    arns = [settings.names.role_arn(Role.DEPLOYER, "*"), *filter(None, [settings.organization.role])]
    if preview:
        return allow("Deployers", ["sts:AssumeRole", "sts:TagSession"], arns, when={"StringEquals": READ_ONLY})
    return allow("Deployers", "sts:AssumeRole", arns)
