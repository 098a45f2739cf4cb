"""Right before a deployment, and after production."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import registry
from platform_fake import MODELS, PREFIX, PRODUCTION, STAGING, TAG, Platform, run
from record import record
from registry_fake import acting

pytestmark = pytest.mark.usefixtures("checked")


def approved(platform: Platform, number: int = 1) -> str:
    arn = platform.register(number=number)
    platform.decide(arn)
    return arn


def overwritten(platform: Platform, body: bytes) -> None:
    platform.s3.put_object(Bucket=MODELS, Key=platform.archive_of(1), Body=body)


CHANGES: dict[str, tuple[Callable[[Platform, str], object], str]] = {
    "nothing": (lambda _platform, _arn: None, ""),
    "rejected": (lambda platform, arn: platform.decide(arn, "Rejected"), "Version 1 is Rejected now"),
    "approved-again-by-its-maker": (
        lambda platform, arn: platform.decide(arn, by="tom"),
        "approved by tom, who is its",
    ),
    "approved-again-by-another": (
        lambda platform, arn: platform.decide(arn, by="zoe"),
        r"approved by ann@example\.com and since then by zoe",
    ),
    "other-bytes": (lambda platform, _arn: overwritten(platform, b"other"), "is not what was registered"),
    "same-bytes-written-again": (
        lambda platform, _arn: overwritten(platform, b"model 1"),
        "was written again since this run began",
    ),
    "unmarked": (
        lambda platform, _arn: platform.s3.delete_object_tagging(Bucket=MODELS, Key=platform.archive_of(1)),
        "is no longer marked as approved",
    ),
    "deleted": (
        lambda platform, _arn: platform.s3.delete_object(Bucket=MODELS, Key=platform.archive_of(1)),
        "cannot be read",
    ),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
@pytest.mark.usefixtures("variables")
def test_check(
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Platform, str], object],
    message: str,
) -> None:
    arn = approved(platform)
    assert run(monkeypatch, "build") == 0
    change(platform, arn)
    assert run(monkeypatch, "check") == (1 if message else 0)
    output = capsys.readouterr()
    if message:
        assert re.search(message, output.err)
    else:
        assert "Still approved by ann@example.com and unchanged" in output.out


def test_check_without_the_release(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert platform
    assert variables
    assert run(monkeypatch, "check") == 1
    assert "needs the artifact Release" in capsys.readouterr().err


def test_record(platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = approved(platform)
    run(monkeypatch, "build")
    platform.deploy(variables / "release")
    assert run(monkeypatch, "record") == 0
    noted = platform.metadata(arn)
    assert (noted["deployed_staging_accounts"], noted["deployed_prod_accounts"]) == (STAGING, PRODUCTION)
    assert noted["deployed_prod_at"].endswith("Z")
    assert noted["approved_by"] == "ann@example.com"
    package = platform.sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["ModelApprovalStatus"] == "Approved"


def test_record_gives_no_approval_status_and_says_nothing_twice(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An approval status, even the same, would raise the event that starts the pipeline, for ever."""
    approved(platform)
    run(monkeypatch, "build")
    platform.deploy(variables / "release")
    calls: list[dict[str, object]] = []
    sagemaker = platform.sagemaker
    sagemaker.meta.events.register(
        "provide-client-params.sagemaker.UpdateModelPackage", lambda params, **_: calls.append(params)
    )
    release = json.loads((variables / "release" / "release.json").read_text())
    roles = registry.Roles(approver=f"{PREFIX}-ModelApprover", release=f"{PREFIX}-ReleaseRole")
    for _ in range(2):
        list(record(sagemaker, platform.s3, platform.cloudformation, platform.project.group, roles, TAG, release))
    assert [sorted(call) for call in calls] == [["CustomerMetadataProperties", "ModelPackageArn"]]


def test_record_of_what_does_not_serve(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert variables
    approved(platform)
    run(monkeypatch, "build")
    assert run(monkeypatch, "record") == 1
    assert "staging does not serve" in capsys.readouterr().err


def test_a_stack_set_without_stacks_serves_nothing(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    approved(platform)
    run(monkeypatch, "build")
    platform.deploy(variables / "release")
    for stage, account in (("staging", STAGING), ("prod", PRODUCTION)):
        name = f"sagemaker-{platform.project.stem}-deploy-{stage}"
        platform.cloudformation.delete_stack_instances(
            StackSetName=name, Accounts=[account], Regions=["eu-west-1"], RetainStacks=False
        )
    assert run(monkeypatch, "record") == 1
    assert "staging does not serve" in capsys.readouterr().err


def test_a_rejected_version_goes_back_and_loses_its_mark_when_it_serves_no_longer(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = approved(platform), approved(platform, 2)
    run(monkeypatch, "build")
    platform.deploy(variables / "release")
    run(monkeypatch, "record")
    assert (platform.tagged(1), len(platform.tagged(2))) == (set(), 4)
    platform.decide(second, "Rejected", by="zoe")
    run(monkeypatch, "build")
    # The rejected one still serves, so its endpoint may still read it.
    assert (len(platform.tagged(1)), len(platform.tagged(2))) == (4, 4)
    platform.deploy(variables / "release")
    assert run(monkeypatch, "record") == 0
    assert (len(platform.tagged(1)), platform.tagged(2)) == (4, set())
    assert platform.metadata(first)["deployed_prod_accounts"] == PRODUCTION
    assert "approved_by" in platform.metadata(second)


def test_a_mark_that_an_approved_version_needs_stays(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions of the same archive: the rejected one takes nothing from the other."""
    approved(platform)
    package = platform.sagemaker.describe_model_package(ModelPackageName=platform.register(number=1))
    platform.decide(package["ModelPackageArn"], "Rejected")
    run(monkeypatch, "build")
    platform.deploy(variables / "release")
    run(monkeypatch, "record")
    assert len(platform.tagged(1)) == 4


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], {}),
        (["1" * 12], {"a": "1" * 12}),
        (["1" * 12] * 20, {"a": " ".join(["1" * 12] * 19), "a_2": "1" * 12}),
    ],
)
def test_lists_fit_into_metadata(items: list[str], expected: dict[str, str]) -> None:
    assert dict(registry.in_values("a", items)) == expected


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ann Lee", {"ann lee"}),
        ("ann@example.com", {"ann@example.com", "ann"}),
        ("Ann Lee <ann.lee@example.com>", {"ann lee", "ann.lee@example.com", "ann.lee"}),
        ("Ann Lee ann.lee@example.com", {"ann lee", "ann.lee@example.com", "ann.lee"}),
        ("unknown", set()),
        ("drift", set()),
        ("codepipeline/sagemaker-abalone-p-1-build", set()),
        ("", set()),
    ],
)
def test_names(text: str, names: set[str]) -> None:
    assert registry._names(text) == names


def test_the_approver_is_not_whom_an_impostor_notes(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note that somebody else wrote is not believed."""
    assert variables
    arn = platform.register(number=1)
    platform.decide(arn, by="tom")
    with acting(f"{PREFIX}-DataScientistStudioRole", "tom"):
        platform.sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"approved_by": "ann"})
    assert run(monkeypatch, "build") == 1
    assert platform.tagged(1) == set()
