"""For the notebooks: which project this is, who works here, and waiting for what runs.

The same file is in both seed repositories; it knows nothing of either.
"""

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from platform_settings import StopError

EVERY = 10
"""Seconds between two looks at what runs."""

METADATA = Path("/opt/ml/metadata/resource-metadata.json")
"""What Studio says of a space to what runs in it."""

_FOLDER = re.compile(r"sagemaker-(?P<name>.+)-p-[a-z0-9]{12}")
"""A repository's folder, as git names it after the repository, which has the name and id of its project."""


def enter(session: Any, build: str, name: str = "") -> None:
    """Set the environment variables that a build of the project has, so that the repository's code works here as it does there.

    Args:
        session: A boto3 session.
        build: Which of the project's builds: the end of its name.
        name: Of the project; not needed in a repository's own folder.

    Raises:
        StopError: Which project it is cannot be told, or it is not one of the platform's.
    """
    name = name or _name_of_folder()
    try:
        project = session.client("sagemaker").describe_project(ProjectName=name)
    except ClientError as error:
        raise StopError(
            f"There is no project {name} ({error.response['Error'].get('Message', error)}). Studio lists them under Deployments, Projects"
        ) from error
    made = f"sagemaker-{name}-{project['ProjectId']}-{build}"
    builds = session.client("codebuild").batch_get_projects(names=[made])["projects"]
    if not builds:
        raise StopError(
            f"The project {name} has no build {made}: it was made with another template than this repository"
        )
    variables = builds[0]["environment"]["environmentVariables"]
    os.environ |= {each["name"]: each["value"] for each in variables if each.get("type", "PLAINTEXT") == "PLAINTEXT"}


def person(session: Any) -> str:
    """The Studio profile that works here; what it does is noted under the same name (`sts:SourceIdentity`).

    Raises:
        StopError: This is not Studio.
    """
    if not METADATA.exists():
        raise StopError(f"{METADATA} is missing, so who works here cannot be told: run the notebook in Studio")
    space = json.loads(METADATA.read_text(encoding="utf-8"))
    if space.get("SpaceName"):
        described = session.client("sagemaker").describe_space(DomainId=space["DomainId"], SpaceName=space["SpaceName"])
        return described["OwnershipSettings"]["OwnerUserProfileName"]
    return space["UserProfileName"]


def follow(look: Callable[[], tuple[Mapping[str, str], bool]]) -> None:
    """Print what changes until it is over.

    Args:
        look: What there is now, by name, and whether it is over.
    """
    seen: dict[str, str] = {}
    while True:
        found, over = look()
        for name, state in found.items():
            if seen.get(name) != state:
                print(f"{name:<26} {state}")
        if over:
            return
        seen |= found
        time.sleep(EVERY)


def _name_of_folder() -> str:
    folder = Path(__file__).resolve().parent.name
    found = _FOLDER.fullmatch(folder)
    if found is None:
        raise StopError(f"The folder {folder} does not say which project this is: write its name into project_name")
    return found["name"]
