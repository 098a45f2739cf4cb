"""The model registry: which version is approved, by whom, and notes about it.

Who approved is read from `LastModifiedBy`, which SageMaker overwrites with whoever updates a version next, this code included. So the
approver is noted as `approved_by` in the same call that overwrites it, and a note is believed only while this project's release role was the
last to change the version. Whatever else was last leaves the approver unknown, and an unknown approver is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from platform_settings import Settings, StopError

APPROVED = "Approved"
REJECTED = "Rejected"
ENVIRONMENT_TAG = "mlops:environment"

_NOBODY = re.compile(r"|-|none|unknown|n/a|drift|codepipeline/.*")
"""What stands where no person is named: nothing known, or a machine that started the training."""

_NOT_ALLOWED = re.compile(r"[^\w\s.:/=+\-@]")
_LONGEST = 256
"""Of the value of a customer metadata property; its characters are those of the expression (SageMaker API reference)."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a model.

    Attributes:
        arn: Of the model package.
        number: Its version.
        status: Of its approval.
        image: Of its container, as registered.
        image_digest: Of that image when it was registered, if SageMaker knows it.
        artifact_url: Where the model's archive is.
        environment: The container's variables.
        metadata: Customer metadata: what the pipeline registered and this code noted.
        modified_by: ARN of the identity that changed it last; empty when nobody has.
        source_identity: Of that identity, if it carries one.
    """

    arn: str
    number: int
    status: str
    image: str
    image_digest: str | None
    artifact_url: str
    environment: Mapping[str, str]
    metadata: Mapping[str, str]
    modified_by: str
    source_identity: str


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Names of the two roles that change versions once they are registered."""

    approver: str
    release: str

    @classmethod
    def of(cls, settings: Settings) -> "Roles":
        """As the platform names them; its names are used where somebody else made the role."""

        def name(role: str) -> str:
            return (settings.get(f"roles/{role}") or f"{settings.prefix}-{role}").rpartition("/")[2]

        return cls(approver=name("ModelApprover"), release=name("ReleaseRole"))


def check_group(sagemaker: Any, group: str, prefix: str) -> None:
    """Refuse a group that does not exist or is not of this environment.

    Raises:
        StopError: In words.
    """
    try:
        arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    except ClientError as error:
        raise StopError(
            f"There is no model package group {group} ({error.response['Error'].get('Message', error)}). Create the deploy project with the "
            "ModelPackageGroupName of a project that was made with the build template"
        ) from error
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    if tags.get(ENVIRONMENT_TAG) != prefix:
        raise StopError(
            f"The model package group {group} is not of the environment {prefix}: its tag {ENVIRONMENT_TAG} is "
            f"{tags.get(ENVIRONMENT_TAG, 'missing')}. Use the group of a project that was made with this platform's build template"
        )


def versions(sagemaker: Any, group: str, status: str) -> list[str]:
    """ARNs of a group's versions with a status, newest first."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, ModelApprovalStatus=status
    )
    found = [
        item for page in pages for item in page["ModelPackageSummaryList"] if item["ModelPackageStatus"] == "Completed"
    ]
    return [
        item["ModelPackageArn"] for item in sorted(found, key=lambda item: item["ModelPackageVersion"], reverse=True)
    ]


def newest_approved(sagemaker: Any, group: str) -> Version:
    """The newest approved version: a newer one that was rejected leaves its predecessor.

    Raises:
        StopError: None is approved.
    """
    approved = versions(sagemaker, group, APPROVED)
    if not approved:
        raise StopError(
            f"No version of {group} is approved, so there is nothing to deploy. Approve a version in the model registry as "
            "ModelApprover; what serves already goes on serving"
        )
    return describe(sagemaker, approved[0])


def describe(sagemaker: Any, arn: str) -> Version:
    """A version as the registry has it now.

    Raises:
        StopError: It has not exactly one container with one archive.
    """
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    if len(containers) != 1:
        raise StopError(f"{arn} has {len(containers)} containers; this template deploys models of one container")
    [container] = containers
    if "ModelDataUrl" not in container:
        raise StopError(f"{arn} is not of one archive (ModelDataUrl); this template deploys nothing else")
    identity = package.get("LastModifiedBy", {}).get("IamIdentity", {})
    return Version(
        arn=arn,
        number=package["ModelPackageVersion"],
        status=package["ModelApprovalStatus"],
        image=container["Image"],
        image_digest=container.get("ImageDigest"),
        artifact_url=container["ModelDataUrl"],
        environment=container.get("Environment", {}),
        metadata=package.get("CustomerMetadataProperties") or {},
        modified_by=identity.get("Arn", ""),
        source_identity=identity.get("SourceIdentity", ""),
    )


# Who approved -------------------------------------------------------------------------------------------------------------------------


def approver_of(version: Version, roles: Roles) -> str:
    """Who approved a version.

    Returns:
        The source identity, or else the session's name, of the approver; empty when it cannot be told.
    """
    role, session = _role_and_session(version.modified_by)
    if role == roles.approver:
        return _clean(version.source_identity or session)
    if role == roles.release:
        noted = version.metadata.get("approved_by", "")
        return "" if _NOBODY.fullmatch(noted.lower()) else noted
    return ""


def check_approver(version: Version, roles: Roles) -> str:
    """The approver, who must be neither the trainer nor the commit's author.

    Names are compared, whole and by the part of an address before the @: registries, IAM and git share nothing better.

    Raises:
        StopError: They are the same person, or one of them is not known.
    """
    approver = approver_of(version, roles)
    again = "Let somebody else with the role ModelApprover reject and approve it again"
    if not approver:
        by = version.modified_by or "nobody"
        raise StopError(
            f"Who approved version {version.number} cannot be told: {by} changed it last, which is not the role {roles.approver}. {again}"
        )
    makers = {key: version.metadata.get(key, "") for key in ("source_identity", "commit_author")}
    known = {key: _names(maker) for key, maker in makers.items()}
    if not any(known.values()):
        raise StopError(
            f"Version {version.number} names nobody who made it (source_identity, commit_author), so it cannot be told whether that was its "
            f"approver {approver}. Push to the build project's main branch and approve the version that its pipeline registers"
        )
    for key, names in known.items():
        if names & _names(approver):
            raise StopError(
                f"Version {version.number} was approved by {approver}, who is its {key.replace('_', ' ')} ({makers[key]}). {again}"
            )
    return approver


def _role_and_session(arn: str) -> tuple[str, str]:
    """Role and session of `arn:<partition>:sts::<account>:assumed-role/<role>/<session>`; empty for anything else."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    role, _, session = rest.partition("/")
    return (role, session) if kind == "assumed-role" and session else ("", "")


def _names(text: str) -> frozenset[str]:
    """Names in a text such as `Ann Lee`, `ann@example.com` or `Ann Lee <ann@example.com>`, lower case."""
    parts = [part.strip(" <>()").lower() for part in re.split(r"[<(]|\s(?=\S+@)", text)]
    whole = {part for part in parts if not _NOBODY.fullmatch(part)}
    return frozenset(whole | {part.partition("@")[0] for part in whole if "@" in part})


# Notes --------------------------------------------------------------------------------------------------------------------------------


def note(sagemaker: Any, arn: str, roles: Roles, properties: Mapping[str, str]) -> None:
    """Add customer metadata to a version and, while it is approved, who approved it as far as that can still be told.

    Never gives an approval status, so the event that the change raises starts no deployment. Changes nothing when all is noted already.
    """
    version = describe(sagemaker, arn)
    approved = {"approved_by": approver_of(version, roles)} if version.status == APPROVED else {}
    merged = {**version.metadata, **{key: _clean(value) for key, value in {**properties, **approved}.items()}}
    if merged != version.metadata:
        sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties=merged)


def _clean(text: str) -> str:
    return _NOT_ALLOWED.sub(" ", text)[:_LONGEST] or "unknown"


def in_values(name: str, items: list[str]) -> Iterator[tuple[str, str]]:
    """A list as metadata properties, since one holds 256 characters: `<name>`, `<name>_2` ... each joined with spaces."""
    start: list[str] = []
    index = 1
    for item in items:
        if len(" ".join([*start, item])) > _LONGEST:
            yield (name if index == 1 else f"{name}_{index}"), " ".join(start)
            start, index = [], index + 1
        start.append(item)
    if start:
        yield (name if index == 1 else f"{name}_{index}"), " ".join(start)
