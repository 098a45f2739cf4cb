"""What the platform tells its projects: SSM parameters below one path, and the environment of a build.

The same file is in both seed repositories; it knows nothing of either.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class StopError(Exception):
    """A reason to stop that a person can mend; the text is the whole message."""


@dataclass(frozen=True)
class Settings:
    """The platform's parameters.

    Attributes:
        prefix: `<name>-<type>-<region>`, the start of every name of the environment.
        values: Path below `/<prefix>/` -> value.
        account: Where they were read, for messages.
    """

    prefix: str
    values: Mapping[str, str]
    account: str = "this account"

    def __getitem__(self, path: str) -> str:
        """A value that must be there."""
        if path not in self.values:
            raise StopError(
                f"SSM parameter /{self.prefix}/{path} is missing in {self.account}. "
                "Ask the platform's administrators to run the platform's deployment again"
            )
        return self.values[path]

    def get(self, path: str) -> str | None:
        """A value that may be absent."""
        return self.values.get(path)

    def list(self, path: str) -> list[str]:
        """A list, written in one parameter with commas or split into `<path>/1`, `<path>/2` ...; empty when absent."""
        parts = [path, *(f"{path}/{index}" for index in range(1, len(self.values) + 1))]
        text = ",".join(self.values[part] for part in parts if part in self.values)
        return [item.strip() for item in text.split(",") if item.strip()]


def read_settings(ssm: Any, prefix: str, account: str = "this account") -> Settings:
    """Read all parameters of the environment, with one paginated call.

    Args:
        ssm: An SSM client of the account.
        prefix: The environment's prefix.
        account: How messages call the account.
    """
    path = f"/{prefix}/"
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
    values = {item["Name"].removeprefix(path): item["Value"] for page in pages for item in page["Parameters"]}
    return Settings(prefix=prefix, values=values, account=account)


def environment(name: str) -> str:
    """A variable that the build project sets.

    Raises:
        StopError: It is not set.
    """
    value = os.environ.get(name, "")
    if not value:
        raise StopError(f"The environment variable {name} is not set. The project's CodeBuild project sets it")
    return value
