"""A platform of three accounts in moto, and a group with versions."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import release
from moto import mock_aws
from platform_fake import PREFIX, SESSION, Platform
from registry_fake import patched

# Whatever the build talks to, its tests talk to moto alone.
os.environ.pop("AWS_ENDPOINT_URL", None)


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads this machine's credentials or reaches AWS."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


@pytest.fixture(scope="session")
def deployed() -> Iterator[Platform]:
    """The platform, once for all tests: each works in a project of its own."""
    with mock_aws(), patched():
        yield Platform()


@pytest.fixture
def platform(deployed: Platform) -> Platform:
    """The platform as it was deployed, with a new project."""
    deployed.begin()
    return deployed


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave cfn-lint and the rules to the tests that are about them: they take a second a build."""
    monkeypatch.setattr(release, "check_templates", lambda *_args, **_options: None)


@pytest.fixture
def variables(platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A build's environment, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(boto3, "Session", lambda: SESSION)
    for name, value in {
        "PLATFORM_PREFIX": PREFIX,
        "PROJECT_NAME": platform.project.name,
        "PROJECT_ID": platform.project.id,
        "MODEL_PACKAGE_GROUP": platform.project.group,
        "MULTI_ACCOUNT": "YES",
        "COMMAND": "build",
        "STAGE": "prod",
        "CODEBUILD_SRC_DIR_Release": str(tmp_path / "release"),
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path
