"""Publish the wheels that the builds' locks name, each once: what the repository has already is left alone.

Wheels come from the caller's own package index (`PIP_INDEX_URL` and pip's other settings) and are checked against the locks' hashes. They go to
CodeArtifact by twine: its own API, PublishPackageVersion, takes generic packages only. twine's `--skip-existing` knows the public index only, and
would not compare hashes, so the repository is asked first.
Sources: CodeArtifact API reference, `PublishPackageVersion`, `ListPackageVersionAssets`; CodeArtifact user guide, "Configure and use twine".
"""

import argparse
import io
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from twine.commands.upload import upload
from twine.exceptions import TwineException
from twine.settings import Settings

from tools import locks, mistakes
from tools.locks import Pin
from tools.mistakes import ToolError, explained

_ASK_AT_ONCE = 8
_TOKEN_SECONDS = 3600
_LEAVE = "Take the role PlatformAdministrator of the development account, then run it again"
_AGAIN = "What was published stays; run it again"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The package repository of an environment.

    Attributes:
        client: A CodeArtifact client of its region.
        domain: Name of its domain.
        name: Its name.
        account: Id of the account that owns both.
    """

    client: Any
    domain: str
    name: str
    account: str

    @cached_property
    def url(self) -> str:
        """Where Python packages are uploaded; the first question of all.

        Raises:
            ToolError: There is no such repository, or the caller may not ask.
        """
        with explained(f"package repository {self.name}", _LEAVE):
            try:
                return self.client.get_repository_endpoint(**self._where, format="pypi")["repositoryEndpoint"]
            except ClientError as error:
                raise self._missing(error) from None

    @cached_property
    def token(self) -> str:
        """A token for uploads; it lasts an hour, however long the caller's session does."""
        with explained(f"package domain {self.domain}", _LEAVE):
            return self.client.get_authorization_token(
                domain=self.domain, domainOwner=self.account, durationSeconds=_TOKEN_SECONDS
            )["authorizationToken"]

    def has(self, pin: Pin) -> bool:
        """Whether the builds find a pin's wheel.

        Raises:
            ToolError: The repository holds other content under this version, or the caller may not ask.
        """
        with explained(f"package repository {self.name}, {pin}", _LEAVE):
            found = self._assets(pin)
        other = sorted((name, digest) for name, digest in found.items() if digest not in pin.hashes)
        if other:
            raise ToolError(
                f"package repository {self.name}, {pin}: {other[0][0]} is there with SHA-256 {other[0][1]}, which the lock does not have. Find "
                "out who published it; lock another version, or have that one deleted by a role of mlops:breakGlassRoles"
            )
        return any(map(locks.installs, found))

    def _assets(self, pin: Pin) -> dict[str, str]:
        """Wheels of a version: name -> SHA-256; none when the version is not there."""
        pages = self.client.get_paginator("list_package_version_assets").paginate(
            **self._where, format="pypi", package=pin.name, packageVersion=pin.version
        )
        try:
            assets = [asset for page in pages for asset in page["assets"]]
        except ClientError as error:
            if error.response.get("resourceType") in ("package", "package-version"):
                return {}
            raise self._missing(error) from None
        return {each["name"]: each["hashes"]["SHA-256"] for each in assets if each["name"].endswith(".whl")}

    def _missing(self, error: ClientError) -> Exception:
        """A domain or repository that is not there, else the error itself."""
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            return error
        return ToolError(
            f"package repository {self.name}: account {self.account} has none in {self.client.meta.region_name}. "
            "Deploy the stack first (pulumi up)"
        )

    @property
    def _where(self) -> dict[str, str]:
        return {"domain": self.domain, "domainOwner": self.account, "repository": self.name}


def publish(repository: Repository, files: Sequence[Path]) -> None:
    """Publish what is missing of the locks; it says what it does.

    Args:
        repository: Where to.
        files: The locks.

    Raises:
        ToolError: A reason to stop; what was published before stays.
    """
    print(f"Publishing to {repository.url}", flush=True)
    pins = list(dict.fromkeys(pin for file in files for pin in locks.read(file)))
    with ThreadPoolExecutor(_ASK_AT_ONCE) as pool:
        missing = [pin for pin, there in zip(pins, pool.map(repository.has, pins), strict=True) if not there]
    print(f"{len(pins)} wheels are locked, {len(pins) - len(missing)} are there already", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for wheels in _rounds(missing):
            download(wheels, Path(folder))
        for number, wheel in enumerate(sorted(Path(folder).glob("*.whl")), start=1):
            print(f"uploading {number} of {len(missing)}: {wheel.name}", flush=True)
            send(wheel, repository)
    print(f"{len(missing)} published", flush=True)


def download(pins: Sequence[Pin], folder: Path) -> None:
    """Download wheels for the builds' machines from the caller's index.

    Args:
        pins: What to download, each name once.
        folder: Where to.

    Raises:
        ToolError: The index has no such wheel, or one with another hash.
    """
    lock = folder / "requirements.txt"
    lock.write_text("\n".join(pin.line for pin in pins), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar=off",
    ]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", f"--dest={folder}", f"--requirement={lock}"]
    command += [
        "--implementation=cp",
        f"--python-version={'.'.join(map(str, locks.PYTHON))}",
        f"--abi={locks.INTERPRETER}",
    ]
    command += [f"--platform={platform}" for platform in locks.PLATFORMS]
    output: list[str] = []
    number = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            output.append(line.strip())
            # The second is a file of a local index.
            if line.startswith(("Collecting ", "Processing ")):
                number += 1
                print(f"downloading {number} of {len(pins)}: {Path(line.split()[1]).name}", flush=True)
    if pip.returncode:
        raise ToolError(
            f"the package index: {_reason(output)}. Use an index that has this wheel with the hash of the lock (PIP_INDEX_URL), then run it again"
        )


def send(wheel: Path, repository: Repository) -> None:
    """Upload one wheel.

    Raises:
        ToolError: It was refused, or the repository cannot be reached.
    """
    settings = Settings(
        repository_url=repository.url,
        username="aws",
        password=repository.token,
        cacert=os.environ.get("AWS_CA_BUNDLE"),
        config_file=os.devnull,
        non_interactive=True,
        disable_progress_bar=True,
    )
    try:
        # It says more than our one line.
        with redirect_stdout(io.StringIO()):
            upload(settings, [str(wheel)])
    except requests.HTTPError as error:
        raise ToolError(f"{wheel.name}: {_refused(error)}") from None
    except (requests.RequestException, TwineException) as error:
        raise ToolError(f"{wheel.name}: could not be uploaded: {error}. {_AGAIN}") from None


def _rounds(pins: Sequence[Pin]) -> Iterator[list[Pin]]:
    """Pins in rounds of different names: two locks may have two versions, and pip takes one at a time."""
    left = list(pins)
    while left:
        taken: dict[str, Pin] = {}
        for pin in left:
            taken.setdefault(pin.name, pin)
        yield list(taken.values())
        left = [pin for pin in left if taken[pin.name] != pin]


def _reason(output: Sequence[str]) -> str:
    """Why pip stopped: from its last error on."""
    errors = [index for index, line in enumerate(output) if line.startswith("ERROR:")]
    text = " ".join(output[errors[-1] if errors else -1 :])
    return " ".join(text.removeprefix("ERROR:").split())[:500].rstrip(".")


def _refused(error: requests.HTTPError) -> str:
    status = error.response.status_code
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        return f"the upload was denied ({status}). {_LEAVE}"
    if status == requests.codes.conflict:
        return f"somebody published it meanwhile ({status}). {_AGAIN}, and it compares the hashes"
    return f"the upload was refused: {status} {error.response.reason} {error.response.text[:300].strip()}. {_AGAIN}"


def main() -> None:
    """Publish to the repository of the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domain", required=True)
    parser.add_argument("--repository", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("locks", nargs="+", type=Path)
    arguments = parser.parse_args()
    # What it warns of is in the errors.
    logging.getLogger("twine").disabled = True
    with explained("AWS session", _LEAVE):
        session = mistakes.session(arguments.region)
        mistakes.require_account(session, arguments.account)
        client = session.client("codeartifact", config=Config(retries={"mode": "standard", "max_attempts": 5}))
    publish(
        Repository(client=client, domain=arguments.domain, name=arguments.repository, account=arguments.account),
        arguments.locks,
    )


if __name__ == "__main__":
    sys.exit(mistakes.run(main))
