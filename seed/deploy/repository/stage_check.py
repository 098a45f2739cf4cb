"""Right before a stage's deployment: is the release still what was decided on? A run may have waited for days."""

from collections.abc import Mapping
from typing import Any

from artifacts import check_artifact, tags_of
from platform_settings import StopError
from registry import APPROVED, Roles, check_approver, describe


def check_stage(sagemaker: Any, s3: Any, roles: Roles, tag: str, release: Mapping[str, Any]) -> None:
    """Read the approval and the artifact's bytes again.

    Args:
        sagemaker: A client.
        s3: A client.
        roles: Who may approve.
        tag: Key of the tag on what is approved.
        release: `release.json` of this run.

    Raises:
        StopError: Either changed since the build.
    """
    again = "Start the pipeline again (Release change), so that it decides anew"
    version = describe(sagemaker, release["version"])
    if version.status != APPROVED:
        raise StopError(
            f"Version {version.number} is {version.status} now; it was approved when this run began. {again}"
        )
    approver = check_approver(version, roles)
    if approver != release["approved_by"]:
        raise StopError(
            f"Version {version.number} was approved by {release['approved_by']} and since then by {approver}. {again}"
        )
    artifact = check_artifact(s3, version)
    if (artifact.sha256, artifact.version_id) != (release["artifact"]["sha256"], release["artifact"]["version_id"]):
        raise StopError(f"The artifact {version.artifact_url} was written again since this run began. {again}")
    if tags_of(s3, artifact.place).get(tag) != "true":
        raise StopError(f"The artifact {version.artifact_url} is no longer marked as approved. {again}")
