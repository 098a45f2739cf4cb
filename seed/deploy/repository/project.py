"""The deploy project: what its builds know, its clients, and the files that one action hands to the next."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from platform_settings import StopError, environment

Run = TypeVar("Run")


@dataclass(frozen=True, kw_only=True)
class Project:
    """The deploy project, as its build projects know it."""

    prefix: str
    name: str
    id: str
    group: str

    @classmethod
    def of_environment(cls) -> "Project":
        """From the build's environment."""
        return cls(
            prefix=environment("PLATFORM_PREFIX"),
            name=environment("PROJECT_NAME"),
            id=environment("PROJECT_ID"),
            group=environment("MODEL_PACKAGE_GROUP"),
        )

    @property
    def stem(self) -> str:
        """`<name>-<id>`, which names of this project carry."""
        return f"{self.name}-{self.id}"


class Clients:
    """Clients of the development account, and of others by role; each is made once."""

    def __init__(self, session: boto3.Session | None = None) -> None:
        self.session = session or boto3.Session()
        if not self.session.region_name:
            raise StopError(
                "No region is set. CodeBuild sets AWS_DEFAULT_REGION; elsewhere set it to the platform's region"
            )
        self.region = self.session.region_name
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        """A client."""
        if service not in self._clients:
            self._clients[service] = self.session.client(service)
        return self._clients[service]

    @property
    def account(self) -> str:
        """The development account."""
        return self("sts").get_caller_identity()["Account"]

    def under(self, role: str, service: str, config: Config | None = None) -> Any:
        """A client under a role that is assumed for it."""
        taken = self("sts").assume_role(RoleArn=role, RoleSessionName="sagemaker-deploy")["Credentials"]
        return self.session.client(
            service,
            aws_access_key_id=taken["AccessKeyId"],
            aws_secret_access_key=taken["SecretAccessKey"],
            aws_session_token=taken["SessionToken"],
            config=config,
        )


def read_release(folder: Path) -> dict[str, Any]:
    """What the build handed on.

    Raises:
        StopError: It is not there.
    """
    file = folder / "release.json"
    if not file.exists():
        raise StopError(f"{file} is missing: this action needs the artifact Release of the Build stage")
    return json.loads(file.read_text(encoding="utf-8"))


def handed_on(name: str) -> Path:
    """Folder of an input artifact of this action."""
    return Path(os.environ.get(f"CODEBUILD_SRC_DIR_{name}", name.lower()))


def run(command: Callable[[], None]) -> int:
    """Run an action's command and return its exit status; what stops it is one message.

    Args:
        command: Raises StopError for what a person can mend; AWS's own refusals are passed on as they are.
    """
    try:
        command()
    except (StopError, BotoCoreError, ClientError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def command_of(commands: Mapping[str, Run]) -> Run:
    """What the action's COMMAND runs.

    Raises:
        StopError: It is not one of these.
    """
    command = environment("COMMAND")
    if command not in commands:
        raise StopError(f"COMMAND is {command!r}; it is one of {', '.join(commands)}")
    return commands[command]
