"""What the build decides: which version, by whom, from which bytes, where to."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import release
from botocore.client import BaseClient
from moto.cloudformation.models import StackInstance
from platform_fake import (
    ACCOUNT,
    DIGEST,
    IMAGE,
    MODELS,
    PREFIX,
    PRODUCTION,
    STAGING,
    TAG,
    Platform,
    archive,
    run,
)
from platform_settings import StopError
from registry_fake import acting

Step = Callable[[Platform], object]


def build(platform: Platform, folder: Path, multi_account: str = "YES") -> dict[str, Any]:
    """Build and return `release.json`, with what there is to do beside it."""
    deploy = release.build(platform.project, platform.clients, multi_account=multi_account, folder=folder / "release")
    return {**json.loads((folder / "release" / "release.json").read_text()), "deploy": deploy}


def three(platform: Platform) -> list[str]:
    return [platform.register(number=number) for number in (1, 2, 3)]


# Which version ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        pytest.param({1: "Approved"}, 1, id="only"),
        pytest.param({1: "Approved", 2: "Approved", 3: "Approved"}, 3, id="newest"),
        pytest.param({3: "Approved", 1: "Approved"}, 3, id="newest-by-number-not-by-decision"),
        pytest.param({1: "Approved", 2: "Approved", 3: "Rejected"}, 2, id="rejected-leaves-the-previous"),
        pytest.param({1: "Approved", 2: "Rejected", 3: "Rejected"}, 1, id="two-rejected"),
        pytest.param({1: "Approved", 2: "Approved"}, 2, id="newest-is-pending"),
    ],
)
def test_resolves(platform: Platform, tmp_path: Path, decisions: dict[int, str], expected: int) -> None:
    arns = three(platform)
    for number, status in decisions.items():
        platform.decide(arns[number - 1], status)
    made = build(platform, tmp_path)
    assert (made["number"], made["deploy"], made["approved_by"]) == (expected, True, "ann@example.com")
    [parameter] = json.loads((tmp_path / "release" / "parameters-prod.json").read_text())
    assert parameter == {"ParameterKey": "ModelPackageArn", "ParameterValue": arns[expected - 1]}


@pytest.mark.usefixtures("checked")
def test_more_versions_than_a_page(platform: Platform, tmp_path: Path) -> None:
    arns = [platform.register(number=number) for number in range(1, 14)]
    for arn in arns[:12]:
        platform.decide(arn)
    for arn in arns[2:12]:
        platform.decide(arn, "Rejected")
    assert build(platform, tmp_path)["number"] == 2


# What stops it ------------------------------------------------------------------------------------------------------------------------


def approved(platform: Platform, **metadata: str) -> str:
    arn = platform.register(number=1, **metadata)
    platform.decide(arn)
    return arn


def overwrite(platform: Platform) -> None:
    approved(platform)
    platform.s3.put_object(Bucket=MODELS, Key=platform.archive_of(1), Body=b"another model")


def modified_by(role: str, session: str) -> Step:
    def step(platform: Platform) -> None:
        arn = approved(platform)
        with acting(role, session):
            platform.sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"note": "x"})

    return step


def by(approver: str, **metadata: str) -> Step:
    def step(platform: Platform) -> None:
        platform.decide(platform.register(number=1, **metadata), by=approver)

    return step


def without(account: str, path: str) -> Step:
    def step(platform: Platform) -> None:
        approved(platform)
        platform.drop(account, path)

    return step


def retagged(platform: Platform) -> None:
    approved(platform)
    group = platform.sagemaker.describe_model_package_group(ModelPackageGroupName=platform.project.group)
    platform.sagemaker.add_tags(
        ResourceArn=group["ModelPackageGroupArn"], Tags=[{"Key": "mlops:environment", "Value": "other"}]
    )


def expensive(platform: Platform) -> None:
    approved(platform)
    platform.put(ACCOUNT, {"instance-types/endpoints": "ml.c5.large"})


STOPS = {
    "none-registered": (lambda _platform: None, r"No version of .* is approved"),
    "none-approved": (three, r"No version of .* is approved.*goes on serving"),
    "foreign-group": (retagged, r"not of the environment .* mlops:environment is other"),
    "bytes-changed": (overwrite, r"is not what was registered.*Somebody replaced it"),
    "no-hash": (lambda platform: approved(platform, artifact_sha256=""), "carries no artifact_sha256"),
    "no-baseline": (lambda platform: approved(platform, baseline=""), "carries no baseline"),
    "by-commit-author": (
        by("tom@example.com", source_identity="eve"),
        r"approved by tom@example.com, who is its commit author",
    ),
    "by-commit-author-short": (by("Tom", source_identity="eve"), "who is its commit author"),
    "by-trainer": (by("eve@example.org", source_identity="eve"), "who is its source identity"),
    "makers-unknown": (by("ann", maker="unknown", source_identity=""), "names nobody who made it"),
    "made-by-machines": (
        by("ann", maker="unknown", source_identity="codepipeline/sagemaker-abalone-p-1-build"),
        "names nobody who made it",
    ),
    "retrained-without-author": (by("ann", maker="", source_identity="drift"), "names nobody who made it"),
    "approved-by-another-role": (
        lambda platform: platform.decide(platform.register(number=1), role="Admin"),
        "Who approved version 1 cannot be told",
    ),
    # Bob approves his own version and a friend, who may not approve, hides that with a change of metadata.
    "changed-since-by-another-role": (
        modified_by(f"{PREFIX}-DataScientist", "friend"),
        "Who approved version 1 cannot be told",
    ),
    # The release role was last, but there is no note of an approver: something else used the role.
    "release-role-without-a-note": (modified_by(f"{PREFIX}-ReleaseRole", "x"), "Who approved version 1 cannot be told"),
    "no-targets": (
        without(ACCOUNT, "accounts/staging"),
        r"no target accounts for staging\. Either configure .* MultiAccountDeployment NO",
    ),
    "target-without-role": (
        without(STAGING, "roles/SageMakerModelExecutionRole"),
        rf"{STAGING}: role SageMakerModelExecutionRole is missing",
    ),
    "target-without-parameter": (
        without(PRODUCTION, "keys/storage"),
        rf"{PRODUCTION}: SSM parameter /{PREFIX}/keys/storage is missing",
    ),
    "instance-type": (expensive, r"staging\.instance_type is ml\.m5\.large; the platform offers ml\.c5\.large"),
    "rules-configuration-changed": (
        lambda platform: (
            approved(platform),
            platform.s3.put_object(Bucket=f"{PREFIX}-{ACCOUNT}-artifacts", Key="rules/0000.json", Body=b"{}"),
            platform.put(ACCOUNT, {"rules/configuration": "rules/0000.json"}),
        ),
        r"rules/0000\.json have SHA-256 .* the platform published 0000",
    ),
    "rules-changed": (
        lambda platform: (approved(platform), platform.put(ACCOUNT, {"rules/sha256": "0" * 64})),
        "the platform published 0000",
    ),
    "own-parameter-missing": (
        without(ACCOUNT, "roles/DeploymentCheckRole"),
        "roles/DeploymentCheckRole is missing in this account",
    ),
}


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize(("step", "message"), STOPS.values(), ids=STOPS)
def test_stops(platform: Platform, tmp_path: Path, step: Step, message: str) -> None:
    step(platform)
    with pytest.raises(StopError, match=f"(?s){message}"):
        build(platform, tmp_path)
    is_there = platform.s3.list_objects_v2(Bucket=MODELS, Prefix=platform.archive_of(1)).get("Contents")
    assert not is_there or not platform.tagged(1)


@pytest.mark.usefixtures("checked")
def test_missing_group(platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(StopError, match="There is no model package group none"):
        release.build(replace(platform.project, group="none"), platform.clients, multi_account="NO", folder=tmp_path)


@pytest.mark.usefixtures("checked")
def test_all_that_is_missing_in_all_targets_is_one_message(platform: Platform, tmp_path: Path) -> None:
    approved(platform)
    for account, path in ((STAGING, "roles/MonitoringRole"), (STAGING, "keys/data"), (PRODUCTION, "buckets/capture")):
        platform.drop(account, path)
    with pytest.raises(StopError) as stopped:
        build(platform, tmp_path)
    assert [line.strip()[:15] for line in str(stopped.value).splitlines() if line.startswith("  - ")] == [
        "- 222222222222:",
        "- 222222222222:",
        "- 333333333333:",
    ]


# Approval again -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("checked")
def test_the_noted_approver_holds_until_somebody_else_decides(platform: Platform, tmp_path: Path) -> None:
    arn = approved(platform)
    build(platform, tmp_path)
    assert platform.metadata(arn)["approved_by"] == "ann@example.com"
    # The note itself made the release role the last to change the version.
    assert build(platform, tmp_path)["approved_by"] == "ann@example.com"
    platform.decide(arn, "Rejected", by="tom@example.com")
    platform.decide(arn, by="tom@example.com")
    with pytest.raises(StopError, match=r"approved by tom@example\.com"):
        build(platform, tmp_path)
    platform.decide(arn, by="zoe@example.com")
    assert build(platform, tmp_path)["approved_by"] == "zoe@example.com"


# Where to -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize(
    ("multi_account", "staging", "production"), [("YES", STAGING, PRODUCTION), ("NO", ACCOUNT, ACCOUNT)]
)
def test_accounts(platform: Platform, tmp_path: Path, multi_account: str, staging: str, production: str) -> None:
    approved(platform)
    made = build(platform, tmp_path, multi_account)
    for stage, account in (("staging", staging), ("prod", production)):
        assert json.loads((tmp_path / "release" / f"accounts-{stage}.json").read_text()) == [account]
    assert made["targets"].keys() == {staging, production}
    assert made["targets"][production] == {
        "capture_bucket": f"{PREFIX}-{production}-capture",
        "data_key": f"arn:aws:kms:eu-west-1:{production}:key/data",
        "test_role": f"arn:aws:iam::{production}:role/{PREFIX}-EndpointTestRole",
    }


@pytest.mark.usefixtures("checked")
def test_lists_of_many_accounts(platform: Platform, tmp_path: Path) -> None:
    approved(platform)
    platform.drop(ACCOUNT, "accounts/staging")
    platform.put(ACCOUNT, {"accounts/staging/1": f"{ACCOUNT},{STAGING}", "accounts/staging/2": PRODUCTION})
    build(platform, tmp_path)
    assert json.loads((tmp_path / "release" / "accounts-staging.json").read_text()) == [ACCOUNT, STAGING, PRODUCTION]


@pytest.mark.usefixtures("checked")
def test_marks_the_archive_and_the_baseline(platform: Platform, tmp_path: Path) -> None:
    approved(platform)
    platform.s3.put_object_tagging(
        Bucket=MODELS, Key=platform.archive_of(1), Tagging={"TagSet": [{"Key": "team", "Value": "sea"}]}
    )
    build(platform, tmp_path)
    assert platform.tagged(1) == {"model.tar.gz", "statistics.json", "constraints.json", "golden.json"}
    tags = platform.s3.get_object_tagging(Bucket=MODELS, Key=platform.archive_of(1))["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "sea", TAG: "true"}


# The checks of the template -----------------------------------------------------------------------------------------------------------


def test_cfn_lint_and_the_rules_pass(platform: Platform, tmp_path: Path) -> None:
    approved(platform)
    assert build(platform, tmp_path)["deploy"]
    text = (tmp_path / "release" / "endpoint-prod.json").read_text()
    assert f"{IMAGE}@{DIGEST}" in text
    assert f"/aws/sagemaker/Endpoints/{platform.project.stem}-prod" in text


def test_a_violation_stops_it(platform: Platform, tmp_path: Path) -> None:
    approved(platform)
    platform.publish(archive(passes=False))
    with pytest.raises(StopError, match=r"(?s)The platform's rules refused.*SM-17"):
        build(platform, tmp_path)
    assert not platform.tagged(1)


def test_cfn_lint_stops_it(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    approved(platform)
    monkeypatch.setattr(
        release, "template", lambda _endpoint: {"Resources": {"Model": {"Type": "AWS::SageMaker::Nothing"}}}
    )
    with pytest.raises(StopError, match=r"(?s)cfn-lint refused.*E3006"):
        build(platform, tmp_path)


# The same again, and the commands -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("checked")
def test_the_deployed_one_again_is_skipped_once_it_is_recorded(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = approved(platform)
    assert run(monkeypatch, "build") == 0
    assert (variables / "exported.env").read_text() == f"DEPLOY=yes\nVERSION={arn}\n"
    assert run(monkeypatch, "check") == 0
    platform.deploy(variables / "release")
    # Deployed, but its test failed: it is deployed and tested again.
    assert run(monkeypatch, "build") == 0
    assert "DEPLOY=yes" in (variables / "exported.env").read_text()
    assert run(monkeypatch, "record") == 0
    assert run(monkeypatch, "build") == 0
    assert (variables / "exported.env").read_text() == f"DEPLOY=no\nVERSION={arn}\n"
    assert "is deployed already" in capsys.readouterr().out
    made = json.loads((variables / "release" / "release.json").read_text())
    assert (made["stages"]["prod"]["replaces"], made["stages"]["prod"]["serving"]) == (arn, [PRODUCTION])


@pytest.mark.usefixtures("checked")
def test_interrupted_anywhere_it_can_be_run_again(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run ends right after its first change, and the next one goes on: four marks, and the note of who approved."""
    arn = approved(platform)
    call, changes = BaseClient._make_api_call, []

    def ended(client: BaseClient, name: str, given: dict[str, Any]) -> Any:
        answer = call(client, name, given)
        if name.startswith(("Put", "Update")):
            changes.append(name)
            raise KeyboardInterrupt
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", ended)
        for _ in range(5):
            with pytest.raises(KeyboardInterrupt):
                run(patch, "build")
    assert changes == [*["PutObjectTagging"] * 4, "UpdateModelPackage"]
    assert run(monkeypatch, "build") == 0
    assert (variables / "exported.env").read_text() == f"DEPLOY=yes\nVERSION={arn}\n"
    assert platform.tagged(1) == {"model.tar.gz", "statistics.json", "constraints.json", "golden.json"}
    assert json.loads((variables / "release" / "release.json").read_text())["approved_by"] == "ann@example.com"


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("change", ["choices", "account", "outdated"])
def test_not_quite_the_deployed_one(
    platform: Platform, variables: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    approved(platform)
    run(monkeypatch, "build")
    platform.deploy(variables / "release")
    run(monkeypatch, "record")
    if change == "choices":
        platform.put(
            ACCOUNT,
            {"images/model-monitor": "468650794304.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-model-monitor-analyzer:2"},
        )
    elif change == "account":
        platform.put(ACCOUNT, {"accounts/staging": f"{STAGING},{ACCOUNT}"})
    else:
        as_made = StackInstance.to_dict
        monkeypatch.setattr(StackInstance, "to_dict", lambda self: {**as_made(self), "Status": "OUTDATED"})
    run(monkeypatch, "build")
    assert "DEPLOY=yes" in (variables / "exported.env").read_text()


@pytest.mark.usefixtures("variables")
def test_what_aws_refuses_is_one_message(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    approved(platform)
    bucket = f"{PREFIX}-{ACCOUNT}-artifacts"
    monkeypatch.setattr(release, "fetch_rules", lambda s3, *_: s3.get_object(Bucket=bucket, Key="none"))
    assert run(monkeypatch, "build") == 1
    assert capsys.readouterr().err.startswith("error: An error occurred (NoSuchKey)")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("COMMAND", "deploy", "COMMAND is 'deploy'; it is one of build, check, record"),
        ("PROJECT_ID", "", "PROJECT_ID is not set"),
        ("MULTI_ACCOUNT", "maybe", "MultiAccountDeployment is YES or NO"),
    ],
)
def test_a_mistake_is_one_message(
    platform: Platform,
    variables: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    message: str,
) -> None:
    assert variables
    approved(platform)
    monkeypatch.setenv(name, value)
    assert release.main() == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
