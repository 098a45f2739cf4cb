"""After production: the registry learns when and where a version was deployed, and what no longer serves loses its mark."""

from collections.abc import Iterator, Mapping
from typing import Any

from artifacts import BASELINE, NO_VERSION, Place, baseline_of, set_approved
from botocore.exceptions import ClientError
from platform_settings import StopError
from registry import APPROVED, REJECTED, Roles, Version, describe, in_values, note, versions
from serving import Served, served


def record(
    sagemaker: Any,
    s3: Any,
    cloudformation: Any,
    group: str,
    roles: Roles,
    tag: str,
    release: Mapping[str, Any],
) -> Iterator[str]:
    """Note `deployed_<stage>_at` and `deployed_<stage>_accounts`, and unmark rejected versions that serve nowhere.

    Args:
        sagemaker: A client.
        s3: A client.
        cloudformation: A client.
        group: The model package group.
        roles: Who changes versions.
        tag: Key of the tag on what is approved.
        release: `release.json` of this run.

    Yields:
        What was done, a line each.

    Raises:
        StopError: A stage does not serve the release.
    """
    stages = {stage: served(cloudformation, place["stack_set"]) for stage, place in release["stages"].items()}
    notes: dict[str, str] = {}
    for stage, state in stages.items():
        if state is None or state.version != release["version"] or not state.is_current:
            raise StopError(
                f"The stage {stage} does not serve {release['version']} in all its accounts, so it cannot be recorded"
            )
        accounts = sorted(release["stages"][stage]["accounts"])
        notes |= {f"deployed_{stage}_at": state.since, **dict(in_values(f"deployed_{stage}_accounts", accounts))}
        yield f"{release['version']} serves {stage} since {state.since} in {', '.join(accounts)}"
    note(sagemaker, release["version"], roles, notes)
    yield from _unmark(sagemaker, s3, group, tag, [state for state in stages.values() if state])


def _unmark(sagemaker: Any, s3: Any, group: str, tag: str, stages: list[Served]) -> Iterator[str]:
    """Take the mark from what rejected versions are made of, unless a version that serves or is approved is made of the same.

    An endpoint that scales out reads its archive again, so nothing that serves may lose the mark.
    """
    keep = {state.version for state in stages} | set(versions(sagemaker, group, APPROVED))
    kept = {place for arn in keep for place in _parts(describe(sagemaker, arn))}
    for version in (describe(sagemaker, arn) for arn in versions(sagemaker, group, REJECTED)):
        parts = {place: which for place, which in _parts(version).items() if place not in kept}
        changed = [_unmarked(s3, place, which, tag) for place, which in parts.items()]
        if any(changed):
            yield f"Version {version.number} is rejected and serves nowhere: the targets can no longer read it"


def _parts(version: Version) -> dict[Place, str | None]:
    """What a version is made of -> the object's version that the build marked, which need not be the newest any more."""
    baseline = [baseline_of(version).below(name) for name in BASELINE] if "baseline" in version.metadata else []
    marked = version.metadata.get("artifact_version", NO_VERSION)
    return {Place.of(version.artifact_url): None if marked == NO_VERSION else marked, **dict.fromkeys(baseline)}


def _unmarked(s3: Any, place: Place, version_id: str | None, tag: str) -> bool:
    """Whether the object carried the mark until now; what was deleted meanwhile carries none."""
    try:
        return set_approved(s3, place, tag, approved=False, version_id=version_id)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
            return False
        raise
