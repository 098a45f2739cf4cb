"""What a version is made of in S3: its archive and its baseline, their bytes and the tag that lets targets read them."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from platform_settings import StopError
from registry import Version

BASELINE = ("statistics.json", "constraints.json", "golden.json")
"""Objects below a version's baseline prefix."""

NO_VERSION = "null"
"""S3's id of what was written without versioning."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An object, or a prefix, in S3."""

    bucket: str
    key: str

    @classmethod
    def of(cls, url: str) -> "Place":
        """From `s3://bucket/key`."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        if not url.startswith("s3://") or not bucket or not key:
            raise StopError(f"{url!r} is not an address in S3")
        return cls(bucket=bucket, key=key)

    def below(self, name: str) -> "Place":
        """An object below this prefix."""
        return Place(bucket=self.bucket, key=f"{self.key.rstrip('/')}/{name}")

    @property
    def url(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """An object's bytes: which version of it, and their SHA-256."""

    place: Place
    version_id: str
    sha256: str

    @property
    def which(self) -> str | None:
        """The object's version to name in requests; none in a bucket that keeps no versions."""
        return None if self.version_id == NO_VERSION else self.version_id


def measure(s3: Any, place: Place) -> Artifact:
    """Hash what an object is now.

    The endpoint reads the object's newest version (an address in SageMaker has no version), so that is what is hashed; its id makes sure
    that the tag goes to these very bytes.
    """
    answer = _get(s3, place)
    digest = hashlib.sha256()
    for chunk in answer["Body"].iter_chunks(1 << 20):
        digest.update(chunk)
    return Artifact(place=place, version_id=answer.get("VersionId", NO_VERSION), sha256=digest.hexdigest())


def check_artifact(s3: Any, version: Version) -> Artifact:
    """The archive of a version, which must have the bytes that were evaluated.

    Raises:
        StopError: It has others, or none were registered.
    """
    registered = version.metadata.get("artifact_sha256", "")
    if not registered:
        raise StopError(
            f"Version {version.number} carries no artifact_sha256, so its bytes cannot be checked. Register it with the pipeline"
        )
    artifact = measure(s3, Place.of(version.artifact_url))
    if artifact.sha256 != registered:
        raise StopError(
            f"The artifact of version {version.number} is not what was registered: {version.artifact_url} (version {artifact.version_id}) "
            f"has SHA-256 {artifact.sha256}, registered is {registered}. Somebody replaced it; reject this version and train again"
        )
    return artifact


def baseline_of(version: Version) -> Place:
    """Where a version's baseline is."""
    if "baseline" not in version.metadata:
        raise StopError(f"Version {version.number} carries no baseline. Register it with the build project's pipeline")
    return Place.of(version.metadata["baseline"])


def read_json(s3: Any, place: Place) -> Any:
    """A JSON object."""
    try:
        return json.loads(_get(s3, place)["Body"].read())
    except ValueError as error:
        raise StopError(f"{place.url} is not JSON: {error}") from error


def _get(s3: Any, place: Place) -> Any:
    try:
        return s3.get_object(Bucket=place.bucket, Key=place.key)
    except ClientError as error:
        raise StopError(f"{place.url} cannot be read: {error.response['Error'].get('Message', error)}") from error


# The tag ------------------------------------------------------------------------------------------------------------------------------


def tags_of(s3: Any, place: Place, version_id: str | None = None) -> dict[str, str]:
    """Tags of an object, or of one version of it."""
    which = {"VersionId": version_id} if version_id else {}
    return {
        tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=place.bucket, Key=place.key, **which)["TagSet"]
    }


def set_approved(s3: Any, place: Place, tag: str, *, approved: bool, version_id: str | None = None) -> bool:
    """Set or remove the tag that lets the targets' roles read an object; other tags stay.

    Args:
        s3: A client.
        place: The object.
        tag: The tag's key.
        approved: Whether the object is to carry it.
        version_id: Which version of the object; the newest by default.

    Returns:
        Whether anything changed.
    """
    tags = tags_of(s3, place, version_id)
    wanted = {key: value for key, value in tags.items() if key != tag} | ({tag: "true"} if approved else {})
    if wanted == tags:
        return False
    which = {"VersionId": version_id} if version_id else {}
    if wanted:
        tag_set = [{"Key": key, "Value": value} for key, value in wanted.items()]
        s3.put_object_tagging(Bucket=place.bucket, Key=place.key, Tagging={"TagSet": tag_set}, **which)
    else:
        s3.delete_object_tagging(Bucket=place.bucket, Key=place.key, **which)
    return True
