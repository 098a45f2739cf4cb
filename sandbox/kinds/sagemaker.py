"""Studio: domain, user profiles, project templates, experiment tracking."""

import re

from sandbox.kinds.base import Call, Kind, Made, limit_name, replaces, unique
from sandbox.kinds.ec2 import DOMAIN, GROUP, PROFILE, SUBNET, VPC
from sandbox.kinds.kms import find_key
from sandbox.refusal import Refusal
from sandbox.world import Thing, World

_SERVICE = "sagemaker.amazonaws.com"
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_TWO_ZONES = 2


def _check_domain(call: Call) -> None:
    inputs = call.inputs
    if not _NAME.fullmatch(str(inputs["domainName"])):
        raise Refusal(
            "ValidationException", f"Value '{inputs['domainName']}' at 'domainName' failed to satisfy constraint"
        )
    vpc = call.require(VPC, inputs["vpcId"], "ValidationException", "VPC")
    for subnet_id in inputs["subnetIds"]:
        subnet = call.require(SUBNET, subnet_id, "ValidationException", "subnet")
        if subnet.inputs["vpcId"] != vpc.id:
            raise Refusal("ValidationException", f"Subnet {subnet_id} is not in VPC {vpc.id}")
    settings = inputs["defaultUserSettings"]
    call.pass_role(settings["executionRole"], _SERVICE)
    groups = settings.get("securityGroups", [])
    if inputs.get("appNetworkAccessType") == "VpcOnly" and not groups:
        raise Refusal("ValidationException", "SecurityGroups are required in VpcOnly mode")
    for group in groups:
        call.require(GROUP, group, "ValidationException", "security group")
    if inputs.get("kmsKeyId") and find_key(call.world, inputs["kmsKeyId"]) is None:
        raise Refusal("ValidationException", f"KMS key {inputs['kmsKeyId']} does not exist")
    unique(call, "domainName", "ResourceInUse", "domain")


def _domain(call: Call) -> Made:
    domain = call.fresh("d-", 12)
    files = domain.removeprefix("d-")
    return Made(
        id=domain,
        outputs={
            "arn": call.arn("sagemaker", f"domain/{domain}"),
            "url": f"https://{domain}.studio.{call.region}.sagemaker.aws",
            "homeEfsFileSystemId": f"fs-{files}00000",
            "securityGroupIdForDomainBoundary": f"sg-{files}00000",
        },
    )


def _domain_in_use(world: World, domain: Thing) -> str | None:
    if any(profile.inputs["domainId"] == domain.id for profile in world.things(domain.account, domain.region, PROFILE)):
        return "ResourceInUse: Unable to delete Domain because UserProfile(s) are associated with it"
    return None


def _check_profile(call: Call) -> None:
    inputs = call.inputs
    domain = call.require(DOMAIN, inputs["domainId"], "ResourceNotFound", "domain")
    name = str(inputs["userProfileName"])
    if not _NAME.fullmatch(name):
        raise Refusal("ValidationException", f"Value '{name}' at 'userProfileName' failed to satisfy constraint")
    if any(
        other.inputs["userProfileName"] == name and other.inputs["domainId"] == domain.id for other in call.others()
    ):
        raise Refusal("ResourceInUse", f"UserProfile {name} already exists in domain {domain.id}")
    if domain.inputs["authMode"] == "SSO" and not inputs.get("singleSignOnUserValue"):
        raise Refusal("ValidationException", "SingleSignOnUserValue is required when the Domain's AuthMode is SSO")
    if domain.inputs["authMode"] == "IAM" and inputs.get("singleSignOnUserValue"):
        raise Refusal(
            "ValidationException", "SingleSignOnUserValue cannot be specified when the Domain's AuthMode is IAM"
        )
    settings = inputs.get("userSettings", {})
    if settings.get("executionRole"):
        call.pass_role(settings["executionRole"], _SERVICE)
    for group in settings.get("securityGroups", []):
        call.require(GROUP, group, "ValidationException", "security group")


def _profile(call: Call) -> Made:
    domain, name = call.inputs["domainId"], call.inputs["userProfileName"]
    arn = call.arn("sagemaker", f"user-profile/{domain}/{name}")
    return Made(id=arn, outputs={"arn": arn, "homeEfsFileSystemUid": "200001"})


def _check_tracking(call: Call) -> None:
    limit_name(call, "name", 256)
    call.pass_role(call.inputs["roleArn"], _SERVICE)
    if call.world.bucket(str(call.inputs["artifactStoreUri"]).removeprefix("s3://").partition("/")[0]) is None:
        raise Refusal("ValidationException", f"The bucket of {call.inputs['artifactStoreUri']} does not exist")


def _tracking(call: Call) -> Made:
    arn = (
        call.old.id if call.old else call.arn("sagemaker", f"mlflow-app/app-{call.world.fresh('tracking', 12).upper()}")
    )
    return Made(id=arn, outputs={"arn": arn})


KINDS = (
    Kind(
        token=DOMAIN,
        make=_domain,
        check=_check_domain,
        replaces=replaces("domainName", "authMode", "kmsKeyId", "vpcId"),
        in_use=_domain_in_use,
    ),
    Kind(
        token=PROFILE,
        make=_profile,
        check=_check_profile,
        replaces=replaces("domainId", "userProfileName", "singleSignOnUserIdentifier", "singleSignOnUserValue"),
    ),
    Kind(
        token="aws:sagemaker/servicecatalogPortfolioStatus:ServicecatalogPortfolioStatus",  # noqa: S106 - a type token
        make=lambda call: Made(id=call.region),
        tagged=False,
    ),
    Kind(
        token="aws:sagemaker/mlflowApp:MlflowApp",  # noqa: S106
        make=_tracking,
        check=_check_tracking,
        replaces=replaces("name"),
        named="name",
    ),
)
