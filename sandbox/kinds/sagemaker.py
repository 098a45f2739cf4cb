"""Studio: domain, user profiles, project templates, experiment tracking."""

from sandbox.kinds.base import Call, Form, Kind, Made, one_of, replaces, unique
from sandbox.kinds.ec2 import DOMAIN, GROUP, PROFILE, SUBNET, VPC
from sandbox.kinds.kms import find_key
from sandbox.refusal import Refusal
from sandbox.world import Properties, Thing, World

_SERVICE = "sagemaker.amazonaws.com"
_NAME = Form(pattern=r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_IDLE_MINUTES = Form(least=60, most=525_600)


def _check_domain(call: Call) -> None:
    inputs = call.inputs
    vpc = call.require(VPC, inputs["vpcId"], "ValidationException", "VPC")
    for subnet_id in inputs["subnetIds"]:
        subnet = call.require(SUBNET, subnet_id, "ValidationException", "subnet")
        if subnet.inputs["vpcId"] != vpc.id:
            raise Refusal("ValidationException", f"Subnet {subnet_id} is not in VPC {vpc.id}")
    settings = inputs["defaultUserSettings"]
    if inputs.get("appNetworkAccessType") == "VpcOnly" and not settings.get("securityGroups"):
        raise Refusal("ValidationException", "SecurityGroups are required in VpcOnly mode")
    _check_settings(call, settings, vpc.id)
    _check_settings(call, inputs.get("defaultSpaceSettings") or {}, vpc.id)
    if inputs.get("kmsKeyId") and find_key(call.world, inputs["kmsKeyId"]) is None:
        raise Refusal("ValidationException", f"KMS key {inputs['kmsKeyId']} does not exist")
    unique(call, "domainName", "ResourceInUse", "domain")


def _check_settings(call: Call, settings: Properties, vpc: str) -> None:
    """Settings of users or spaces: role, groups, idle time."""
    if settings.get("executionRole"):
        call.pass_role(settings["executionRole"], _SERVICE)
    groups: list[str] = settings.get("securityGroups") or []
    for name in groups:
        group = call.require(GROUP, name, "ValidationException", "security group")
        if group.inputs.get("vpcId") != vpc:
            raise Refusal("ValidationException", f"Security group {name} is not in VPC {vpc}")
    for app in ("jupyterLabAppSettings", "codeEditorAppSettings"):
        own: Properties = settings.get(app) or {}
        lifecycle: Properties = own.get("appLifecycleManagement") or {}
        if lifecycle.get("idleSettings"):
            _check_idle(lifecycle["idleSettings"])


def _check_idle(idle: Properties) -> None:
    least, wanted, most = (
        idle.get(key) for key in ("minIdleTimeoutInMinutes", "idleTimeoutInMinutes", "maxIdleTimeoutInMinutes")
    )
    for minutes in (least, wanted, most):
        if minutes is not None:
            _IDLE_MINUTES.refuse("idleTimeoutInMinutes", minutes)
    if wanted is not None and not (least or wanted) <= wanted <= (most or wanted):
        raise Refusal("ValidationException", f"IdleTimeoutInMinutes {wanted} is not between {least} and {most}")


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
    if bool(inputs.get("singleSignOnUserIdentifier")) != bool(inputs.get("singleSignOnUserValue")):
        raise Refusal("ValidationException", "SingleSignOnUserIdentifier and SingleSignOnUserValue come together")
    _check_settings(call, inputs.get("userSettings") or {}, str(domain.inputs["vpcId"]))


def _profile(call: Call) -> Made:
    domain, name = call.inputs["domainId"], call.inputs["userProfileName"]
    arn = call.arn("sagemaker", f"user-profile/{domain}/{name}")
    return Made(id=arn, outputs={"arn": arn, "homeEfsFileSystemUid": "200001"})


def _check_tracking(call: Call) -> None:
    unique(call, "name", "ResourceInUse", "MLflow app")
    domains: list[str] = call.inputs.get("defaultDomainIdLists") or []
    for domain in domains:
        call.require(DOMAIN, domain, "ResourceNotFound", "domain")
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
        forms={
            "domainName": _NAME,
            "authMode": one_of("SSO", "IAM"),
            "appNetworkAccessType": one_of("PublicInternetOnly", "VpcOnly"),
            "tagPropagation": one_of("ENABLED", "DISABLED"),
            "subnetIds": Form(least=1, most=16),
        },
    ),
    Kind(
        token=PROFILE,
        make=_profile,
        check=_check_profile,
        replaces=replaces("domainId", "userProfileName", "singleSignOnUserIdentifier", "singleSignOnUserValue"),
        forms={"userProfileName": _NAME, "singleSignOnUserIdentifier": one_of("UserName")},
    ),
    Kind(
        token="aws:sagemaker/servicecatalogPortfolioStatus:ServicecatalogPortfolioStatus",  # noqa: S106 - a type token
        make=lambda call: Made(id=call.region),
        tagged=False,
        forms={"status": one_of("Enabled", "Disabled")},
    ),
    Kind(
        token="aws:sagemaker/mlflowApp:MlflowApp",  # noqa: S106
        make=_tracking,
        check=_check_tracking,
        replaces=replaces("name"),
        named="name",
        forms={
            "name": Form(pattern=r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}"),
            "artifactStoreUri": Form(pattern=r"s3://([^/]+)/?(.*)", most=2_048),
            "modelRegistrationMode": one_of("AutoModelRegistrationEnabled", "AutoModelRegistrationDisabled"),
            "accountDefaultStatus": one_of("ENABLED", "DISABLED"),
        },
    ),
)
