"""`./mlops lifecycle`: a model's whole life on this machine, with the seed code as it is and the stack as it is rehearsed."""

import argparse
import base64
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.config import load
from components.environment import Environment
from ops import rehearse, seed, stackfile
from ops.errors import UserError
from ops.progress import Progress
from policy.adapters.deployment import stack as stack_of
from policy.model import Stack

ROOT = Path(__file__).resolve().parent.parent
_BUCKET = "aws:s3/bucket:Bucket"
_OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
_PARAMETER = "aws:ssm/parameter:Parameter"
SIMULATED = "This was a life-cycle in simulated accounts, not AWS."
SECONDS = 600

Json = dict[str, Any]


def run(arguments: argparse.Namespace) -> int:
    """Rehearse the stack, then run the life-cycle over what it made.

    Returns:
        0 when the story ended as it should, else 1.

    Raises:
        UserError: The stack or the data are wrong, or the environment could not be made.
    """
    folder = ROOT / ".sandbox" / arguments.stack / "lifecycle"
    folder.mkdir(parents=True, exist_ok=True)
    data = _data(arguments.data, folder)
    world = folder / "world.json"
    world.write_text(json.dumps(_world(arguments.stack, folder), indent=2), encoding="utf-8")
    python = seed.ensure()
    single = ["--single-account"] if arguments.single_account else []
    command = [python, "-m", "lifecycle.story", world, folder, data, *single]
    environment = seed.isolated({"PYTHONPATH": str(ROOT / "seed"), "PYTHONWARNINGS": "ignore"})
    try:
        done = subprocess.run(command, env=environment, check=False, timeout=SECONDS)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired:
        raise UserError(f"the life-cycle did not end in {SECONDS} s. Logs are below {folder}") from None
    print(f"Audit trail: {(folder / 'audit.json').relative_to(ROOT)}. {SIMULATED}")
    return 1 if done.returncode else 0


def _data(given: Path | None, folder: Path) -> Path:
    """The file of measurements: the one given, or one that is made up."""
    if given is not None:
        if not given.is_file():
            raise UserError(f"--data: {given} is no file. Give a CSV file in the form of UCI's Abalone data")
        return given.resolve()
    path = folder / "abalone.csv"
    made = seed.run([ROOT / "seed" / "build_train" / "repository" / "sample_data.py", path])
    if made.returncode:
        raise UserError(f"sample_data.py failed: {made.stderr.strip()}")
    return path


def _world(stack: str, folder: Path) -> Json:
    """What the rehearsed stack made, as far as the seed code sees it."""
    config = stackfile.rehearsed(ROOT, stack)
    engine = rehearse.engine_for(folder / "stack", stack, config, Progress())
    result = engine.up()
    if result.failures:
        raise UserError(
            f"stack {stack}: {result.failures[0].message}. Rehearse it first: ./mlops rehearse --stack {stack}"
        )
    made = stack_of(json.loads(engine.state_file.read_text(encoding="utf-8"))["deployment"]["resources"])
    environment = Environment.of(load(config))
    return {
        "prefix": environment.names.prefix,
        "region": environment.names.region,
        "development": environment.development,
        "accounts": list(environment.accounts),
        "resources": {account: _account(account, made, folder) for account in environment.accounts},
    }


def _account(account: str, made: Stack, folder: Path) -> Json:
    """An account's parameters, buckets and objects; the objects' contents are files below the folder."""

    def ours(token: str) -> list[Mapping[str, Any]]:
        return [each.properties for each in made.of(token) if each.provider and account in each.provider.accounts]

    return {
        "parameters": {each["name"]: each["value"] for each in ours(_PARAMETER)},
        "buckets": [each["bucket"] for each in ours(_BUCKET)],
        "objects": [[each["bucket"], each["key"], str(_file(folder, each))] for each in ours(_OBJECT)],
    }


def _file(folder: Path, made: Mapping[str, Any]) -> Path:
    """An object's content as a file."""
    path = folder / "objects" / made["key"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(made["contentBase64"]))
    return path
